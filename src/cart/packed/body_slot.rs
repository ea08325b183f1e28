//! BodyList of rows: small Adds as numbers, all others in a list beside the rows.

use smallvec::SmallVec;

use crate::cart::entry::Body;
use crate::quantity::Quantity;

/// BodyList other than small Adds, in no order. A delta of one action has at most one.
pub(crate) type BodyList = SmallVec<[Body; 1]>;

/// Body of a row as a number: the units of a small Add less one, or an index into the list of
/// bodies, offset by [`SMALL_UNITS`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct BodySlot(u32);

/// Largest Add, in units, that is a number.
const SMALL_UNITS: usize = 256;

/// Body of each small Add, so that a reference to it can be returned.
static SMALL: [Body; SMALL_UNITS] = {
    let mut all = [const { Body::Consent(false) }; SMALL_UNITS];
    let (mut at, mut quantity) = (0, Quantity::ONE);
    while at < SMALL_UNITS {
        let old = core::mem::replace(&mut all[at], Body::Add { quantity, sided: false });
        // A body without an allocation needs no drop, but the compiler cannot tell in a constant.
        core::mem::forget(old);
        quantity = quantity.next();
        at += 1;
    }
    all
};

impl BodySlot {
    /// Makes the slot of an Add of `less_one + 1` units.
    pub(crate) const fn add(less_one: u8) -> Self {
        Self(less_one as u32)
    }

    /// Returns the slot of a body that needs no place in the list.
    #[inline]
    pub(super) const fn small(body: &Body) -> Option<Self> {
        match body {
            Body::Add { quantity, sided: false } if quantity.get() <= SMALL_UNITS as u32 => {
                Some(Self(quantity.get() - 1))
            }
            _ => None,
        }
    }

    /// Returns the slot of a body, after appending it to the list if needed.
    #[inline]
    pub(super) fn new(body: Body, bodies: &mut BodyList) -> Self {
        if let Some(small) = Self::small(&body) {
            return small;
        }
        bodies.push(body);
        Self::at(bodies.len() - 1)
    }

    /// Makes the slot of the body at an index of the list.
    pub(super) const fn at(place: usize) -> Self {
        Self((SMALL_UNITS + place) as u32)
    }

    /// Returns the units of a small Add.
    #[inline]
    pub(crate) fn units(self) -> Option<u32> {
        self.place().is_none().then_some(self.0 + 1)
    }

    /// Returns the index in the list, or `None` for a small Add.
    #[inline]
    pub(super) fn place(self) -> Option<usize> {
        (self.0 as usize).checked_sub(SMALL_UNITS)
    }

    /// Returns the body.
    #[inline]
    pub(crate) fn body(self, bodies: &[Body]) -> &Body {
        SMALL.get(self.0 as usize).unwrap_or_else(|| &bodies[self.0 as usize - SMALL_UNITS])
    }

    /// Returns a slot with an equal body in another list.
    #[inline]
    pub(super) fn copy_into(self, here: &[Body], there: &mut BodyList) -> Self {
        self.place().map_or(self, |at| Self::new(here[at].clone(), there))
    }

    /// Removes the body from the list. The last body moves into its place: returns its old slot.
    pub(super) fn forget(self, bodies: &mut BodyList) -> Option<Self> {
        let place = self.place()?;
        bodies.swap_remove(place);
        let last = Self::at(bodies.len());
        (last != self).then_some(last)
    }
}
