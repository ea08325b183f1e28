//! Numbers and byte strings.
//!
//! Numbers are LEB128, in their shortest form and no other.

use alloc::vec::Vec;

use super::error::{BoxedError, Broken, error_at};
use crate::leb128::{self, CONTINUES, LOW_BITS};
use crate::limits;

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

    #[inline]
    pub(super) fn number(&mut self, number: u64) {
        leb128::write(number, |byte| self.bytes.push(byte));
    }

    /// Some numbers at once.
    #[inline]
    pub(super) fn buffer(&mut self, buffer: &SmallBuffer) {
        self.bytes.extend_from_slice(&buffer.bytes[..buffer.len]);
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

/// A byte and at most four numbers on their way to a writer.
pub(super) struct SmallBuffer {
    bytes: [u8; 64],
    len: usize,
}

impl SmallBuffer {
    #[inline]
    pub(super) fn new(first: u8) -> Self {
        let mut bytes = [0; 64];
        bytes[0] = first;
        Self { bytes, len: 1 }
    }

    #[inline]
    pub(super) fn number(&mut self, number: u64) {
        leb128::write(number, |byte| {
            self.bytes[self.len] = byte;
            self.len += 1;
        });
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

    pub(super) const fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// An error at the last place that was right.
    pub(super) fn error(&self, broken: impl Into<Broken>) -> BoxedError {
        error_at(self.at, broken)
    }

    // Most numbers are one byte, and this is what reading is made of.
    #[inline(always)]
    pub(super) fn number(&mut self) -> Result<u64, BoxedError> {
        match self.bytes.get(self.at) {
            Some(byte) if *byte < CONTINUES => {
                self.at += 1;
                Ok(u64::from(*byte))
            }
            _ => self.number_of_more(),
        }
    }

    /// Most others are two or three, such as times.
    #[inline(never)]
    fn number_of_more(&mut self) -> Result<u64, BoxedError> {
        match self.bytes[self.at..] {
            [low, high, ..] if high < CONTINUES && high > 0 => {
                self.at += 2;
                Ok(u64::from(low) & LOW_BITS | u64::from(high) << 7)
            }
            [low, middle, high, ..] if middle >= CONTINUES && high < CONTINUES && high > 0 => {
                self.at += 3;
                let low = u64::from(low) & LOW_BITS | (u64::from(middle) & LOW_BITS) << 7;
                Ok(low | u64::from(high) << 14)
            }
            _ => self.long_number(),
        }
    }

    fn long_number(&mut self) -> Result<u64, BoxedError> {
        let mut number = 0;
        for (at, byte) in self.bytes[self.at..].iter().enumerate() {
            let bits = u64::from(*byte) & LOW_BITS;
            let shift = at as u32 * 7;
            // The tenth byte has room for one bit. A last byte of zero bits is one too many.
            let fits = shift < 63 || shift == 63 && bits <= 1;
            if *byte == 0 && at > 0 {
                return Err(self.error(Broken::NotCanonical));
            }
            if !fits {
                return Err(self.error(Broken::Number));
            }
            number |= bits << shift;
            if *byte < CONTINUES {
                self.at += at + 1;
                return Ok(number);
            }
        }
        Err(self.error(Broken::Truncated))
    }

    pub(super) fn small(&mut self) -> Result<u32, BoxedError> {
        let at = self.at;
        let number = self.number()?;
        u32::try_from(number).map_err(|_| error_at(at, Broken::Number))
    }

    /// A count of things of at least `each` bytes, checked against what is left before anything
    /// is allocated for them, and against a named limit.
    pub(super) fn count(
        &mut self,
        each: usize,
        what: &'static str,
        limit: usize,
    ) -> Result<usize, BoxedError> {
        let at = self.at;
        let here = |broken: Broken| error_at(at, broken);
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

    pub(super) fn take(&mut self, bytes: usize) -> Result<&'a [u8], BoxedError> {
        if bytes > self.left() {
            return Err(self.error(Broken::Truncated));
        }
        let taken = &self.bytes[self.at..self.at + bytes];
        self.at += bytes;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, BoxedError> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn flag(&mut self) -> Result<bool, BoxedError> {
        let at = self.at;
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(error_at(at, Broken::Flag)),
        }
    }

    pub(super) fn id(&mut self) -> Result<u128, BoxedError> {
        let mut id = [0; 16];
        id.copy_from_slice(self.take(16)?);
        Ok(u128::from_be_bytes(id))
    }

    pub(super) fn blob(&mut self) -> Result<&'a [u8], BoxedError> {
        let count = self.count(1, "bytes of a payload", limits::MESSAGE_BYTES)?;
        self.take(count)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, BoxedError> {
        let at = self.at;
        let bytes = self.blob()?;
        core::str::from_utf8(bytes).map_err(|_| error_at(at, Broken::Utf8))
    }

    /// A value made from a text; its own error is kept.
    pub(super) fn parsed<T, E: Into<Broken>>(
        &mut self,
        parse: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Result<T, BoxedError> {
        let at = self.at;
        parse(self.text()?).map_err(|error| error_at(at, error))
    }

    pub(super) fn maybe<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, BoxedError>,
    ) -> Result<Option<T>, BoxedError> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }
}
