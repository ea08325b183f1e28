//! The model against cases whose outcome is written down: the table of pairs, and what follows from
//! it.

use super::ConflictCounts;
use crate::schedule::{ActionId, ActionKind, DeviceId, LineId, ScheduledAction};
use crate::schedule::{DeviceWriters, Node, RegionId};
use crate::world::ScheduleRecorder;

/// Line 0 of every story.
const X: LineId = 0;

/// A small story told by hand: devices that act, and regions that everything is exchanged with.
struct ModelScenario {
    recorder: ScheduleRecorder,
    now: u64,
}

impl ModelScenario {
    fn new() -> Self {
        Self { recorder: ScheduleRecorder::new("somebody", 1), now: 1_000 }
    }

    fn device(&mut self) -> DeviceId {
        let number = self.recorder.schedule.devices.len() as u128;
        self.recorder.open(DeviceWriters { main: 10 + number, guest: 90 + number }, true)
    }

    fn act_as(&mut self, device: DeviceId, as_guest: bool, verb: ActionKind) -> ActionId {
        self.now += 1_000;
        let writers = self.recorder.schedule.devices[device as usize];
        let writer = if as_guest { writers.guest } else { writers.main };
        self.recorder
            .act(self.now, ScheduledAction { device, as_guest, wall: self.now, writer, verb })
    }

    fn act(&mut self, device: DeviceId, verb: ActionKind) -> ActionId {
        self.act_as(device, false, verb)
    }

    fn tell(&mut self, action: ActionId) {
        self.recorder.deliver(self.now, action, 0);
    }

    fn show(&mut self, device: DeviceId) {
        let parcel = self.recorder.send(self.now, 0, Node::Device(device));
        self.recorder.receive(self.now, parcel, Node::Device(device));
    }

    fn shown(&self, device: DeviceId) -> u64 {
        self.recorder.model.shown(device, false, X)
    }

    fn outcome(&self) -> u64 {
        self.recorder.model.outcome().get(&X).copied().unwrap_or(0)
    }
}

/// Lets two devices act at once that both see three units. The second one's clock is later.
fn pair(first: ActionKind, second: ActionKind) -> u64 {
    let mut story = ModelScenario::new();
    let (a, b) = (story.device(), story.device());
    let three = story.act(a, ActionKind::Add(X, 3));
    story.tell(three);
    story.show(b);
    story.act(a, first);
    story.act(b, second);
    story.outcome()
}

#[test]
fn the_table_of_pairs() {
    let verbs = || {
        [
            ActionKind::Add(X, 2),
            ActionKind::Set(X, 5),
            ActionKind::Set(X, 2),
            ActionKind::Remove(X),
            ActionKind::Order,
        ]
    };
    let table = [
        [7, 7, 4, 2, 2], // +2
        [7, 5, 2, 5, 2], // set 5
        [4, 5, 2, 2, 0], // set 2
        [2, 5, 2, 0, 0], // remove
        [2, 2, 0, 0, 0], // buy 3
    ];
    for (first, row) in verbs().into_iter().zip(table) {
        for (second, shown) in verbs().into_iter().zip(row) {
            assert_eq!(pair(first.clone(), second.clone()), shown, "{first:?} with {second:?}");
        }
    }
}

#[test]
fn from_nothing() {
    let outcome = |first, second| {
        let mut story = ModelScenario::new();
        let (a, b) = (story.device(), story.device());
        story.act(a, first);
        story.act(b, second);
        story.outcome()
    };
    assert_eq!(outcome(ActionKind::Add(X, 2), ActionKind::Add(X, 2)), 4);
    assert_eq!(outcome(ActionKind::Add(X, 2), ActionKind::Set(X, 5)), 7);
    assert_eq!(outcome(ActionKind::Set(X, 2), ActionKind::Set(X, 5)), 5);
}

#[test]
fn what_is_seen_is_settled() {
    let mut story = ModelScenario::new();
    let a = story.device();
    story.act(a, ActionKind::Add(X, 2));
    story.act(a, ActionKind::Set(X, 5));
    assert_eq!(story.shown(a), 5);
    story.act(a, ActionKind::Remove(X));
    story.act(a, ActionKind::Add(X, 1));
    assert_eq!((story.shown(a), story.outcome()), (1, 1), "removed, then added again");
}

#[test]
fn a_loser_does_not_come_back_when_the_winner_is_replaced() {
    let mut story = ModelScenario::new();
    let (a, b) = (story.device(), story.device());
    let losing = story.act(a, ActionKind::Set(X, 2));
    let winning = story.act(b, ActionKind::Set(X, 5));
    story.tell(losing);
    story.tell(winning);
    story.show(b);
    story.act(b, ActionKind::Remove(X));
    assert_eq!(story.outcome(), 0);
}

#[test]
fn one_of_two_sets_is_bought() {
    let mut story = ModelScenario::new();
    let (a, b, c) = (story.device(), story.device(), story.device());
    let two = story.act(a, ActionKind::Set(X, 2));
    story.act(b, ActionKind::Set(X, 3));
    story.tell(two);
    story.show(c);
    story.act(c, ActionKind::Order);
    assert_eq!(story.outcome(), 1, "three were wanted, two were bought");
}

#[test]
fn a_set_after_a_set_still_counts_on_what_the_first_replaced() {
    let mut story = ModelScenario::new();
    let (a, b) = (story.device(), story.device());
    let three = story.act(a, ActionKind::Add(X, 3));
    story.tell(three);
    story.show(b);
    story.act(b, ActionKind::Order);
    story.act(a, ActionKind::Set(X, 5));
    story.act(a, ActionKind::Set(X, 6));
    assert_eq!(story.outcome(), 3, "six wanted, three of them bought");
}

#[test]
fn an_order_of_what_was_taken_out_leaves_what_was_put_in_since() {
    // The same whether the old units were added or set, and the new ones added or set.
    for old in [ActionKind::Add(X, 2), ActionKind::Set(X, 2)] {
        for new in [ActionKind::Add(X, 1), ActionKind::Set(X, 2)] {
            let mut story = ModelScenario::new();
            let (a, b, c) = (story.device(), story.device(), story.device());
            let two = story.act(a, old.clone());
            story.tell(two);
            story.show(b);
            story.show(c);
            story.act(c, ActionKind::Order);
            story.act(b, ActionKind::Remove(X));
            story.act(b, ActionKind::Add(X, 1));
            story.act(b, new.clone());
            assert_eq!(story.outcome(), 2, "{old:?}, {new:?}");
        }
    }
}

#[test]
fn an_order_bought_again_leaves_what_was_put_in_since() {
    let mut story = ModelScenario::new();
    let (a, b, c, d) = (story.device(), story.device(), story.device(), story.device());
    let two = story.act(a, ActionKind::Set(X, 2));
    story.tell(two);
    story.show(c);
    story.show(d);
    let order = story.act(c, ActionKind::Order);
    story.act(d, ActionKind::Order);
    story.tell(order);
    story.show(b);
    story.act(b, ActionKind::Add(X, 1));
    story.act(b, ActionKind::Set(X, 2));
    assert_eq!(story.outcome(), 2);
}

#[test]
fn one_more_on_a_set_is_one_more_whatever_becomes_of_its_rival() {
    // B's three wins over A's two, which C buys; then B, who has heard of A's, makes it four.
    let outcome = |one_more: bool| {
        let mut story = ModelScenario::new();
        let (a, b, c) = (story.device(), story.device(), story.device());
        let two = story.act(a, ActionKind::Set(X, 2));
        story.act(b, ActionKind::Set(X, 3));
        story.tell(two);
        story.show(c);
        story.act(c, ActionKind::Order);
        story.show(b);
        assert_eq!(story.shown(b), 3, "the rival is seen, and hidden");
        if one_more {
            story.act(b, ActionKind::Set(X, 4));
        }
        story.outcome()
    };
    assert_eq!((outcome(false), outcome(true)), (1, 2));
}

#[test]
fn two_orders_of_the_same_units_count_once() {
    let mut story = ModelScenario::new();
    let (a, b, c) = (story.device(), story.device(), story.device());
    let three = story.act(a, ActionKind::Add(X, 3));
    story.tell(three);
    story.show(b);
    story.show(c);
    story.act(b, ActionKind::Order);
    story.act(c, ActionKind::Order);
    story.act(a, ActionKind::Set(X, 5));
    assert_eq!(story.outcome(), 2);
}

#[test]
fn a_guest_is_merged_once_by_sum() {
    let mut story = ModelScenario::new();
    let (a, b) = (story.device(), story.device());
    story.act(a, ActionKind::Add(X, 2));
    story.act_as(b, true, ActionKind::Add(X, 2));
    story.act_as(b, true, ActionKind::Set(X, 3));
    assert_eq!(story.outcome(), 2, "a guest's cart is the guest's");
    let lines = story.recorder.model.cart(b, true).into_iter().collect();
    assert_eq!(lines, [(X, 3)]);
    let sign_in = story.act(b, ActionKind::SignIn(lines));
    assert_eq!((story.shown(b), story.outcome()), (3, 5));
    story.tell(sign_in);
    story.tell(sign_in);
    story.show(a);
    assert_eq!(story.shown(a), 5);
    story.act(b, ActionKind::Set(X, 1));
    assert_eq!(story.outcome(), 3, "covers the guest's, which b saw, not a's");
}

#[test]
fn a_remove_that_overtakes_its_add_waits() {
    let mut story = ModelScenario::new();
    let (a, b) = (story.device(), story.device());
    let add = story.act(a, ActionKind::Add(X, 3));
    let set = story.act(a, ActionKind::Set(X, 9));
    story.tell(set);
    story.show(b);
    assert_eq!(story.shown(b), 0, "the set waits for what it replaces");
    story.tell(add);
    story.show(b);
    assert_eq!(story.shown(b), 9);
}

#[test]
fn clocks_decide_only_between_what_did_not_see_each_other() {
    let mut story = ModelScenario::new();
    let (a, b) = (story.device(), story.device());
    let writers = story.recorder.schedule.devices[a as usize];
    let ahead = ScheduledAction {
        device: a,
        as_guest: false,
        wall: 90_000_000,
        writer: writers.main,
        verb: ActionKind::Set(X, 4),
    };
    let set = story.recorder.act(1, ahead);
    story.tell(set);
    story.show(b);
    story.act(b, ActionKind::Set(X, 1));
    assert_eq!(story.outcome(), 1);
}

#[test]
fn conflicts_are_counted_by_kind() {
    let mut story = ModelScenario::new();
    let (a, b) = (story.device(), story.device());
    let three = story.act(a, ActionKind::Add(X, 3));
    story.tell(three);
    story.show(b);
    story.act(a, ActionKind::Remove(X));
    story.act(b, ActionKind::Add(X, 1));
    let conflicts = story.recorder.model.conflicts();
    assert_eq!(conflicts, ConflictCounts { add_remove: 1, ..ConflictCounts::default() });
}

#[test]
fn regions_know_everything_in_the_end() {
    let mut recorder = ScheduleRecorder::new("somebody", 3);
    let writers = |number| DeviceWriters { main: number, guest: number + 100 };
    let devices: Vec<DeviceId> =
        (0..3).map(|number| recorder.open(writers(number), false)).collect();
    for (region, device) in devices.into_iter().enumerate() {
        let writer = u128::from(device);
        let act = |verb| ScheduledAction { device, as_guest: false, wall: 5, writer, verb };
        let first = recorder.act(1, act(ActionKind::Add(X, 1)));
        let second = recorder.act(1, act(ActionKind::Set(X, 2)));
        // The second arrives where the first does not.
        recorder.deliver(2, second, region as RegionId);
        recorder.deliver(2, first, (region as RegionId + 1) % 3);
    }
    assert!(!recorder.model.is_quiet());
    recorder.quiet(3);
    assert!(recorder.model.is_quiet());
}
