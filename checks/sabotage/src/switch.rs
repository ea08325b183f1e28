//! The switches in the code: where each is, and whether they are those that the cuts list.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::cut::Cut;

/// The macro that holds right code and wrong code.
const MACRO: &str = "sabotage!";

/// The `cfg` of a switch that is compiled in by itself.
const CFG: &str = "holdall_sabotage";

/// Where no switches are looked for: the checks write their names and have none.
const LEFT_OUT: &str = "checks/";

/// A place in the code where something can be broken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Switch {
    pub(crate) name: String,
    /// The file, from the repository's root.
    pub(crate) file: String,
    /// From 1.
    pub(crate) line: usize,
    /// Whether it is a `cfg` of its own, and not the macro.
    pub(crate) is_cfg: bool,
}

/// Finds the switches in every Rust file of the repository.
pub(crate) fn scan(root: &Path) -> Result<Vec<Switch>, String> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.rs"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("git: {error}"))?;
    if !listed.status.success() {
        return Err("git does not list the files: run this in a clone".into());
    }
    let names = String::from_utf8(listed.stdout).map_err(|error| error.to_string())?;
    let mut all = Vec::new();
    // A file in the midst of a merge is listed several times.
    let files: BTreeSet<&str> = names.split_terminator('\0').collect();
    for file in files.into_iter().filter(|file| !file.starts_with(LEFT_OUT)) {
        // A file that was removed is listed until that is committed.
        if let Ok(text) = fs::read_to_string(root.join(file)) {
            all.extend(switches(file, &text)?);
        }
    }
    Ok(all)
}

/// Finds the switches in one file.
fn switches(file: &str, text: &str) -> Result<Vec<Switch>, String> {
    // Comments may speak of switches. The lines stay, for their numbers.
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let code: Vec<&str> =
        text.lines().map(|line| Some(line).filter(is_code).unwrap_or("")).collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    for (word, before_name, is_cfg) in [(MACRO, '(', false), (CFG, '=', true)] {
        for (at, _) in code.match_indices(word) {
            let line = 1 + code[..at].matches('\n').count();
            let after = code[at + word.len()..].trim_start().strip_prefix(before_name);
            // `cfg(holdall_sabotage)` alone stands for all switches that the macro makes.
            let Some(after) = after else {
                if is_cfg {
                    continue;
                }
                return Err(format!("{file}:{line}: {MACRO} is written with ( and )"));
            };
            let literal = after.trim_start().strip_prefix('"');
            let name = literal.and_then(|rest| rest.split_once('"')).map(|(name, _)| name);
            let name =
                name.ok_or_else(|| format!("{file}:{line}: a switch's name is a literal"))?;
            found.push(Switch { name: name.into(), file: file.into(), line, is_cfg });
        }
    }
    Ok(found)
}

/// Compares the switches with the list of cuts: each switch is listed, and each cut has as many
/// switches as it says. Returns what is wrong.
pub(crate) fn compare(cuts: &[Cut], switches: &[Switch]) -> Vec<String> {
    let mut wrong = Vec::new();
    for switch in switches {
        let Switch { name, file, line, .. } = switch;
        let Some(cut) = cuts.iter().find(|cut| cut.name == *name) else {
            wrong.push(format!("{file}:{line}: no cut has the name {name}"));
            continue;
        };
        if switch.is_cfg != cut.is_for_the_compiler() {
            wrong.push(format!(
                "{file}:{line}: {name} is a cfg of its own, and the compiler catches it; or neither"
            ));
        }
    }
    for cut in cuts {
        let Cut { name, places, .. } = cut;
        let there = of(cut, switches).count();
        if there != *places {
            wrong.push(format!("{name} has {there} switches in the code and should have {places}"));
        }
        let is_kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !name.chars().all(is_kebab) {
            wrong.push(format!("{name} is not in kebab case"));
        }
    }
    wrong
}

/// The switches of a cut.
pub(crate) fn of<'a>(cut: &Cut, switches: &'a [Switch]) -> impl Iterator<Item = &'a Switch> {
    switches.iter().filter(move |switch| switch.name == cut.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "
// sabotage!(\"in-a-comment\", 1, 2)
let a = sabotage!(\"one\", 1, 2);
    if sabotage!(
        \"two\",
        b, c
    ) {}
#[cfg_attr(holdall_sabotage = \"three\", derive(Clone))]
#[cfg(holdall_sabotage)]
";

    fn cut(name: &str, caught_by: &str) -> Cut {
        let (name, what) = (name.to_owned(), String::new());
        Cut { name, what, places: 1, caught_by: vec![caught_by.to_owned()] }
    }

    #[test]
    fn switches_are_found_where_they_are() {
        let found = switches("a.rs", CODE).expect("switches");
        let found: Vec<_> = found.iter().map(|one| (&*one.name, one.line, one.is_cfg)).collect();
        assert_eq!(found, [("one", 3, false), ("two", 4, false), ("three", 8, true)]);
    }

    #[test]
    fn a_name_that_is_no_literal_is_an_error() {
        assert!(switches("a.rs", "sabotage!(name, 1, 2)").is_err());
        assert!(switches("a.rs", "sabotage![\"name\", 1, 2]").is_err());
    }

    #[test]
    fn switches_and_cuts_that_lack_each_other_are_told() {
        let found = switches("a.rs", CODE).expect("switches");
        let one = || cut("one", "a::b");
        let listed = [one(), cut("two", "a::b"), cut("three", COMPILER)];
        assert_eq!(compare(&listed, &found), Vec::<String>::new());
        // One that is not listed, one that is not there, one of the wrong kind, one there twice.
        assert_eq!(compare(&listed[..2], &found).len(), 1);
        assert_eq!(compare(&[&listed[..], &[cut("four", "a::b")]].concat(), &found).len(), 1);
        let wrong_kind = [one(), cut("two", COMPILER), cut("three", COMPILER)];
        assert_eq!(compare(&wrong_kind, &found).len(), 1);
        assert_eq!(compare(&listed, &[&found[..], &found[..1]].concat()).len(), 1);
    }

    use crate::cut::COMPILER;
}
