//! What operators do with a store: look at carts, take them out and put them in, verify, sweep, erase.
//!
//! An embedded store is opened by one process at a time: these commands say so if the service has it.

mod archive;
mod inspect;
mod maintain;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Subcommand;
use holdall::CartId;
use holdall_authority::{Authority, AuthoritySettings, Refusal};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::store_url::{MissingStore, StorePlace, causes};

/// The commands of operators.
#[derive(Subcommand)]
pub(crate) enum OperateCommand {
    /// Show a cart: whose it is, what its shopper sees, and its record in numbers.
    Inspect(inspect::InspectArgs),
    /// Say why a cart shows what it shows, now or at an earlier time.
    Explain(inspect::ExplainArgs),
    /// Write all carts, or one, as lines of JSON.
    Export(archive::ExportArgs),
    /// Put carts that were exported into a store.
    Import(archive::ImportArgs),
    /// Look through a store: every cart decodes, every log comes to its state.
    Verify(maintain::VerifyArgs),
    /// Let what nobody touched for long expire, and end old journals.
    Sweep(maintain::SweepArgs),
    /// Erase a shopper, for good, and print a receipt.
    Erase(maintain::EraseArgs),
    /// Say that a folder was put back from a backup, before it is served again.
    ///
    /// It gets another incarnation, the number from which the ids of the server's own writers come: under the old one, the server would give names of
    /// actions that the backup lacks to new ones.
    Restored(maintain::RestoredArgs),
}

/// A store, and the form of the output.
#[derive(clap::Args)]
pub(crate) struct StoreArgs {
    #[command(flatten)]
    place: StorePlace,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Why a command ended early.
enum OperateError {
    /// What was asked for cannot be: status 2.
    Input(String),
    /// Something is not as it should be: status 1.
    Wrong(String),
    /// Whoever read the output, as `head` does, has enough: status 1, without a word.
    Unread,
}

impl From<Refusal> for OperateError {
    fn from(refusal: Refusal) -> Self {
        match &refusal {
            Refusal::NotYours { cart } => Self::Input(format!("there is no cart {cart} here")),
            Refusal::Erased => Self::Input("the cart was erased".to_owned()),
            Refusal::Archive { .. } | Refusal::CartTaken { .. } | Refusal::TooLongAgo { .. } => {
                Self::Input(causes(&refusal))
            }
            _ => Self::Wrong(causes(&refusal)),
        }
    }
}

impl From<io::Error> for OperateError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Unread,
            _ => Self::Wrong(error.to_string()),
        }
    }
}

/// Runs the command. Status 0: all is well; 1: something is not as it should be; 2: the input cannot be used.
pub(crate) fn run(command: &OperateCommand) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("holdall: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(async {
        match command {
            OperateCommand::Inspect(arguments) => inspect::inspect(arguments).await,
            OperateCommand::Explain(arguments) => inspect::explain(arguments).await,
            OperateCommand::Export(arguments) => archive::export(arguments).await,
            OperateCommand::Import(arguments) => archive::import(arguments).await,
            OperateCommand::Verify(arguments) => maintain::verify(arguments).await,
            OperateCommand::Sweep(arguments) => maintain::sweep(arguments).await,
            OperateCommand::Erase(arguments) => maintain::erase(arguments).await,
            OperateCommand::Restored(arguments) => maintain::restored(arguments),
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(OperateError::Input(why)) => {
            eprintln!("holdall: {why}");
            ExitCode::from(2)
        }
        Err(OperateError::Wrong(why)) => {
            eprintln!("holdall: {why}");
            ExitCode::FAILURE
        }
        Err(OperateError::Unread) => ExitCode::FAILURE,
    }
}

impl StoreArgs {
    async fn open(&self, make: MissingStore) -> Result<Authority, OperateError> {
        self.open_with(make, None, AuthoritySettings::default()).await
    }

    /// Behind a cache, if one is named, and by what the deployment decided.
    async fn open_with(
        &self,
        make: MissingStore,
        cache: Option<&str>,
        settings: AuthoritySettings,
    ) -> Result<Authority, OperateError> {
        let opened = self.place.open(make, cache).await.map_err(OperateError::Input)?;
        Ok(opened.authority(settings))
    }
}

/// Ends: what was written is durable.
async fn close(authority: &Authority) -> Result<(), OperateError> {
    Ok(authority.close().await?)
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0)
}

/// A time as people read it.
fn time(ms: u64) -> String {
    let stamp = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    stamp.map_or_else(|| format!("{ms} ms"), |stamp| stamp.to_string())
}

fn print_json(value: &impl serde::Serialize) -> Result<(), OperateError> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| OperateError::Wrong(error.to_string()))?;
    writeln!(io::stdout().lock(), "{text}")?;
    Ok(())
}

/// A line that counts what was gone through, on a terminal.
fn progress(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{spinner} {pos} {msg}, {per_sec}, {elapsed}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner())).with_message(what)
}

/// The carts after one, and where to go on.
async fn page(authority: &Authority, after: Option<CartId>) -> Result<Vec<CartId>, OperateError> {
    const PAGE: usize = 500;
    Ok(authority.store().carts(after, PAGE).await.map_err(Refusal::from)?)
}
