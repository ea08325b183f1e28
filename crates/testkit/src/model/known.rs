//! What somebody knows: a set of numbers, and what is not over among them.

use std::collections::BTreeMap;

use super::fact::{FactKind, ModelFact};
use super::fact_set::{FactId, FactSet};
use super::facts::Model;

/// The facts that somebody knows.
#[derive(Clone, Debug)]
pub struct KnownFacts<L> {
    known: FactSet,
    /// What known facts cover, known or not.
    over: FactSet,
    /// What is not over, by the lines it is about.
    lines: BTreeMap<L, Vec<FactId>>,
    /// What is not over and is about no line, or says of others that they stay.
    others: Vec<FactId>,
    latest: (u64, u32),
}

impl<L> Default for KnownFacts<L> {
    /// Returns the knowledge of nothing.
    fn default() -> Self {
        Self {
            known: FactSet::default(),
            over: FactSet::default(),
            lines: BTreeMap::new(),
            others: Vec::new(),
            latest: (0, 0),
        }
    }
}

impl<L: Ord + Clone> KnownFacts<L> {
    /// Returns the knowledge of an observer who has learnt some facts.
    #[must_use]
    pub fn of(model: &Model<L>, facts: impl IntoIterator<Item = FactId>) -> Self {
        let mut known = Self::default();
        facts.into_iter().for_each(|fact| known.learn(model, fact));
        known
    }

    /// Returns true if a fact is known.
    #[must_use]
    pub fn knows(&self, fact: FactId) -> bool {
        self.known.has(fact)
    }

    /// Takes in a fact.
    pub fn learn(&mut self, model: &Model<L>, id: FactId) {
        if self.knows(id) {
            return;
        }
        self.known.insert(id);
        let fact = model.fact(id);
        self.latest = self.latest.max((fact.stamp.ms, fact.stamp.count));
        let says_nothing = matches!(fact.what, FactKind::Nothing) && fact.stays.is_empty();
        if !self.over.has(id) && !says_nothing {
            for line in lines(fact) {
                self.lines.entry(line.clone()).or_default().push(id);
            }
            if fact.line.is_none() || !fact.stays.is_empty() {
                self.others.push(id);
            }
        }
        for covered in &fact.covers {
            self.end(model, *covered);
        }
    }

    /// Hears that a fact is over, before hearing by what: a guest's state says of what was over
    /// there just that. Where nothing that ever happened covers it, it is not.
    pub fn hear_of_the_end(&mut self, model: &Model<L>, id: FactId) {
        if model.facts.iter().any(|fact| fact.covers.contains(&id)) {
            self.end(model, id);
        }
    }

    fn end(&mut self, model: &Model<L>, id: FactId) {
        self.over.insert(id);
        if !self.knows(id) {
            return;
        }
        for line in lines(model.fact(id)) {
            if let Some(live) = self.lines.get_mut(line) {
                live.retain(|fact| *fact != id);
                if live.is_empty() {
                    self.lines.remove(line);
                }
            }
        }
        self.others.retain(|fact| *fact != id);
    }

    /// Returns the number of Adds and Sets of a line that are not over.
    #[must_use]
    pub fn contributions(&self, model: &Model<L>, line: &L) -> usize {
        self.on_line(line).iter().filter(|fact| model.fact(**fact).is_contribution()).count()
    }

    /// Returns the latest time among the known facts: milliseconds, and the count within a
    /// millisecond.
    #[must_use]
    pub const fn latest(&self) -> (u64, u32) {
        self.latest
    }

    pub(super) fn on_line(&self, line: &L) -> &[FactId] {
        self.lines.get(line).map_or(&[], Vec::as_slice)
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &L> {
        self.lines.keys()
    }

    pub(super) fn others(&self) -> &[FactId] {
        &self.others
    }

    /// Returns the facts that are not over.
    pub(super) fn live(&self) -> Vec<FactId> {
        let mut live: Vec<FactId> =
            self.lines.values().flatten().chain(&self.others).copied().collect();
        live.sort_unstable();
        live.dedup();
        live
    }

    pub(super) const fn bits(&self) -> &FactSet {
        &self.known
    }
}

/// Returns the line of a fact, or the lines of an order.
fn lines<L: Ord>(fact: &ModelFact<L>) -> Vec<&L> {
    let bought: &[_] = match &fact.what {
        FactKind::Order(order) => &order.bought,
        _ => &[],
    };
    let mut lines: Vec<&L> = fact.line.iter().chain(bought.iter().map(|(line, _)| line)).collect();
    lines.sort_unstable();
    lines.dedup();
    lines
}
