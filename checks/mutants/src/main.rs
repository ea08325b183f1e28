//! `checks/mutants/run`: see `--help`.

mod compile;
#[path = "../../sabotage/src/exit.rs"]
mod exit;
mod explained;
mod list;
mod log;
mod loom;
mod plain;
mod tree;
mod trial;
mod weave;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use explained::Explained;
use log::Log;
use trial::{Noticed, Test};

const USAGE: &str = "\
tries all mutants that cargo-mutants lists, in one build, each with the tests that reach it

  --file GLOB     only mutants of such files; more than once. Without: cart, policy, view, context
  --only TEXT     only mutants whose name has TEXT in it
  --seconds N     for each mutant about N seconds of tests, those first that noticed most
  --missed        only mutants that the run before did not see caught, and that are not explained

Outcomes are kept in outcomes.tsv in the target folder, beside survey.tsv, which says how long each test takes
and how many mutants it reaches. Those that explained.toml has are told at the end. Exit status: 0 all were caught
or are explained, 1 some were not, 2 something else is wrong.
";

/// What is mutated unless something is named.
const FILES: [&str; 4] = ["src/cart/**", "src/policy/**", "src/view/**", "src/dots.rs"];

struct Args {
    files: Vec<String>,
    only: Option<String>,
    seconds: f64,
    missed: bool,
}

fn main() -> ExitCode {
    let asked = args(std::env::args().skip(1));
    let came_to = asked.and_then(|args| args.map(|args| work(&args)).transpose());
    exit::code("mutants", USAGE, came_to)
}

fn args(mut given: impl Iterator<Item = String>) -> Result<Option<Args>, String> {
    let mut args = Args { files: Vec::new(), only: None, seconds: f64::INFINITY, missed: false };
    while let Some(arg) = given.next() {
        let mut value = || given.next().ok_or(format!("{arg} wants a value"));
        match &*arg {
            "--help" | "-h" => return Ok(None),
            "--file" => args.files.push(value()?),
            "--only" => args.only = Some(value()?),
            "--seconds" => {
                args.seconds = value()?.parse().map_err(|_| "--seconds wants a number")?
            }
            "--missed" => args.missed = true,
            _ => return Err(format!("there is no argument {arg}: see --help")),
        }
    }
    if args.files.is_empty() {
        args.files = FILES.map(String::from).to_vec();
    }
    Ok(Some(args))
}

fn work(args: &Args) -> Result<bool, String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.parent().and_then(Path::parent).ok_or("the repository has no root")?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(here.join("target"), PathBuf::from);
    let copy = target.join("tree");
    let plain = target.join("plain");
    plain::copy(root, &plain)?;
    let mutants = list::read(&plain, &args.files)?;
    let unwoven = loom::weave(root, &plain, &target, &mutants)?;
    let began = Instant::now();
    let programs = compile::tests(&copy)?;
    println!("built in {:.0} s", began.elapsed().as_secs_f64());
    let began = Instant::now();
    let (mut tests, failing) = trial::survey(&copy, &programs, &target.join("reached"))?;
    let row = |test: &Test| format!("{:.3}\t{}\t{}\n", test.seconds, test.reaches.len(), test.name);
    let rows: String = tests.iter().map(row).collect();
    fs::write(target.join("survey.tsv"), rows).map_err(|error| error.to_string())?;
    println!("{} tests surveyed in {:.0} s", tests.len(), began.elapsed().as_secs_f64());
    println!("left out, since they fail without a mutant: {}", failing.join(" "));
    let before = Log::read(&target.join("outcomes.tsv"));
    // Those that noticed most in their time go first.
    let worth = |test: &Test| (1 + before.caught_by(&test.name)) as f64 / (0.01 + test.seconds);
    tests.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
    let mut log = if args.missed { before.clone() } else { Log::default() };
    let mut explained = Explained::read(&here.join("explained.toml"))?;
    let again: BTreeSet<&str> = before.missed().filter(|name| !explained.takes(name)).collect();
    for (number, mutant) in (1..).zip(&mutants) {
        let only = args.only.as_ref().is_none_or(|only| mutant.name.contains(only.as_str()));
        if !only || args.missed && !again.contains(&*mutant.name) {
            continue;
        }
        let began = Instant::now();
        let outcome = match unwoven.get(&number) {
            Some(why) => why.clone(),
            None => {
                let noticed = trial::run(&copy, &programs, &tests, number, args.seconds)?;
                // What the tests wrote, such as seeds of failures, would help the next mutant's.
                restore_seeds(root, &copy)?;
                outcome(noticed, tests.iter().any(|test| test.reaches.contains(&number)))
            }
        };
        if log::is_missed(&outcome) {
            println!("{} | {outcome}", mutant.name);
        }
        log.note(&mutant.name, outcome, began.elapsed().as_secs_f64());
        log.write(&target.join("outcomes.tsv"))?;
    }
    println!("{}", log.counts());
    let mut explained = Explained::read(&here.join("explained.toml"))?;
    let (known, open): (Vec<&str>, _) = log.missed().partition(|name| explained.takes(name));
    println!("{} of those missed are explained, these are not:", known.len());
    open.iter().for_each(|name| println!("{name}"));
    println!("explained, and not missed:");
    explained.not_met().for_each(|name| println!("{name}"));
    Ok(open.is_empty())
}

fn outcome(noticed: Noticed, reached: bool) -> String {
    match noticed {
        Noticed::By(test) => format!("caught\t{test}"),
        Noticed::Stopped(tests) => format!("stopped\t{tests}"),
        Noticed::Nobody if reached => "missed\t".into(),
        Noticed::Nobody => "missed\tno test reaches it".into(),
    }
}

fn restore_seeds(root: &Path, copy: &Path) -> Result<(), String> {
    let folder = copy.join("tests/it");
    for entry in fs::read_dir(&folder).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "seeds") {
            let real = root.join("tests/it").join(path.file_name().unwrap_or_default());
            match fs::read(&real) {
                Ok(bytes) => tree::write(&path, &bytes)?,
                Err(_) => fs::remove_file(&path).map_err(|error| error.to_string())?,
            }
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
