//! What one node knows: a set of numbers, and what is not over among them.

use std::collections::BTreeMap;

use super::{Deed, Fact, Stamp};
use crate::replay::schedule::{ActionId, LineId};

/// The facts that a node knows.
#[derive(Clone, Default)]
pub(super) struct Copy {
    known: Vec<u64>,
    /// The contributions (adds and sets) that no known fact covers, by line.
    live: BTreeMap<LineId, Vec<ActionId>>,
    /// The latest time among the known facts.
    latest: (u64, u32),
}

impl Copy {
    /// Whether a fact is known.
    pub(super) fn knows(&self, fact: ActionId) -> bool {
        self.known.get(fact as usize / 64).is_some_and(|word| word >> (fact % 64) & 1 == 1)
    }

    /// Takes in a fact. Those that it covers must be known.
    pub(super) fn learn(&mut self, facts: &[Fact], id: ActionId) {
        if self.knows(id) {
            return;
        }
        let word = id as usize / 64;
        if word >= self.known.len() {
            self.known.resize(word + 1, 0);
        }
        self.known[word] |= 1 << (id % 64);
        let fact = &facts[id as usize];
        self.latest = self.latest.max((fact.stamp.0, fact.stamp.1));
        for covered in &fact.covers {
            debug_assert!(self.knows(*covered), "a fact comes after what it covers");
            self.end(facts, *covered);
        }
        if let Deed::Add { line, .. } | Deed::Set { line, .. } = fact.deed {
            self.live.entry(line).or_default().push(id);
        }
    }

    /// A contribution is over.
    fn end(&mut self, facts: &[Fact], id: ActionId) {
        let (Deed::Add { line, .. } | Deed::Set { line, .. }) = facts[id as usize].deed else {
            return;
        };
        if let Some(live) = self.live.get_mut(&line) {
            live.retain(|fact| *fact != id);
            if live.is_empty() {
                self.live.remove(&line);
            }
        }
    }

    /// The contributions to a line that are not over.
    pub(super) fn live(&self, line: LineId) -> &[ActionId] {
        self.live.get(&line).map_or(&[], Vec::as_slice)
    }

    /// The lines that have contributions.
    pub(super) fn lines(&self) -> impl Iterator<Item = LineId> + '_ {
        self.live.keys().copied()
    }

    /// The stamp of an action that is done now: later than everything known, whatever the clock
    /// says.
    pub(super) fn stamp(&self, wall: u64, writer: u128) -> Stamp {
        if wall > self.latest.0 {
            (wall, 0, writer)
        } else {
            (self.latest.0, self.latest.1 + 1, writer)
        }
    }
}
