//! What became of each mutant, kept from run to run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// By name: how long it took, and what became of it: a word, a tab, and by whom or why.
#[derive(Clone, Default)]
pub(crate) struct Log(BTreeMap<String, (f64, String)>);

/// Whether nobody noticed it, or nobody tried.
pub(crate) fn is_missed(outcome: &str) -> bool {
    ["missed", "apart"].contains(&word(outcome))
}

fn word(outcome: &str) -> &str {
    outcome.split('\t').next().unwrap_or_default()
}

impl Log {
    /// What is in a file; nothing if it is not there.
    pub(crate) fn read(file: &Path) -> Self {
        let rows = fs::read_to_string(file).unwrap_or_default();
        let row = |row: &str| {
            let (name, rest) = row.split_once('\t')?;
            let (seconds, outcome) = rest.split_once('\t')?;
            Some((name.to_owned(), (seconds.parse().ok()?, outcome.to_owned())))
        };
        Self(rows.lines().filter_map(row).collect())
    }

    pub(crate) fn write(&self, file: &Path) -> Result<(), String> {
        let row = |(name, (seconds, outcome)): (&String, &(f64, String))| {
            format!("{name}\t{seconds:.1}\t{outcome}\n")
        };
        let rows: String = self.0.iter().map(row).collect();
        fs::write(file, rows).map_err(|error| format!("{}: {error}", file.display()))
    }

    pub(crate) fn note(&mut self, name: &str, outcome: String, seconds: f64) {
        self.0.insert(name.to_owned(), (seconds, outcome));
    }

    /// The names of those that nobody noticed, or tried.
    pub(crate) fn missed(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, (_, outcome))| is_missed(outcome)).map(|(name, _)| &**name)
    }

    /// How many were caught by a test.
    pub(crate) fn caught_by(&self, test: &str) -> usize {
        self.0
            .values()
            .filter(|(_, outcome)| outcome.strip_prefix("caught\t") == Some(test))
            .count()
    }

    /// How many there are of each word.
    pub(crate) fn counts(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, outcome) in self.0.values() {
            *counts.entry(word(outcome)).or_default() += 1;
        }
        let each = counts.iter().map(|(word, count)| format!("{count} {word}"));
        format!("{} mutants: {}", self.0.len(), each.collect::<Vec<_>>().join(", "))
    }
}
