//! The mutants that `cargo mutants --list` knows of.

use std::ops::Range;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

/// One way to change a file.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Mutant {
    /// Where, what and in which function, in words.
    pub(crate) name: String,
    /// The file, from the repository's root.
    pub(crate) file: String,
    /// Of which kind.
    pub(crate) genre: String,
    pub(crate) span: Span,
    /// What stands there then.
    pub(crate) replacement: String,
}

/// From the first character to the one after the last.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Span {
    start: Place,
    end: Place,
}

/// Both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Place {
    line: usize,
    column: usize,
}

/// All mutants of some files. Their numbers are their places in the list, from 1.
pub(crate) fn read(root: &Path, files: &[String]) -> Result<Vec<Mutant>, String> {
    let mut command = Command::new("cargo");
    command.args(["mutants", "--list", "--json", "--no-config"]).current_dir(root);
    for file in files {
        command.args(["-f", file]);
    }
    let output = command.output().map_err(|error| format!("cargo: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("cargo mutants (27 or later: cargo install cargo-mutants): {said}"));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo mutants: {error}"))
}

/// Where the lines of a text begin.
pub(crate) struct Offsets<'a> {
    text: &'a str,
    lines: Vec<usize>,
}

impl<'a> Offsets<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { text, lines: std::iter::once(0).chain(ends).collect() }
    }

    /// The bytes of a span.
    pub(crate) fn range(&self, span: &Span) -> Range<usize> {
        self.byte(span.start)..self.byte(span.end)
    }

    fn byte(&self, place: Place) -> usize {
        let line = self.lines[place.line - 1];
        let mut characters = self.text[line..].char_indices();
        characters.nth(place.column - 1).map_or(self.text.len(), |(at, _)| line + at)
    }
}
