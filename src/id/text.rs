//! Bounded strings. Each type names one kind of text and holds only valid text of that kind.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use crate::limits;

/// Reason why a string is not a valid name or text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// The string is empty.
    #[error("{what} is empty: give it at least one character")]
    Empty {
        /// The kind of text that was parsed.
        what: &'static str,
    },
    /// The string is longer than its limit.
    #[error("{what} has {bytes} bytes, the limit is {limit}: shorten it")]
    TooLong {
        /// The kind of text that was parsed.
        what: &'static str,
        /// Length of the string, in bytes of UTF-8.
        bytes: usize,
        /// Largest allowed length, in bytes of UTF-8.
        limit: usize,
    },
    /// The string contains a control character, which no screen or label can show.
    #[error("{what} has a control character at byte {at}: remove it")]
    Control {
        /// The kind of text that was parsed.
        what: &'static str,
        /// Position of the control character, in bytes from the start.
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

/// Returns whether every byte is printable ASCII. Such text has no control characters.
pub(crate) fn is_plain(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Checks length and characters. `multiline` allows newline and tab, which notes may contain.
fn check(what: &'static str, text: &str, limit: usize, multiline: bool) -> Result<(), TextError> {
    check_length(what, text.len(), limit)?;
    // Printable ASCII, which most names are, cannot contain a control character.
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
            /// Checks a string and copies it.
            ///
            /// # Errors
            /// Fails if the string is empty, longer than its limit in [`limits`], or has a control
            /// character.
            pub fn new(text: impl AsRef<str>) -> Result<Self, TextError> {
                let text = text.as_ref();
                Self::check(text)?;
                Ok(Self(text.into()))
            }

            /// Checks a string without copying it.
            pub(super) fn check(text: &str) -> Result<(), TextError> {
                check($what, text, $limit, $multiline)
            }

            /// Returns the text.
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
    /// Stock-keeping unit: the merchant's identifier of a product.
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
    /// Checks the length, in bytes, of a SKU that consists of printable ASCII.
    pub(super) fn check_length(bytes: usize) -> Result<(), TextError> {
        check_length("SKU", bytes, limits::NAME_BYTES)
    }
}

bounded_text!(
    /// Bundle that a line belongs to, as the embedder names it. A bundle is part of the line's
    /// identity.
    Bundle, "bundle", limits::NAME_BYTES, false
);
bounded_text!(
    /// Tag that keeps lines separate: two lines that differ only in their tag are different lines.
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
    /// Key of a line attribute other than note and gift option (`engraving`).
    AttributeKey, "attribute key", limits::NAME_BYTES, false
);
bounded_text!(
    /// Text that a shopper wrote: a note, a gift message or an attribute's value. Newlines and tabs
    /// are allowed.
    Text, "text", limits::TEXT_BYTES, true
);
bounded_text!(
    /// Shipping option that a shopper chose.
    ShippingOption, "shipping option", limits::NAME_BYTES, false
);
bounded_text!(
    /// Identifier of an order, as the shop's order system names it.
    ///
    /// ```
    /// use holdall::OrderId;
    /// assert_eq!(OrderId::new("2026-000042")?.as_str(), "2026-000042");
    /// assert!(OrderId::new("two\nlines").is_err());
    /// # Ok::<(), holdall::id::TextError>(())
    /// ```
    OrderId, "order id", limits::NAME_BYTES, false
);
bounded_text!(
    /// Name of a merge rule, or of the rule by which a server let a cart expire.
    ///
    /// ```
    /// use holdall::RuleName;
    /// assert_eq!(RuleName::new("max")?.to_string(), "max");
    /// assert!(RuleName::new("").is_err());
    /// # Ok::<(), holdall::id::TextError>(())
    /// ```
    RuleName, "rule name", limits::NAME_BYTES, false
);

/// Coupon code in its normal form: trimmed, with ASCII letters in upper case. Two spellings of one
/// code are equal.
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
    /// Checks and normalises a coupon code.
    ///
    /// # Errors
    /// Fails if the code is empty, longer than [`limits::NAME_BYTES`], or has a control character.
    pub fn new(text: impl AsRef<str>) -> Result<Self, TextError> {
        let text = text.as_ref().trim();
        check("coupon code", text, limits::NAME_BYTES, false)?;
        let normal: String = text.to_ascii_uppercase();
        Ok(Self(normal.into()))
    }

    /// Returns the code in its normal form.
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
