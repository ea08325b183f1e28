//! The replicated cart: its state, its one join, its deltas, and the shopper's verbs.
//!
//! A state maps every dot to `Unseen < Live(entry) < Dead`. Join is the maximum, dot by dot, so it
//! is commutative, associative and idempotent and only moves up, whatever the entries mean. The
//! state is stored compactly: the live entries, and a context that covers the live and the dead.
//! There are no tombstones. What the entries mean for a shopper is the business of
//! [`view`](mod@crate::view); how they travel, of [`sync`](crate::sync).

mod delta;
mod digest;
mod entries;
mod entry;
mod exchange;
mod index;
mod seen;
mod terms;
mod verbs;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

pub use delta::{Delta, DeltaError};
pub use digest::Fingerprint;
pub use entries::Entries;
pub use entry::{
    After, Body, Bought, Entry, Gift, Lack, List, Pin, Purchase, Register, RegisterKey, SetTo,
    Stays, Taken,
};
pub use exchange::Have;
pub(crate) use index::Kind;
pub(crate) use seen::latest;
pub use seen::{Claim, OrderKey, Place, Seen, Snapshot};
pub use terms::{LineTerms, Loser, MergePolicy, Override, PolicyError, RuleRef, SkuPattern};
pub use verbs::{Stamp, VerbError};

use crate::clock::Time;
use crate::context::{Dot, Dots};
use crate::id::{CartId, LineKey};
use entries::Held;

/// What a join found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[must_use = "a join may report that a writer equivocated"]
pub struct Joined {
    /// Whether the state moved up.
    pub changed: bool,
    /// Dots that came with two contents: a cloned or lying writer. The larger digest stays, at
    /// every replica.
    pub equivocations: Vec<Dot>,
}

/// A delta that is about another cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the delta is about cart {theirs}, this is cart {ours}: send it to that cart, or merge it as a guest"
)]
pub struct WrongCart {
    /// This cart.
    pub ours: CartId,
    /// The delta's.
    pub theirs: CartId,
}

/// One replica's state of one cart.
///
/// A `Cart` is a value: it can be cloned, compared, joined. It has no writer; to write, a
/// [`Replica`](crate::Replica) holds one.
#[derive(Clone)]
pub struct Cart {
    id: CartId,
    live: Entries,
    context: Dots,
    erased: bool,
    index: index::Index,
    /// Of the digests of those live entries that are marked as summed.
    sum: u128,
}

impl Cart {
    /// A cart that nothing is known of.
    #[must_use]
    pub fn new(id: CartId) -> Self {
        Self {
            id,
            live: Entries::default(),
            context: Dots::default(),
            erased: false,
            index: index::Index::default(),
            sum: 0,
        }
    }

    /// A state that was written whole. `None` if it has a live dot that it does not know of: what
    /// is not live and known is dead, so this is for nothing but what came from a state.
    pub(crate) fn whole(
        id: CartId,
        erased: bool,
        context: Dots,
        live: Vec<(Dot, Entry)>,
    ) -> Option<Self> {
        let live: Entries = live.into_iter().collect();
        let index = index::Index::of(&live);
        let known = live.keys().all(|dot| context.contains(*dot));
        known.then_some(Self { id, live, context, erased, index, sum: 0 })
    }

    /// The cart's id, and the scope of what is written in it.
    #[must_use]
    pub const fn id(&self) -> CartId {
        self.id
    }

    /// Joins a delta: dot by dot the larger of `Unseen < Live(entry) < Dead`.
    ///
    /// # Errors
    /// The delta is about another cart; nothing has changed then.
    pub fn join(&mut self, delta: &Delta) -> Result<Joined, WrongCart> {
        if delta.cart != self.id {
            return Err(WrongCart { ours: self.id, theirs: delta.cart });
        }
        Ok(self.join_any(delta))
    }

    /// The join itself. A guest's state is joined by it too: its dots are its own.
    fn join_any(&mut self, delta: &Delta) -> Joined {
        let mut joined = Joined::default();
        if self.erased || delta.erased {
            joined.changed = !self.erased;
            *self = Self { erased: true, ..Self::new(self.id) };
            return joined;
        }
        let mut new: Vec<Held> = Vec::new();
        let many = delta.live.len() > FEW;
        for Held { dot, entry, .. } in delta.live.held() {
            if self.context.insert(*dot) {
                // Unseen < Live
                joined.changed = true;
                let held = Held::new(*dot, entry.clone());
                if many { new.push(held) } else { self.put(held) }
            } else if let Some(here) = self.live.at(*dot).filter(|here| here.entry != *entry) {
                // Live < Live: two contents of one dot
                joined.equivocations.push(*dot);
                if digest::of_entry(*dot, &here.entry) < digest::of_entry(*dot, entry) {
                    let here = here.clone();
                    self.forget(&here);
                    self.put(Held::new(*dot, entry.clone()));
                    joined.changed = true;
                }
            }
            // Dead stays dead.
        }
        if !new.is_empty() {
            self.put_all(new);
        }
        // Live < Dead
        let mut live = core::mem::take(&mut self.live);
        live.take(&delta.dead, |gone| {
            self.forget(&gone);
            joined.changed = true;
        });
        self.live = live;
        // Unseen < Dead
        if !self.context.covers(&delta.dead) {
            self.context.extend(&delta.dead);
            joined.changed = true;
        }
        joined
    }

    /// Makes an entry live: in the run and the index. Its digest is summed when somebody asks for
    /// the fingerprint.
    fn put(&mut self, held: Held) {
        self.index.insert(&held);
        self.live.put(held);
    }

    /// The same for many, sorted, that are not live.
    fn put_all(&mut self, new: Vec<Held>) {
        self.live.put_all(new);
        self.index = index::Index::of(&self.live);
    }

    /// Takes what is not live any more out of the index and the sum.
    fn forget(&mut self, gone: &Held) {
        if gone.summed {
            self.sum = self.sum.wrapping_sub(digest::of_entry(gone.dot, &gone.entry));
        }
        self.index.remove(gone.dot, &gone.entry);
    }

    /// The whole state as a delta.
    #[must_use]
    pub fn to_delta(&self) -> Delta {
        Delta {
            cart: self.id,
            live: self.live.clone(),
            dead: self.dead(),
            needs: Dots::default(),
            erased: self.erased,
        }
    }

    /// The dots it knows of, live or dead.
    #[must_use]
    pub const fn context(&self) -> &Dots {
        &self.context
    }

    /// The dots it knows to be dead.
    #[must_use]
    pub fn dead(&self) -> Dots {
        self.context.minus(&self.live_dots())
    }

    /// The dots that are live.
    #[must_use]
    pub fn live_dots(&self) -> Dots {
        self.live.keys().copied().collect()
    }

    /// The live entries, by dot.
    #[must_use]
    pub const fn live(&self) -> &Entries {
        &self.live
    }

    /// Whether it was erased.
    #[must_use]
    pub const fn is_erased(&self) -> bool {
        self.erased
    }

    /// What to compare with another replica: equal exactly when the states are. It costs a digest
    /// for each entry that came since [`sum_up`](Self::sum_up).
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let context = if self.erased { u128::MAX } else { digest::of_dots(&self.context) };
        let new = self.live.held().iter().filter(|held| !held.summed);
        let live = new
            .fold(self.sum, |sum, held| sum.wrapping_add(digest::of_entry(held.dot, &held.entry)));
        Fingerprint { live, context }
    }

    /// Sums up the digests of the entries that came since the last time, so that the next
    /// fingerprints cost only what comes from now on. The [conversation](crate::sync) does so.
    pub fn sum_up(&mut self) {
        for held in self.live.held_mut().iter_mut().filter(|held| !held.summed) {
            self.sum = self.sum.wrapping_add(digest::of_entry(held.dot, &held.entry));
            held.summed = true;
        }
    }

    /// The latest time among the live entries.
    #[must_use]
    pub fn latest(&self) -> Time {
        self.live.values().map(|entry| entry.time).max().unwrap_or_default()
    }

    /// The lines that have live entries.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = &LineKey> {
        self.index.lines().iter().map(|line| &line.key)
    }

    /// The lines, sorted, each with the live entries that say something about it.
    pub(crate) fn by_line(&self) -> impl Iterator<Item = (&LineKey, OnLine<'_>)> {
        self.index.lines().iter().map(|line| (&line.key, line.entries.as_slice()))
    }

    /// The live entries that say something about `line`, sorted by dot.
    pub(crate) fn entries_on(&self, line: &LineKey) -> OnLine<'_> {
        self.index.on_line(line)
    }

    /// The same, one by one.
    pub(crate) fn on_line<'a>(
        &'a self,
        line: &LineKey,
    ) -> impl Iterator<Item = (Dot, &'a Entry)> + use<'a> {
        self.index.on_line(line).iter().map(|(dot, entry)| (*dot, &**entry))
    }

    /// The live entries of a kind that is not about one line.
    pub(crate) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = (Dot, &Entry)> {
        let dots = self.index.of_kind(kind).iter();
        dots.filter_map(|(_, dot)| Some((*dot, self.live.get(dot)?)))
    }

    /// Whether there is any live entry of a kind.
    pub(crate) fn has(&self, kind: Kind) -> bool {
        !self.index.of_kind(kind).is_empty()
    }

    /// Whether any live entry says where another shows or what it lacks.
    pub(crate) fn has_moves(&self) -> bool {
        self.index.has_moves()
    }

    /// The live entries that say where `dot` shows or what it lacks.
    pub(crate) fn bearing_on(&self, dot: Dot) -> impl Iterator<Item = (Dot, &Entry)> {
        let dots = self.index.bearing_on(dot).iter();
        dots.filter_map(|dot| Some((*dot, self.live.get(dot)?)))
    }
}

/// What is said about a line, sorted by dot.
pub(crate) type OnLine<'a> = &'a [(Dot, Arc<Entry>)];

/// So many entries are put in one by one; with more, the index is made anew.
const FEW: usize = 16;

/// Equal states: the same live entries and the same dead dots of the same cart.
impl PartialEq for Cart {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
            && self.erased == other.erased
            && self.context == other.context
            && self.live == other.live
    }
}

impl Eq for Cart {}

impl fmt::Debug for Cart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cart")
            .field("id", &self.id)
            .field("live", &self.live)
            .field("context", &self.context)
            .field("erased", &self.erased)
            .finish()
    }
}
