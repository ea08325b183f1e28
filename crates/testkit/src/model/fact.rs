//! Facts: an action, with what its author had seen and what follows from that.

use std::collections::{BTreeMap, BTreeSet};

use super::action::{ActionStamp, ModelList};
use super::fact_set::{FactId, FactSet};
use super::policy::ModelPolicy;
use holdall::id::CartId;
use holdall::money::Money;

/// An action, once and for all.
#[derive(Debug)]
pub(super) struct ModelFact<L> {
    /// Where it was written: in the account's cart, or in a guest's.
    pub(super) cart: CartId,
    pub(super) stamp: ActionStamp,
    /// The guests whose merge its author saw.
    pub(super) after: BTreeSet<CartId>,
    /// The line it is about, if it is about one.
    pub(super) line: Option<L>,
    /// Whether it edits one row of a split line.
    pub(super) sided: bool,
    pub(super) price: Option<Money>,
    /// These are over where this is known.
    pub(super) covers: Vec<FactId>,
    /// What stays as its author saw it, though it hung on what is over.
    pub(super) stays: PreservedUnits,
    pub(super) what: FactKind<L>,
}

/// Content of a fact.
#[derive(Debug)]
pub(super) enum FactKind<L> {
    Add(u64),
    Set(Box<SetFact>),
    /// Shows these in that list.
    Move {
        to: ModelList,
        which: BTreeSet<FactId>,
    },
    Register {
        key: String,
        value: String,
    },
    Coupon(String),
    Consent(bool),
    Merge(MergeFact<L>),
    Unmerge {
        guest: CartId,
        claim: u32,
    },
    Order(Box<OrderFact<L>>),
    /// It only covers.
    Nothing,
}

#[derive(Debug)]
pub(super) struct SetFact {
    pub(super) units: u64,
    pub(super) shelf: ModelList,
    pub(super) seen: FactSet,
    /// Whose units are in its number.
    pub(super) counts_on: BTreeSet<FactId>,
    /// Units of other carts that it settled.
    pub(super) took: BTreeMap<FactId, u64>,
}

#[derive(Debug)]
pub(super) struct OrderFact<L> {
    pub(super) id: String,
    pub(super) seen: FactSet,
    /// What was bought, by line.
    pub(super) bought: Vec<(L, (FactId, u64))>,
}

#[derive(Debug)]
pub(super) struct MergeFact<L> {
    pub(super) guest: CartId,
    pub(super) claim: u32,
    pub(super) policy: ModelPolicy<L>,
}

/// Units and rows that stay as the author of an action saw them.
#[derive(Debug, Default)]
pub(super) struct PreservedUnits {
    pub(super) pins: BTreeMap<FactId, PinnedRow>,
    /// Sets that go on lacking units: the Set, whose units, how many.
    pub(super) lacks: Vec<(FactId, FactId, u64)>,
}

/// Row that stays in a list. Merges that the author had seen do not decide about it any more; the
/// merge of `until` and later ones do.
#[derive(Clone, Copy, Debug)]
pub(super) struct PinnedRow {
    pub(super) shelf: ModelList,
    pub(super) until: Option<CartId>,
}

impl PreservedUnits {
    pub(super) fn is_empty(&self) -> bool {
        self.pins.is_empty() && self.lacks.is_empty()
    }

    /// Returns the facts whose list or whose deductions this fact states.
    pub(super) fn bears_on(&self) -> impl Iterator<Item = FactId> + '_ {
        self.pins.keys().copied().chain(self.lacks.iter().map(|(set, ..)| *set))
    }
}

impl<L> ModelFact<L> {
    pub(super) fn is_contribution(&self) -> bool {
        matches!(self.what, FactKind::Add(_) | FactKind::Set(_))
    }

    pub(super) fn set(&self) -> Option<&SetFact> {
        match &self.what {
            FactKind::Set(set) => Some(set),
            _ => None,
        }
    }

    pub(super) fn order(&self) -> Option<&OrderFact<L>> {
        match &self.what {
            FactKind::Order(order) => Some(order),
            _ => None,
        }
    }

    pub(super) fn is_move(&self) -> bool {
        matches!(self.what, FactKind::Move { .. })
    }

    /// Returns true if all that the fact states of others is about `gone`.
    pub(super) fn is_about_nothing_but(&self, gone: &BTreeSet<FactId>) -> bool {
        let moved = match &self.what {
            FactKind::Move { which, .. } => which.is_subset(gone),
            _ => true,
        };
        moved && self.stays.bears_on().all(|fact| gone.contains(&fact))
    }
}
