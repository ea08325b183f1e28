//! Bytes: a versioned, checksummed envelope, and what is in it.
//!
//! Equal values have equal bytes, and bytes that are not the one form of what they say are
//! refused: `encode(decode(bytes)) == bytes` for all bytes that decode. Every count is checked
//! against the bytes that are left before anything is allocated for it.
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
