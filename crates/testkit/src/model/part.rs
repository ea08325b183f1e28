//! What became of an Add or a Set, as a reader sees it.

use std::collections::BTreeMap;

use super::action::ModelList;
use super::fact_set::FactId;
use holdall::id::CartId;

/// An Add or a Set of one line.
#[derive(Clone, Debug)]
pub(super) struct LinePart {
    pub(super) fact: FactId,
    /// What it brings.
    pub(super) units: u64,
    pub(super) fate: PartFate,
    pub(super) shelf: ModelList,
    /// The side of a split line that it shows on.
    pub(super) side: CartId,
    /// The merge in which it is the guest's side.
    pub(super) competes_in: Option<usize>,
    /// Before the merge of this number it begins to count among the account's.
    pub(super) enters: usize,
    /// The merge whose losing side it is, if that side is saved for later.
    pub(super) parked: Option<usize>,
    /// The last merge whose rule decided on it.
    pub(super) decided: Option<usize>,
    /// Units that it lacks, by whose they were.
    pub(super) cuts: BTreeMap<FactId, u64>,
}

/// Whether a contribution counts, and if not, the reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum PartFate {
    Counts,
    /// A Set that is later counts instead.
    Lost {
        to: FactId,
    },
    /// Nothing is left of it.
    Spent,
    /// A merge chose the other side.
    Hidden,
}

impl LinePart {
    pub(super) const fn is_shown(&self) -> bool {
        matches!(self.fate, PartFate::Counts)
    }
}
