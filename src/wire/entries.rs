//! The encoding of entries.

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

/// Mask of the bit, in the first byte of an entry, that is 0 for a short Add.
const LONG: u8 = 0b1000_0000;
/// Mask of the kind in the first byte of a long entry. This value says that the kind follows.
const KIND: u8 = 0b0000_1111;
/// Mask of the bit, in the first byte of a long entry, that says that a byte of flags follows.
const MORE: u8 = 0b0001_0000;
/// Position of the step in the first byte of a long entry.
const STEP_AT: u8 = 5;
/// The largest step in the first byte of a long entry. 0 there says that the step follows.
const STEP_MAX: u64 = 3;
/// The largest quantity of a short Add. The lowest three bits of its first byte hold it, less one.
const SHORT_UNITS: u32 = 8;
/// Position of the step in the first byte of a short Add.
const SHORT_STEP_AT: u8 = 3;
/// The largest step in the first byte of a short Add. 0 there says that the step follows.
const SHORT_STEP_MAX: u64 = 15;

/// Flag of a long entry: it has an authorship other than the default.
const AUTHORSHIP: u8 = 0b0001;
/// Flag of a long entry: it is about one side of a split line.
const SIDED: u8 = 0b0010;
/// Flag of a long entry: its price differs from the predicted price.
const PRICE: u8 = 0b0100;
/// Flag of a long entry: it has a line although its kind has none, or none although its kind has
/// one.
const LINE: u8 = 0b1000;

/// The values that entries are encoded relative to: the time, the price and the dots seen of
/// earlier entries.
#[derive(Clone)]
pub(super) struct EntryPredictor {
    /// Time of the last entry, in milliseconds.
    ms: u64,
    /// Price index of the last Add or Set.
    price: u32,
    /// Price index of the last Add or Set on each line.
    price_on: SmallVec<[Option<u32>; 8]>,
    /// Index of the dots seen by the last Set.
    pub(super) seen: u64,
}

impl EntryPredictor {
    /// Creates the predictor before the first entry, for tables of so many lines and prices.
    pub(super) fn new(lines: usize, prices: usize) -> Self {
        // Without prices, every prediction is "no price".
        let lines = if prices == 0 { 0 } else { lines };
        Self { ms: 0, price: NONE, price_on: SmallVec::from_elem(None, lines), seen: 0 }
    }

    /// Makes room for a line inserted into its table at a place.
    pub(super) fn insert_line(&mut self, at: usize) {
        self.price_on.insert(at, None);
    }

    /// Renumbers the remembered prices after a price was inserted into its table at a place.
    pub(super) fn insert_price(&mut self, at: u32) {
        let prices = self.price_on.iter_mut().flatten().chain([&mut self.price]);
        for price in prices.filter(|price| **price >= at && **price != NONE) {
            *price += 1;
        }
    }

    /// Returns the predicted price of an Add or a Set on a line, or [`NONE`].
    fn price(&self, line: u32) -> u32 {
        self.price_on.get(line as usize).copied().flatten().unwrap_or(self.price)
    }

    /// Remembers the price of an Add or a Set on a line.
    fn note_price(&mut self, line: u32, price: u32) {
        self.price = price;
        if let Some(on_line) = self.price_on.get_mut(line as usize) {
            *on_line = Some(price);
        }
    }
}

/// Returns the difference of a time to the time before it as one number, or as two with a counter.
/// Entries close in time get short numbers.
#[inline]
fn time_step(time: Time, previous_ms: &mut u64) -> (u64, Option<u64>) {
    let step = time.ms().wrapping_sub(*previous_ms) as i64;
    *previous_ms = time.ms();
    // A time has 48 bits of milliseconds, so a difference leaves room for the two lowest bits.
    if step >= 0 && time.counter() == 0 {
        return ((step as u64) << 1, None);
    }
    let zigzag = ((step << 1) ^ (step >> 63)) as u64;
    (zigzag << 1 | 1, Some(u64::from(time.counter())))
}

/// Writes a time as the difference to `previous_ms`, which becomes the time written.
pub(super) fn write_time(out: &mut ByteWriter, time: Time, previous_ms: &mut u64) {
    let (step, counter) = time_step(time, previous_ms);
    out.number(step);
    counter.into_iter().for_each(|counter| out.number(counter));
}

/// Reads a time as the difference to `previous_ms`, which becomes the time read.
pub(super) fn read_time(
    input: &mut ByteReader<'_>,
    previous_ms: &mut u64,
) -> Result<Time, BoxedError> {
    let here = input.offset();
    let tagged = input.number()?;
    if tagged & 1 == 0 {
        // A difference that is not negative, with counter 0.
        let ms = previous_ms.checked_add(tagged >> 1).filter(|ms| *ms <= Time::MS_MAX);
        *previous_ms = ms.ok_or_else(|| error_at(here, Broken::Number))?;
        return Ok(Time::from_ms(*previous_ms));
    }
    // A zigzag difference and a counter, only if the form above does not fit.
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

/// Writes an entry. `step` is its sequence number less that of the entry before it.
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
    // The short form fits an Add of few units with the default authorship and the predicted price.
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

/// Writes an entry in the long form. The tuple holds its step, its line index and its price index.
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
    // Collect the flags.
    let mut more = 0;
    let mut flag = |is: bool, flag| more |= if is { flag } else { 0 };
    flag(authorship.is_some(), AUTHORSHIP);
    flag(sided, SIDED);
    flag(line.is_some() != has_line(kind), LINE);
    // Write the price only if the prediction is wrong.
    let mut other_price = None;
    if let (true, Some(line)) = (body.is_contribution(), line) {
        let other = price != predictor.price(line);
        flag(other, PRICE);
        other_price = other.then_some(price);
        predictor.note_price(line, price);
    }
    // The first byte packs the kind and the step, if they fit.
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
    // The indexes that are present follow the time.
    if let Some(authorship) = authorship {
        out.number(u64::from(authorship));
    }
    if let Some(line) = line {
        out.number(u64::from(line));
    }
    if let Some(price) = other_price {
        // 0 is no price.
        out.number(u64::from(price.wrapping_add(1)));
    }
    write_body(out, tables, row, &mut predictor.seen);
}

/// Returns whether entries of a kind have a line.
const fn has_line(kind: u32) -> bool {
    matches!(kind, ADD | SET | MOVE | REGISTER)
}

/// Returns whether a body is about one side of a split line.
fn is_sided(body: &Body) -> bool {
    match body {
        Body::Add { sided, .. } | Body::Register { sided, .. } => *sided,
        Body::Set(set) => set.sided,
        _ => false,
    }
}

/// Reads an entry of the writer at index `writer` and returns its sequence number. `last` is the
/// sequence number of the entry before it, or 0.
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
        // A short Add has a whole line and the predicted price.
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

/// Reads an entry in the long form, whose first byte is `head` at offset `here`, and returns its
/// sequence number.
fn read_long(
    input: &mut ByteReader<'_>,
    tables: &mut DecodeTables,
    (writer, last): (u32, u64),
    predictor: &mut EntryPredictor,
    (here, head): (usize, u8),
    rows: &mut DecodedEntries,
) -> Result<u64, BoxedError> {
    // The kind and the flags must be in their shortest form.
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
    // The fields that all kinds share.
    let seq = read_step(input, u64::from(head >> STEP_AT & STEP_MAX as u8), STEP_MAX, last)?;
    let time = read_time(input, &mut predictor.ms)?;
    let authorship = if has(AUTHORSHIP) { tables.authorships.index(input)? } else { NONE };
    let line = if has_line(kind) != has(LINE) { tables.lines.index(input)? } else { NONE };
    // An Add or a Set must have a line; its price is predicted.
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
            // A price that equals the prediction must not be written.
            if other == price {
                return Err(error_at(here, Broken::NotCanonical));
            }
            price = other;
        }
        predictor.note_price(line, price);
    }
    // Only some kinds have a price or a side.
    if has(PRICE) && !contributes || has(SIDED) && !matches!(kind, ADD | SET | REGISTER) {
        return Err(error_at(here, Broken::NotCanonical));
    }
    let dot = Dot::new(tables.writers.rows[writer as usize], seq);
    let body = read_body(input, tables, dot, (kind, has(SIDED)), (here, &mut predictor.seen))?;
    // An Add that fits the short form must use it.
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

/// Returns the sequence number of an entry from its step, which is `short`, or follows if that is
/// 0. A step that follows must exceed `most`.
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
