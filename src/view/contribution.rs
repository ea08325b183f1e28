//! The contributions of a line: its Adds and Sets, with their evaluation.

use alloc::vec::Vec;

use crate::cart::{Body, EntryRef, List};
use crate::dots::Dot;
use crate::id::CartId;

/// Whether a contribution counts, and the reason if it does not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ContributionState {
    /// The contribution counts.
    Counts,
    /// The contribution is a Set that lost against a later, clashing Set.
    Lost { to: Dot },
    /// The contribution is a Set without units left after deductions.
    Spent,
    /// The rule of a merge chose the other side.
    Hidden { merge: usize },
    /// The contribution belongs to a guest without a valid merge.
    NotMerged,
}

/// An Add or a Set of one line, with its evaluation.
#[derive(Clone, Debug)]
pub(crate) struct LineContribution<'a> {
    pub(crate) dot: Dot,
    pub(crate) entry: EntryRef<'a>,
    /// The quantity that the entry holds.
    pub(crate) asked: u32,
    /// The quantity after deductions.
    pub(crate) units: u32,
    /// The deductions from the quantity.
    pub(crate) deductions: Vec<SetDeduction>,
    pub(crate) state: ContributionState,
    /// The list in which the contribution shows.
    pub(crate) list: List,
    /// Place of the merge that parked the contribution in the saved list.
    pub(crate) parked: Option<usize>,
    /// Place of the last merge whose rule decided on the contribution.
    pub(crate) decided: Option<usize>,
    /// The side of a split line on which the contribution shows: the scope of the account or of a
    /// guest.
    pub(crate) side: CartId,
    /// Number of the last merge that no longer decides on the contribution, counted from 1.
    pub(super) stage: usize,
    /// For a guest's entry, the place of its merge and whether that merge no longer decides on it.
    pub(super) guest: Option<(usize, bool)>,
    /// Whether the contribution counts as the account's in the next merge.
    pub(super) joined: bool,
}

impl LineContribution<'_> {
    /// Returns whether the contribution shows in a row.
    pub(crate) const fn is_shown(&self) -> bool {
        matches!(self.state, ContributionState::Counts)
    }

    /// Returns whether the contribution belongs to the account or to a merged guest.
    pub(crate) const fn is_ours(&self) -> bool {
        !matches!(self.state, ContributionState::NotMerged)
    }

    /// Returns whether the contribution is a Set.
    pub(crate) fn is_set(&self) -> bool {
        matches!(self.entry.body(), Body::Set(_))
    }

    /// Returns whether the author edited one side of a split line.
    pub(super) fn is_sided(&self) -> bool {
        match self.entry.body() {
            Body::Add { sided, .. } => *sided,
            Body::Set(set) => set.sided,
            _ => false,
        }
    }

    /// Returns the list that the entry was written for.
    pub(crate) fn home(&self) -> List {
        match self.entry.body() {
            Body::Set(set) => set.list,
            _ => List::Active,
        }
    }
}

/// Units deducted from the quantity of a Set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SetDeduction {
    /// The dot whose units were taken.
    pub(crate) taken: Dot,
    /// The entry that took the units.
    pub(crate) by: Dot,
    /// Whether an order took the units.
    pub(crate) ordered: bool,
    /// The number of units.
    pub(crate) units: u32,
}
