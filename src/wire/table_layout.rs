//! What both who writes and who reads the tables of a message must know of their layout.

/// In the first byte of the tables: which of them there are.
pub(super) const CARTS: u8 = 0b0000_0010;
pub(super) const AUTHORSHIPS: u8 = 0b0000_0100;
pub(super) const LINES: u8 = 0b0000_1000;
pub(super) const PRICES: u8 = 0b0001_0000;
pub(super) const SEEN: u8 = 0b0010_0000;
/// And that some of the dead are needed.
pub(super) const NEEDS: u8 = 0b0100_0000;

/// The most bytes that a line shares with the one before it: a limit on what few bytes may grow to.
pub(super) const SHARED_BYTES: usize = 24;
/// So many bytes after those at most, and their number is in one byte with that of those; or else
/// what that byte is.
pub(super) const SHORT_REST_BYTES: usize = 10;
pub(super) const LONG_REST: u8 = 255;
