//! What many entries share is written once, in sorted tables, and named by index.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::bytes::{Reader, Writer};
use super::error::{Broken, DecodeError};
use crate::cart::{After, Body, Delta, Purchase};
use crate::context::{Dot, Dots, Run};
use crate::id::{Bundle, CartId, LineKey, OptionKey, OptionValue, ReplicaId, Sku, Tag};
use crate::limits;

/// The tables of a message.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) writers: Vec<ReplicaId>,
    /// Carts other than the message's own: scopes, guests. Index 0 is the message's own.
    pub(super) carts: Vec<CartId>,
    pub(super) afters: Vec<After>,
    pub(super) lines: Vec<LineKey>,
}

impl Tables {
    /// The tables that `delta` needs: exactly what it uses, sorted.
    pub(super) fn of(delta: &Delta) -> Self {
        let mut writers = BTreeSet::new();
        let mut carts = BTreeSet::new();
        let mut afters: BTreeSet<After> = BTreeSet::new();
        let mut lines = BTreeSet::new();
        writers.extend(delta.live().keys().map(|dot| dot.replica));
        writers.extend(delta.dead().writers().map(|(writer, _)| writer));
        for entry in delta.live().values() {
            lines.extend(entry.lines());
            afters.insert(entry.after.clone());
            carts.insert(entry.scope);
            carts.extend(entry.after.iter().copied());
            Self::of_body(&entry.body, &mut writers, &mut carts);
        }
        carts.remove(&delta.cart());
        Self {
            writers: writers.into_iter().collect(),
            carts: core::iter::once(delta.cart()).chain(carts).collect(),
            afters: afters.into_iter().collect(),
            lines: lines.into_iter().cloned().collect(),
        }
    }

    fn of_body(body: &Body, writers: &mut BTreeSet<ReplicaId>, carts: &mut BTreeSet<CartId>) {
        match body {
            Body::Set(set) => {
                writers.extend(set.seen.writers().map(|(writer, _)| writer));
                writers.extend(set.covers.writers().map(|(writer, _)| writer));
                writers.extend(set.took.iter().map(|taken| taken.dot.replica));
                writers.extend(set.stays.named().map(|dot| dot.replica));
                carts.extend(set.stays.pins.iter().filter_map(|pin| pin.until));
                carts.extend(set.took.iter().map(|taken| taken.scope));
            }
            Body::Move { dots, .. } => writers.extend(dots.iter().map(|dot| dot.replica)),
            Body::Order(order) => {
                let Purchase { bought, seen, stays, .. } = &**order;
                writers.extend(seen.writers().map(|(writer, _)| writer));
                writers.extend(bought.iter().map(|bought| bought.taken.dot.replica));
                writers.extend(stays.named().map(|dot| dot.replica));
                carts.extend(stays.pins.iter().filter_map(|pin| pin.until));
                carts.extend(bought.iter().map(|bought| bought.taken.scope));
            }
            Body::Stay(stays) => {
                writers.extend(stays.named().map(|dot| dot.replica));
                carts.extend(stays.pins.iter().filter_map(|pin| pin.until));
            }
            Body::Merge { guest, account, .. } => carts.extend([*guest, *account]),
            Body::Unmerge { guest, .. } => {
                carts.insert(*guest);
            }
            Body::Add { .. }
            | Body::Register { .. }
            | Body::Coupon(_)
            | Body::Consent(_)
            | Body::Expired { .. }
            | Body::Unknown { .. } => {}
        }
    }

    pub(super) fn write(&self, out: &mut Writer) {
        out.count(self.writers.len());
        self.writers.iter().for_each(|writer| out.id(writer.as_u128()));
        out.count(self.carts.len() - 1);
        self.carts.iter().skip(1).for_each(|cart| out.id(cart.as_u128()));
        out.count(self.afters.len());
        for after in &self.afters {
            out.count(after.len());
            after.iter().for_each(|guest| self.write_cart(out, *guest));
        }
        out.count(self.lines.len());
        self.lines.iter().for_each(|line| write_line(out, line));
    }

    pub(super) fn read(input: &mut Reader<'_>, own: CartId) -> Result<Self, DecodeError> {
        let mut tables = Self { carts: Vec::from([own]), ..Self::default() };
        for _ in 0..input.count(16, "writers", limits::MESSAGE_BYTES)? {
            tables.writers.push(ReplicaId::from_u128(input.id()?));
        }
        for _ in 0..input.count(16, "carts", limits::MESSAGE_BYTES)? {
            tables.carts.push(CartId::from_u128(input.id()?));
        }
        for _ in 0..input.count(1, "sets of merges", limits::MESSAGE_BYTES)? {
            let guests = input.count(1, "merged guests", limits::MERGES)?;
            let after: Result<Vec<CartId>, _> = (0..guests).map(|_| tables.cart(input)).collect();
            tables.afters.push(sorted(input, after?)?.into());
        }
        for _ in 0..input.count(5, "lines", limits::MESSAGE_BYTES)? {
            tables.lines.push(read_line(input)?);
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

    pub(super) fn write_after(&self, out: &mut Writer, after: &After) {
        out.number(Self::index(&self.afters, after));
    }

    pub(super) fn after(&self, input: &mut Reader<'_>) -> Result<After, DecodeError> {
        Self::row(input, &self.afters, "sets of merges")
    }

    pub(super) fn write_line(&self, out: &mut Writer, line: Option<&LineKey>) {
        out.number(line.map_or(0, |line| Self::index(&self.lines, line) + 1));
    }

    pub(super) fn line(&self, input: &mut Reader<'_>) -> Result<Option<LineKey>, DecodeError> {
        let error = input.error(Broken::Index { table: "lines" });
        let at = input.number()?;
        if at == 0 {
            return Ok(None);
        }
        let at = usize::try_from(at - 1).unwrap_or(usize::MAX);
        self.lines.get(at).cloned().map(Some).ok_or(error)
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

    /// For each writer its runs: how far after the one before each begins, and how much longer
    /// than one it is.
    pub(super) fn write_dots(&self, out: &mut Writer, dots: &Dots) {
        out.count(dots.writers().count());
        for (writer, runs) in dots.writers() {
            self.write_writer(out, writer);
            out.count(runs.len());
            let mut end = 0;
            for run in runs {
                out.number(run.first - end);
                out.number(run.last - run.first);
                end = run.last;
            }
        }
    }

    pub(super) fn dots(&self, input: &mut Reader<'_>) -> Result<Dots, DecodeError> {
        let mut dots = Dots::default();
        let mut before = None;
        for _ in 0..input.count(4, "writers", limits::MESSAGE_BYTES)? {
            let writer = self.writer(input)?;
            if before.replace(writer) >= Some(writer) {
                return Err(input.error(Broken::NotCanonical));
            }
            let mut end: u64 = 0;
            for _ in 0..input.count(2, "runs", limits::MESSAGE_BYTES)? {
                let error = input.error(Broken::Number);
                let first = end.checked_add(input.number()?);
                let last = input.number()?.checked_add(first.unwrap_or(u64::MAX));
                let (Some(first), Some(last)) = (first, last) else { return Err(error) };
                dots.insert_run(writer, Run { first, last });
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
