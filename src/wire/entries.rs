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
use crate::id::{AttributeKey, CouponCode, OrderId, RuleName, ShippingOption, Text};
use crate::limits;
use crate::money::{Currency, Money};
use crate::quantity::Quantity;

/// Kinds below this are this version's; what is above is kept as it is.
const FIRST_UNKNOWN: u32 = 12;

/// Milliseconds as a difference to the entry before, so that neighbours in time are short.
pub(super) fn write_time(out: &mut Writer, time: Time, before: &mut u64) {
    let step = time.ms().wrapping_sub(*before) as i64;
    out.number(((step << 1) ^ (step >> 63)) as u64);
    out.number(u64::from(time.counter()));
    *before = time.ms();
}

pub(super) fn read_time(input: &mut Reader<'_>, before: &mut u64) -> Result<Time, DecodeError> {
    let error = input.error(Broken::Number);
    let step = input.number()?;
    let ms = before.wrapping_add(((step >> 1) as i64 ^ -((step & 1) as i64)) as u64);
    let counter = u16::try_from(input.number()?).map_err(|_| error.clone())?;
    if Time::from_ms(ms).ms() != ms {
        return Err(error);
    }
    *before = ms;
    Ok(Time::from_bits(Time::from_ms(ms).bits() | u64::from(counter)))
}

pub(super) fn write_entry(out: &mut Writer, tables: &Tables, entry: &Entry, before: &mut u64) {
    write_time(out, entry.time, before);
    tables.write_cart(out, entry.scope);
    tables.write_after(out, &entry.after);
    tables.write_line(out, entry.line.as_ref());
    write_body(out, tables, &entry.body);
}

pub(super) fn read_entry(
    input: &mut Reader<'_>,
    tables: &Tables,
    before: &mut u64,
) -> Result<Entry, DecodeError> {
    let time = read_time(input, before)?;
    let scope = tables.cart(input)?;
    let after = tables.after(input)?;
    let line = tables.line(input)?;
    let needs_line = input.error(Broken::Variant { what: "entry without a line" });
    let body = read_body(input, tables)?;
    if line.is_none() && matches!(body, Body::Add { .. } | Body::Set(_)) {
        return Err(needs_line);
    }
    Ok(Entry { time, scope, after, line, body })
}

fn text(out: &mut Writer, text: &str) {
    out.blob(text.as_bytes());
}

fn write_body(out: &mut Writer, tables: &Tables, body: &Body) {
    match body {
        Body::Add { quantity, sided, price } => {
            out.number(1);
            out.number(u64::from(quantity.get()));
            out.flag(*sided);
            out.maybe(price.as_ref(), write_price);
        }
        Body::Set(set) => {
            out.number(2);
            out.number(u64::from(set.quantity.get()));
            write_list(out, set.list);
            out.flag(set.sided);
            out.maybe(set.price.as_ref(), write_price);
            tables.write_dots(out, &set.seen);
            tables.write_dots(out, &set.covers);
            out.count(set.took.len());
            set.took.iter().for_each(|taken| write_taken(out, tables, taken));
            write_stays(out, tables, &set.stays);
        }
        Body::Move { to, dots } => {
            out.number(3);
            write_list(out, *to);
            tables.write_list(out, dots);
        }
        Body::Register { value, sided } => {
            out.number(4);
            out.flag(*sided);
            write_register(out, value);
        }
        Body::Coupon(code) => {
            out.number(5);
            text(out, code.as_str());
        }
        Body::Consent(given) => {
            out.number(6);
            out.flag(*given);
        }
        Body::Merge { guest, account, claim, policy } => {
            out.number(7);
            tables.write_cart(out, *guest);
            tables.write_cart(out, *account);
            out.number(u64::from(*claim));
            write_policy(out, policy);
        }
        Body::Unmerge { guest, claim } => {
            out.number(8);
            tables.write_cart(out, *guest);
            out.number(u64::from(*claim));
        }
        Body::Order(order) => {
            let Purchase { id, bought, seen, stays } = &**order;
            out.number(9);
            text(out, id.as_str());
            out.count(bought.len());
            for bought in bought {
                tables.write_line(out, Some(&bought.line));
                write_taken(out, tables, &bought.taken);
            }
            tables.write_dots(out, seen);
            write_stays(out, tables, stays);
        }
        Body::Expired { rule } => {
            out.number(10);
            text(out, rule.as_str());
        }
        Body::Stay(stays) => {
            out.number(11);
            write_stays(out, tables, stays);
        }
        Body::Unknown { kind, payload } => {
            out.number(u64::from(*kind));
            out.blob(payload);
        }
    }
}

fn read_body(input: &mut Reader<'_>, tables: &Tables) -> Result<Body, DecodeError> {
    let error = input.error(Broken::Variant { what: "entry" });
    Ok(match input.small()? {
        1 => Body::Add {
            quantity: read_quantity(input)?,
            sided: input.flag()?,
            price: input.maybe(read_price)?,
        },
        2 => Body::Set(Box::new(SetTo {
            quantity: read_quantity(input)?,
            list: read_list(input)?,
            sided: input.flag()?,
            price: input.maybe(read_price)?,
            seen: tables.dots(input)?,
            covers: tables.dots(input)?,
            took: read_took(input, tables)?,
            stays: read_stays(input, tables)?,
        })),
        3 => Body::Move { to: read_list(input)?, dots: tables.list(input)? },
        4 => {
            let sided = input.flag()?;
            Body::Register { value: read_register(input)?, sided }
        }
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
            seen: tables.dots(input)?,
            stays: read_stays(input, tables)?,
        })),
        10 => Body::Expired { rule: input.parsed(RuleName::new)? },
        11 => Body::Stay(Box::new(read_stays(input, tables)?)),
        kind if kind >= FIRST_UNKNOWN => Body::Unknown { kind, payload: input.blob()?.into() },
        _ => return Err(error),
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

fn write_price(out: &mut Writer, price: &Money) {
    let (digits, scale) = price.parts();
    out.number(digits);
    out.raw(&[scale]);
    out.raw(price.currency().as_bytes());
}

fn read_price(input: &mut Reader<'_>) -> Result<Money, DecodeError> {
    let at = input.offset();
    let (digits, scale) = (input.number()?, input.byte()?);
    let code = core::str::from_utf8(input.take(3)?).map_err(|_| input.error(Broken::Utf8))?;
    Currency::new(code)
        .and_then(|currency| Money::from_parts(digits, scale, currency))
        .map_err(|error| DecodeError { offset: at, broken: error.into() })
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
        let error = input.error(Broken::Index { table: "lines" });
        let line = tables.line(input)?.ok_or(error)?;
        all.push(Bought { line, taken: read_taken(input, tables)? });
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
