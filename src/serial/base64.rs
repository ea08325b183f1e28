//! Base64 with the alphabet for URLs and without padding (RFC 4648, section 5).

use alloc::string::String;
use alloc::vec::Vec;

/// The character of each group of six bits.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The mark of a byte outside the alphabet.
const NONE: u8 = 0xff;

/// The six bits that each character encodes, or [`NONE`].
static SIXES: [u8; 256] = {
    let mut sixes = [NONE; 256];
    let mut six = 0;
    while six < ALPHABET.len() {
        sixes[ALPHABET[six] as usize] = six as u8;
        six += 1;
    }
    sixes
};

/// Encodes bytes as text.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        // A chunk of one to three bytes becomes one character more than it has bytes.
        let mut block = [0; 4];
        block[1..=chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes(block);
        for at in 0..=chunk.len() {
            text.push(char::from(ALPHABET[(bits >> (18 - 6 * at)) as usize & 63]));
        }
    }
    text
}

/// Decodes bytes from text, or returns `None` unless the text is the output of [`encode`].
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for chunk in text.as_bytes().chunks(4) {
        // Collect the bits of up to four characters.
        let mut bits = 0;
        for (at, byte) in chunk.iter().enumerate() {
            match SIXES[usize::from(*byte)] {
                NONE => return None,
                six => bits |= u32::from(six) << (18 - 6 * at),
            }
        }
        let block = bits.to_be_bytes();
        let (read, rest) = block[1..].split_at(chunk.len() - 1);
        // A single character holds no whole byte, and the bits behind the last byte must be zero.
        if read.is_empty() || rest.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend_from_slice(read);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn vectors_of_the_rfc() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()));
        }
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
    }

    #[test]
    fn every_byte_in_every_place() {
        for length in 0..=6 {
            for byte in 0..=u8::MAX {
                for at in 0..length {
                    let mut bytes = [0x5a; 6];
                    bytes[at] = byte;
                    let text = encode(&bytes[..length]);
                    assert_eq!(decode(&text).as_deref(), Some(&bytes[..length]));
                }
            }
        }
    }

    #[test]
    fn only_the_one_form_is_read() {
        for text in ["Z", "Zm9vY", "Zg==", "Zh", "Zm9", "Zm 8", "+/8", "Zm9v\n", "Zmü8"] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }
}
