//! Entries as bytes.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::bytes::{Reader, Writer};
use super::error::{Broken, DecodeError};
use super::tables::{Tables, sorted};
use crate::cart::{
    Body, Bought, Entry, Gift, Lack, List, Loser, MergePolicy, Override, Pin, Purchase, Register,
    RuleRef, SetTo, SkuPattern, Stays, Taken,
};
use crate::clock::Time;
use crate::context::Dot;
use crate::id::{AttributeKey, CouponCode, OrderId, RuleName, ShippingOption, Text};
use crate::limits;
use crate::money::Money;
use crate::quantity::Quantity;

/// Kinds below this are this version's; what is above is kept as it is.
const FIRST_UNKNOWN: u32 = 12;

/// In the first byte of an entry: its kind, or that the kind's number follows;
const KIND: u8 = 0b0000_1111;
/// that it has a line;
const LINE: u8 = 0b0001_0000;
/// that it was written elsewhere, or after merges;
const AUTHORSHIP: u8 = 0b0010_0000;
/// that it is about one side of a split line;
const SIDED: u8 = 0b0100_0000;
/// that it has a price.
const PRICE: u8 = 0b1000_0000;

/// In the first byte of a Set: that it is about the saved list;
const SAVED: u8 = 0b0001;
/// that it took units of other scopes;
const TOOK: u8 = 0b0010;
/// that something stays by its word.
const STAYS: u8 = 0b0100;

/// Milliseconds as a difference to the entry before, so that neighbours in time are short.
pub(super) fn write_time(out: &mut Writer, time: Time, before: &mut u64) {
    let step = time.ms().wrapping_sub(*before) as i64;
    let zigzag = ((step << 1) ^ (step >> 63)) as u64;
    // Times have 48 bits, so there is room for one more.
    out.number(zigzag << 1 | u64::from(time.counter() > 0));
    if time.counter() > 0 {
        out.number(u64::from(time.counter()));
    }
    *before = time.ms();
}

pub(super) fn read_time(input: &mut Reader<'_>, before: &mut u64) -> Result<Time, DecodeError> {
    let error = input.error(Broken::Number);
    let number = input.number()?;
    let zigzag = number >> 1;
    let ms = before.wrapping_add(((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64)) as u64);
    let counter = if number & 1 == 1 { input.number()? } else { 0 };
    let counter = u16::try_from(counter).map_err(|_| error.clone())?;
    if Time::from_ms(ms).ms() != ms {
        return Err(error);
    }
    *before = ms;
    Ok(Time::from_bits(Time::from_ms(ms).bits() | u64::from(counter)))
}

pub(super) fn write_entry(out: &mut Writer, tables: &Tables, entry: &Entry, before: &mut u64) {
    let (kind, sided, price) = head_of(&entry.body);
    let authorship = tables.authorship_of(entry);
    let flag = |is: bool, flag| if is { flag } else { 0 };
    out.raw(&[(kind as u8).min(KIND)
        | flag(entry.line.is_some(), LINE)
        | flag(authorship > 0, AUTHORSHIP)
        | flag(sided, SIDED)
        | flag(price.is_some(), PRICE)]);
    if kind >= u32::from(KIND) {
        out.number(u64::from(kind));
    }
    write_time(out, entry.time, before);
    if authorship > 0 {
        out.number(authorship);
    }
    if let Some(line) = &entry.line {
        tables.write_line(out, line);
    }
    if let Some(price) = price {
        tables.write_price(out, price);
    }
    write_body(out, tables, &entry.body);
}

/// An entry's kind, whether it is about one side, and its price.
const fn head_of(body: &Body) -> (u32, bool, Option<&Money>) {
    match body {
        Body::Add { sided, price, .. } => (1, *sided, price.as_ref()),
        Body::Set(set) => (2, set.sided, set.price.as_ref()),
        Body::Move { .. } => (3, false, None),
        Body::Register { sided, .. } => (4, *sided, None),
        Body::Coupon(_) => (5, false, None),
        Body::Consent(_) => (6, false, None),
        Body::Merge { .. } => (7, false, None),
        Body::Unmerge { .. } => (8, false, None),
        Body::Order(_) => (9, false, None),
        Body::Expired { .. } => (10, false, None),
        Body::Stay(_) => (11, false, None),
        Body::Unknown { kind, .. } => (*kind, false, None),
    }
}

pub(super) fn read_entry(
    input: &mut Reader<'_>,
    tables: &Tables,
    dot: Dot,
    before: &mut u64,
) -> Result<Entry, DecodeError> {
    let broken = input.error(Broken::Variant { what: "entry" });
    let head = input.byte()?;
    let has = |flag| head & flag != 0;
    let kind = match head & KIND {
        KIND => input.small()?,
        kind => u32::from(kind),
    };
    let time = read_time(input, before)?;
    let (scope, after) = match has(AUTHORSHIP) {
        true => tables.authorship(input)?,
        false => tables.authorships[0].clone(),
    };
    let line = if has(LINE) { Some(tables.line(input)?) } else { None };
    let price = if has(PRICE) { Some(tables.price(input)?) } else { None };
    let body = read_body(input, tables, dot, (kind, has(SIDED), price), broken)?;
    if line.is_none() && matches!(body, Body::Add { .. } | Body::Set(_)) {
        return Err(input.error(Broken::Variant { what: "entry without a line" }));
    }
    Ok(Entry { time, scope, after, line, body })
}

fn text(out: &mut Writer, text: &str) {
    out.blob(text.as_bytes());
}

fn write_body(out: &mut Writer, tables: &Tables, body: &Body) {
    match body {
        Body::Add { quantity, .. } => out.number(u64::from(quantity.get())),
        Body::Set(set) => write_set(out, tables, set),
        Body::Move { to, dots } => {
            write_list(out, *to);
            tables.write_list(out, dots);
        }
        Body::Register { value, .. } => write_register(out, value),
        Body::Coupon(code) => text(out, code.as_str()),
        Body::Consent(given) => out.flag(*given),
        Body::Merge { guest, account, claim, policy } => {
            tables.write_cart(out, *guest);
            tables.write_cart(out, *account);
            out.number(u64::from(*claim));
            write_policy(out, policy);
        }
        Body::Unmerge { guest, claim } => {
            tables.write_cart(out, *guest);
            out.number(u64::from(*claim));
        }
        Body::Order(order) => {
            let Purchase { id, bought, seen, stays } = &**order;
            text(out, id.as_str());
            out.count(bought.len());
            for bought in bought {
                tables.write_line(out, &bought.line);
                write_taken(out, tables, &bought.taken);
            }
            tables.write_seen(out, seen);
            write_stays(out, tables, stays);
        }
        Body::Expired { rule } => text(out, rule.as_str()),
        Body::Stay(stays) => write_stays(out, tables, stays),
        Body::Unknown { payload, .. } => out.blob(payload),
    }
}

fn read_body(
    input: &mut Reader<'_>,
    tables: &Tables,
    dot: Dot,
    (kind, sided, price): (u32, bool, Option<Money>),
    broken: DecodeError,
) -> Result<Body, DecodeError> {
    Ok(match kind {
        1 => Body::Add { quantity: read_quantity(input)?, sided, price },
        2 => Body::Set(Box::new(read_set(input, tables, dot, sided, price)?)),
        3 => Body::Move { to: read_list(input)?, dots: tables.list(input)? },
        4 => Body::Register { value: read_register(input)?, sided },
        5 => Body::Coupon(input.parsed(CouponCode::new)?),
        6 => Body::Consent(input.flag()?),
        7 => Body::Merge {
            guest: tables.cart(input)?,
            account: tables.cart(input)?,
            claim: input.small()?,
            policy: Box::new(read_policy(input)?),
        },
        8 => Body::Unmerge { guest: tables.cart(input)?, claim: input.small()? },
        9 => Body::Order(Box::new(Purchase {
            id: input.parsed(OrderId::new)?,
            bought: read_bought(input, tables)?,
            seen: tables.seen(input)?,
            stays: read_stays(input, tables)?,
        })),
        10 => Body::Expired { rule: input.parsed(RuleName::new)? },
        11 => Body::Stay(Box::new(read_stays(input, tables)?)),
        kind if kind >= FIRST_UNKNOWN => Body::Unknown { kind, payload: input.blob()?.into() },
        _ => return Err(broken),
    })
}

fn write_set(out: &mut Writer, tables: &Tables, set: &SetTo) {
    let flag = |is: bool, flag| if is { flag } else { 0 };
    out.raw(&[flag(set.list == List::Saved, SAVED)
        | flag(!set.took.is_empty(), TOOK)
        | flag(!set.stays.is_empty(), STAYS)]);
    out.number(u64::from(set.quantity.get()));
    tables.write_seen(out, &set.seen);
    tables.write_dots(out, &set.covers);
    if !set.took.is_empty() {
        out.count(set.took.len());
        set.took.iter().for_each(|taken| write_taken(out, tables, taken));
    }
    if !set.stays.is_empty() {
        write_stays(out, tables, &set.stays);
    }
}

fn read_set(
    input: &mut Reader<'_>,
    tables: &Tables,
    dot: Dot,
    sided: bool,
    price: Option<Money>,
) -> Result<SetTo, DecodeError> {
    let head = input.byte()?;
    let has = |flag| head & flag != 0;
    let quantity = read_quantity(input)?;
    let own = input.error(Broken::NotCanonical);
    let seen = tables.seen(input)?;
    if seen.last(dot.replica) > 0 {
        return Err(own);
    }
    Ok(SetTo {
        quantity,
        list: if has(SAVED) { List::Saved } else { List::Active },
        sided,
        price,
        seen,
        covers: tables.dots(input)?,
        took: if has(TOOK) { read_took(input, tables)? } else { Vec::new() },
        stays: if has(STAYS) { read_stays(input, tables)? } else { Stays::default() },
    })
}

fn write_stays(out: &mut Writer, tables: &Tables, stays: &Stays) {
    out.count(stays.pins.len());
    for pin in &stays.pins {
        tables.write_dot(out, pin.dot);
        write_list(out, pin.list);
        out.maybe(pin.until, |out, guest| tables.write_cart(out, guest));
    }
    out.count(stays.lacks.len());
    for lack in &stays.lacks {
        tables.write_dot(out, lack.set);
        tables.write_dot(out, lack.taken);
        out.number(u64::from(lack.units));
    }
}

fn read_stays(input: &mut Reader<'_>, tables: &Tables) -> Result<Stays, DecodeError> {
    let count = input.count(4, "pins", limits::MESSAGE_BYTES)?;
    let pins: Result<Vec<_>, _> = (0..count)
        .map(|_| {
            let (dot, list) = (tables.dot(input)?, read_list(input)?);
            Ok(Pin { dot, list, until: input.maybe(|input| tables.cart(input))? })
        })
        .collect();
    let pins = sorted(input, pins?)?;
    let count = input.count(5, "units lacking", limits::MESSAGE_BYTES)?;
    let lacks: Result<Vec<_>, _> = (0..count)
        .map(|_| {
            let (set, taken) = (tables.dot(input)?, tables.dot(input)?);
            Ok(Lack { set, taken, units: input.small()? })
        })
        .collect();
    Ok(Stays { pins, lacks: sorted(input, lacks?)? })
}

fn read_quantity(input: &mut Reader<'_>) -> Result<Quantity, DecodeError> {
    let at = input.offset();
    let units = i64::from(input.small()?);
    Quantity::new(units).map_err(|e| DecodeError { offset: at, broken: e.into() })
}

fn write_list(out: &mut Writer, list: List) {
    out.flag(list == List::Saved);
}

fn read_list(input: &mut Reader<'_>) -> Result<List, DecodeError> {
    Ok(if input.flag()? { List::Saved } else { List::Active })
}

fn write_taken(out: &mut Writer, tables: &Tables, taken: &Taken) {
    tables.write_dot(out, taken.dot);
    out.number(u64::from(taken.units));
    tables.write_cart(out, taken.scope);
    out.maybe(taken.set, write_list);
}

fn read_taken(input: &mut Reader<'_>, tables: &Tables) -> Result<Taken, DecodeError> {
    Ok(Taken {
        dot: tables.dot(input)?,
        units: input.small()?,
        scope: tables.cart(input)?,
        set: input.maybe(read_list)?,
    })
}

fn read_took(input: &mut Reader<'_>, tables: &Tables) -> Result<Vec<Taken>, DecodeError> {
    let count = input.count(5, "units taken", limits::MESSAGE_BYTES)?;
    let took: Result<Vec<_>, _> = (0..count).map(|_| read_taken(input, tables)).collect();
    sorted(input, took?)
}

fn read_bought(input: &mut Reader<'_>, tables: &Tables) -> Result<Vec<Bought>, DecodeError> {
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

fn read_register(input: &mut Reader<'_>) -> Result<Register, DecodeError> {
    let error = input.error(Broken::Variant { what: "register" });
    Ok(match input.number()? {
        0 => Register::Note(input.parsed(Text::new)?),
        1 => Register::Gift(Gift {
            wrap: input.flag()?,
            message: input.maybe(|input| input.parsed(Text::new))?,
        }),
        2 => Register::Attribute(input.parsed(AttributeKey::new)?, input.parsed(Text::new)?),
        3 => Register::Shipping(input.parsed(ShippingOption::new)?),
        _ => return Err(error),
    })
}

fn write_rule(out: &mut Writer, rule: &RuleRef) {
    text(out, rule.name.as_str());
    out.number(u64::from(rule.version));
}

fn read_rule(input: &mut Reader<'_>) -> Result<RuleRef, DecodeError> {
    Ok(RuleRef { name: input.parsed(RuleName::new)?, version: input.small()? })
}

fn write_loser(out: &mut Writer, loser: Loser) {
    out.flag(loser == Loser::SaveForLater);
}

fn read_loser(input: &mut Reader<'_>) -> Result<Loser, DecodeError> {
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

fn read_policy(input: &mut Reader<'_>) -> Result<MergePolicy, DecodeError> {
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
