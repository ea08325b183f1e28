//! A whole replay: from the arguments to the report.

use std::io::{self, Cursor, Write};
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::{ReplayArgs, TraceFormat};
use super::conditions::{NetworkConditions, Outages};
use super::designs::DESIGNS;
use super::error::ReplayError;
use super::event::Trace;
use super::report::ReplayReport;
use super::{input, party, play, read, retail, trace};

/// Runs the command. Status 0: this library is right; 1: it is not; 2: the input is not.
pub fn run(args: &ReplayArgs) -> ExitCode {
    match replay(args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            let _ = writeln!(io::stderr(), "holdall replay: {fault}");
            ExitCode::from(fault.status())
        }
    }
}

/// Prints the report; whether this library was right.
fn replay(args: &ReplayArgs) -> Result<bool, ReplayError> {
    let report = report(args)?;
    let out = io::BufWriter::new(io::stdout().lock());
    let written = if args.json { report.write_json(out) } else { report.write_text(out) };
    match written {
        // Whoever reads only the first lines has what they wanted.
        Err(fault) if fault.kind() != io::ErrorKind::BrokenPipe => Err(ReplayError::Write(fault)),
        _ => Ok(report.is_right()),
    }
}

/// Plays everything.
fn report(args: &ReplayArgs) -> Result<ReplayReport, ReplayError> {
    let trace = load(args)?;
    let origin = args.format.origin();
    let outages = Outages { seed: args.seed, conditions: NetworkConditions::STORMY };
    let parties = party::parties(&trace, origin, args.seed);
    let bar = progress(&parties);
    let mut outcome = play::play(&parties, args.regions, outages, DESIGNS, &trace.products, &bar)?;
    bar.finish_and_clear();
    outcome.oddities.add(trace.oddities);
    let made_up = || format!("a made-up trace of {} shoppers", args.shoppers);
    Ok(ReplayReport {
        source: args.file.clone().unwrap_or_else(made_up),
        origin,
        events: trace.rows,
        users: trace.users.len(),
        regions: args.regions,
        seed: args.seed,
        entries: DESIGNS,
        outcome,
    })
}

fn load(args: &ReplayArgs) -> Result<Trace, ReplayError> {
    match (&args.file, args.format) {
        (Some(file), TraceFormat::Events) => read::read(file, input::open(file)?),
        (Some(file), TraceFormat::OnlineRetail) => retail::read(file, input::open(file)?),
        (None, _) => {
            read::read("made-up trace", Box::new(Cursor::new(trace::csv(args.seed, args.shoppers))))
        }
    }
}

/// Makes a progress bar, which shows on a terminal alone.
fn progress(parties: &[party::Party]) -> ProgressBar {
    let clicks =
        parties.iter().flat_map(|party| &party.sessions).map(|session| session.clicks.len() as u64);
    let bar = ProgressBar::with_draw_target(Some(clicks.sum()), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template(
        "{elapsed_precise} {wide_bar} {human_pos}/{human_len} events, {eta} left",
    );
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(args: &ReplayArgs) -> (serde_json::Value, bool) {
        let report = report(args).unwrap();
        let mut bytes = Vec::new();
        report.write_json(&mut bytes).unwrap();
        let mut text = Vec::new();
        report.write_text(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("each session is taken for a device"), "{text}");
        (serde_json::from_slice(&bytes).unwrap(), report.is_right())
    }

    fn made_up(seed: u64, shoppers: u32) -> ReplayArgs {
        let (file, format) = (None, TraceFormat::Events);
        ReplayArgs { file, format, regions: 3, seed, shoppers, json: true }
    }

    #[test]
    fn a_stormy_run_is_right_for_this_library_alone() {
        let (data, is_right) = data(&made_up(1, 400));
        assert!(is_right);
        for key in ["events", "carts", "replicas", "deltas", "bytes"] {
            assert!(data[key].as_u64().unwrap() > 0, "{key}");
        }
        let designs = data["designs"].as_array().unwrap();
        assert_eq!(designs[0]["design"], "holdall");
        for design in designs {
            let wrong =
                ["lost", "doubled", "resurrected", "diverged"].map(|key| design[key].as_u64());
            let sum: u64 = wrong.into_iter().map(Option::unwrap).sum();
            assert_eq!(sum == 0, design["design"] == "holdall", "{design}");
        }
    }

    #[test]
    fn a_run_can_be_had_again() {
        assert_eq!(data(&made_up(2, 50)), data(&made_up(2, 50)));
        assert_ne!(data(&made_up(2, 50)).0["actions"], data(&made_up(3, 50)).0["actions"]);
    }

    #[test]
    fn nothing_comes_of_nothing() {
        let (data, is_right) = data(&made_up(1, 0));
        assert!(is_right);
        assert_eq!(data["events"], 0);
        assert_eq!(data["designs"].as_array().unwrap().len(), DESIGNS.len());
    }
}
