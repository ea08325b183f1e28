//! The tables of bytes that are read, and which of their rows are named.

use alloc::vec::Vec;

use smallvec::SmallVec;

use super::bytes::Reader;
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

type Used = SmallVec<[bool; 16]>;

/// A table that is read. What nobody names must not be in it.
#[derive(Clone)]
pub(super) struct DecodeTable<T> {
    pub(super) rows: SmallTable<T>,
    used: Used,
    /// On a link: where rows were put in, in ascending order.
    new: SmallVec<[u32; 4]>,
    /// Whether rows were taken in, which may not be named.
    fresh: bool,
    name: &'static str,
}

impl<T: Ord> DecodeTable<T> {
    fn new(name: &'static str) -> Self {
        Self {
            rows: SmallTable::new(),
            used: Used::new(),
            new: SmallVec::new(),
            fresh: false,
            name,
        }
    }

    /// Takes rows in, which are sorted, without doubles, and not there yet; says if they are not.
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
        if self.rows.is_empty() {
            self.used.resize(rows.len(), false);
            self.rows = rows;
            return true;
        }
        for row in rows {
            let Err(at) = self.rows.binary_search(&row) else { return false };
            self.rows.insert(at, row);
            self.used.insert(at, false);
            self.new.push(at as u32);
        }
        true
    }

    /// Where the rows are that were taken in last.
    pub(super) fn places(&self, before: usize) -> impl Iterator<Item = usize> + '_ {
        let all = if before == 0 { self.rows.len() } else { 0 };
        (0..all).chain(self.new.iter().map(|at| *at as usize))
    }

    pub(super) fn parts(&mut self) -> (&[T], &mut [bool]) {
        (&self.rows, &mut self.used)
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.used.clear();
    }

    /// An index that follows, of a row there is.
    pub(super) fn index(&mut self, input: &mut Reader<'_>) -> Result<u32, BoxedError> {
        let here = input.offset();
        let at = usize::try_from(input.number()?).unwrap_or(usize::MAX);
        *self
            .used
            .get_mut(at)
            .ok_or_else(|| error_at(here, Broken::Index { table: self.name }))? = true;
        Ok(at as u32)
    }

    /// The row of an index that was read.
    pub(super) fn row(&mut self, input: &Reader<'_>, at: u64) -> Result<u32, BoxedError> {
        let here = input.offset();
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        *self
            .used
            .get_mut(at)
            .ok_or_else(|| error_at(here, Broken::Index { table: self.name }))? = true;
        Ok(at as u32)
    }

    fn all_used(&self) -> bool {
        !self.fresh || self.used.iter().all(|used| *used)
    }
}

/// The tables of a message.
#[derive(Clone)]
pub(super) struct DecodeTables {
    pub(super) cart: CartId,
    pub(super) writers: DecodeTable<ReplicaId>,
    /// Other carts than the message's own, which is index 0.
    pub(super) carts: DecodeTable<CartId>,
    pub(super) authorships: DecodeTable<Authorship>,
    pub(super) lines: DecodeTable<LineKey>,
    pub(super) prices: DecodeTable<SortedPrice>,
    seen: DecodeTable<SharedDots>,
}

impl DecodeTables {
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

    /// Those that `head` says there are.
    pub(super) fn read(input: &mut Reader<'_>, cart: CartId, head: u8) -> Result<Self, BoxedError> {
        let mut tables = Self::empty(cart);
        tables.read_writers(input)?;
        tables.read_rest(input, head)?;
        Ok(tables)
    }

    pub(super) fn read_writers(&mut self, input: &mut Reader<'_>) -> Result<(), BoxedError> {
        let count = input.count(16, "writers", limits::MESSAGE_BYTES)?;
        let mut writers = SmallTable::new();
        writers.reserve_exact(count);
        for _ in 0..count {
            writers.push(ReplicaId::from_u128(input.id()?));
        }
        taken(input, self.writers.take(writers))
    }

    /// The others that `head` says there are, or on a link what is new of them.
    pub(super) fn read_rest(&mut self, input: &mut Reader<'_>, head: u8) -> Result<(), BoxedError> {
        let has = |flag| head & flag != 0;
        if has(CARTS) {
            let mut carts = SmallTable::new();
            for _ in 0..some(input, 16, "carts")? {
                carts.push(CartId::from_u128(input.id()?));
            }
            let own = carts.binary_search(&self.cart).is_ok();
            taken(input, !own && self.carts.take(carts))?;
        }
        self.authorships.clear();
        if has(AUTHORSHIPS) {
            let mut authorships = SmallTable::new();
            for _ in 0..some(input, 2, "authorships")? {
                let scope = self.cart(input)?;
                let guests = input.count(1, "merged guests", limits::MERGES)?;
                let after: Result<Vec<_>, _> = (0..guests).map(|_| self.cart(input)).collect();
                let after = sorted(input, after?)?;
                if scope == self.cart && after.is_empty() {
                    return Err(input.error(Broken::NotCanonical));
                }
                authorships.push(Authorship { scope, after: after.into() });
            }
            taken(input, self.authorships.take(authorships))?;
        }
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

    /// How many bytes a line shares with the one before, and the rest and where it is.
    fn read_line<'a>(input: &mut Reader<'a>) -> Result<(usize, &'a [u8], usize), BoxedError> {
        let here = input.offset();
        let head = usize::from(input.byte()?);
        if head < (SHARED_BYTES + 1) * SHORT_REST_BYTES {
            let at = input.offset();
            let rest = input.take(head % SHORT_REST_BYTES + 1)?;
            return Ok((head / SHORT_REST_BYTES, rest, at));
        }
        let same = usize::try_from(input.number()?).unwrap_or(usize::MAX);
        let at = input.offset();
        let rest = input.blob()?;
        if head == usize::from(LONG_REST) && rest.len() > SHORT_REST_BYTES {
            Ok((same, rest, at))
        } else {
            Err(error_at(here, Broken::NotCanonical))
        }
    }

    fn read_lines(input: &mut Reader<'_>) -> Result<SmallTable<LineKey>, BoxedError> {
        let count = some(input, 2, "lines")?;
        let mut lines = LinesBuilder::with_room(count);
        for _ in 0..count {
            let here = input.offset();
            let not_canonical = || error_at(here, Broken::NotCanonical);
            let (same, rest, at) = Self::read_line(input)?;
            let next = lines.last().get(same..).ok_or_else(not_canonical)?;
            // As much is shared as may be: the next character is another, or too much.
            let alike = |bytes: usize| same + bytes <= SHARED_BYTES;
            if lines.last_is_plain() && is_plain(rest) {
                let shorter = next.first() == rest.first() && alike(1) && !next.is_empty();
                if same > SHARED_BYTES || shorter {
                    return Err(not_canonical());
                }
                lines.push_plain(same, rest).map_err(|error| error_at(here, error))?;
                continue;
            }
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

    /// On a link: what was there before this frame was named before.
    pub(super) fn begin(&mut self) {
        self.writers.fresh = false;
        self.carts.fresh = false;
        self.lines.fresh = false;
        self.prices.fresh = false;
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.writers.rows.len()
            + self.carts.rows.len()
            + self.lines.rows.len()
            + self.prices.rows.len()
    }

    /// Whether each row of each is named.
    pub(super) fn all_used(&self) -> bool {
        self.writers.all_used()
            && self.carts.all_used()
            && self.authorships.all_used()
            && self.lines.all_used()
            && self.prices.all_used()
            && self.seen.all_used()
    }

    /// Those that live entries are held with.
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

    /// The same for rows that use few of them. They are renumbered.
    pub(super) fn held_for(&mut self, read: &mut DecodedEntries) -> EntryTables {
        let mut held = EntryTables::new(self.cart);
        if !self.authorships.rows.is_empty() {
            held.authorships = self.authorships.rows.drain(..).collect();
        }
        let rows = &mut read.rows[..];
        let bought = |row: &PackedEntry| row.slot.body(&read.bodies).bought();
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
        for row in rows.iter() {
            held.writers.push(self.writers.rows[row.writer as usize]);
            held.lines.extend(self.lines.rows.get(row.line as usize).cloned());
            held.lines.extend(bought(row).iter().map(|bought| bought.line.clone()));
            held.prices.extend(self.prices.rows.get(row.price as usize).copied());
        }
        dedup(&mut held.writers);
        dedup(&mut held.lines);
        dedup(&mut held.prices);
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

    pub(super) fn cart(&mut self, input: &mut Reader<'_>) -> Result<CartId, BoxedError> {
        let here = input.offset();
        let at = usize::try_from(input.number()?).unwrap_or(usize::MAX);
        let Some(at) = at.checked_sub(1) else { return Ok(self.cart) };
        *self
            .carts
            .used
            .get_mut(at)
            .ok_or_else(|| error_at(here, Broken::Index { table: self.carts.name }))? = true;
        Ok(self.carts.rows[at])
    }

    pub(super) fn line(&mut self, input: &mut Reader<'_>) -> Result<LineKey, BoxedError> {
        let at = self.lines.index(input)?;
        Ok(self.lines.rows[at as usize].clone())
    }

    /// 0 is the empty set.
    pub(super) fn seen(&mut self, input: &mut Reader<'_>) -> Result<SharedDots, BoxedError> {
        let number = input.number()?;
        self.seen_at(input, number)
    }

    /// The same by a number that was read, or goes without saying.
    pub(super) fn seen_at(
        &mut self,
        input: &Reader<'_>,
        at: u64,
    ) -> Result<SharedDots, BoxedError> {
        let Some(at) = at.checked_sub(1) else { return Ok(SharedDots::default()) };
        let at = self.seen.row(input, at)?;
        Ok(self.seen.rows[at as usize].clone())
    }

    /// The number of the set that the first Set is thought to have seen.
    pub(super) fn first_seen(&self) -> u64 {
        u64::from(!self.seen.rows.is_empty())
    }

    pub(super) fn dots(&mut self, input: &mut Reader<'_>) -> Result<Dots, BoxedError> {
        dots::read(input, &self.writers.rows, &mut self.writers.used)
    }

    pub(super) fn groups(&mut self, input: &mut Reader<'_>) -> Result<WriterRunList, BoxedError> {
        dots::read_groups(input, &self.writers.rows, &mut self.writers.used)
    }

    pub(super) fn dot(&mut self, input: &mut Reader<'_>) -> Result<Dot, BoxedError> {
        let writer = self.writers.index(input)?;
        let here = input.offset();
        match input.number()? {
            0 => Err(error_at(here, Broken::Number)),
            seq if seq > limits::SEQ_MAX => Err(error_at(here, Broken::Number)),
            seq => Ok(Dot::new(self.writers.rows[writer as usize], seq)),
        }
    }
}

fn dedup<T: Ord>(table: &mut SmallTable<T>) {
    table.sort_unstable();
    table.dedup();
}

fn taken(input: &Reader<'_>, right: bool) -> Result<(), BoxedError> {
    if right { Ok(()) } else { Err(input.error(Broken::NotCanonical)) }
}

/// A count of rows of a table that is there, and so not empty.
fn some(input: &mut Reader<'_>, each: usize, what: &'static str) -> Result<usize, BoxedError> {
    let here = input.offset();
    match input.count(each, what, limits::MESSAGE_BYTES)? {
        0 => Err(error_at(here, Broken::NotCanonical)),
        count => Ok(count),
    }
}

/// A list that must be strictly ascending, so that equal facts have equal bytes.
pub(super) fn sorted<T: Ord>(input: &Reader<'_>, list: Vec<T>) -> Result<Vec<T>, BoxedError> {
    if ascends(&list) { Ok(list) } else { Err(input.error(Broken::NotCanonical)) }
}

fn read_price(input: &mut Reader<'_>) -> Result<Money, BoxedError> {
    let at = input.offset();
    let (digits, scale) = (input.number()?, input.byte()?);
    let code = core::str::from_utf8(input.take(3)?).map_err(|_| input.error(Broken::Utf8))?;
    Currency::new(code)
        .and_then(|currency| Money::from_parts(digits, scale, currency))
        .map_err(|error| error_at(at, error))
}
