//! The encoding of states and deltas: tables, dots, live entries.

use super::bytes::{ByteReader, ByteWriter};
use super::decode_tables::DecodeTables;
use super::encode_tables::{EncodeTables, write_writers};
use super::entries::{self, EntryPredictor};
use super::error::{BoxedError, Broken, error_at};
use super::table_layout::NEEDS;
use crate::cart::{Cart, DecodedEntries, Delta, Entries};
use crate::dots::Dots;
use crate::id::CartId;
use crate::limits;

/// The first byte of an erased cart's delta. Nothing follows it.
const ERASED: u8 = 0b0000_0001;

/// Writes a delta.
pub(super) fn write_delta(out: &mut ByteWriter, delta: &Delta) {
    // All dots together have few runs. A dot that is not listed as live below is dead.
    write_parts(
        out,
        (delta.cart(), delta.is_erasure()),
        &delta.dots(),
        delta.needs(),
        delta.live(),
    );
}

/// Writes a state, as the delta that holds the whole state and needs no dots.
pub(super) fn write_cart(out: &mut ByteWriter, cart: &Cart) {
    let none = Dots::default();
    write_parts(out, (cart.id(), cart.is_erased()), cart.context(), &none, cart.live());
}

/// Writes the common form of a state and a delta.
fn write_parts(
    out: &mut ByteWriter,
    (cart, erased): (CartId, bool),
    dots: &Dots,
    needs: &Dots,
    live: &Entries,
) {
    out.id(cart.as_u128());
    if erased {
        out.raw(&[ERASED]);
        return;
    }
    // Entries written in a guest's cart may be part of an account's delta. Their tables must then
    // be those of `cart`.
    let moved;
    let live = if live.tables().home == cart {
        live
    } else {
        moved = live.at_home(cart);
        &moved
    };
    // The tables, then the sets of dots.
    let tables = EncodeTables::of(cart, dots, live);
    let needed = if needs.is_empty() { 0 } else { NEEDS };
    let rows = tables.rows();
    out.raw(&[tables.head(Some(&rows)) | needed]);
    write_writers(out, &rows.writers);
    tables.write(out, Some(&rows));
    tables.dots(out, dots);
    if !needs.is_empty() {
        tables.dots(out, needs);
    }
    // The live entries, grouped by writer and sorted by sequence number.
    let mut predictor = EntryPredictor::new(tables.lines(), tables.prices());
    predictor.seen = tables.first_seen();
    let groups = || live.rows().chunk_by(|a, b| a.writer == b.writer);
    out.count(groups().count());
    let mut next = 0;
    for rows in groups() {
        let writer = tables.writer_of(&rows[0]);
        out.number(u64::from(writer - next));
        next = writer + 1;
        out.count(rows.len() - 1);
        let mut last = 0;
        for row in rows {
            let seq = u64::from(row.seq);
            entries::write_entry(out, &tables, row, seq - last, &mut predictor);
            last = seq;
        }
    }
}

/// The decoded parts of a state or a delta.
struct MessageParts {
    cart: CartId,
    dots: Dots,
    needs: Dots,
    /// The live entries, or `None` for an erasure.
    live: Option<Entries>,
}

/// Reads the common form of a state and a delta.
fn read_parts(input: &mut ByteReader<'_>) -> Result<MessageParts, BoxedError> {
    let cart = CartId::from_u128(input.id()?);
    let here = input.offset();
    let head = input.byte()?;
    // An erasure ends here. Other heads are flags.
    if head == ERASED {
        return Ok(MessageParts {
            cart,
            dots: Dots::default(),
            needs: Dots::default(),
            live: None,
        });
    }
    if head & (ERASED | 0b1000_0000) != 0 {
        return Err(error_at(here, Broken::NotCanonical));
    }
    // The tables, then the sets of dots.
    let mut tables = DecodeTables::read(input, cart, head)?;
    let dots = tables.dots(input)?;
    let mut needs = Dots::default();
    if head & NEEDS != 0 {
        needs = tables.dots(input)?;
        if needs.is_empty() {
            return Err(error_at(here, Broken::NotCanonical));
        }
    }
    // The live entries. Every row of every table must be used by now.
    let rows = read_rows(input, &mut tables)?;
    if sabotage!("decoder-takes-unused-table-rows", !tables.all_used(), false) {
        return Err(input.error(Broken::NotCanonical));
    }
    Ok(MessageParts { cart, dots, needs, live: Some(Entries::from_rows(tables.held(), rows)) })
}

/// Reads the live entries, grouped by writer.
fn read_rows(
    input: &mut ByteReader<'_>,
    tables: &mut DecodeTables,
) -> Result<DecodedEntries, BoxedError> {
    let mut rows = DecodedEntries::default();
    let mut predictor = EntryPredictor::new(tables.lines.rows.len(), tables.prices.rows.len());
    predictor.seen = tables.first_seen();
    let mut next = 0;
    for _ in 0..input.count(5, "writers of entries", limits::MESSAGE_BYTES)? {
        // A group begins with its writer and the number of its entries.
        let skipped = input.number()?;
        let writer = tables.writers.row(input, skipped.saturating_add(next))?;
        next = u64::from(writer) + 1;
        let more = input.count(3, "live entries", limits::MESSAGE_BYTES)?;
        rows.reserve(more + 1);
        let mut last = 0;
        for _ in 0..=more {
            last = entries::read_entry(input, tables, (writer, last), &mut predictor, &mut rows)?;
        }
    }
    Ok(rows)
}

/// Reads a delta. All its live entries must be in its set of dots.
pub(super) fn read_delta(input: &mut ByteReader<'_>) -> Result<Delta, BoxedError> {
    let MessageParts { cart, dots, needs, live } = read_parts(input)?;
    let Some(live) = live else { return Ok(Delta::erasure(cart)) };
    let listed = live.dots();
    if !dots.covers(&listed) {
        return Err(input.error(Broken::NotCanonical));
    }
    Delta::of(cart, live, dots.minus(&listed), needs).map_err(|error| input.error(error))
}

/// Reads a state, which is a delta that needs no dots.
pub(super) fn read_cart(input: &mut ByteReader<'_>) -> Result<Cart, BoxedError> {
    let MessageParts { cart, dots, needs, live } = read_parts(input)?;
    let Some(live) = live else { return Ok(Cart::erased(cart)) };
    let whole = needs.is_empty().then(|| Cart::whole(dots, live)).flatten();
    whole.ok_or_else(|| input.error(Broken::NotCanonical))
}
