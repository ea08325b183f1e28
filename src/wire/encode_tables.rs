//! The tables of a message to encode.
//!
//! Values that many entries share are written once, in sorted tables, and entries refer to them by
//! index. A table holds exactly the rows that the message uses.

use alloc::vec::Vec;

use super::bytes::ByteWriter;
use super::decode_tables::DecodeTables;
use super::dots;
use super::row_numbers::{FewRows, KnownRows, RowNumbers};
use super::table_layout::{
    AUTHORSHIPS, CARTS, LINES, LONG_REST, PRICES, SEEN, SHARED_BYTES, SHORT_REST_BYTES,
};
use crate::cart::{
    Authorship, Body, Entries, EntryTables, NONE, PackedEntry, Preserved, SortedPrice,
};
use crate::dots::{Dot, Dots, SharedDots};
use crate::id::{CartId, LineKey, ReplicaId, position};

/// The rows of the tables to write, each list sorted.
#[derive(Default)]
pub(super) struct NewRows<'a> {
    pub(super) writers: FewRows<ReplicaId>,
    carts: FewRows<CartId>,
    lines: FewRows<&'a LineKey>,
    prices: FewRows<&'a SortedPrice>,
}

/// The tables of one message, with the number of each row in the written tables.
pub(super) struct EncodeTables<'a> {
    cart: CartId,
    tables: &'a EntryTables,
    bodies: &'a [Body],
    pub(super) writers: KnownRows<'a, ReplicaId>,
    /// The carts that the message names, without its own cart.
    carts: KnownRows<'a, CartId>,
    /// The sets of dots seen, sorted, without the empty set.
    seen: Vec<&'a Dots>,
    /// The memory address of each set of dots seen, sorted, with the number of the set. Many
    /// entries share a few sets, and an address is cheaper to compare than a set.
    seen_at: Vec<(usize, u64)>,
    writer_of: RowNumbers,
    line_of: RowNumbers,
    price_of: RowNumbers,
    authorship_of: RowNumbers,
}

impl<'a> EncodeTables<'a> {
    /// Builds the tables for the live entries and the listed dots of a message. The home of the
    /// entries must be `cart`.
    pub(super) fn of(cart: CartId, dots: &Dots, live: &'a Entries) -> Self {
        debug_assert_eq!(cart, live.tables().home);
        let tables = live.tables();
        // Number the rows that live entries use. Without unused rows, each index is its own number.
        let [line_of, price_of, authorship_of] = if live.is_tight() {
            [tables.lines.len(), tables.prices.len(), tables.authorships.len()]
                .map(RowNumbers::EntryIndices)
        } else {
            let used = live.used();
            [&used.lines, &used.prices, &used.authorships].map(|used| RowNumbers::of_used(used))
        };
        // The dots of a message include the dots of its live entries, so their writers cover all
        // Adds.
        let mut writers: FewRows<ReplicaId> = dots.writers().map(|(writer, _)| writer).collect();
        let mut carts = FewRows::new();
        // Authorships and bodies name other carts.
        for authorship in authorship_of.named(&tables.authorships) {
            carts.push(authorship.scope);
            carts.extend(authorship.seen_merges.iter().copied());
        }
        // Bodies other than Adds name further writers and sets of dots seen.
        let (mut seen, mut seen_at) = (Vec::new(), Vec::new());
        if !tables.bodies.is_empty() {
            let (mut each, mut others) = (Vec::new(), Vec::new());
            let mut other = |writer: ReplicaId| {
                // Neighbours are mostly equal, and most writers are in the table already.
                if others.last() != Some(&writer) && writers.binary_search(&writer).is_err() {
                    others.push(writer);
                }
            };
            for body in &tables.bodies {
                of_body(body, &mut other, &mut carts, &mut each);
            }
            // Equal addresses are equal sets, so each address is numbered once.
            each.sort_unstable_by_key(|seen: &&SharedDots| seen.address());
            each.dedup_by_key(|seen| seen.address());
            each.iter().flat_map(|seen| seen.writers()).for_each(|(writer, _)| other(writer));
            (seen, seen_at) = numbered(&each);
            if !others.is_empty() {
                writers.extend(others);
                writers.sort_unstable();
                writers.dedup();
            }
        }
        // The own cart is index 0 and not a row.
        carts.sort_unstable();
        carts.dedup();
        carts.retain(|other| *other != cart);
        // Map each writer of the stored entries to its row in the written table.
        let number = |writer: &ReplicaId| writers.binary_search(writer).ok();
        let writer_of = tables.writers.iter().map(number);
        let writer_of = writer_of.map(|at| at.map_or(NONE, |at| at as u32)).collect();
        Self {
            cart,
            tables,
            bodies: &tables.bodies,
            writers: KnownRows::Own(writers),
            carts: KnownRows::Own(carts),
            seen,
            seen_at,
            writer_of: RowNumbers::Given(writer_of),
            line_of,
            price_of,
            authorship_of,
        }
    }

    /// Builds the tables for a frame of a link that adds no rows.
    ///
    /// Returns `None` unless the frame has at most one entry, an Add or a Set without side effects
    /// and with the default authorship, and both ends of the link know every row that it names.
    pub(super) fn known(known: &'a DecodeTables, dead: &Dots, live: &'a Entries) -> Option<Self> {
        let tables = live.tables();
        if live.len() > 1 || !tables.authorships.is_empty() {
            return None;
        }
        // Every value in the stored entries must be a known row.
        let writers = &known.writers.rows;
        let writer = |writer: &ReplicaId| writers.binary_search(writer).ok();
        let writer_of = RowNumbers::in_known(&tables.writers, writer)?;
        let line_of =
            RowNumbers::in_known(&tables.lines, |line| position(&known.lines.rows, line))?;
        let price = |price: &SortedPrice| known.prices.rows.binary_search(price).ok();
        let price_of = RowNumbers::in_known(&tables.prices, price)?;
        // Every writer that the body or the dead dots name must be known too.
        let knows = |writer: ReplicaId| writers.binary_search(&writer).is_ok();
        let seen = match live.rows().first().map(|row| live.ref_of(row).body()) {
            None | Some(Body::Add { .. }) => None,
            Some(Body::Set(set)) if set.settled.is_none() => {
                if !set.covers.writers().all(knows) {
                    return None;
                }
                Some(&set.seen).filter(|seen| !seen.is_empty())
            }
            _ => return None,
        };
        // The dots that the Set had seen name writers as well.
        let named = seen.into_iter().flat_map(|seen| seen.writers().map(|(writer, _)| writer));
        if !named.chain(dead.writers().map(|(writer, _)| writer)).all(knows) {
            return None;
        }
        Some(Self {
            cart: known.cart,
            tables,
            bodies: &tables.bodies,
            writers: KnownRows::Known(writers),
            carts: KnownRows::Known(&known.carts.rows),
            seen: seen.into_iter().map(|seen| &**seen).collect(),
            seen_at: seen.into_iter().map(|seen| (seen.address(), 0)).collect(),
            writer_of,
            line_of,
            price_of,
            authorship_of: RowNumbers::EntryIndices(0),
        })
    }

    /// Returns the rows of all tables.
    pub(super) fn rows(&self) -> NewRows<'a> {
        NewRows {
            writers: FewRows::from_slice(&self.writers),
            carts: FewRows::from_slice(&self.carts),
            lines: self.line_of.named(&self.tables.lines),
            prices: self.price_of.named(&self.tables.prices),
        }
    }

    /// Adds the rows that a link does not know yet to `known`, renumbers by `known`, and returns
    /// the new rows.
    pub(super) fn on_link(&mut self, known: &mut DecodeTables) -> NewRows<'a> {
        let mut new = self.rows();
        // Keep only the rows that the receiver lacks.
        new.writers.retain(|writer| known.writers.rows.binary_search(writer).is_err());
        new.carts.retain(|cart| known.carts.rows.binary_search(cart).is_err());
        new.lines.retain(|line| position(&known.lines.rows, line).is_none());
        new.prices.retain(|price| known.prices.rows.binary_search(price).is_err());
        // The new rows are sorted and unknown, so the tables accept them.
        let taken = known.writers.take(new.writers.iter().copied().collect())
            & known.carts.take(new.carts.iter().copied().collect())
            & known.lines.take(new.lines.iter().map(|line| (*line).clone()).collect())
            & known.prices.take(new.prices.iter().map(|price| **price).collect());
        debug_assert!(taken);
        // Indexes refer to all known rows from here on.
        self.writers = KnownRows::Own(known.writers.rows.iter().copied().collect());
        self.carts = KnownRows::Own(known.carts.rows.iter().copied().collect());
        self.writer_of.renumber(self.tables.writers.iter(), &known.writers.rows);
        self.line_of.renumber(self.tables.lines.iter(), &known.lines.rows);
        self.price_of.renumber(self.tables.prices.iter(), &known.prices.rows);
        new
    }

    /// Returns the flags of the tables to write: those with rows, or the table of sets seen alone
    /// if `rows` is `None`.
    pub(super) fn head(&self, rows: Option<&NewRows<'_>>) -> u8 {
        let flag = |is: bool, flag| if is { flag } else { 0 };
        let seen = flag(!self.seen.is_empty(), SEEN);
        let Some(rows) = rows else { return seen };
        flag(!rows.carts.is_empty(), CARTS)
            | flag(self.authorship_of.any(), AUTHORSHIPS)
            | flag(!rows.lines.is_empty(), LINES)
            | flag(!rows.prices.is_empty(), PRICES)
            | seen
    }

    /// Writes every table that has rows, except the table of writers.
    pub(super) fn write(&self, out: &mut ByteWriter, rows: Option<&NewRows<'_>>) {
        if let Some(rows) = rows {
            self.write_rows(out, rows);
        }
        if !self.seen.is_empty() {
            out.count(self.seen.len());
            self.seen.iter().for_each(|seen| dots::write(out, &self.writers, seen));
        }
    }

    /// Writes the tables of carts, authorships, lines and prices that have rows.
    fn write_rows(&self, out: &mut ByteWriter, rows: &NewRows<'_>) {
        if !rows.carts.is_empty() {
            out.count(rows.carts.len());
            rows.carts.iter().for_each(|cart| out.id(cart.as_u128()));
        }
        table(out, &self.authorship_of.named(&self.tables.authorships), |out, row| {
            let Authorship { scope, seen_merges } = row;
            self.cart(out, *scope);
            out.count(seen_merges.len());
            seen_merges.iter().for_each(|guest| self.cart(out, *guest));
        });
        // A line is written as the number of bytes shared with the line before, and the rest.
        let mut before: &[u8] = &[];
        table(out, &rows.lines, |out, line| {
            let same = shared(before, line.as_bytes());
            before = line.as_bytes();
            // A short rest has its length in the first byte.
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
    }

    /// Writes a cart index. 0 is the message's own cart.
    ///
    /// # Panics
    /// Panics if the table lacks the cart.
    pub(super) fn cart(&self, out: &mut ByteWriter, cart: CartId) {
        if cart == self.cart {
            return out.number(0);
        }
        let at = self.carts.binary_search(&cart).expect("the table has every cart that is named");
        out.number(at as u64 + 1);
    }

    /// Returns the writer index of an entry.
    pub(super) fn writer_of(&self, row: &PackedEntry) -> u32 {
        self.writer_of.of_written(row.writer)
    }

    /// Returns the dot of an entry.
    pub(super) fn dot_of(&self, row: &PackedEntry) -> Dot {
        Dot::new(self.tables.writers[row.writer as usize], u64::from(row.seq))
    }

    /// Returns the body of an entry.
    pub(super) fn body_of(&self, row: &PackedEntry) -> &'a Body {
        row.slot.body(self.bodies)
    }

    /// Returns the authorship index of an entry, or `None` for the default authorship.
    pub(super) fn authorship_of(&self, row: &PackedEntry) -> Option<u32> {
        self.authorship_of.get(row.authorship)
    }

    /// Returns the line index of an entry, or `None` without a line.
    pub(super) fn line_of(&self, row: &PackedEntry) -> Option<u32> {
        self.line_of.get(row.line)
    }

    /// Returns the price index of an entry, or [`NONE`] without a price.
    pub(super) fn price_of(&self, row: &PackedEntry) -> u32 {
        self.price_of.get(row.price).unwrap_or(NONE)
    }

    /// Returns the number of prices in the numbering of rows.
    pub(super) fn prices(&self) -> usize {
        self.price_of.len()
    }

    /// Returns the number of lines in the numbering of rows.
    pub(super) fn lines(&self) -> usize {
        self.line_of.len()
    }

    /// Writes a line index.
    ///
    /// # Panics
    /// Panics if the table lacks the line.
    pub(super) fn line(&self, out: &mut ByteWriter, line: &LineKey) {
        let at =
            position(&self.tables.lines, line).expect("the table has every line that is named");
        out.number(u64::from(self.line_of.of_written(at as u32)));
    }

    /// Returns the index of a set of dots seen. 0 is the empty set.
    ///
    /// # Panics
    /// Panics if the table lacks the set.
    pub(super) fn seen(&self, seen: &SharedDots) -> u64 {
        if seen.is_empty() {
            return 0;
        }
        let at = self.seen_at.binary_search_by_key(&seen.address(), |(at, _)| *at);
        self.seen_at[at.expect("the table has every set of dots seen")].1 + 1
    }

    /// Returns the index that is predicted for the dots seen of the first Set: 1, or 0 without a
    /// table.
    pub(super) fn first_seen(&self) -> u64 {
        u64::from(!self.seen.is_empty())
    }

    /// Writes a set of dots.
    pub(super) fn dots(&self, out: &mut ByteWriter, dots: &Dots) {
        dots::write(out, &self.writers, dots);
    }

    /// Writes a dot as its writer index and its sequence number.
    ///
    /// # Panics
    /// Panics if the table lacks the writer.
    pub(super) fn dot(&self, out: &mut ByteWriter, dot: Dot) {
        let writer = self.writers.binary_search(&dot.replica);
        out.count(writer.expect("the table has every writer that is named"));
        out.number(dot.seq);
    }
}

/// Collects the writers, the carts and the sets of dots seen that a body names.
fn of_body<'a>(
    body: &'a Body,
    mut other: impl FnMut(ReplicaId),
    carts: &mut FewRows<CartId>,
    seen: &mut Vec<&'a SharedDots>,
) {
    match body {
        Body::Set(set) => {
            set.covers.writers().for_each(&mut other);
            if let Some(settled) = &set.settled {
                settled.replaced_guest_units.iter().for_each(|taken| other(taken.dot.replica));
                carts.extend(settled.replaced_guest_units.iter().map(|taken| taken.scope));
                of_preserved(&settled.preserved, other, carts);
            }
            seen.extend(Some(&set.seen).filter(|seen| !seen.is_empty()));
        }
        Body::Move { dots, .. } => dots.iter().for_each(|dot| other(dot.replica)),
        Body::Order(order) => {
            order.bought.iter().for_each(|bought| other(bought.taken.dot.replica));
            carts.extend(order.bought.iter().map(|bought| bought.taken.scope));
            of_preserved(&order.preserved, other, carts);
            seen.extend(Some(&order.seen).filter(|seen| !seen.is_empty()));
        }
        Body::Stay(preserved) => of_preserved(preserved, other, carts),
        Body::Merge(merge) => carts.extend([merge.guest, merge.account]),
        Body::Unmerge(unmerge) => carts.push(unmerge.guest),
        Body::Add { .. }
        | Body::Register { .. }
        | Body::Coupon(_)
        | Body::Consent(_)
        | Body::Expired { .. }
        | Body::Unknown { .. } => {}
    }
}

/// Collects the writers and the carts that preserved placements and deductions name.
fn of_preserved(
    preserved: &Preserved,
    mut other: impl FnMut(ReplicaId),
    carts: &mut FewRows<CartId>,
) {
    preserved.named().for_each(|dot| other(dot.replica));
    carts.extend(preserved.pins.iter().filter_map(|pin| pin.until));
}

/// Returns the distinct sets of dots, sorted, and the number of the set at each address. The
/// addresses keep the order of `each`.
fn numbered<'a>(each: &[&'a SharedDots]) -> (Vec<&'a Dots>, Vec<(usize, u64)>) {
    let mut all: Vec<&Dots> = each.iter().map(|seen| &***seen).collect();
    // Equal sets at different addresses get one number.
    all.sort_unstable();
    all.dedup();
    let number = |seen: &Dots| all.binary_search(&seen).expect("it is one of them") as u64;
    let places = each.iter().map(|seen| (seen.address(), number(seen))).collect();
    (all, places)
}

/// Returns the number of bytes at the beginning of two texts that are equal, in whole characters,
/// at most [`SHARED_BYTES`].
fn shared(a: &[u8], b: &[u8]) -> usize {
    let alike = a.iter().zip(b).take(SHARED_BYTES).take_while(|(a, b)| a == b).count();
    // A UTF-8 continuation byte is 0x80 to 0xbf, and no character begins with one.
    let begins =
        |text: &[u8], at: usize| text.get(at).is_none_or(|byte| !(0x80..0xc0).contains(byte));
    let whole = |at: &usize| begins(a, *at) && begins(b, *at);
    (0..=alike).rev().find(whole).unwrap_or_default()
}

/// Writes the number of rows and each row. Writes nothing for an empty table.
fn table<'t, T>(
    out: &mut ByteWriter,
    rows: &[&'t T],
    mut write: impl FnMut(&mut ByteWriter, &'t T),
) {
    if !rows.is_empty() {
        out.count(rows.len());
        rows.iter().for_each(|row| write(out, row));
    }
}

/// Writes the table of writers.
pub(super) fn write_writers(out: &mut ByteWriter, writers: &[ReplicaId]) {
    out.count(writers.len());
    writers.iter().for_each(|writer| out.id(writer.as_u128()));
}
