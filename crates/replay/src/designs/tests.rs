//! Each rival is right when the network is, and wrong in its known way when it is not.

use super::*;
use crate::climate::{Climate, MINUTE, Weather};
use crate::judge::{Verdict, judge};
use crate::party::{Origin, parties};
use crate::schedule::{Action, Verb, Writers};
use crate::world::{self, Recorder};
use crate::{read, trace};
use std::io::Cursor;

const TEE: u32 = 0;
const MUG: u32 = 1;

fn entrant(name: &str) -> &'static Entrant {
    ENTRANTS.iter().find(|entrant| entrant.name == name).unwrap()
}

fn names() -> Names {
    let mut names = Names::default();
    names.number("TEE");
    names.number("MUG");
    names
}

/// A schedule told by hand: two regions, two devices.
struct Tale {
    recorder: Recorder,
    now: u64,
}

impl Tale {
    fn new() -> Self {
        let mut recorder = Recorder::new("somebody", 2);
        recorder.open(Writers { main: 1, guest: 101 }, true);
        recorder.open(Writers { main: 2, guest: 102 }, true);
        Self { recorder, now: MINUTE }
    }

    fn act(&mut self, device: DeviceId, as_guest: bool, verb: Verb) -> ActionId {
        self.now += 1_000;
        let writer = u128::from(device) + if as_guest { 101 } else { 1 };
        self.recorder.act(self.now, Action { device, as_guest, wall: self.now, writer, verb })
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

    /// What each design is off by once everything has been exchanged.
    fn end(mut self) -> impl Fn(&str) -> Verdict {
        self.recorder.quiet(self.now + 60 * MINUTE);
        let (schedule, expected) = self.recorder.finish();
        move |name| {
            let names = names();
            let mut design = (entrant(name).open)(&schedule, &names);
            play(design.as_mut(), &schedule).unwrap();
            judge(design.as_ref(), 2, &expected)
        }
    }
}

fn lost(lost: u64) -> Verdict {
    Verdict { lost, ..Verdict::default() }
}

fn doubled(doubled: u64) -> Verdict {
    Verdict { doubled, ..Verdict::default() }
}

/// Asserts what every design is off by; those that are not named are right.
fn check(verdict: impl Fn(&str) -> Verdict, wrong: &[(&str, Verdict)]) {
    for entrant in ENTRANTS {
        let expected = wrong
            .iter()
            .find(|(name, _)| *name == entrant.name)
            .map_or_else(Verdict::default, |(_, v)| *v);
        assert_eq!(verdict(entrant.name), expected, "{}", entrant.name);
    }
}

#[test]
fn on_a_calm_network_everybody_is_right() {
    let trace = read::read("made up", Box::new(Cursor::new(trace::csv(11, 120)))).unwrap();
    let calm = Weather { seed: 11, climate: Climate::CALM };
    for party in parties(&trace, Origin::Clicks, 11) {
        let (schedule, expected) = world::play_out(&party, 3, calm);
        for entrant in ENTRANTS {
            let mut design = (entrant.open)(&schedule, &trace.products);
            play(design.as_mut(), &schedule).unwrap();
            let verdict = judge(design.as_ref(), 3, &expected);
            assert!(
                verdict.is_right(),
                "{} in the cart of {}: {verdict:?}",
                entrant.name,
                party.name
            );
        }
    }
}

#[test]
fn two_devices_add_different_lines_at_once() {
    let mut tale = Tale::new();
    let tee = tale.act(0, false, Verb::Add(TEE, 2));
    let mug = tale.act(1, false, Verb::Add(MUG, 1));
    tale.deliver(tee, 0);
    tale.deliver(mug, 1);
    // The later cart has no tee in it.
    check(tale.end(), &[("lww-cart", lost(2))]);
}

#[test]
fn two_devices_add_the_same_line_at_once() {
    let mut tale = Tale::new();
    let two = tale.act(0, false, Verb::Add(TEE, 2));
    let one = tale.act(1, false, Verb::Add(TEE, 1));
    tale.deliver(two, 0);
    tale.deliver(one, 1);
    check(tale.end(), &[("lww-cart", lost(2)), ("lww-line", lost(2))]);
}

#[test]
fn an_add_is_retried_after_its_answer_got_lost() {
    let mut tale = Tale::new();
    let add = tale.act(0, false, Verb::Add(TEE, 2));
    tale.deliver(add, 0);
    tale.deliver(add, 1);
    tale.deliver(add, 0);
    check(tale.end(), &[("retry-add", doubled(4))]);
}

#[test]
fn a_sign_in_is_handled_by_two_regions() {
    let mut tale = Tale::new();
    let add = tale.act(0, true, Verb::Add(TEE, 2));
    tale.deliver(add, 0);
    let sign_in = tale.act(0, false, Verb::SignIn(vec![(TEE, 2)]));
    tale.deliver(sign_in, 0);
    tale.deliver(sign_in, 1);
    check(tale.end(), &[("login-sum", doubled(2))]);
}

#[test]
fn a_sign_in_comes_again_after_the_merged_line_was_bought() {
    let mut tale = Tale::new();
    tale.act(0, true, Verb::Add(TEE, 2));
    let sign_in = tale.act(0, false, Verb::SignIn(vec![(TEE, 2)]));
    tale.deliver(sign_in, 0);
    let order = tale.act(0, false, Verb::Order);
    tale.deliver(order, 0);
    tale.deliver(sign_in, 0);
    check(tale.end(), &[("login-sum", Verdict { resurrected: 2, ..Verdict::default() })]);
}

#[test]
fn a_region_restarts_before_it_writes_back() {
    let mut tale = Tale::new();
    let add = tale.act(0, false, Verb::Add(TEE, 2));
    tale.deliver(add, 0);
    tale.recorder.step(tale.now + 1_000, Step::Restart(Node::Region(0)));
    check(tale.end(), &[("evicting-cache", lost(2))]);
}

#[test]
fn a_removed_line_is_evicted_before_it_is_written_back() {
    let mut tale = Tale::new();
    let add = tale.act(0, false, Verb::Add(TEE, 2));
    tale.deliver(add, 0);
    tale.now += 6 * MINUTE;
    let remove = tale.act(0, false, Verb::Remove(TEE));
    tale.deliver(remove, 0);
    tale.recorder.step(tale.now + 1_000, Step::Evict(0));
    check(tale.end(), &[("evicting-cache", Verdict { resurrected: 2, ..Verdict::default() })]);
}

#[test]
fn a_late_delete_takes_what_others_put_in_since() {
    let mut tale = Tale::new();
    let add = tale.act(0, false, Verb::Add(TEE, 2));
    tale.deliver(add, 0);
    let remove = tale.act(0, false, Verb::Remove(TEE));
    let again = tale.act(1, false, Verb::Add(TEE, 1));
    tale.deliver(again, 0);
    tale.deliver(remove, 0);
    // A server that acts on what it has, rather than on what the shopper saw, takes the new one
    // too.
    let wrong = ["retry-add", "login-sum", "evicting-cache"].map(|name| (name, lost(1)));
    check(tale.end(), &[wrong[0], wrong[1], wrong[2], ("lww-cart", Verdict::default())]);
}

#[test]
fn commands_that_cross_leave_regions_that_differ() {
    let mut tale = Tale::new();
    let add = tale.act(0, false, Verb::Add(TEE, 2));
    tale.deliver(add, 0);
    tale.exchange(0, 1);
    tale.show(0, 0);
    tale.show(1, 1);
    let five = tale.act(0, false, Verb::Set(TEE, 5));
    let more = tale.act(1, false, Verb::Add(TEE, 1));
    tale.deliver(five, 0);
    tale.deliver(more, 1);
    let verdict = tale.end();
    assert_eq!(verdict("retry-add").diverged, 1);
    assert_eq!(verdict(OURS), Verdict::default());
}
