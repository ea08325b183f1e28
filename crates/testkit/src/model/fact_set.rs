//! Sets of facts, by their numbers.

/// The number of a fact: facts are numbered in the order in which they happen.
pub type FactId = u32;

/// A set of facts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct FactSet(Vec<u64>);

impl FactSet {
    pub(super) fn has(&self, fact: FactId) -> bool {
        self.0.get(fact as usize / 64).is_some_and(|word| word >> (fact % 64) & 1 == 1)
    }

    pub(super) fn insert(&mut self, fact: FactId) {
        let word = fact as usize / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (fact % 64);
    }
}
