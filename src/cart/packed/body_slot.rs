//! What rows say: small Adds as a number, all else in a list beside the rows.

use smallvec::SmallVec;

use crate::cart::entry::Body;
use crate::quantity::Quantity;

/// What rows say that is no small Add, in no order. A delta of one action has one.
pub(crate) type Bodies = SmallVec<[Body; 1]>;

/// What a row says, as a number: an Add of one more than that, or where it is in the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct BodySlot(u32);

/// Adds of up to so many are numbers.
const SMALL_UNITS: usize = 256;

static SMALL: [Body; SMALL_UNITS] = {
    let mut all = [const { Body::Consent(false) }; SMALL_UNITS];
    let (mut at, mut quantity) = (0, Quantity::ONE);
    while at < SMALL_UNITS {
        let old = core::mem::replace(&mut all[at], Body::Add { quantity, sided: false });
        // It is nothing that would have to be dropped, but a constant cannot tell.
        core::mem::forget(old);
        quantity = quantity.next();
        at += 1;
    }
    all
};

impl BodySlot {
    /// An Add of one more than that.
    pub(crate) const fn add(less_one: u8) -> Self {
        Self(less_one as u32)
    }

    /// Says it, if it takes no place.
    #[inline]
    pub(super) const fn small(body: &Body) -> Option<Self> {
        match body {
            Body::Add { quantity, sided: false } if quantity.get() <= SMALL_UNITS as u32 => {
                Some(Self(quantity.get() - 1))
            }
            _ => None,
        }
    }

    #[inline]
    pub(super) fn new(body: Body, bodies: &mut Bodies) -> Self {
        if let Some(small) = Self::small(&body) {
            return small;
        }
        bodies.push(body);
        Self::at(bodies.len() - 1)
    }

    /// What is at a place of the list.
    pub(super) const fn at(place: usize) -> Self {
        Self((SMALL_UNITS + place) as u32)
    }

    /// The units of a small Add.
    #[inline]
    pub(crate) fn units(self) -> Option<u32> {
        self.place().is_none().then_some(self.0 + 1)
    }

    /// Where it is in the list.
    #[inline]
    pub(super) fn place(self) -> Option<usize> {
        (self.0 as usize).checked_sub(SMALL_UNITS)
    }

    #[inline]
    pub(crate) fn body(self, bodies: &[Body]) -> &Body {
        SMALL.get(self.0 as usize).unwrap_or_else(|| &bodies[self.0 as usize - SMALL_UNITS])
    }

    /// The same with another list.
    #[inline]
    pub(super) fn copy_into(self, here: &[Body], there: &mut Bodies) -> Self {
        self.place().map_or(self, |at| Self::new(here[at].clone(), there))
    }

    /// Takes it out of the list. What was last there has its place then: says what that was.
    pub(super) fn forget(self, bodies: &mut Bodies) -> Option<Self> {
        let place = self.place()?;
        bodies.swap_remove(place);
        let last = Self::at(bodies.len());
        (last != self).then_some(last)
    }
}
