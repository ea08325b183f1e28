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

use std::path::{Path, PathBuf};

use super::source_scan::{files, paths, without_comments};

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

/// Every source file of the core: its path below `src`, and its text.
fn all() -> Vec<(PathBuf, String)> {
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
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
