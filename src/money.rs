//! The price a shopper saw. For display and comparison only: a cart never charges it.

use core::fmt;

/// Why a text is not a price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// Not a plain decimal number.
    #[error(
        "a price is a plain decimal number such as 2.62, with at most 15 digits before the point and 4 after it, and no sign"
    )]
    Amount,
    /// Not three capital letters.
    #[error("a currency is three capital letters (ISO 4217), such as EUR")]
    Currency,
}

/// A currency by its ISO 4217 code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Parses a code.
    ///
    /// # Errors
    /// Not three ASCII capital letters.
    pub fn new(code: &str) -> Result<Self, MoneyError> {
        match code.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(MoneyError::Currency),
        }
    }

    /// Its three letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).expect("three ASCII letters are a text")
    }

    /// Its three letters as bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 3] {
        &self.0
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A price as it was shown: a decimal amount with the digits it was shown with, and its currency.
///
/// ```
/// use holdall::Money;
/// let price = Money::parse("2.60", "EUR")?;
/// assert_eq!(price.to_string(), "2.60 EUR");
/// assert!(Money::parse("-1", "EUR").is_err());
/// # Ok::<(), holdall::money::MoneyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// In units of the last shown digit.
    digits: u64,
    /// Digits after the point, 0 to 4.
    scale: u8,
    currency: Currency,
}

/// Largest number of digits, so that `digits` is below 10^19 and fits.
const DIGITS_MAX: u64 = 10_u64.pow(19) - 1;
/// Most digits after the point.
const SCALE_MAX: u8 = 4;

impl Money {
    /// Parses a decimal amount.
    ///
    /// # Errors
    /// A sign, an exponent, more than 4 digits after the point or 19 in all, or a bad currency.
    pub fn parse(amount: &str, currency: &str) -> Result<Self, MoneyError> {
        let currency = Currency::new(currency)?;
        let (whole, part) = amount.split_once('.').unwrap_or((amount, ""));
        let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let pointed = amount.contains('.');
        if whole.is_empty() || whole.len() > 15 || !numeric(whole) || !numeric(part) {
            return Err(MoneyError::Amount);
        }
        if pointed == part.is_empty() || part.len() > usize::from(SCALE_MAX) {
            return Err(MoneyError::Amount);
        }
        let digits = whole
            .bytes()
            .chain(part.bytes())
            .fold(0_u64, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        Self::from_parts(digits, part.len() as u8, currency)
    }

    /// From an amount in units of its last digit: `(262, 2)` is 2.62.
    ///
    /// # Errors
    /// `scale` above 4, or `digits` of more than 19 digits.
    pub fn from_parts(digits: u64, scale: u8, currency: Currency) -> Result<Self, MoneyError> {
        if scale > SCALE_MAX || digits > DIGITS_MAX {
            return Err(MoneyError::Amount);
        }
        Ok(Self { digits, scale, currency })
    }

    /// The amount in units of its last digit, and how many digits stand after the point.
    #[must_use]
    pub const fn parts(&self) -> (u64, u8) {
        (self.digits, self.scale)
    }

    /// Its currency.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.currency
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_u64.pow(u32::from(self.scale));
        write!(f, "{}", self.digits / unit)?;
        if self.scale > 0 {
            write!(f, ".{:0width$}", self.digits % unit, width = usize::from(self.scale))?;
        }
        write!(f, " {}", self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Money({self})")
    }
}
