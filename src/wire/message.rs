//! The encoding of the messages of an exchange.

use alloc::vec::Vec;

use super::bytes::{ByteReader, ByteWriter};
use super::decode_tables::DecodeTables;
use super::dots;
use super::error::{BoxedError, Broken, error_at};
use super::parts::{read_delta, write_delta};
use crate::cart::{Fingerprint, Have};
use crate::id::{CartId, ReplicaId};
use crate::sync::Message;

/// Writes a message: the number of its variant and its fields.
pub(super) fn write(out: &mut ByteWriter, message: &Message) {
    match message {
        Message::Probe { cart, fingerprint } => {
            out.number(1);
            out.id(cart.as_u128());
            write_fingerprint(out, fingerprint);
        }
        Message::Same { cart } => {
            out.number(2);
            out.id(cart.as_u128());
        }
        Message::Have { cart, have } => {
            out.number(3);
            out.id(cart.as_u128());
            write_have(out, have);
        }
        Message::Answer { delta, have, fingerprint } => {
            out.number(4);
            write_delta(out, delta);
            out.maybe(have.as_ref(), write_have);
            write_fingerprint(out, fingerprint);
        }
        Message::All { delta, fingerprint, reply } => {
            out.number(5);
            write_delta(out, delta);
            write_fingerprint(out, fingerprint);
            out.flag(*reply);
        }
    }
}

/// Reads a message, or returns [`Broken::Variant`] for an unknown variant.
pub(super) fn read(input: &mut ByteReader<'_>) -> Result<Message, BoxedError> {
    let here = input.offset();
    Ok(match input.number()? {
        1 => Message::Probe {
            cart: CartId::from_u128(input.id()?),
            fingerprint: read_fingerprint(input)?,
        },
        2 => Message::Same { cart: CartId::from_u128(input.id()?) },
        3 => Message::Have { cart: CartId::from_u128(input.id()?), have: read_have(input)? },
        4 => Message::Answer {
            delta: read_delta(input)?,
            have: input.maybe(read_have)?,
            fingerprint: read_fingerprint(input)?,
        },
        5 => Message::All {
            delta: read_delta(input)?,
            fingerprint: read_fingerprint(input)?,
            reply: input.flag()?,
        },
        _ => return Err(error_at(here, Broken::Variant { what: "message" })),
    })
}

/// Writes a fingerprint: two hashes of 16 bytes.
fn write_fingerprint(out: &mut ByteWriter, fingerprint: &Fingerprint) {
    out.id(fingerprint.live);
    out.id(fingerprint.context);
}

/// Reads a fingerprint.
fn read_fingerprint(input: &mut ByteReader<'_>) -> Result<Fingerprint, BoxedError> {
    Ok(Fingerprint { live: input.id()?, context: input.id()? })
}

/// Writes a replica's known dots, with a table of their writers.
fn write_have(out: &mut ByteWriter, have: &Have) {
    out.flag(have.erased);
    let writers: Vec<ReplicaId> = have.context.writers().map(|(writer, _)| writer).collect();
    // The writers of live dots are among the writers of the context.
    out.count(writers.len());
    writers.iter().for_each(|writer| out.id(writer.as_u128()));
    dots::write(out, &writers, &have.context);
    dots::write(out, &writers, &have.live);
}

/// Reads a replica's known dots.
fn read_have(input: &mut ByteReader<'_>) -> Result<Have, BoxedError> {
    let erased = input.flag()?;
    // This part names no carts, so any cart will do for the tables.
    let mut tables = DecodeTables::empty(CartId::from_u128(0));
    tables.read_writers(input)?;
    let context = tables.dots(input)?;
    // The context alone must use every writer.
    let all_used = tables.all_used();
    let live = tables.dots(input)?;
    // An erased cart has no context. Otherwise every live dot is in the context.
    if !all_used || erased && !context.is_empty() || !live.minus(&context).is_empty() {
        return Err(input.error(Broken::NotCanonical));
    }
    Ok(Have { context, live, erased })
}
