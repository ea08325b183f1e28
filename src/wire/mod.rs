//! Bytes: a versioned, checksummed envelope, and what is in it.
//!
//! Equal values have equal bytes, and bytes that are not the one form of what they say are
//! refused: `encode(decode(bytes)) == bytes` for all bytes that decode. Every count is checked
//! against the bytes that are left before anything is allocated for it.
#![doc = include_str!("FORMAT.md")]

mod bytes;
mod entries;
mod error;
mod message;
mod tables;

use alloc::vec::Vec;

pub use error::{Broken, DecodeError};

use crate::cart::{Cart, Delta, Entries, Entry};
use crate::clock::Time;
use crate::context::{Dot, Dots};
use crate::id::{CartId, LineKey, ReplicaId};
use crate::limits;
use crate::replica::Replica;
use crate::sync::Message;
use bytes::{Reader, Writer};
use tables::Tables;

const MAGIC: [u8; 4] = *b"hold";
const VERSION: u8 = 1;
const CHECKSUM_BYTES: usize = 4;
const HEADER_BYTES: usize = MAGIC.len() + 2;

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
    out.raw(&[VERSION, kind as u8]);
    write(&mut out);
    let checksum = crc32fast::hash(&out.bytes);
    out.raw(&checksum.to_le_bytes());
    out.bytes
}

/// Opens an envelope of `kind`, reads its content, and holds it to its one form.
fn open<T>(
    bytes: &[u8],
    kind: Kind,
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, DecodeError>,
    encode: impl FnOnce(&T) -> Vec<u8>,
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
    if bytes[4] != VERSION {
        return Err(error(4, Broken::Version { found: bytes[4] }));
    }
    if bytes[5] != kind as u8 {
        return Err(error(5, Broken::Kind { expected: kind as u8, found: bytes[5] }));
    }
    let (content, checksum) = bytes.split_at(bytes.len() - CHECKSUM_BYTES);
    if crc32fast::hash(content).to_le_bytes() != checksum {
        return Err(error(content.len(), Broken::Checksum));
    }
    let mut input = Reader::new(content, HEADER_BYTES);
    let value = read(&mut input)?;
    if !input.is_at_end() {
        return Err(input.error(Broken::Trailing));
    }
    let again = encode(&value);
    match again.iter().zip(bytes).position(|(ours, theirs)| ours != theirs) {
        None if again.len() == bytes.len() => Ok(value),
        at => Err(error(at.unwrap_or_else(|| again.len().min(bytes.len())), Broken::NotCanonical)),
    }
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
    open(bytes, Kind::Cart, read_cart, encode_cart)
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
    open(bytes, Kind::Delta, read_delta, encode_delta)
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
        Ok(Replica::resume(id, latest, read_cart(input)?))
    };
    open(bytes, Kind::Replica, read, encode_replica)
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
    open(bytes, Kind::Message, message::read, encode_message)
}

fn write_delta(out: &mut Writer, delta: &Delta) {
    // Live and dead together are few runs; the live ones are listed below, the rest is dead.
    let mut lines: Vec<LineKey> = delta.live().values().flat_map(Entry::lines).cloned().collect();
    lines.sort_unstable();
    lines.dedup();
    let (dots, needs, live) = (&delta.dots(), delta.needs(), delta.live());
    write_parts(out, (delta.cart(), delta.is_erasure()), dots, needs, live, lines);
}

fn write_cart(out: &mut Writer, cart: &Cart) {
    let none = Dots::default();
    let lines = cart.lines().cloned().collect();
    let (id, erased) = (cart.id(), cart.is_erased());
    write_parts(out, (id, erased), cart.context(), &none, cart.live(), lines);
}

fn write_parts(
    out: &mut Writer,
    (cart, erased): (CartId, bool),
    dots: &Dots,
    needs: &Dots,
    live: &Entries,
    lines: Vec<LineKey>,
) {
    out.id(cart.as_u128());
    out.flag(erased);
    if erased {
        return;
    }
    let tables = Tables::of(cart, dots, live, lines);
    tables.write(out);
    tables.write_dots(out, dots);
    tables.write_dots(out, needs);
    let mut before = 0;
    let mut last: Option<Dot> = None;
    let mut left = live.iter();
    out.count(live.len());
    while let Some((dot, entry)) = left.next() {
        let seq = match last {
            Some(last) if last.replica == dot.replica => last.seq,
            _ => {
                tables.write_writer(out, dot.replica);
                // How many of this writer's follow.
                let same = left.clone().take_while(|(other, _)| other.replica == dot.replica);
                out.count(same.count());
                0
            }
        };
        out.number(dot.seq - seq);
        entries::write_entry(out, &tables, entry, &mut before);
        last = Some(*dot);
    }
}

/// What a message says: all its dots, those it needs, and the live entries.
struct Parts {
    cart: CartId,
    erased: bool,
    dots: Dots,
    needs: Dots,
    live: Vec<(Dot, Entry)>,
}

fn read_parts(input: &mut Reader<'_>) -> Result<Parts, DecodeError> {
    let cart = CartId::from_u128(input.id()?);
    let nothing = Dots::default;
    if input.flag()? {
        return Ok(Parts {
            cart,
            erased: true,
            dots: nothing(),
            needs: nothing(),
            live: Vec::new(),
        });
    }
    let tables = Tables::read(input, cart)?;
    let dots = tables.dots(input)?;
    let needs = tables.dots(input)?;
    let count = input.count(4, "live entries", limits::MESSAGE_BYTES)?;
    let mut live: Vec<(Dot, Entry)> = Vec::with_capacity(count);
    let mut before = 0;
    while live.len() < count {
        let writer = tables.writer(input)?;
        let mut seq: u64 = 0;
        for _ in 0..=input.count(4, "live entries", count - live.len() - 1)? {
            let error = input.error(Broken::Number);
            let step = input.number()?;
            seq = seq.checked_add(step).filter(|_| step > 0).ok_or(error)?;
            let dot = Dot::new(writer, seq);
            if live.last().is_some_and(|(last, _)| *last >= dot) {
                return Err(input.error(Broken::NotCanonical));
            }
            live.push((dot, entries::read_entry(input, &tables, dot, &mut before)?));
        }
    }
    Ok(Parts { cart, erased: false, dots, needs, live })
}

fn read_delta(input: &mut Reader<'_>) -> Result<Delta, DecodeError> {
    let Parts { cart, erased, dots, needs, live } = read_parts(input)?;
    if erased {
        return Ok(Delta::erasure(cart));
    }
    let dead = dots.minus(&live.iter().map(|(dot, _)| *dot).collect());
    Delta::new(cart, live, dead, needs).map_err(|error| input.error(error))
}

fn read_cart(input: &mut Reader<'_>) -> Result<Cart, DecodeError> {
    let Parts { cart, erased, dots, needs, live } = read_parts(input)?;
    let whole = needs.is_empty().then(|| Cart::whole(cart, erased, dots, live)).flatten();
    whole.ok_or_else(|| input.error(Broken::NotCanonical))
}
