//! The encoders and decoders of states, deltas, replicas and messages.

use alloc::vec::Vec;

use super::bytes::ByteReader;
use super::envelope::{EnvelopeKind, open, seal};
use super::error::{Broken, DecodeError};
use super::parts::{read_cart, read_delta, write_cart, write_delta};
use super::{entries, message};
use crate::cart::{Cart, Delta};
use crate::clock::Time;
use crate::id::ReplicaId;
use crate::replica::Replica;
use crate::sync::Message;

/// Encodes a state. Equal states have equal bytes.
///
/// ```
/// use holdall::{wire, Cart, CartId};
/// let cart = Cart::new(CartId::from_u128(1));
/// assert_eq!(wire::decode_cart(&wire::encode_cart(&cart))?, cart);
/// # Ok::<(), wire::DecodeError>(())
/// ```
#[must_use]
pub fn encode_cart(cart: &Cart) -> Vec<u8> {
    seal(EnvelopeKind::Cart, |out| write_cart(out, cart))
}

/// Decodes a state.
///
/// # Errors
/// Returns an error unless the bytes are the canonical encoding of a state.
pub fn decode_cart(bytes: &[u8]) -> Result<Cart, DecodeError> {
    open(bytes, EnvelopeKind::Cart, read_cart)
}

/// Encodes a delta. Equal deltas have equal bytes.
#[must_use]
pub fn encode_delta(delta: &Delta) -> Vec<u8> {
    seal(EnvelopeKind::Delta, |out| write_delta(out, delta))
}

/// Decodes a delta.
///
/// # Errors
/// Returns an error unless the bytes are the canonical encoding of a delta.
pub fn decode_delta(bytes: &[u8]) -> Result<Delta, DecodeError> {
    open(bytes, EnvelopeKind::Delta, read_delta)
}

/// Encodes a replica for storage: its id, its latest time and its state. Rules and options belong
/// to the deployment and are not included.
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
    seal(EnvelopeKind::Replica, |out| {
        out.id(replica.id().as_u128());
        entries::write_time(out, replica.latest(), &mut 0);
        write_cart(out, replica.cart());
    })
}

/// Decodes a replica from the bytes it stored last. Never use the bytes of a backup: see
/// [`Replica`].
///
/// # Errors
/// Returns an error unless the bytes are the canonical encoding of a replica.
pub fn decode_replica(bytes: &[u8]) -> Result<Replica, DecodeError> {
    let read = |input: &mut ByteReader<'_>| {
        let id = ReplicaId::from_u128(input.id()?);
        let latest: Time = entries::read_time(input, &mut 0)?;
        let replica = Replica::resume(id, latest, read_cart(input)?);
        // The stored time must not be earlier than the entries, so resuming keeps it.
        let right = replica.latest() == latest;
        if right { Ok(replica) } else { Err(input.error(Broken::NotCanonical)) }
    };
    open(bytes, EnvelopeKind::Replica, read)
}

/// Encodes a message of a [`Session`](crate::sync::Session).
#[must_use]
pub fn encode_message(message: &Message) -> Vec<u8> {
    seal(EnvelopeKind::Message, |out| message::write(out, message))
}

/// Decodes a message of a [`Session`](crate::sync::Session).
///
/// # Errors
/// Returns an error unless the bytes are the canonical encoding of a message.
pub fn decode_message(bytes: &[u8]) -> Result<Message, DecodeError> {
    open(bytes, EnvelopeKind::Message, message::read)
}
