//! What an author saw, as values that the verbs take: an action affects exactly that.

use alloc::vec::Vec;
use core::fmt;

use super::digest;
use super::entry::{ConsumedUnits, List, OrderedUnits, Preserved};
use crate::clock::Time;
use crate::dots::{Dot, Dots};
use crate::id::{CartId, LineKey, ReplicaId};

/// Where an action writes: a line, in a list, in a scope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActionTarget {
    /// The line.
    pub line: LineKey,
    /// The list.
    pub list: List,
    /// The scope: the cart's own, or the guest's whose side of a split line is edited.
    pub scope: CartId,
    /// Whether one side of a split line is edited.
    pub sided: bool,
}

/// What an author saw of a row, as [`view`](mod@crate::view) reads it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ObservedRow {
    /// The contributions that the row shows, sorted by dot.
    pub shown: Vec<ConsumedUnits>,
    /// What the action makes dead besides: the hidden contributions of the line, Moves that place
    /// nothing any more, and what would otherwise come up elsewhere by this action alone.
    pub settled: Vec<Dot>,
    /// Units of guests that the Sets among these had taken.
    pub took: Vec<ConsumedUnits>,
    /// All that the row shows, the Sets that lost against it, and what those Sets had replaced.
    pub covers: Dots,
    /// What stays as the author saw it.
    pub stays: Preserved,
}

impl ObservedRow {
    /// Every dot that an action on this row makes dead.
    pub fn kills(&self) -> impl Iterator<Item = Dot> + '_ {
        self.shown.iter().map(|taken| taken.dot).chain(self.settled.iter().copied())
    }
}

/// The key under which payment and order creation are idempotent: the digest of the cart and the
/// dots that are bought.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderKey(u128);

impl OrderKey {
    /// The key of a purchase of exactly these dots.
    #[must_use]
    pub fn of(cart: CartId, bought: &[OrderedUnits]) -> Self {
        let mut dots: Vec<Dot> = bought.iter().map(|bought| bought.taken.dot).collect();
        dots.sort_unstable();
        Self(digest::of_order(cart.as_u128(), &dots))
    }

    /// From the 128 bits of a key.
    pub(crate) const fn from_u128(bits: u128) -> Self {
        Self(bits)
    }

    /// Its 128 bits.
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

/// The active list, frozen for checkout. The cart stays editable; the order consumes exactly
/// these dots.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// The cart.
    pub cart: CartId,
    /// What is bought, sorted by line and dot.
    pub bought: Vec<OrderedUnits>,
    /// What was hidden on those lines, and goes with the order.
    pub settled: Vec<Dot>,
    /// All dots that were known when it was taken.
    pub seen: Dots,
    /// What stays as it is.
    pub stays: Preserved,
}

impl Snapshot {
    /// The key of this purchase.
    #[must_use]
    pub fn key(&self) -> OrderKey {
        OrderKey::of(self.cart, &self.bought)
    }

    /// Whether there is nothing to buy.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bought.is_empty()
    }
}

/// An agreed fact: the guest cart belongs to that account. Only an authority makes claims; the
/// number counts the claims of one guest, from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Claim {
    /// The guest cart.
    pub guest: CartId,
    /// The account's cart.
    pub account: CartId,
    /// The how-manieth claim of that guest it is.
    pub number: u32,
}

impl Claim {
    /// The dot of the claim's `Merge` entry. Every region derives the same, so a merge that is
    /// written twice is one merge.
    #[must_use]
    pub fn dot(&self) -> Dot {
        let parts = [self.guest.as_u128(), self.account.as_u128(), u128::from(self.number)];
        Dot::new(ReplicaId::from_u128(digest::of_parts(b"m1", &parts)), 1)
    }
}

/// The latest of some times and dots: ties in time are broken by dot, so every replica breaks
/// them alike.
pub(crate) fn latest<T>(of: impl Iterator<Item = (Time, Dot, T)>) -> Option<T> {
    of.max_by_key(|(time, dot, _)| (*time, *dot)).map(|(_, _, value)| value)
}
