//! Why a store did not do it, and what the caller may rely on.

use holdall::id::CartId;

/// The cause, as the store's own library tells it.
type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a store did not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be reached, or cannot do it now. Nothing has happened: try again later.
    #[error("the store cannot be reached: nothing was changed, try again later")]
    Unavailable {
        /// The cause.
        #[source]
        source: Source,
    },
    /// It was under way when the connection was lost. It may have happened: try again with the same request key, or the same
    /// dots, to be told.
    #[error(
        "the store did not say whether it was done: try again with the same request key or the same dots"
    )]
    Unknown {
        /// The cause.
        #[source]
        source: Source,
    },
    /// There is no room. Nothing has happened: make room, then try again.
    #[error("the store is full: nothing was changed, make room and try again")]
    Full {
        /// The cause.
        #[source]
        source: Source,
    },
    /// This cart's bytes are not what was written. Other carts are not concerned.
    #[error(
        "the record of cart {cart} is damaged ({what}): restore it from an export; other carts are not concerned"
    )]
    Damaged {
        /// The cart.
        cart: CartId,
        /// What is wrong with it.
        what: String,
    },
    /// A value is longer than its limit. Nothing has happened.
    #[error("{what} has {bytes} bytes, the limit is {limit}")]
    TooLarge {
        /// What.
        what: &'static str,
        /// How long it is, in bytes.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// It is not a store of this version's. Nothing was touched.
    #[error("{what}: use the version of holdall that wrote it, or export there and import here")]
    Foreign {
        /// What was found.
        what: String,
    },
    /// It was closed.
    #[error("the store was closed: open it again")]
    Closed,
}

impl StoreError {
    /// Cannot be reached, because of `source`.
    pub fn unavailable(source: impl Into<Source>) -> Self {
        Self::Unavailable { source: source.into() }
    }

    /// Not known whether it was done, because of `source`.
    pub fn unknown(source: impl Into<Source>) -> Self {
        Self::Unknown { source: source.into() }
    }

    /// No room, because of `source`.
    pub fn full(source: impl Into<Source>) -> Self {
        Self::Full { source: source.into() }
    }

    /// Whether trying the same again later can help.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Unknown { .. } | Self::Full { .. })
    }
}

/// Refuses a value that is longer than its limit, in bytes.
pub(crate) fn within(what: &'static str, bytes: usize, limit: usize) -> Result<(), StoreError> {
    if bytes > limit { Err(StoreError::TooLarge { what, bytes, limit }) } else { Ok(()) }
}
