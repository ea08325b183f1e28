//! The rules that hold in every crate of the workspace: who may know whom, no imports in a circle,
//! module files that only declare, short files, and names that say what they name.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::source_scan::{circles, files, named_modules, tokens, without_comments};

/// The crates, and those of the workspace that each may import. What stands here for one crate, no
/// `Cargo.toml` may exceed.
const CRATES: [(&str, &[&str]); 8] = [
    ("holdall", &[]),
    ("holdall-store", &["holdall"]),
    ("holdall-authority", &["holdall", "holdall-store"]),
    ("holdall-service", &["holdall", "holdall-store", "holdall-authority"]),
    ("holdall-automerge", &["holdall"]),
    ("holdall-testkit", &["holdall", "holdall-automerge"]),
    ("holdall-replay", &["holdall", "holdall-testkit"]),
    (
        "holdall-cli",
        &[
            "holdall",
            "holdall-store",
            "holdall-authority",
            "holdall-service",
            "holdall-automerge",
            "holdall-testkit",
            "holdall-replay",
        ],
    ),
];

/// Libraries of HTTP and SQL, and the one crate that may know each.
const OUTSIDE: [(&str, &str); 7] = [
    ("axum", "holdall-service"),
    ("hyper", "holdall-service"),
    ("tower-http", "holdall-service"),
    ("utoipa", "holdall-service"),
    ("rusqlite", "holdall-store"),
    ("tokio-postgres", "holdall-store"),
    ("redis", "holdall-store"),
];

/// The adapters of the durable store, the view cache and the change feed, as modules of the store's
/// crate.
const ADAPTERS: [&str; 4] = ["embedded", "postgres", "cached", "memory"];

/// Names of files and folders that say nothing of what is inside.
const VAGUE: [&str; 6] = ["util", "utils", "common", "helpers", "types", "misc"];

const LONGEST_FILE_LINES: usize = 700;

/// Of all names of types, at most so many may be of one word.
const ONE_WORD_PERCENT: usize = 35;

/// Of all definitions of types, at most so many may have a name that another has too.
const SHARED_PERCENT: usize = 10;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of a crate.
fn folder(name: &str) -> PathBuf {
    match name.strip_prefix("holdall-") {
        Some(short) => root().join("crates").join(short),
        None => root().to_owned(),
    }
}

/// The source files of a crate, by their paths below its `src`.
fn sources(name: &str) -> Vec<(PathBuf, String)> {
    files(&folder(name).join("src"))
}

/// The dependencies that a manifest names, without those for tests.
fn dependencies(manifest: &str) -> Vec<String> {
    let manifest: toml::Table = manifest.parse().expect("a manifest");
    let table = manifest.get("dependencies").and_then(toml::Value::as_table);
    table.into_iter().flat_map(|table| table.keys().cloned()).collect()
}

#[test]
fn every_crate_is_in_the_table() {
    let entries = fs::read_dir(root().join("crates")).expect("a folder");
    let mut found: Vec<String> = entries
        .map(|entry| format!("holdall-{}", entry.expect("an entry").file_name().display()))
        .chain(["holdall".to_owned()])
        .collect();
    found.sort();
    let mut table = CRATES.map(|(name, _)| name.to_owned()).to_vec();
    table.sort();
    assert_eq!(found, table);
}

#[test]
fn a_crate_imports_only_what_the_table_allows() {
    for (name, allowed) in CRATES {
        let manifest = fs::read_to_string(folder(name).join("Cargo.toml")).expect("a manifest");
        for dependency in dependencies(&manifest) {
            if dependency.starts_with("holdall") {
                assert!(allowed.contains(&dependency.as_str()), "{name} imports {dependency}");
            }
            let outside = OUTSIDE.iter().find(|(library, _)| *library == dependency);
            assert!(outside.is_none_or(|(_, of)| *of == name), "{name} imports {dependency}");
        }
    }
}

#[test]
fn no_file_imports_another_in_a_circle() {
    let mut wrong = Vec::new();
    for (name, _) in CRATES {
        let files = sources(name);
        assert!(files.len() > 5, "{name} has {} files", files.len());
        wrong.extend(circles(&files).into_iter().map(|file| format!("{name}: {file}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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

/// What a `mod.rs` or `lib.rs` defines, instead of declaring and re-exporting it.
fn defined(text: &str) -> Option<String> {
    let text = without_comments(text);
    let tokens = tokens(&text);
    let defines = ["fn", "struct", "enum", "impl", "trait", "const", "static", "macro_rules"];
    let is_definition = |token: &&String| defines.contains(&token.as_str());
    tokens.iter().find(is_definition).cloned()
}

#[test]
fn a_module_file_defines_nothing() {
    assert_eq!(defined("mod state;\n/// Says fn.\npub use state::Cart;"), None);
    assert_eq!(defined("mod state;\nfn one() {}").as_deref(), Some("fn"));
    let mut wrong = Vec::new();
    for (name, _) in CRATES {
        for (path, text) in sources(name) {
            let is_module_file = path.ends_with("mod.rs") || path == Path::new("lib.rs");
            if let Some(what) = defined(&text).filter(|_| is_module_file) {
                wrong.push(format!("{name}: {} has a `{what}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The adapters that a file of one of them names.
fn other_adapters(path: &Path, text: &str) -> Vec<String> {
    let module: Vec<String> =
        path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let own = module[0].clone();
    let mut me = module;
    if me.last().is_some_and(|last| last == "mod") {
        me.pop();
    }
    let named = named_modules(&me, text).into_iter().filter_map(|path| path.into_iter().next());
    named.filter(|first| ADAPTERS.contains(&first.as_str()) && *first != own).collect()
}

#[test]
fn no_adapter_of_the_store_knows_another() {
    let wrong = other_adapters(Path::new("postgres/feed.rs"), "use crate::embedded::Embedded;");
    assert_eq!(wrong, ["embedded"]);
    let mut seen = 0;
    for (path, text) in sources("holdall-store") {
        let first = path.iter().next().expect("a name").to_string_lossy().into_owned();
        if ADAPTERS.contains(&first.trim_end_matches(".rs")) {
            seen += 1;
            let wrong = other_adapters(&path, &text);
            assert!(wrong.is_empty(), "{} names {wrong:?}", path.display());
        }
    }
    assert!(seen > 20, "{seen} files of adapters");
}

#[test]
fn files_are_short_and_their_names_say_what_they_are() {
    for (name, _) in CRATES {
        for (path, text) in sources(name) {
            let lines = text.lines().count();
            assert!(lines <= LONGEST_FILE_LINES, "{name}: {} has {lines} lines", path.display());
            for part in &path {
                let part = part.to_string_lossy();
                let part = part.trim_end_matches(".rs");
                assert!(!VAGUE.contains(&part), "{name}: {} says nothing", path.display());
            }
        }
    }
}

/// The names that the crate's root re-exports.
fn root_names(text: &str) -> Vec<String> {
    let bare = without_comments(text);
    let uses = bare.split(';').filter_map(|item| item.trim().strip_prefix("pub use "));
    let last = |path: &str| path.rsplit("::").next().unwrap_or_default().trim().to_owned();
    let names = uses.flat_map(|path| match path.split_once('{') {
        Some((_, group)) => group.trim_end_matches('}').split(',').map(last).collect(),
        None => vec![last(path)],
    });
    names.filter(|name| !name.is_empty()).collect()
}

/// A newcomer reads the names at the root first: they are few. Each has an example of its own, which
/// is the first thing that its page shows.
#[test]
fn the_root_has_few_names() {
    assert_eq!(root_names("mod a;\npub use a::{B, C};\npub use d::E;"), ["B", "C", "E"]);
    let names = root_names(&fs::read_to_string(root().join("src/lib.rs")).expect("lib.rs"));
    assert!((25..=35).contains(&names.len()), "{} names: {names:?}", names.len());
    let sources = sources("holdall");
    let has_example = |name: &String| {
        let definitions =
            ["struct", "enum", "trait", "fn"].map(|word| format!("pub {word} {name}"));
        sources.iter().any(|(_, text)| {
            let is_it = |line: &str| {
                let after = definitions.iter().find_map(|start| line.strip_prefix(start.as_str()));
                // A macro that defines names of one kind has the name as its argument.
                let argument =
                    line.strip_prefix("    ").and_then(|line| line.strip_prefix(name.as_str()));
                after.or(argument).is_some_and(|rest| {
                    !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == ' ')
                        || rest.starts_with(" {")
                })
            };
            let lines: Vec<&str> = text.lines().collect();
            // The comment and the attributes right before the definition.
            let is_shown = |at: usize| {
                let before = lines[..at].iter().rev();
                let mut comment = before.take_while(|line| !line.is_empty() && **line != "}");
                comment.any(|line| line.trim() == "/// ```")
            };
            (0..lines.len()).any(|at| is_it(lines[at]) && is_shown(at))
        })
    };
    let without: Vec<_> = names.iter().filter(|name| !has_example(name)).collect();
    assert!(without.is_empty(), "without an example: {without:?}");
}

/// The names of the types that a text defines, without those of its tests and those that belong to
/// a trait or an impl.
fn type_names(text: &str) -> Vec<String> {
    let bare = without_comments(text);
    let bare = bare.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let tokens = tokens(bare);
    let mut found = Vec::new();
    for pair in tokens.windows(2) {
        let [keyword, name] = pair else { continue };
        let is_type = name.starts_with(char::is_uppercase);
        if ["struct", "enum", "trait", "union"].contains(&keyword.as_str()) && is_type {
            found.push(name.clone());
        }
    }
    // An alias at the beginning of a line; an associated type stands further in.
    let aliases = bare.lines().filter_map(|line| {
        let alias = line.strip_prefix("pub ").unwrap_or(line).strip_prefix("type ")?;
        let end = alias.find(|c: char| !c.is_alphanumeric() && c != '_')?;
        Some(alias[..end].to_owned())
    });
    found.extend(aliases);
    found
}

/// How many words a name in camel case has.
fn words(name: &str) -> usize {
    name.chars().filter(|c| c.is_uppercase()).count()
}

#[test]
fn names_of_types_are_found() {
    let text = "/// struct No;\npub struct CartId(u8);\nenum Row { A }\ntrait Port { type Item; }\n\
                pub type Verdict = u8;\nimpl Port for Row { type Item = u8; }\n\
                #[cfg(test)]\nmod tests { struct Other; }";
    assert_eq!(type_names(text), ["CartId", "Row", "Port", "Verdict"]);
    assert_eq!(["CartId", "Row", "LineKeyText"].map(words), [2, 1, 3]);
}

/// A type's name stands once, and one word is seldom enough to say what a type is.
#[test]
fn names_of_types_say_what_they_name() {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, _) in CRATES {
        for (path, text) in sources(name) {
            for found in type_names(&text) {
                all.entry(found).or_default().push(format!("{name}: {}", path.display()));
            }
        }
    }
    let total: usize = all.values().map(Vec::len).sum();
    assert!(total > 500, "{total} types");
    let short: Vec<_> = all.iter().filter(|(name, _)| words(name) == 1).collect();
    let short_count: usize = short.iter().map(|(_, places)| places.len()).sum();
    let shared: Vec<_> = all.iter().filter(|(_, places)| places.len() > 1).collect();
    let shared_count: usize = shared.iter().map(|(_, places)| places.len()).sum();
    println!("{total} types, {short_count} of one word, {shared_count} with a shared name");
    assert!(
        short_count * 100 < total * ONE_WORD_PERCENT,
        "{short_count} of {total} names are one word: {:?}",
        short.iter().map(|(name, _)| name).collect::<Vec<_>>()
    );
    assert!(
        shared_count * 100 < total * SHARED_PERCENT,
        "{shared_count} of {total} types share their name: {shared:#?}"
    );
}
