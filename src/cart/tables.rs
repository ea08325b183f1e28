//! What many entries share, held once: sorted tables, named by index.

use alloc::vec::Vec;
use core::cmp::Ordering;

use smallvec::SmallVec;

use super::entry::After;
use crate::id::{CartId, LineKey, ReplicaId};
use crate::money::Money;

/// The index of nothing: no line, no price; of authorships, the home cart and no merges seen.
pub(crate) const NONE: u32 = u32::MAX;

/// Where an entry was written, and which merges its author had seen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Authorship {
    pub(crate) scope: CartId,
    pub(crate) after: After,
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

/// The tables, each sorted and without doubles. Rows that no entry uses any more may linger; no
/// reader minds them, and no byte is written of them.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    /// The cart whose own entries, if their authors had seen no merge, need no authorship.
    pub(crate) home: CartId,
    pub(crate) writers: Table<ReplicaId>,
    pub(crate) lines: Table<LineKey>,
    pub(crate) prices: Table<Price>,
    pub(crate) authorships: Table<Authorship>,
}

impl Tables {
    pub(crate) fn new(home: CartId) -> Self {
        Self {
            home,
            writers: Table::new(),
            lines: Table::new(),
            prices: Table::new(),
            authorships: Table::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.writers.len() + self.lines.len() + self.prices.len() + self.authorships.len()
    }
}

/// Where a value is in a sorted table, and whether it was put there just now.
pub(super) fn place<T: Ord + Clone>(table: &mut Table<T>, value: &T) -> (u32, bool) {
    match table.binary_search(value) {
        Ok(at) => (at as u32, false),
        Err(at) => {
            table.insert(at, value.clone());
            (at as u32, true)
        }
    }
}

/// Where the rows of two sorted tables are in the one that has both.
pub(super) struct Union {
    /// By old index. `None`: all are where they were.
    pub(super) here: Option<Vec<u32>>,
    /// By index in the other table.
    pub(super) there: Vec<u32>,
}

impl Union {
    /// Where a row is that was at this place.
    #[inline]
    pub(super) fn moves(&self, at: u32) -> u32 {
        match &self.here {
            None => at,
            Some(here) => here.get(at as usize).copied().unwrap_or(NONE),
        }
    }
}

/// Puts the rows of another table in.
pub(super) fn unite<T: Ord + Clone>(table: &mut Table<T>, other: &[T]) -> Union {
    let found: Option<Vec<u32>> =
        other.iter().map(|value| table.binary_search(value).ok().map(|at| at as u32)).collect();
    if let Some(there) = found {
        return Union { here: None, there };
    }
    let mut both = Table::with_capacity(table.len() + other.len());
    let (mut here, mut there) = (Vec::with_capacity(table.len()), Vec::with_capacity(other.len()));
    let mut more = other.iter().peekable();
    for value in table.drain(..) {
        while let Some(new) = more.next_if(|new| **new < value) {
            there.push(both.len() as u32);
            both.push(new.clone());
        }
        if more.next_if(|new| **new == value).is_some() {
            there.push(both.len() as u32);
        }
        here.push(both.len() as u32);
        both.push(value);
    }
    for new in more {
        there.push(both.len() as u32);
        both.push(new.clone());
    }
    *table = both;
    Union { here: Some(here), there }
}

/// Drops the rows that are not used, and says where the others are then.
pub(super) fn sweep<T>(table: &mut Table<T>, used: &[bool]) -> Vec<u32> {
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
