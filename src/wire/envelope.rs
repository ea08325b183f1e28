//! The envelope of every message: magic number, version, kind, content and checksum.

use alloc::vec::Vec;

use super::bytes::{ByteReader, ByteWriter};
use super::error::{BoxedError, Broken, DecodeError};
use crate::limits;

/// The first bytes of every message.
const MAGIC: [u8; 2] = *b"hd";
/// The format version that this library reads and writes.
const VERSION: u8 = 1;
/// Length of the CRC-32 checksum at the end, in bytes.
pub(super) const CHECKSUM_BYTES: usize = 4;
/// Length of everything before the content, in bytes.
const HEADER_BYTES: usize = MAGIC.len() + 1;

/// The kind of an envelope's content, as its number in the format.
#[derive(Clone, Copy)]
pub(super) enum EnvelopeKind {
    /// A state.
    Cart = 1,
    /// A delta.
    Delta = 2,
    /// A replica.
    Replica = 3,
    /// A message of an exchange.
    Message = 4,
}

/// Returns an envelope with the content that `write` appends.
pub(super) fn seal(kind: EnvelopeKind, write: impl FnOnce(&mut ByteWriter)) -> Vec<u8> {
    let mut out = ByteWriter::with_room();
    out.raw(&MAGIC);
    out.raw(&[VERSION << 4 | kind as u8]);
    write(&mut out);
    let checksum = crc32fast::hash(&out.bytes);
    out.raw(&checksum.to_le_bytes());
    out.bytes
}

/// Checks an envelope of `kind` and reads its content with `read`.
///
/// The reader of each part enforces its canonical form. This function does not encode the value
/// again to compare; tests check that law.
pub(super) fn open<T>(
    bytes: &[u8],
    kind: EnvelopeKind,
    read: impl FnOnce(&mut ByteReader<'_>) -> Result<T, BoxedError>,
) -> Result<T, DecodeError> {
    let error = |offset, broken| DecodeError { offset, broken };
    // Check from the outside in: length, magic number, version, kind, checksum.
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
    // The content must fill the envelope.
    let mut input = ByteReader::new(content, HEADER_BYTES);
    let value = read(&mut input).map_err(|fault| *fault)?;
    if sabotage!("decoder-takes-trailing-bytes", !input.is_at_end(), false) {
        return Err(*input.error(Broken::Trailing));
    }
    Ok(value)
}
