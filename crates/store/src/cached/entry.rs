//! A view as Redis has it: whose it is, at which revision, and a checksum, then the view.
//!
//! What comes back may be anything: cut, spoiled, another cart's, from a former life of the machine. It is a view only if
//! all of it is as asked.

use crate::ViewKey;
use crate::checksum::checksum;

const MAGIC: [u8; 4] = *b"hcv1";
const HEAD_BYTES: usize = 4 + 16 + 16 + 8 + 4;

/// What some bytes are to somebody who asks by a name.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Found {
    View(Vec<u8>),
    /// A view of this cart, but of another revision.
    Other,
    Damaged,
}

fn head(name: &ViewKey, view: &[u8]) -> [u8; HEAD_BYTES] {
    let (incarnation, cart) = (name.incarnation.to_be_bytes(), name.cart.as_u128().to_be_bytes());
    let revision = name.revision.to_be_bytes();
    let sum = checksum(&[&incarnation, &cart, &revision, view]).to_be_bytes();
    let mut head = [0; HEAD_BYTES];
    let parts: [&[u8]; 5] = [&MAGIC, &incarnation, &cart, &revision, &sum];
    for (slot, byte) in head.iter_mut().zip(parts.concat()) {
        *slot = byte;
    }
    head
}

pub(super) fn seal(name: &ViewKey, view: &[u8]) -> Vec<u8> {
    [&head(name, view), view].concat()
}

pub(super) fn open(name: &ViewKey, mut bytes: Vec<u8>) -> Found {
    if bytes.len() < HEAD_BYTES {
        return Found::Damaged;
    }
    let view = bytes.split_off(HEAD_BYTES);
    let mut revision = [0; 8];
    revision.copy_from_slice(&bytes[36..44]);
    let revision = u64::from_be_bytes(revision);
    if bytes[..] != head(&ViewKey { revision, ..*name }, &view) {
        Found::Damaged
    } else if revision != name.revision {
        Found::Other
    } else {
        Found::View(view)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdall::id::CartId;

    const NAME: ViewKey = ViewKey { incarnation: 5, cart: CartId::from_u128(6), revision: 7 };

    #[test]
    fn a_view_comes_back_to_its_name_alone() {
        for view in [&b""[..], b"a view"] {
            let sealed = seal(&NAME, view);
            assert_eq!(open(&NAME, sealed.clone()), Found::View(view.to_vec()));
            assert_eq!(open(&ViewKey { revision: 8, ..NAME }, sealed.clone()), Found::Other);
            let other = ViewKey { cart: CartId::from_u128(1), ..NAME };
            assert_eq!(open(&other, sealed.clone()), Found::Damaged);
            assert_eq!(open(&ViewKey { incarnation: 1, ..NAME }, sealed), Found::Damaged);
        }
    }

    #[test]
    fn no_flipped_bit_and_no_cut_shows_a_view() {
        let sealed = seal(&NAME, b"a view");
        for at in 0..sealed.len() * 8 {
            let mut spoiled = sealed.clone();
            spoiled[at / 8] ^= 1 << (at % 8);
            assert_eq!(open(&NAME, spoiled), Found::Damaged, "bit {at}");
        }
        for length in 0..sealed.len() {
            assert_eq!(open(&NAME, sealed[..length].to_vec()), Found::Damaged, "{length} bytes");
        }
    }
}
