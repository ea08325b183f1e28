//! Numbers of units that cannot be zero, negative or overflow.

use core::fmt;
use core::num::NonZeroU32;

use crate::limits;

/// Error for a number of units outside 1 to [`limits::QUANTITY_UNITS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("quantity {given} is outside 1..={limit}: ask for at least one unit and no more than the limit", limit = limits::QUANTITY_UNITS)]
#[non_exhaustive]
pub struct QuantityError {
    /// The rejected number.
    pub given: i64,
}

/// Number of units that one action adds or sets: 1 to [`limits::QUANTITY_UNITS`].
///
/// ```
/// use holdall::Quantity;
/// assert_eq!(Quantity::new(3)?.get(), 3);
/// assert!(Quantity::new(0).is_err());
/// assert!(Quantity::new(-1).is_err());
/// assert!(Quantity::new(i64::MAX).is_err());
/// # Ok::<(), holdall::quantity::QuantityError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(NonZeroU32);

impl Quantity {
    /// One unit.
    pub const ONE: Self = Self(NonZeroU32::MIN);

    /// Checks a number of units.
    ///
    /// # Errors
    /// Fails for a number outside `1..=`[`limits::QUANTITY_UNITS`].
    pub fn new(units: impl Into<i64>) -> Result<Self, QuantityError> {
        let given = units.into();
        u32::try_from(given)
            .ok()
            .filter(|units| {
                sabotage!("quantity-has-no-limit", *units <= limits::QUANTITY_UNITS, true)
            })
            .and_then(NonZeroU32::new)
            .map(Self)
            .ok_or(QuantityError { given })
    }

    /// Returns one unit more. The result may exceed [`limits::QUANTITY_UNITS`] by one.
    pub(crate) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Returns the number of units.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
