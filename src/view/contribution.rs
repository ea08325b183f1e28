//! An Add or a Set of one line, and what happened to it.

use alloc::vec::Vec;

use crate::cart::{Body, EntryRef, List};
use crate::dots::Dot;
use crate::id::CartId;

/// What happened to a contribution.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ContributionState {
    /// It counts.
    Counts,
    /// A later Set that clashes with it counts instead.
    Lost { to: Dot },
    /// All units of the Set were deducted.
    Spent,
    /// The rule of the merge with this index chose the other side.
    Hidden { merge: usize },
    /// It belongs to a guest whose merge is not in this cart.
    NotMerged,
}

/// Add or Set of one line, as this replica evaluates it.
#[derive(Clone, Debug)]
pub(crate) struct Contribution<'a> {
    pub(crate) dot: Dot,
    pub(crate) entry: EntryRef<'a>,
    /// Number that it was written with.
    pub(crate) asked: u32,
    /// Units that it brings, after deductions.
    pub(crate) units: u32,
    /// Units that were deducted, by the entry that took them.
    pub(crate) deductions: Vec<Deduction>,
    pub(crate) state: ContributionState,
    /// List that shows it.
    pub(crate) list: List,
    /// Index of the merge that moved it to the saved list as the losing side.
    pub(crate) parked: Option<usize>,
    /// Index of the last merge whose rule decided on it.
    pub(crate) decided: Option<usize>,
    /// Side of a split line that shows it: the account's scope, or a guest's.
    pub(crate) side: CartId,
    /// Number of the last merge that its author had seen, from 1, or that a preserved placement
    /// overrules; 0 for none.
    pub(super) stage: usize,
    /// For a guest's entry: the index of its merge, and whether its author had seen that merge.
    pub(super) guest: Option<(usize, bool)>,
    /// Whether it is on the account's side in the merges to come.
    pub(super) joined: bool,
}

impl Contribution<'_> {
    /// Returns whether the shopper sees it.
    pub(crate) const fn is_shown(&self) -> bool {
        matches!(self.state, ContributionState::Counts)
    }

    /// Returns whether it belongs to this cart or a merged guest, shown or hidden.
    pub(crate) const fn is_ours(&self) -> bool {
        !matches!(self.state, ContributionState::NotMerged)
    }

    /// Returns whether it is a Set.
    pub(crate) fn is_set(&self) -> bool {
        matches!(self.entry.body(), Body::Set(_))
    }

    /// Returns whether its author edited one row of a split line.
    pub(super) fn is_sided(&self) -> bool {
        match self.entry.body() {
            Body::Add { sided, .. } => *sided,
            Body::Set(set) => set.sided,
            _ => false,
        }
    }

    /// Returns the list that it was written for.
    pub(crate) fn home(&self) -> List {
        match self.entry.body() {
            Body::Set(set) => set.list,
            _ => List::Active,
        }
    }
}

/// Units that are deducted from a Set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Deduction {
    /// Dot whose units they are.
    pub(crate) taken: Dot,
    /// Entry that took them.
    pub(crate) by: Dot,
    /// Whether that entry is an order.
    pub(crate) ordered: bool,
    pub(crate) units: u32,
}
