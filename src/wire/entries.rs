//! Entries as bytes.

use alloc::sync::Arc;
use alloc::vec::Vec;

use smallvec::SmallVec;

use super::bytes::{Reader, Writer};
use super::error::{Broken, Fault, fault};
use super::numbering::Numbering;
use super::tables::{Tables, sorted};
use crate::cart::{
    Body, Bought, Gift, Lack, List, Loser, MergePolicy, MergeTo, NONE, Override, Pin, Purchase,
    Register, Row, RuleRef, SetTo, SkuPattern, Stays, Taken,
};
use crate::clock::Time;
use crate::context::{Dot, Dots, Run};
use crate::id::{AttributeKey, CouponCode, OrderId, RuleName, ShippingOption, Text};
use crate::limits;
use crate::quantity::Quantity;

/// Kinds below this are this version's; what is above is kept as it is.
const FIRST_UNKNOWN: u32 = 12;
const ADD: u32 = 1;
const SET: u32 = 2;
const MOVE: u32 = 3;
const REGISTER: u32 = 4;

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

/// In the first byte of a Set: that it is about the saved list;
const SAVED: u8 = 0b0000_0001;
/// that it took units of other scopes;
const TOOK: u8 = 0b0000_0010;
/// that something stays by its word;
const STAYS: u8 = 0b0000_0100;
/// that its author had seen dots of others;
const SEEN: u8 = 0b0000_1000;
/// that it covers dots of others, or many.
const COVERS: u8 = 0b0001_0000;
/// Where the number of runs of its writer's own dots is that it covers, and the largest that fits.
const RUNS_AT: u8 = 5;
const RUNS_MAX: usize = 7;

/// What the entries before lead one to think of the next.
#[derive(Clone)]
pub(super) struct Before {
    ms: u64,
    /// Of the last contribution.
    price: u32,
    /// Of the last contribution of each line.
    price_on: SmallVec<[Option<u32>; 8]>,
}

impl Before {
    pub(super) fn new(lines: usize, prices: usize) -> Self {
        // Without prices there is nothing to remember.
        let lines = if prices == 0 { 0 } else { lines };
        Self { ms: 0, price: NONE, price_on: SmallVec::from_elem(None, lines) }
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

/// Milliseconds after the entry before, so that neighbours in time are short.
pub(super) fn write_time(out: &mut Writer, time: Time, before: &mut u64) {
    let step = time.ms().wrapping_sub(*before) as i64;
    // Times have 48 bits, so there is room for two more.
    if step >= 0 && time.counter() == 0 {
        out.number((step as u64) << 1);
    } else {
        let zigzag = ((step << 1) ^ (step >> 63)) as u64;
        out.number(zigzag << 1 | 1);
        out.number(u64::from(time.counter()));
    }
    *before = time.ms();
}

pub(super) fn read_time(input: &mut Reader<'_>, before: &mut u64) -> Result<Time, Fault> {
    let here = input.offset();
    let tagged = input.number()?;
    if tagged & 1 == 0 {
        let ms = before.checked_add(tagged >> 1).filter(|ms| *ms <= Time::MS_MAX);
        *before = ms.ok_or_else(|| fault(here, Broken::Number))?;
        return Ok(Time::from_ms(*before));
    }
    let rest = tagged >> 1;
    let step = (rest >> 1) as i64 ^ -((rest & 1) as i64);
    let counter = input.number()?;
    if step >= 0 && counter == 0 {
        return Err(fault(here, Broken::NotCanonical));
    }
    let ms = before.checked_add_signed(step).filter(|ms| *ms <= Time::MS_MAX);
    let (Some(ms), Ok(counter)) = (ms, u16::try_from(counter)) else {
        return Err(fault(here, Broken::Number));
    };
    *before = ms;
    Ok(Time::from_bits(Time::from_ms(ms).bits() | u64::from(counter)))
}

/// An entry: how far its number is after the one before, and all else.
pub(super) fn write_entry(
    out: &mut Writer,
    tables: &Numbering<'_>,
    row: &Row,
    step: u64,
    before: &mut Before,
) {
    let (kind, sided) = kind_of(&row.body);
    let (line, authorship) = (tables.line_of(row), tables.authorship_of(row));
    let mut more = 0;
    let mut flag = |is: bool, flag| more |= if is { flag } else { 0 };
    flag(authorship.is_some(), AUTHORSHIP);
    flag(sided, SIDED);
    flag(line.is_some() != has_line(kind), LINE);
    let mut price = None;
    if let (true, Some(line)) = (row.body.is_contribution(), line) {
        let this = tables.price_of(row);
        let other = this != before.price(line);
        flag(other, PRICE);
        price = other.then_some(this);
        before.note_price(line, this);
    }
    match &row.body {
        Body::Add { quantity, .. } if more == 0 && quantity.get() <= SHORT_UNITS => {
            let short = if step <= SHORT_STEP_MAX { step as u8 } else { 0 };
            out.raw(&[short << SHORT_STEP_AT | (quantity.get() - 1) as u8]);
            if short == 0 {
                out.number(step);
            }
            write_time(out, row.time, &mut before.ms);
            out.number(u64::from(line.unwrap_or(NONE)));
            return;
        }
        _ => {}
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
    write_time(out, row.time, &mut before.ms);
    if let Some(authorship) = authorship {
        out.number(u64::from(authorship));
    }
    if let Some(line) = line {
        out.number(u64::from(line));
    }
    if let Some(price) = price {
        // 0 is none.
        out.number(u64::from(price.wrapping_add(1)));
    }
    write_body(out, tables, row);
}

const fn has_line(kind: u32) -> bool {
    matches!(kind, ADD | SET | MOVE | REGISTER)
}

fn kind_of(body: &Body) -> (u32, bool) {
    match body {
        Body::Add { sided, .. } => (ADD, *sided),
        Body::Set(set) => (SET, set.sided),
        Body::Move { .. } => (MOVE, false),
        Body::Register { sided, .. } => (REGISTER, *sided),
        Body::Coupon(_) => (5, false),
        Body::Consent(_) => (6, false),
        Body::Merge(_) => (7, false),
        Body::Unmerge { .. } => (8, false),
        Body::Order(_) => (9, false),
        Body::Expired { .. } => (10, false),
        Body::Stay(_) => (11, false),
        Body::Unknown { kind, .. } => (*kind, false),
    }
}

/// An entry by `writer`, after its entry of number `last` (0 before its first).
pub(super) fn read_entry(
    input: &mut Reader<'_>,
    tables: &mut Tables,
    (writer, last): (u32, u64),
    before: &mut Before,
) -> Result<Row, Fault> {
    let here = input.offset();
    let head = input.byte()?;
    if head & LONG == 0 {
        let short = u64::from(head >> SHORT_STEP_AT);
        let seq = read_step(input, short, SHORT_STEP_MAX, last)?;
        let time = read_time(input, &mut before.ms)?;
        let line = tables.lines.index(input)?;
        let price = before.price(line);
        before.note_price(line, price);
        let quantity = Quantity::new(u32::from(head % SHORT_UNITS as u8) + 1);
        let quantity = quantity.map_err(|error| input.error(error))?;
        let body = Body::Add { quantity, sided: false };
        return Ok(Row { seq, time, body, writer, line, price, authorship: NONE });
    }
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
        return Err(fault(here, Broken::NotCanonical));
    }
    let seq = read_step(input, u64::from(head >> STEP_AT & STEP_MAX as u8), STEP_MAX, last)?;
    let time = read_time(input, &mut before.ms)?;
    let authorship = if has(AUTHORSHIP) { tables.authorships.index(input)? } else { NONE };
    let line = if has_line(kind) != has(LINE) { tables.lines.index(input)? } else { NONE };
    let contributes = matches!(kind, ADD | SET);
    if contributes && line == NONE {
        return Err(input.error(Broken::Variant { what: "entry without a line" }));
    }
    let mut price = NONE;
    if contributes {
        price = before.price(line);
        if has(PRICE) {
            let other = match input.number()? {
                0 => NONE,
                above => tables.prices.row(input, above - 1)?,
            };
            if other == price {
                return Err(fault(here, Broken::NotCanonical));
            }
            price = other;
        }
        before.note_price(line, price);
    }
    if has(PRICE) && !contributes || has(SIDED) && !matches!(kind, ADD | SET | REGISTER) {
        return Err(fault(here, Broken::NotCanonical));
    }
    let dot = Dot::new(tables.writers.rows[writer as usize], seq);
    let body = read_body(input, tables, dot, (kind, has(SIDED)), here)?;
    if let Body::Add { quantity, .. } = &body
        && more == 0
        && quantity.get() <= SHORT_UNITS
    {
        return Err(fault(here, Broken::NotCanonical));
    }
    Ok(Row { seq, time, body, writer, line, price, authorship })
}

/// The number of an entry from how far it is after the one before: `short`, or if that is 0, what
/// follows, which is above `most`.
fn read_step(input: &mut Reader<'_>, short: u64, most: u64, last: u64) -> Result<u64, Fault> {
    let here = input.offset();
    let step = match short {
        0 => input.number()?,
        short => short,
    };
    if short == 0 && step <= most {
        return Err(fault(here, Broken::NotCanonical));
    }
    last.checked_add(step).filter(|_| step > 0).ok_or_else(|| fault(here, Broken::Number))
}

fn text(out: &mut Writer, text: &str) {
    out.blob(text.as_bytes());
}

fn write_body(out: &mut Writer, tables: &Numbering<'_>, row: &Row) {
    match &row.body {
        Body::Add { quantity, .. } => out.number(u64::from(quantity.get())),
        Body::Set(set) => write_set(out, tables, row, set),
        Body::Move { to, dots } => {
            write_list(out, *to);
            out.count(dots.len());
            dots.iter().for_each(|dot| tables.dot(out, *dot));
        }
        Body::Register { value, .. } => write_register(out, value),
        Body::Coupon(code) => text(out, code.as_str()),
        Body::Consent(given) => out.flag(*given),
        Body::Merge(merge) => {
            tables.cart(out, merge.guest);
            tables.cart(out, merge.account);
            out.number(u64::from(merge.claim));
            write_policy(out, &merge.policy);
        }
        Body::Unmerge { guest, claim } => {
            tables.cart(out, *guest);
            out.number(u64::from(*claim));
        }
        Body::Order(order) => {
            let Purchase { id, bought, seen, stays } = &**order;
            text(out, id.as_str());
            out.count(bought.len());
            for bought in bought {
                tables.line(out, &bought.line);
                write_taken(out, tables, &bought.taken);
            }
            tables.seen(out, seen);
            write_stays(out, tables, stays);
        }
        Body::Expired { rule } => text(out, rule.as_str()),
        Body::Stay(stays) => write_stays(out, tables, stays),
        Body::Unknown { payload, .. } => out.blob(payload),
    }
}

fn read_body(
    input: &mut Reader<'_>,
    tables: &mut Tables,
    dot: Dot,
    (kind, sided): (u32, bool),
    here: usize,
) -> Result<Body, Fault> {
    Ok(match kind {
        ADD => Body::Add { quantity: read_quantity(input)?, sided },
        SET => Body::Set(Arc::new(read_set(input, tables, dot, sided)?)),
        MOVE => Body::Move { to: read_list(input)?, dots: read_dots(input, tables)?.into() },
        REGISTER => Body::Register { value: Arc::new(read_register(input)?), sided },
        5 => Body::Coupon(read_coupon(input)?),
        6 => Body::Consent(input.flag()?),
        7 => Body::Merge(Arc::new(MergeTo {
            guest: tables.cart(input)?,
            account: tables.cart(input)?,
            claim: input.small()?,
            policy: read_policy(input)?,
        })),
        8 => Body::Unmerge { guest: tables.cart(input)?, claim: input.small()? },
        9 => Body::Order(Arc::new(Purchase {
            id: input.parsed(OrderId::new)?,
            bought: read_bought(input, tables)?,
            seen: tables.seen(input)?,
            stays: read_stays(input, tables)?,
        })),
        10 => Body::Expired { rule: input.parsed(RuleName::new)? },
        11 => Body::Stay(Arc::new(read_stays(input, tables)?)),
        kind if kind >= FIRST_UNKNOWN => Body::Unknown { kind, payload: input.blob()?.into() },
        _ => return Err(fault(here, Broken::Variant { what: "entry" })),
    })
}

/// A code is written in its normal form.
fn read_coupon(input: &mut Reader<'_>) -> Result<CouponCode, Fault> {
    let here = input.offset();
    let text = input.text()?;
    let code = CouponCode::new(text).map_err(|error| input.error(error))?;
    if code.as_str() == text { Ok(code) } else { Err(fault(here, Broken::NotCanonical)) }
}

fn read_dots(input: &mut Reader<'_>, tables: &mut Tables) -> Result<Vec<Dot>, Fault> {
    let count = input.count(2, "dots", limits::MESSAGE_BYTES)?;
    let dots: Result<Vec<Dot>, _> = (0..count).map(|_| tables.dot(input)).collect();
    sorted(input, dots?)
}

/// The runs of a Set's covers, if they are few, of its own writer and from before it.
fn own_covers(dot: Dot, covers: &Dots) -> Option<usize> {
    let own = |(writer, run): (_, Run)| writer == dot.replica && run.last < dot.seq;
    let runs = covers.runs();
    (runs.len() <= RUNS_MAX && covers.runs().all(own)).then_some(runs.len())
}

fn write_set(out: &mut Writer, tables: &Numbering<'_>, row: &Row, set: &SetTo) {
    let flag = |is: bool, flag| if is { flag } else { 0 };
    let dot = Dot::new(tables.writers[tables.writer_of(row) as usize], row.seq);
    let own = own_covers(dot, &set.covers);
    out.raw(&[flag(set.list == List::Saved, SAVED)
        | flag(!set.took.is_empty(), TOOK)
        | flag(!set.stays.is_empty(), STAYS)
        | flag(!set.seen.is_empty(), SEEN)
        | own.map_or(COVERS, |runs| (runs as u8) << RUNS_AT)]);
    out.number(u64::from(set.quantity.get()));
    if !set.seen.is_empty() {
        tables.seen(out, &set.seen);
    }
    match own {
        Some(_) => write_own_covers(out, dot.seq, &set.covers),
        None => tables.dots(out, &set.covers),
    }
    if !set.took.is_empty() {
        out.count(set.took.len());
        set.took.iter().for_each(|taken| write_taken(out, tables, taken));
    }
    if !set.stays.is_empty() {
        write_stays(out, tables, &set.stays);
    }
}

/// From the latest run to the first: how many numbers are left out before the one above, with one
/// bit that says whether it is longer than one, and how much longer.
fn write_own_covers(out: &mut Writer, seq: u64, covers: &Dots) {
    let mut above = seq;
    for (_, run) in covers.runs().rev() {
        let (left_out, longer) = (above - run.last - 1, run.last - run.first);
        out.number(left_out << 1 | u64::from(longer > 0));
        if longer > 0 {
            out.number(longer);
        }
        above = run.first;
    }
}

fn read_own_covers(input: &mut Reader<'_>, dot: Dot, count: usize) -> Result<Dots, Fault> {
    let mut runs: SmallVec<[Run; RUNS_MAX]> = SmallVec::new();
    let mut above = dot.seq;
    for at in 0..count {
        let here = input.offset();
        let tagged = input.number()?;
        let longer = if tagged & 1 == 1 { input.number()? } else { 0 };
        if tagged & 1 == 1 && longer == 0 || at > 0 && tagged >> 1 == 0 {
            return Err(fault(here, Broken::NotCanonical));
        }
        let last = above.checked_sub(1).and_then(|last| last.checked_sub(tagged >> 1));
        let first = last.and_then(|last| last.checked_sub(longer)).filter(|first| *first > 0);
        let (Some(last), Some(first)) = (last, first) else {
            return Err(fault(here, Broken::Number));
        };
        runs.push(Run { first, last });
        above = first;
    }
    let mut covers = Dots::default();
    covers.reserve(count);
    runs.into_iter().rev().for_each(|run| covers.push_run(dot.replica, run));
    Ok(covers)
}

fn read_set(
    input: &mut Reader<'_>,
    tables: &mut Tables,
    dot: Dot,
    sided: bool,
) -> Result<SetTo, Fault> {
    let here = input.offset();
    let head = input.byte()?;
    let has = |flag| head & flag != 0;
    let runs = usize::from(head >> RUNS_AT);
    if has(COVERS) && runs > 0 {
        return Err(fault(here, Broken::NotCanonical));
    }
    let quantity = read_quantity(input)?;
    let seen = if has(SEEN) { tables.seen(input)? } else { tables.nothing_seen() };
    if has(SEEN) == seen.is_empty() || seen.last(dot.replica) > 0 {
        return Err(fault(here, Broken::NotCanonical));
    }
    let covers = if has(COVERS) {
        let covers = tables.dots(input)?;
        if own_covers(dot, &covers).is_some() {
            return Err(fault(here, Broken::NotCanonical));
        }
        covers
    } else {
        read_own_covers(input, dot, runs)?
    };
    let took = if has(TOOK) { read_took(input, tables)? } else { Vec::new() };
    let stays = if has(STAYS) { read_stays(input, tables)? } else { Stays::default() };
    if has(TOOK) == took.is_empty() || has(STAYS) == stays.is_empty() {
        return Err(fault(here, Broken::NotCanonical));
    }
    let list = if has(SAVED) { List::Saved } else { List::Active };
    Ok(SetTo { quantity, list, sided, seen, covers, took, stays })
}

fn write_stays(out: &mut Writer, tables: &Numbering<'_>, stays: &Stays) {
    out.count(stays.pins.len());
    for pin in &stays.pins {
        tables.dot(out, pin.dot);
        write_list(out, pin.list);
        out.maybe(pin.until, |out, guest| tables.cart(out, guest));
    }
    out.count(stays.lacks.len());
    for lack in &stays.lacks {
        tables.dot(out, lack.set);
        tables.dot(out, lack.taken);
        out.number(u64::from(lack.units));
    }
}

fn read_stays(input: &mut Reader<'_>, tables: &mut Tables) -> Result<Stays, Fault> {
    let count = input.count(4, "pins", limits::MESSAGE_BYTES)?;
    let pins: Result<Vec<_>, Fault> = (0..count)
        .map(|_| {
            let (dot, list) = (tables.dot(input)?, read_list(input)?);
            Ok(Pin { dot, list, until: input.maybe(|input| tables.cart(input))? })
        })
        .collect();
    let pins = sorted(input, pins?)?;
    let count = input.count(5, "units lacking", limits::MESSAGE_BYTES)?;
    let lacks: Result<Vec<_>, Fault> = (0..count)
        .map(|_| {
            let (set, taken) = (tables.dot(input)?, tables.dot(input)?);
            Ok(Lack { set, taken, units: input.small()? })
        })
        .collect();
    Ok(Stays { pins, lacks: sorted(input, lacks?)? })
}

fn read_quantity(input: &mut Reader<'_>) -> Result<Quantity, Fault> {
    let at = input.offset();
    let units = i64::from(input.small()?);
    Quantity::new(units).map_err(|e| fault(at, e))
}

fn write_list(out: &mut Writer, list: List) {
    out.flag(list == List::Saved);
}

fn read_list(input: &mut Reader<'_>) -> Result<List, Fault> {
    Ok(if input.flag()? { List::Saved } else { List::Active })
}

fn write_taken(out: &mut Writer, tables: &Numbering<'_>, taken: &Taken) {
    tables.dot(out, taken.dot);
    out.number(u64::from(taken.units));
    tables.cart(out, taken.scope);
    out.maybe(taken.set, write_list);
}

fn read_taken(input: &mut Reader<'_>, tables: &mut Tables) -> Result<Taken, Fault> {
    Ok(Taken {
        dot: tables.dot(input)?,
        units: input.small()?,
        scope: tables.cart(input)?,
        set: input.maybe(read_list)?,
    })
}

fn read_took(input: &mut Reader<'_>, tables: &mut Tables) -> Result<Vec<Taken>, Fault> {
    let count = input.count(5, "units taken", limits::MESSAGE_BYTES)?;
    let took: Result<Vec<_>, _> = (0..count).map(|_| read_taken(input, tables)).collect();
    sorted(input, took?)
}

fn read_bought(input: &mut Reader<'_>, tables: &mut Tables) -> Result<Vec<Bought>, Fault> {
    let count = input.count(6, "units bought", limits::MESSAGE_BYTES)?;
    let mut all = Vec::with_capacity(count);
    for _ in 0..count {
        all.push(Bought { line: tables.line(input)?, taken: read_taken(input, tables)? });
    }
    sorted(input, all)
}

fn write_register(out: &mut Writer, register: &Register) {
    match register {
        Register::Note(note) => {
            out.number(0);
            text(out, note.as_str());
        }
        Register::Gift(Gift { wrap, message }) => {
            out.number(1);
            out.flag(*wrap);
            out.maybe(message.as_ref(), |out, message| text(out, message.as_str()));
        }
        Register::Attribute(key, value) => {
            out.number(2);
            text(out, key.as_str());
            text(out, value.as_str());
        }
        Register::Shipping(option) => {
            out.number(3);
            text(out, option.as_str());
        }
    }
}

fn read_register(input: &mut Reader<'_>) -> Result<Register, Fault> {
    let here = input.offset();
    Ok(match input.number()? {
        0 => Register::Note(input.parsed(Text::new)?),
        1 => Register::Gift(Gift {
            wrap: input.flag()?,
            message: input.maybe(|input| input.parsed(Text::new))?,
        }),
        2 => Register::Attribute(input.parsed(AttributeKey::new)?, input.parsed(Text::new)?),
        3 => Register::Shipping(input.parsed(ShippingOption::new)?),
        _ => return Err(fault(here, Broken::Variant { what: "register" })),
    })
}

fn write_rule(out: &mut Writer, rule: &RuleRef) {
    text(out, rule.name.as_str());
    out.number(u64::from(rule.version));
}

fn read_rule(input: &mut Reader<'_>) -> Result<RuleRef, Fault> {
    Ok(RuleRef { name: input.parsed(RuleName::new)?, version: input.small()? })
}

fn write_loser(out: &mut Writer, loser: Loser) {
    out.flag(loser == Loser::SaveForLater);
}

fn read_loser(input: &mut Reader<'_>) -> Result<Loser, Fault> {
    Ok(if input.flag()? { Loser::SaveForLater } else { Loser::Hide })
}

fn write_policy(out: &mut Writer, policy: &MergePolicy) {
    let ceiling = |out: &mut Writer, units: Quantity| out.number(u64::from(units.get()));
    write_rule(out, &policy.rule);
    out.maybe(policy.ceiling, ceiling);
    write_loser(out, policy.loser);
    out.count(policy.overrides.len());
    for other in &policy.overrides {
        text(out, other.lines.as_str());
        out.maybe(other.rule.as_ref(), write_rule);
        out.maybe(other.ceiling, ceiling);
        out.maybe(other.loser, write_loser);
    }
}

fn read_policy(input: &mut Reader<'_>) -> Result<MergePolicy, Fault> {
    let rule = read_rule(input)?;
    let ceiling = input.maybe(read_quantity)?;
    let loser = read_loser(input)?;
    let count = input.count(5, "overrides", limits::OVERRIDES)?;
    let mut overrides = Vec::with_capacity(count);
    for _ in 0..count {
        overrides.push(Override {
            lines: input.parsed(SkuPattern::new)?,
            rule: input.maybe(read_rule)?,
            ceiling: input.maybe(read_quantity)?,
            loser: input.maybe(read_loser)?,
        });
    }
    Ok(MergePolicy { rule, overrides, ceiling, loser })
}
