//! One live entry as it is held: in numbers that its tables explain.

use super::entry::{After, Body, Entry};
use super::tables::{NONE, Price, Tables};
use crate::clock::Time;
use crate::context::Dot;
use crate::id::{CartId, LineKey};
use crate::money::Money;

#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) seq: u64,
    pub(crate) time: Time,
    pub(crate) body: Body,
    pub(crate) writer: u32,
    pub(crate) line: u32,
    pub(crate) price: u32,
    pub(crate) authorship: u32,
}

// A cart is mostly rows.
const _: () = assert!(size_of::<Row>() <= 48 && size_of::<Body>() <= 16);

impl Row {
    pub(super) const fn key(&self) -> (u32, u64) {
        (self.writer, self.seq)
    }
}

/// A live entry, read where it is held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fact<'a> {
    pub(super) tables: &'a Tables,
    pub(super) row: &'a Row,
}

static NO_MERGES: [CartId; 0] = [];

impl<'a> Fact<'a> {
    #[inline]
    pub(crate) fn dot(self) -> Dot {
        Dot::new(self.tables.writers[self.row.writer as usize], self.row.seq)
    }

    #[inline]
    pub(crate) const fn time(self) -> Time {
        self.row.time
    }

    #[inline]
    pub(crate) const fn body(self) -> &'a Body {
        &self.row.body
    }

    /// The cart it was written in.
    #[inline]
    pub(crate) fn scope(self) -> CartId {
        match self.row.authorship {
            NONE => self.tables.home,
            at => self.tables.authorships[at as usize].scope,
        }
    }

    /// The guests whose merge its author had seen, sorted.
    #[inline]
    pub(crate) fn after(self) -> &'a [CartId] {
        match self.row.authorship {
            NONE => &NO_MERGES,
            at => &self.tables.authorships[at as usize].after,
        }
    }

    #[inline]
    pub(crate) fn line(self) -> Option<&'a LineKey> {
        self.tables.lines.get(self.row.line as usize)
    }

    #[inline]
    pub(crate) fn price(self) -> Option<Money> {
        self.tables.prices.get(self.row.price as usize).map(|Price(price)| *price)
    }

    #[inline]
    pub(crate) const fn is_priced(self) -> bool {
        self.row.price != NONE
    }

    /// The entry by itself.
    pub(crate) fn entry(self) -> Entry {
        let after = match self.row.authorship {
            NONE => After::default(),
            at => self.tables.authorships[at as usize].after.clone(),
        };
        Entry {
            time: self.time(),
            scope: self.scope(),
            after,
            line: self.line().cloned(),
            price: self.price(),
            body: self.body().clone(),
        }
    }
}

/// Equal facts, whatever the tables they are held with.
impl PartialEq for Fact<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.dot() == other.dot()
            && self.time() == other.time()
            && self.scope() == other.scope()
            && self.after() == other.after()
            && self.line() == other.line()
            && self.price() == other.price()
            && self.body() == other.body()
    }
}
