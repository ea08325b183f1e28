//! The plain model: every add by its id, and what each author had seen. Slow and obviously right.

use std::collections::{BTreeMap, BTreeSet};

use crate::script::{Edit, Verb, sku};

/// An add: its author and its number there.
type Id = (u64, u64);

/// One author's view of one cart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    author: u64,
    made: u64,
    seen: BTreeSet<Id>,
    live: BTreeMap<Id, (usize, u64)>,
}

impl Model {
    /// An author that has seen nothing.
    pub fn new(author: u64) -> Self {
        Self { author, ..Self::default() }
    }

    /// Another author that has seen the same.
    pub fn by(&self, author: u64) -> Self {
        Self { author, made: 0, ..self.clone() }
    }

    /// One edit: a set or remove affects exactly what its author has seen.
    pub fn edit(&mut self, edit: Edit) {
        if !matches!(edit.verb, Verb::Add(_)) {
            self.live.retain(|_, (line, _)| *line != edit.line);
        }
        if let Verb::Add(units) | Verb::Set(units) = edit.verb {
            self.made += 1;
            let id = (self.author, self.made);
            self.seen.insert(id);
            self.live.insert(id, (edit.line, u64::from(units)));
        }
    }

    /// All of them, in order.
    pub fn play(mut self, script: &[Edit]) -> Self {
        script.iter().for_each(|edit| self.edit(*edit));
        self
    }

    /// What an author has seen and not live is gone.
    pub fn join(&mut self, other: &Self) {
        let gone = |id: &Id, by: &Self| by.seen.contains(id) && !by.live.contains_key(id);
        let theirs = other.live.iter().filter(|(id, _)| !self.seen.contains(id));
        let theirs: Vec<_> = theirs.map(|(id, add)| (*id, *add)).collect();
        self.live.retain(|id, _| !gone(id, other));
        self.live.extend(theirs);
        self.seen.extend(&other.seen);
    }

    /// How many adds are live.
    pub fn live(&self) -> usize {
        self.live.len()
    }

    /// Every line with its units.
    pub fn lines(&self) -> BTreeMap<String, u64> {
        let mut lines = BTreeMap::new();
        for (line, units) in self.live.values() {
            *lines.entry(sku(*line)).or_default() += units;
        }
        lines
    }
}
