//! Deltas: some live dots with their entries, and some dead dots.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::digest;
use super::entry::Entry;
use super::packed::Entries;
use crate::dots::{Dot, Dots};
use crate::id::CartId;

/// A part of a cart's state. Both the live and the dead are listed; nothing is implied by what is
/// left out, so there is no way to say "and everything else is gone".
#[derive(Clone)]
pub struct Delta(pub(super) Box<DeltaParts>);

/// What it is made of. It is moved from hand to hand, so it is held where it was made.
#[derive(Clone)]
pub(super) struct DeltaParts {
    pub(super) cart: CartId,
    pub(super) live: Entries,
    pub(super) dead: Dots,
    pub(super) needs: NeededDots,
    pub(super) erased: bool,
}

/// Those of the dead that a receiver must know first.
#[derive(Clone)]
pub(super) enum NeededDots {
    /// All of them, as with a Set.
    All,
    These(Dots),
}

impl NeededDots {
    pub(super) fn none() -> Self {
        Self::These(Dots::default())
    }
}

impl PartialEq for Delta {
    fn eq(&self, other: &Self) -> bool {
        self.0.cart == other.0.cart
            && self.0.erased == other.0.erased
            && self.0.dead == other.0.dead
            && self.needs() == other.needs()
            && self.0.live == other.0.live
    }
}

impl Eq for Delta {}

impl fmt::Debug for Delta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delta")
            .field("cart", &self.0.cart)
            .field("live", &self.0.live)
            .field("dead", &self.0.dead)
            .field("needs", self.needs())
            .field("erased", &self.0.erased)
            .finish()
    }
}

/// A delta that contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeltaError {
    /// A dot is listed both as live and as dead.
    #[error("dot {dot} is listed as live and as dead: list it once")]
    LiveAndDead {
        /// The dot.
        dot: Dot,
    },
    /// A dot is needed but not among the dead.
    #[error("a needed dot is not among the dead: list only dots that the delta makes dead")]
    NeedsLiving,
    /// An entry is none that a writer could have written, and its bytes would be refused.
    #[error("the entry of dot {dot} {what}: make entries by actions, or as their docs say")]
    Malformed {
        /// Its dot.
        dot: Dot,
        /// What is wrong with it.
        what: &'static str,
    },
    /// An erased state has content.
    #[error("an erasure lists dots: it stands for everything and lists nothing")]
    ErasedWithContent,
}

/// Nothing, of nobody's cart: made where it is held, which is why there is this.
impl Default for DeltaParts {
    #[inline]
    fn default() -> Self {
        let cart = CartId::from_u128(0);
        let (dead, needs) = (Dots::default(), NeededDots::none());
        Self { cart, live: Entries::new(cart), dead, needs, erased: false }
    }
}

impl Delta {
    #[inline]
    pub(super) fn made(parts: DeltaParts) -> Self {
        Self(Box::new(parts))
    }

    /// A delta from its parts. `needs` are those of the dead that it names without bringing all
    /// that their own deltas did: it has to wait at a receiver that does not know them.
    ///
    /// # Errors
    /// It contradicts itself.
    pub fn new(
        cart: CartId,
        live: impl IntoIterator<Item = (Dot, Entry)>,
        dead: Dots,
        needs: Dots,
    ) -> Result<Self, DeltaError> {
        let live: Vec<(Dot, Entry)> = live.into_iter().collect();
        let flaw = |(dot, entry): &(Dot, Entry)| Some((*dot, entry.flaw(*dot)?));
        if let Some((dot, what)) = live.iter().find_map(flaw) {
            return Err(DeltaError::Malformed { dot, what });
        }
        let live = Entries::collect(cart, live);
        let mut is_dead = dead.cursor();
        if let Some(dot) = live.keys().find(|dot| is_dead.contains_next(*dot)) {
            return Err(DeltaError::LiveAndDead { dot });
        }
        Self::of(cart, live, dead, needs)
    }

    /// The same of entries that are together already, of which none is dead.
    pub(crate) fn of(
        cart: CartId,
        live: Entries,
        dead: Dots,
        needs: Dots,
    ) -> Result<Self, DeltaError> {
        if !needs.minus(&dead).is_empty() {
            return Err(DeltaError::NeedsLiving);
        }
        Ok(Self::made(DeltaParts {
            cart,
            live,
            dead,
            needs: NeededDots::These(needs),
            erased: false,
        }))
    }

    /// The same of dots that are born dead and those that are needed, which are the dead. `None`
    /// if a dot is two of that.
    pub(crate) fn framed(cart: CartId, live: Entries, born: Dots, needs: Dots) -> Option<Self> {
        let (dead, needs) = if born.is_empty() {
            (needs, NeededDots::All)
        } else if born.covers_none_of(&needs) {
            let mut dead = needs.clone();
            dead.extend(&born);
            (dead, NeededDots::These(needs))
        } else {
            return None;
        };
        let mut is_dead = dead.cursor();
        let apart = !live.keys().any(|dot| is_dead.contains_next(dot));
        apart.then(|| Self::made(DeltaParts { cart, live, dead, needs, erased: false }))
    }

    /// The dead that are not needed.
    pub(crate) fn born_dead(&self) -> Dots {
        match &self.0.needs {
            NeededDots::All => Dots::default(),
            NeededDots::These(needs) => self.0.dead.minus(needs),
        }
    }

    /// A delta that says nothing.
    #[must_use]
    pub fn empty(cart: CartId) -> Self {
        let mut parts: Box<DeltaParts> = Box::default();
        parts.cart = cart;
        parts.live.set_home(cart);
        Self(parts)
    }

    /// The largest state: everything dead.
    #[must_use]
    pub fn erasure(cart: CartId) -> Self {
        let mut erasure = Self::empty(cart);
        erasure.0.erased = true;
        erasure
    }

    /// The cart it is about.
    #[must_use]
    pub const fn cart(&self) -> CartId {
        self.0.cart
    }

    /// The live dots with their entries.
    #[must_use]
    pub const fn live(&self) -> &Entries {
        &self.0.live
    }

    /// The dead dots.
    #[must_use]
    pub const fn dead(&self) -> &Dots {
        &self.0.dead
    }

    /// Those of the dead that a receiver must know through their own deltas first.
    #[must_use]
    pub const fn needs(&self) -> &Dots {
        match &self.0.needs {
            NeededDots::All => &self.0.dead,
            NeededDots::These(dots) => dots,
        }
    }

    /// Whether it erases the cart.
    #[must_use]
    pub const fn is_erasure(&self) -> bool {
        self.0.erased
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.0.erased && self.0.live.is_empty() && self.0.dead.is_empty()
    }

    /// Every dot it says something about.
    #[must_use]
    pub fn dots(&self) -> Dots {
        let mut dots = self.0.live.dots();
        dots.extend(&self.0.dead);
        dots
    }

    /// The dots whose own delta is here, as opposed to those it only names as dead.
    #[must_use]
    pub fn own(&self) -> Dots {
        self.dots().minus(self.needs())
    }

    /// Joins a delta of the same cart into this one: a batch says what its parts say.
    ///
    /// Of two contents of one dot the larger digest stays, as everywhere.
    pub fn batch(&mut self, other: &Self) {
        debug_assert_eq!(self.0.cart, other.0.cart);
        if other.0.erased || self.0.erased {
            *self = Self::erasure(self.0.cart);
            return;
        }
        let mut own = self.own();
        own.extend(&other.own());
        let mut needs = self.needs().clone();
        needs.extend(other.needs());
        let parts = &mut *self.0;
        parts.needs = NeededDots::These(needs.minus(&own));
        parts.dead.extend(&other.0.dead);
        let mut new = Vec::new();
        for (at, theirs) in other.0.live.refs().enumerate() {
            match parts.live.get_ref(theirs.dot()) {
                None => new.push(at as u32),
                Some(here) if digest::of_entry(here) < digest::of_entry(theirs) => {
                    parts.live.put(theirs.dot(), &theirs.entry());
                }
                Some(_) => {}
            }
        }
        if !new.is_empty() {
            parts.live.put_all(&other.0.live, &new);
        }
        sabotage!("batch-keeps-dead-entries", parts.live.take(&parts.dead, |_| {}), ());
    }

    /// The smallest deltas that together say the same: one for each live dot, one for each run of
    /// dead dots. Joined in any order they give the same state. They need nothing: they are for
    /// whoever joins all of them, not for an inbox.
    #[must_use]
    pub fn split(&self) -> Vec<Self> {
        let mut parts: Vec<Self> = Vec::new();
        if self.0.erased {
            parts.push(self.clone());
        }
        for (dot, entry) in self.0.live.iter() {
            let mut part = Self::empty(self.0.cart);
            part.0.live.put_first(dot, entry);
            sabotage!("split-part-kills-the-rest", {
                part.0.dead = self.dots().minus(&[dot].into_iter().collect());
            });
            parts.push(part);
        }
        for (replica, run) in self.0.dead.runs() {
            let mut part = Self::empty(self.0.cart);
            part.0.dead.insert_run(replica, run);
            parts.push(part);
        }
        parts
    }
}
