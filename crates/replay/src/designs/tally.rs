//! Counters that regions share: the ground on which two rivals stand.
//!
//! Each request has a key. The region that handles it first turns it into changes of counters (an
//! add is +n; a remove takes what the region counts; an order takes everything) and writes them
//! down under the key; regions exchange these records. A key that two regions have handled before
//! they heard of each other keeps the record of the lower region, everywhere. So retries are
//! harmless and regions agree. That is a PN-counter for each line with idempotency keys, as good as
//! counters get; two removes of one line at once still take its units twice.

use std::collections::HashMap;

use crate::model::CartUnits;
use crate::schedule::{ActionKind, LineId, ParcelId, RegionId};

/// The key of a request.
pub(super) type RequestKey = u64;

/// Counters by line. One may fall below zero.
pub(super) type LineCounts = HashMap<LineId, i64>;

/// Changes by a request, and the region that recorded them.
#[derive(Clone)]
pub(super) struct TallyRecord {
    region: RegionId,
    changes: Vec<(LineId, i64)>,
}

/// The counters of one region.
#[derive(Default)]
pub(super) struct Tally {
    records: HashMap<RequestKey, TallyRecord>,
    totals: LineCounts,
    /// The keys in the order in which their records came.
    log: Vec<RequestKey>,
    /// How much of the other regions' logs was taken in.
    cursors: HashMap<RegionId, usize>,
}

impl Tally {
    /// Returns what a request changes now, on top of changes that are not recorded yet.
    pub(super) fn changes(&self, verb: &ActionKind, unsaved: &LineCounts) -> Vec<(LineId, i64)> {
        match verb {
            ActionKind::Add(line, units) => vec![(*line, i64::from(*units))],
            ActionKind::Set(line, units) => {
                vec![(*line, i64::from(*units) - self.count(*line, unsaved))]
            }
            ActionKind::Remove(line) => vec![(*line, -self.count(*line, unsaved).max(0))],
            ActionKind::Order => self
                .cart(unsaved)
                .into_keys()
                .map(|line| (line, -self.count(line, unsaved)))
                .collect(),
            ActionKind::SignIn(lines) => lines
                .iter()
                .map(|(line, units)| (*line, i64::try_from(*units).unwrap_or(i64::MAX)))
                .collect(),
        }
    }

    fn count(&self, line: LineId, unsaved: &LineCounts) -> i64 {
        let of = |counts: &LineCounts| counts.get(&line).copied().unwrap_or(0);
        of(&self.totals) + of(unsaved)
    }

    /// Returns true if a request was handled.
    pub(super) fn knows(&self, key: RequestKey) -> bool {
        self.records.contains_key(&key)
    }

    /// Writes a record down, unless the key has one of a lower region.
    pub(super) fn record(&mut self, key: RequestKey, record: TallyRecord) {
        if let Some(old) = self.records.get(&key) {
            if old.region <= record.region {
                return;
            }
            for (line, change) in &old.changes {
                *self.totals.entry(*line).or_default() -= change;
            }
        }
        for (line, change) in &record.changes {
            *self.totals.entry(*line).or_default() += change;
        }
        self.records.insert(key, record);
        self.log.push(key);
    }

    /// Returns the units of each line. A counter below zero shows nothing.
    pub(super) fn cart(&self, unsaved: &LineCounts) -> CartUnits {
        let fresh = unsaved.keys().filter(|line| !self.totals.contains_key(line));
        let counts =
            self.totals.keys().chain(fresh).map(|line| (*line, self.count(*line, unsaved)));
        counts
            .filter_map(|(line, count)| Some((line, u64::try_from(count).ok().filter(|n| *n > 0)?)))
            .collect()
    }
}

impl TallyRecord {
    /// Makes a region's record.
    pub(super) fn new(region: RegionId, changes: Vec<(LineId, i64)>) -> Self {
        Self { region, changes }
    }

    /// Returns the changes.
    pub(super) fn changes(&self) -> &[(LineId, i64)] {
        &self.changes
    }
}

/// The counters of all regions, and the parcels between them.
pub(super) struct RegionTallies {
    /// By region.
    pub(super) regions: Vec<Tally>,
    parcels: HashMap<ParcelId, (RegionId, usize)>,
}

impl RegionTallies {
    /// Starts without any counts.
    pub(super) fn new(regions: RegionId) -> Self {
        Self { regions: (0..regions).map(|_| Tally::default()).collect(), parcels: HashMap::new() }
    }

    /// Packs the records of a region.
    pub(super) fn send(&mut self, parcel: ParcelId, from: RegionId) {
        self.parcels.insert(parcel, (from, self.regions[from as usize].log.len()));
    }

    /// Records arrive.
    pub(super) fn receive(&mut self, parcel: ParcelId, to: RegionId) {
        let Some(&(from, length)) = self.parcels.get(&parcel) else { return };
        let start = self.regions[to as usize].cursors.get(&from).copied().unwrap_or(0);
        let source = &self.regions[from as usize];
        let keys = source.log.get(start..length).unwrap_or_default();
        let news: Vec<(RequestKey, TallyRecord)> =
            keys.iter().map(|key| (*key, source.records[key].clone())).collect();
        let target = &mut self.regions[to as usize];
        target.cursors.insert(from, start.max(length));
        for (key, record) in news {
            target.record(key, record);
        }
    }
}
