//! The model's memory: all facts that ever came about.

use super::fact::ModelFact;
use super::fact_set::FactId;

/// Model of one account's cart and of its guests' carts: all facts that ever came about.
#[derive(Debug)]
pub struct Model<L> {
    pub(super) facts: Vec<ModelFact<L>>,
}

impl<L> Default for Model<L> {
    /// Returns a model without facts.
    fn default() -> Self {
        Self { facts: Vec::new() }
    }
}

impl<L> Model<L> {
    /// Returns a fact.
    pub(super) fn fact(&self, fact: FactId) -> &ModelFact<L> {
        &self.facts[fact as usize]
    }
}
