//! The tables of bytes that are read, and which of their rows are named.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::bytes::Reader;
use super::dots;
use super::error::{Broken, Fault, fault};
use super::numbering::{AUTHORSHIPS, CARTS, LINES, PRICES, SEEN, SHARED_BYTES};
use crate::cart::{Authorship, Price, Table as HeldTable, Tables as Held};
use crate::context::{Dot, Dots};
use crate::id::{CartId, LineKey, Lines, ReplicaId};
use crate::limits;
use crate::money::{Currency, Money};

type Used = smallvec::SmallVec<[bool; 16]>;

/// A table that is read. What nobody names must not be in it.
pub(super) struct Table<T> {
    pub(super) rows: HeldTable<T>,
    used: Used,
    name: &'static str,
}

impl<T> Table<T> {
    fn new(name: &'static str) -> Self {
        Self { rows: HeldTable::new(), used: Used::new(), name }
    }

    /// Checks that it is sorted, without doubles.
    fn check(&mut self, input: &Reader<'_>) -> Result<(), Fault>
    where
        T: Ord,
    {
        if !self.rows.windows(2).all(|pair| pair[0] < pair[1]) {
            return Err(input.error(Broken::NotCanonical));
        }
        self.used.resize(self.rows.len(), false);
        Ok(())
    }

    /// An index that follows, of a row there is.
    pub(super) fn index(&mut self, input: &mut Reader<'_>) -> Result<u32, Fault> {
        let here = input.offset();
        let at = usize::try_from(input.number()?).unwrap_or(usize::MAX);
        *self.used.get_mut(at).ok_or_else(|| fault(here, Broken::Index { table: self.name }))? = true;
        Ok(at as u32)
    }

    /// The row of an index that was read.
    pub(super) fn row(&mut self, input: &Reader<'_>, at: u64) -> Result<u32, Fault> {
        let here = input.offset();
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        *self.used.get_mut(at).ok_or_else(|| fault(here, Broken::Index { table: self.name }))? = true;
        Ok(at as u32)
    }

    fn all_used(&self) -> bool {
        self.used.iter().all(|used| *used)
    }
}

/// The tables of a message.
pub(super) struct Tables {
    pub(super) cart: CartId,
    pub(super) writers: Table<ReplicaId>,
    /// Other carts than the message's own, which is index 0.
    carts: Table<CartId>,
    pub(super) authorships: Table<Authorship>,
    pub(super) lines: Table<LineKey>,
    pub(super) prices: Table<Price>,
    seen: Table<Arc<Dots>>,
    nothing_seen: Option<Arc<Dots>>,
}

impl Tables {
    pub(super) fn empty(cart: CartId) -> Self {
        Self {
            cart,
            writers: Table::new("writers"),
            carts: Table::new("carts"),
            authorships: Table::new("authorships"),
            lines: Table::new("lines"),
            prices: Table::new("prices"),
            seen: Table::new("sets of dots seen"),
            nothing_seen: None,
        }
    }

    /// Those that `head` says there are.
    pub(super) fn read(
        input: &mut Reader<'_>,
        cart: CartId,
        head: u8,
    ) -> Result<Self, Fault> {
        let mut tables = Self::empty(cart);
        let has = |flag| head & flag != 0;
        tables.read_writers(input)?;
        if has(CARTS) {
            for _ in 0..some(input, 16, "carts")? {
                tables.carts.rows.push(CartId::from_u128(input.id()?));
            }
            tables.carts.check(input)?;
            if tables.carts.rows.binary_search(&cart).is_ok() {
                return Err(input.error(Broken::NotCanonical));
            }
        }
        if has(AUTHORSHIPS) {
            for _ in 0..some(input, 2, "authorships")? {
                let scope = tables.cart(input)?;
                let guests = input.count(1, "merged guests", limits::MERGES)?;
                let after: Result<Vec<_>, _> = (0..guests).map(|_| tables.cart(input)).collect();
                let after = sorted(input, after?)?;
                if scope == cart && after.is_empty() {
                    return Err(input.error(Broken::NotCanonical));
                }
                tables.authorships.rows.push(Authorship { scope, after: after.into() });
            }
            tables.authorships.check(input)?;
        }
        if has(LINES) {
            tables.read_lines(input)?;
        }
        if has(PRICES) {
            for _ in 0..some(input, 5, "prices")? {
                tables.prices.rows.push(Price(read_price(input)?));
            }
            tables.prices.check(input)?;
        }
        if has(SEEN) {
            for _ in 0..some(input, 4, "sets of dots seen")? {
                let seen = tables.dots(input)?;
                if seen.is_empty() {
                    return Err(input.error(Broken::NotCanonical));
                }
                tables.seen.rows.push(seen.into());
            }
            tables.seen.check(input)?;
        }
        Ok(tables)
    }

    pub(super) fn read_writers(&mut self, input: &mut Reader<'_>) -> Result<(), Fault> {
        let count = input.count(16, "writers", limits::MESSAGE_BYTES)?;
        self.writers.rows.reserve_exact(count);
        for _ in 0..count {
            self.writers.rows.push(ReplicaId::from_u128(input.id()?));
        }
        self.writers.check(input)
    }

    fn read_lines(&mut self, input: &mut Reader<'_>) -> Result<(), Fault> {
        let count = some(input, 2, "lines")?;
        let mut lines = Lines::with_room(count);
        for _ in 0..count {
            let here = input.offset();
            let same = usize::try_from(input.number()?).unwrap_or(usize::MAX);
            let rest = input.text()?;
            // As much is shared as may be: the next character is another, or too much.
            let next = lines.last().get(same..);
            let next = next.ok_or_else(|| fault(here, Broken::NotCanonical))?;
            let more = match (next.chars().next(), rest.chars().next()) {
                (Some(a), Some(b)) if a == b => same + a.len_utf8(),
                _ => usize::MAX,
            };
            if same > SHARED_BYTES || more <= SHARED_BYTES {
                return Err(fault(here, Broken::NotCanonical));
            }
            lines.push(same, rest).map_err(|error| fault(here, error))?;
        }
        self.lines.rows = lines.keys().collect();
        self.lines.check(input)
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
    pub(super) fn held(self) -> Held {
        Held {
            home: self.cart,
            writers: self.writers.rows,
            lines: self.lines.rows,
            prices: self.prices.rows,
            authorships: self.authorships.rows,
        }
    }

    pub(super) fn cart(&mut self, input: &mut Reader<'_>) -> Result<CartId, Fault> {
        let here = input.offset();
        let at = usize::try_from(input.number()?).unwrap_or(usize::MAX);
        let Some(at) = at.checked_sub(1) else { return Ok(self.cart) };
        *self.carts.used.get_mut(at).ok_or_else(|| fault(here, Broken::Index { table: self.carts.name }))? = true;
        Ok(self.carts.rows[at])
    }

    pub(super) fn line(&mut self, input: &mut Reader<'_>) -> Result<LineKey, Fault> {
        let at = self.lines.index(input)?;
        Ok(self.lines.rows[at as usize].clone())
    }

    /// 0 is the empty set.
    pub(super) fn seen(&mut self, input: &mut Reader<'_>) -> Result<Arc<Dots>, Fault> {
        let here = input.offset();
        let at = usize::try_from(input.number()?).unwrap_or(usize::MAX);
        let Some(at) = at.checked_sub(1) else { return Ok(self.nothing_seen()) };
        *self.seen.used.get_mut(at).ok_or_else(|| fault(here, Broken::Index { table: self.seen.name }))? = true;
        Ok(self.seen.rows[at].clone())
    }

    pub(super) fn nothing_seen(&mut self) -> Arc<Dots> {
        self.nothing_seen.get_or_insert_default().clone()
    }

    pub(super) fn dots(&mut self, input: &mut Reader<'_>) -> Result<Dots, Fault> {
        dots::read(input, &self.writers.rows, &mut self.writers.used)
    }

    pub(super) fn dot(&mut self, input: &mut Reader<'_>) -> Result<Dot, Fault> {
        let writer = self.writers.index(input)?;
        let here = input.offset();
        match input.number()? {
            0 => Err(fault(here, Broken::Number)),
            seq => Ok(Dot::new(self.writers.rows[writer as usize], seq)),
        }
    }
}

/// A count of rows of a table that is there, and so not empty.
fn some(
    input: &mut Reader<'_>,
    each: usize,
    what: &'static str,
) -> Result<usize, Fault> {
    let here = input.offset();
    match input.count(each, what, limits::MESSAGE_BYTES)? {
        0 => Err(fault(here, Broken::NotCanonical)),
        count => Ok(count),
    }
}

/// A list that must be strictly ascending, so that equal facts have equal bytes.
pub(super) fn sorted<T: Ord>(input: &Reader<'_>, list: Vec<T>) -> Result<Vec<T>, Fault> {
    if list.windows(2).all(|pair| pair[0] < pair[1]) {
        Ok(list)
    } else {
        Err(input.error(Broken::NotCanonical))
    }
}

fn read_price(input: &mut Reader<'_>) -> Result<Money, Fault> {
    let at = input.offset();
    let (digits, scale) = (input.number()?, input.byte()?);
    let code = core::str::from_utf8(input.take(3)?).map_err(|_| input.error(Broken::Utf8))?;
    Currency::new(code)
        .and_then(|currency| Money::from_parts(digits, scale, currency))
        .map_err(|error| fault(at, error))
}
