//! Slots: small values beside the carts that are compared and set.

use holdall::id::CartId;

/// Something small that is compared and set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Slot {
    /// Which account a guest cart belongs to.
    Claim(CartId),
    /// Who has a checkout of a cart open, and until when.
    Lease(CartId),
    /// Which cart an account has, by a digest of the account's name.
    Account([u8; 32]),
}

impl Slot {
    /// The slot as stores write it: its kind, and 16 or 32 bytes.
    #[must_use]
    pub fn name(&self) -> (u8, Vec<u8>) {
        match self {
            Self::Claim(cart) => (1, cart.as_u128().to_be_bytes().to_vec()),
            Self::Lease(cart) => (2, cart.as_u128().to_be_bytes().to_vec()),
            Self::Account(digest) => (3, digest.to_vec()),
        }
    }
}

/// What a slot holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlotValue {
    /// The version, for the next swap. A slot never has one twice.
    pub version: u64,
    /// The value.
    pub value: Vec<u8>,
}

/// What became of a swap.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use = "it may not have been done"]
pub enum SlotOutcome {
    /// It is durable.
    Done {
        /// The slot's version now; `None` if it was cleared.
        version: Option<u64>,
    },
    /// The slot was not as expected. Nothing was changed.
    Conflict {
        /// What it holds.
        held: Option<SlotValue>,
    },
}
