//! Writes a schedule down, step by step, with the model beside it.

use crate::model::{CartUnits, PartyModel};
use crate::schedule::{
    ActionId, DeviceId, DeviceWriters, Node, ParcelId, RegionId, Schedule, ScheduleStep,
    ScheduledAction, TimedStep,
};

/// Writes steps down and keeps the model in step with them.
pub(crate) struct ScheduleRecorder {
    /// What is known by whom.
    pub(crate) model: PartyModel,
    /// The steps so far.
    pub(crate) schedule: Schedule,
}

impl ScheduleRecorder {
    /// Starts a schedule without steps.
    pub(crate) fn new(party: &str, regions: RegionId) -> Self {
        let schedule = Schedule { party: party.to_owned(), regions, ..Schedule::default() };
        Self { model: PartyModel::new(regions), schedule }
    }

    /// Adds a device, and returns its number.
    pub(crate) fn open(&mut self, writers: DeviceWriters, as_guest: bool) -> DeviceId {
        self.schedule.devices.push(writers);
        self.schedule.guests += u32::from(as_guest);
        self.model.open(as_guest)
    }

    /// Records an action of a shopper, and returns its number.
    pub(crate) fn act(&mut self, at: u64, action: ScheduledAction) -> ActionId {
        let id = self.model.act(&action);
        self.schedule.actions.push(action);
        self.step(at, ScheduleStep::Act(id));
        id
    }

    /// Records that the message about an action arrives. Returns true if the region learns
    /// something.
    pub(crate) fn deliver(&mut self, at: u64, action: ActionId, region: RegionId) -> bool {
        self.step(at, ScheduleStep::Deliver { action, region, last: false });
        self.model.deliver(action, region)
    }

    /// Records that a region sends what another node lacks. Returns the number of the parcel.
    pub(crate) fn send(&mut self, at: u64, from: RegionId, to: Node) -> ParcelId {
        let parcel = self.model.send(from);
        self.schedule.parcels = parcel + 1;
        self.step(at, ScheduleStep::Send { parcel, from, to });
        parcel
    }

    /// Records that a parcel arrives. Returns true if the node learns something.
    pub(crate) fn receive(&mut self, at: u64, parcel: ParcelId, to: Node) -> bool {
        self.step(at, ScheduleStep::Receive { parcel, to, last: false });
        self.model.receive(parcel, to)
    }

    /// Records any other step.
    pub(crate) fn step(&mut self, at: u64, step: ScheduleStep) {
        self.schedule.steps.push(TimedStep { at, step });
    }

    /// Exchanges everything between all regions until nobody has news: there and back along a
    /// chain of them, and again if something had to wait for what came later.
    pub(crate) fn quiet(&mut self, at: u64) {
        let last = self.schedule.regions - 1;
        loop {
            let there = (0..last).map(|region| (region, region + 1));
            let back = (0..last).rev().map(|region| (region + 1, region));
            for (from, to) in there.chain(back) {
                let parcel = self.send(at, from, Node::Region(to));
                self.receive(at, parcel, Node::Region(to));
            }
            if self.model.is_quiet() {
                return;
            }
        }
    }

    /// Returns the whole schedule, and what every region must show at its end.
    pub(crate) fn finish(mut self) -> (Schedule, CartUnits) {
        self.schedule.conflicts = self.model.conflicts();
        self.schedule.seal();
        (self.schedule, self.model.outcome())
    }
}
