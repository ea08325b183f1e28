//! A design, and its way through a schedule.

use crate::error::PlayError;
use crate::model::CartUnits;
use crate::schedule::{ActionId, DeviceId, Node, ParcelId, RegionId, Schedule, ScheduleStep};

/// A design in the middle of one party's schedule.
pub(crate) trait Design {
    /// Takes an action of a shopper on a device. The device shows the result at once and has a
    /// message to send.
    fn act(&mut self, action: ActionId) -> Result<(), PlayError>;

    /// Delivers the message about an action to a region; `last` if it will not come again.
    fn deliver(
        &mut self,
        action: ActionId,
        region: RegionId,
        at: u64,
        last: bool,
    ) -> Result<(), PlayError>;

    /// Packs a parcel of a region for another region or for a device.
    fn send(
        &mut self,
        parcel: ParcelId,
        from: RegionId,
        to: Node,
        at: u64,
    ) -> Result<(), PlayError>;

    /// Delivers a parcel; `last` if it will not come again.
    fn receive(&mut self, parcel: ParcelId, to: Node, last: bool) -> Result<(), PlayError>;

    /// Restarts a node from its storage. Most designs store before they answer.
    fn restart(&mut self, _node: Node, _at: u64) -> Result<(), PlayError> {
        Ok(())
    }

    /// Drops the cart from the cache of a region. Most designs have no cache that matters.
    fn evict(&mut self, _region: RegionId, _at: u64) {}

    /// Drops a device's copy, which nobody looks at any more.
    fn leave(&mut self, _device: DeviceId) {}

    /// Returns what a region shows.
    fn cart(&self, region: RegionId) -> CartUnits;

    /// Returns a digest of all that a region has, if the design has one. Regions must agree on it
    /// too.
    fn digest(&self, _region: RegionId) -> Option<[u128; 2]> {
        None
    }

    /// Returns what was sent, if the design counts it.
    fn traffic(&self) -> TrafficCounts {
        TrafficCounts::default()
    }
}

/// Counts of what was sent.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TrafficCounts {
    /// Writers and regions that had a copy.
    pub(crate) replicas: u64,
    /// Deltas that devices wrote.
    pub(crate) deltas: u64,
    /// Their bytes.
    pub(crate) delta_bytes: u64,
    /// Parcels that regions sent.
    pub(crate) parcels: u64,
    /// Their bytes.
    pub(crate) parcel_bytes: u64,
    /// Actions that it refused although a right design would have shown their line.
    pub(crate) refused: u64,
}

impl TrafficCounts {
    /// Adds another count, field by field.
    pub(crate) fn add(&mut self, other: Self) {
        self.replicas += other.replicas;
        self.deltas += other.deltas;
        self.delta_bytes += other.delta_bytes;
        self.parcels += other.parcels;
        self.parcel_bytes += other.parcel_bytes;
        self.refused += other.refused;
    }
}

/// Leads a design through a schedule.
pub(crate) fn play(design: &mut dyn Design, schedule: &Schedule) -> Result<(), PlayError> {
    for timed in &schedule.steps {
        let at = timed.at;
        match timed.step {
            ScheduleStep::Act(action) => design.act(action)?,
            ScheduleStep::Deliver { action, region, last } => {
                design.deliver(action, region, at, last)?
            }
            ScheduleStep::Send { parcel, from, to } => design.send(parcel, from, to, at)?,
            ScheduleStep::Receive { parcel, to, last } => design.receive(parcel, to, last)?,
            ScheduleStep::Restart(node) => design.restart(node, at)?,
            ScheduleStep::Evict(region) => design.evict(region, at),
            ScheduleStep::Leave(device) => design.leave(device),
        }
    }
    Ok(())
}
