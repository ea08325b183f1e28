//! Runs tests with one switch on, or none, and says which failed.

use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::program::Program;

/// How long a program may run.
const PATIENCE: Duration = Duration::from_secs(600);

/// Whether each test passed that was run.
pub(crate) type Ran = BTreeMap<String, bool>;

/// What a run depends on beside the tests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conditions<'a> {
    /// The switch that is on, if one is.
    pub(crate) switch: Option<&'a str>,
    /// Where the random histories of property tests begin.
    pub(crate) seed: u32,
}

/// Runs some tests of a program, or all if none is named.
pub(crate) fn run(
    program: &Program,
    names: &[&str],
    conditions: Conditions<'_>,
) -> Result<Ran, String> {
    let mut command = Command::new(&program.path);
    command
        .current_dir(&program.folder)
        .env("CARGO_MANIFEST_DIR", &program.folder)
        .env_remove("HOLDALL_SABOTAGE")
        // Failing is enough, and it should be the same failure each time.
        .env("PROPTEST_MAX_SHRINK_ITERS", "0")
        .env("PROPTEST_RNG_SEED", conditions.seed.to_string())
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if let Some(switch) = conditions.switch {
        command.env("HOLDALL_SABOTAGE", switch);
    }
    if !names.is_empty() {
        command.arg("--exact").args(names);
    }
    let out = output(command)?;
    let mut ran = Ran::new();
    for line in out.lines() {
        // Others may print between a test's name and what became of it.
        let Some(rest) = line.strip_prefix("test ") else { continue };
        if let Some((name, outcome)) = rest.split_once(" ... ")
            && !outcome.starts_with("ignored")
        {
            ran.insert(name.trim_end_matches(" - should panic").into(), outcome == "ok");
        }
    }
    // A test that ends its process fails. Which one did, each says when it is alone.
    let is_whole = out.lines().any(|line| line.starts_with("test result: "));
    match names {
        _ if is_whole => Ok(ran),
        [name] => Ok([((*name).to_owned(), false)].into()),
        _ => {
            let mut apart = Ran::new();
            for name in names {
                apart.extend(run(program, &[*name], conditions)?);
            }
            Ok(apart)
        }
    }
}

/// What a program writes until it ends. One that does not end is stopped, which is an error.
fn output(mut command: Command) -> Result<String, String> {
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let mut stdout = child.stdout.take().ok_or("a pipe was asked for")?;
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        stdout.read_to_end(&mut bytes).map(|_| String::from_utf8_lossy(&bytes).into_owned())
    });
    let began = Instant::now();
    while child.try_wait().map_err(|error| error.to_string())?.is_none() {
        if began.elapsed() > PATIENCE {
            child.kill().map_err(|error| error.to_string())?;
            return Err(format!("stopped after {} s", PATIENCE.as_secs()));
        }
        thread::sleep(Duration::from_millis(5));
    }
    let read = reader.join().map_err(|_| "the reader of the output panicked")?;
    read.map_err(|error| error.to_string())
}
