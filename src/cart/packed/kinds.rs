//! Counts of entries by kind, which show without a scan that a kind is absent.

use alloc::boxed::Box;

use super::tables::NONE;
use crate::cart::entry::Body;

/// Kind of an entry. A cart counts its live entries by kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum EntryKind {
    /// Add or Set: units on a line.
    Contribution,
    /// Merge of a guest cart.
    Merge,
    /// Merge that was taken back.
    Unmerge,
    /// Order that was placed.
    Order,
    /// Coupon code.
    Coupon,
    /// Register of the cart.
    Register,
    /// Register of a line.
    LineRegister,
    /// Consent, given or revoked.
    Consent,
    /// Mark that the cart expired.
    Expired,
    /// Entry that only preserves what other entries show.
    Stay,
    /// Move, or entry of a later version that is kept as bytes.
    Other,
}

impl EntryKind {
    const COUNT: usize = Self::Other as usize + 1;

    /// Returns the kind of a body. `line` is the line number of its row, or [`NONE`].
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

/// Counts of the entries that are no contributions, and of those that bear on other entries. Most
/// carts never have any and allocate nothing here.
#[derive(Clone, Default)]
pub(super) struct KindCounts(Option<Box<CountsByKind>>);

#[derive(Clone, Default)]
struct CountsByKind {
    /// Number of entries of each kind, without contributions.
    kinds: [u32; EntryKind::COUNT],
    /// Number of entries that place other entries in a list or reduce them.
    bearing: u32,
}

impl KindCounts {
    /// Returns whether entries with this body are counted.
    #[inline]
    pub(super) fn notes(body: &Body) -> bool {
        !body.is_contribution() || body.bears()
    }

    /// Counts an entry that was put in.
    #[inline]
    pub(super) fn note(&mut self, body: &Body, line: u32) {
        if Self::notes(body) {
            let counts = self.0.get_or_insert_default();
            counts.kinds[EntryKind::of(body, line) as usize] += u32::from(!body.is_contribution());
            counts.bearing += u32::from(body.bears());
        }
    }

    /// Uncounts an entry that was taken out.
    #[inline]
    pub(super) fn forget(&mut self, body: &Body, line: u32) {
        if let Some(counts) = &mut self.0
            && Self::notes(body)
        {
            counts.kinds[EntryKind::of(body, line) as usize] -= u32::from(!body.is_contribution());
            counts.bearing -= u32::from(body.bears());
        }
    }

    /// Returns the number of entries of a kind other than contributions.
    pub(super) fn count(&self, kind: EntryKind) -> usize {
        self.0.as_ref().map_or(0, |counts| counts.kinds[kind as usize] as usize)
    }

    /// Returns the number of entries that are no contributions.
    pub(super) fn others(&self) -> usize {
        self.0.as_ref().map_or(0, |counts| counts.kinds.iter().map(|count| *count as usize).sum())
    }

    /// Returns the number of entries that place other entries in a list or reduce them.
    pub(super) fn bearing(&self) -> usize {
        self.0.as_ref().map_or(0, |counts| counts.bearing as usize)
    }
}
