//! Writes a schedule down, step by step, with the model beside it.

use crate::model::{Cart, Model};
use crate::schedule::{
    Action, ActionId, DeviceId, Node, ParcelId, RegionId, Schedule, Step, Timed, Writers,
};

/// Writes steps down and keeps the model in step with them.
pub(crate) struct Recorder {
    /// What is known by whom.
    pub(crate) model: Model,
    /// The steps so far.
    pub(crate) schedule: Schedule,
}

impl Recorder {
    /// Nothing has happened to this party yet.
    pub(crate) fn new(party: &str, regions: RegionId) -> Self {
        let schedule = Schedule { party: party.to_owned(), regions, ..Schedule::default() };
        Self { model: Model::new(regions), schedule }
    }

    /// A device appears.
    pub(crate) fn open(&mut self, writers: Writers, as_guest: bool) -> DeviceId {
        self.schedule.devices.push(writers);
        self.schedule.guests += u32::from(as_guest);
        self.model.open(as_guest)
    }

    /// A shopper acts.
    pub(crate) fn act(&mut self, at: u64, action: Action) -> ActionId {
        let id = self.model.act(&action);
        self.schedule.actions.push(action);
        self.step(at, Step::Act(id));
        id
    }

    /// The message about an action arrives; whether the region learns something.
    pub(crate) fn deliver(&mut self, at: u64, action: ActionId, region: RegionId) -> bool {
        self.step(at, Step::Deliver { action, region, last: false });
        self.model.deliver(action, region)
    }

    /// A region sends what the other lacks.
    pub(crate) fn send(&mut self, at: u64, from: RegionId, to: Node) -> ParcelId {
        let parcel = self.model.send(from);
        self.schedule.parcels = parcel + 1;
        self.step(at, Step::Send { parcel, from, to });
        parcel
    }

    /// A parcel arrives; whether the node learns something.
    pub(crate) fn receive(&mut self, at: u64, parcel: ParcelId, to: Node) -> bool {
        self.step(at, Step::Receive { parcel, to, last: false });
        self.model.receive(parcel, to)
    }

    /// Anything else.
    pub(crate) fn step(&mut self, at: u64, step: Step) {
        self.schedule.steps.push(Timed { at, step });
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

    /// The whole schedule, and what every region must show now.
    pub(crate) fn finish(mut self) -> (Schedule, Cart) {
        self.schedule.conflicts = self.model.conflicts();
        self.schedule.seal();
        (self.schedule, self.model.outcome())
    }
}
