//! One live entry in memory: numbers that refer to tables.

use smallvec::SmallVec;

use super::body_slot::{BodyList, BodySlot};
use super::tables::{EntryTables, NONE, SortedPrice};
use crate::cart::entry::{Body, Entry, SeenMerges};
use crate::clock::Time;
use crate::dots::Dot;
use crate::id::{CartId, LineKey};
use crate::money::Money;

/// Live entry as 32 bytes: numbers that refer to the rows of [`EntryTables`], or [`NONE`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct PackedEntry {
    pub(crate) time: Time,
    /// Number of the action, at most [`limits::SEQ_MAX`](crate::limits::SEQ_MAX).
    pub(crate) seq: u32,
    pub(crate) writer: u32,
    pub(crate) line: u32,
    pub(crate) price: u32,
    pub(crate) authorship: u32,
    pub(crate) slot: BodySlot,
}

// Rows are most of the memory of a cart.
const _: () = assert!(size_of::<PackedEntry>() <= 32 && size_of::<Body>() <= 16);

impl PackedEntry {
    pub(super) const fn key(&self) -> (u32, u32) {
        (self.writer, self.seq)
    }

    /// Returns whether the row is the next action of the writer of `before`.
    #[inline]
    pub(super) const fn follows(&self, before: &Self) -> bool {
        self.writer == before.writer && self.seq - 1 == before.seq
    }
}

/// Rows of entries. One row is stored in place.
pub(super) type EntryVec = SmallVec<[PackedEntry; 1]>;

/// Indices of rows, ascending.
pub(crate) type EntryIndices = SmallVec<[u32; 8]>;

/// Live entries as a decoder reads them, with numbers that refer to the tables of their message.
#[derive(Default)]
pub(crate) struct DecodedEntries {
    /// Rows by writer, then by number.
    pub(crate) rows: EntryVec,
    pub(crate) bodies: BodyList,
}

impl DecodedEntries {
    pub(crate) fn reserve(&mut self, rows: usize) {
        self.rows.reserve_exact(rows);
    }

    /// Stores the body of the next row, unless it is a small Add, and returns its slot.
    #[inline]
    pub(crate) fn intern(&mut self, body: Body) -> BodySlot {
        BodySlot::new(body, &mut self.bodies)
    }
}

/// Live entry, borrowed from the [`Entries`](crate::cart::Entries) that hold it.
#[derive(Clone, Copy, Debug)]
pub struct EntryRef<'a> {
    pub(super) tables: &'a EntryTables,
    pub(super) row: &'a PackedEntry,
}

static NO_MERGES: [CartId; 0] = [];

impl<'a> EntryRef<'a> {
    /// Returns the dot of the entry.
    #[must_use]
    #[inline]
    pub fn dot(self) -> Dot {
        Dot::new(self.tables.writers[self.row.writer as usize], u64::from(self.row.seq))
    }

    /// Returns the time of the action.
    #[must_use]
    #[inline]
    pub const fn time(self) -> Time {
        self.row.time
    }

    /// Returns the content of the entry.
    #[must_use]
    #[inline]
    pub fn body(self) -> &'a Body {
        self.row.slot.body(&self.tables.bodies)
    }

    /// Returns the cart that the entry was written in.
    #[inline]
    pub fn scope(self) -> CartId {
        match self.row.authorship {
            NONE => self.tables.home,
            at => self.tables.authorships[at as usize].scope,
        }
    }

    /// Returns the guest carts whose merges its author had seen, sorted.
    #[inline]
    pub fn seen_merges(self) -> &'a [CartId] {
        match self.row.authorship {
            NONE => &NO_MERGES,
            at => &self.tables.authorships[at as usize].seen_merges,
        }
    }

    /// Returns the line that the entry is about, if it is about one.
    #[must_use]
    #[inline]
    pub fn line(self) -> Option<&'a LineKey> {
        self.tables.lines.get(self.row.line as usize)
    }

    /// Returns the price that its author saw, if one was noted.
    #[must_use]
    #[inline]
    pub fn price(self) -> Option<Money> {
        self.tables.prices.get(self.row.price as usize).map(|SortedPrice(price)| *price)
    }

    /// Returns whether a price was noted.
    #[must_use]
    #[inline]
    pub const fn is_priced(self) -> bool {
        self.row.price != NONE
    }

    /// Copies the entry out of its tables.
    pub fn entry(self) -> Entry {
        let seen_merges = match self.row.authorship {
            NONE => SeenMerges::default(),
            at => self.tables.authorships[at as usize].seen_merges.clone(),
        };
        Entry {
            time: self.time(),
            scope: self.scope(),
            seen_merges,
            line: self.line().cloned(),
            price: self.price(),
            body: self.body().clone(),
        }
    }
}

/// Compares the contents of two entries, also if they are held with different tables.
impl PartialEq for EntryRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.dot() == other.dot()
            && self.time() == other.time()
            && self.scope() == other.scope()
            && self.seen_merges() == other.seen_merges()
            && self.line() == other.line()
            && self.price() == other.price()
            && self.body() == other.body()
    }
}
