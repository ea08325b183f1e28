//! `holdall export` and `holdall import`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use holdall::CartId;
use holdall_authority::{Archived, Authority, Refusal};
use holdall_replay::unpack;
use holdall_store::StoreError;

use super::store_args::{OperateError, StoreArgs, close, page, print_json, progress};
use crate::store_url::MissingStore;

/// The longest line that is read: a cart of the largest state with the largest log, and then some.
const LINE_BYTES: u64 = 1 << 30;

/// Write all carts, or one, as lines of JSON.
#[derive(clap::Args)]
pub(crate) struct ExportArgs {
    /// Export this cart alone.
    #[arg(long)]
    cart: Option<CartId>,
    /// File to write to; compressed if its name ends in `.gz`. Default: standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
}

/// Put carts that were exported into a store.
#[derive(clap::Args)]
pub(crate) struct ImportArgs {
    /// Lines of JSON, as `export` wrote them, plain or packed with gzip or zstd; `-` is standard
    /// input.
    file: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
}

pub(super) async fn export(arguments: &ExportArgs) -> Result<(), OperateError> {
    if let Some(path) = arguments.output.as_ref().filter(|path| ends_in(path, "zst")) {
        let path = path.display();
        let why = "zstd is read but not written: name it .gz, or pipe the output to zstd";
        return Err(OperateError::Input(format!("{path}: {why}")));
    }
    let authority = arguments.store.open(MissingStore::Never).await?;
    let Some(path) = &arguments.output else {
        let mut out = BufWriter::new(io::stdout().lock());
        let done = write_all(&authority, arguments.cart, &mut out).await?;
        out.flush()?;
        close(&authority).await?;
        return done.whole();
    };
    // Beside it first: a file of that name is a whole export or the one before.
    let part = path.with_extension("part");
    let file = File::create(&part).map_err(|error| named(&part, &error))?;
    let done = if ends_in(path, "gz") {
        let mut out = GzEncoder::new(BufWriter::new(file), Compression::default());
        let done = write_all(&authority, arguments.cart, &mut out).await?;
        out.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        done
    } else {
        let mut out = BufWriter::new(file);
        let done = write_all(&authority, arguments.cart, &mut out).await?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        done
    };
    std::fs::rename(&part, path).map_err(|error| named(path, &error))?;
    close(&authority).await?;
    let ImportCounts { carts, damaged } = done;
    if arguments.store.json {
        print_json(&serde_json::json!({ "exported": carts, "damaged": damaged }))?;
    } else {
        writeln!(io::stdout(), "{carts} carts written to {}", path.display())?;
    }
    done.whole()
}

/// Count of exported carts.
#[derive(Clone, Copy)]
struct ImportCounts {
    carts: u64,
    /// Carts whose record is damaged. They are left out, and hinder no other.
    damaged: u64,
}

impl ImportCounts {
    fn whole(self) -> Result<(), OperateError> {
        match self.damaged {
            0 => Ok(()),
            some => Err(OperateError::Wrong(format!("{some} carts are damaged and were left out"))),
        }
    }
}

async fn write_all(
    authority: &Authority,
    one: Option<CartId>,
    out: &mut impl Write,
) -> Result<ImportCounts, OperateError> {
    let bar = progress("carts written");
    let mut carts: Vec<CartId> = one.into_iter().collect();
    if one.is_none() {
        carts = page(authority, None).await?;
    }
    let mut done = ImportCounts { carts: 0, damaged: 0 };
    while let Some(last) = carts.last().copied() {
        for cart in carts {
            let archived = match authority.export(cart).await {
                Err(Refusal::Store(error @ StoreError::Damaged { .. })) if one.is_none() => {
                    bar.suspend(|| eprintln!("holdall: {error}"));
                    done.damaged += 1;
                    continue;
                }
                archived => archived?,
            };
            let missing = || OperateError::Input(format!("there is no cart {cart} here"));
            let archived = match archived {
                None if one.is_some() => return Err(missing()),
                // Removed since it was listed.
                None => continue,
                Some(archived) => archived,
            };
            serde_json::to_writer(&mut *out, &archived).map_err(io::Error::from)?;
            out.write_all(b"\n")?;
            done.carts += 1;
            bar.inc(1);
        }
        carts = if one.is_some() { Vec::new() } else { page(authority, Some(last)).await? };
    }
    bar.finish_and_clear();
    Ok(done)
}

pub(super) async fn import(arguments: &ImportArgs) -> Result<(), OperateError> {
    let input = open(&arguments.file)?;
    let authority = arguments.store.open(MissingStore::IfMissing).await?;
    let bar = progress("carts read");
    let (mut carts, mut new) = (0_u64, 0_u64);
    let mut lines = ArchiveLines { input, number: 0 };
    while let Some(line) = lines.next()? {
        let at = |why: &dyn std::fmt::Display| {
            OperateError::Input(format!("{}:{}: {why}", arguments.file.display(), lines.number))
        };
        let archived: Archived = serde_json::from_str(&line).map_err(|error| at(&error))?;
        let missing =
            authority.import(&archived).await.map_err(|error| match OperateError::from(error) {
                OperateError::Input(why) => at(&why),
                wrong => wrong,
            })?;
        carts += 1;
        new += u64::from(missing);
        bar.inc(1);
    }
    bar.finish_and_clear();
    close(&authority).await?;
    if arguments.store.json {
        return print_json(&serde_json::json!({ "read": carts, "imported": new }));
    }
    writeln!(io::stdout(), "{carts} carts read, {new} of them were not here yet")?;
    Ok(())
}

/// Reader of lines of bounded length.
struct ArchiveLines {
    input: Box<dyn BufRead>,
    number: u64,
}

impl ArchiveLines {
    fn next(&mut self) -> io::Result<Option<String>> {
        use io::Read;
        let mut line = String::new();
        let read = (&mut self.input).take(LINE_BYTES).read_line(&mut line)?;
        self.number += 1;
        Ok((read > 0).then_some(line))
    }
}

fn open(path: &Path) -> Result<Box<dyn BufRead>, OperateError> {
    let unpacked = if path.as_os_str() == "-" {
        unpack(io::stdin())
    } else {
        File::open(path).and_then(unpack)
    };
    Ok(Box::new(BufReader::new(unpacked.map_err(|error| named(path, &error))?)))
}

fn ends_in(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|own| own == ending)
}

fn named(path: &Path, error: &io::Error) -> OperateError {
    OperateError::Input(format!("{}: {error}", path.display()))
}
