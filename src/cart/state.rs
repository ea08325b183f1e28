//! State of a cart, and the join that every change goes through.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::delta::{Delta, DeltaParts, NeededDots};
use super::digest::{self, Fingerprint};
use super::entry::Entry;
use super::packed::{Entries, EntryKind, EntryRef, NONE};
use crate::clock::Time;
use crate::dots::{Dot, Dots};
use crate::id::{CartId, LineKey};

/// Outcome of a join.
///
/// ```
/// use holdall::{Cart, CartId};
/// let mut cart = Cart::new(CartId::from_u128(1));
/// let report = cart.join(&Cart::erased(cart.id()).to_delta())?;
/// assert!(report.changed && report.equivocations.is_empty());
/// # Ok::<(), holdall::cart::WrongCart>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[must_use = "a join may report that a writer equivocated"]
pub struct JoinReport {
    /// Whether the join changed the state.
    pub changed: bool,
    /// Dots that came with two contents, because a writer was cloned or lies. Every replica keeps
    /// the content with the larger digest.
    pub equivocations: Vec<Dot>,
}

/// Error for a delta that is about another cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the delta is about cart {theirs}, this is cart {ours}: send it to that cart, or merge it as a guest"
)]
pub struct WrongCart {
    /// Identifier of this cart.
    pub ours: CartId,
    /// Identifier of the delta's cart.
    pub theirs: CartId,
}

/// State of one cart at one replica.
///
/// A `Cart` is a value: it can be cloned, compared and joined. It has no writer: a
/// [`Replica`](crate::Replica) holds a cart and writes in it.
///
/// ```
/// use holdall::{Cart, CartId, LineKey, Quantity, Replica, ReplicaId};
/// let id = CartId::from_u128(1);
/// let mut phone = Replica::new(id, ReplicaId::from_u128(2));
/// let delta = phone.add(0, &LineKey::sku("TEE")?, Quantity::ONE, None)?;
///
/// let mut copy = Cart::new(id);
/// assert!(copy.join(&delta)?.changed);
/// assert!(!copy.join(&delta)?.changed); // a delta that arrives twice changes nothing
/// assert_eq!(&copy, phone.cart());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Cart {
    /// Live entries. Their home is this cart.
    pub(super) live: Entries,
    context: Dots,
    erased: bool,
    /// Sum of the digests of the live entries, once [`track_fingerprint`](Self::track_fingerprint)
    /// was called. Most carts are held without it.
    sum: Option<Box<u128>>,
}

impl Cart {
    /// Makes a cart of which nothing is known.
    #[must_use]
    pub fn new(id: CartId) -> Self {
        Self { live: Entries::new(id), context: Dots::default(), erased: false, sum: None }
    }

    /// Makes a cart from a whole state. Returns `None` if a live dot is not in the context. Every
    /// dot of the context without an entry is dead, so the parts must come from one state.
    pub(crate) fn whole(context: Dots, live: Entries) -> Option<Self> {
        let mut known = context.cursor();
        let known = live.keys().all(|dot| known.contains_next(dot));
        known.then_some(Self { live, context, erased: false, sum: None })
    }

    /// Makes the largest state of a cart: every dot that was or will be written in it is dead.
    /// Joining it erases a cart for ever.
    #[must_use]
    pub fn erased(id: CartId) -> Self {
        Self { erased: true, ..Self::new(id) }
    }

    /// Returns the id of the cart, which is also the scope of what is written in it.
    #[must_use]
    pub const fn id(&self) -> CartId {
        self.live.home()
    }

    /// Joins a delta: takes for each dot the larger of `Unseen < Live(entry) < Dead`.
    ///
    /// # Errors
    /// Fails if the delta is about another cart. The cart has not changed then.
    pub fn join(&mut self, delta: &Delta) -> Result<JoinReport, WrongCart> {
        if delta.cart() != self.id() {
            return Err(WrongCart { ours: self.id(), theirs: delta.cart() });
        }
        Ok(self.join_any(delta))
    }

    /// Joins a delta of any cart. A merge joins the guest's state this way, under the guest's dots.
    pub(super) fn join_any(&mut self, delta: &Delta) -> JoinReport {
        let mut joined = JoinReport::default();
        // Erasure is the largest state and absorbs everything.
        if self.erased || delta.is_erasure() {
            joined.changed = !self.erased;
            *self = Self::erased(self.id());
            return joined;
        }
        self.join_live(delta.live(), &mut joined);
        // Live < Dead and Unseen < Dead.
        joined.changed |= self.kill(delta.dead());
        joined
    }

    /// Joins live entries: unseen dots come to life, and of two contents the larger digest stays.
    fn join_live(&mut self, live: &Entries, joined: &mut JoinReport) {
        let mut new: Vec<u32> = Vec::new();
        let mut known = self.context.cursor();
        for (at, fact) in live.refs().enumerate() {
            let dot = fact.dot();
            sabotage!("join-ignores-gaps", {
                if dot.seq <= self.context.last(dot.replica) {
                    continue;
                }
            });
            if sabotage!(
                "dead-dot-comes-back",
                !known.contains_next(dot),
                !known.contains_next(dot) || !self.live.contains_key(&dot)
            ) {
                // Unseen < Live.
                joined.changed = true;
                // One entry needs no merge of tables.
                if live.len() == 1 {
                    self.enliven(dot, &fact.entry(), NONE);
                    return;
                }
                if let Some(sum) = self.sum.as_deref_mut() {
                    *sum = sum.wrapping_add(digest::of_entry(fact));
                }
                // Room for all at once; most deltas are entirely new.
                if new.is_empty() {
                    new.reserve_exact(live.len());
                }
                sabotage!("join-drops-entries-beyond-twenty", {
                    if new.len() == 20 {
                        continue;
                    }
                });
                new.push(at as u32);
            } else if let Some(here) = self.live.get_ref(dot).filter(|here| *here != fact) {
                // Live against Live: one dot has two contents, and the larger digest wins
                // everywhere.
                joined.equivocations.push(dot);
                let ours = digest::of_entry(here);
                let theirs = sabotage!("first-content-wins", digest::of_entry(fact), ours);
                if sabotage!("smaller-digest-wins", ours < theirs, ours > theirs) {
                    self.live.put(dot, &fact.entry());
                    if let Some(sum) = self.sum.as_deref_mut() {
                        *sum = sum.wrapping_sub(ours).wrapping_add(theirs);
                    }
                    joined.changed = true;
                }
            }
            // Dead stays dead.
        }
        // All new entries go in by one merge of sorted rows.
        if !new.is_empty() {
            self.live.put_all(live, &new);
            self.context.extend(&live.dots());
        }
    }

    /// Makes an entry live whose dot is unseen. `hint` is the probable index of its line in the
    /// table, or [`NONE`].
    pub(super) fn enliven(&mut self, dot: Dot, entry: &Entry, hint: u32) {
        self.live.put_at(dot, entry, hint);
        self.context.insert(dot);
        if let Some(sum) = self.sum.as_deref_mut()
            && let Some(fact) = self.live.get_ref(dot)
        {
            *sum = sum.wrapping_add(digest::of_entry(fact));
        }
    }

    /// Notes an unseen dot as dead.
    pub(super) fn born_dead(&mut self, dot: Dot) {
        self.context.insert(dot);
    }

    /// Makes dots dead. Returns whether any of them was unseen or live.
    pub(super) fn kill(&mut self, dots: &Dots) -> bool {
        if dots.is_empty() {
            return false;
        }
        let (mut sum, mut changed) = (self.sum.as_deref_mut(), false);
        self.live.take(dots, |gone| {
            forget(sum.as_deref_mut(), gone);
            changed = true;
        });
        if !self.context.covers(dots) {
            self.context.extend(dots);
            changed = true;
        }
        changed
    }

    /// Removes live entries by the indices of their rows, which ascend. Their dots are in the
    /// context already, so they are dead from then on.
    pub(super) fn kill_at(&mut self, places: &[u32]) {
        let mut sum = self.sum.as_deref_mut();
        self.live.take_at(places, |gone| forget(sum.as_deref_mut(), gone));
    }

    /// Returns the whole state as a delta.
    #[must_use]
    pub fn to_delta(&self) -> Delta {
        Delta::made(DeltaParts {
            cart: self.id(),
            live: self.live.clone(),
            dead: self.dead(),
            needs: NeededDots::none(),
            erased: self.erased,
        })
    }

    /// Returns the dots that the cart knows of, live or dead.
    #[must_use]
    pub const fn context(&self) -> &Dots {
        &self.context
    }

    /// Returns the dots that are known to be dead.
    #[must_use]
    pub fn dead(&self) -> Dots {
        self.context.minus(&self.live_dots())
    }

    /// Returns the dots that are live.
    #[must_use]
    pub fn live_dots(&self) -> Dots {
        self.live.dots()
    }

    /// Returns the live entries, sorted by dot.
    #[must_use]
    pub const fn live(&self) -> &Entries {
        &self.live
    }

    /// Returns whether the cart was erased.
    #[must_use]
    pub const fn is_erased(&self) -> bool {
        self.erased
    }

    /// Returns the fingerprint, which is equal for two replicas exactly when their states are
    /// equal, up to collisions of the digests.
    ///
    /// Hashes each live entry, unless [`track_fingerprint`](Self::track_fingerprint) was called
    /// before.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        // No context has this value: the fingerprint of an erased cart is unique.
        let context = if self.erased {
            u128::MAX
        } else {
            sabotage!(
                "fingerprint-ignores-dead",
                digest::of_dots(&self.context),
                digest::of_dots(&self.live_dots())
            )
        };
        Fingerprint {
            live: self.sum.as_deref().copied().unwrap_or_else(|| self.digests()),
            context,
        }
    }

    /// Sums up the digests of the live entries once and keeps the sum. From then on a fingerprint
    /// costs only the entries that come and go. A [`Session`](crate::sync::Session) calls this.
    pub fn track_fingerprint(&mut self) {
        if self.sum.is_none() {
            self.sum = Some(Box::new(self.digests()));
        }
    }

    /// Sums up the digests of all live entries.
    fn digests(&self) -> u128 {
        self.live.refs().fold(0, |sum, fact| sum.wrapping_add(digest::of_entry(fact)))
    }

    /// Returns the latest time of the live entries, or the smallest time if there are none.
    #[must_use]
    pub fn latest(&self) -> Time {
        self.live.refs().map(EntryRef::time).max().unwrap_or_default()
    }

    /// Iterates over the lines that have live entries, sorted.
    pub fn lines(&self) -> impl Iterator<Item = &LineKey> {
        self.live.lines()
    }

    /// Prepares the index that finds the entries of a line. Call it before several look-ups by
    /// line.
    pub(crate) fn build_line_filter(&mut self) {
        self.live.build_line_filter();
    }

    /// Returns whether any live entry is of this kind. Takes constant time.
    #[must_use]
    pub fn has(&self, kind: EntryKind) -> bool {
        self.live.count(kind) > 0
    }
}

/// Subtracts the digest of a removed entry from the sum, if one is kept.
fn forget(sum: Option<&mut u128>, gone: EntryRef<'_>) {
    if let Some(sum) = sum {
        *sum = sum.wrapping_sub(sabotage!("kept-sum-keeps-dead", digest::of_entry(gone), 0));
    }
}

/// Compares the ids, the live entries and the dead dots.
impl PartialEq for Cart {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
            && self.erased == other.erased
            && self.context == other.context
            && self.live == other.live
    }
}

impl Eq for Cart {}

impl fmt::Debug for Cart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cart")
            .field("id", &self.id())
            .field("live", &self.live)
            .field("context", &self.context)
            .field("erased", &self.erased)
            .finish()
    }
}
