//! `holdall scenario`: one line a file, then the counts.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use holdall_testkit::scenario::{Options, Story, Through, tell};

/// Run story files and folders of them.
#[derive(clap::Args)]
pub(crate) struct ScenarioArgs {
    /// Story files (TOML), or folders of them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Number of random schedules in which each story's deltas are delivered.
    #[arg(long, default_value_t = Options::default().schedules)]
    schedules: u32,
    /// The seed of the schedules.
    #[arg(long, default_value_t = Options::default().seed)]
    seed: u64,
    /// Carrier of the carts from device to device.
    #[arg(long, value_enum, default_value_t = CarrierName::Exchange)]
    through: CarrierName,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

/// Carrier of the carts.
#[derive(Clone, Copy, clap::ValueEnum)]
enum CarrierName {
    /// This library's own exchange.
    Exchange,
    /// Automerge documents and Automerge's sync; needs a build with the feature `automerge`.
    Automerge,
}

impl CarrierName {
    fn through(self) -> Result<Through, &'static str> {
        match self {
            Self::Exchange => Ok(Through::Exchange),
            #[cfg(feature = "automerge")]
            Self::Automerge => Ok(Through::Automerge),
            #[cfg(not(feature = "automerge"))]
            Self::Automerge => Err("built without Automerge: build it with --features automerge"),
        }
    }
}

/// Outcome of a story file.
enum StoryOutcome {
    Passed(String),
    Failed {
        name: String,
        why: String,
    },
    /// Not a valid story, or not readable.
    Invalid {
        why: String,
    },
}

pub(crate) fn run(arguments: &ScenarioArgs) -> ExitCode {
    let through = match arguments.through.through() {
        Ok(through) => through,
        Err(why) => {
            eprintln!("holdall: {why}");
            return ExitCode::from(2);
        }
    };
    let mut files = Vec::new();
    let mut unreadable = Vec::new();
    for path in &arguments.paths {
        if let Err(why) = collect(path, &mut files, 0) {
            unreadable.push((path.clone(), why));
        }
    }
    let options = Options { schedules: arguments.schedules, seed: arguments.seed, through };
    let told = files.into_iter().map(|file| {
        let outcome = tell_file(&file, &options);
        (file, outcome)
    });
    let refused = unreadable.into_iter().map(|(path, why)| (path, StoryOutcome::Invalid { why }));
    match report(&mut io::stdout(), told.chain(refused), arguments.json) {
        Ok(code) => code,
        Err(error) => {
            // Whoever reads the output, as `head` does, may have enough.
            if error.kind() != io::ErrorKind::BrokenPipe {
                eprintln!("holdall: the report cannot be written: {error}");
            }
            ExitCode::FAILURE
        }
    }
}

fn report(
    out: &mut impl Write,
    outcomes: impl Iterator<Item = (PathBuf, StoryOutcome)>,
    json: bool,
) -> io::Result<ExitCode> {
    let (mut passed, mut failed, mut invalid) = (0_usize, 0_usize, 0_usize);
    let mut rows = Vec::new();
    for (file, outcome) in outcomes {
        let (name, why) = match outcome {
            StoryOutcome::Passed(name) => {
                passed += 1;
                (name, None)
            }
            StoryOutcome::Failed { name, why } => {
                failed += 1;
                (name, Some(why))
            }
            StoryOutcome::Invalid { why } => {
                failed += 1;
                invalid += 1;
                eprintln!("holdall: {}: {why}", file.display());
                (file.display().to_string(), Some(format!("not a valid story: {why}")))
            }
        };
        match (&why, json) {
            (None, false) => writeln!(out, "ok {name}")?,
            (Some(why), false) => writeln!(out, "FAILED {name}: {}", why.replace('\n', " "))?,
            (_, true) => rows.push(serde_json::json!({
                "file": file.display().to_string(), "name": name, "ok": why.is_none(), "why": why,
            })),
        }
    }
    if json {
        let all = serde_json::json!({ "stories": rows, "passed": passed, "failed": failed });
        writeln!(out, "{all:#}")?;
    } else {
        writeln!(out, "{passed} passed, {failed} failed")?;
    }
    Ok(match (failed, invalid) {
        (0, _) => ExitCode::SUCCESS,
        (_, 0) => ExitCode::from(1),
        _ => ExitCode::from(2),
    })
}

/// Folders nest no deeper than this; a link that leads back into itself ends here.
const DEPTH_MAX: usize = 16;

/// Collects the story files at or under a path, in the order of their names.
fn collect(path: &Path, files: &mut Vec<PathBuf>, depth: usize) -> Result<(), String> {
    let kind = fs::metadata(path)
        .map_err(|error| format!("{error}: name a file or folder that is there"))?;
    if !kind.is_dir() {
        files.push(path.into());
        return Ok(());
    }
    if depth == DEPTH_MAX {
        return Err(format!("folders nest deeper than {DEPTH_MAX}"));
    }
    let entries = fs::read_dir(path).map_err(|error| error.to_string())?;
    let mut inner: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()).map_err(|error| error.to_string()))
        .collect::<Result<_, _>>()?;
    inner.sort();
    let before = files.len();
    for path in inner {
        let is_story = path.extension().is_some_and(|extension| extension == "toml");
        if path.is_dir() || is_story {
            collect(&path, files, depth + 1)?;
        }
    }
    if depth == 0 && files.len() == before {
        return Err("there is no story (*.toml) in this folder".into());
    }
    Ok(())
}

/// A story is a page of text; what is larger is something else.
const STORY_BYTES_MAX: u64 = 4 * 1024 * 1024;

fn tell_file(file: &Path, options: &Options) -> StoryOutcome {
    let text = fs::metadata(file).and_then(|meta| {
        if meta.len() > STORY_BYTES_MAX {
            let why = format!("more than {STORY_BYTES_MAX} bytes: split the story");
            return Err(std::io::Error::other(why));
        }
        fs::read_to_string(file)
    });
    let story = match text {
        Err(error) => return StoryOutcome::Invalid { why: error.to_string() },
        Ok(text) => match Story::parse(&text) {
            Err(error) => return StoryOutcome::Invalid { why: error.to_string() },
            Ok(story) => story,
        },
    };
    match tell(&story, options) {
        Ok(()) => StoryOutcome::Passed(story.name),
        Err(error) => StoryOutcome::Failed { name: story.name, why: error.to_string() },
    }
}
