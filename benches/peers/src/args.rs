//! The command line.

use std::path::PathBuf;

use crate::{subjects, workloads};

/// What to do.
#[derive(Clone, Debug)]
pub struct Args {
    /// Where to write the values and ratios.
    pub json: Option<PathBuf>,
    /// Where to draw cost against edits.
    pub svg: Option<PathBuf>,
    /// Correctness and sizes, with few rounds and no goals for times.
    pub short: bool,
    /// The workloads to run.
    pub only: Vec<String>,
    /// Rounds of each subject.
    pub rounds: usize,
    /// A workload, a subject and how many operations, to count instructions.
    pub instructions: Option<(String, String, u32)>,
}

/// What to say to `--help`.
pub const USAGE: &str = "\
what the CRDT engines people would use do with a cart, beside holdall

  --only W1,W4       only these workloads, of W1 to W7
  --rounds N         rounds of each subject, 30 unless told
  --short            whether all are right, exact sizes, and times of no worth, in a minute
  --json FILE        values, and ratios where there is a goal
  --svg FILE         what a request costs, against the edits the cart has had
  --instructions WORKLOAD SUBJECT N
                     prepares, does N operations and ends, for a tool that counts instructions
";

/// Reads the arguments.
///
/// # Errors
/// What is wrong with them, in a sentence.
pub fn parse(args: impl IntoIterator<Item = String>) -> Result<Option<Args>, String> {
    let only = workloads::IDS.map(String::from).to_vec();
    let mut parsed =
        Args { json: None, svg: None, short: false, only, rounds: 30, instructions: None };
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let mut next = |what: &str| args.next().ok_or_else(|| format!("{arg} wants {what}"));
        match &*arg {
            "--help" | "-h" => return Ok(None),
            "--short" => parsed.short = true,
            "--json" => parsed.json = Some(next("a file")?.into()),
            "--svg" => parsed.svg = Some(next("a file")?.into()),
            "--rounds" => parsed.rounds = number(&next("a number")?)?.max(1) as usize,
            "--only" => {
                parsed.only =
                    next("workloads, such as W1,W4")?.split(',').map(Into::into).collect();
                parsed.only.iter().try_for_each(|id| known("workload", id, &workloads::IDS))?;
            }
            "--instructions" => {
                let (workload, subject) = (next("a workload")?, next("a subject")?);
                known("workload with instructions", &workload, &workloads::COUNTED)?;
                known("subject", &subject, &subjects::NAMES)?;
                let times = number(&next("a number of operations")?)?;
                parsed.instructions = Some((workload, subject, times));
            }
            _ => return Err(format!("there is no argument {arg}: see --help")),
        }
    }
    Ok(Some(parsed))
}

fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("{text} is no number from 0 to {}", u32::MAX))
}

fn known(what: &str, name: &str, all: &[&str]) -> Result<(), String> {
    if all.contains(&name) {
        return Ok(());
    }
    Err(format!("there is no {what} {name}: there are {}", all.join(", ")))
}
