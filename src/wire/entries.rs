//! Entries as bytes.

use smallvec::SmallVec;

use super::bodies::{read_body, write_body};
use super::bytes::{ByteReader, ByteWriter, SmallBuffer};
use super::decode_tables::DecodeTables;
use super::encode_tables::EncodeTables;
use super::error::{BoxedError, Broken, error_at};
use crate::cart::kind_numbers::{ADD, MOVE, REGISTER, SET};
use crate::cart::{Body, BodySlot, DecodedEntries, NONE, PackedEntry};
use crate::clock::Time;
use crate::dots::Dot;
use crate::limits;

/// In the first byte of an entry: it is no short Add;
const LONG: u8 = 0b1000_0000;
/// its kind, or that the kind's number follows;
const KIND: u8 = 0b0000_1111;
/// that a byte with more follows.
const MORE: u8 = 0b0001_0000;
/// Where the step of a long entry is, and the largest that fits; 0 is that it follows.
const STEP_AT: u8 = 5;
const STEP_MAX: u64 = 3;
/// A short Add has its quantity, less one, in three bits, and its step in four.
const SHORT_UNITS: u32 = 8;
const SHORT_STEP_AT: u8 = 3;
const SHORT_STEP_MAX: u64 = 15;

/// In the byte with more: that it was written elsewhere, or after merges;
const AUTHORSHIP: u8 = 0b0001;
/// that it is about one side of a split line;
const SIDED: u8 = 0b0010;
/// that its price is another than one would think;
const PRICE: u8 = 0b0100;
/// that it has a line though its kind has none, or has none though its kind has one.
const LINE: u8 = 0b1000;

/// What the entries before lead one to think of the next.
#[derive(Clone)]
pub(super) struct EntryPredictor {
    ms: u64,
    /// Of the last contribution.
    price: u32,
    /// Of the last contribution of each line.
    price_on: SmallVec<[Option<u32>; 8]>,
    /// The number of the set of dots that the last Set had seen.
    pub(super) seen: u64,
}

impl EntryPredictor {
    pub(super) fn new(lines: usize, prices: usize) -> Self {
        // Without prices there is nothing to remember.
        let lines = if prices == 0 { 0 } else { lines };
        Self { ms: 0, price: NONE, price_on: SmallVec::from_elem(None, lines), seen: 0 }
    }

    /// A line is put into its table, at that place.
    pub(super) fn insert_line(&mut self, at: usize) {
        self.price_on.insert(at, None);
    }

    /// The same with a price.
    pub(super) fn insert_price(&mut self, at: u32) {
        let prices = self.price_on.iter_mut().flatten().chain([&mut self.price]);
        for price in prices.filter(|price| **price >= at && **price != NONE) {
            *price += 1;
        }
    }

    fn price(&self, line: u32) -> u32 {
        self.price_on.get(line as usize).copied().flatten().unwrap_or(self.price)
    }

    fn note_price(&mut self, line: u32, price: u32) {
        self.price = price;
        if let Some(on_line) = self.price_on.get_mut(line as usize) {
            *on_line = Some(price);
        }
    }
}

/// Milliseconds after the entry before, so that neighbours in time are short: one number, or two.
#[inline]
fn time_step(time: Time, previous_ms: &mut u64) -> (u64, Option<u64>) {
    let step = time.ms().wrapping_sub(*previous_ms) as i64;
    *previous_ms = time.ms();
    // Times have 48 bits, so there is room for two more.
    if step >= 0 && time.counter() == 0 {
        return ((step as u64) << 1, None);
    }
    let zigzag = ((step << 1) ^ (step >> 63)) as u64;
    (zigzag << 1 | 1, Some(u64::from(time.counter())))
}

pub(super) fn write_time(out: &mut ByteWriter, time: Time, previous_ms: &mut u64) {
    let (step, counter) = time_step(time, previous_ms);
    out.number(step);
    counter.into_iter().for_each(|counter| out.number(counter));
}

pub(super) fn read_time(
    input: &mut ByteReader<'_>,
    previous_ms: &mut u64,
) -> Result<Time, BoxedError> {
    let here = input.offset();
    let tagged = input.number()?;
    if tagged & 1 == 0 {
        let ms = previous_ms.checked_add(tagged >> 1).filter(|ms| *ms <= Time::MS_MAX);
        *previous_ms = ms.ok_or_else(|| error_at(here, Broken::Number))?;
        return Ok(Time::from_ms(*previous_ms));
    }
    let rest = tagged >> 1;
    let step = (rest >> 1) as i64 ^ -((rest & 1) as i64);
    let counter = input.number()?;
    if step >= 0 && counter == 0 {
        return Err(error_at(here, Broken::NotCanonical));
    }
    let ms = previous_ms.checked_add_signed(step).filter(|ms| *ms <= Time::MS_MAX);
    let (Some(ms), Ok(counter)) = (ms, u16::try_from(counter)) else {
        return Err(error_at(here, Broken::Number));
    };
    *previous_ms = ms;
    Ok(Time::from_bits(Time::from_ms(ms).bits() | u64::from(counter)))
}

/// An entry: how far its number is after the one before, and all else.
#[inline]
pub(super) fn write_entry(
    out: &mut ByteWriter,
    tables: &EncodeTables<'_>,
    row: &PackedEntry,
    step: u64,
    predictor: &mut EntryPredictor,
) {
    let line = tables.line_of(row);
    let price = sabotage!("price-is-lost-in-bytes", tables.price_of(row), NONE);
    if let (Some(units @ ..=SHORT_UNITS), Some(line), NONE) =
        (row.slot.units(), line, row.authorship)
        && sabotage!("own-price-is-written-short", price == predictor.price(line), true)
    {
        let short = if step <= SHORT_STEP_MAX { step as u8 } else { 0 };
        let mut buffer = SmallBuffer::new(short << SHORT_STEP_AT | (units - 1) as u8);
        if short == 0 {
            buffer.number(step);
        }
        let (time, counter) = time_step(row.time, &mut predictor.ms);
        buffer.number(time);
        counter.into_iter().for_each(|counter| buffer.number(counter));
        buffer.number(u64::from(line));
        out.buffer(&buffer);
        predictor.note_price(line, price);
        return;
    }
    write_long(out, tables, row, (step, line, price), predictor);
}

fn write_long(
    out: &mut ByteWriter,
    tables: &EncodeTables<'_>,
    row: &PackedEntry,
    (step, line, price): (u64, Option<u32>, u32),
    predictor: &mut EntryPredictor,
) {
    let body = tables.body_of(row);
    let (kind, sided) = (body.kind_number(), is_sided(body));
    let authorship = tables.authorship_of(row);
    let mut more = 0;
    let mut flag = |is: bool, flag| more |= if is { flag } else { 0 };
    flag(authorship.is_some(), AUTHORSHIP);
    flag(sided, SIDED);
    flag(line.is_some() != has_line(kind), LINE);
    let mut other_price = None;
    if let (true, Some(line)) = (body.is_contribution(), line) {
        let other = price != predictor.price(line);
        flag(other, PRICE);
        other_price = other.then_some(price);
        predictor.note_price(line, price);
    }
    let short = if step <= STEP_MAX { step as u8 } else { 0 };
    let has_more = if more > 0 { MORE } else { 0 };
    out.raw(&[LONG | short << STEP_AT | has_more | (kind as u8).min(KIND)]);
    if kind >= u32::from(KIND) {
        out.number(u64::from(kind));
    }
    if more > 0 {
        out.raw(&[more]);
    }
    if short == 0 {
        out.number(step);
    }
    write_time(out, row.time, &mut predictor.ms);
    if let Some(authorship) = authorship {
        out.number(u64::from(authorship));
    }
    if let Some(line) = line {
        out.number(u64::from(line));
    }
    if let Some(price) = other_price {
        // 0 is none.
        out.number(u64::from(price.wrapping_add(1)));
    }
    write_body(out, tables, row, &mut predictor.seen);
}

/// Whether entries of a kind have a line of their own.
const fn has_line(kind: u32) -> bool {
    matches!(kind, ADD | SET | MOVE | REGISTER)
}

/// Whether it is about one side of a split line.
fn is_sided(body: &Body) -> bool {
    match body {
        Body::Add { sided, .. } | Body::Register { sided, .. } => *sided,
        Body::Set(set) => set.sided,
        _ => false,
    }
}

/// An entry by `writer`, after its entry of number `last` (0 before its first); says its number.
#[inline]
pub(super) fn read_entry(
    input: &mut ByteReader<'_>,
    tables: &mut DecodeTables,
    (writer, last): (u32, u64),
    predictor: &mut EntryPredictor,
    rows: &mut DecodedEntries,
) -> Result<u64, BoxedError> {
    let here = input.offset();
    let head = input.byte()?;
    if head & LONG == 0 {
        let short = u64::from(head >> SHORT_STEP_AT);
        let seq = read_step(input, short, SHORT_STEP_MAX, last)?;
        let time = read_time(input, &mut predictor.ms)?;
        let line = tables.lines.index(input)?;
        let price = predictor.price(line);
        predictor.note_price(line, price);
        let slot = BodySlot::add(head % SHORT_UNITS as u8);
        let authorship = NONE;
        rows.rows.push(PackedEntry {
            time,
            seq: seq as u32,
            writer,
            line,
            price,
            authorship,
            slot,
        });
        return Ok(seq);
    }
    read_long(input, tables, (writer, last), predictor, (here, head), rows)
}

fn read_long(
    input: &mut ByteReader<'_>,
    tables: &mut DecodeTables,
    (writer, last): (u32, u64),
    predictor: &mut EntryPredictor,
    (here, head): (usize, u8),
    rows: &mut DecodedEntries,
) -> Result<u64, BoxedError> {
    let kind = match head & KIND {
        KIND => input.small()?,
        kind => u32::from(kind),
    };
    let more = if head & MORE != 0 { input.byte()? } else { 0 };
    let has = |flag| more & flag != 0;
    if (head & MORE != 0 && more == 0)
        || more > AUTHORSHIP | SIDED | PRICE | LINE
        || (head & KIND == KIND && kind < u32::from(KIND))
    {
        return Err(error_at(here, Broken::NotCanonical));
    }
    let seq = read_step(input, u64::from(head >> STEP_AT & STEP_MAX as u8), STEP_MAX, last)?;
    let time = read_time(input, &mut predictor.ms)?;
    let authorship = if has(AUTHORSHIP) { tables.authorships.index(input)? } else { NONE };
    let line = if has_line(kind) != has(LINE) { tables.lines.index(input)? } else { NONE };
    let contributes = matches!(kind, ADD | SET);
    if contributes && line == NONE {
        return Err(input.error(Broken::Variant { what: "entry without a line" }));
    }
    let mut price = NONE;
    if contributes {
        price = predictor.price(line);
        if has(PRICE) {
            let other = match input.number()? {
                0 => NONE,
                above => tables.prices.row(input, above - 1)?,
            };
            if other == price {
                return Err(error_at(here, Broken::NotCanonical));
            }
            price = other;
        }
        predictor.note_price(line, price);
    }
    if has(PRICE) && !contributes || has(SIDED) && !matches!(kind, ADD | SET | REGISTER) {
        return Err(error_at(here, Broken::NotCanonical));
    }
    let dot = Dot::new(tables.writers.rows[writer as usize], seq);
    let body = read_body(input, tables, dot, (kind, has(SIDED)), (here, &mut predictor.seen))?;
    if let Body::Add { quantity, .. } = &body
        && more == 0
        && quantity.get() <= SHORT_UNITS
    {
        return Err(error_at(here, Broken::NotCanonical));
    }
    let slot = rows.intern(body);
    rows.rows.push(PackedEntry { time, seq: seq as u32, writer, line, price, authorship, slot });
    Ok(seq)
}

/// The number of an entry from how far it is after the one before: `short`, or if that is 0, what
/// follows, which is above `most`.
fn read_step(
    input: &mut ByteReader<'_>,
    short: u64,
    most: u64,
    last: u64,
) -> Result<u64, BoxedError> {
    let here = input.offset();
    let step = match short {
        0 => input.number()?,
        short => short,
    };
    if short == 0 && step <= most {
        return Err(error_at(here, Broken::NotCanonical));
    }
    let seq = last.checked_add(step).filter(|seq| step > 0 && *seq <= limits::SEQ_MAX);
    seq.ok_or_else(|| error_at(here, Broken::Number))
}
