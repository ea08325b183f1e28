//! A clause: its name, its sentence, and the check.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::opener::Opener;
use super::stage::{Stage, Verdict};

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
