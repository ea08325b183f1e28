//! What many entries share is written once, in sorted tables, and named by index: the tables of
//! what is to be written, just with what is used, and how its parts are numbered in them.

use alloc::vec::Vec;

use smallvec::SmallVec;

use super::bytes::Writer;
use super::dots;
use super::tables::Tables as Known;
use crate::cart::{Authorship, Body, Entries, Kind, NONE, Price, Row, Stays, Tables};
use crate::context::{Dot, Dots, SharedDots};
use crate::id::{CartId, LineKey, ReplicaId};

/// In the first byte of the tables: which of them there are.
pub(super) const CARTS: u8 = 0b0000_0010;
pub(super) const AUTHORSHIPS: u8 = 0b0000_0100;
pub(super) const LINES: u8 = 0b0000_1000;
pub(super) const PRICES: u8 = 0b0001_0000;
pub(super) const SEEN: u8 = 0b0010_0000;
/// And that some of the dead are needed.
pub(super) const NEEDS: u8 = 0b0100_0000;

/// Mostly there are few.
type Few<T> = SmallVec<[T; 8]>;

/// Rows of tables that are to be written, each sorted.
#[derive(Default)]
pub(super) struct Rows<'a> {
    pub(super) writers: Few<ReplicaId>,
    carts: Few<CartId>,
    lines: Few<&'a LineKey>,
    prices: Few<&'a Price>,
}

pub(super) struct Numbering<'a> {
    cart: CartId,
    tables: &'a Tables,
    pub(super) writers: Few<ReplicaId>,
    /// Other carts than the message's own.
    carts: Few<CartId>,
    /// Sets of dots that authors had seen, but for the empty one.
    seen: Vec<&'a Dots>,
    /// Where in memory such a set is, sorted, with its number: many entries share few sets, and
    /// to compare them each time would cost the product of their lengths.
    seen_at: Vec<(usize, u64)>,
    writer_of: Few<u32>,
    line_of: Few<u32>,
    price_of: Few<u32>,
    authorship_of: Few<u32>,
}

/// The numbers of the rows that are used.
fn numbers(used: &[bool]) -> Few<u32> {
    let mut next = 0;
    let number = |used: &bool| {
        let at = if *used { next } else { NONE };
        next += u32::from(*used);
        at
    };
    used.iter().map(number).collect()
}

impl<'a> Numbering<'a> {
    /// The tables for some entries of a cart whose home that cart is, and for the dots of their
    /// message.
    pub(super) fn of(cart: CartId, dots: &Dots, live: &'a Entries) -> Self {
        debug_assert_eq!(cart, live.tables().home);
        let tables = live.tables();
        let used = live.used();
        let mut all = Self {
            cart,
            tables,
            writers: dots.writers().map(|(writer, _)| writer).collect(),
            carts: Few::new(),
            seen: Vec::new(),
            seen_at: Vec::new(),
            writer_of: Few::new(),
            line_of: numbers(&used.lines),
            price_of: numbers(&used.prices),
            authorship_of: numbers(&used.authorships),
        };
        for (authorship, _) in tables.authorships.iter().zip(&used.authorships).filter(|(_, u)| **u)
        {
            all.carts.push(authorship.scope);
            all.carts.extend(authorship.after.iter().copied());
        }
        // The dots of a message have the writers of its entries. Adds name nobody else.
        let mut others = Vec::new();
        let mut seen = Vec::new();
        if live.count(Kind::Contribution) < live.len() || has_sets(live.rows()) {
            live.rows().iter().for_each(|row| all.of_body(&row.body, &mut others, &mut seen));
            all.number_seen(seen, &mut others);
        }
        if !others.is_empty() {
            all.writers.extend(others.drain(..));
            all.writers.sort_unstable();
            all.writers.dedup();
        }
        all.carts.sort_unstable();
        all.carts.dedup();
        all.carts.retain(|other| *other != cart);
        let number = |writer: &ReplicaId| all.writers.binary_search(writer).ok();
        let writer_of = tables.writers.iter().map(|w| number(w).map_or(NONE, |at| at as u32));
        all.writer_of = writer_of.collect();
        all
    }

    /// On a link: the same for at most one entry, an Add or a Set as most are, if both ends know all
    /// that it names.
    pub(super) fn known(known: &Known, dead: &Dots, live: &'a Entries) -> Option<Self> {
        let tables = live.tables();
        let entries = live.len();
        let few = |rows: usize| rows <= entries;
        let few = few(tables.writers.len()) && few(tables.lines.len()) && few(tables.prices.len());
        if entries > 1 || !few || !tables.authorships.is_empty() {
            return None;
        }
        let writers = &known.writers.rows;
        let knows = |writer: ReplicaId| writers.binary_search(&writer).is_ok();
        let seen = match live.rows().first().map(|row| &row.body) {
            None | Some(Body::Add { .. }) => None,
            Some(Body::Set(set)) if set.settled.is_none() => {
                if !set.covers.runs().all(|(writer, _)| knows(writer)) {
                    return None;
                }
                Some(&set.seen).filter(|seen| !seen.is_empty())
            }
            _ => return None,
        };
        let named = seen.into_iter().flat_map(|seen| seen.writers().map(|(writer, _)| writer));
        if !named.chain(dead.writers().map(|(writer, _)| writer)).all(knows) {
            return None;
        }
        Some(Self {
            cart: known.cart,
            tables,
            writers: Few::from_slice(writers),
            carts: Few::from_slice(&known.carts.rows),
            seen: seen.into_iter().map(|seen| &**seen).collect(),
            seen_at: seen.into_iter().map(|seen| (seen.address(), 0)).collect(),
            writer_of: in_known(&tables.writers, writers)?,
            line_of: in_known(&tables.lines, &known.lines.rows)?,
            price_of: in_known(&tables.prices, &known.prices.rows)?,
            authorship_of: Few::new(),
        })
    }

    fn of_body(
        &mut self,
        body: &'a Body,
        others: &mut Vec<ReplicaId>,
        seen: &mut Vec<&'a SharedDots>,
    ) {
        let mut other = |writer: ReplicaId| {
            // Neighbours are mostly alike, and most are known.
            if others.last() != Some(&writer) && self.writers.binary_search(&writer).is_err() {
                others.push(writer);
            }
        };
        match body {
            Body::Set(set) => {
                set.covers.runs().for_each(|(writer, _)| other(writer));
                if let Some(settled) = &set.settled {
                    settled.took.iter().for_each(|taken| other(taken.dot.replica));
                    settled.stays.named().for_each(|dot| other(dot.replica));
                    self.carts.extend(settled.took.iter().map(|taken| taken.scope));
                    self.of_stays(&settled.stays);
                }
                if !set.seen.is_empty() {
                    seen.push(&set.seen);
                }
            }
            Body::Move { dots, .. } => dots.iter().for_each(|dot| other(dot.replica)),
            Body::Order(order) => {
                order.bought.iter().for_each(|bought| other(bought.taken.dot.replica));
                order.stays.named().for_each(|dot| other(dot.replica));
                self.carts.extend(order.bought.iter().map(|bought| bought.taken.scope));
                self.of_stays(&order.stays);
                if !order.seen.is_empty() {
                    seen.push(&order.seen);
                }
            }
            Body::Stay(stays) => {
                stays.named().for_each(|dot| other(dot.replica));
                self.of_stays(stays);
            }
            Body::Merge(merge) => self.carts.extend([merge.guest, merge.account]),
            Body::Unmerge { guest, .. } => self.carts.push(*guest),
            Body::Add { .. }
            | Body::Register { .. }
            | Body::Coupon(_)
            | Body::Consent(_)
            | Body::Expired { .. }
            | Body::Unknown { .. } => {}
        }
    }

    fn of_stays(&mut self, stays: &Stays) {
        self.carts.extend(stays.pins.iter().filter_map(|pin| pin.until));
    }

    fn number_seen(&mut self, mut each: Vec<&'a SharedDots>, others: &mut Vec<ReplicaId>) {
        each.sort_unstable_by_key(|seen| seen.address());
        each.dedup_by_key(|seen| seen.address());
        for (writer, _) in each.iter().flat_map(|seen| seen.writers()) {
            if self.writers.binary_search(&writer).is_err() {
                others.push(writer);
            }
        }
        self.seen = each.iter().map(|seen| &***seen).collect();
        self.seen.sort_unstable();
        self.seen.dedup();
        let number = |seen: &Dots| self.seen.binary_search(&seen).map_or(NONE, |at| at as u32);
        let seen_at = each.iter().map(|seen| (seen.address(), u64::from(number(seen))));
        self.seen_at = seen_at.collect();
    }

    /// The rows of the tables.
    pub(super) fn rows(&self) -> Rows<'a> {
        Rows {
            writers: self.writers.clone(),
            carts: self.carts.clone(),
            lines: named(&self.tables.lines, &self.line_of),
            prices: named(&self.tables.prices, &self.price_of),
        }
    }

    /// On a link: numbers by what both ends know, and says what is new there.
    pub(super) fn on_link(&mut self, known: &mut Known) -> Rows<'a> {
        let mut new = self.rows();
        new.writers.retain(|writer| known.writers.rows.binary_search(writer).is_err());
        new.carts.retain(|cart| known.carts.rows.binary_search(cart).is_err());
        new.lines.retain(|line| known.lines.rows.binary_search(line).is_err());
        new.prices.retain(|price| known.prices.rows.binary_search(price).is_err());
        // What is sorted and new is taken in.
        let taken = known.writers.take(new.writers.iter().copied().collect())
            & known.carts.take(new.carts.iter().copied().collect())
            & known.lines.take(new.lines.iter().map(|line| (*line).clone()).collect())
            & known.prices.take(new.prices.iter().map(|price| **price).collect());
        debug_assert!(taken);
        self.writers = known.writers.rows.iter().copied().collect();
        self.carts = known.carts.rows.iter().copied().collect();
        renumber(&mut self.writer_of, &self.tables.writers, &known.writers.rows);
        renumber(&mut self.line_of, &self.tables.lines, &known.lines.rows);
        renumber(&mut self.price_of, &self.tables.prices, &known.prices.rows);
        new
    }

    /// Which tables there are, or on a link of which there are new rows.
    pub(super) fn head(&self, rows: &Rows<'_>) -> u8 {
        let flag = |is: bool, flag| if is { flag } else { 0 };
        flag(!rows.carts.is_empty(), CARTS)
            | flag(self.authorship_of.iter().any(|number| *number != NONE), AUTHORSHIPS)
            | flag(!rows.lines.is_empty(), LINES)
            | flag(!rows.prices.is_empty(), PRICES)
            | flag(!self.seen.is_empty(), SEEN)
    }

    /// The tables but for the writers, and for those that are empty.
    pub(super) fn write(&self, out: &mut Writer, rows: &Rows<'_>) {
        if !rows.carts.is_empty() {
            out.count(rows.carts.len());
            rows.carts.iter().for_each(|cart| out.id(cart.as_u128()));
        }
        table(out, &named(&self.tables.authorships, &self.authorship_of), |out, row| {
            let Authorship { scope, after } = row;
            self.cart(out, *scope);
            out.count(after.len());
            after.iter().for_each(|guest| self.cart(out, *guest));
        });
        let mut before: &[u8] = &[];
        table(out, &rows.lines, |out, line| {
            let same = shared(before, line.as_bytes());
            before = line.as_bytes();
            let rest = &before[same..];
            if rest.len() <= SHORT_REST_BYTES {
                out.raw(&[(same * SHORT_REST_BYTES + rest.len() - 1) as u8]);
                out.raw(rest);
            } else {
                out.raw(&[LONG_REST]);
                out.count(same);
                out.blob(rest);
            }
        });
        table(out, &rows.prices, |out, price| {
            let (digits, scale, currency) = price.key();
            out.number(digits);
            out.raw(&[scale]);
            out.raw(&currency);
        });
        if !self.seen.is_empty() {
            out.count(self.seen.len());
            self.seen.iter().for_each(|seen| dots::write(out, &self.writers, seen));
        }
    }

    pub(super) fn cart(&self, out: &mut Writer, cart: CartId) {
        let other = self.carts.binary_search(&cart).map_or(u64::MAX, |at| at as u64 + 1);
        out.number(if cart == self.cart { 0 } else { other });
    }

    pub(super) fn writer_of(&self, row: &Row) -> u32 {
        self.writer_of[row.writer as usize]
    }

    /// `None` if it goes without saying.
    pub(super) fn authorship_of(&self, row: &Row) -> Option<u32> {
        self.authorship_of.get(row.authorship as usize).copied()
    }

    pub(super) fn line_of(&self, row: &Row) -> Option<u32> {
        self.line_of.get(row.line as usize).copied()
    }

    pub(super) fn price_of(&self, row: &Row) -> u32 {
        self.price_of.get(row.price as usize).copied().unwrap_or(NONE)
    }

    pub(super) fn prices(&self) -> usize {
        self.price_of.len()
    }

    pub(super) fn lines(&self) -> usize {
        self.line_of.len()
    }

    pub(super) fn line(&self, out: &mut Writer, line: &LineKey) {
        let at = self.tables.lines.binary_search(line).unwrap_or(usize::MAX);
        out.number(u64::from(self.line_of.get(at).copied().unwrap_or(NONE)));
    }

    /// The number of a set of dots seen. 0 is the empty set.
    pub(super) fn seen(&self, seen: &SharedDots) -> u64 {
        if seen.is_empty() {
            return 0;
        }
        let at = self.seen_at.binary_search_by_key(&seen.address(), |(at, _)| *at);
        at.map_or(0, |at| self.seen_at[at].1 + 1)
    }

    /// The number of the set that the first Set is thought to have seen.
    pub(super) fn first_seen(&self) -> u64 {
        u64::from(!self.seen.is_empty())
    }

    pub(super) fn dots(&self, out: &mut Writer, dots: &Dots) {
        dots::write(out, &self.writers, dots);
    }

    pub(super) fn dot(&self, out: &mut Writer, dot: Dot) {
        out.number(self.writers.binary_search(&dot.replica).map_or(u64::MAX, |at| at as u64));
        out.number(dot.seq);
    }
}

/// The most bytes that a line shares with the one before it: a limit on what few bytes may grow to.
pub(super) const SHARED_BYTES: usize = 24;
/// So many bytes after those at most, and their number is in one byte with that of those; or else
/// what that byte is.
pub(super) const SHORT_REST_BYTES: usize = 10;
pub(super) const LONG_REST: u8 = 255;

/// So many bytes, whole characters, two texts begin alike, up to [`SHARED_BYTES`].
fn shared(a: &[u8], b: &[u8]) -> usize {
    let alike = a.iter().zip(b).take(SHARED_BYTES).take_while(|(a, b)| a == b).count();
    // Within a character are the bytes from 0x80 to 0xbf.
    let begins =
        |text: &[u8], at: usize| text.get(at).is_none_or(|byte| !(0x80..0xc0).contains(byte));
    let whole = |at: &usize| begins(a, *at) && begins(b, *at);
    (0..=alike).rev().find(whole).unwrap_or_default()
}

fn has_sets(rows: &[Row]) -> bool {
    rows.iter().any(|row| matches!(row.body, Body::Set(_)))
}

/// The rows that have numbers.
fn named<'t, T>(rows: &'t [T], numbers: &[u32]) -> Few<&'t T> {
    let mut named = Few::with_capacity(rows.len());
    let used = rows.iter().zip(numbers).filter(|(_, number)| **number != NONE);
    named.extend(used.map(|(row, _)| row));
    named
}

/// The numbers of at most one row; `None` if it is not known.
fn in_known<T: Ord>(rows: &[T], known: &[T]) -> Option<Few<u32>> {
    rows.iter().map(|row| known.binary_search(row).ok().map(|at| at as u32)).collect()
}

fn renumber<T: Ord>(numbers: &mut [u32], rows: &[T], known: &[T]) {
    for (number, row) in numbers.iter_mut().zip(rows).filter(|(number, _)| **number != NONE) {
        *number = known.binary_search(row).map_or(NONE, |at| at as u32);
    }
}

/// A table that is not empty.
fn table<'t, T>(out: &mut Writer, rows: &[&'t T], mut write: impl FnMut(&mut Writer, &'t T)) {
    if !rows.is_empty() {
        out.count(rows.len());
        rows.iter().for_each(|row| write(out, row));
    }
}

pub(super) fn write_writers(out: &mut Writer, writers: &[ReplicaId]) {
    out.count(writers.len());
    writers.iter().for_each(|writer| out.id(writer.as_u128()));
}
