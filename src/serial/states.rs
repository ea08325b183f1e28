//! Serde for values with a wire format: carts, deltas and messages.

use core::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use super::base64;
use super::bounded::parsed;
use super::tagged::{NamedEnum, named};
use crate::cart::{Cart, Delta, Fingerprint, Have};
use crate::id::CartId;
use crate::limits;
use crate::sync::Message;
use crate::wire::{
    DecodeError, decode_cart, decode_delta, decode_message, encode_cart, encode_delta,
    encode_message,
};

/// A decoder of wire bytes.
type DecodeFn<T> = fn(&[u8]) -> Result<T, DecodeError>;

/// The visitor that decodes wire bytes.
struct BytesVisitor<T>(DecodeFn<T>);

impl<T> Visitor<'_> for BytesVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes in holdall's wire format")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<T, E> {
        (self.0)(bytes).map_err(E::custom)
    }
}

/// Decodes the wire bytes of a value from their base64 text.
fn from_text<T>(text: &str, decode: DecodeFn<T>) -> Result<T, WireTextError> {
    // Check the length before memory is allocated for the bytes.
    if text.len() > limits::MESSAGE_BYTES.div_ceil(3) * 4 {
        return Err(WireTextError::TooLong);
    }
    decode(&base64::decode(text).ok_or(WireTextError::Base64)?).map_err(WireTextError::Wire)
}

/// The reason why a text is not the wire bytes of a value.
#[derive(Debug, thiserror::Error)]
enum WireTextError {
    /// The text is longer than [`limits::MESSAGE_BYTES`] allow.
    #[error("more than {} bytes in base64: send less at a time", limits::MESSAGE_BYTES)]
    TooLong,
    /// The text is not canonical base64.
    #[error("not base64 for URLs without padding, in its one form")]
    Base64,
    /// The bytes are invalid.
    #[error(transparent)]
    Wire(DecodeError),
}

/// Implements `Serialize` and `Deserialize` by wire bytes, as base64 in formats for people.
macro_rules! bytes {
    ($name:ident, $encode:ident, $decode:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                let bytes = $encode(self);
                if to.is_human_readable() {
                    to.serialize_str(&base64::encode(&bytes))
                } else {
                    to.serialize_bytes(&bytes)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                if from.is_human_readable() {
                    parsed(from, "wire bytes in base64", |text| from_text(text, $decode))
                } else {
                    from.deserialize_bytes(BytesVisitor($decode))
                }
            }
        }
    };
}

bytes!(Cart, encode_cart, decode_cart);
bytes!(Delta, encode_delta, decode_delta);

named!(Message, "message" {
    Probe = "probe" { cart: CartId, fingerprint: Fingerprint },
    Same = "same" { cart: CartId },
    Have = "have" { cart: CartId, have: Have },
    Answer = "answer" { delta: Delta, have: Option<Have>, fingerprint: Fingerprint },
    All = "all" { delta: Delta, fingerprint: Fingerprint, reply: bool },
});

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            self.write_named(to)
        } else {
            to.serialize_bytes(&encode_message(self))
        }
    }
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            Self::read_named(from)
        } else {
            from.deserialize_bytes(BytesVisitor(decode_message))
        }
    }
}
