//! Constants of the table layout, shared by the encoder and the decoder.

/// Head flag: the table of other carts is present.
pub(super) const CARTS: u8 = 0b0000_0010;
/// Head flag: the table of authorships is present.
pub(super) const AUTHORSHIPS: u8 = 0b0000_0100;
/// Head flag: the table of lines is present.
pub(super) const LINES: u8 = 0b0000_1000;
/// Head flag: the table of prices is present.
pub(super) const PRICES: u8 = 0b0001_0000;
/// Head flag: the table of sets seen is present.
pub(super) const SEEN: u8 = 0b0010_0000;
/// Head flag: the delta has a set of needed dead dots.
pub(super) const NEEDS: u8 = 0b0100_0000;

/// The most bytes that a line may share with the line before it. The limit bounds how much a few
/// encoded bytes can expand to.
pub(super) const SHARED_BYTES: usize = 24;
/// The longest rest of a line whose length shares one byte with the number of shared bytes.
pub(super) const SHORT_REST_BYTES: usize = 10;
/// The first byte of a line whose rest is longer than [`SHORT_REST_BYTES`].
pub(super) const LONG_REST: u8 = 255;
