//! Facts: an action, with what its author had seen and what follows from that.

use std::collections::{BTreeMap, BTreeSet};

use super::FactId;
use super::action::{Shelf, Stamp};
use super::known::Bits;
use super::policy::Policy;
use holdall::id::CartId;
use holdall::money::Money;

/// An action, once and for all.
#[derive(Debug)]
pub(super) struct Fact<L> {
    /// Where it was written: in the account's cart, or in a guest's.
    pub(super) cart: CartId,
    pub(super) stamp: Stamp,
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
    pub(super) stays: Stays,
    pub(super) what: What<L>,
}

/// What an action says.
#[derive(Debug)]
pub(super) enum What<L> {
    Add(u64),
    Set(Box<SetTo>),
    /// Shows these in that list.
    Move {
        to: Shelf,
        which: BTreeSet<FactId>,
    },
    Register {
        key: String,
        value: String,
    },
    Coupon(String),
    Consent(bool),
    Merge(Merge<L>),
    Unmerge {
        guest: CartId,
        claim: u32,
    },
    Order(Box<Order<L>>),
    /// It only covers.
    Nothing,
}

#[derive(Debug)]
pub(super) struct SetTo {
    pub(super) units: u64,
    pub(super) shelf: Shelf,
    pub(super) seen: Bits,
    /// Whose units are in its number.
    pub(super) counts_on: BTreeSet<FactId>,
    /// Units of other carts that it settled.
    pub(super) took: BTreeMap<FactId, u64>,
}

#[derive(Debug)]
pub(super) struct Order<L> {
    pub(super) id: String,
    pub(super) seen: Bits,
    /// What was bought, by line.
    pub(super) bought: Vec<(L, (FactId, u64))>,
}

#[derive(Debug)]
pub(super) struct Merge<L> {
    pub(super) guest: CartId,
    pub(super) claim: u32,
    pub(super) policy: Policy<L>,
}

/// What stays as the author of an action saw it.
#[derive(Debug, Default)]
pub(super) struct Stays {
    pub(super) pins: BTreeMap<FactId, Pin>,
    /// Sets that go on lacking units: the Set, whose units, how many.
    pub(super) lacks: Vec<(FactId, FactId, u64)>,
}

/// It stays in that list, and merges its author had seen choose about it no more; but from that
/// guest's on they do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pin {
    pub(super) shelf: Shelf,
    pub(super) until: Option<CartId>,
}

impl Stays {
    pub(super) fn is_empty(&self) -> bool {
        self.pins.is_empty() && self.lacks.is_empty()
    }

    /// The facts of which it says where they show, or what they lack.
    pub(super) fn bears_on(&self) -> impl Iterator<Item = FactId> + '_ {
        self.pins.keys().copied().chain(self.lacks.iter().map(|(set, ..)| *set))
    }
}

impl<L> Fact<L> {
    pub(super) fn is_contribution(&self) -> bool {
        matches!(self.what, What::Add(_) | What::Set(_))
    }

    pub(super) fn set(&self) -> Option<&SetTo> {
        match &self.what {
            What::Set(set) => Some(set),
            _ => None,
        }
    }

    pub(super) fn order(&self) -> Option<&Order<L>> {
        match &self.what {
            What::Order(order) => Some(order),
            _ => None,
        }
    }

    pub(super) fn is_move(&self) -> bool {
        matches!(self.what, What::Move { .. })
    }

    /// Whether all that it says of others is about `gone`.
    pub(super) fn is_about_nothing_but(&self, gone: &BTreeSet<FactId>) -> bool {
        let moved = match &self.what {
            What::Move { which, .. } => which.is_subset(gone),
            _ => true,
        };
        moved && self.stays.bears_on().all(|fact| gone.contains(&fact))
    }
}
