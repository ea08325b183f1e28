//! Idle carts, the compaction of logs, and erasure.

use crate::StoreError;
use crate::error::within;
use holdall::id::CartId;
use holdall::limits;

/// A cart that nothing has happened to for a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Idle {
    /// The cart.
    pub cart: CartId,
    /// Its last activity, in milliseconds since 1970.
    pub at_ms: u64,
    /// Its revision.
    pub revision: u64,
}

/// A part of a cart's log to let go of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compaction {
    /// The cart.
    pub cart: CartId,
    /// The last revision to fold. It is no later than the cart's own, and later than what was folded before.
    pub through: u64,
    /// The state as it was at that revision.
    pub base: Vec<u8>,
}

impl Compaction {
    /// Holds the base to [`limits::MESSAGE_BYTES`]. Every store does so first.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub fn within_limits(&self) -> Result<(), StoreError> {
        within("a base", self.base.len(), limits::MESSAGE_BYTES)
    }
}

/// What an erasure took away.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Erased {
    /// Appends, with their keys and what the journal said of them.
    pub appends: u64,
    /// Bytes of header, snapshots, base and log.
    pub bytes: u64,
}
