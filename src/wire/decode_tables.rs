//! The tables of a message that is decoded, with a record of the rows that the message uses.

use alloc::vec::Vec;

use smallvec::SmallVec;

use super::bytes::ByteReader;
use super::dots;
use super::error::{BoxedError, Broken, error_at};
use super::table_layout::{
    AUTHORSHIPS, CARTS, LINES, LONG_REST, PRICES, SEEN, SHARED_BYTES, SHORT_REST_BYTES,
};
use crate::cart::{
    Authorship, DecodedEntries, EntryTables, NONE, PackedEntry, SmallTable, SortedPrice,
    WriterRunList, ascends,
};
use crate::dots::{Dot, Dots, SharedDots};
use crate::id::{CartId, LineKey, LinesBuilder, ReplicaId, is_plain};
use crate::limits;
use crate::money::{Currency, Money};

/// One mark per row of a table: whether the message uses the row.
type UsedMarks = SmallVec<[bool; 16]>;

/// A decoded table. The decoder refuses a message with a row that nothing uses.
#[derive(Clone)]
pub(super) struct DecodeTable<T> {
    pub(super) rows: SmallTable<T>,
    used: UsedMarks,
    /// The places of the rows that a link inserted last, ascending.
    new: SmallVec<[u32; 4]>,
    /// Whether the message brought rows of this table, which must then all be used.
    fresh: bool,
    name: &'static str,
}

impl<T: Ord> DecodeTable<T> {
    /// Creates an empty table. Errors show `name`.
    fn new(name: &'static str) -> Self {
        Self {
            rows: SmallTable::new(),
            used: UsedMarks::new(),
            new: SmallVec::new(),
            fresh: false,
            name,
        }
    }

    /// Inserts rows. Returns `false` unless they are strictly ascending and not in the table yet.
    pub(super) fn take(&mut self, rows: SmallTable<T>) -> bool {
        self.new.clear();
        self.fresh = true;
        let ascends = sabotage!(
            "decoder-takes-unsorted-tables",
            rows.windows(2).all(|pair| pair[0] < pair[1]),
            true
        );
        if !ascends {
            return false;
        }
        // The rows of an empty table need no merging.
        if self.rows.is_empty() {
            self.used.resize(rows.len(), false);
            self.rows = rows;
            return true;
        }
        // Insert each row at its place, which must be free.
        for row in rows {
            let Err(at) = self.rows.binary_search(&row) else { return false };
            self.rows.insert(at, row);
            self.used.insert(at, false);
            self.new.push(at as u32);
        }
        true
    }

    /// Returns the places of the rows inserted by the last [`take`](Self::take), if the table had
    /// `before` rows before it.
    pub(super) fn places(&self, before: usize) -> impl Iterator<Item = usize> + '_ {
        // After the first insertion into an empty table, every row is new.
        let all = if before == 0 { self.rows.len() } else { 0 };
        (0..all).chain(self.new.iter().map(|at| *at as usize))
    }

    /// Returns the rows and their used marks.
    pub(super) fn parts(&mut self) -> (&[T], &mut [bool]) {
        (&self.rows, &mut self.used)
    }

    /// Removes all rows.
    fn clear(&mut self) {
        self.rows.clear();
        self.used.clear();
    }

    /// Reads an index, marks its row as used and returns it, or [`Broken::Index`].
    pub(super) fn index(&mut self, input: &mut ByteReader<'_>) -> Result<u32, BoxedError> {
        let here = input.offset();
        let at = usize::try_from(input.number()?).unwrap_or(usize::MAX);
        *self
            .used
            .get_mut(at)
            .ok_or_else(|| error_at(here, Broken::Index { table: self.name }))? = true;
        Ok(at as u32)
    }

    /// Marks the row at an index as used and returns the index, or [`Broken::Index`].
    pub(super) fn row(&mut self, input: &ByteReader<'_>, at: u64) -> Result<u32, BoxedError> {
        let here = input.offset();
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        *self
            .used
            .get_mut(at)
            .ok_or_else(|| error_at(here, Broken::Index { table: self.name }))? = true;
        Ok(at as u32)
    }

    /// Returns whether all rows are used, or no rows came with this message.
    fn all_used(&self) -> bool {
        !self.fresh || self.used.iter().all(|used| *used)
    }
}

/// All tables of a decoded message.
#[derive(Clone)]
pub(super) struct DecodeTables {
    pub(super) cart: CartId,
    pub(super) writers: DecodeTable<ReplicaId>,
    /// The other carts that the message names. Index 0 is the message's own cart, and index 1 is
    /// the first row.
    pub(super) carts: DecodeTable<CartId>,
    pub(super) authorships: DecodeTable<Authorship>,
    pub(super) lines: DecodeTable<LineKey>,
    pub(super) prices: DecodeTable<SortedPrice>,
    seen: DecodeTable<SharedDots>,
}

impl DecodeTables {
    /// Creates tables without rows.
    pub(super) fn empty(cart: CartId) -> Self {
        Self {
            cart,
            writers: DecodeTable::new("writers"),
            carts: DecodeTable::new("carts"),
            authorships: DecodeTable::new("authorships"),
            lines: DecodeTable::new("lines"),
            prices: DecodeTable::new("prices"),
            seen: DecodeTable::new("sets of dots seen"),
        }
    }

    /// Reads the table of writers and the tables whose flags are set in `head`.
    pub(super) fn read(
        input: &mut ByteReader<'_>,
        cart: CartId,
        head: u8,
    ) -> Result<Self, BoxedError> {
        let mut tables = Self::empty(cart);
        tables.read_writers(input)?;
        tables.read_rest(input, head)?;
        Ok(tables)
    }

    /// Reads the table of writers.
    pub(super) fn read_writers(&mut self, input: &mut ByteReader<'_>) -> Result<(), BoxedError> {
        let count = input.count(16, "writers", limits::MESSAGE_BYTES)?;
        let mut writers = SmallTable::new();
        writers.reserve_exact(count);
        for _ in 0..count {
            writers.push(ReplicaId::from_u128(input.id()?));
        }
        taken(input, self.writers.take(writers))
    }

    /// Reads the tables whose flags are set in `head`. On a link, these are the new rows.
    pub(super) fn read_rest(
        &mut self,
        input: &mut ByteReader<'_>,
        head: u8,
    ) -> Result<(), BoxedError> {
        let has = |flag| head & flag != 0;
        if has(CARTS) {
            let mut carts = SmallTable::new();
            for _ in 0..some(input, 16, "carts")? {
                carts.push(CartId::from_u128(input.id()?));
            }
            // The own cart is index 0 and must not be a row.
            let own = carts.binary_search(&self.cart).is_ok();
            taken(input, !own && self.carts.take(carts))?;
        }
        // A frame of a link brings its own authorships.
        self.authorships.clear();
        if has(AUTHORSHIPS) {
            let mut authorships = SmallTable::new();
            for _ in 0..some(input, 2, "authorships")? {
                let scope = self.cart(input)?;
                // The merges seen are a sorted list of cart indexes.
                let guests = input.count(1, "merged guests", limits::MERGES)?;
                let seen_merges: Result<Vec<_>, _> =
                    (0..guests).map(|_| self.cart(input)).collect();
                let seen_merges = sorted(input, seen_merges?)?;
                // The default authorship must not be a row.
                if scope == self.cart && seen_merges.is_empty() {
                    return Err(input.error(Broken::NotCanonical));
                }
                authorships.push(Authorship { scope, seen_merges: seen_merges.into() });
            }
            taken(input, self.authorships.take(authorships))?;
        }
        // The remaining tables hold plain values.
        if has(LINES) {
            let lines = Self::read_lines(input)?;
            taken(input, self.lines.take(lines))?;
        }
        if has(PRICES) {
            let mut prices = SmallTable::new();
            for _ in 0..some(input, 5, "prices")? {
                prices.push(SortedPrice(read_price(input)?));
            }
            taken(input, self.prices.take(prices))?;
        }
        // A frame of a link brings its own sets seen. The empty set is index 0 and must not be a
        // row.
        self.seen.clear();
        if has(SEEN) {
            let mut all = SmallTable::new();
            for _ in 0..some(input, 4, "sets of dots seen")? {
                let seen = self.dots(input)?;
                if seen.is_empty() {
                    return Err(input.error(Broken::NotCanonical));
                }
                all.push(SharedDots::from(seen));
            }
            taken(input, self.seen.take(all))?;
        }
        Ok(())
    }

    /// Reads one row of the table of lines: the number of bytes shared with the row before, the
    /// rest, and the offset of the rest.
    fn read_line<'a>(input: &mut ByteReader<'a>) -> Result<(usize, &'a [u8], usize), BoxedError> {
        let here = input.offset();
        let head = usize::from(input.byte()?);
        // A short rest has its length and the number of shared bytes in one byte.
        if head < (SHARED_BYTES + 1) * SHORT_REST_BYTES {
            let at = input.offset();
            let rest = input.take(head % SHORT_REST_BYTES + 1)?;
            return Ok((head / SHORT_REST_BYTES, rest, at));
        }
        // A long rest has its own length.
        let same = usize::try_from(input.number()?).unwrap_or(usize::MAX);
        let at = input.offset();
        let rest = input.blob()?;
        // The long form must be necessary.
        if head == usize::from(LONG_REST) && rest.len() > SHORT_REST_BYTES {
            Ok((same, rest, at))
        } else {
            Err(error_at(here, Broken::NotCanonical))
        }
    }

    /// Reads the table of lines.
    fn read_lines(input: &mut ByteReader<'_>) -> Result<SmallTable<LineKey>, BoxedError> {
        let count = some(input, 2, "lines")?;
        let mut lines = LinesBuilder::with_room(count);
        for _ in 0..count {
            let here = input.offset();
            let not_canonical = || error_at(here, Broken::NotCanonical);
            let (same, rest, at) = Self::read_line(input)?;
            let next = lines.last().get(same..).ok_or_else(not_canonical)?;
            // The shared part must be as long as possible: the next character must differ or exceed
            // the limit.
            let alike = |bytes: usize| same + bytes <= SHARED_BYTES;
            // Plain lines need no UTF-8 check.
            if lines.last_is_plain() && is_plain(rest) {
                let shorter = next.first() == rest.first() && alike(1) && !next.is_empty();
                if same > SHARED_BYTES || shorter {
                    return Err(not_canonical());
                }
                lines.push_plain(same, rest).map_err(|error| error_at(here, error))?;
                continue;
            }
            // Other lines are compared by whole characters.
            let rest = core::str::from_utf8(rest).map_err(|_| error_at(at, Broken::Utf8))?;
            let next = core::str::from_utf8(next).map_err(|_| not_canonical())?;
            let shorter = match (next.chars().next(), rest.chars().next()) {
                (Some(a), Some(b)) => a == b && alike(a.len_utf8()),
                _ => false,
            };
            if same > SHARED_BYTES || shorter {
                return Err(not_canonical());
            }
            lines.push(same, rest).map_err(|error| error_at(here, error))?;
        }
        Ok(lines.keys().into())
    }

    /// Begins a frame of a link: rows of earlier frames need not be used again.
    pub(super) fn begin(&mut self) {
        self.writers.fresh = false;
        self.carts.fresh = false;
        self.lines.fresh = false;
        self.prices.fresh = false;
    }

    /// Returns the number of rows that a link keeps between frames.
    pub(super) fn len(&self) -> usize {
        self.writers.rows.len()
            + self.carts.rows.len()
            + self.lines.rows.len()
            + self.prices.rows.len()
    }

    /// Returns whether every new row of every table is used.
    pub(super) fn all_used(&self) -> bool {
        self.writers.all_used()
            && self.carts.all_used()
            && self.authorships.all_used()
            && self.lines.all_used()
            && self.prices.all_used()
            && self.seen.all_used()
    }

    /// Converts the tables into the tables of stored entries.
    pub(super) fn held(self) -> EntryTables {
        EntryTables {
            writers: self.writers.rows,
            lines: self.lines.rows,
            prices: self.prices.rows,
            authorships: self.authorships.rows.into_iter().collect(),
            home: self.cart,
            bodies: SmallVec::new(),
        }
    }

    /// Returns the tables of stored entries with only the rows that `read` uses, and renumbers
    /// `read`.
    pub(super) fn held_for(&mut self, read: &mut DecodedEntries) -> EntryTables {
        let mut held = EntryTables::new(self.cart);
        if !self.authorships.rows.is_empty() {
            held.authorships = self.authorships.rows.drain(..).collect();
        }
        let rows = &mut read.rows[..];
        let bought = |row: &PackedEntry| row.slot.body(&read.bodies).bought();
        // One entry without bought lines uses at most one row of each table.
        if let [row] = rows
            && bought(row).is_empty()
        {
            held.writers.push(self.writers.rows[row.writer as usize]);
            held.lines.extend(self.lines.rows.get(row.line as usize).cloned());
            held.prices.extend(self.prices.rows.get(row.price as usize).copied());
            row.writer = 0;
            row.line = if held.lines.is_empty() { NONE } else { 0 };
            row.price = if held.prices.is_empty() { NONE } else { 0 };
            return held;
        }
        // Collect the rows used.
        for row in rows.iter() {
            held.writers.push(self.writers.rows[row.writer as usize]);
            held.lines.extend(self.lines.rows.get(row.line as usize).cloned());
            held.lines.extend(bought(row).iter().map(|bought| bought.line.clone()));
            held.prices.extend(self.prices.rows.get(row.price as usize).copied());
        }
        dedup(&mut held.writers);
        dedup(&mut held.lines);
        dedup(&mut held.prices);
        // Renumber the entries by the collected rows.
        for row in rows {
            let place = |found: Option<usize>| found.map_or(NONE, |at| at as u32);
            let writer = self.writers.rows[row.writer as usize];
            row.writer = place(held.writers.binary_search(&writer).ok());
            let line = self.lines.rows.get(row.line as usize);
            row.line = place(line.and_then(|line| held.lines.binary_search(line).ok()));
            let price = self.prices.rows.get(row.price as usize);
            row.price = place(price.and_then(|price| held.prices.binary_search(price).ok()));
        }
        held
    }

    /// Reads a cart index and returns the cart. Index 0 is the message's own cart.
    pub(super) fn cart(&mut self, input: &mut ByteReader<'_>) -> Result<CartId, BoxedError> {
        let here = input.offset();
        let at = usize::try_from(input.number()?).unwrap_or(usize::MAX);
        // Index 0 is the own cart; the rows count from 1.
        let Some(at) = at.checked_sub(1) else { return Ok(self.cart) };
        *self
            .carts
            .used
            .get_mut(at)
            .ok_or_else(|| error_at(here, Broken::Index { table: self.carts.name }))? = true;
        Ok(self.carts.rows[at])
    }

    /// Reads a line index and returns the line.
    pub(super) fn line(&mut self, input: &mut ByteReader<'_>) -> Result<LineKey, BoxedError> {
        let at = self.lines.index(input)?;
        Ok(self.lines.rows[at as usize].clone())
    }

    /// Reads the index of a set of dots seen and returns the set. Index 0 is the empty set.
    pub(super) fn seen(&mut self, input: &mut ByteReader<'_>) -> Result<SharedDots, BoxedError> {
        let number = input.number()?;
        self.seen_at(input, number)
    }

    /// Returns the set of dots seen at an index, and marks it as used. Index 0 is the empty set.
    pub(super) fn seen_at(
        &mut self,
        input: &ByteReader<'_>,
        at: u64,
    ) -> Result<SharedDots, BoxedError> {
        let Some(at) = at.checked_sub(1) else { return Ok(SharedDots::default()) };
        let at = self.seen.row(input, at)?;
        Ok(self.seen.rows[at as usize].clone())
    }

    /// Returns the index that is predicted for the dots seen of the first Set: 1, or 0 without a
    /// table.
    pub(super) fn first_seen(&self) -> u64 {
        u64::from(!self.seen.rows.is_empty())
    }

    /// Reads a set of dots.
    pub(super) fn dots(&mut self, input: &mut ByteReader<'_>) -> Result<Dots, BoxedError> {
        dots::read(input, &self.writers.rows, &mut self.writers.used)
    }

    /// Reads a short set of dots.
    pub(super) fn groups(
        &mut self,
        input: &mut ByteReader<'_>,
    ) -> Result<WriterRunList, BoxedError> {
        dots::read_groups(input, &self.writers.rows, &mut self.writers.used)
    }

    /// Reads a dot: a writer index and a sequence number from 1 to [`limits::SEQ_MAX`].
    pub(super) fn dot(&mut self, input: &mut ByteReader<'_>) -> Result<Dot, BoxedError> {
        let writer = self.writers.index(input)?;
        let here = input.offset();
        match input.number()? {
            0 => Err(error_at(here, Broken::Number)),
            seq if seq > limits::SEQ_MAX => Err(error_at(here, Broken::Number)),
            seq => Ok(Dot::new(self.writers.rows[writer as usize], seq)),
        }
    }
}

/// Sorts a table and removes equal rows.
fn dedup<T: Ord>(table: &mut SmallTable<T>) {
    table.sort_unstable();
    table.dedup();
}

/// Returns [`Broken::NotCanonical`] unless a table accepted its rows.
fn taken(input: &ByteReader<'_>, right: bool) -> Result<(), BoxedError> {
    if right { Ok(()) } else { Err(input.error(Broken::NotCanonical)) }
}

/// Reads the number of rows of a table that is present, and so must not be empty.
fn some(input: &mut ByteReader<'_>, each: usize, what: &'static str) -> Result<usize, BoxedError> {
    let here = input.offset();
    match input.count(each, what, limits::MESSAGE_BYTES)? {
        0 => Err(error_at(here, Broken::NotCanonical)),
        count => Ok(count),
    }
}

/// Returns `list` if it is strictly ascending, or [`Broken::NotCanonical`]: equal values must have
/// equal bytes.
pub(super) fn sorted<T: Ord>(input: &ByteReader<'_>, list: Vec<T>) -> Result<Vec<T>, BoxedError> {
    if ascends(&list) { Ok(list) } else { Err(input.error(Broken::NotCanonical)) }
}

/// Reads a price: its digits, the number of digits after the point, and three bytes of currency.
fn read_price(input: &mut ByteReader<'_>) -> Result<Money, BoxedError> {
    let at = input.offset();
    let (digits, scale) = (input.number()?, input.byte()?);
    let code = core::str::from_utf8(input.take(3)?).map_err(|_| input.error(Broken::Utf8))?;
    Currency::new(code)
        .and_then(|currency| Money::from_parts(digits, scale, currency))
        .map_err(|error| error_at(at, error))
}
