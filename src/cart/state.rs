//! The state of a cart, and the join that every change goes through.

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

/// What a join found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[must_use = "a join may report that a writer equivocated"]
pub struct JoinReport {
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
    /// Their home is the cart.
    pub(super) live: Entries,
    context: Dots,
    erased: bool,
    /// The sum of the digests of the live entries, once somebody has asked for it. Most carts are
    /// held without it.
    sum: Option<Box<u128>>,
}

impl Cart {
    /// A cart that nothing is known of.
    #[must_use]
    pub fn new(id: CartId) -> Self {
        Self { live: Entries::new(id), context: Dots::default(), erased: false, sum: None }
    }

    /// A state that was written whole. `None` if it has a live dot that it does not know of: what
    /// is not live and known is dead, so this is for nothing but what came from a state.
    pub(crate) fn whole(context: Dots, live: Entries) -> Option<Self> {
        let mut known = context.cursor();
        let known = live.keys().all(|dot| known.contains_next(dot));
        known.then_some(Self { live, context, erased: false, sum: None })
    }

    /// Makes the largest state of a cart: everything that ever was or will be written in it is
    /// dead. Joining it erases a cart for ever.
    #[must_use]
    pub fn erased(id: CartId) -> Self {
        Self { erased: true, ..Self::new(id) }
    }

    /// The cart's id, and the scope of what is written in it.
    #[must_use]
    pub const fn id(&self) -> CartId {
        self.live.home()
    }

    /// Joins a delta: dot by dot the larger of `Unseen < Live(entry) < Dead`.
    ///
    /// # Errors
    /// The delta is about another cart; nothing has changed then.
    pub fn join(&mut self, delta: &Delta) -> Result<JoinReport, WrongCart> {
        if delta.cart() != self.id() {
            return Err(WrongCart { ours: self.id(), theirs: delta.cart() });
        }
        Ok(self.join_any(delta))
    }

    /// The join itself. A guest's state is joined by it too: its dots are its own.
    pub(super) fn join_any(&mut self, delta: &Delta) -> JoinReport {
        let mut joined = JoinReport::default();
        if self.erased || delta.is_erasure() {
            joined.changed = !self.erased;
            *self = Self::erased(self.id());
            return joined;
        }
        self.join_live(delta.live(), &mut joined);
        // Live < Dead, Unseen < Dead
        joined.changed |= self.kill(delta.dead());
        joined
    }

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
                // Unseen < Live
                joined.changed = true;
                if live.len() == 1 {
                    self.enliven(dot, &fact.entry(), NONE);
                    return;
                }
                if let Some(sum) = self.sum.as_deref_mut() {
                    *sum = sum.wrapping_add(digest::of_entry(fact));
                }
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
                // Live < Live: two contents of one dot
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
        if !new.is_empty() {
            self.live.put_all(live, &new);
            self.context.extend(&live.dots());
        }
    }

    /// Makes an entry live that nobody knew of.
    /// `hint` is where its line might be in the table of lines.
    pub(super) fn enliven(&mut self, dot: Dot, entry: &Entry, hint: u32) {
        self.live.put_at(dot, entry, hint);
        self.context.insert(dot);
        if let Some(sum) = self.sum.as_deref_mut()
            && let Some(fact) = self.live.get_ref(dot)
        {
            *sum = sum.wrapping_add(digest::of_entry(fact));
        }
    }

    /// Knows a dot that nobody knew of as dead.
    pub(super) fn born_dead(&mut self, dot: Dot) {
        self.context.insert(dot);
    }

    /// Makes dots dead; says whether any was not.
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

    /// Makes live entries dead, by the places of their rows, ascending.
    pub(super) fn kill_at(&mut self, places: &[u32]) {
        let mut sum = self.sum.as_deref_mut();
        self.live.take_at(places, |gone| forget(sum.as_deref_mut(), gone));
    }

    /// The whole state as a delta.
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
        self.live.dots()
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
    /// for each live entry, unless they were [summed up](Self::track_fingerprint).
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
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

    /// Sums up the digests of the live entries, so that from now on the sum is kept and
    /// fingerprints cost only what comes and goes. The [conversation](crate::sync) does so.
    pub fn track_fingerprint(&mut self) {
        if self.sum.is_none() {
            self.sum = Some(Box::new(self.digests()));
        }
    }

    fn digests(&self) -> u128 {
        self.live.refs().fold(0, |sum, fact| sum.wrapping_add(digest::of_entry(fact)))
    }

    /// The latest time among the live entries.
    #[must_use]
    pub fn latest(&self) -> Time {
        self.live.refs().map(EntryRef::time).max().unwrap_or_default()
    }

    /// The lines that have live entries, sorted.
    pub fn lines(&self) -> impl Iterator<Item = &LineKey> {
        self.live.lines()
    }

    /// Somebody is going to look for what was written on lines.
    pub(crate) fn build_line_filter(&mut self) {
        self.live.build_line_filter();
    }

    /// Returns whether any live entry is of this kind. Takes constant time.
    #[must_use]
    pub fn has(&self, kind: EntryKind) -> bool {
        self.live.count(kind) > 0
    }
}

/// Takes a live entry that goes off the sum, if one is kept.
fn forget(sum: Option<&mut u128>, gone: EntryRef<'_>) {
    if let Some(sum) = sum {
        *sum = sum.wrapping_sub(sabotage!("kept-sum-keeps-dead", digest::of_entry(gone), 0));
    }
}

/// Equal states: the same live entries and the same dead dots of the same cart.
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
