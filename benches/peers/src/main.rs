//! What other engines do with a cart, beside `holdall`: runs the workloads and prints a table.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use peers::args::{self, Args};
use peers::measure::{Effort, Job, Timing, compare, interleave};
use peers::report::{GROWTH, Report};
use peers::subject::Subject;
use peers::subjects::{NAMES, Ours};
use peers::workloads::requests::AGES;
use peers::workloads::{Workload, count_instructions, workload};
use peers::{heap, svg};

/// The ages of the same cart that are held against each other.
const YOUNG: &str = AGES[1].1;
const OLD: &str = AGES[3].1;

fn main() -> ExitCode {
    let args = match args::parse(std::env::args().skip(1)) {
        Ok(Some(args)) => args,
        Ok(None) => {
            print!("{}", args::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(wrong) => {
            eprintln!("peers: {wrong}");
            return ExitCode::from(2);
        }
    };
    if let Some((workload, subject, times)) = &args.instructions {
        count_instructions(workload, subject, *times);
        return ExitCode::SUCCESS;
    }
    let report = run(&args);
    print!("{}", report.table());
    let mut written = write(args.json.as_deref(), Some(report.json()));
    written &= write(args.svg.as_deref(), svg::draw(&report));
    let right = report.wrong.iter().all(|(_, subject)| *subject != Ours::NAME);
    if right && written { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn write(path: Option<&Path>, text: Option<String>) -> bool {
    let Some(path) = path else { return true };
    let Some(text) = text else {
        eprintln!("peers: there is nothing to draw without W4");
        return false;
    };
    std::fs::write(path, text)
        .inspect_err(|error| eprintln!("peers: {} was not written: {error}", path.display()))
        .is_ok()
}

fn run(args: &Args) -> Report {
    let effort = if args.short {
        Effort { rounds: 3, budget: Duration::from_millis(100) }
    } else {
        Effort { rounds: args.rounds, budget: Duration::from_secs(3) }
    };
    let mut report = Report { short: args.short, ..Report::default() };
    for id in &args.only {
        let workload = workload(id, args.short);
        report.titles.push((workload.id, workload.title));
        let right = prove(&workload, &mut report);
        let (mut young, mut old) = (Vec::new(), Vec::new());
        for (metric, unit, recipes) in &workload.times {
            let began = Instant::now();
            eprint!("{id} {metric} ...");
            let chosen = recipes.iter().filter(|(name, _)| right.contains(name));
            let mut jobs: Vec<Job> = chosen.map(|(_, recipe)| recipe()).collect();
            let timings = interleave(&mut jobs, effort);
            eprintln!(" {:.1} s", began.elapsed().as_secs_f64());
            report.times(workload.id, metric, unit.scale(), by_name(&right, timings));
            if metric == YOUNG {
                young = jobs;
            } else if metric == OLD {
                old = jobs;
            }
        }
        if !old.is_empty() {
            eprintln!("{id} {GROWTH} ...");
            let ages = old.iter_mut().zip(&mut young);
            let grown = ages.map(|(old, young)| compare(old, young, effort)).collect();
            report.times(workload.id, GROWTH, ("times", 1.0), by_name(&right, grown));
        }
        for (metric, sizes) in &workload.sizes {
            let values = sizes.each_ref().map(|(name, size)| right.contains(name).then(size));
            report.sizes(workload.id, metric, values);
        }
        if id == "W6" {
            weigh(&mut report, &right);
        }
    }
    report.derive();
    report
}

/// What was measured of the subjects that are right, for each of all.
fn by_name(right: &[&str], timings: Vec<Timing>) -> [Option<Timing>; 6] {
    let mut timings = timings.into_iter();
    NAMES.map(|name| if right.contains(&name) { timings.next() } else { None })
}

/// The subjects that are right about a workload.
fn prove(workload: &Workload, report: &mut Report) -> Vec<&'static str> {
    let mut right = Vec::new();
    for (name, proof) in &workload.proof {
        eprint!("{} {name} is ", workload.id);
        let proven = catch_unwind(AssertUnwindSafe(proof));
        match proven.unwrap_or_else(|_| Err("it panicked".to_owned())) {
            Ok(()) => {
                eprintln!("right");
                right.push(*name);
            }
            Err(how) => {
                eprintln!("wrong: {how}");
                report.wrong.push((workload.id, name));
            }
        }
    }
    right
}

fn weigh(report: &mut Report, right: &[&str]) {
    eprintln!("W6 builds and runs the program that counts");
    let counted = match heap::ask() {
        Ok(counted) => counted,
        Err(why) => {
            eprintln!("W6 was not counted: {why}");
            return;
        }
    };
    for (at, metric) in heap::ROWS.iter().enumerate() {
        let values = NAMES.map(|subject| {
            let row = counted.iter().find(|(name, _)| name == subject);
            row.filter(|_| right.contains(&subject)).map(|(_, bytes)| bytes[at].round())
        });
        report.sizes("W6", metric, values);
    }
}
