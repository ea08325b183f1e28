//! The encoding of values that several kinds of entries share.

use alloc::vec::Vec;

use super::bytes::{ByteReader, ByteWriter};
use super::decode_tables::{DecodeTables, sorted};
use super::encode_tables::EncodeTables;
use super::error::{BoxedError, error_at};
use crate::cart::{ConsumedUnits, List, Preserved, PreservedDeduction, PreservedPlacement};
use crate::limits;
use crate::quantity::Quantity;

/// Writes a text with its length before it.
pub(super) fn text(out: &mut ByteWriter, text: &str) {
    out.blob(text.as_bytes());
}

/// Reads a quantity and checks its range.
pub(super) fn read_quantity(input: &mut ByteReader<'_>) -> Result<Quantity, BoxedError> {
    let at = input.offset();
    let units = i64::from(input.small()?);
    Quantity::new(units).map_err(|e| error_at(at, e))
}

/// Writes a list as a flag: 1 is the saved list.
pub(super) fn write_list(out: &mut ByteWriter, list: List) {
    out.flag(list == List::Saved);
}

/// Reads a list from a flag: 1 is the saved list.
pub(super) fn read_list(input: &mut ByteReader<'_>) -> Result<List, BoxedError> {
    Ok(if input.flag()? { List::Saved } else { List::Active })
}

/// Writes units taken from an entry: its dot, their number, their scope and the list of the Set.
pub(super) fn write_taken(out: &mut ByteWriter, tables: &EncodeTables<'_>, taken: &ConsumedUnits) {
    tables.dot(out, taken.dot);
    out.number(u64::from(taken.units));
    tables.cart(out, taken.scope);
    out.maybe(taken.set, write_list);
}

/// Reads units taken from an entry.
pub(super) fn read_taken(
    input: &mut ByteReader<'_>,
    tables: &mut DecodeTables,
) -> Result<ConsumedUnits, BoxedError> {
    Ok(ConsumedUnits {
        dot: tables.dot(input)?,
        units: input.small()?,
        scope: tables.cart(input)?,
        // The list is present if the units were taken from a Set.
        set: input.maybe(read_list)?,
    })
}

/// Reads a strictly ascending list of units taken.
pub(super) fn read_replaced_guest_units(
    input: &mut ByteReader<'_>,
    tables: &mut DecodeTables,
) -> Result<Vec<ConsumedUnits>, BoxedError> {
    let count = input.count(5, "units taken", limits::MESSAGE_BYTES)?;
    let replaced_guest_units: Result<Vec<_>, _> =
        (0..count).map(|_| read_taken(input, tables)).collect();
    sorted(input, replaced_guest_units?)
}

/// Writes preserved placements, then preserved deductions.
pub(super) fn write_preserved(
    out: &mut ByteWriter,
    tables: &EncodeTables<'_>,
    preserved: &Preserved,
) {
    out.count(preserved.pins.len());
    for pin in &preserved.pins {
        tables.dot(out, pin.dot);
        write_list(out, pin.list);
        out.maybe(pin.until, |out, guest| tables.cart(out, guest));
    }
    out.count(preserved.lacks.len());
    for lack in &preserved.lacks {
        tables.dot(out, lack.set);
        tables.dot(out, lack.taken);
        out.number(u64::from(lack.units));
    }
}

/// Reads preserved placements and preserved deductions, each list strictly ascending.
pub(super) fn read_preserved(
    input: &mut ByteReader<'_>,
    tables: &mut DecodeTables,
) -> Result<Preserved, BoxedError> {
    // Placements come first, sorted by dot.
    let count = input.count(4, "pins", limits::MESSAGE_BYTES)?;
    let pins: Result<Vec<_>, BoxedError> = (0..count)
        .map(|_| {
            let (dot, list) = (tables.dot(input)?, read_list(input)?);
            Ok(PreservedPlacement { dot, list, until: input.maybe(|input| tables.cart(input))? })
        })
        .collect();
    let pins = sorted(input, pins?)?;
    // Deductions follow, sorted by Set.
    let count = input.count(5, "units lacking", limits::MESSAGE_BYTES)?;
    let lacks: Result<Vec<_>, BoxedError> = (0..count)
        .map(|_| {
            let (set, taken) = (tables.dot(input)?, tables.dot(input)?);
            Ok(PreservedDeduction { set, taken, units: input.small()? })
        })
        .collect();
    Ok(Preserved { pins, lacks: sorted(input, lacks?)? })
}
