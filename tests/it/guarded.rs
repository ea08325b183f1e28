//! The faults of others, the tests that hold the guards against them, the switches of
//! `checks/sabotage` that prove these tests, and the manual's page: held together.

use std::fs;
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
struct Guards {
    guard: Vec<Guard>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Guard {
    class: Option<char>,
    fault: Option<String>,
    guard: String,
    #[serde(default)]
    tests: Vec<String>,
    #[serde(default)]
    cuts: Vec<String>,
    beside: Option<String>,
}

#[derive(Deserialize)]
struct Cuts {
    cut: Vec<Cut>,
}

#[derive(Deserialize)]
struct Cut {
    name: String,
    caught_by: Vec<String>,
}

/// Classes of the museum that carts, policies, views, bytes and exchange answer for. P is about sessions
/// and caches, which this library does not have.
const CLASSES: &str = "ABCDEFGHIJKLMNOQRST";

/// Faults of the kind that libraries of replicated data ship.
const FAULTS: usize = 20;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn guards() -> Vec<Guard> {
    let text = include_str!("../data/guards.toml");
    toml::from_str::<Guards>(text).expect("the table of guards").guard
}

/// Whether a test is there. A name is `module::test`, of this package, or `package/module::test`.
fn is_a_test(name: &str) -> bool {
    let (folder, name) = match name.split_once('/') {
        Some((package, name)) => (root().join("crates").join(package), name),
        None => (root().to_owned(), name),
    };
    let Some((module, test)) = name.split_once("::") else { return name == "compiler" };
    let Ok(text) = fs::read_to_string(folder.join(format!("tests/it/{module}.rs"))) else {
        return false;
    };
    let listed = |line: &str| line.trim().starts_with(&format!("{test} \""));
    text.contains(&format!("fn {test}(")) || text.lines().any(listed)
}

#[test]
fn every_class_and_fault_has_a_guard() {
    let guards = guards();
    let classes: String = guards.iter().filter_map(|guard| guard.class).collect();
    assert_eq!(classes, CLASSES);
    assert_eq!(guards.iter().filter(|guard| guard.fault.is_some()).count(), FAULTS);
    for guard in &guards {
        let name = &guard.guard;
        assert!(guard.class.is_some() != guard.fault.is_some(), "{name}: a class or a fault");
        match &guard.beside {
            Some(file) => assert!(guard.cuts.is_empty(), "{name}: {file} or a cut"),
            None => assert!(!guard.tests.is_empty() && !guard.cuts.is_empty(), "{name}"),
        }
    }
}

/// A cut that takes a guard out is caught by a test that holds the guard, so that the test is seen
/// to fail without it.
#[test]
fn every_guard_is_proved() {
    let mut cuts: Vec<Cut> = Vec::new();
    let files = fs::read_dir(root().join("checks/sabotage/cuts"));
    // A copy of the tree that is full of mutants has no list of cuts.
    let Ok(files) = files else { return };
    for file in files {
        let text = fs::read_to_string(file.expect("a file").path()).expect("cuts");
        cuts.extend(toml::from_str::<Cuts>(&text).expect("cuts").cut);
    }
    for guard in guards() {
        for test in &guard.tests {
            assert!(is_a_test(test), "there is no test {test}");
        }
        if let Some(file) = &guard.beside {
            assert!(root().join(file).exists(), "there is no {file}");
        }
        for name in &guard.cuts {
            let cut = cuts.iter().find(|cut| cut.name == *name);
            let cut = cut.unwrap_or_else(|| panic!("there is no cut \"{name}\""));
            let proves = guard.tests.iter().any(|test| cut.caught_by.contains(test));
            assert!(proves, "\"{name}\" is not caught by a test of \"{}\"", guard.guard);
        }
    }
}

/// The page has a row for every guard, in these words.
#[test]
fn the_manual_has_this_table() {
    let page = fs::read_to_string(root().join("src/manual/museum.md")).expect("the page");
    for guard in guards() {
        let row = row(&guard);
        assert!(page.lines().any(|line| line == row), "the page lacks\n{row}");
    }
}

fn row(guard: &Guard) -> String {
    let what = match (guard.class, &guard.fault) {
        (Some(class), _) => class.to_string(),
        (None, fault) => fault.clone().unwrap_or_default(),
    };
    let ticked = |names: &[String]| {
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let tests = guard.beside.as_ref().map_or_else(|| ticked(&guard.tests), |f| format!("`{f}`"));
    format!("| {what} | {} | {tests} | {} |", guard.guard, ticked(&guard.cuts))
}
