//! Index from a dot to the entries that place it in a list or deduct from it.

use alloc::vec::Vec;

use crate::cart::{Cart, EntryRef};
use crate::dots::Dot;

/// Index from a dot to the entries that place it in a list or deduct from it. Rebuilt for each
/// evaluation; most carts have no such entries.
pub(super) struct PlacementIndex<'a> {
    /// Pairs of a named dot and the entry that names it, sorted by both dots.
    named: Vec<(Dot, EntryRef<'a>)>,
}

/// Borrowed [`PlacementIndex`], cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct PlacementLookup<'a>(&'a [(Dot, EntryRef<'a>)]);

impl<'a> PlacementIndex<'a> {
    pub(super) fn of(cart: &'a Cart) -> Self {
        let bearing = cart.live().bearing();
        let each = |fact: EntryRef<'a>| fact.body().bears_on().map(move |named| (named, fact));
        let mut named: Vec<(Dot, EntryRef<'a>)> = bearing.flat_map(each).collect();
        named.sort_by_key(|(named, fact)| (*named, fact.dot()));
        named.dedup_by_key(|(named, fact)| (*named, fact.dot()));
        Self { named }
    }

    pub(super) fn lookup(&self) -> PlacementLookup<'_> {
        PlacementLookup(&self.named)
    }
}

impl<'a> PlacementLookup<'a> {
    /// Returns whether no entry places or reduces another.
    pub(crate) const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Iterates over the entries that place or reduce `dot`.
    pub(crate) fn on(self, dot: Dot) -> impl Iterator<Item = EntryRef<'a>> {
        let from = self.0.partition_point(|(named, _)| *named < dot);
        let here = self.0[from..].iter().take_while(move |(named, _)| *named == dot);
        here.map(|(_, fact)| *fact)
    }
}
