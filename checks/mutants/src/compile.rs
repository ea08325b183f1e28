//! Builds the woven tree, and finds out which mutants do not compile.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn cargo(tree: &Path, args: &[&str]) -> Result<Vec<Value>, String> {
    let output = Command::new("cargo")
        .args(args)
        // Not locked: members that are not copied are in the lock file.
        .args(["--offline", "--package", "holdall"])
        .args(["--message-format", "json"])
        .current_dir(tree)
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    let out = String::from_utf8_lossy(&output.stdout);
    let messages: Vec<Value> =
        out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    if messages.is_empty() {
        return Err(format!("cargo: {}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(messages)
}

/// Why a tree does not compile; if nothing of this is there, it does.
#[derive(Default)]
pub(crate) struct Errors {
    /// The mutants in whose text an error is, with the compiler's words.
    pub(crate) unviable: BTreeMap<u32, String>,
    /// The names of functions that have to stay `const`.
    pub(crate) constant: BTreeSet<String>,
}

/// Type-checks the library.
pub(crate) fn check(
    tree: &Path,
    places: &BTreeMap<String, Vec<(u32, Range<usize>)>>,
) -> Result<Errors, String> {
    let messages = cargo(tree, &["check", "--lib"])?;
    let errors = messages.iter().filter(|message| message["message"]["level"] == "error");
    let (mut found, mut stray) = (Errors::default(), BTreeSet::new());
    for error in errors {
        let error = &error["message"];
        let text = error["message"].as_str().unwrap_or_default();
        if error["code"]["code"] == CALLED_IN_A_CONSTANT
            && let Some(path) = text.split('`').nth(1)
        {
            let name = path.split("::<").next().unwrap_or(path).rsplit("::").next();
            found.constant.extend(name.map(String::from));
            continue;
        }
        let culprits = culprits(error, places);
        if culprits.is_empty() && error["spans"].as_array().is_some_and(|spans| !spans.is_empty()) {
            stray.insert(error["rendered"].as_str().unwrap_or_default().to_owned());
        }
        found.unviable.extend(culprits.into_iter().map(|mutant| (mutant, text.replace('\n', " "))));
    }
    let none = found.unviable.is_empty() && found.constant.is_empty();
    if none && !stray.is_empty() { Err(stray.into_iter().collect()) } else { Ok(found) }
}

/// A function that is not `const` is called where only constants may stand.
const CALLED_IN_A_CONSTANT: &str = "E0015";

/// In whose text an error is: by where it is, or else by what it also points at.
fn culprits(error: &Value, places: &BTreeMap<String, Vec<(u32, Range<usize>)>>) -> BTreeSet<u32> {
    let spans: Vec<&Value> = error["spans"].as_array().into_iter().flatten().collect();
    for primary in [true, false] {
        let found: BTreeSet<u32> = spans
            .iter()
            .filter(|span| span["is_primary"] == primary)
            .filter_map(|span| {
                let file = places.get(span["file_name"].as_str()?)?;
                let start = usize::try_from(span["byte_start"].as_u64()?).ok()?;
                Some(file.iter().filter(move |(_, range)| range.contains(&start)))
            })
            .flatten()
            .map(|(mutant, _)| *mutant)
            .collect();
        if !found.is_empty() {
            return found;
        }
    }
    BTreeSet::new()
}

/// Builds the tests.
pub(crate) fn tests(tree: &Path) -> Result<Vec<PathBuf>, String> {
    let messages = cargo(tree, &["test", "--no-run", "--test", "it"])?;
    let errors = messages.iter().filter(|message| message["message"]["level"] == "error");
    let errors: String = errors.filter_map(|error| error["message"]["rendered"].as_str()).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let programs = messages.iter().filter(|message| message["profile"]["test"] == true);
    Ok(programs.filter_map(|message| message["executable"].as_str()).map(PathBuf::from).collect())
}
