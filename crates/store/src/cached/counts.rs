//! What a cache has done so far.

use std::sync::atomic::{AtomicU64, Ordering};

/// How often what happened, since the cache was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct CacheCounts {
    /// Views found.
    pub hits: u64,
    /// Nothing there.
    pub misses: u64,
    /// A view of another revision.
    pub stale: u64,
    /// Bytes that are no view of that cart.
    pub damaged: u64,
    /// Redis failed, or did not answer in time.
    pub failed: u64,
    /// Not asked, as Redis had failed just before or there was no connection yet.
    pub skipped: u64,
    /// Views that were sent to be kept.
    pub kept: u64,
    /// Views of erased and removed carts that Redis has yet to be told to delete. They are never shown; the time to
    /// keep a view ends them too.
    pub owed: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) hits: AtomicU64,
    pub(super) misses: AtomicU64,
    pub(super) stale: AtomicU64,
    pub(super) damaged: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) skipped: AtomicU64,
    pub(super) kept: AtomicU64,
}

pub(super) fn one_more(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    pub(super) fn read(&self, owed: usize) -> CacheCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CacheCounts {
            hits: read(&self.hits),
            misses: read(&self.misses),
            stale: read(&self.stale),
            damaged: read(&self.damaged),
            failed: read(&self.failed),
            skipped: read(&self.skipped),
            kept: read(&self.kept),
            owed: owed as u64,
        }
    }
}
