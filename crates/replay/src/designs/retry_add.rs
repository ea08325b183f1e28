//! Adds without idempotency under retries.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Design;
use crate::error::PlayError;
use crate::model::CartUnits;
use crate::schedule::{ActionId, ActionKind, LineId, Node, ParcelId, RegionId, Schedule};

/// The usual cart API: `POST` adds to the row in the database, `PUT` sets it, `DELETE` deletes it,
/// an order empties the cart. The server's cart is the truth and devices only show it. A request
/// that times out is sent again. Regions forward the commands they get to each other and apply
/// those of the others as they come.
///
/// Fair because: each region handles one command at a time, so no add is lost to another; regions
/// forward every command and apply each exactly once, by number; sign-ins are recognised when they
/// come again. Only the shopper's own requests have no key, as in most carts. So a retry after a
/// lost answer adds twice, a late `DELETE` deletes what others have put in since, and commands that
/// cross leave regions that differ: museum classes Q (offline queue and retry), H20, H21.
pub(crate) struct RetryAdd<'a> {
    schedule: &'a Schedule,
    regions: Vec<RetryRegion>,
    parcels: HashMap<ParcelId, (RegionId, usize)>,
}

/// A command with its number: where it first arrived, and as the how-manieth there.
type NumberedRequest = ((RegionId, u32), ActionId);

#[derive(Default)]
struct RetryRegion {
    lines: BTreeMap<LineId, u64>,
    log: Vec<NumberedRequest>,
    applied: HashSet<(RegionId, u32)>,
    sign_ins: HashSet<ActionId>,
    received: u32,
    /// How much of the other regions' logs was taken in.
    cursors: Vec<usize>,
}

impl RetryRegion {
    fn apply(&mut self, (number, id): NumberedRequest, verb: &ActionKind) {
        if !self.applied.insert(number) {
            return;
        }
        self.log.push((number, id));
        match verb {
            ActionKind::Add(line, units) => {
                *self.lines.entry(*line).or_default() += u64::from(*units)
            }
            ActionKind::Set(line, units) => {
                self.lines.insert(*line, u64::from(*units));
            }
            ActionKind::Remove(line) => {
                self.lines.remove(line);
            }
            ActionKind::Order => self.lines.clear(),
            ActionKind::SignIn(lines) => {
                if self.sign_ins.insert(id) {
                    for (line, units) in lines {
                        *self.lines.entry(*line).or_default() += units;
                    }
                }
            }
        }
    }
}

impl<'a> RetryAdd<'a> {
    /// Starts with empty carts everywhere.
    pub(crate) fn new(schedule: &'a Schedule) -> Self {
        let region = || RetryRegion {
            cursors: vec![0; schedule.regions as usize],
            ..RetryRegion::default()
        };
        Self {
            schedule,
            regions: (0..schedule.regions).map(|_| region()).collect(),
            parcels: HashMap::new(),
        }
    }
}

impl Design for RetryAdd<'_> {
    /// Does nothing: a device only sends a request.
    fn act(&mut self, _action: ActionId) -> Result<(), PlayError> {
        Ok(())
    }

    fn deliver(
        &mut self,
        action: ActionId,
        region: RegionId,
        _at: u64,
        _last: bool,
    ) -> Result<(), PlayError> {
        let known = &self.schedule.actions[action as usize];
        // A guest's lines come with the sign-in.
        if !known.as_guest {
            let state = &mut self.regions[region as usize];
            state.received += 1;
            let number = (region, state.received);
            state.apply((number, action), &known.verb);
        }
        Ok(())
    }

    fn send(
        &mut self,
        parcel: ParcelId,
        from: RegionId,
        to: Node,
        _at: u64,
    ) -> Result<(), PlayError> {
        if let Node::Region(_) = to {
            self.parcels.insert(parcel, (from, self.regions[from as usize].log.len()));
        }
        Ok(())
    }

    fn receive(&mut self, parcel: ParcelId, to: Node, _last: bool) -> Result<(), PlayError> {
        let (Node::Region(to), Some(&(from, length))) = (to, self.parcels.get(&parcel)) else {
            return Ok(());
        };
        let start = self.regions[to as usize].cursors[from as usize];
        let news: Vec<NumberedRequest> =
            self.regions[from as usize].log.get(start..length).unwrap_or_default().to_vec();
        let region = &mut self.regions[to as usize];
        region.cursors[from as usize] = start.max(length);
        for numbered in news {
            region.apply(numbered, &self.schedule.actions[numbered.1 as usize].verb);
        }
        Ok(())
    }

    fn cart(&self, region: RegionId) -> CartUnits {
        let lines = self.regions[region as usize].lines.iter();
        lines.filter(|(_, units)| **units > 0).map(|(line, units)| (*line, *units)).collect()
    }
}
