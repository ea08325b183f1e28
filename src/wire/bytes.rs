//! The byte writer and the byte reader of the wire format.
//!
//! Numbers are unsigned LEB128. The reader accepts only the shortest form of each number.

use alloc::vec::Vec;

use super::error::{BoxedError, Broken, error_at};
use crate::leb128::{self, CONTINUES, LOW_BITS};
use crate::limits;

/// An append-only buffer for encoded values.
#[derive(Default)]
pub(super) struct ByteWriter {
    pub(super) bytes: Vec<u8>,
}

impl ByteWriter {
    /// Creates an empty writer with room for 256 bytes, which most deltas fit in.
    pub(super) fn with_room() -> Self {
        Self { bytes: Vec::with_capacity(256) }
    }

    /// Appends an unsigned LEB128 number.
    #[inline]
    pub(super) fn number(&mut self, number: u64) {
        leb128::write(number, |byte| self.bytes.push(byte));
    }

    /// Appends the bytes collected in a [`SmallBuffer`].
    #[inline]
    pub(super) fn buffer(&mut self, buffer: &SmallBuffer) {
        self.bytes.extend_from_slice(&buffer.bytes[..buffer.len]);
    }

    /// Appends a count as an unsigned LEB128 number.
    pub(super) fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    /// Appends one byte: 1 for `true`, 0 for `false`.
    pub(super) fn flag(&mut self, flag: bool) {
        self.bytes.push(u8::from(flag));
    }

    /// Appends an id as 16 bytes, the most significant byte first.
    pub(super) fn id(&mut self, id: u128) {
        self.bytes.extend_from_slice(&id.to_be_bytes());
    }

    /// Appends bytes without a length.
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Appends the number of bytes, then the bytes.
    pub(super) fn blob(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.raw(bytes);
    }

    /// Appends a flag that says whether there is a value, then the value in the form that `write`
    /// gives.
    pub(super) fn maybe<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }
}

/// A stack buffer of 64 bytes that collects one byte and up to four numbers, for one copy into a
/// [`ByteWriter`].
pub(super) struct SmallBuffer {
    bytes: [u8; 64],
    len: usize,
}

impl SmallBuffer {
    /// Creates a buffer that holds one byte.
    #[inline]
    pub(super) fn new(first: u8) -> Self {
        let mut bytes = [0; 64];
        bytes[0] = first;
        Self { bytes, len: 1 }
    }

    /// Appends an unsigned LEB128 number.
    ///
    /// # Panics
    /// Panics if the buffer is full. One byte and four numbers always fit.
    #[inline]
    pub(super) fn number(&mut self, number: u64) {
        leb128::write(number, |byte| {
            self.bytes[self.len] = byte;
            self.len += 1;
        });
    }
}

/// A cursor over encoded bytes. Each method reads one value and moves the cursor past it.
pub(super) struct ByteReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> ByteReader<'a> {
    /// Creates a reader of `bytes` whose cursor is at offset `at`.
    pub(super) const fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// Returns the offset of the cursor, in bytes from the start.
    pub(super) const fn offset(&self) -> usize {
        self.at
    }

    /// Returns whether the cursor is behind the last byte.
    pub(super) const fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// Returns the number of bytes behind the cursor.
    pub(super) const fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Returns an error at the current offset of the cursor.
    pub(super) fn error(&self, broken: impl Into<Broken>) -> BoxedError {
        error_at(self.at, broken)
    }

    /// Reads an unsigned LEB128 number.
    ///
    /// # Errors
    /// [`Broken::Truncated`], [`Broken::Number`] above 64 bits, or [`Broken::NotCanonical`] for a
    /// longer form than necessary.
    #[inline(always)]
    pub(super) fn number(&mut self) -> Result<u64, BoxedError> {
        // Most numbers have one byte, so this path is inlined.
        match self.bytes.get(self.at) {
            Some(byte) if *byte < CONTINUES => {
                self.at += 1;
                Ok(u64::from(*byte))
            }
            _ => self.number_of_more(),
        }
    }

    /// Reads a number of two or more bytes, with short cuts for two and three bytes, the usual
    /// length of time differences.
    #[inline(never)]
    fn number_of_more(&mut self) -> Result<u64, BoxedError> {
        // A last byte of 0 is left to the slow path, which reports the error.
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

    /// Reads a number of any length, byte by byte, and finds the error if there is one.
    fn long_number(&mut self) -> Result<u64, BoxedError> {
        let mut number = 0;
        for (at, byte) in self.bytes[self.at..].iter().enumerate() {
            let bits = u64::from(*byte) & LOW_BITS;
            let shift = at as u32 * 7;
            // The tenth byte has room for one bit.
            let fits = shift < 63 || shift == 63 && bits <= 1;
            // A last byte without bits makes the form longer than necessary.
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

    /// Reads a number that fits 32 bits, or returns [`Broken::Number`].
    pub(super) fn small(&mut self) -> Result<u32, BoxedError> {
        let at = self.at;
        let number = self.number()?;
        u32::try_from(number).map_err(|_| error_at(at, Broken::Number))
    }

    /// Reads a count of elements that take at least `each` bytes.
    ///
    /// The count is checked before the caller allocates memory for the elements. `what` names the
    /// elements in the error.
    ///
    /// # Errors
    /// [`Broken::Limit`] above `limit`, or [`Broken::Truncated`] if the remaining bytes are too
    /// few.
    pub(super) fn count(
        &mut self,
        each: usize,
        what: &'static str,
        limit: usize,
    ) -> Result<usize, BoxedError> {
        let at = self.at;
        let here = |broken: Broken| error_at(at, broken);
        // Errors refer to the offset of the count.
        let count = self.number()?;
        let count = usize::try_from(count).map_err(|_| here(Broken::Truncated))?;
        if count > limit {
            return Err(here(Broken::Limit { what, limit }));
        }
        // A count that the remaining bytes cannot satisfy must not cause an allocation.
        if count.checked_mul(each).is_none_or(|bytes| bytes > self.left()) {
            return Err(here(Broken::Truncated));
        }
        Ok(count)
    }

    /// Reads `bytes` bytes, or returns [`Broken::Truncated`].
    pub(super) fn take(&mut self, bytes: usize) -> Result<&'a [u8], BoxedError> {
        if bytes > self.left() {
            return Err(self.error(Broken::Truncated));
        }
        let taken = &self.bytes[self.at..self.at + bytes];
        self.at += bytes;
        Ok(taken)
    }

    /// Reads one byte.
    pub(super) fn byte(&mut self) -> Result<u8, BoxedError> {
        Ok(self.take(1)?[0])
    }

    /// Reads a byte that must be 0 or 1, or returns [`Broken::Flag`].
    pub(super) fn flag(&mut self) -> Result<bool, BoxedError> {
        let at = self.at;
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(error_at(at, Broken::Flag)),
        }
    }

    /// Reads an id of 16 bytes, the most significant byte first.
    pub(super) fn id(&mut self) -> Result<u128, BoxedError> {
        let mut id = [0; 16];
        id.copy_from_slice(self.take(16)?);
        Ok(u128::from_be_bytes(id))
    }

    /// Reads a byte string with its length before it.
    pub(super) fn blob(&mut self) -> Result<&'a [u8], BoxedError> {
        let count = self.count(1, "bytes of a payload", limits::MESSAGE_BYTES)?;
        self.take(count)
    }

    /// Reads a UTF-8 text with its length before it, or returns [`Broken::Utf8`].
    pub(super) fn text(&mut self) -> Result<&'a str, BoxedError> {
        let at = self.at;
        let bytes = self.blob()?;
        core::str::from_utf8(bytes).map_err(|_| error_at(at, Broken::Utf8))
    }

    /// Reads a text and converts it with `parse`. An error of `parse` is returned with the offset
    /// of the text.
    pub(super) fn parsed<T, E: Into<Broken>>(
        &mut self,
        parse: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Result<T, BoxedError> {
        let at = self.at;
        parse(self.text()?).map_err(|error| error_at(at, error))
    }

    /// Reads a flag and, if it is 1, the value that follows.
    pub(super) fn maybe<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, BoxedError>,
    ) -> Result<Option<T>, BoxedError> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }
}
