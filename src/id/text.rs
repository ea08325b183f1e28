//! Bounded strings. Each type is a name for one thing and can hold nothing that is not one.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use crate::limits;

/// Why a string is not the name or text it was meant to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// Nothing there.
    #[error("{what} is empty: give it at least one character")]
    Empty {
        /// What was being parsed.
        what: &'static str,
    },
    /// More bytes than the named limit.
    #[error("{what} has {bytes} bytes, the limit is {limit}: shorten it")]
    TooLong {
        /// What was being parsed.
        what: &'static str,
        /// How long it is, in bytes of UTF-8.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// A control character, which no screen or label shows.
    #[error("{what} has a control character at byte {at}: remove it")]
    Control {
        /// What was being parsed.
        what: &'static str,
        /// Where, in bytes from its beginning.
        at: usize,
    },
}

fn check_length(what: &'static str, bytes: usize, limit: usize) -> Result<(), TextError> {
    match bytes {
        0 => Err(TextError::Empty { what }),
        _ if bytes > limit => Err(TextError::TooLong { what, bytes, limit }),
        _ => Ok(()),
    }
}

/// Whether there is no byte but of printable ASCII, as in most names.
pub(crate) fn is_plain(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Checks length and characters. `multiline` allows newline and tab, as a note may have them.
fn check(what: &'static str, text: &str, limit: usize, multiline: bool) -> Result<(), TextError> {
    check_length(what, text.len(), limit)?;
    if is_plain(text.as_bytes()) {
        return Ok(());
    }
    let bad = |c: char| c.is_control() && !(multiline && (c == '\n' || c == '\t'));
    match text.find(bad) {
        Some(at) => Err(TextError::Control { what, at }),
        None => Ok(()),
    }
}

macro_rules! bounded_text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $limit:expr, $multiline:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// Parses it.
            ///
            /// # Errors
            /// Empty, longer than the limit in [`limits`], or with control characters.
            pub fn new(text: impl AsRef<str>) -> Result<Self, TextError> {
                let text = text.as_ref();
                Self::check(text)?;
                Ok(Self(text.into()))
            }

            /// Whether it is one, without keeping it.
            pub(super) fn check(text: &str) -> Result<(), TextError> {
                check($what, text, $limit, $multiline)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl core::str::FromStr for $name {
            type Err = TextError;
            fn from_str(text: &str) -> Result<Self, TextError> {
                Self::new(text)
            }
        }
    };
}

bounded_text!(
    /// A stock-keeping unit: the merchant's name of a product.
    ///
    /// ```
    /// use holdall::Sku;
    /// assert_eq!(Sku::new("TEE")?.as_str(), "TEE");
    /// assert!(Sku::new("").is_err());
    /// # Ok::<(), holdall::id::TextError>(())
    /// ```
    Sku, "SKU", limits::NAME_BYTES, false
);
impl Sku {
    /// Whether so many bytes of plain characters are one.
    pub(super) fn check_length(bytes: usize) -> Result<(), TextError> {
        check_length("SKU", bytes, limits::NAME_BYTES)
    }
}

bounded_text!(
    /// The bundle a line belongs to, as the embedder names it. Part of the line's identity.
    Bundle, "bundle", limits::NAME_BYTES, false
);
bounded_text!(
    /// "Keep separate": lines that differ only in their tag stay apart.
    Tag, "tag", limits::NAME_BYTES, false
);
bounded_text!(
    /// Key of an identity option (`size`).
    OptionKey, "option key", limits::NAME_BYTES, false
);
bounded_text!(
    /// Value of an identity option (`M`).
    OptionValue, "option value", limits::NAME_BYTES, false
);
bounded_text!(
    /// Key of another attribute of a line (`engraving`).
    AttributeKey, "attribute key", limits::NAME_BYTES, false
);
bounded_text!(
    /// What a shopper wrote: a note, a gift message, an attribute's value. Newlines are allowed.
    Text, "text", limits::TEXT_BYTES, true
);
bounded_text!(
    /// A chosen shipping option.
    ShippingOption, "shipping option", limits::NAME_BYTES, false
);
bounded_text!(
    /// An order's id, as the shop's order system names it.
    OrderId, "order id", limits::NAME_BYTES, false
);
bounded_text!(
    /// Name of a merge rule, or of the rule by which a server let a cart expire.
    RuleName, "rule name", limits::NAME_BYTES, false
);

/// A coupon code, in its normal form: trimmed, ASCII letters upper-case. Two spellings of one code
/// are one code.
///
/// ```
/// use holdall::id::CouponCode;
/// assert_eq!(CouponCode::new(" spring10 ")?, CouponCode::new("SPRING10")?);
/// # Ok::<(), holdall::id::TextError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize)]
#[serde(transparent)]
pub struct CouponCode(Box<str>);

impl CouponCode {
    /// Parses and normalises it.
    ///
    /// # Errors
    /// Empty, longer than [`limits::NAME_BYTES`], or with control characters.
    pub fn new(text: impl AsRef<str>) -> Result<Self, TextError> {
        let text = text.as_ref().trim();
        check("coupon code", text, limits::NAME_BYTES, false)?;
        let normal: String = text.to_ascii_uppercase();
        Ok(Self(normal.into()))
    }

    /// The code in its normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CouponCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
