//! What says of other entries where they show, or what they lack, found by those.

use alloc::vec::Vec;

use crate::cart::{Cart, EntryRef};
use crate::dots::Dot;

/// Found anew for each look at a cart: most carts have none.
pub(super) struct Words<'a> {
    /// Sorted by the dot that is named, then by the dot of the entry that names it.
    named: Vec<(Dot, EntryRef<'a>)>,
}

/// The same, to hand about.
#[derive(Clone, Copy)]
pub(crate) struct Bearing<'a>(&'a [(Dot, EntryRef<'a>)]);

impl<'a> Words<'a> {
    pub(super) fn of(cart: &'a Cart) -> Self {
        let bearing = cart.live().bearing();
        let each = |fact: EntryRef<'a>| fact.body().bears_on().map(move |named| (named, fact));
        let mut named: Vec<(Dot, EntryRef<'a>)> = bearing.flat_map(each).collect();
        named.sort_by_key(|(named, fact)| (*named, fact.dot()));
        named.dedup_by_key(|(named, fact)| (*named, fact.dot()));
        Self { named }
    }

    pub(super) fn bearing(&self) -> Bearing<'_> {
        Bearing(&self.named)
    }
}

impl<'a> Bearing<'a> {
    /// Whether there is any.
    pub(crate) const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// What bears on `dot`.
    pub(crate) fn on(self, dot: Dot) -> impl Iterator<Item = EntryRef<'a>> {
        let from = self.0.partition_point(|(named, _)| *named < dot);
        let here = self.0[from..].iter().take_while(move |(named, _)| *named == dot);
        here.map(|(_, fact)| *fact)
    }
}
