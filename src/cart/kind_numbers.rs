//! Numbers of the kinds of entries and registers in bytes and digests. A number never changes its
//! meaning.
//!
//! The numbers of the shopper's verbs are in [`Action::kind`](crate::Action::kind).

/// Kind of an Add.
pub const ADD: u32 = 1;
/// Kind of a Set.
pub const SET: u32 = 2;
/// Kind of a Move, which shows contributions in another list.
pub const MOVE: u32 = 3;
/// Kind of a register.
pub const REGISTER: u32 = 4;
/// Kind of a coupon code.
pub const COUPON: u32 = 5;
/// Kind of a consent.
pub const CONSENT: u32 = 6;
/// Kind of a merge of a guest cart.
pub const MERGE: u32 = 7;
/// Kind of a merge that was taken back.
pub const UNMERGE: u32 = 8;
/// Kind of an order.
pub const ORDER: u32 = 9;
/// Kind of an expiry.
pub const EXPIRED: u32 = 10;
/// Kind of a Stay, which only preserves what other entries show.
pub const STAY: u32 = 11;
/// Lowest number of a kind of a later version. Entries of this kind and above are kept as bytes.
pub const FIRST_UNKNOWN: u32 = 12;

/// Register that is a note. Registers are numbered apart from entries, from 0.
pub const NOTE: u64 = 0;
/// Register that is a gift option.
pub const GIFT: u64 = 1;
/// Register that is another attribute.
pub const ATTRIBUTE: u64 = 2;
/// Register that is a shipping option.
pub const SHIPPING: u64 = 3;
