//! The entity tag of a cart.

use std::fmt;

use axum::http::HeaderValue;
use holdall_authority::CartSnapshot;

/// The entity tag of a cart: its version, and the store that counts it. In a field it is
/// `"VERSION-STORE"`, with the store in 8 hexadecimal digits.
///
/// The store belongs to the tag because a store that was restored from a backup counts on from
/// there, and reaches known version numbers with other carts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct EntityTag {
    pub(super) version: u64,
    /// The low 32 bits of the store's incarnation.
    pub(super) store: u32,
}

impl EntityTag {
    /// Makes the tag of a version in the store of an incarnation.
    pub(super) const fn new(version: u64, incarnation: u128) -> Self {
        Self { version, store: incarnation as u32 }
    }

    /// Makes the tag of a snapshot.
    pub(super) const fn of(snapshot: &CartSnapshot) -> Self {
        Self::new(snapshot.revision, snapshot.incarnation)
    }

    /// Parses a tag. A version alone in quotes belongs to the store `here`: clients may take the
    /// version from the body. Returns `None` for signs, leading zeros and upper case.
    pub(super) fn parse(text: &str, here: u32) -> Option<Self> {
        let inner = text.strip_prefix('"')?.strip_suffix('"')?;
        let (digits, store) = match inner.split_once('-') {
            Some((digits, store)) => (digits, Some(u32::from_str_radix(store, 16).ok()?)),
            None => (inner, None),
        };
        let tag = Self { version: digits.parse().ok()?, store: store.unwrap_or(here) };
        // `parse` of numbers accepts signs, leading zeros and upper case: compare the texts.
        let whole = match store {
            Some(_) => tag.to_string(),
            None => format!("\"{}\"", tag.version),
        };
        (whole == text).then_some(tag)
    }

    /// Writes the tag as the value of a field.
    pub(super) fn to_header(self) -> HeaderValue {
        let written = HeaderValue::try_from(self.to_string());
        written.unwrap_or_else(|_| unreachable!("digits, a hyphen and quotes"))
    }
}

impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}-{:08x}\"", self.version, self.store)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_has_one_form() {
        let parse = |text: &str| EntityTag::parse(text, 0xab);
        let (here, elsewhere) = (EntityTag::new(12, 0xab), EntityTag::new(12, 0xac));
        assert_eq!(here.to_string(), "\"12-000000ab\"");
        assert_eq!(here.to_header(), "\"12-000000ab\"");
        assert_eq!(parse(&here.to_string()), Some(here));
        assert_eq!(parse("\"12\""), Some(here));
        assert_eq!(parse(&elsewhere.to_string()), Some(elsewhere));
        assert_ne!(here, elsewhere);
        for text in [
            "12",
            "\"012\"",
            "W/\"12\"",
            "\"\"",
            "\"1\", \"2\"",
            "\"+1\"",
            "\"1-\"",
            "\"1-ab\"",
            "\"1-000000AB\"",
            "\"1-+00000ab\"",
            "\"01-000000ab\"",
            "\"-000000ab\"",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
