//! Live entries by their dots: one sorted run.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Index;

use super::entry::Entry;
use crate::context::{Dot, Dots};

/// Entries by dot, in the order of dots. They are shared: a cart and the deltas it took or gave
/// hold the same entry.
///
/// ```
/// use holdall::{CartId, LineKey, Quantity, Replica, ReplicaId};
/// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
/// let delta = phone.add(0, &LineKey::sku("TEE")?, Quantity::ONE, None)?;
/// let (dot, entry) = delta.live().iter().next().expect("one entry");
/// assert_eq!(phone.cart().live().get(dot), Some(entry));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Entries {
    held: Vec<Held>,
}

#[derive(Clone)]
pub(super) struct Held {
    pub(super) dot: Dot,
    pub(super) entry: Arc<Entry>,
    /// Whether a cart's sum of digests has it.
    pub(super) summed: bool,
}

impl Held {
    pub(super) const fn new(dot: Dot, entry: Arc<Entry>) -> Self {
        Self { dot, entry, summed: false }
    }
}

impl Entries {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// One entry.
    pub(super) fn one(dot: Dot, entry: Entry) -> Self {
        Self { held: Vec::from([Held::new(dot, Arc::new(entry))]) }
    }

    fn find(&self, dot: Dot) -> Result<usize, usize> {
        self.held.binary_search_by(|held| held.dot.cmp(&dot))
    }

    /// The entry of a dot.
    #[must_use]
    pub fn get(&self, dot: &Dot) -> Option<&Entry> {
        self.find(*dot).ok().map(|at| &*self.held[at].entry)
    }

    /// Whether a dot is there.
    #[must_use]
    pub fn contains_key(&self, dot: &Dot) -> bool {
        self.find(*dot).is_ok()
    }

    /// Each dot with its entry.
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.held.iter())
    }

    /// The dots.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Dot> {
        self.held.iter().map(|held| &held.dot)
    }

    /// The entries.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.held.iter().map(|held| &*held.entry)
    }

    pub(super) fn held(&self) -> &[Held] {
        &self.held
    }

    pub(super) fn held_mut(&mut self) -> &mut [Held] {
        &mut self.held
    }

    /// The place of a dot, if it is there.
    pub(super) fn at(&self, dot: Dot) -> Option<&Held> {
        self.find(dot).ok().map(|at| &self.held[at])
    }

    /// Puts one in; in place of one that is there.
    pub(super) fn put(&mut self, held: Held) {
        match self.find(held.dot) {
            Ok(at) => self.held[at] = held,
            Err(at) => self.held.insert(at, held),
        }
    }

    /// Puts in some that are sorted and not there.
    pub(super) fn put_all(&mut self, mut new: Vec<Held>) {
        // Two sorted runs, which this sort merges.
        self.held.append(&mut new);
        self.held.sort_by_key(|held| held.dot);
    }

    /// Takes out those that are in a set, and says which they are.
    pub(super) fn take(&mut self, dots: &Dots, mut gone: impl FnMut(Held)) {
        if dots.runs().len() <= FEW.max(self.held.len() / 16) {
            for (replica, run) in dots.runs() {
                let first = Dot::new(replica, run.first);
                let from = self.held.partition_point(|held| held.dot < first);
                let is_in = |held: &&Held| held.dot <= Dot::new(replica, run.last);
                let len = self.held[from..].iter().take_while(is_in).count();
                if len > 0 {
                    self.held.drain(from..from + len).for_each(&mut gone);
                }
            }
        } else {
            self.held.extract_if(.., |held| dots.contains(held.dot)).for_each(gone);
        }
    }

    /// Keeps those whose dot passes.
    pub(super) fn retain(&mut self, keep: impl Fn(Dot) -> bool) {
        self.held.retain(|held| keep(held.dot));
    }
}

/// So many runs are looked for one by one, and more among many entries; else every entry is
/// looked at.
const FEW: usize = 4;

impl FromIterator<(Dot, Entry)> for Entries {
    /// Of two entries of one dot the first is kept.
    fn from_iter<I: IntoIterator<Item = (Dot, Entry)>>(entries: I) -> Self {
        let held = |(dot, entry)| Held::new(dot, Arc::new(entry));
        let mut held: Vec<Held> = entries.into_iter().map(held).collect();
        held.sort_by_key(|held| held.dot);
        held.dedup_by_key(|held| held.dot);
        Self { held }
    }
}

impl FromIterator<Held> for Entries {
    fn from_iter<I: IntoIterator<Item = Held>>(held: I) -> Self {
        Self { held: held.into_iter().collect() }
    }
}

/// Each dot of some entries with its entry.
#[derive(Clone)]
pub struct Iter<'a>(core::slice::Iter<'a, Held>);

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a Dot, &'a Entry);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|held| (&held.dot, &*held.entry))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl<'a> IntoIterator for &'a Entries {
    type Item = (&'a Dot, &'a Entry);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl IntoIterator for Entries {
    type Item = (Dot, Entry);
    type IntoIter = alloc::vec::IntoIter<(Dot, Entry)>;

    fn into_iter(self) -> Self::IntoIter {
        let owned = |held: Held| (held.dot, Arc::unwrap_or_clone(held.entry));
        self.held.into_iter().map(owned).collect::<Vec<_>>().into_iter()
    }
}

impl Index<&Dot> for Entries {
    type Output = Entry;

    fn index(&self, dot: &Dot) -> &Entry {
        self.get(dot).expect("a dot that is there")
    }
}

impl PartialEq for Entries {
    fn eq(&self, other: &Self) -> bool {
        let same = |(a, b): (&Held, &Held)| {
            a.dot == b.dot && (Arc::ptr_eq(&a.entry, &b.entry) || a.entry == b.entry)
        };
        self.held.len() == other.held.len() && self.held.iter().zip(&other.held).all(same)
    }
}

impl Eq for Entries {}

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
