//! `checks/sabotage/run`: see `--help`.

mod cut;
mod exit;
mod tree;
mod trial;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use cut::{COMPILER, Cut};
use trial::Trial;

const USAGE: &str = "\
breaks the library on purpose and checks that the tests which are named fail

  --check      only whether every cut applies exactly once; builds nothing
  --discover   runs all tests instead, and prints which fail
  --only TEXT  only the cuts whose name or file has TEXT in it
  --json       one JSON object instead of lines

Exit status: 0 every sabotage was caught by all that should, 1 one was not, 2 a cut does not apply
or compile, the tests fail without one, or the arguments cannot be used.
";

#[derive(Default)]
struct Args {
    check: bool,
    discover: bool,
    json: bool,
    only: Option<String>,
}

/// What became of one sabotage.
struct Outcome {
    cut: Cut,
    seconds: f64,
    /// Tests that failed.
    caught: Vec<String>,
    /// Tests that should have.
    missed: Vec<String>,
    compiles: bool,
}

fn main() -> ExitCode {
    let asked = args(std::env::args().skip(1));
    let came_to = asked.and_then(|args| args.map(|args| work(&args)).transpose());
    exit::code("sabotage", USAGE, came_to)
}

fn args(mut given: impl Iterator<Item = String>) -> Result<Option<Args>, String> {
    let mut args = Args::default();
    while let Some(arg) = given.next() {
        match &*arg {
            "--help" | "-h" => return Ok(None),
            "--check" => args.check = true,
            "--discover" => args.discover = true,
            "--json" => args.json = true,
            "--only" => args.only = Some(given.next().ok_or("--only wants a part of a name")?),
            _ => return Err(format!("there is no argument {arg}: see --help")),
        }
    }
    Ok(Some(args))
}

fn work(args: &Args) -> Result<bool, String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.parent().and_then(Path::parent).ok_or("the repository has no root")?;
    let mut cuts = cut::read(&here.join("cuts"))?;
    if let Some(only) = &args.only {
        cuts.retain(|cut| cut.name.contains(only.as_str()) || cut.file.contains(only.as_str()));
    }
    if cuts.is_empty() {
        return Err("no cut's name or file has that in it".into());
    }
    let stale: Vec<String> = cuts.iter().filter_map(|cut| cut.apply(root).err()).collect();
    if !stale.is_empty() {
        return Err(stale.join("\nsabotage: "));
    }
    if args.check {
        println!("{} cuts apply", cuts.len());
        return Ok(true);
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(here.join("target"), PathBuf::from);
    let copy = target.join("tree");
    tree::copy(root, &copy, &BTreeMap::new())?;
    if !args.discover {
        unbroken(&copy, &cuts)?;
    }
    let mut outcomes = Vec::new();
    for cut in cuts {
        let outcome = sabotage(root, &copy, cut, args.discover)?;
        if !args.json {
            println!("{}", line(&outcome));
        }
        outcomes.push(outcome);
    }
    tree::copy(root, &copy, &BTreeMap::new())?;
    let caught = outcomes.iter().filter(|outcome| is_caught(outcome)).count();
    if args.json {
        println!("{:#}", json(&outcomes));
    } else {
        println!("{} sabotages, {caught} caught", outcomes.len());
    }
    match outcomes.iter().filter(|outcome| !outcome.compiles).count() {
        0 => Ok(caught == outcomes.len()),
        n => Err(format!("{n} do not compile: bring them up to date")),
    }
}

/// Every test that is named passes as long as nothing is broken.
fn unbroken(copy: &Path, cuts: &[Cut]) -> Result<(), String> {
    let mut names: Vec<String> = cuts.iter().flat_map(|cut| cut.caught_by.clone()).collect();
    names.sort();
    names.dedup();
    names.retain(|name| name != COMPILER);
    let ran = match trial::run(copy, &names)? {
        Trial::Ran(ran) => ran,
        Trial::Broken(why) => return Err(format!("the tests do not compile as they are: {why}")),
    };
    for name in &names {
        match ran.get(name) {
            Some(true) => {}
            Some(false) => return Err(format!("{name} fails though nothing is broken")),
            None => return Err(format!("there is no test {name}")),
        }
    }
    Ok(())
}

fn sabotage(root: &Path, copy: &Path, cut: Cut, all: bool) -> Result<Outcome, String> {
    let (_, broken) = cut.apply(root)?;
    tree::write(&copy.join(&cut.file), broken.as_bytes())?;
    let began = Instant::now();
    let by_compiler = cut.caught_by == [COMPILER];
    let names = if all || by_compiler { &[][..] } else { &cut.caught_by };
    let trial = trial::run(copy, names);
    let seconds = began.elapsed().as_secs_f64();
    // What the tests wrote, such as seeds of failures, goes as well.
    tree::copy(root, copy, &BTreeMap::new())?;
    let ran = match trial? {
        Trial::Ran(ran) => ran,
        Trial::Broken(_) if cut.caught_by == [COMPILER] => {
            let caught = cut.caught_by.clone();
            return Ok(Outcome { cut, seconds, caught, missed: Vec::new(), compiles: true });
        }
        Trial::Broken(why) => {
            let missed = vec![format!("nothing, since it does not compile: {why}")];
            return Ok(Outcome { cut, seconds, caught: Vec::new(), missed, compiles: false });
        }
    };
    let failed = |name: &&String| ran.get(*name) == Some(&false);
    let caught = ran.keys().filter(failed).cloned().collect();
    let missed = cut.caught_by.iter().filter(|name| !failed(name)).cloned().collect();
    Ok(Outcome { cut, seconds, caught, missed, compiles: true })
}

fn is_caught(outcome: &Outcome) -> bool {
    outcome.missed.is_empty() && !outcome.caught.is_empty()
}

fn line(outcome: &Outcome) -> String {
    let Outcome { cut, seconds, caught, missed, .. } = outcome;
    let mut line = format!("{} | {} | {seconds:.0} s", cut.name, caught.join(", "));
    if !missed.is_empty() {
        line.push_str(&format!(" | NOT CAUGHT BY {}", missed.join(", ")));
    }
    line
}

fn json(outcomes: &[Outcome]) -> serde_json::Value {
    let one = |outcome: &Outcome| {
        serde_json::json!({
            "name": outcome.cut.name, "file": outcome.cut.file, "caught_by": outcome.caught,
            "missed": outcome.missed, "seconds": outcome.seconds,
        })
    };
    serde_json::json!({
        "sabotages": outcomes.iter().map(one).collect::<Vec<_>>(),
        "caught": outcomes.iter().all(is_caught),
    })
}
