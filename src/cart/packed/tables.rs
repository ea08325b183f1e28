//! Tables of the values that entries share: sorted, and referred to by index.

use alloc::vec::Vec;
use core::cmp::Ordering;

use smallvec::{Array, SmallVec};

use super::body_slot::BodyList;
use crate::cart::entry::SeenMerges;
use crate::id::{CartId, LineKey, ReplicaId};
use crate::money::Money;

/// Index of no table row: no line, no price, or, for authorships, the home cart and no merges seen.
pub(crate) const NONE: u32 = u32::MAX;

/// Cart that an entry was written in, and the merges its author had seen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Authorship {
    pub(crate) scope: CartId,
    pub(crate) seen_merges: SeenMerges,
}

/// Price in a total order by its digits, scale and currency. The order does not follow value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SortedPrice(pub(crate) Money);

impl SortedPrice {
    pub(crate) fn key(&self) -> (u64, u8, [u8; 3]) {
        let (digits, scale) = self.0.parts();
        (digits, scale, *self.0.currency().as_bytes())
    }
}

impl Ord for SortedPrice {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for SortedPrice {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Table of values. A table of one row, as in a delta of one action, needs no allocation.
pub(crate) type SmallTable<T> = SmallVec<[T; 1]>;

/// Table that only carts with merges use. It has no room in place.
pub(crate) type RareTable<T> = SmallVec<[T; 0]>;

/// Tables of a set of entries, each sorted and without duplicates. Rows that no entry uses any more
/// may remain; readers skip them, and encoders leave them out.
#[derive(Clone, Debug)]
pub(crate) struct EntryTables {
    /// Cart whose own entries need no authorship if their authors had seen no merge.
    pub(crate) home: CartId,
    pub(crate) writers: SmallTable<ReplicaId>,
    pub(crate) lines: SmallTable<LineKey>,
    pub(crate) prices: SmallTable<SortedPrice>,
    pub(crate) authorships: RareTable<Authorship>,
    /// BodyList that a row cannot hold itself, in no order. Each belongs to one row.
    pub(crate) bodies: BodyList,
}

impl EntryTables {
    pub(crate) fn new(home: CartId) -> Self {
        Self {
            home,
            writers: SmallTable::new(),
            lines: SmallTable::new(),
            prices: SmallTable::new(),
            authorships: RareTable::new(),
            bodies: BodyList::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.writers.len() + self.lines.len() + self.prices.len() + self.authorships.len()
    }
}

/// Returns the index of a value in a sorted table, after inserting it if needed, and whether it is
/// new.
pub(super) fn place<A: Array<Item: Ord + Clone>>(
    table: &mut SmallVec<A>,
    value: &A::Item,
) -> (u32, bool) {
    match table.binary_search(value) {
        Ok(at) => (at as u32, false),
        Err(at) => {
            grow(table, 1);
            table.insert(at, value.clone());
            (at as u32, true)
        }
    }
}

/// Reserves room for `more` elements. Grows by a quarter at least: most carts stay small and are
/// held for long.
#[inline]
pub(super) fn grow<A: Array>(table: &mut SmallVec<A>, more: usize) {
    if table.capacity() - table.len() < more {
        table.reserve_exact(more.max(table.len() / 4 + 4));
    }
}

/// New indices of the rows of two sorted tables in their union.
pub(super) struct TableUnion {
    /// New index by old index; `None` if no row has moved.
    pub(super) here: Option<NewIndices>,
    /// Index in the union by index in the other table.
    pub(super) there: NewIndices,
}

/// New indices of the rows of a table. Most carts have few.
type NewIndices = SmallVec<[u32; 32]>;

/// Inserts the values of another sorted table, and returns where the rows of both are then.
pub(super) fn unite<A: Array<Item: Ord + Clone>>(
    table: &mut SmallVec<A>,
    other: &[A::Item],
) -> TableUnion {
    // New values, each with the index of the old row that it precedes.
    let mut new: SmallVec<[(usize, &A::Item); 16]> = SmallVec::new();
    // Both tables ascend, so each search starts where the last one ended.
    let (mut there, mut from) = (NewIndices::with_capacity(other.len()), 0);
    for value in other {
        let found = table[from..].binary_search(value);
        from += found.unwrap_or_else(|at| at);
        there.push((from + new.len()) as u32);
        if found.is_err() {
            new.push((from, value));
        }
    }
    if new.is_empty() {
        return TableUnion { here: None, there };
    }
    // An old row moves down by the number of new values before it.
    let mut here = NewIndices::with_capacity(table.len());
    let mut before = 0;
    for at in 0..table.len() {
        while new.get(before).is_some_and(|(place, _)| *place <= at) {
            before += 1;
        }
        here.push((at + before) as u32);
    }
    table.reserve_exact(new.len());
    table.extend(new.into_iter().map(|(_, value)| value.clone()));
    // The table is two sorted runs now, which the stable sort merges in linear time.
    table.sort();
    TableUnion { here: Some(here), there }
}

/// Drops the rows that are not used. Returns the new index of each old row; those of dropped rows
/// mean nothing.
pub(super) fn sweep<A: Array>(table: &mut SmallVec<A>, used: &[bool]) -> Vec<u32> {
    let mut left = 0;
    let moved = used.iter().map(|used| {
        left += u32::from(*used);
        left.wrapping_sub(1)
    });
    let moved = moved.collect();
    let mut used = used.iter();
    table.retain(|_| used.next().is_some_and(|used| *used));
    table.shrink_to_fit();
    moved
}
