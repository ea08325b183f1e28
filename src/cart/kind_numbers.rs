//! Numbers of the kinds of entries and registers, as bytes and digests have them. A number never
//! changes its meaning.
//!
//! The numbers of the shopper's verbs are in [`Action::kind`](crate::Action::kind).

use super::entry::{Body, Register};

pub(crate) const ADD: u32 = 1;
pub(crate) const SET: u32 = 2;
pub(crate) const MOVE: u32 = 3;
pub(crate) const REGISTER: u32 = 4;
pub(crate) const COUPON: u32 = 5;
pub(crate) const CONSENT: u32 = 6;
pub(crate) const MERGE: u32 = 7;
pub(crate) const UNMERGE: u32 = 8;
pub(crate) const ORDER: u32 = 9;
pub(crate) const EXPIRED: u32 = 10;
pub(crate) const STAY: u32 = 11;
/// Kinds from here on are of a later version: they are kept as they are.
pub(crate) const FIRST_UNKNOWN: u32 = 12;

/// Kinds of registers.
pub(crate) const NOTE: u64 = 0;
pub(crate) const GIFT: u64 = 1;
pub(crate) const ATTRIBUTE: u64 = 2;
pub(crate) const SHIPPING: u64 = 3;

impl Body {
    /// Returns the number of its kind.
    #[inline]
    pub(crate) const fn kind_number(&self) -> u32 {
        match self {
            Self::Add { .. } => ADD,
            Self::Set(_) => SET,
            Self::Move { .. } => MOVE,
            Self::Register { .. } => REGISTER,
            Self::Coupon(_) => COUPON,
            Self::Consent(_) => CONSENT,
            Self::Merge(_) => MERGE,
            Self::Unmerge(_) => UNMERGE,
            Self::Order(_) => ORDER,
            Self::Expired { .. } => EXPIRED,
            Self::Stay(_) => STAY,
            Self::Unknown { kind, .. } => *kind,
        }
    }
}

impl Register {
    /// Returns the number of its kind.
    #[inline]
    pub(crate) const fn kind_number(&self) -> u64 {
        match self {
            Self::Note(_) => NOTE,
            Self::Gift(_) => GIFT,
            Self::Attribute(..) => ATTRIBUTE,
            Self::Shipping(_) => SHIPPING,
        }
    }
}
