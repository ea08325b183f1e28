//! What many entries share is written once, in sorted tables, and named by index.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::bytes::{Reader, Writer};
use super::error::{Broken, DecodeError};
use crate::cart::{After, Body, Entries, Entry, Stays};
use crate::context::{Dot, Dots, Run};
use crate::id::{Bundle, CartId, LineKey, OptionKey, OptionValue, ReplicaId, Sku, Tag};
use crate::limits;
use crate::money::{Currency, Money};

/// Steps from here on are written in full.
const WIDE_STEP: u64 = 1 << 62;

/// Where an entry was written, and which merges its author had seen.
pub(super) type Authorship = (CartId, After);

/// The tables of a message.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) writers: Vec<ReplicaId>,
    /// Carts other than the message's own: scopes, guests. Index 0 is the message's own.
    pub(super) carts: Vec<CartId>,
    /// Index 0 is the message's own cart, and no merges.
    pub(super) authorships: Vec<Authorship>,
    pub(super) lines: Vec<LineKey>,
    pub(super) prices: Vec<Money>,
    /// What authors had seen. Index 0 is the empty set.
    pub(super) seen: Vec<Arc<Dots>>,
    /// Where in memory a set seen is, sorted, with its index: many entries share few sets, and to
    /// compare them each time would cost the product of their lengths.
    seen_at: Vec<(usize, u64)>,
}

/// A price as what it is sorted by.
fn price_key(price: &Money) -> (u64, u8, [u8; 3]) {
    let (digits, scale) = price.parts();
    (digits, scale, *price.currency().as_bytes())
}

fn put<T: PartialEq>(list: &mut Vec<T>, value: T) {
    // Neighbours are mostly alike; the rest is for the sort.
    if list.last() != Some(&value) {
        list.push(value);
    }
}

fn address(seen: &Arc<Dots>) -> usize {
    Arc::as_ptr(seen).addr()
}

fn put_writers(writers: &mut Vec<ReplicaId>, dots: &Dots) {
    dots.runs().for_each(|(writer, _)| put(writers, writer));
}

impl Tables {
    /// Of writers alone.
    pub(super) fn of_writers(writers: Vec<ReplicaId>) -> Self {
        Self { writers, ..Self::default() }
    }

    /// The tables that a message needs: exactly what it uses, sorted.
    /// `lines` are those of the live entries.
    pub(super) fn of(cart: CartId, dots: &Dots, live: &Entries, lines: Vec<LineKey>) -> Self {
        let mut all = Self { lines, ..Self::default() };
        put_writers(&mut all.writers, dots);
        for entry in live.values() {
            if entry.scope != cart || !entry.after.is_empty() {
                put(&mut all.authorships, (entry.scope, entry.after.clone()));
                put(&mut all.carts, entry.scope);
                entry.after.iter().for_each(|guest| put(&mut all.carts, *guest));
            }
            all.of_body(&entry.body);
        }
        all.sort_seen();
        all.writers.sort_unstable();
        all.writers.dedup();
        all.carts.sort_unstable();
        all.carts.dedup();
        all.carts.retain(|other| *other != cart);
        all.carts.insert(0, cart);
        all.authorships.sort_unstable();
        all.authorships.dedup();
        all.authorships.insert(0, (cart, After::default()));
        all.prices.sort_unstable_by_key(price_key);
        all.prices.dedup();
        all
    }

    fn of_body(&mut self, body: &Body) {
        match body {
            Body::Add { price, .. } => {
                if let Some(price) = price {
                    put(&mut self.prices, *price);
                }
            }
            Body::Set(set) => {
                if let Some(price) = set.price {
                    put(&mut self.prices, price);
                }
                put_writers(&mut self.writers, &set.covers);
                self.seen.push(set.seen.clone());
                for taken in &set.took {
                    put(&mut self.writers, taken.dot.replica);
                    put(&mut self.carts, taken.scope);
                }
                self.of_stays(&set.stays);
            }
            Body::Move { dots, .. } => {
                dots.iter().for_each(|dot| put(&mut self.writers, dot.replica));
            }
            Body::Order(order) => {
                self.seen.push(order.seen.clone());
                for bought in &order.bought {
                    put(&mut self.writers, bought.taken.dot.replica);
                    put(&mut self.carts, bought.taken.scope);
                }
                self.of_stays(&order.stays);
            }
            Body::Stay(stays) => self.of_stays(stays),
            Body::Merge { guest, account, .. } => {
                put(&mut self.carts, *guest);
                put(&mut self.carts, *account);
            }
            Body::Unmerge { guest, .. } => put(&mut self.carts, *guest),
            Body::Register { .. }
            | Body::Coupon(_)
            | Body::Consent(_)
            | Body::Expired { .. }
            | Body::Unknown { .. } => {}
        }
    }

    fn sort_seen(&mut self) {
        if self.seen.is_empty() {
            self.seen.push(Arc::default());
            return;
        }
        self.seen.sort_unstable_by_key(address);
        self.seen.dedup_by_key(|seen| address(seen));
        let each = self.seen.clone();
        each.iter().for_each(|seen| put_writers(&mut self.writers, seen));
        self.seen.push(Arc::default());
        self.seen.sort_unstable();
        self.seen.dedup();
        let index = |seen: &Arc<Dots>| Self::index(&self.seen, seen);
        self.seen_at = each.iter().map(|seen| (address(seen), index(seen))).collect();
    }

    fn of_stays(&mut self, stays: &Stays) {
        stays.named().for_each(|dot| put(&mut self.writers, dot.replica));
        let until = stays.pins.iter().filter_map(|pin| pin.until);
        until.for_each(|guest| put(&mut self.carts, guest));
    }

    pub(super) fn write(&self, out: &mut Writer) {
        out.count(self.writers.len());
        self.writers.iter().for_each(|writer| out.id(writer.as_u128()));
        out.count(self.carts.len() - 1);
        self.carts.iter().skip(1).for_each(|cart| out.id(cart.as_u128()));
        out.count(self.authorships.len() - 1);
        for (scope, after) in self.authorships.iter().skip(1) {
            self.write_cart(out, *scope);
            out.count(after.len());
            after.iter().for_each(|guest| self.write_cart(out, *guest));
        }
        out.count(self.lines.len());
        self.lines.iter().for_each(|line| write_line(out, line));
        out.count(self.prices.len());
        for price in &self.prices {
            let (digits, scale, currency) = price_key(price);
            out.number(digits);
            out.raw(&[scale]);
            out.raw(&currency);
        }
        out.count(self.seen.len() - 1);
        self.seen.iter().skip(1).for_each(|seen| self.write_dots(out, seen));
    }

    pub(super) fn read(input: &mut Reader<'_>, own: CartId) -> Result<Self, DecodeError> {
        let mut tables = Self {
            carts: Vec::from([own]),
            authorships: Vec::from([(own, After::default())]),
            seen: Vec::from([Arc::default()]),
            ..Self::default()
        };
        for _ in 0..input.count(16, "writers", limits::MESSAGE_BYTES)? {
            tables.writers.push(ReplicaId::from_u128(input.id()?));
        }
        for _ in 0..input.count(16, "carts", limits::MESSAGE_BYTES)? {
            tables.carts.push(CartId::from_u128(input.id()?));
        }
        for _ in 0..input.count(2, "authorships", limits::MESSAGE_BYTES)? {
            let scope = tables.cart(input)?;
            let guests = input.count(1, "merged guests", limits::MERGES)?;
            let after: Result<Vec<CartId>, _> = (0..guests).map(|_| tables.cart(input)).collect();
            tables.authorships.push((scope, sorted(input, after?)?.into()));
        }
        for _ in 0..input.count(5, "lines", limits::MESSAGE_BYTES)? {
            tables.lines.push(read_line(input)?);
        }
        for _ in 0..input.count(5, "prices", limits::MESSAGE_BYTES)? {
            tables.prices.push(read_price(input)?);
        }
        for _ in 0..input.count(4, "sets of dots seen", limits::MESSAGE_BYTES)? {
            let seen = tables.dots(input)?;
            tables.seen.push(seen.into());
        }
        Ok(tables)
    }

    fn index<T: Ord>(table: &[T], value: &T) -> u64 {
        // The tables hold all that the message uses: `of` walked the same values.
        table.binary_search(value).map_or(u64::MAX, |at| at as u64)
    }

    fn row<T: Clone>(
        input: &mut Reader<'_>,
        table: &[T],
        name: &'static str,
    ) -> Result<T, DecodeError> {
        let error = input.error(Broken::Index { table: name });
        let at = usize::try_from(input.number()?).unwrap_or(usize::MAX);
        table.get(at).cloned().ok_or(error)
    }

    pub(super) fn write_cart(&self, out: &mut Writer, cart: CartId) {
        let others = &self.carts[1..];
        out.number(if cart == self.carts[0] { 0 } else { Self::index(others, &cart) + 1 });
    }

    pub(super) fn cart(&self, input: &mut Reader<'_>) -> Result<CartId, DecodeError> {
        Self::row(input, &self.carts, "carts")
    }

    /// The index of an authorship.
    pub(super) fn authorship_of(&self, entry: &Entry) -> u64 {
        if entry.scope == self.carts[0] && entry.after.is_empty() {
            return 0;
        }
        let others = &self.authorships[1..];
        let key = (entry.scope, &entry.after);
        others
            .binary_search_by(|(scope, after)| (*scope, after).cmp(&key))
            .map_or(0, |at| at as u64 + 1)
    }

    pub(super) fn authorship(&self, input: &mut Reader<'_>) -> Result<Authorship, DecodeError> {
        Self::row(input, &self.authorships, "authorships")
    }

    pub(super) fn write_price(&self, out: &mut Writer, price: &Money) {
        let at = self.prices.binary_search_by_key(&price_key(price), price_key);
        out.number(at.map_or(u64::MAX, |at| at as u64));
    }

    pub(super) fn price(&self, input: &mut Reader<'_>) -> Result<Money, DecodeError> {
        Self::row(input, &self.prices, "prices")
    }

    pub(super) fn write_seen(&self, out: &mut Writer, seen: &Arc<Dots>) {
        let at = self.seen_at.binary_search_by_key(&address(seen), |(at, _)| *at);
        out.number(at.map_or(u64::MAX, |at| self.seen_at[at].1));
    }

    pub(super) fn seen(&self, input: &mut Reader<'_>) -> Result<Arc<Dots>, DecodeError> {
        Self::row(input, &self.seen, "sets of dots seen")
    }

    pub(super) fn write_line(&self, out: &mut Writer, line: &LineKey) {
        out.number(Self::index(&self.lines, line));
    }

    pub(super) fn line(&self, input: &mut Reader<'_>) -> Result<LineKey, DecodeError> {
        Self::row(input, &self.lines, "lines")
    }

    pub(super) fn write_writer(&self, out: &mut Writer, writer: ReplicaId) {
        out.number(Self::index(&self.writers, &writer));
    }

    pub(super) fn write_dot(&self, out: &mut Writer, dot: Dot) {
        self.write_writer(out, dot.replica);
        out.number(dot.seq);
    }

    pub(super) fn writer(&self, input: &mut Reader<'_>) -> Result<ReplicaId, DecodeError> {
        Self::row(input, &self.writers, "writers")
    }

    pub(super) fn dot(&self, input: &mut Reader<'_>) -> Result<Dot, DecodeError> {
        let writer = self.writer(input)?;
        let error = input.error(Broken::Number);
        match input.number()? {
            0 => Err(error),
            seq => Ok(Dot::new(writer, seq)),
        }
    }

    /// For each writer its runs: how far after the one before each begins, with one bit that says
    /// whether it is longer than one, and how much longer.
    pub(super) fn write_dots(&self, out: &mut Writer, dots: &Dots) {
        out.count(dots.writers().count());
        let mut runs = dots.runs().peekable();
        for (writer, of_writer) in dots.writers() {
            self.write_writer(out, writer);
            out.count(of_writer.len());
            let mut end = 0;
            while let Some((_, run)) = runs.next_if(|(of, _)| *of == writer) {
                let (step, longer) = (run.first - end, run.last - run.first);
                // There is no room for the bit in steps that no honest writer gets to.
                let wide = step >= WIDE_STEP;
                if wide {
                    out.number(0);
                    out.number(step);
                    out.number(longer);
                } else {
                    out.number(step << 1 | u64::from(longer > 0));
                    if longer > 0 {
                        out.number(longer);
                    }
                }
                end = run.last;
            }
        }
    }

    pub(super) fn dots(&self, input: &mut Reader<'_>) -> Result<Dots, DecodeError> {
        let mut dots = Dots::default();
        let mut before = None;
        for _ in 0..input.count(3, "writers", limits::MESSAGE_BYTES)? {
            let writer = self.writer(input)?;
            if before.replace(writer) >= Some(writer) {
                return Err(input.error(Broken::NotCanonical));
            }
            let mut end: u64 = 0;
            let count = input.count(1, "runs", limits::MESSAGE_BYTES)?;
            dots.reserve(count);
            for _ in 0..count {
                let error = input.error(Broken::Number);
                let (step, longer) = match input.number()? {
                    0 => (input.number()?, input.number()?),
                    tagged if tagged & 1 == 1 => (tagged >> 1, input.number()?),
                    tagged => (tagged >> 1, 0),
                };
                let first = end.checked_add(step);
                let last = longer.checked_add(first.unwrap_or(u64::MAX));
                let (Some(first), Some(last)) = (first, last) else { return Err(error) };
                dots.push_run(writer, Run { first, last });
                end = last;
            }
        }
        Ok(dots)
    }

    /// A sorted list of dots.
    pub(super) fn write_list(&self, out: &mut Writer, dots: &[Dot]) {
        out.count(dots.len());
        dots.iter().for_each(|dot| self.write_dot(out, *dot));
    }

    pub(super) fn list(&self, input: &mut Reader<'_>) -> Result<Vec<Dot>, DecodeError> {
        let count = input.count(2, "dots", limits::MESSAGE_BYTES)?;
        let dots: Result<Vec<Dot>, _> = (0..count).map(|_| self.dot(input)).collect();
        sorted(input, dots?)
    }
}

/// A list that must be strictly ascending, so that equal facts have equal bytes.
pub(super) fn sorted<T: Ord>(input: &Reader<'_>, list: Vec<T>) -> Result<Vec<T>, DecodeError> {
    if list.windows(2).all(|pair| pair[0] < pair[1]) {
        Ok(list)
    } else {
        Err(input.error(Broken::NotCanonical))
    }
}

fn read_price(input: &mut Reader<'_>) -> Result<Money, DecodeError> {
    let at = input.offset();
    let (digits, scale) = (input.number()?, input.byte()?);
    let code = core::str::from_utf8(input.take(3)?).map_err(|_| input.error(Broken::Utf8))?;
    Currency::new(code)
        .and_then(|currency| Money::from_parts(digits, scale, currency))
        .map_err(|error| DecodeError { offset: at, broken: error.into() })
}

fn write_line(out: &mut Writer, line: &LineKey) {
    out.blob(line.product().as_str().as_bytes());
    out.count(line.options().len());
    for (key, value) in line.options() {
        out.blob(key.as_str().as_bytes());
        out.blob(value.as_str().as_bytes());
    }
    out.maybe(line.bundle(), |out, bundle| out.blob(bundle.as_str().as_bytes()));
    out.maybe(line.tag(), |out, tag| out.blob(tag.as_str().as_bytes()));
}

fn read_line(input: &mut Reader<'_>) -> Result<LineKey, DecodeError> {
    let sku = input.parsed(Sku::new)?;
    let count = input.count(4, "options", limits::OPTIONS)?;
    let mut options = Vec::with_capacity(count);
    for _ in 0..count {
        options.push((input.parsed(OptionKey::new)?, input.parsed(OptionValue::new)?));
    }
    let bundle = input.maybe(|input| input.parsed(Bundle::new))?;
    let tag = input.maybe(|input| input.parsed(Tag::new))?;
    LineKey::new(sku, options, bundle, tag).map_err(|error| input.error(error))
}
