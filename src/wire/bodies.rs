//! The encoding of the bodies of entries.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::bytes::{ByteReader, ByteWriter};
use super::decode_tables::{DecodeTables, sorted};
use super::encode_tables::EncodeTables;
use super::error::{BoxedError, Broken, error_at};
use super::policies::{read_policy, write_policy};
use super::set_entries::{read_set, write_set};
use super::values::{
    read_list, read_preserved, read_quantity, read_taken, text, write_list, write_preserved,
    write_taken,
};
use crate::cart::kind_numbers::{
    ADD, ATTRIBUTE, CONSENT, COUPON, EXPIRED, FIRST_UNKNOWN, GIFT, MERGE, MOVE, NOTE, ORDER,
    REGISTER, SET, SHIPPING, STAY, UNMERGE,
};
use crate::cart::{
    Body, Gift, GuestMerge, GuestUnmerge, OrderPlaced, OrderedUnits, PackedEntry, Register,
};
use crate::dots::Dot;
use crate::id::{AttributeKey, CouponCode, OrderId, RuleName, ShippingOption, Text};
use crate::limits;

/// Writes the body of an entry. `predicted_seen` is the predicted index of the dots seen of a Set,
/// and becomes the index written.
pub(super) fn write_body(
    out: &mut ByteWriter,
    tables: &EncodeTables<'_>,
    row: &PackedEntry,
    predicted_seen: &mut u64,
) {
    match tables.body_of(row) {
        Body::Add { quantity, .. } => out.number(u64::from(quantity.get())),
        Body::Set(set) => write_set(out, tables, row, set, predicted_seen),
        Body::Move { to, dots } => {
            write_list(out, *to);
            out.count(dots.len());
            dots.iter().for_each(|dot| tables.dot(out, *dot));
        }
        Body::Register { value, .. } => write_register(out, value),
        Body::Coupon(code) => text(out, code.as_str()),
        Body::Consent(given) => out.flag(*given),
        // Carts are written as indexes into the table of carts.
        Body::Merge(merge) => {
            tables.cart(out, merge.guest);
            tables.cart(out, merge.account);
            out.number(u64::from(merge.claim));
            write_policy(out, &merge.policy);
        }
        Body::Unmerge(unmerge) => {
            tables.cart(out, unmerge.guest);
            out.number(u64::from(unmerge.claim));
        }
        // The lines and dots of an order are indexes too.
        Body::Order(order) => {
            let OrderPlaced { id, bought, seen, preserved } = &**order;
            text(out, id.as_str());
            out.count(bought.len());
            for bought in bought {
                tables.line(out, &bought.line);
                write_taken(out, tables, &bought.taken);
            }
            out.number(tables.seen(seen));
            write_preserved(out, tables, preserved);
        }
        Body::Expired { rule } => text(out, rule.as_str()),
        Body::Stay(preserved) => write_preserved(out, tables, preserved),
        // A body of a later version is kept unchanged.
        Body::Unknown { payload, .. } => out.blob(payload),
    }
}

/// Reads a body of a kind, for the entry with a dot. `here` is the offset of the entry, for errors.
/// `predicted_seen` is the predicted index of the dots seen of a Set, and becomes the index read.
pub(super) fn read_body(
    input: &mut ByteReader<'_>,
    tables: &mut DecodeTables,
    dot: Dot,
    (kind, sided): (u32, bool),
    (here, predicted_seen): (usize, &mut u64),
) -> Result<Body, BoxedError> {
    Ok(match kind {
        ADD => Body::Add { quantity: read_quantity(input)?, sided },
        SET => Body::Set(Arc::new(read_set(input, tables, dot, sided, predicted_seen)?)),
        MOVE => Body::Move { to: read_list(input)?, dots: read_dots(input, tables)?.into() },
        REGISTER => Body::Register { value: Arc::new(read_register(input)?), sided },
        COUPON => Body::Coupon(read_coupon(input)?.into()),
        CONSENT => Body::Consent(input.flag()?),
        MERGE => Body::Merge(Arc::new(GuestMerge {
            guest: tables.cart(input)?,
            account: tables.cart(input)?,
            claim: input.small()?,
            policy: read_policy(input)?,
        })),
        UNMERGE => {
            let (guest, claim) = (tables.cart(input)?, input.small()?);
            Body::Unmerge(Arc::new(GuestUnmerge { guest, claim }))
        }
        ORDER => Body::Order(Arc::new(OrderPlaced {
            id: input.parsed(OrderId::new)?,
            bought: read_bought(input, tables)?,
            seen: tables.seen(input)?,
            preserved: read_preserved(input, tables)?,
        })),
        EXPIRED => Body::Expired { rule: input.parsed(RuleName::new)?.into() },
        STAY => Body::Stay(Arc::new(read_preserved(input, tables)?)),
        // A later version may have further kinds. Their bodies are kept unchanged.
        kind if kind >= FIRST_UNKNOWN => {
            Body::Unknown { kind, payload: Arc::new(input.blob()?.into()) }
        }
        _ => return Err(error_at(here, Broken::Variant { what: "entry" })),
    })
}

/// Reads a coupon code, which must be in its normal form.
fn read_coupon(input: &mut ByteReader<'_>) -> Result<CouponCode, BoxedError> {
    let here = input.offset();
    let text = input.text()?;
    // The decoder accepts the normal form only, so that equal codes have equal bytes.
    let code = CouponCode::new(text).map_err(|error| input.error(error))?;
    if code.as_str() == text { Ok(code) } else { Err(error_at(here, Broken::NotCanonical)) }
}

/// Reads a strictly ascending list of dots.
fn read_dots(
    input: &mut ByteReader<'_>,
    tables: &mut DecodeTables,
) -> Result<Vec<Dot>, BoxedError> {
    let count = input.count(2, "dots", limits::MESSAGE_BYTES)?;
    // The dots of a Move are a set, so their order is fixed.
    let dots: Result<Vec<Dot>, _> = (0..count).map(|_| tables.dot(input)).collect();
    sorted(input, dots?)
}

/// Reads a strictly ascending list of the units that an order bought.
fn read_bought(
    input: &mut ByteReader<'_>,
    tables: &mut DecodeTables,
) -> Result<Vec<OrderedUnits>, BoxedError> {
    let count = input.count(6, "units bought", limits::MESSAGE_BYTES)?;
    // An entry takes at least six bytes, so the count bounds the allocation.
    let mut all = Vec::with_capacity(count);
    for _ in 0..count {
        all.push(OrderedUnits { line: tables.line(input)?, taken: read_taken(input, tables)? });
    }
    sorted(input, all)
}

/// Writes a note, a gift, an attribute or a shipping option.
fn write_register(out: &mut ByteWriter, register: &Register) {
    out.number(register.kind_number());
    match register {
        Register::Note(note) => {
            text(out, note.as_str());
        }
        Register::Gift(Gift { wrap, message }) => {
            out.flag(*wrap);
            out.maybe(message.as_ref(), |out, message| text(out, message.as_str()));
        }
        Register::Attribute(key, value) => {
            text(out, key.as_str());
            text(out, value.as_str());
        }
        Register::Shipping(option) => {
            text(out, option.as_str());
        }
    }
}

/// Reads a note, a gift, an attribute or a shipping option.
fn read_register(input: &mut ByteReader<'_>) -> Result<Register, BoxedError> {
    let here = input.offset();
    Ok(match input.number()? {
        NOTE => Register::Note(input.parsed(Text::new)?),
        GIFT => Register::Gift(Gift {
            wrap: input.flag()?,
            message: input.maybe(|input| input.parsed(Text::new))?,
        }),
        ATTRIBUTE => {
            Register::Attribute(input.parsed(AttributeKey::new)?, input.parsed(Text::new)?)
        }
        SHIPPING => Register::Shipping(input.parsed(ShippingOption::new)?),
        _ => return Err(error_at(here, Broken::Variant { what: "register" })),
    })
}
