//! The cart is in a cache that evicts before it writes.

use super::Design;
use super::tally::{LineCounts, RegionTallies, RequestKey, TallyRecord};
use crate::conditions::MINUTE;
use crate::error::PlayError;
use crate::model::CartUnits;
use crate::schedule::{ActionId, Node, ParcelId, RegionId, Schedule};

/// How long changes stay in the cache before they are written to the database: the usual order of
/// magnitude for session stores that spare their database.
const WRITTEN_AFTER: u64 = 5 * MINUTE;

/// Each region answers requests from a cache and writes carts back some minutes later. When the
/// cache is short of memory, or the machine restarts, what was not written yet is gone, although
/// the shopper was told that it is in the cart.
///
/// Fair because: everything else is as good as counters get (see [`tally`](super::tally)): every
/// request has a key, sign-ins too; regions agree; the database loses nothing, and other regions
/// are told from it. A request that is retried after an eviction counts then. That a region sees
/// another's changes only once they are written is part of the design, and why it is right only
/// while a shopper stays with one region. Museum class P (session expiry, cache loss).
pub(crate) struct EvictingCache<'a> {
    schedule: &'a Schedule,
    databases: RegionTallies,
    caches: Vec<RegionCache>,
}

/// Changes in a region's cache that are not written yet.
#[derive(Default)]
struct RegionCache {
    records: Vec<(RequestKey, TallyRecord)>,
    counts: LineCounts,
    since: u64,
}

impl<'a> EvictingCache<'a> {
    /// Starts without any counts.
    pub(crate) fn new(schedule: &'a Schedule) -> Self {
        let caches = (0..schedule.regions).map(|_| RegionCache::default()).collect();
        Self { schedule, databases: RegionTallies::new(schedule.regions), caches }
    }

    /// Writes back what is old enough.
    fn write_back(&mut self, region: RegionId, at: u64) {
        let cache = &mut self.caches[region as usize];
        if !cache.records.is_empty() && at >= cache.since + WRITTEN_AFTER {
            for (key, record) in std::mem::take(cache).records {
                self.databases.regions[region as usize].record(key, record);
            }
        }
    }

    fn forget(&mut self, region: RegionId, at: u64) {
        self.write_back(region, at);
        self.caches[region as usize] = RegionCache::default();
    }
}

impl Design for EvictingCache<'_> {
    /// Does nothing: a device only sends a request.
    fn act(&mut self, _action: ActionId) -> Result<(), PlayError> {
        Ok(())
    }

    fn deliver(
        &mut self,
        id: ActionId,
        region: RegionId,
        at: u64,
        _last: bool,
    ) -> Result<(), PlayError> {
        let action = &self.schedule.actions[id as usize];
        if action.as_guest {
            return Ok(());
        }
        self.write_back(region, at);
        let (database, cache) =
            (&self.databases.regions[region as usize], &mut self.caches[region as usize]);
        let key = RequestKey::from(id);
        if database.knows(key) || cache.records.iter().any(|(known, _)| *known == key) {
            return Ok(());
        }
        let changes = database.changes(&action.verb, &cache.counts);
        if cache.records.is_empty() {
            cache.since = at;
        }
        let record = TallyRecord::new(region, changes);
        for (line, change) in record.changes() {
            *cache.counts.entry(*line).or_default() += change;
        }
        cache.records.push((key, record));
        Ok(())
    }

    fn send(
        &mut self,
        parcel: ParcelId,
        from: RegionId,
        to: Node,
        at: u64,
    ) -> Result<(), PlayError> {
        self.write_back(from, at);
        if let Node::Region(_) = to {
            self.databases.send(parcel, from);
        }
        Ok(())
    }

    fn receive(&mut self, parcel: ParcelId, to: Node, _last: bool) -> Result<(), PlayError> {
        if let Node::Region(to) = to {
            self.databases.receive(parcel, to);
        }
        Ok(())
    }

    fn restart(&mut self, node: Node, at: u64) -> Result<(), PlayError> {
        if let Node::Region(region) = node {
            self.forget(region, at);
        }
        Ok(())
    }

    fn evict(&mut self, region: RegionId, at: u64) {
        self.forget(region, at);
    }

    fn cart(&self, region: RegionId) -> CartUnits {
        self.databases.regions[region as usize].cart(&self.caches[region as usize].counts)
    }
}
