//! The direction of the strata. Inside one crate nothing else holds it, so this test reads the
//! paths of every source file and compares them with a table of who may name whom.
//!
//! The order is: limits, leb128, id, quantity, money, clock, dots, cart, policy, view, replica, action, sync,
//! wire. A module may use those above it, and the table allows it only those it needs. The order of
//! the crates around this one is held by their `Cargo.toml`.
//!
//! `sync` stands above `wire`: a conversation is values, and `wire` writes those values, the
//! messages of an exchange too, as bytes. So `wire` names `sync::Message` and no other item of
//! `sync`, and `sync` knows no bytes. Neither knows `policy` or `view`: replicas exchange facts,
//! never opinions.

use std::fs;
use std::path::{Path, PathBuf};

/// A module, and what it may name: modules, or single items of them.
const STRATA: [(&str, &[&str]); 15] = [
    ("limits", &[]),
    ("leb128", &[]),
    ("id", &["limits"]),
    ("quantity", &["limits"]),
    ("money", &[]),
    ("clock", &[]),
    ("dots", &["limits", "id"]),
    ("cart", &["limits", "leb128", "id", "quantity", "money", "clock", "dots"]),
    ("policy", &["limits", "id", "quantity", "clock", "dots", "cart"]),
    ("view", &["limits", "id", "quantity", "money", "clock", "dots", "cart", "policy"]),
    ("replica", &["limits", "id", "quantity", "money", "clock", "dots", "cart", "policy", "view"]),
    ("action", &["limits", "id", "quantity", "money", "cart", "view", "replica"]),
    ("sync", &["limits", "id", "clock", "dots", "cart", "replica"]),
    (
        "wire",
        &[
            "limits",
            "leb128",
            "id",
            "quantity",
            "money",
            "clock",
            "dots",
            "cart",
            "replica",
            "sync::Message",
        ],
    ),
    (
        "serial",
        &[
            "limits",
            "id",
            "quantity",
            "money",
            "clock",
            "dots",
            "cart",
            "policy::Choice",
            "view",
            "sync::Message",
            "wire",
        ],
    ),
];

/// The front page and the manual: they may name every module, and no module names them. And the
/// switches of `checks/sabotage`, which every module has by a macro.
const AROUND: [&str; 3] = ["manual", "lib", "sabotage"];

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
    let words = IMPURE.iter().filter(|word| bare.contains(**word));
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

/// Every source file of the core: its path below `src`, and its text.
fn all() -> Vec<(PathBuf, String)> {
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

/// Every source file of a folder: its path below it, and its text.
fn files(root: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    sources(root, &mut found);
    found.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a source file");
        (path.strip_prefix(root).expect("below src").to_owned(), text)
    };
    found.into_iter().map(read).collect()
}

fn module_of(path: &Path) -> String {
    let first = path.iter().next().expect("a name").to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The modules that a file declares or names, by their paths below the crate's root. `me` is the
/// module that the file is.
fn named_modules(me: &[String], text: &str) -> Vec<Vec<String>> {
    let bare = without_comments(text);
    // What tests name is no part of the house.
    let bare = bare.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let tokens = tokens(bare);
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let path = word(at + 1) == "::" && ["crate", "super", "self"].contains(&word(at));
        // `pub(in path)` says who may see an item, and imports nothing.
        let visibility = at > 0 && word(at - 1) == "in" && at > 1 && word(at - 2) == "(";
        let import = word(at) == "use";
        if !(import || path && !visibility && (at == 0 || word(at - 1) != "::")) {
            at += 1;
            continue;
        }
        let mut trees = Vec::new();
        at = tree(&tokens, at + usize::from(import), &[], &mut trees);
        for mut path in trees {
            let steps =
                path.iter().take_while(|part| ["crate", "super", "self"].contains(&&***part));
            let mut from = me.to_vec();
            let steps = steps.cloned().collect::<Vec<_>>();
            for step in &steps {
                match step.as_str() {
                    "crate" => from.clear(),
                    "super" => drop(from.pop()),
                    _ => {}
                }
            }
            from.extend(path.drain(steps.len()..));
            found.push(from);
        }
    }
    found
}

/// The files that import each other in a circle, of these: each the path below `src`, and its text.
fn circles(files: &[(PathBuf, String)]) -> Vec<String> {
    let module = |path: &Path| {
        let path = path.with_extension("");
        let mut parts: Vec<String> =
            path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        if parts.last().is_some_and(|last| last == "mod") {
            parts.pop();
        }
        parts
    };
    let modules: Vec<Vec<String>> = files.iter().map(|(path, _)| module(path)).collect();
    let imports = |at: usize| -> Vec<usize> {
        let named = named_modules(&modules[at], &files[at].1).into_iter();
        let file = |path: Vec<String>| {
            // The longest beginning of a path that is a module is the file it imports.
            let begun = |end: usize| modules.iter().position(|other| *other == path[..end]);
            (1..=path.len()).rev().find_map(begun)
        };
        named.filter_map(file).filter(|other| *other != at).collect()
    };
    let imports: Vec<Vec<usize>> = (0..files.len()).map(imports).collect();
    let reached = |from: usize| {
        let (mut seen, mut open) = (std::collections::BTreeSet::new(), imports[from].clone());
        while let Some(next) = open.pop() {
            if seen.insert(next) {
                open.extend(&imports[next]);
            }
        }
        seen
    };
    let in_circle = (0..files.len()).filter(|at| reached(*at).contains(at));
    in_circle.map(|at| files[at].0.display().to_string()).collect()
}

/// No file of the pure part imports another in a circle. A `mod.rs` counts: it imports what it
/// re-exports, so it may define nothing that its parts need.
#[test]
fn no_file_imports_another_in_a_circle() {
    let pure = |(path, _): &(PathBuf, String)| {
        let module = module_of(path);
        STRATA.iter().any(|(name, _)| *name == module)
    };
    let files: Vec<_> = all().into_iter().filter(pure).collect();
    assert!(files.len() > 50, "{} files", files.len());
    assert_eq!(circles(&files), Vec::<String>::new());
}

/// A `mod.rs` or `lib.rs` of the pure part declares and re-exports.
#[test]
fn a_mod_rs_defines_nothing() {
    let mut files = 0;
    for (path, text) in all() {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let module = module_of(&path);
        let pure = module == "lib" || STRATA.iter().any(|(name, _)| *name == module);
        if !pure || !["mod.rs", "lib.rs"].contains(&&*name) {
            continue;
        }
        files += 1;
        let tokens = tokens(&without_comments(&text));
        let defines = ["fn", "struct", "enum", "impl", "trait", "const", "static", "macro_rules"];
        let found = tokens.iter().find(|token| defines.contains(&token.as_str()));
        assert_eq!(found, None, "{}", path.display());
    }
    assert!(files > 5, "{files} files");
}

#[test]
fn a_circle_is_found() {
    let file = |path: &str, text: &str| (PathBuf::from(path), text.to_owned());
    let tree = [
        file("cart/mod.rs", "mod entry;\nmod state;\npub use state::Cart;"),
        file("cart/entry.rs", "pub struct Entry;"),
        file("cart/state.rs", "use super::entry::Entry;\npub(in crate::cart) struct Cart(Entry);"),
        file("view.rs", "use crate::cart::Cart;"),
    ];
    assert_eq!(circles(&tree), Vec::<String>::new());
    for (text, found) in [
        ("use super::state::Cart;", vec!["cart/entry.rs", "cart/state.rs"]),
        ("fn f(_: crate::cart::state::Cart) {}", vec!["cart/entry.rs", "cart/state.rs"]),
        ("use super::Cart;", vec!["cart/mod.rs", "cart/entry.rs", "cart/state.rs"]),
        ("use crate::{limits, view::Row};", {
            vec!["cart/mod.rs", "cart/entry.rs", "cart/state.rs", "view.rs"]
        }),
    ] {
        let mut tree = tree.clone();
        tree[1].1 = text.to_owned();
        assert_eq!(circles(&tree), found, "{text}");
    }
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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/testkit/src/model");
    let model = files(&folder);
    assert!(!model.is_empty(), "there is no model");
    let mut named: Vec<String> = Vec::new();
    for (path, text) in model {
        assert!(!text.contains("crate::"), "{} names the test kit", path.display());
        let paths = paths(&text.replace("holdall::", "crate::"), false).into_iter();
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
            !opinions || ["view", "replica", "action", "serial"].contains(module),
            "{module} knows opinions"
        );
    }
    let (_, front) = all().into_iter().find(|(path, _)| path.ends_with("lib.rs")).expect("lib.rs");
    let declared: Vec<&str> = front
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'))
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
