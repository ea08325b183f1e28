//! The model: all facts, and the questions that it answers.

use super::action::{ActionStamp, ModelAction, ModelList};
use super::fact::FactKind;
use super::fact_set::FactId;
use super::facts::Model;
use super::known::KnownFacts;
use super::reading::StateReader;
use holdall::id::CartId;
use std::collections::BTreeMap;

impl<L: Ord + Clone> Model<L> {
    /// Records an action in a cart by an author who has some knowledge, and returns the number of
    /// the new fact. The author does not know the fact before [learning](KnownFacts::learn) it.
    pub fn act(
        &mut self,
        author: &KnownFacts<L>,
        cart: CartId,
        stamp: ActionStamp,
        did: ModelAction<L>,
    ) -> FactId {
        let fact = StateReader::new(self, author, cart).fact(stamp, did);
        self.facts.push(fact);
        self.facts.len() as FactId - 1
    }

    /// Returns the cart that a fact was written in: a guest's, or the account's.
    #[must_use]
    pub fn cart_of(&self, fact: FactId) -> CartId {
        self.fact(fact).cart
    }

    /// Returns the facts that are over where a fact is known.
    #[must_use]
    pub fn covers(&self, fact: FactId) -> &[FactId] {
        &self.fact(fact).covers
    }

    /// Returns the lines that an order bought units of; of other facts none.
    #[must_use]
    pub fn bought(&self, fact: FactId) -> Vec<&L> {
        let FactKind::Order(order) = &self.fact(fact).what else { return Vec::new() };
        let mut lines: Vec<&L> = order.bought.iter().map(|(line, _)| line).collect();
        lines.dedup();
        lines
    }

    /// Returns the units of a line that the active list shows to an observer.
    #[must_use]
    pub fn units(&self, known: &KnownFacts<L>, cart: CartId, line: &L) -> u64 {
        let reading = StateReader::new(self, known, cart).line(line);
        reading.shown(ModelList::Active, None).map(|part| part.units).sum()
    }

    /// Returns the units of each line that the active list shows to an observer.
    #[must_use]
    pub fn cart(&self, known: &KnownFacts<L>, cart: CartId) -> BTreeMap<L, u64> {
        let readings = StateReader::new(self, known, cart).lines().into_iter();
        let units = readings.map(|reading| {
            let units = reading.shown(ModelList::Active, None).map(|part| part.units).sum();
            (reading.line, units)
        });
        units.filter(|(_, units)| *units > 0).collect()
    }
}
