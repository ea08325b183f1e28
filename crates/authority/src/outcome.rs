//! What the authority answers.

use holdall::cart::{Claim, Have, OrderKey};
use holdall::dots::{Dot, Dots};
use holdall::id::{CartId, OrderId};
use holdall::view::Explanation;

use super::caller::GuestToken;
use super::snapshot::CartSnapshot;

/// A command was carried out, and is durable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepted {
    /// The cart right after it. A request that comes again gets the same.
    pub snapshot: CartSnapshot,
    /// Whether it had been carried out before, and this is the answer it got then.
    pub repeated: bool,
}

/// A command was carried out, and is durable. What the cart shows then, whoever needs it asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Acknowledged {
    /// The cart's revision right after it.
    pub revision: u64,
    /// Whether it had been carried out before.
    pub repeated: bool,
}

/// A guest cart was opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened {
    /// The cart.
    pub cart: CartId,
    /// The capability to it. It is nowhere else: give it to the guest.
    pub token: GuestToken,
}

/// What became of a delta.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use = "it may not have been applied"]
pub enum Admitted {
    /// It was applied and is durable.
    Applied {
        /// The cart's revision with it.
        revision: u64,
        /// The writer's last action that is known here.
        last: u64,
    },
    /// All of it was known.
    Known {
        /// The writer's last action that is known here.
        last: u64,
    },
    /// It broke a rule: its dots are dead now, so that the writer can go on with the next number. Its own copy of
    /// them goes at the next exchange.
    Rejected {
        /// The cart's revision with that.
        revision: u64,
        /// The dots.
        dots: Dots,
        /// The rule.
        because: Rejection,
    },
}

/// What a replicating client lacks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CatchUp {
    /// The bytes of a delta; `None`: it lacks nothing.
    pub delta: Option<Vec<u8>>,
    /// What it has with that, as far as this server knows.
    pub have: Have,
    /// The cart's revision.
    pub revision: u64,
}

/// The rule that a delta broke.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rejection {
    /// Merges, orders, expiry and erasure are written by servers.
    #[error("entries of this kind are written by servers")]
    ServerKind,
    /// It makes an entry dead that only servers may take out.
    #[error("it takes out what only servers may take out")]
    ServerEntry,
    /// It was written in the scope of a cart that is not merged into this one.
    #[error("it was written for a cart that is not merged into this one")]
    Scope,
    /// An author cannot have seen a merge that is not there.
    #[error("it claims to have seen a merge that is not there")]
    After,
    /// With it, the cart would be over a limit.
    #[error("the cart would be over the limit of {what}")]
    Limit {
        /// Of what.
        what: &'static str,
    },
}

/// Somebody signed in with a guest cart in hand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedIn {
    /// The account's cart, with the guest's.
    pub snapshot: CartSnapshot,
    /// The claim that was made.
    pub claim: Claim,
    /// What happened to each line.
    pub lines: Vec<Explanation>,
}

/// A checkout was begun.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkout {
    /// The cart as it was frozen. It stays editable; the order is about this.
    pub snapshot: CartSnapshot,
    /// What to end it with.
    pub lease: Lease,
    /// The key under which payment and order creation are idempotent.
    pub key: OrderKey,
}

/// The right to end a checkout.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Lease {
    /// Which checkout.
    pub number: u64,
    /// The revision that was frozen.
    pub revision: u64,
    /// Until when it is held, in milliseconds since 1970.
    pub until_ms: u64,
}

/// An order to place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlaceOrder {
    /// The checkout that it ends.
    pub lease: Lease,
    /// The order's id, as the shop's order system names it.
    pub order: OrderId,
    /// Whether to refuse it if the cart was changed since it was frozen.
    pub only_if_unchanged: bool,
}

impl PlaceOrder {
    /// An order of what was frozen, whatever became of the cart since.
    #[must_use]
    pub const fn new(lease: Lease, order: OrderId) -> Self {
        Self { lease, order, only_if_unchanged: false }
    }
}

/// A writer was registered, or had been.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Registered {
    /// Its last action that is known here: the next has the next number.
    pub last: Dot,
}

/// What a sweep did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Swept {
    /// Carts whose content expired.
    pub expired: u64,
    /// Carts that were removed: nothing was in them for long.
    pub removed: u64,
    /// Carts that could not be swept: damaged, or changed meanwhile.
    pub skipped: u64,
}

/// That a shopper was erased.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Receipt {
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// The carts: the account's own and the guests' that had been merged into it.
    pub carts: Vec<CartId>,
    /// Appends that are gone, with their request keys and journal.
    pub appends: u64,
    /// Bytes that are gone.
    pub bytes: u64,
}
