//! Each rival is right when the network is, and wrong in its known way when it is not.

use super::{DESIGNS, DesignEntry, OURS, play};
use crate::conditions::{MINUTE, NetworkConditions, Outages};
use crate::event::NameTable;
use crate::judge::{DesignVerdict, judge};
use crate::party::{TraceOrigin, parties};
use crate::schedule::{ActionId, DeviceId, Node, RegionId, ScheduleStep};
use crate::schedule::{ActionKind, DeviceWriters, ScheduledAction};
use crate::world::{self, ScheduleRecorder};
use crate::{read, trace};
use std::io::Cursor;

const TEE: u32 = 0;
const MUG: u32 = 1;

fn entry(name: &str) -> &'static DesignEntry {
    DESIGNS.iter().find(|entry| entry.name == name).unwrap()
}

fn names() -> NameTable {
    let mut names = NameTable::default();
    names.number("TEE");
    names.number("MUG");
    names
}

/// A schedule told by hand: two regions, two devices.
struct DesignScenario {
    recorder: ScheduleRecorder,
    now: u64,
}

impl DesignScenario {
    fn new() -> Self {
        let mut recorder = ScheduleRecorder::new("somebody", 2);
        recorder.open(DeviceWriters { main: 1, guest: 101 }, true);
        recorder.open(DeviceWriters { main: 2, guest: 102 }, true);
        Self { recorder, now: MINUTE }
    }

    fn act(&mut self, device: DeviceId, as_guest: bool, verb: ActionKind) -> ActionId {
        self.now += 1_000;
        let writer = u128::from(device) + if as_guest { 101 } else { 1 };
        self.recorder
            .act(self.now, ScheduledAction { device, as_guest, wall: self.now, writer, verb })
    }

    fn deliver(&mut self, action: ActionId, region: RegionId) {
        self.now += 1_000;
        self.recorder.deliver(self.now, action, region);
    }

    fn show(&mut self, region: RegionId, device: DeviceId) {
        self.now += 1_000;
        let parcel = self.recorder.send(self.now, region, Node::Device(device));
        self.recorder.receive(self.now, parcel, Node::Device(device));
    }

    fn exchange(&mut self, from: RegionId, to: RegionId) {
        self.now += 1_000;
        let parcel = self.recorder.send(self.now, from, Node::Region(to));
        self.recorder.receive(self.now, parcel, Node::Region(to));
    }

    /// Exchanges everything, and returns the verdict on each design.
    fn end(mut self) -> impl Fn(&str) -> DesignVerdict {
        self.recorder.quiet(self.now + 60 * MINUTE);
        let (schedule, expected) = self.recorder.finish();
        move |name| {
            let names = names();
            let mut design = (entry(name).open)(&schedule, &names);
            play(design.as_mut(), &schedule).unwrap();
            judge(design.as_ref(), 2, &expected)
        }
    }
}

fn lost(lost: u64) -> DesignVerdict {
    DesignVerdict { lost, ..DesignVerdict::default() }
}

fn doubled(doubled: u64) -> DesignVerdict {
    DesignVerdict { doubled, ..DesignVerdict::default() }
}

/// Asserts what every design is off by; those that are not named are right.
fn check(verdict: impl Fn(&str) -> DesignVerdict, wrong: &[(&str, DesignVerdict)]) {
    for entry in DESIGNS {
        let expected = wrong
            .iter()
            .find(|(name, _)| *name == entry.name)
            .map_or_else(DesignVerdict::default, |(_, v)| *v);
        assert_eq!(verdict(entry.name), expected, "{}", entry.name);
    }
}

#[test]
fn on_a_calm_network_everybody_is_right() {
    let trace = read::read("made up", Box::new(Cursor::new(trace::csv(11, 120)))).unwrap();
    let calm = Outages { seed: 11, conditions: NetworkConditions::CALM };
    for party in parties(&trace, TraceOrigin::Clicks, 11) {
        let (schedule, expected) = world::play_out(&party, 3, calm);
        for entry in DESIGNS {
            let mut design = (entry.open)(&schedule, &trace.products);
            play(design.as_mut(), &schedule).unwrap();
            let verdict = judge(design.as_ref(), 3, &expected);
            assert!(
                verdict.is_right(),
                "{} in the cart of {}: {verdict:?}",
                entry.name,
                party.name
            );
        }
    }
}

#[test]
fn two_devices_add_different_lines_at_once() {
    let mut scenario = DesignScenario::new();
    let tee = scenario.act(0, false, ActionKind::Add(TEE, 2));
    let mug = scenario.act(1, false, ActionKind::Add(MUG, 1));
    scenario.deliver(tee, 0);
    scenario.deliver(mug, 1);
    // The later cart has no tee in it.
    check(scenario.end(), &[("lww-cart", lost(2))]);
}

#[test]
fn two_devices_add_the_same_line_at_once() {
    let mut scenario = DesignScenario::new();
    let two = scenario.act(0, false, ActionKind::Add(TEE, 2));
    let one = scenario.act(1, false, ActionKind::Add(TEE, 1));
    scenario.deliver(two, 0);
    scenario.deliver(one, 1);
    check(scenario.end(), &[("lww-cart", lost(2)), ("lww-line", lost(2))]);
}

#[test]
fn an_add_is_retried_after_its_answer_got_lost() {
    let mut scenario = DesignScenario::new();
    let add = scenario.act(0, false, ActionKind::Add(TEE, 2));
    scenario.deliver(add, 0);
    scenario.deliver(add, 1);
    scenario.deliver(add, 0);
    check(scenario.end(), &[("retry-add", doubled(4))]);
}

#[test]
fn a_sign_in_is_handled_by_two_regions() {
    let mut scenario = DesignScenario::new();
    let add = scenario.act(0, true, ActionKind::Add(TEE, 2));
    scenario.deliver(add, 0);
    let sign_in = scenario.act(0, false, ActionKind::SignIn(vec![(TEE, 2)]));
    scenario.deliver(sign_in, 0);
    scenario.deliver(sign_in, 1);
    check(scenario.end(), &[("login-sum", doubled(2))]);
}

#[test]
fn a_sign_in_comes_again_after_the_merged_line_was_bought() {
    let mut scenario = DesignScenario::new();
    scenario.act(0, true, ActionKind::Add(TEE, 2));
    let sign_in = scenario.act(0, false, ActionKind::SignIn(vec![(TEE, 2)]));
    scenario.deliver(sign_in, 0);
    let order = scenario.act(0, false, ActionKind::Order);
    scenario.deliver(order, 0);
    scenario.deliver(sign_in, 0);
    check(
        scenario.end(),
        &[("login-sum", DesignVerdict { resurrected: 2, ..DesignVerdict::default() })],
    );
}

#[test]
fn a_region_restarts_before_it_writes_back() {
    let mut scenario = DesignScenario::new();
    let add = scenario.act(0, false, ActionKind::Add(TEE, 2));
    scenario.deliver(add, 0);
    scenario.recorder.step(scenario.now + 1_000, ScheduleStep::Restart(Node::Region(0)));
    check(scenario.end(), &[("evicting-cache", lost(2))]);
}

#[test]
fn a_removed_line_is_evicted_before_it_is_written_back() {
    let mut scenario = DesignScenario::new();
    let add = scenario.act(0, false, ActionKind::Add(TEE, 2));
    scenario.deliver(add, 0);
    scenario.now += 6 * MINUTE;
    let remove = scenario.act(0, false, ActionKind::Remove(TEE));
    scenario.deliver(remove, 0);
    scenario.recorder.step(scenario.now + 1_000, ScheduleStep::Evict(0));
    check(
        scenario.end(),
        &[("evicting-cache", DesignVerdict { resurrected: 2, ..DesignVerdict::default() })],
    );
}

#[test]
fn a_late_delete_takes_what_others_put_in_since() {
    let mut scenario = DesignScenario::new();
    let add = scenario.act(0, false, ActionKind::Add(TEE, 2));
    scenario.deliver(add, 0);
    let remove = scenario.act(0, false, ActionKind::Remove(TEE));
    let again = scenario.act(1, false, ActionKind::Add(TEE, 1));
    scenario.deliver(again, 0);
    scenario.deliver(remove, 0);
    // A server that acts on what it has, rather than on what the shopper saw, takes the new one
    // too.
    let wrong = ["retry-add", "login-sum", "evicting-cache"].map(|name| (name, lost(1)));
    check(scenario.end(), &[wrong[0], wrong[1], wrong[2], ("lww-cart", DesignVerdict::default())]);
}

#[test]
fn commands_that_cross_leave_regions_that_differ() {
    let mut scenario = DesignScenario::new();
    let add = scenario.act(0, false, ActionKind::Add(TEE, 2));
    scenario.deliver(add, 0);
    scenario.exchange(0, 1);
    scenario.show(0, 0);
    scenario.show(1, 1);
    let five = scenario.act(0, false, ActionKind::Set(TEE, 5));
    let more = scenario.act(1, false, ActionKind::Add(TEE, 1));
    scenario.deliver(five, 0);
    scenario.deliver(more, 1);
    let verdict = scenario.end();
    assert_eq!(verdict("retry-add").diverged, 1);
    assert_eq!(verdict(OURS), DesignVerdict::default());
}
