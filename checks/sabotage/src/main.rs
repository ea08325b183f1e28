//! `checks/sabotage/run`: see `--help`.

mod cut;
mod exit;
mod program;
mod switch;
mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use cut::{COMPILER, Cut};
use program::{Program, Workspace};
use switch::Switch;
use trial::Conditions;

const USAGE: &str = "\
breaks the library on purpose, one switch at a time, and checks that the named tests fail

  --check      only whether the switches in the code are those that are listed; builds nothing
  --list       the switches, where they are, what they break and what must notice
  --discover   runs all tests instead, and prints which fail
  --only TEXT  only the cuts whose name, text or file has TEXT in it
  --json       one JSON object instead of lines

A test of random histories that does not notice with one seed is run again with another, three in
all: which faults few histories meet is a matter of chance.
Exit status: 0 every sabotage was caught by all that should, 1 one was not, 2 the switches are not
those that are listed or do not compile, the tests fail without one, or the arguments are wrong.
";

#[derive(Default)]
struct Args {
    check: bool,
    list: bool,
    discover: bool,
    json: bool,
    only: Option<String>,
}

/// How many seeds a test of random histories may need to notice.
const SEEDS: u32 = 3;

/// What became of one sabotage.
struct Outcome<'a> {
    cut: &'a Cut,
    /// The first of its switches.
    switch: &'a Switch,
    seconds: f64,
    /// How many seeds were tried.
    seeds: u32,
    /// Tests that failed.
    caught: Vec<String>,
    /// Tests that should have failed.
    missed: Vec<String>,
    /// Why it could not be tried.
    broken: Option<String>,
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
            "--list" => args.list = true,
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
    let cuts = cut::read(&here.join("cuts"))?;
    let switches = switch::scan(root)?;
    let wrong = switch::compare(&cuts, &switches);
    if !wrong.is_empty() {
        return Err(wrong.join("\nsabotage: "));
    }
    if args.check {
        println!("{} cuts, {} switches", cuts.len(), switches.len());
        return Ok(true);
    }
    let chosen: Vec<(&Cut, &Switch)> = cuts
        .iter()
        .filter_map(|cut| Some((cut, switch::of(cut, &switches).next()?)))
        .filter(|(cut, switch)| {
            let texts = [&cut.name, &cut.what, &switch.file];
            args.only.as_ref().is_none_or(|only| texts.iter().any(|text| text.contains(only)))
        })
        .collect();
    if chosen.is_empty() {
        return Err("no cut's name, text or file has that in it".into());
    }
    if args.list {
        chosen.iter().for_each(|(cut, switch)| println!("{}", listed(cut, switch)));
        return Ok(true);
    }
    let outcomes = sabotage_all(args, &Workspace::of(root)?, &cuts, &chosen)?;
    let caught = outcomes.iter().filter(|outcome| is_caught(outcome)).count();
    if args.json {
        println!("{:#}", json(&outcomes));
    } else {
        println!("{} sabotages, {caught} caught", outcomes.len());
    }
    match outcomes.iter().filter(|outcome| outcome.broken.is_some()).count() {
        0 => Ok(caught == outcomes.len()),
        n => Err(format!("{n} could not be tried")),
    }
}

/// Tries the chosen cuts, one after the other, and tells of each.
fn sabotage_all<'a>(
    args: &Args,
    workspace: &Workspace,
    cuts: &[Cut],
    chosen: &[(&'a Cut, &'a Switch)],
) -> Result<Vec<Outcome<'a>>, String> {
    let mut programs = Vec::new();
    if chosen.iter().any(|(cut, _)| !cut.is_for_the_compiler()) {
        eprintln!("building the tests with the switches in");
        // Those of all cuts, so that the same is built whichever are chosen.
        programs = workspace.tests(cuts)?;
        eprintln!("running the tests with every switch off");
        unbroken(&programs, chosen)?;
    }
    let mut outcomes = Vec::new();
    for (number, (cut, switch)) in (1..).zip(chosen) {
        let began = Instant::now();
        let mut outcome = Outcome {
            cut,
            switch,
            seconds: 0.0,
            seeds: 0,
            caught: Vec::new(),
            missed: Vec::new(),
            broken: None,
        };
        let tried = if cut.is_for_the_compiler() {
            compile(workspace, &mut outcome)
        } else {
            sabotage(&programs, &mut outcome, args.discover)
        };
        outcome.broken = tried.err();
        outcome.seconds = began.elapsed().as_secs_f64();
        let line = format!("[{number}/{}] {}", chosen.len(), line(&outcome));
        if args.json {
            eprintln!("{line}")
        } else {
            println!("{line}")
        }
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// The named tests by the program that has them.
fn by_program<'t>(
    programs: &[Program],
    names: impl IntoIterator<Item = &'t String>,
) -> Result<BTreeMap<usize, BTreeSet<&'t str>>, String> {
    let mut sorted: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for name in names {
        let (at, test) = program::find(programs, name)?;
        sorted.entry(at).or_default().insert(test);
    }
    Ok(sorted)
}

/// Makes sure that every named test passes while all switches are off.
fn unbroken(programs: &[Program], chosen: &[(&Cut, &Switch)]) -> Result<(), String> {
    let cuts = chosen.iter().map(|(cut, _)| cut).filter(|cut| !cut.is_for_the_compiler());
    for (at, names) in by_program(programs, cuts.flat_map(|cut| &cut.caught_by))? {
        let names: Vec<&str> = names.into_iter().collect();
        let ran = trial::run(&programs[at], &names, Conditions { switch: None, seed: 1 })?;
        if let Some(name) = names.iter().find(|name| ran.get(**name) != Some(&true)) {
            return Err(format!("{name} does not pass though nothing is broken"));
        }
    }
    Ok(())
}

/// Runs the tests that should notice a cut, with another seed those that do not; or all tests once.
fn sabotage(programs: &[Program], outcome: &mut Outcome<'_>, all: bool) -> Result<(), String> {
    let cut = outcome.cut;
    outcome.missed = cut.caught_by.clone();
    for seed in 1..=SEEDS {
        let everything = || (0..programs.len()).map(|at| (at, BTreeSet::new())).collect();
        let named = by_program(programs, &outcome.missed)?;
        let mut failed: BTreeSet<(usize, String)> = BTreeSet::new();
        for (at, names) in if all { everything() } else { named } {
            let names: Vec<&str> = names.into_iter().collect();
            let conditions = Conditions { switch: Some(&cut.name), seed };
            let ran = trial::run(&programs[at], &names, conditions)?;
            let failures = ran.into_iter().filter(|(_, passed)| !passed);
            failed.extend(failures.map(|(name, _)| (at, name)));
        }
        outcome.seeds = seed;
        let mut missed = Vec::new();
        for test in outcome.missed.drain(..) {
            let (at, name) = program::find(programs, &test)?;
            let came_to = if failed.remove(&(at, name.to_owned())) {
                &mut outcome.caught
            } else {
                &mut missed
            };
            came_to.push(test);
        }
        outcome.missed = missed;
        // Others that noticed as well.
        let others =
            failed.into_iter().map(|(at, name)| format!("{}/{name}", programs[at].package));
        outcome.caught.extend(others);
        if all || outcome.missed.is_empty() {
            break;
        }
    }
    Ok(())
}

/// Compiles the tests with a cut that the compiler has to notice.
fn compile(workspace: &Workspace, outcome: &mut Outcome<'_>) -> Result<(), String> {
    let errors = workspace.check(&outcome.switch.file, &outcome.cut.name)?;
    if let Some(own) = errors.iter().find(|error| !error.is_in_test) {
        return Err(format!("it does not compile: {}", own.text));
    }
    let came_to = if errors.is_empty() { &mut outcome.missed } else { &mut outcome.caught };
    came_to.push(COMPILER.to_owned());
    Ok(())
}

fn is_caught(outcome: &Outcome<'_>) -> bool {
    outcome.missed.is_empty() && !outcome.caught.is_empty()
}

fn listed(cut: &Cut, switch: &Switch) -> String {
    let Switch { file, line, .. } = switch;
    format!("{} | {file}:{line} | {} | {}", cut.name, cut.what, cut.caught_by.join(", "))
}

fn line(outcome: &Outcome<'_>) -> String {
    let Outcome { cut, seconds, seeds, caught, missed, broken, .. } = outcome;
    let mut line = format!("{} | {} | {seconds:.1} s", cut.name, caught.join(", "));
    if *seeds > 1 {
        line.push_str(&format!(" | {seeds} seeds"));
    }
    if !missed.is_empty() {
        line.push_str(&format!(" | NOT CAUGHT BY {}", missed.join(", ")));
    }
    if let Some(why) = broken {
        line.push_str(&format!(" | NOT TRIED: {why}"));
    }
    line
}

fn json(outcomes: &[Outcome<'_>]) -> serde_json::Value {
    let one = |outcome: &Outcome<'_>| {
        serde_json::json!({
            "name": outcome.cut.name, "what": outcome.cut.what, "file": outcome.switch.file,
            "line": outcome.switch.line, "caught_by": outcome.caught, "missed": outcome.missed,
            "seeds": outcome.seeds, "broken": outcome.broken, "seconds": outcome.seconds,
        })
    };
    serde_json::json!({
        "sabotages": outcomes.iter().map(one).collect::<Vec<_>>(),
        "caught": outcomes.iter().all(is_caught),
    })
}
