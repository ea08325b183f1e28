//! An index of the entries that place other entries or say what they lack, by the entries named.

use alloc::vec::Vec;

use crate::cart::{Cart, EntryRef};
use crate::dots::Dot;

/// An index of the entries that bear on others. It is built for each evaluation of a cart, because
/// most carts have no such entries.
pub(super) struct BearingIndex<'a> {
    /// Pairs of a named dot and an entry that names it, sorted by the dot, then by the entry's dot.
    named: Vec<(Dot, EntryRef<'a>)>,
}

/// A copyable reference to a [`BearingIndex`].
#[derive(Clone, Copy)]
pub(crate) struct BearingEntries<'a>(&'a [(Dot, EntryRef<'a>)]);

impl<'a> BearingIndex<'a> {
    /// Builds the index of a cart.
    pub(super) fn of(cart: &'a Cart) -> Self {
        let bearing = cart.live().bearing();
        let each = |fact: EntryRef<'a>| fact.body().bears_on().map(move |named| (named, fact));
        let mut named: Vec<(Dot, EntryRef<'a>)> = bearing.flat_map(each).collect();
        named.sort_by_key(|(named, fact)| (*named, fact.dot()));
        named.dedup_by_key(|(named, fact)| (*named, fact.dot()));
        Self { named }
    }

    /// Returns a copyable reference to the index.
    pub(super) fn bearing(&self) -> BearingEntries<'_> {
        BearingEntries(&self.named)
    }
}

impl<'a> BearingEntries<'a> {
    /// Returns whether no entry bears on another.
    pub(crate) const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Returns the entries that bear on `dot`.
    pub(crate) fn on(self, dot: Dot) -> impl Iterator<Item = EntryRef<'a>> {
        let from = self.0.partition_point(|(named, _)| *named < dot);
        let here = self.0[from..].iter().take_while(move |(named, _)| *named == dot);
        here.map(|(_, fact)| *fact)
    }
}
