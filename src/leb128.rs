//! LEB128: a number as bytes of seven bits, the lowest bits first.
//!
//! Every byte but the last has its top bit set. A number below 128 is one byte.

/// The seven bits of a number that a byte holds.
pub(crate) const LOW_BITS: u64 = 0x7f;
/// The top bit of a byte: more bytes of the number follow. As a number, the first byte that has it.
pub(crate) const CONTINUES: u8 = 0x80;

/// Hands the bytes of a number to `put`, in order.
#[inline]
pub(crate) fn write(mut number: u64, mut put: impl FnMut(u8)) {
    while number > LOW_BITS {
        put((number & LOW_BITS) as u8 | CONTINUES);
        number >>= 7;
    }
    put(number as u8);
}

/// Takes a number off bytes that begin with it. `None` if they end within it.
///
/// For bytes that [`write`] wrote: another form of the number than the shortest is read too.
#[inline]
pub(crate) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= (u64::from(*byte) & LOW_BITS) << shift;
        if *byte < CONTINUES {
            return Some(number);
        }
        shift += 7;
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::{take, write};

    #[test]
    fn a_number_is_taken_as_it_was_written() {
        for (number, bytes) in [
            (0, &[0][..]),
            (127, &[127]),
            (128, &[0x80, 1]),
            (300, &[0xac, 2]),
            (u64::MAX, &[255, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
        ] {
            let mut written = Vec::new();
            write(number, |byte| written.push(byte));
            assert_eq!(written, bytes);
            let mut left = &written[..];
            assert_eq!(take(&mut left), Some(number));
            assert!(left.is_empty());
            assert_eq!(take(&mut &written[..written.len() - 1]), None);
        }
    }
}
