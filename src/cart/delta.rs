//! Deltas: some live dots with their entries, and some dead dots.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::digest;
use super::entry::Entry;
use super::packed::Entries;
use crate::dots::{Dot, Dots};
use crate::id::CartId;

/// Part of a cart's state: live dots with their entries, and dead dots.
///
/// Both are listed. What a delta leaves out is unknown, so no delta can state that everything else
/// is gone, except an [erasure](Self::erasure).
///
/// ```
/// use holdall::{CartId, LineKey, Quantity, Replica, ReplicaId};
/// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
/// let tee = LineKey::sku("TEE")?;
/// let first = phone.add(0, &tee, Quantity::ONE, None)?;
/// let mut both = first.clone();
/// both.batch(&phone.add(1_000, &tee, Quantity::ONE, None)?);
/// assert_eq!((first.live().len(), both.live().len()), (1, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Delta(pub(super) Box<DeltaParts>);

/// Parts of a delta, boxed because deltas are moved often.
#[derive(Clone)]
pub(super) struct DeltaParts {
    pub(super) cart: CartId,
    pub(super) live: Entries,
    pub(super) dead: Dots,
    pub(super) needs: NeededDots,
    pub(super) erased: bool,
}

/// Dead dots that a receiver must know first.
#[derive(Clone)]
pub(super) enum NeededDots {
    /// All dead dots, as in the delta of a Set.
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

/// Reason why the parts of a delta contradict each other.
///
/// ```
/// use holdall::{CartId, Delta, DeltaError, Dot, ReplicaId, dots::Dots};
/// let dot: Dots = [Dot::new(ReplicaId::from_u128(2), 1)].into_iter().collect();
/// let delta = Delta::new(CartId::from_u128(1), [], Dots::default(), dot);
/// assert_eq!(delta, Err(DeltaError::NeedsLiving));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeltaError {
    /// A dot is listed both as live and as dead.
    #[error("dot {dot} is listed as live and as dead: list it once")]
    LiveAndDead {
        /// The dot.
        dot: Dot,
    },
    /// A needed dot is not among the dead dots.
    #[error("a needed dot is not among the dead: list only dots that the delta makes dead")]
    NeedsLiving,
    /// No writer could have written an entry, and its bytes would be refused.
    #[error("the entry of dot {dot} {what}: make entries by actions, or as their docs say")]
    Malformed {
        /// Dot of the entry.
        dot: Dot,
        /// Description of the flaw.
        what: &'static str,
    },
    /// An erased state has content.
    #[error("an erasure lists dots: it stands for everything and lists nothing")]
    ErasedWithContent,
}

/// Makes an empty delta of cart 0. Built in place: its callers box it and then set the cart.
impl Default for DeltaParts {
    #[inline]
    fn default() -> Self {
        let cart = CartId::from_u128(0);
        let (dead, needs) = (Dots::default(), NeededDots::none());
        Self { cart, live: Entries::new(cart), dead, needs, erased: false }
    }
}

impl Delta {
    /// Boxes the parts of a delta, which the caller has checked.
    #[inline]
    pub(super) fn made(parts: DeltaParts) -> Self {
        Self(Box::new(parts))
    }

    /// Makes a delta from its parts. `needs` are the dead dots whose own deltas are not included:
    /// an inbox holds the delta back until it knows them.
    ///
    /// # Errors
    /// Fails if the parts contradict each other.
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

    /// Makes a delta of packed entries, none of which is dead.
    ///
    /// # Errors
    /// Fails if a needed dot is not among the dead dots.
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

    /// Makes a delta whose dead dots are `born` (born dead) and `needs` (needed). Returns `None` if
    /// a dot is in two of `live`, `born` and `needs`.
    pub(crate) fn framed(cart: CartId, live: Entries, born: Dots, needs: Dots) -> Option<Self> {
        // Without dots that are born dead, both sets are one and need not be copied.
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

    /// Returns the dead dots that are not needed: those whose own delta this is.
    pub(crate) fn born_dead(&self) -> Dots {
        match &self.0.needs {
            NeededDots::All => Dots::default(),
            NeededDots::These(needs) => self.0.dead.minus(needs),
        }
    }

    /// Makes a delta without any dots.
    #[must_use]
    pub fn empty(cart: CartId) -> Self {
        let mut parts: Box<DeltaParts> = Box::default();
        parts.cart = cart;
        parts.live.set_home(cart);
        Self(parts)
    }

    /// Makes the delta that erases a cart: the largest state.
    #[must_use]
    pub fn erasure(cart: CartId) -> Self {
        let mut erasure = Self::empty(cart);
        erasure.0.erased = true;
        erasure
    }

    /// Returns the cart that the delta is about.
    #[must_use]
    pub const fn cart(&self) -> CartId {
        self.0.cart
    }

    /// Returns the live dots with their entries.
    #[must_use]
    pub const fn live(&self) -> &Entries {
        &self.0.live
    }

    /// Returns the dead dots.
    #[must_use]
    pub const fn dead(&self) -> &Dots {
        &self.0.dead
    }

    /// Returns the dead dots that a receiver must know through their own deltas first.
    #[must_use]
    pub const fn needs(&self) -> &Dots {
        match &self.0.needs {
            NeededDots::All => &self.0.dead,
            NeededDots::These(dots) => dots,
        }
    }

    /// Returns whether the delta erases the cart.
    #[must_use]
    pub const fn is_erasure(&self) -> bool {
        self.0.erased
    }

    /// Returns whether the delta has no dots and does not erase.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.0.erased && self.0.live.is_empty() && self.0.dead.is_empty()
    }

    /// Returns every dot of the delta, live or dead.
    #[must_use]
    pub fn dots(&self) -> Dots {
        let mut dots = self.0.live.dots();
        dots.extend(&self.0.dead);
        dots
    }

    /// Returns the dots whose own delta is included, as opposed to dots that are only named as
    /// dead.
    #[must_use]
    pub fn own(&self) -> Dots {
        self.dots().minus(self.needs())
    }

    /// Joins another delta of this delta's cart into it. Joining the batch equals joining both.
    ///
    /// Of two contents of one dot the larger digest stays.
    pub fn batch(&mut self, other: &Self) {
        debug_assert_eq!(self.0.cart, other.0.cart);
        if other.0.erased || self.0.erased {
            *self = Self::erasure(self.0.cart);
            return;
        }
        // A dot is needed if neither delta brings it with its own action.
        let mut own = self.own();
        own.extend(&other.own());
        let mut needs = self.needs().clone();
        needs.extend(other.needs());
        let parts = &mut *self.0;
        parts.needs = NeededDots::These(needs.minus(&own));
        parts.dead.extend(&other.0.dead);
        // Entries with unseen dots go in together; of two contents the larger digest stays.
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

    /// Splits the delta into the smallest parts: one for each live dot and one for each run of dead
    /// dots. Joined in any order they give the state that the whole gives. The parts need nothing,
    /// so they are for a receiver that joins all of them, not for an inbox.
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
