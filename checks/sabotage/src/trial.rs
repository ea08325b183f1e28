//! Runs tests in the copy, and says which failed.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// What a run of the tests came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Trial {
    /// Each test that ran, and whether it passed.
    Ran(BTreeMap<String, bool>),
    /// It does not compile: the first lines of why.
    Broken(String),
}

/// Runs the named tests, or all if none is named.
pub(crate) fn run(tree: &Path, names: &[String]) -> Result<Trial, String> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args([
            "test",
            "--locked",
            "--no-default-features",
            "--features",
            "std,testkit,authority,embedded",
            "--test",
            "it",
        ])
        .current_dir(tree)
        // Failing is enough, and it should be the same failure each time.
        .env("PROPTEST_MAX_SHRINK_ITERS", "0")
        .env("PROPTEST_RNG_SEED", "1")
        .env("RUST_BACKTRACE", "0");
    if !names.is_empty() {
        command.args(["--", "--exact"]).args(names);
    }
    let output = command.output().map_err(|error| format!("cargo: {error}"))?;
    let out = String::from_utf8_lossy(&output.stdout);
    let mut ran = BTreeMap::new();
    for line in out.lines() {
        // Others may print between a test's name and what became of it.
        let Some(rest) = line.strip_prefix("test ") else { continue };
        if let Some((name, outcome)) = rest.split_once(" ... ")
            && !outcome.starts_with("ignored")
        {
            ran.insert(name.trim_end_matches(" - should panic").into(), outcome == "ok");
        }
    }
    if ran.is_empty() && output.status.success() {
        return Err(format!("no such test: {}", names.join(" ")));
    }
    if ran.is_empty() {
        let said = String::from_utf8_lossy(&output.stderr);
        let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("error")).collect();
        return Ok(Trial::Broken(errors.join("; ")));
    }
    Ok(Trial::Ran(ran))
}
