//! The plain model: every add by its id, and what each author had seen. Slow and obviously right.

use std::collections::{BTreeMap, BTreeSet};

use crate::script::{Edit, Verb, sku};

/// An add: its author and its number there.
type Id = (u64, u64);

/// What is live under an id: the line, the units, and for a set its time.
type Add = (usize, u64, Option<Time>);
/// The number of the edit in its script; ties go to the author with the larger number.
type Time = (usize, u64);

/// What two sets of one line come to that had not seen each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clash {
    /// Both count: all that a flat map can say.
    AddUp,
    /// The later counts: two devices that say "make it 3" mean 3.
    Latest,
}

/// One author's view of one cart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    author: u64,
    made: u64,
    edits: usize,
    seen: BTreeSet<Id>,
    live: BTreeMap<Id, Add>,
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
            self.live.retain(|_, (line, ..)| *line != edit.line);
        }
        if let Verb::Add(units) | Verb::Set(units) = edit.verb {
            self.made += 1;
            let id = (self.author, self.made);
            self.seen.insert(id);
            let time = matches!(edit.verb, Verb::Set(_)).then_some((self.edits, self.author));
            self.live.insert(id, (edit.line, u64::from(units), time));
        }
        self.edits += 1;
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

    /// Every line with its units. Sets that are live together had not seen each other.
    pub fn lines(&self, clash: Clash) -> BTreeMap<String, u64> {
        let mut lines = BTreeMap::new();
        let mut latest: BTreeMap<usize, (Time, u64)> = BTreeMap::new();
        for (line, units, set) in self.live.values() {
            match set.filter(|_| clash == Clash::Latest) {
                Some(time) => {
                    let held = latest.entry(*line).or_default();
                    *held = (*held).max((time, *units));
                }
                None => *lines.entry(sku(*line)).or_default() += units,
            }
        }
        for (line, (_, units)) in latest {
            *lines.entry(sku(line)).or_default() += units;
        }
        lines
    }
}
