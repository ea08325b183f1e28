//! How many entries there are of each kind, for knowing that there is none without a look.

use alloc::boxed::Box;

use super::tables::NONE;
use crate::cart::entry::Body;

/// The kind of an entry, by which a cart counts its live entries.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum EntryKind {
    /// An Add or a Set: units on a line.
    Contribution,
    /// A merge of a guest cart.
    Merge,
    /// A merge that was taken back.
    Unmerge,
    /// An order that was placed.
    Order,
    /// A coupon code.
    Coupon,
    /// A register of the cart.
    Register,
    /// A register of a line.
    LineRegister,
    /// A consent, given or revoked.
    Consent,
    /// The mark that the cart expired.
    Expired,
    /// An entry that only keeps what other entries show in place.
    Stay,
    /// An entry of a later version, kept as bytes.
    Other,
}

impl EntryKind {
    const COUNT: usize = Self::Other as usize + 1;

    /// The kind of what an entry about a line says.
    #[inline]
    pub(super) const fn of(body: &Body, line: u32) -> Self {
        match body {
            Body::Add { .. } | Body::Set(_) => Self::Contribution,
            Body::Merge(_) => Self::Merge,
            Body::Unmerge(_) => Self::Unmerge,
            Body::Order(_) => Self::Order,
            Body::Coupon(_) => Self::Coupon,
            Body::Consent(_) => Self::Consent,
            Body::Expired { .. } => Self::Expired,
            Body::Stay(_) => Self::Stay,
            Body::Register { .. } if line == NONE => Self::Register,
            Body::Register { .. } => Self::LineRegister,
            Body::Move { .. } | Body::Unknown { .. } => Self::Other,
        }
    }
}

/// What is counted: what is no contribution, and what bears on others. Most carts never have any,
/// and count nowhere.
#[derive(Clone, Default)]
pub(super) struct KindCounts(Option<Box<CountsByKind>>);

#[derive(Clone, Default)]
struct CountsByKind {
    /// By kind, but for contributions.
    kinds: [u32; EntryKind::COUNT],
    /// How many bear on others.
    bearing: u32,
}

impl KindCounts {
    /// Whether an entry that says it is counted.
    #[inline]
    pub(super) fn notes(body: &Body) -> bool {
        !body.is_contribution() || body.bears()
    }

    /// One more.
    #[inline]
    pub(super) fn note(&mut self, body: &Body, line: u32) {
        if Self::notes(body) {
            let counts = self.0.get_or_insert_default();
            counts.kinds[EntryKind::of(body, line) as usize] += u32::from(!body.is_contribution());
            counts.bearing += u32::from(body.bears());
        }
    }

    /// One less.
    #[inline]
    pub(super) fn forget(&mut self, body: &Body, line: u32) {
        if let Some(counts) = &mut self.0
            && Self::notes(body)
        {
            counts.kinds[EntryKind::of(body, line) as usize] -= u32::from(!body.is_contribution());
            counts.bearing -= u32::from(body.bears());
        }
    }

    /// How many there are of a kind that is no contribution.
    pub(super) fn count(&self, kind: EntryKind) -> usize {
        self.0.as_ref().map_or(0, |counts| counts.kinds[kind as usize] as usize)
    }

    /// How many there are that are no contributions.
    pub(super) fn others(&self) -> usize {
        self.0.as_ref().map_or(0, |counts| counts.kinds.iter().map(|count| *count as usize).sum())
    }

    /// How many bear on others.
    pub(super) fn bearing(&self) -> usize {
        self.0.as_ref().map_or(0, |counts| counts.bearing as usize)
    }
}
