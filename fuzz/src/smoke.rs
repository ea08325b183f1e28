//! Runs every target on seeded inputs, on a stable compiler and without a sanitizer:
//! `cargo run --release --no-default-features --bin smoke -- [RUNS] [SEED] [TARGET]`.
//!
//! It is no replacement for `cargo +nightly fuzz run TARGET`, which looks for new paths; it says that
//! the targets build, run, and reach what they are about. A failure names its target, run and
//! seed; the same numbers fail again.

use std::process::ExitCode;
use std::time::Instant;

type Target = (&'static str, fn(&[u8]) -> bool);

const TARGETS: [Target; 4] = [
    ("decode", holdall_fuzz::decode),
    ("actions", holdall_fuzz::actions),
    ("exchange", holdall_fuzz::exchange),
    ("messages", holdall_fuzz::messages),
];

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).take(2).map(|text| text.parse::<u64>());
    let only = std::env::args().nth(3);
    let (Ok(runs), Ok(seed)) =
        (numbers.next().unwrap_or(Ok(20_000)), numbers.next().unwrap_or(Ok(1)))
    else {
        eprintln!("usage: smoke [RUNS] [SEED] [TARGET]");
        return ExitCode::from(2);
    };
    if only.as_ref().is_some_and(|only| TARGETS.iter().all(|(name, _)| name != only)) {
        eprintln!("the targets are decode, actions, exchange and messages");
        return ExitCode::from(2);
    }
    for (name, target) in TARGETS {
        if only.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        let started = Instant::now();
        let mut reached = 0_u64;
        for run in 0..runs {
            let mut random =
                fastrand::Rng::with_seed(seed ^ run.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let length = random.usize(0..300);
            let input: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(length).collect();
            let outcome = std::panic::catch_unwind(|| target(&input));
            let Ok(hit) = outcome else {
                eprintln!("{name} failed in run {run} of seed {seed}: {input:?}");
                return ExitCode::FAILURE;
            };
            reached += u64::from(hit);
        }
        let seconds = started.elapsed().as_secs_f64();
        println!("{name}: {runs} runs, {reached} reached what they are about, {seconds:.1} s");
        if reached * 20 < runs {
            eprintln!("{name}: fewer than one in twenty; the target tests nothing");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
