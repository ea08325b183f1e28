//! What an author saw, as values that the verbs take. An action affects exactly that.

use alloc::vec::Vec;
use core::fmt;

use super::digest;
use super::entry::{ConsumedUnits, List, OrderedUnits, Preserved};
use crate::clock::Time;
use crate::dots::{Dot, Dots};
use crate::id::{CartId, LineKey, ReplicaId};

/// Place that an action writes to: a line, in a list, in a scope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActionTarget {
    /// Line.
    pub line: LineKey,
    /// List.
    pub list: List,
    /// Scope: the cart's own id, or the guest's whose side of a split line is edited.
    pub scope: CartId,
    /// Whether one side of a split line is edited.
    pub sided: bool,
}

/// What an author saw of a row, as [`view`](mod@crate::view) computes it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ObservedRow {
    /// Contributions that the row shows, sorted by dot.
    pub shown: Vec<ConsumedUnits>,
    /// Further dots that the action removes: hidden contributions of the line, Moves that place
    /// nothing any more, and contributions that would otherwise appear elsewhere only because of
    /// this action.
    pub settled: Vec<Dot>,
    /// Units of guest carts that the Sets among these dots had taken.
    pub replaced_guest_units: Vec<ConsumedUnits>,
    /// Dots that the row shows, the Sets that lost against it, and the dots those Sets had
    /// replaced.
    pub covers: Dots,
    /// Placements and deductions that must stay as the author saw them.
    pub preserved: Preserved,
}

impl ObservedRow {
    /// Iterates over every dot that an action on this row removes.
    pub fn kills(&self) -> impl Iterator<Item = Dot> + '_ {
        self.shown.iter().map(|taken| taken.dot).chain(self.settled.iter().copied())
    }
}

/// Key under which payment and order creation are idempotent: a digest of the cart and of the dots
/// that are bought.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderKey(u128);

impl OrderKey {
    /// Returns the key of a purchase of exactly these units.
    #[must_use]
    pub fn of(cart: CartId, bought: &[OrderedUnits]) -> Self {
        let mut dots: Vec<Dot> = bought.iter().map(|bought| bought.taken.dot).collect();
        dots.sort_unstable();
        Self(digest::of_order(cart.as_u128(), &dots))
    }

    /// Makes a key from its 128 bits.
    pub(crate) const fn from_u128(bits: u128) -> Self {
        Self(bits)
    }

    /// Returns the 128 bits of the key.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

impl fmt::Display for OrderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for OrderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrderKey({self})")
    }
}

/// Active list, frozen for checkout. The cart stays editable; the order consumes exactly these
/// dots.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// Identifier of the cart.
    pub cart: CartId,
    /// Units to buy, sorted by line and dot.
    pub bought: Vec<OrderedUnits>,
    /// Hidden contributions on the bought lines. The order removes them too.
    pub settled: Vec<Dot>,
    /// All dots that were known when the snapshot was taken.
    pub seen: Dots,
    /// Placements and deductions that must stay as they are.
    pub preserved: Preserved,
}

impl Snapshot {
    /// Returns the key under which this purchase is idempotent.
    #[must_use]
    pub fn key(&self) -> OrderKey {
        OrderKey::of(self.cart, &self.bought)
    }

    /// Returns whether there is nothing to buy.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bought.is_empty()
    }
}

/// Agreed fact that a guest cart belongs to an account. Only an authority makes claims.
///
/// ```
/// use holdall::{CartId, Claim};
/// let claim = Claim { guest: CartId::from_u128(2), account: CartId::from_u128(1), number: 1 };
/// assert_eq!(claim.dot(), claim.dot()); // every region derives one dot
/// assert_ne!(claim.dot(), Claim { number: 2, ..claim }.dot());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Claim {
    /// Guest cart.
    pub guest: CartId,
    /// Cart of the account.
    pub account: CartId,
    /// Ordinal of this claim among all claims of the guest cart, from 1.
    pub number: u32,
}

impl Claim {
    /// Returns the dot of the claim's `Merge` entry. Every region derives an equal dot, so a merge
    /// that is written twice is one merge.
    #[must_use]
    pub fn dot(&self) -> Dot {
        let parts = [self.guest.as_u128(), self.account.as_u128(), u128::from(self.number)];
        Dot::new(ReplicaId::from_u128(digest::of_parts(b"m1", &parts)), 1)
    }
}

/// Returns the value with the latest time. Ties in time are broken by dot, so every replica breaks
/// them alike.
pub(crate) fn latest<T>(of: impl Iterator<Item = (Time, Dot, T)>) -> Option<T> {
    of.max_by_key(|(time, dot, _)| (*time, *dot)).map(|(_, _, value)| value)
}
