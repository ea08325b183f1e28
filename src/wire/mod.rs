//! Bytes: a versioned, checksummed envelope, and what is in it.
//!
//! Equal values have equal bytes, and bytes that are not the one form of what they say are
//! refused: `encode(decode(bytes)) == bytes` for all bytes that decode. Every count is checked
//! against the bytes that are left before anything is allocated for it.
#![doc = include_str!("FORMAT.md")]

mod bodies;
mod bytes;
mod dots;
mod entries;
mod error;
mod link;
mod message;
mod numbering;
mod numbers;
mod policies;
mod sets;
mod tables;

use alloc::vec::Vec;

pub use error::{Broken, DecodeError};
use error::{Fault, fault};
pub use link::{LinkReceiver, LinkSender};

use crate::cart::{Cart, Delta, Entries, ReadRows};
use crate::clock::Time;
use crate::context::Dots;
use crate::id::{CartId, ReplicaId};
use crate::limits;
use crate::replica::Replica;
use crate::sync::Message;
use bytes::{Reader, Writer};
use entries::Before;
use numbering::{NEEDS, Numbering, write_writers};
use tables::Tables;

const MAGIC: [u8; 2] = *b"hd";
const VERSION: u8 = 1;
const CHECKSUM_BYTES: usize = 4;
const HEADER_BYTES: usize = MAGIC.len() + 1;

/// What an envelope holds.
#[derive(Clone, Copy)]
enum Kind {
    Cart = 1,
    Delta = 2,
    Replica = 3,
    Message = 4,
}

fn seal(kind: Kind, write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut out = Writer::with_room();
    out.raw(&MAGIC);
    out.raw(&[VERSION << 4 | kind as u8]);
    write(&mut out);
    let checksum = crc32fast::hash(&out.bytes);
    out.raw(&checksum.to_le_bytes());
    out.bytes
}

/// Opens an envelope of `kind` and reads its content. Whoever reads a part holds it to its one
/// form: that bytes are written again as they were is not tried here, it is a law that is tested.
fn open<T>(
    bytes: &[u8],
    kind: Kind,
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, Fault>,
) -> Result<T, DecodeError> {
    let error = |offset, broken| DecodeError { offset, broken };
    if bytes.len() > limits::MESSAGE_BYTES {
        return Err(error(limits::MESSAGE_BYTES, Broken::TooLarge));
    }
    if !bytes.starts_with(&MAGIC) {
        let broken = if MAGIC.starts_with(bytes) { Broken::Truncated } else { Broken::Magic };
        return Err(error(0, broken));
    }
    if bytes.len() < HEADER_BYTES + CHECKSUM_BYTES {
        return Err(error(bytes.len(), Broken::Truncated));
    }
    let (version, found) = (bytes[2] >> 4, bytes[2] & 0x0f);
    if version != VERSION {
        return Err(error(2, Broken::Version { found: version }));
    }
    if found != kind as u8 {
        return Err(error(2, Broken::Kind { expected: kind as u8, found }));
    }
    let (content, checksum) = bytes.split_at(bytes.len() - CHECKSUM_BYTES);
    if crc32fast::hash(content).to_le_bytes() != checksum {
        return Err(error(content.len(), Broken::Checksum));
    }
    let mut input = Reader::new(content, HEADER_BYTES);
    let value = read(&mut input).map_err(|fault| *fault)?;
    if sabotage!("decoder-takes-trailing-bytes", !input.is_at_end(), false) {
        return Err(*input.error(Broken::Trailing));
    }
    Ok(value)
}

/// A state as bytes.
///
/// ```
/// use holdall::{wire, Cart, CartId};
/// let cart = Cart::new(CartId::from_u128(1));
/// assert_eq!(wire::decode_cart(&wire::encode_cart(&cart))?, cart);
/// # Ok::<(), wire::DecodeError>(())
/// ```
#[must_use]
pub fn encode_cart(cart: &Cart) -> Vec<u8> {
    seal(Kind::Cart, |out| write_cart(out, cart))
}

/// A state from its bytes.
///
/// # Errors
/// Anything but the bytes of a state in their one form.
pub fn decode_cart(bytes: &[u8]) -> Result<Cart, DecodeError> {
    open(bytes, Kind::Cart, read_cart)
}

/// A delta as bytes.
#[must_use]
pub fn encode_delta(delta: &Delta) -> Vec<u8> {
    seal(Kind::Delta, |out| write_delta(out, delta))
}

/// A delta from its bytes.
///
/// # Errors
/// Anything but the bytes of a delta in their one form.
pub fn decode_delta(bytes: &[u8]) -> Result<Delta, DecodeError> {
    open(bytes, Kind::Delta, read_delta)
}

/// What a replica must keep to come back: its id, its time, its state. Rules and options are the
/// deployment's and not kept.
///
/// ```
/// use holdall::{wire, CartId, LineKey, Quantity, Replica, ReplicaId};
/// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
/// phone.add(0, &LineKey::sku("TEE")?, Quantity::ONE, None)?;
/// let bytes = wire::encode_replica(&phone);
/// drop(phone); // one writer at a time
/// let phone = wire::decode_replica(&bytes)?;
/// assert_eq!(phone.view().quantity(&LineKey::sku("TEE")?), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn encode_replica(replica: &Replica) -> Vec<u8> {
    seal(Kind::Replica, |out| {
        out.id(replica.id().as_u128());
        entries::write_time(out, replica.latest(), &mut 0);
        write_cart(out, replica.cart());
    })
}

/// A replica from what it had kept. Not from a backup: see [`Replica`].
///
/// # Errors
/// Anything but the bytes of a replica in their one form.
pub fn decode_replica(bytes: &[u8]) -> Result<Replica, DecodeError> {
    let read = |input: &mut Reader<'_>| {
        let id = ReplicaId::from_u128(input.id()?);
        let latest: Time = entries::read_time(input, &mut 0)?;
        let replica = Replica::resume(id, latest, read_cart(input)?);
        // Time goes on from the latest it knew, which is no earlier than its entries.
        let right = replica.latest() == latest;
        if right { Ok(replica) } else { Err(input.error(Broken::NotCanonical)) }
    };
    open(bytes, Kind::Replica, read)
}

/// A message of a [`Session`](crate::sync::Session) as bytes.
#[must_use]
pub fn encode_message(message: &Message) -> Vec<u8> {
    seal(Kind::Message, |out| message::write(out, message))
}

/// A message of a [`Session`](crate::sync::Session) from its bytes.
///
/// # Errors
/// Anything but the bytes of a message in their one form.
pub fn decode_message(bytes: &[u8]) -> Result<Message, DecodeError> {
    open(bytes, Kind::Message, message::read)
}

/// In the first byte of a delta: that it is an erasure, and nothing follows.
const ERASED: u8 = 0b0000_0001;

fn write_delta(out: &mut Writer, delta: &Delta) {
    // Live and dead together are few runs; the live ones are listed below, the rest is dead.
    write_parts(
        out,
        (delta.cart(), delta.is_erasure()),
        &delta.dots(),
        delta.needs(),
        delta.live(),
    );
}

fn write_cart(out: &mut Writer, cart: &Cart) {
    let none = Dots::default();
    write_parts(out, (cart.id(), cart.is_erased()), cart.context(), &none, cart.live());
}

fn write_parts(
    out: &mut Writer,
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
    // What a guest's devices wrote may be on its way to an account.
    let moved;
    let live = if live.tables().home == cart {
        live
    } else {
        moved = live.at_home(cart);
        &moved
    };
    let tables = Numbering::of(cart, dots, live);
    let needed = if needs.is_empty() { 0 } else { NEEDS };
    let rows = tables.rows();
    out.raw(&[tables.head(Some(&rows)) | needed]);
    write_writers(out, &rows.writers);
    tables.write(out, Some(&rows));
    tables.dots(out, dots);
    if !needs.is_empty() {
        tables.dots(out, needs);
    }
    let mut before = Before::new(tables.lines(), tables.prices());
    before.seen = tables.first_seen();
    let groups = || live.rows().chunk_by(|a, b| tables.are_of_one(a, b));
    out.count(groups().count());
    let mut next = 0;
    for rows in groups() {
        let writer = tables.writer_of(&rows[0]);
        out.number(u64::from(writer - next));
        next = writer + 1;
        out.count(rows.len() - 1);
        let mut last = 0;
        for (row, seq) in tables.seqs(rows) {
            entries::write_entry(out, &tables, row, seq - last, &mut before);
            last = seq;
        }
    }
}

/// What a message says: all its dots, those it needs, and the live entries.
struct Parts {
    cart: CartId,
    dots: Dots,
    needs: Dots,
    /// `None`: it is an erasure.
    live: Option<Entries>,
}

fn read_parts(input: &mut Reader<'_>) -> Result<Parts, Fault> {
    let cart = CartId::from_u128(input.id()?);
    let here = input.offset();
    let head = input.byte()?;
    if head == ERASED {
        return Ok(Parts { cart, dots: Dots::default(), needs: Dots::default(), live: None });
    }
    if head & (ERASED | 0b1000_0000) != 0 {
        return Err(fault(here, Broken::NotCanonical));
    }
    let mut tables = Tables::read(input, cart, head)?;
    let dots = tables.dots(input)?;
    let mut needs = Dots::default();
    if head & NEEDS != 0 {
        needs = tables.dots(input)?;
        if needs.is_empty() {
            return Err(fault(here, Broken::NotCanonical));
        }
    }
    let rows = read_rows(input, &mut tables)?;
    if sabotage!("decoder-takes-unused-table-rows", !tables.all_used(), false) {
        return Err(input.error(Broken::NotCanonical));
    }
    Ok(Parts { cart, dots, needs, live: Some(Entries::from_rows(tables.held(), rows)) })
}

fn read_rows(input: &mut Reader<'_>, tables: &mut Tables) -> Result<ReadRows, Fault> {
    let mut rows = ReadRows::default();
    let mut before = Before::new(tables.lines.rows.len(), tables.prices.rows.len());
    before.seen = tables.first_seen();
    let mut next = 0;
    for _ in 0..input.count(5, "writers of entries", limits::MESSAGE_BYTES)? {
        let skipped = input.number()?;
        let writer = tables.writers.row(input, skipped.saturating_add(next))?;
        next = u64::from(writer) + 1;
        let more = input.count(3, "live entries", limits::MESSAGE_BYTES)?;
        rows.reserve(more + 1);
        let mut last = 0;
        for _ in 0..=more {
            last = entries::read_entry(input, tables, (writer, last), &mut before, &mut rows)?;
        }
    }
    Ok(rows)
}

fn read_delta(input: &mut Reader<'_>) -> Result<Delta, Fault> {
    let Parts { cart, dots, needs, live } = read_parts(input)?;
    let Some(live) = live else { return Ok(Delta::erasure(cart)) };
    let listed = live.dots();
    if !dots.covers(&listed) {
        return Err(input.error(Broken::NotCanonical));
    }
    Delta::of(cart, live, dots.minus(&listed), needs).map_err(|error| input.error(error))
}

fn read_cart(input: &mut Reader<'_>) -> Result<Cart, Fault> {
    let Parts { cart, dots, needs, live } = read_parts(input)?;
    let Some(live) = live else { return Ok(Cart::erased(cart)) };
    let whole = needs.is_empty().then(|| Cart::whole(dots, live)).flatten();
    whole.ok_or_else(|| input.error(Broken::NotCanonical))
}
