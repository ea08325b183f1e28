//! The clauses by name, and the report.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::opener::Opener;
use super::stage::{Finding, Stage, Verdict};
use super::{again, appends, ends, folds, races, random, scans, slots};

/// One clause of the contract.
#[derive(Clone, Copy)]
pub struct Clause {
    name: &'static str,
    sentence: &'static str,
    /// Whether only durable stores are asked.
    durable: bool,
    check: fn(Stage<'_>) -> Verdict,
}

impl Clause {
    pub(super) const fn new(
        name: &'static str,
        sentence: &'static str,
        check: fn(Stage<'_>) -> Verdict,
    ) -> Self {
        Self { name, sentence, durable: false, check }
    }

    pub(super) const fn durable(
        name: &'static str,
        sentence: &'static str,
        check: fn(Stage<'_>) -> Verdict,
    ) -> Self {
        Self { name, sentence, durable: true, check }
    }

    /// All of them, in the order in which they are asked: a store that breaks an early one seems to
    /// break many of the later ones.
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

    /// The one of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|clause| clause.name == name)
    }

    /// Its name, in kebab case.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it asks.
    #[must_use]
    pub const fn sentence(&self) -> &'static str {
        self.sentence
    }

    /// Asks it of a new store. `None`: it is about durable stores, and this is none. An error says what was seen
    /// that breaks it.
    pub fn ask(&self, opener: &dyn Opener) -> Option<Result<(), String>> {
        let asked = catch_unwind(AssertUnwindSafe(|| {
            let stage = Stage::new(opener)?;
            if self.durable && !stage.store.is_durable() {
                return Ok(None);
            }
            (self.check)(stage).map(Some)
        }));
        let verdict = asked.unwrap_or_else(|_| Err("it panicked; the message is above".into()));
        verdict.map(|held| held.map(Ok)).unwrap_or_else(|finding| Some(Err(finding)))
    }
}

impl fmt::Debug for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clause({})", self.name)
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
        let Clause { name, sentence, .. } = self.clause;
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

/// What a clause found in words, for those that run on several threads.
pub(super) fn first(findings: impl IntoIterator<Item = Verdict>) -> Result<(), Finding> {
    findings.into_iter().collect()
}
