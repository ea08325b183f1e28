//! Runs tests of the woven tree: which mutants each reaches, and whether they notice one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// One test, and what is known of it.
#[derive(Clone, Debug)]
pub(crate) struct Test {
    /// Its place among the programs.
    pub(crate) program: usize,
    pub(crate) name: String,
    pub(crate) seconds: f64,
    /// The mutants that it reaches.
    pub(crate) reaches: BTreeSet<u32>,
}

/// What noticed a mutant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Noticed {
    /// A test that failed.
    By(String),
    /// A program that was stopped or stopped itself, while these ran.
    Stopped(String),
    Nobody,
}

/// No test of this repository needs as much memory; a mutant that never ends a list does.
const MEMORY_KIB: u64 = 3_000_000;

/// Processor seconds that a run may take, beside three times what it takes without a mutant.
const PATIENCE_SECONDS: f64 = 3.0;

/// How much longer a run may take by the clock: the machine may be busy.
const CLOCK_FACTOR: f64 = 12.0;

fn command(tree: &Path, program: &Path, seconds: f64) -> Command {
    let limit = (PATIENCE_SECONDS + 3.0 * seconds).ceil();
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("ulimit -v {MEMORY_KIB}; ulimit -t {limit}; exec \"$0\" \"$@\"")])
        .arg(program)
        .args(["--test-threads", "1"])
        .current_dir(tree)
        .env("CARGO_MANIFEST_DIR", tree)
        // Failing is enough, and it should be the same failure each time.
        .env("PROPTEST_MAX_SHRINK_ITERS", "0")
        .env("PROPTEST_RNG_SEED", "1")
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Every test that passes without a mutant, with what it reaches; and those that do not pass.
pub(crate) fn survey(
    tree: &Path,
    programs: &[PathBuf],
    scratch: &Path,
) -> Result<(Vec<Test>, Vec<String>), String> {
    let (mut tests, mut failing) = (Vec::new(), Vec::new());
    for (at, program) in programs.iter().enumerate() {
        let output = Command::new(program)
            .args(["--list", "--format", "terse"])
            .current_dir(tree)
            .output()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        for name in listed.lines().filter_map(|line| line.strip_suffix(": test")) {
            let _ = fs::remove_file(scratch);
            let began = Instant::now();
            let status = command(tree, program, 600.0)
                .args(["--exact", name])
                .env("MUTANTS_REACHED", scratch)
                .stdout(Stdio::null())
                .status()
                .map_err(|error| error.to_string())?;
            let seconds = began.elapsed().as_secs_f64();
            if !status.success() {
                failing.push(name.to_owned());
                continue;
            }
            let numbers = fs::read_to_string(scratch).unwrap_or_default();
            let reaches = numbers.lines().filter_map(|line| line.parse().ok()).collect();
            tests.push(Test { program: at, name: name.to_owned(), seconds, reaches });
        }
    }
    Ok((tests, failing))
}

/// Runs the tests that reach a mutant, a few and then more, until one notices.
pub(crate) fn run(
    tree: &Path,
    programs: &[PathBuf],
    tests: &[Test],
    mutant: u32,
    seconds_at_most: f64,
) -> Result<Noticed, String> {
    let mut left: Vec<&Test> = tests.iter().filter(|test| test.reaches.contains(&mutant)).collect();
    let mut spent = 0.0;
    let mut batch_seconds = 1.0;
    while !left.is_empty() && spent < seconds_at_most {
        let mut sum = 0.0;
        let fits = left.iter().take_while(|test| {
            sum += test.seconds;
            sum <= batch_seconds
        });
        let rest = left.split_off(fits.count().max(1));
        let batch = std::mem::replace(&mut left, rest);
        let mut by_program: BTreeMap<usize, Vec<&Test>> = BTreeMap::new();
        for test in &batch {
            by_program.entry(test.program).or_default().push(test);
        }
        for (program, tests) in by_program {
            let noticed = together(tree, &programs[program], &tests, mutant)?;
            if noticed != Noticed::Nobody {
                return Ok(noticed);
            }
        }
        spent += batch.iter().map(|test| test.seconds).sum::<f64>();
        batch_seconds *= 2.0;
    }
    Ok(Noticed::Nobody)
}

fn together(tree: &Path, program: &Path, tests: &[&Test], mutant: u32) -> Result<Noticed, String> {
    let seconds: f64 = tests.iter().map(|test| test.seconds).sum();
    let mut child = command(tree, program, seconds)
        .arg("--exact")
        .args(tests.iter().map(|test| &test.name))
        .env("MUTANT", mutant.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let out = child.stdout.take().ok_or("a pipe was asked for")?;
    let deadline = Duration::from_secs_f64(CLOCK_FACTOR * (PATIENCE_SECONDS + seconds));
    let (tell, told) = mpsc::channel();
    let reader = thread::spawn(move || {
        if let Some(failed) = first_failure(out) {
            let _ = tell.send(failed);
        }
    });
    let failed = told.recv_timeout(deadline);
    if failed != Err(mpsc::RecvTimeoutError::Disconnected) {
        stop(&mut child);
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    reader.join().map_err(|_| "the reader of the output panicked")?;
    let names = || tests.iter().map(|test| &*test.name).collect::<Vec<_>>().join(" ");
    Ok(match failed {
        Ok(name) => Noticed::By(name),
        Err(_) if status.success() => Noticed::Nobody,
        Err(_) => Noticed::Stopped(names()),
    })
}

fn stop(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
}

/// The first test of which a program says that it failed.
fn first_failure(out: impl Read) -> Option<String> {
    let lines = BufReader::new(out).split(b'\n').map_while(Result::ok);
    for line in lines {
        let line = String::from_utf8_lossy(&line).into_owned();
        let Some(rest) = line.strip_prefix("test ") else { continue };
        if let Some((name, outcome)) = rest.split_once(" ... ")
            && outcome.ends_with("FAILED")
        {
            return Some(name.trim_end_matches(" - should panic").to_owned());
        }
    }
    None
}
