//! Prices that a shopper saw. They serve display and comparison only: a cart never charges them.

use core::fmt;

/// Reason why a text is not a price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// The amount is not a plain decimal number within the limits.
    #[error(
        "a price is a plain decimal number such as 2.62, with at most 15 digits before the point and 4 after it, and no sign"
    )]
    Amount,
    /// The currency is not three ASCII capital letters.
    #[error("a currency is three capital letters (ISO 4217), such as EUR")]
    Currency,
}

/// Currency by its ISO 4217 code, such as `EUR`.
///
/// ```
/// use holdall::Currency;
/// assert_eq!(Currency::new("EUR")?.as_str(), "EUR");
/// assert!(Currency::new("eur").is_err());
/// # Ok::<(), holdall::money::MoneyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Parses a code. Only the form is checked, not whether ISO 4217 lists the code.
    ///
    /// # Errors
    /// Fails unless the code is three ASCII capital letters.
    pub fn new(code: &str) -> Result<Self, MoneyError> {
        match code.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(MoneyError::Currency),
        }
    }

    /// Returns the code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).expect("three ASCII letters are a text")
    }

    /// Returns the code as three ASCII bytes.
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

/// Price as it was shown: a decimal amount with the digits it was shown with, and its currency.
///
/// Prices are equal only if they were shown with equally many digits: 2.6 and 2.60 differ.
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
    /// The amount in units of its last shown digit.
    digits: u64,
    /// Number of digits after the point, 0 to 4.
    scale: u8,
    currency: Currency,
}

/// Largest value of `digits`: 19 digits, which fit a `u64`.
const DIGITS_MAX: u64 = 10_u64.pow(19) - 1;
/// Most digits after the point.
const SCALE_MAX: u8 = 4;

impl Money {
    /// Parses a decimal amount such as `2.60` and a currency code.
    ///
    /// # Errors
    /// Fails for a sign, an exponent, more than 15 digits before the point or 4 after it, a point
    /// without digits on both sides, or a bad currency.
    pub fn parse(amount: &str, currency: &str) -> Result<Self, MoneyError> {
        let currency = Currency::new(currency)?;
        let (whole, part) = amount.split_once('.').unwrap_or((amount, ""));
        let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let pointed = amount.contains('.');
        if whole.is_empty() || whole.len() > 15 || !numeric(whole) || !numeric(part) {
            return Err(MoneyError::Amount);
        }
        // A point must be followed by at least one digit.
        if pointed == part.is_empty() || part.len() > usize::from(SCALE_MAX) {
            return Err(MoneyError::Amount);
        }
        // At most 15 + 4 digits, so the number cannot overflow.
        let digits = whole
            .bytes()
            .chain(part.bytes())
            .fold(0_u64, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        Self::from_parts(digits, part.len() as u8, currency)
    }

    /// Makes a price from an amount in units of its last digit: `(262, 2)` is 2.62.
    ///
    /// # Errors
    /// Fails for a `scale` above 4, or for `digits` of more than 19 decimal digits.
    pub fn from_parts(digits: u64, scale: u8, currency: Currency) -> Result<Self, MoneyError> {
        if scale > SCALE_MAX || digits > DIGITS_MAX {
            return Err(MoneyError::Amount);
        }
        Ok(Self { digits, scale, currency })
    }

    /// Returns the amount in units of its last digit, and the number of digits after the point.
    #[must_use]
    pub const fn parts(&self) -> (u64, u8) {
        (self.digits, self.scale)
    }

    /// Returns the currency.
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
