//! An Add or a Set of one line, and what became of it.

use alloc::vec::Vec;

use crate::cart::{Body, EntryRef, List};
use crate::dots::Dot;
use crate::id::CartId;

/// What became of a contribution.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ContributionState {
    /// It counts.
    Counts,
    /// A clashing Set that is later counts instead.
    Lost { to: Dot },
    /// A Set of whose units nothing is left.
    Spent,
    /// The rule of that merge chose the other side.
    Hidden { merge: usize },
    /// It is a guest's of whom no valid merge is here.
    NotMerged,
}

/// An Add or a Set of one line, as this replica reads it.
#[derive(Clone, Debug)]
pub(crate) struct Contribution<'a> {
    pub(crate) dot: Dot,
    pub(crate) entry: EntryRef<'a>,
    /// The number it was written with.
    pub(crate) asked: u32,
    /// The number it brings.
    pub(crate) units: u32,
    /// What was taken off it.
    pub(crate) deductions: Vec<Deduction>,
    pub(crate) state: ContributionState,
    /// In which list it shows.
    pub(crate) list: List,
    /// The merge of whose losing side it is, if that side shows in the saved list.
    pub(crate) parked: Option<usize>,
    /// The last merge whose rule decided on it.
    pub(crate) decided: Option<usize>,
    /// The side of a split line it shows on: the account's scope, or a guest's.
    pub(crate) side: CartId,
    pub(super) stage: usize,
    /// For a guest's entry: its merge, and whether its author had seen that merge.
    pub(super) guest: Option<(usize, bool)>,
    pub(super) joined: bool,
}

impl Contribution<'_> {
    /// Whether the shopper sees it.
    pub(crate) const fn is_shown(&self) -> bool {
        matches!(self.state, ContributionState::Counts)
    }

    /// Whether a shopper of this cart could see it, shown or hidden.
    pub(crate) const fn is_ours(&self) -> bool {
        !matches!(self.state, ContributionState::NotMerged)
    }

    /// Whether it is a Set.
    pub(crate) fn is_set(&self) -> bool {
        matches!(self.entry.body(), Body::Set(_))
    }

    /// Whether its author edited one row of a split line.
    pub(super) fn is_sided(&self) -> bool {
        match self.entry.body() {
            Body::Add { sided, .. } => *sided,
            Body::Set(set) => set.sided,
            _ => false,
        }
    }

    /// The list it was written for.
    pub(crate) fn home(&self) -> List {
        match self.entry.body() {
            Body::Set(set) => set.list,
            _ => List::Active,
        }
    }
}

/// Units that a Set lacks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Deduction {
    /// The dot that they are of.
    pub(crate) taken: Dot,
    /// The entry that says so.
    pub(crate) by: Dot,
    /// Whether that is an order which bought them.
    pub(crate) ordered: bool,
    pub(crate) units: u32,
}
