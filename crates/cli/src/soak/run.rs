//! A soak: one world after another, until the time is over.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use holdall_testkit::soak::SoakWorld;

use super::args::SoakArgs;
use super::report::SoakReport;

/// A report with more worlds than this would not be read to the end.
const WRONG_MAX: usize = 10;

/// Runs the command. Status 0: nothing was found; 1: something was.
pub(crate) fn run(args: &SoakArgs) -> ExitCode {
    let report = soak(args);
    let out = io::BufWriter::new(io::stdout().lock());
    let written = if args.json {
        let mut out = out;
        writeln!(out, "{:#}", report.json())
    } else {
        report.write_text(out)
    };
    if let Err(fault) = written
        && fault.kind() != io::ErrorKind::BrokenPipe
    {
        let _ = writeln!(io::stderr(), "holdall soak: the report cannot be written: {fault}");
        return ExitCode::FAILURE;
    }
    if report.findings() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

pub(super) fn soak(args: &SoakArgs) -> SoakReport {
    let began = Instant::now();
    let until = Duration::from_secs_f64((args.minutes * 60.0).min(1e9));
    let mut report = SoakReport { seed: args.seed, ..SoakReport::default() };
    let bar = progress();
    let first = args.world.unwrap_or_default();
    let count = if args.world.is_some() { 1 } else { args.worlds.unwrap_or(u64::MAX) };
    for number in (first..).take(usize::try_from(count).unwrap_or(usize::MAX)) {
        let mut world = SoakWorld::new(args.seed, number, None);
        world.live();
        let story = save(args.seed, number, &world);
        report.add(number, &world, story);
        bar.set_message(format!(
            "{} worlds, {:.0} simulated hours, {} actions, {} findings",
            report.worlds,
            report.hours,
            report.actions,
            report.findings()
        ));
        bar.tick();
        if began.elapsed() >= until || report.wrong.len() >= WRONG_MAX {
            break;
        }
    }
    bar.finish_and_clear();
    report.seconds = began.elapsed().as_secs_f64();
    report
}

/// Writes a world's story beside the caller, if it can be told.
fn save(seed: u64, number: u64, world: &SoakWorld) -> Option<String> {
    let file = format!("soak-{seed}-{number}.toml");
    let text = world.story(&format!("world {number} of seed {seed}"))?;
    std::fs::write(&file, text).ok()?;
    Some(file)
}

/// Makes a progress line, which shows on a terminal alone.
fn progress() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(4));
    if let Ok(style) = ProgressStyle::with_template("{elapsed_precise} {spinner} {msg}") {
        bar.set_style(style);
    }
    bar
}
