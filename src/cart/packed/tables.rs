//! What many entries share, held once: sorted tables, named by index.

use alloc::vec::Vec;
use core::cmp::Ordering;

use smallvec::{Array, SmallVec};

use super::body_slot::Bodies;
use crate::cart::entry::SeenMerges;
use crate::id::{CartId, LineKey, ReplicaId};
use crate::money::Money;

/// The index of nothing: no line, no price; of authorships, the home cart and no merges seen.
pub(crate) const NONE: u32 = u32::MAX;

/// Where an entry was written, and which merges its author had seen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Authorship {
    pub(crate) scope: CartId,
    pub(crate) after: SeenMerges,
}

/// A price in an order of its own, which says nothing of worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Price(pub(crate) Money);

impl Price {
    pub(crate) fn key(&self) -> (u64, u8, [u8; 3]) {
        let (digits, scale) = self.0.parts();
        (digits, scale, *self.0.currency().as_bytes())
    }
}

impl Ord for Price {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Price {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A table. Those of a delta of one action have one row each, and are allocated nowhere.
pub(crate) type Table<T> = SmallVec<[T; 1]>;

/// The table of what only carts with merges have has no room in place.
pub(crate) type RareTable<T> = SmallVec<[T; 0]>;

/// The tables, each sorted and without doubles. Rows that no entry uses any more may linger; no
/// reader minds them, and no byte is written of them.
#[derive(Clone, Debug)]
pub(crate) struct EntryTables {
    /// The cart whose own entries, if their authors had seen no merge, need no authorship.
    pub(crate) home: CartId,
    pub(crate) writers: Table<ReplicaId>,
    pub(crate) lines: Table<LineKey>,
    pub(crate) prices: Table<Price>,
    pub(crate) authorships: RareTable<Authorship>,
    /// What the rows say that do not say it themselves: in no order, and each is one row's.
    pub(crate) bodies: Bodies,
}

impl EntryTables {
    pub(crate) fn new(home: CartId) -> Self {
        Self {
            home,
            writers: Table::new(),
            lines: Table::new(),
            prices: Table::new(),
            authorships: RareTable::new(),
            bodies: Bodies::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.writers.len() + self.lines.len() + self.prices.len() + self.authorships.len()
    }
}

/// Where a value is in a sorted table, and whether it was put there just now.
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

/// Makes room for so many more: by a quarter at least, since most carts stay small, and are held for long.
#[inline]
pub(super) fn grow<A: Array>(table: &mut SmallVec<A>, more: usize) {
    if table.capacity() - table.len() < more {
        table.reserve_exact(more.max(table.len() / 4 + 4));
    }
}

/// Where the rows of two sorted tables are in the one that has both.
pub(super) struct TableUnion {
    /// By old index. `None`: all are where they were.
    pub(super) here: Option<Moved>,
    /// By index in the other table.
    pub(super) there: Moved,
}

/// Where the rows of a table are now. Most carts have few.
type Moved = SmallVec<[u32; 32]>;

/// Puts the rows of another table in.
pub(super) fn unite<A: Array<Item: Ord + Clone>>(
    table: &mut SmallVec<A>,
    other: &[A::Item],
) -> TableUnion {
    // Those that are new, each with the place before which it belongs.
    let mut new: SmallVec<[(usize, &A::Item); 16]> = SmallVec::new();
    let (mut there, mut from) = (Moved::with_capacity(other.len()), 0);
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
    let mut here = Moved::with_capacity(table.len());
    let mut before = 0;
    for at in 0..table.len() {
        while new.get(before).is_some_and(|(place, _)| *place <= at) {
            before += 1;
        }
        here.push((at + before) as u32);
    }
    table.reserve_exact(new.len());
    table.extend(new.into_iter().map(|(_, value)| value.clone()));
    // Two sorted runs: the sort finds them and merges them.
    table.sort();
    TableUnion { here: Some(here), there }
}

/// Drops the rows that are not used, and says where the others are then.
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
