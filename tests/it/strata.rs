//! The direction of the strata. Inside one crate nothing else holds it, so this test reads the
//! paths of every source file and compares them with a table of who may name whom.
//!
//! The order is: limits, id, quantity, money, clock, context, cart, policy, view, replica, action,
//! sync, wire; then, no longer pure, store, authority, service. A module may use those above it,
//! and the table allows it only those it needs.
//!
//! `sync` stands above `wire`: a conversation is values, and `wire` writes those values, the
//! messages of an exchange too, as bytes. So `wire` names `sync::Message` and no other item of
//! `sync`, and `sync` knows no bytes. Neither knows `policy` or `view`: replicas exchange facts,
//! never opinions.

use std::fs;
use std::path::{Path, PathBuf};

/// A module, and what it may name: modules, or single items of them.
const STRATA: [(&str, &[&str]); 16] = [
    ("limits", &[]),
    ("id", &["limits"]),
    ("quantity", &["limits"]),
    ("money", &[]),
    ("clock", &[]),
    ("context", &["id"]),
    ("cart", &["limits", "id", "quantity", "money", "clock", "context"]),
    ("policy", &["limits", "id", "quantity", "clock", "context", "cart"]),
    ("view", &["limits", "id", "quantity", "money", "clock", "context", "cart", "policy"]),
    (
        "replica",
        &["limits", "id", "quantity", "money", "clock", "context", "cart", "policy", "view"],
    ),
    ("action", &["limits", "id", "quantity", "money", "cart", "view", "replica"]),
    ("sync", &["limits", "id", "clock", "context", "cart", "replica"]),
    (
        "wire",
        &[
            "limits",
            "id",
            "quantity",
            "money",
            "clock",
            "context",
            "cart",
            "replica",
            "sync::Message",
        ],
    ),
    ("store", &["limits", "id"]),
    (
        "authority",
        &[
            "limits", "id", "quantity", "money", "clock", "context", "cart", "policy", "view",
            "replica", "action", "wire", "store",
        ],
    ),
    (
        "service",
        &[
            "limits",
            "id",
            "quantity",
            "money",
            "clock",
            "cart",
            "view",
            "replica",
            "action",
            "sync::Message",
            "wire",
            "store",
            "authority",
        ],
    ),
];

/// The first modules of the table are the pure part.
const PURE: usize = 13;

/// Modules around the pure part: they may use all of it, and it may not use them.
const AROUND: [&str; 6] = ["scenario", "manual", "testkit", "automerge", "bin", "lib"];

/// What has no place in the pure part: it would make two machines disagree, or need one.
const IMPURE: [&str; 12] = [
    "std::",
    "HashMap",
    "HashSet",
    "rand::",
    "fastrand",
    "getrandom",
    "SystemTime",
    "Instant",
    "thread_local",
    "println!",
    "eprintln!",
    "unsafe ",
];

/// Names that say nothing of what is inside.
const VAGUE: [&str; 6] = ["util", "utils", "common", "helpers", "types", "misc"];

const LONGEST_FILE_LINES: usize = 700;

/// A source text without its comments. A `//` within a string literal ends the line too, which
/// can hide no path, since paths do not stand in strings.
fn without_comments(text: &str) -> String {
    let kept = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    text.lines().map(kept).collect::<Vec<_>>().join("\n")
}

/// Every path of `text` that starts at the crate's root, in segments, with groups taken apart.
/// `root_file`: the text is of a top-level module, whose `super` is the root too.
fn paths(text: &str, root_file: bool) -> Vec<Vec<String>> {
    let text = without_comments(text);
    let tokens = tokens(&text);
    let word = |at: usize| tokens.get(at).map(String::as_str);
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        let supers = |n: usize| {
            (0..n).all(|i| word(at + 2 * i) == Some("super") && word(at + 2 * i + 1) == Some("::"))
                && (at < 2 || word(at - 2) != Some("super"))
        };
        let root = word(at) == Some("crate") && word(at + 1) == Some("::");
        let start = if root || (root_file && supers(1)) {
            at + 2
        } else if !root_file && supers(2) {
            at + 4
        } else {
            continue;
        };
        tree(&tokens, start, &[], &mut found);
    }
    found
}

/// Reads one use-tree from `at`; returns where it ends.
fn tree(
    tokens: &[String],
    mut at: usize,
    before: &[String],
    found: &mut Vec<Vec<String>>,
) -> usize {
    let mut path = before.to_vec();
    loop {
        match tokens.get(at).map(String::as_str) {
            Some("{") => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token != "}") {
                    if tokens[at] == "," {
                        at += 1;
                    } else {
                        at = tree(tokens, at, &path, found);
                    }
                }
                return at + 1;
            }
            Some(name) => {
                path.push(name.to_owned());
                at += 1;
            }
            None => break,
        }
        if tokens.get(at).is_none_or(|token| token != "::") {
            break;
        }
        at += 1;
    }
    found.push(path);
    // `as other` belongs to the tree.
    if tokens.get(at).is_some_and(|token| token == "as") { at + 2 } else { at }
}

fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_alphanumeric() || c == '_' {
            let mut word = String::from(c);
            while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
                word.push(c);
            }
            tokens.push(word);
        } else if c == ':' && chars.next_if_eq(&':').is_some() {
            tokens.push("::".to_owned());
        } else if !c.is_whitespace() {
            tokens.push(c.to_string());
        }
    }
    tokens
}

/// What is wrong with a file of a module in the table.
fn faults(module: &str, text: &str, root_file: bool) -> Vec<String> {
    let mut faults = Vec::new();
    let bare = without_comments(text);
    let Some((_, allowed)) = STRATA.iter().find(|(name, _)| *name == module) else {
        return vec![format!("module {module} is in no table: say where it stands")];
    };
    for path in paths(text, root_file) {
        let first = path.first().map_or("", String::as_str);
        let second = path.get(1).map_or(String::new(), |item| format!("{first}::{item}"));
        let known = STRATA.iter().any(|(name, _)| *name == first) || AROUND.contains(&first);
        let re_export = first.chars().next().is_some_and(char::is_uppercase);
        let re_export = re_export || (first == "*" && bare.contains("crate::*"));
        if re_export {
            faults.push(format!("{module} names crate::{first}: name its module"));
        } else if known
            && first != module
            && !allowed.contains(&first)
            && !allowed.contains(&second.as_str())
        {
            faults.push(format!("{module} must not name {}", path.join("::")));
        }
    }
    let pure = STRATA[..PURE].iter().any(|(name, _)| *name == module);
    let words = IMPURE.iter().filter(|word| pure && bare.contains(**word));
    faults.extend(words.map(|word| format!("{module} must not use {word}")));
    if matches!(module, "policy" | "view") {
        let writes = ["&mut Cart", "mut cart: Cart", "&mut Replica", "mut cart: &mut"];
        let words = writes.iter().filter(|word| bare.contains(**word));
        faults.extend(words.map(|word| format!("{module} only reads, but has {word}")));
    }
    faults
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Every source file: its path below `src`, and its text.
fn all() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&root, &mut found);
    found.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a source file");
        (path.strip_prefix(&root).expect("below src").to_owned(), text)
    };
    found.into_iter().map(read).collect()
}

fn module_of(path: &Path) -> String {
    let first = path.iter().next().expect("a name").to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn the_strata_keep_their_direction() {
    let mut wrong = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for (path, text) in all() {
        let module = module_of(&path);
        if AROUND.contains(&module.as_str()) {
            continue;
        }
        seen.insert(module.clone());
        // A module's own file, at the root or in its folder.
        let depth = path.iter().count();
        let root_file = depth == 1 || (depth == 2 && path.ends_with("mod.rs"));
        let found = faults(&module, &text, root_file);
        wrong.extend(found.into_iter().map(|fault| format!("{}: {fault}", path.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (module, _) in STRATA {
        assert!(seen.contains(module), "the table has {module}, the sources do not");
    }
}

/// The obvious model judges what `cart` and `view` make of the actions: it must not ask them.
#[test]
fn the_model_shares_no_code_with_what_it_judges() {
    let model = all().into_iter().filter(|(path, _)| path.starts_with("testkit/model"));
    let mut named: Vec<String> = Vec::new();
    for (path, text) in model {
        let paths = paths(&text, false).into_iter();
        assert!(!text.contains("super::super"), "{} reaches out", path.display());
        named.extend(paths.filter_map(|path| path.into_iter().next()));
    }
    named.sort();
    named.dedup();
    assert_eq!(named, ["id", "money"]);
}

/// The table itself points upwards only, and `lib.rs` has the modules in its order.
#[test]
fn the_table_points_upwards() {
    for (at, (module, allowed)) in STRATA.iter().enumerate() {
        for name in *allowed {
            let name = name.split("::").next().expect("a module");
            let above = STRATA[..at].iter().any(|(other, _)| *other == name);
            assert!(above, "{module}: {name}");
        }
        let opinions = allowed.iter().any(|name| ["policy", "view"].contains(name));
        assert!(
            !opinions || ["view", "replica", "action", "authority", "service"].contains(module),
            "{module} knows opinions"
        );
    }
    let (_, front) = all().into_iter().find(|(path, _)| path.ends_with("lib.rs")).expect("lib.rs");
    let declared: Vec<&str> = front
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .filter(|name| !AROUND.contains(name))
        .collect();
    assert_eq!(declared, STRATA.map(|(name, _)| name));
}

#[test]
fn files_are_short_and_say_what_they_are() {
    for (path, text) in all() {
        let lines = text.lines().count();
        assert!(lines <= LONGEST_FILE_LINES, "{} has {lines} lines", path.display());
        for part in &path {
            let name = part.to_string_lossy().trim_end_matches(".rs").to_owned();
            assert!(!VAGUE.contains(&name.as_str()), "{} says nothing", path.display());
        }
    }
}

/// The scanner sees what it must: each of these texts, put in that module, is a fault.
#[test]
fn a_forbidden_import_is_found() {
    for (module, text) in [
        ("wire", "use crate::view::View;"),
        ("wire", "use crate::sync::{Message, Session};"),
        ("wire", "use crate::sync;"),
        ("sync", "use crate::policy::Registry;"),
        ("sync", "use crate::wire;"),
        ("cart", "use crate::{\n    clock::Time,\n    view::{Look as L, View},\n};"),
        ("cart", "fn f() -> crate::sync::Message { todo() }"),
        ("clock", "use super::cart::Cart;"),
        ("view", "fn f(cart: &mut Cart) {}"),
        ("policy", "use crate::Cart;"),
        ("policy", "use crate::*;"),
        ("cart", "use std::time::Instant;"),
        ("id", "use hashbrown::HashMap;"),
        ("quantity", "use crate::scenario::Story;"),
        ("store", "use crate::cart::Cart;"),
        ("wire", "use crate::store::Store;"),
        ("toolbox", ""),
    ] {
        assert!(!faults(module, text, true).is_empty(), "{module} may have {text}?");
    }
    assert!(!faults("cart", "use super::super::view::View;", false).is_empty());
}

#[test]
fn an_allowed_import_is_no_fault() {
    for (module, text) in [
        ("wire", "use crate::sync::Message;\nuse crate::{cart::{Cart, Delta}, limits};"),
        ("cart", "//! See [`view`](crate::view).\nuse super::entry::Entry; // not crate::view"),
        ("cart", "use crate::cart::entry::Entry;"),
        ("view", "fn f(cart: &Cart) {}"),
    ] {
        assert_eq!(faults(module, text, false), Vec::<String>::new(), "{text}");
    }
}
