//! The simulated world: turns what a party wants into what happens to it, step by step.
//!
//! Everything here comes from the party's own dice and the common weather, so a schedule is a
//! function of trace, seed and number of regions. The model is asked what a device shows, because a
//! shopper presses the buttons that are on the screen: a line that is not shown cannot be removed.

mod clicks;
mod mail;
mod recorder;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use holdall_testkit::dice::Dice;

use super::climate::{Climate, MINUTE, Mishap, SECOND, Weather};
use super::model::Cart;
use super::party::Party;
use super::schedule::{
    Action, ActionId, DeviceId, LineId, Node, ParcelId, RegionId, Schedule, Step, Verb, Writers,
};

pub(crate) use recorder::Recorder;

/// Makes a party's schedule, and what its carts must show in the end.
pub(crate) fn play_out(party: &Party, regions: RegionId, weather: Weather) -> (Schedule, Cart) {
    let mut world = World::new(party, regions, weather);
    while let Some(Reverse((at, _, _, next))) = world.agenda.pop() {
        world.now = at;
        world.happen(next);
    }
    world.close()
}

/// A run in progress.
struct World<'a> {
    party: &'a Party,
    weather: Weather,
    dice: Dice,
    now: u64,
    /// What is going to happen, by time. At one time clicks come last, so that a message that takes
    /// no time is there before the next click, and the rest comes in the order of planning.
    agenda: BinaryHeap<Reverse<(u64, bool, u64, Next)>>,
    planned: u64,
    recorder: Recorder,
    devices: Vec<Device>,
    /// The device of each session that has begun.
    switched_on: Vec<Option<DeviceId>>,
    /// The lines that the party ever put into a cart.
    lines: HashSet<LineId>,
    regions: Vec<Region>,
    /// The region that most of the party's devices talk to.
    home: RegionId,
}

/// What is going to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
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
    Mishap { region: RegionId, restart: bool },
}

/// A device as the world sees it: its luck.
struct Device {
    region: RegionId,
    /// How wrong its clock is, in milliseconds.
    skew: i64,
    offline: Option<(u64, u64)>,
    /// The click before which its shopper signs in.
    signs_in_before: Option<usize>,
    is_guest: bool,
    has_left: bool,
    writers: Writers,
}

/// A region as the world sees it.
#[derive(Default)]
struct Region {
    /// Whether an exchange with each other region is planned already.
    planned: Vec<bool>,
    /// Until when its restarts are planned.
    restarts_until: u64,
    /// Until when its evictions are planned.
    evictions_until: u64,
}

impl<'a> World<'a> {
    fn new(party: &'a Party, regions: RegionId, weather: Weather) -> Self {
        let mut dice = Dice::named(weather.seed, &party.name);
        let home = dice.below(regions as usize) as RegionId;
        let region = || Region { planned: vec![false; regions as usize], ..Region::default() };
        let mut world = Self {
            party,
            weather,
            dice,
            now: 0,
            agenda: BinaryHeap::new(),
            planned: 0,
            recorder: Recorder::new(&party.name, regions),
            devices: Vec::new(),
            switched_on: vec![None; party.sessions.len()],
            lines: HashSet::new(),
            regions: (0..regions).map(|_| region()).collect(),
            home,
        };
        for (session, clicks) in party.sessions.iter().enumerate() {
            if let Some(first) = clicks.clicks.first() {
                world.plan(first.at, Next::Click { session, click: 0 });
            }
        }
        world
    }

    fn climate(&self) -> Climate {
        self.weather.climate
    }

    fn plan(&mut self, at: u64, next: Next) {
        let is_click = matches!(next, Next::Click { .. });
        self.agenda.push(Reverse((at, is_click, self.planned, next)));
        self.planned += 1;
    }

    fn happen(&mut self, next: Next) {
        match next {
            Next::Click { session, click } => self.click(session, click),
            Next::SignIn { device } => {
                self.sign_in(device);
                self.leave(device);
            }
            Next::Attempt { action, tries } => self.attempt(action, tries),
            Next::Arrival { action, region, tries } => self.arrival(action, region, tries),
            Next::Gossip { from, to } => self.gossip(from, to),
            Next::Landing { parcel, to } => self.landing(parcel, to),
            Next::Mishap { region, restart } => self.mishap(region, restart),
        }
    }

    /// The last phase: everything is exchanged.
    fn close(mut self) -> (Schedule, Cart) {
        // Late enough for every cache to have been written back and every timer to have run out.
        let at = self.now + 60 * MINUTE;
        self.recorder.quiet(at);
        self.recorder.finish()
    }

    fn mishap(&mut self, region: RegionId, restart: bool) {
        let faults = &mut self.recorder.schedule.faults;
        let step = if restart {
            faults.region_restarts += 1;
            Step::Restart(Node::Region(region))
        } else {
            faults.evictions += 1;
            Step::Evict(region)
        };
        self.recorder.step(self.now, step);
    }

    /// Plans the mishaps that a region has shortly after it was used. Those of idle carts do not
    /// matter to anybody.
    fn plan_mishaps(&mut self, region: RegionId) {
        for (kind, restart) in [(Mishap::Restart, true), (Mishap::Eviction, false)] {
            let (number, now) = (region as usize, self.now);
            let state = &mut self.regions[number];
            let until =
                if restart { &mut state.restarts_until } else { &mut state.evictions_until };
            if *until >= now {
                continue;
            }
            match self.weather.next(kind, number, now) {
                Some(when) => {
                    *until = when;
                    self.plan(when, Next::Mishap { region, restart });
                }
                // Nothing in the next half hour; ask again in a while.
                None => *until = now + 20 * MINUTE,
            }
        }
    }

    fn other_region(&mut self, than: RegionId) -> RegionId {
        let count = self.regions.len();
        if count == 1 {
            return than;
        }
        let other = self.dice.below(count - 1) as RegionId;
        if other >= than { other + 1 } else { other }
    }

    fn wall(&self, device: DeviceId) -> u64 {
        self.now.saturating_add_signed(self.devices[device as usize].skew).max(1)
    }

    fn act(&mut self, device: DeviceId, verb: Verb) {
        let state = &self.devices[device as usize];
        let writer = if state.is_guest { state.writers.guest } else { state.writers.main };
        let action =
            Action { device, as_guest: state.is_guest, wall: self.wall(device), writer, verb };
        let id = self.recorder.act(self.now, action);
        self.plan(self.now, Next::Attempt { action: id, tries: 0 });
        let climate = self.climate();
        if self.dice.happens(climate.device_restart) {
            self.recorder.schedule.faults.device_restarts += 1;
            self.recorder.step(self.now, Step::Restart(Node::Device(device)));
        }
    }

    fn is_offline(&self, device: DeviceId) -> Option<u64> {
        let (start, end) = self.devices[device as usize].offline?;
        (start..end).contains(&self.now).then_some(end)
    }

    /// How soon a region tells another of news: it gathers them for some seconds.
    fn soon(&mut self) -> u64 {
        let drawn = self.dice.between(SECOND, 10 * SECOND);
        if self.climate().calm { 0 } else { drawn }
    }
}

#[cfg(test)]
mod tests;
