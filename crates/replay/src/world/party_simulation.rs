//! The simulation of one party: its state, and what happens next.

use std::collections::HashSet;

use holdall_testkit::dice::Dice;
use holdall_testkit::simulation::Simulation;

use super::recorder::ScheduleRecorder;
use crate::conditions::{MINUTE, NetworkConditions, Outages, RegionFailure, SECOND};
use crate::model::CartUnits;
use crate::party::Party;
use crate::schedule::{
    ActionId, ActionKind, DeviceId, DeviceWriters, LineId, Node, ParcelId, RegionId, Schedule,
    ScheduleStep, ScheduledAction,
};

/// Makes a party's schedule, and what its carts must show in the end.
pub(crate) fn play_out(
    party: &Party,
    regions: RegionId,
    outages: Outages,
) -> (Schedule, CartUnits) {
    let mut world = PartySimulation::new(party, regions, outages);
    while let Some(event) = world.simulation.next_event() {
        world.happen(event);
    }
    world.close()
}

/// A run in progress.
pub(super) struct PartySimulation<'a> {
    pub(super) party: &'a Party,
    pub(super) outages: Outages,
    pub(super) simulation: Simulation<Node, PartyEvent>,
    pub(super) recorder: ScheduleRecorder,
    pub(super) devices: Vec<SimulatedDevice>,
    /// The device of each session that has begun.
    pub(super) switched_on: Vec<Option<DeviceId>>,
    /// The lines that the party ever put into a cart.
    pub(super) lines: HashSet<LineId>,
    pub(super) regions: Vec<SimulatedRegion>,
    /// The region that most of the party's devices talk to.
    pub(super) home: RegionId,
}

/// Event of a simulation.
#[derive(Debug, Clone, Copy)]
pub(super) enum PartyEvent {
    /// The next click of a session.
    Click { session: usize, click: usize },
    /// A guest whose session is over signs in as soon as the network is back.
    SignIn { device: DeviceId },
    /// A device sends the message about an action, for the `tries`-th time again.
    Attempt { action: ActionId, tries: u32 },
    /// The message arrives. Without `tries` nobody waits for an answer.
    Arrival { action: ActionId, region: RegionId, tries: Option<u32> },
    /// One region tells another what it lacks.
    Gossip { from: RegionId, to: RegionId },
    /// What a region has sent arrives.
    Landing { parcel: ParcelId, to: Node },
    /// A region restarts or drops carts from its cache.
    RegionFailure { region: RegionId, restart: bool },
}

/// A device as the world sees it: its luck.
pub(super) struct SimulatedDevice {
    pub(super) region: RegionId,
    /// The click before which its shopper signs in.
    pub(super) signs_in_before: Option<usize>,
    pub(super) is_guest: bool,
    pub(super) has_left: bool,
    pub(super) writers: DeviceWriters,
}

/// A region as the world sees it.
#[derive(Default)]
pub(super) struct SimulatedRegion {
    /// Whether an exchange with each other region is planned already.
    pub(super) planned: Vec<bool>,
    /// Until when its restarts are planned.
    pub(super) restarts_until: u64,
    /// Until when its evictions are planned.
    pub(super) evictions_until: u64,
}

impl<'a> PartySimulation<'a> {
    fn new(party: &'a Party, regions: RegionId, outages: Outages) -> Self {
        let mut dice = Dice::named(outages.seed, &party.name);
        let home = dice.below(regions as usize) as RegionId;
        let region = || SimulatedRegion {
            planned: vec![false; regions as usize],
            ..SimulatedRegion::default()
        };
        let mut world = Self {
            party,
            outages,
            simulation: Simulation::new(dice, 0),
            recorder: ScheduleRecorder::new(&party.name, regions),
            devices: Vec::new(),
            switched_on: vec![None; party.sessions.len()],
            lines: HashSet::new(),
            regions: (0..regions).map(|_| region()).collect(),
            home,
        };
        for (session, clicks) in party.sessions.iter().enumerate() {
            if let Some(first) = clicks.clicks.first() {
                world.plan(first.at, PartyEvent::Click { session, click: 0 });
            }
        }
        world
    }

    pub(super) fn conditions(&self) -> NetworkConditions {
        self.outages.conditions
    }

    pub(super) const fn now(&self) -> u64 {
        self.simulation.now_ms()
    }

    pub(super) const fn dice(&mut self) -> &mut Dice {
        self.simulation.dice()
    }

    /// Plans an event. At one time clicks come last, so that a message that takes no time arrives
    /// before the next click.
    pub(super) fn plan(&mut self, at: u64, event: PartyEvent) {
        if matches!(event, PartyEvent::Click { .. }) {
            self.simulation.plan_last(at, event);
        } else {
            self.simulation.plan(at, event);
        }
    }

    fn happen(&mut self, next: PartyEvent) {
        match next {
            PartyEvent::Click { session, click } => self.click(session, click),
            PartyEvent::SignIn { device } => {
                self.sign_in(device);
                self.leave(device);
            }
            PartyEvent::Attempt { action, tries } => self.attempt(action, tries),
            PartyEvent::Arrival { action, region, tries } => self.arrival(action, region, tries),
            PartyEvent::Gossip { from, to } => self.gossip(from, to),
            PartyEvent::Landing { parcel, to } => self.landing(parcel, to),
            PartyEvent::RegionFailure { region, restart } => self.mishap(region, restart),
        }
    }

    /// Exchanges everything at the end.
    fn close(mut self) -> (Schedule, CartUnits) {
        // Late enough for every cache to have been written back and every timer to have run out.
        let at = self.now() + 60 * MINUTE;
        self.recorder.quiet(at);
        self.recorder.finish()
    }

    fn mishap(&mut self, region: RegionId, restart: bool) {
        let faults = &mut self.recorder.schedule.faults;
        let step = if restart {
            faults.region_restarts += 1;
            ScheduleStep::Restart(Node::Region(region))
        } else {
            faults.evictions += 1;
            ScheduleStep::Evict(region)
        };
        self.recorder.step(self.now(), step);
    }

    /// Plans the mishaps that a region has shortly after it was used. Those of idle carts do not
    /// matter to anybody.
    pub(super) fn plan_mishaps(&mut self, region: RegionId) {
        for (kind, restart) in [(RegionFailure::Restart, true), (RegionFailure::Eviction, false)] {
            let (number, now) = (region as usize, self.now());
            let state = &mut self.regions[number];
            let until =
                if restart { &mut state.restarts_until } else { &mut state.evictions_until };
            if *until >= now {
                continue;
            }
            match self.outages.next(kind, number, now) {
                Some(when) => {
                    *until = when;
                    self.plan(when, PartyEvent::RegionFailure { region, restart });
                }
                // Nothing in the next half hour; ask again in a while.
                None => *until = now + 20 * MINUTE,
            }
        }
    }

    pub(super) fn other_region(&mut self, than: RegionId) -> RegionId {
        let count = self.regions.len();
        if count == 1 {
            return than;
        }
        let other = self.dice().below(count - 1) as RegionId;
        if other >= than { other + 1 } else { other }
    }

    pub(super) fn wall(&self, device: DeviceId) -> u64 {
        self.simulation.wall_ms(&Node::Device(device)).max(1)
    }

    pub(super) fn act(&mut self, device: DeviceId, verb: ActionKind) {
        let state = &self.devices[device as usize];
        let writer = if state.is_guest { state.writers.guest } else { state.writers.main };
        let action = ScheduledAction {
            device,
            as_guest: state.is_guest,
            wall: self.wall(device),
            writer,
            verb,
        };
        let id = self.recorder.act(self.now(), action);
        self.plan(self.now(), PartyEvent::Attempt { action: id, tries: 0 });
        let conditions = self.conditions();
        if self.dice().happens(conditions.device_restart) {
            self.recorder.schedule.faults.device_restarts += 1;
            self.recorder.step(self.now(), ScheduleStep::Restart(Node::Device(device)));
        }
    }

    pub(super) fn is_offline(&self, device: DeviceId) -> Option<u64> {
        self.simulation.cut_until_ms(&Node::Device(device))
    }

    /// Draws how long a region gathers news before it sends them to another, in milliseconds.
    pub(super) fn soon(&mut self) -> u64 {
        let drawn = self.dice().between(SECOND, 10 * SECOND);
        if self.conditions().calm { 0 } else { drawn }
    }
}
