//! Numbers and byte strings, through bincode's varint configuration. This is the one file that
//! knows bincode; the format is written down in full in [`wire`](super), so that another
//! implementation of the same bytes can take its place here.

use alloc::vec::Vec;

use super::error::{Broken, DecodeError};
use crate::limits;

/// Little-endian, variable-length integers. A decode of one number allocates nothing, and the
/// limit is the largest encoding of a `u64`.
const CONFIG: bincode::config::Configuration<
    bincode::config::LittleEndian,
    bincode::config::Varint,
    bincode::config::Limit<9>,
> = bincode::config::standard().with_limit::<9>();

/// Below it a number is one byte, the same as bincode's.
const ONE_BYTE: u64 = 251;

/// Appends values to bytes.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
}

impl Writer {
    /// With room for most deltas.
    pub(super) fn with_room() -> Self {
        Self { bytes: Vec::with_capacity(256) }
    }

    pub(super) fn number(&mut self, number: u64) {
        if number < ONE_BYTE {
            self.bytes.push(number as u8);
            return;
        }
        let mut buffer = [0; 9];
        // A varint of a u64 has at most nine bytes, so this cannot fail.
        let written = bincode::encode_into_slice(number, &mut buffer, CONFIG).unwrap_or_default();
        self.bytes.extend_from_slice(&buffer[..written]);
    }

    pub(super) fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    pub(super) fn flag(&mut self, flag: bool) {
        self.bytes.push(u8::from(flag));
    }

    pub(super) fn id(&mut self, id: u128) {
        self.bytes.extend_from_slice(&id.to_be_bytes());
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn blob(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.raw(bytes);
    }

    pub(super) fn maybe<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }
}

/// Takes values from bytes, and knows where it is.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    pub(super) const fn offset(&self) -> usize {
        self.at
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    const fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// An error at the last place that was right.
    pub(super) fn error(&self, broken: impl Into<Broken>) -> DecodeError {
        DecodeError { offset: self.at, broken: broken.into() }
    }

    pub(super) fn number(&mut self) -> Result<u64, DecodeError> {
        let rest = &self.bytes[self.at..];
        if let Some(first) = rest.first().filter(|first| u64::from(**first) < ONE_BYTE) {
            self.at += 1;
            return Ok(u64::from(*first));
        }
        match bincode::decode_from_slice::<u64, _>(rest, CONFIG) {
            Ok((number, read)) => {
                self.at += read;
                Ok(number)
            }
            Err(bincode::error::DecodeError::UnexpectedEnd { .. }) => {
                Err(self.error(Broken::Truncated))
            }
            Err(_) => Err(self.error(Broken::Number)),
        }
    }

    pub(super) fn small(&mut self) -> Result<u32, DecodeError> {
        let at = self.at;
        let number = self.number()?;
        u32::try_from(number).map_err(|_| DecodeError { offset: at, broken: Broken::Number })
    }

    /// A count of things of at least `each` bytes, checked against what is left before anything
    /// is allocated for them, and against a named limit.
    pub(super) fn count(
        &mut self,
        each: usize,
        what: &'static str,
        limit: usize,
    ) -> Result<usize, DecodeError> {
        let at = self.at;
        let here = |broken| DecodeError { offset: at, broken };
        let count = self.number()?;
        let count = usize::try_from(count).map_err(|_| here(Broken::Truncated))?;
        if count > limit {
            return Err(here(Broken::Limit { what, limit }));
        }
        if count.checked_mul(each).is_none_or(|bytes| bytes > self.left()) {
            return Err(here(Broken::Truncated));
        }
        Ok(count)
    }

    pub(super) fn take(&mut self, bytes: usize) -> Result<&'a [u8], DecodeError> {
        if bytes > self.left() {
            return Err(self.error(Broken::Truncated));
        }
        let taken = &self.bytes[self.at..self.at + bytes];
        self.at += bytes;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, DecodeError> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn flag(&mut self) -> Result<bool, DecodeError> {
        let at = self.at;
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(DecodeError { offset: at, broken: Broken::Flag }),
        }
    }

    pub(super) fn id(&mut self) -> Result<u128, DecodeError> {
        let mut id = [0; 16];
        id.copy_from_slice(self.take(16)?);
        Ok(u128::from_be_bytes(id))
    }

    pub(super) fn blob(&mut self) -> Result<&'a [u8], DecodeError> {
        let count = self.count(1, "bytes of a payload", limits::MESSAGE_BYTES)?;
        self.take(count)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, DecodeError> {
        let at = self.at;
        let bytes = self.blob()?;
        core::str::from_utf8(bytes).map_err(|_| DecodeError { offset: at, broken: Broken::Utf8 })
    }

    /// A value made from a text; its own error is kept.
    pub(super) fn parsed<T, E: Into<Broken>>(
        &mut self,
        parse: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Result<T, DecodeError> {
        let at = self.at;
        parse(self.text()?).map_err(|error| DecodeError { offset: at, broken: error.into() })
    }

    pub(super) fn maybe<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }
}
