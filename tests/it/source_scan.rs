//! A scanner of source texts: their paths, their imports, and the circles of their imports. It reads
//! tokens, so it needs no compiler and sees every `cfg`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A source text without its comments. A `//` within a string literal ends the line too, which
/// can hide no path, since paths do not stand in strings.
pub(crate) fn without_comments(text: &str) -> String {
    let kept = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    text.lines().map(kept).collect::<Vec<_>>().join("\n")
}

/// Every path of `text` that starts at the crate's root, in segments, with groups taken apart.
/// `root_file`: the text is of a top-level module, whose `super` is the root too.
pub(crate) fn paths(text: &str, root_file: bool) -> Vec<Vec<String>> {
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

pub(crate) fn tokens(text: &str) -> Vec<String> {
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

/// Every source file of a folder: its path below it, and its text.
pub(crate) fn files(root: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    sources(root, &mut found);
    found.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a source file");
        (path.strip_prefix(root).expect("below src").to_owned(), text)
    };
    found.into_iter().map(read).collect()
}

/// The modules that a file declares or names, by their paths below the crate's root. `me` is the
/// module that the file is.
pub(crate) fn named_modules(me: &[String], text: &str) -> Vec<Vec<String>> {
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
pub(crate) fn circles(files: &[(PathBuf, String)]) -> Vec<String> {
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
        let (mut seen, mut open) = (BTreeSet::new(), imports[from].clone());
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
