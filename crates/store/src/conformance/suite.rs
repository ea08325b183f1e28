//! All clauses, and the report.

use std::fmt;

use super::clause::Clause;
use super::opener::Opener;
use super::{again, appends, ends, folds, races, random, scans, slots};

impl Clause {
    /// Lists all clauses in the order in which they are asked. A store that breaks an early one seems
    /// to break many of the later ones.
    pub fn all() -> impl Iterator<Item = Self> {
        let parts: [&[Self]; 8] = [
            &appends::CLAUSES,
            &slots::CLAUSES,
            &scans::CLAUSES,
            &folds::CLAUSES,
            &ends::CLAUSES,
            &races::CLAUSES,
            &again::CLAUSES,
            &random::CLAUSES,
        ];
        parts.into_iter().flatten().copied()
    }

    /// Finds a clause by its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|clause| clause.name() == name)
    }
}

/// A clause that a store broke.
#[derive(Clone, Debug)]
pub struct Broken {
    /// The clause.
    pub clause: Clause,
    /// What was seen.
    pub seen: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, sentence) = (self.clause.name(), self.clause.sentence());
        write!(f, "{name}: {sentence}\n    {}", self.seen)
    }
}

/// What became of all clauses.
#[derive(Clone, Debug, Default)]
pub struct Conformance {
    /// Those that held.
    pub kept: Vec<Clause>,
    /// Those that did not.
    pub broken: Vec<Broken>,
    /// Those that are about durable stores, of a store that is none.
    pub skipped: Vec<Clause>,
}

impl fmt::Display for Conformance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kept, broken, skipped } = self;
        write!(f, "{} clauses kept, {} broken", kept.len(), broken.len())?;
        if !skipped.is_empty() {
            write!(f, ", {} not asked of a store that is not durable", skipped.len())?;
        }
        broken.iter().try_for_each(|broken| write!(f, "\n  {broken}"))
    }
}

/// Asks every clause, each of a new store.
pub fn conformance(opener: &dyn Opener) -> Conformance {
    let mut report = Conformance::default();
    for clause in Clause::all() {
        match clause.ask(opener) {
            None => report.skipped.push(clause),
            Some(Ok(())) => report.kept.push(clause),
            Some(Err(seen)) => report.broken.push(Broken { clause, seen }),
        }
    }
    report
}

/// Holds a store to every clause; to be used in a test of whoever wrote it.
///
/// # Panics
/// With the report, if a clause broke.
#[track_caller]
pub fn certify(opener: &dyn Opener) -> Conformance {
    let report = conformance(opener);
    assert!(report.broken.is_empty(), "{report}");
    report
}
