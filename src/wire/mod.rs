//! The wire format: a versioned envelope with a checksum, and the encoding of its content.
//!
//! Equal values have equal bytes. A decoder accepts only the canonical form of a value, so
//! `encode(decode(bytes)) == bytes` for all bytes that decode. A decoder checks every count against
//! the remaining bytes before it allocates memory.
#![doc = include_str!("FORMAT.md")]

mod bodies;
mod bytes;
mod codec;
mod decode_tables;
mod dots;
mod encode_tables;
mod entries;
mod envelope;
mod error;
mod link;
mod message;
mod parts;
mod policies;
mod row_numbers;
mod set_entries;
mod table_layout;
mod values;

pub use codec::{
    decode_cart, decode_delta, decode_message, decode_replica, encode_cart, encode_delta,
    encode_message, encode_replica,
};
pub use error::{Broken, DecodeError};
pub use link::{LinkReceiver, LinkSender};
