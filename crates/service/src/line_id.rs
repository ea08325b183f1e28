//! Ids of rows in URLs.
//!
//! A row's id is base64url, without padding, of one byte for the side and the line's
//! [descriptor](holdall::LineKey::descriptor). The side is 0 for the whole line, 1 for the
//! account's side, or 2 for a guest's side, followed by the 16 bytes of the guest cart's id. An id
//! therefore never changes, is equal on every server, and can name a row that was removed: a
//! repeated request finds its answer. Clients treat ids as opaque.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::display::Base64Display;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, Serializer};
use smallvec::SmallVec;

use holdall::cart::List;
use holdall::id::{CartId, LineKey};
use holdall::view::{RowRef, Side};

const WHOLE: u8 = 0;
const ACCOUNT: u8 = 1;
const GUEST: u8 = 2;
const CART_BYTES: usize = 16;

/// The id of a row, without its list.
///
/// ```
/// use holdall_service::LineId;
/// use holdall::{LineKey, List};
/// let id = LineId::new(LineKey::sku("TEE")?, None);
/// assert_eq!(id.to_string(), "AFRFRQ");
/// assert_eq!("AFRFRQ".parse::<LineId>()?, id);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineId {
    line: LineKey,
    side: Option<Side>,
}

/// The error of parsing a text that is not the id of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a line id: copy the id from the cart, unchanged")]
pub struct LineIdError;

impl LineId {
    /// Makes the id of a line, or of one side of the line.
    #[must_use]
    pub const fn new(line: LineKey, side: Option<Side>) -> Self {
        Self { line, side }
    }

    /// Returns the reference to the row in a list.
    #[must_use]
    pub fn row(self, list: List) -> RowRef {
        RowRef { line: self.line, list, side: self.side }
    }
}

impl fmt::Display for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        LineIdText { line: &self.line, side: self.side }.fmt(f)
    }
}

/// The id of a row, borrowed, for writing.
#[derive(Clone, Copy, Debug)]
pub(super) struct LineIdText<'a> {
    pub(super) line: &'a LineKey,
    pub(super) side: Option<Side>,
}

/// The size up to which an id needs no allocation, in bytes before base64.
const MOST_BYTES: usize = 48;

impl LineIdText<'_> {
    fn bytes(&self) -> SmallVec<[u8; MOST_BYTES]> {
        let mut bytes = SmallVec::new();
        match self.side {
            None => bytes.push(WHOLE),
            Some(Side::Account) => bytes.push(ACCOUNT),
            Some(Side::Guest(guest)) => {
                bytes.push(GUEST);
                bytes.extend_from_slice(&guest.as_u128().to_be_bytes());
            }
        }
        bytes.extend_from_slice(self.line.as_bytes());
        bytes
    }
}

impl fmt::Display for LineIdText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Base64Display::new(&self.bytes(), &URL_SAFE_NO_PAD).fmt(f)
    }
}

impl Serialize for LineIdText<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut text = [0; MOST_BYTES * 4 / 3];
        let written = URL_SAFE_NO_PAD.encode_slice(self.bytes(), &mut text);
        let written = written.ok().and_then(|length| std::str::from_utf8(&text[..length]).ok());
        match written {
            Some(written) => to.serialize_str(written),
            None => to.collect_str(self),
        }
    }
}

impl FromStr for LineId {
    type Err = LineIdError;
    fn from_str(text: &str) -> Result<Self, LineIdError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| LineIdError)?;
        let (side, rest) = match bytes.split_first().ok_or(LineIdError)? {
            (&WHOLE, rest) => (None, rest),
            (&ACCOUNT, rest) => (Some(Side::Account), rest),
            (&GUEST, rest) => {
                let (guest, rest) = rest.split_first_chunk::<CART_BYTES>().ok_or(LineIdError)?;
                (Some(Side::Guest(CartId::from_u128(u128::from_be_bytes(*guest)))), rest)
            }
            _ => return Err(LineIdError),
        };
        let descriptor = std::str::from_utf8(rest).map_err(|_| LineIdError)?;
        let line = LineKey::from_descriptor(descriptor).map_err(|_| LineIdError)?;
        Ok(Self { line, side })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let tee = LineKey::parse("TEE", [("size", "M"), ("farbe", "grün")]).expect("a line");
        let long = LineKey::sku(&"long".repeat(50)).expect("a line");
        let guest = Side::Guest(CartId::from_u128(7));
        let all = [(&tee, None), (&tee, Some(Side::Account)), (&tee, Some(guest)), (&long, None)];
        for (tee, side) in all {
            let id = LineId::new(tee.clone(), side);
            let text = id.to_string();
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
            let json = serde_json::to_string(&LineIdText { line: tee, side }).expect("JSON");
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(text.parse(), Ok(id));
        }
    }

    #[test]
    fn what_is_no_id_is_none() {
        let odd = [b"\x00".to_vec(), b"\x02TEE".to_vec(), b"\x09TEE".to_vec(), vec![0, 0xff]];
        let odd = odd.map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        for text in
            odd.iter().map(String::as_str).chain(["", "AFRFRR", "AFRFRQ==", "é", "AFRFRQ\n"])
        {
            assert_eq!(text.parse::<LineId>(), Err(LineIdError), "{text}");
        }
    }
}
