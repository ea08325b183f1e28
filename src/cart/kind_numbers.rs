//! Numbers of the kinds of entries and registers, as bytes and digests have them. A number never changes its meaning.
//!
//! The numbers of the shopper's verbs are in [`Action::kind`](crate::Action::kind).

/// An Add.
pub const ADD: u32 = 1;
/// A Set.
pub const SET: u32 = 2;
/// A move to the other list.
pub const MOVE: u32 = 3;
/// A register.
pub const REGISTER: u32 = 4;
/// A coupon code.
pub const COUPON: u32 = 5;
/// A consent.
pub const CONSENT: u32 = 6;
/// A merge of a guest cart.
pub const MERGE: u32 = 7;
/// A merge that was taken back.
pub const UNMERGE: u32 = 8;
/// An order.
pub const ORDER: u32 = 9;
/// An expiry.
pub const EXPIRED: u32 = 10;
/// An entry that only keeps what others show.
pub const STAY: u32 = 11;
/// The lowest number of a later version's kinds. Entries of this kind and above are kept as bytes.
pub const FIRST_UNKNOWN: u32 = 12;

/// A register that is a note. The numbers from here on are of registers.
pub const NOTE: u64 = 0;
/// A gift option.
pub const GIFT: u64 = 1;
/// Another attribute.
pub const ATTRIBUTE: u64 = 2;
/// A shipping option.
pub const SHIPPING: u64 = 3;
