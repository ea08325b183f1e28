//! The results of the authority's operations.

use holdall::cart::{Claim, Have, OrderKey};
use holdall::dots::{Dot, Dots};
use holdall::id::{CartId, OrderId};
use holdall::view::Explanation;

use super::caller::GuestToken;
use super::snapshot::CartSnapshot;

/// The result of a command that was carried out and is durable, with the cart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepted {
    /// The cart right after the command. A repeated request gets this snapshot again.
    pub snapshot: CartSnapshot,
    /// Whether the request had been carried out before, so that this is its first answer.
    pub repeated: bool,
}

/// The result of a command that was carried out and is durable, without the cart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Acknowledged {
    /// The cart's revision right after the command.
    pub revision: u64,
    /// Whether the request had been carried out before.
    pub repeated: bool,
}

/// A new guest cart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened {
    /// The cart's id.
    pub cart: CartId,
    /// The secret that opens the cart. The authority keeps only a digest: give it to the guest.
    pub token: GuestToken,
}

/// The result of sending a delta.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use = "it may not have been applied"]
pub enum Admitted {
    /// The delta was applied and is durable.
    Applied {
        /// The cart's revision after the delta.
        revision: u64,
        /// The sequence number of the writer's last known action.
        last: u64,
    },
    /// All actions of the delta were known already.
    Known {
        /// The sequence number of the writer's last known action.
        last: u64,
    },
    /// The delta broke a rule. Its dots are dead now, so that the writer can continue with the next
    /// sequence number. The writer's own copy of the actions disappears at the next exchange.
    Rejected {
        /// The cart's revision after the rejection.
        revision: u64,
        /// The rejected dots.
        dots: Dots,
        /// The rule that the delta broke.
        because: Rejection,
    },
}

/// The delta that brings a replicating client up to date.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CatchUp {
    /// The bytes of the delta, or `None` if the client lacks nothing.
    pub delta: Option<Vec<u8>>,
    /// What the client has after the delta, as far as this server knows.
    pub have: Have,
    /// The cart's revision.
    pub revision: u64,
}

/// The rule that a delta broke.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rejection {
    /// Only servers write merges, orders, expiry and erasure.
    #[error("only servers write entries of this kind")]
    ServerKind,
    /// The delta removes an entry that only servers may remove.
    #[error("the delta removes an entry that only servers may remove")]
    ServerEntry,
    /// The delta has the scope of a cart that is not merged into this one.
    #[error("the delta was written for a cart that is not merged into this one")]
    Scope,
    /// The delta claims to have seen a merge that does not exist.
    #[error("the delta claims to have seen a merge that does not exist")]
    After,
    /// The delta would take the cart over a limit.
    #[error("the cart would be over the limit of {what}")]
    Limit {
        /// The things that are limited.
        what: &'static str,
    },
}

/// The result of signing in with a guest cart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedIn {
    /// The account's cart after the merge.
    pub snapshot: CartSnapshot,
    /// The account's claim of the guest cart.
    pub claim: Claim,
    /// An explanation of each line. Empty if the guest cart had been merged before.
    pub lines: Vec<Explanation>,
}

/// An open checkout.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkout {
    /// The frozen cart. The shopper can still edit the cart; the order buys this state.
    pub snapshot: CartSnapshot,
    /// The lease that ends the checkout.
    pub lease: Lease,
    /// The idempotency key for payment and order creation.
    pub key: OrderKey,
}

/// The right to end a checkout.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Lease {
    /// The checkout's number.
    pub number: u64,
    /// The revision of the frozen cart.
    pub revision: u64,
    /// The time when the lease ends, in milliseconds since 1970.
    pub until_ms: u64,
}

/// An order to place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlaceOrder {
    /// The lease of the checkout that the order ends.
    pub lease: Lease,
    /// The order's id in the shop's order system.
    pub order: OrderId,
    /// Whether to refuse the order if the cart has changed since the checkout began.
    pub only_if_unchanged: bool,
}

impl PlaceOrder {
    /// Makes an order of the frozen cart, regardless of later changes to the cart.
    #[must_use]
    pub const fn new(lease: Lease, order: OrderId) -> Self {
        Self { lease, order, only_if_unchanged: false }
    }
}

/// A registered writer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Registered {
    /// The writer's last known action. The next one has the next sequence number.
    pub last: Dot,
}

/// The counts of a sweep.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Swept {
    /// The number of carts whose content expired.
    pub expired: u64,
    /// The number of carts that were removed, having been empty for long enough.
    pub removed: u64,
    /// The number of carts that could not be swept: damaged, or changed meanwhile.
    pub skipped: u64,
}

/// The receipt of an erasure.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Receipt {
    /// The time of the erasure, in milliseconds since 1970.
    pub at_ms: u64,
    /// The erased carts: the account's own, and the guest carts that had been merged into it.
    pub carts: Vec<CartId>,
    /// The number of erased appends, with their request keys and journal entries.
    pub appends: u64,
    /// The number of erased bytes.
    pub bytes: u64,
}
