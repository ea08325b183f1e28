//! Strategies for proptest. What they make shrinks to few actions first, then to little knowledge
//! (few exchanges), then to quantities of 1, then to right clocks.

use proptest::prelude::*;

use super::action::{Device, LINES, ScenarioAction, ScenarioStep, TEXTS};
use super::history::{
    ACCOUNT, History, HistoryAction, HistoryStep, HistoryWorld, Pick, picks, picks_weight,
};
use super::merge_scenario::MergeScenario;
use super::shrink::ShrinkStrategy;
use holdall::cart::{Cart, List};
use holdall::limits;

fn units() -> impl Strategy<Value = u32> {
    prop_oneof![
        20 => 1_u32..6,
        2 => 1..200_u32,
        1 => Just(limits::QUANTITY_UNITS),
        1 => 1..=limits::QUANTITY_UNITS,
    ]
}

fn line() -> impl Strategy<Value = u8> {
    prop_oneof![10 => Just(0_u8), 6 => Just(1_u8), 2 => 0..LINES]
}

fn text() -> impl Strategy<Value = u8> {
    prop_oneof![9 => 0..2_u8, 1 => 0..TEXTS]
}

fn action() -> impl Strategy<Value = ScenarioAction> {
    prop_oneof![
        12 => (line(), units()).prop_map(|(line, units)| ScenarioAction::Add { line, units }),
        2 => (line(), units()).prop_map(|(line, units)| ScenarioAction::Set { line, units }),
        1 => line().prop_map(|line| ScenarioAction::Remove { line }),
        1 => line().prop_map(|line| ScenarioAction::Move { line, from: List::Active }),
        2 => (line(), text()).prop_map(|(line, text)| ScenarioAction::Note { line, text }),
        1 => (line(), text()).prop_map(|(line, text)| ScenarioAction::Attribute { line, text }),
    ]
}

fn before() -> impl Strategy<Value = ScenarioStep> {
    let device = prop_oneof![
        4 => Just(Device::Laptop),
        1 => Just(Device::Tablet),
        4 => Just(Device::Phone),
        1 => Just(Device::Kiosk),
        2 => Just(Device::Watch),
    ];
    let action = prop_oneof![12 => action(), 1 => Just(ScenarioAction::Meet)];
    (device, action).prop_map(|(device, action)| ScenarioStep::new(device, action))
}

fn late() -> impl Strategy<Value = ScenarioStep> {
    let device = prop_oneof![1 => Just(Device::Tablet), 3 => Just(Device::Kiosk)];
    (device, action()).prop_map(|(device, action)| ScenarioStep::new(device, action))
}

fn after() -> impl Strategy<Value = ScenarioStep> {
    let device = prop_oneof![3 => Just(Device::Laptop), 1 => Just(Device::Tablet)];
    let action = prop_oneof![
        16 => action(),
        2 => (line(), units()).prop_map(|(line, units)| ScenarioAction::Set { line, units }),
        2 => line().prop_map(|line| ScenarioAction::Move { line, from: List::Saved }),
        1 => Just(ScenarioAction::Order),
    ];
    (device, action, any::<bool>()).prop_map(|(device, action, guests_row)| ScenarioStep {
        device,
        action,
        guests_row,
    })
}

fn skew() -> impl Strategy<Value = i32> {
    prop_oneof![6 => Just(0), 3 => -4..4_i32, 2 => -7_200_000..7_200_000_i32]
}

/// Generates scenarios of a merge, for laws of merge rules.
///
/// ```
/// use holdall_testkit::{Law, RuleUnderTest, strategies::merge_scenarios};
/// use holdall::policy::{Choice, MergeInput};
/// use holdall::Rule;
/// use proptest::test_runner::{Config, TestRunner};
///
/// struct Both;
/// impl Rule for Both {
///     fn name(&self) -> &str { "both" }
///     fn choose(&self, _: &MergeInput<'_>) -> Choice { Choice::Both }
/// }
/// let rule = RuleUnderTest::new(Both)?;
/// let config = Config { failure_persistence: None, cases: 8, ..Config::default() };
/// let mut runner = TestRunner::new(config);
/// runner.run(&merge_scenarios(), |scenario| {
///     rule.check(Law::Unmerge, &scenario).map_err(Into::into)
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn merge_scenarios() -> impl Strategy<Value = MergeScenario> {
    let steps = (
        prop::collection::vec(before(), 0..9),
        prop::collection::vec(late(), 0..4),
        prop::collection::vec(after(), 0..4),
    );
    // Chance alone seldom puts one line on both sides, and that is what rules are about.
    let meeting = prop::option::weighted(0.8, (line(), units(), units()));
    let scenario = (
        steps,
        meeting,
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.2),
        prop::array::uniform5(skew()),
    );
    ShrinkStrategy(scenario.prop_map(
        |((before, late, after), meeting, second_guest, save_loser, skew_ms)| {
            let mut scenario =
                MergeScenario { before, late, after, second_guest, save_loser, skew_ms };
            if let Some((line, ours, theirs)) = meeting {
                let add =
                    |device, units| ScenarioStep::new(device, ScenarioAction::Add { line, units });
                let both = [add(Device::Laptop, ours), add(Device::Phone, theirs)];
                scenario.before.splice(0..0, both);
            }
            scenario
        },
    ))
}

/// Generates what shoppers and servers do.
pub fn history_actions() -> impl Strategy<Value = HistoryAction> {
    prop_oneof![
        picks_weight() => picks().prop_map(HistoryAction::Shop),
        2 => Just(HistoryAction::Order),
        10 => (0..2_u8, any::<u8>(), 0..10_u8, any::<bool>(), prop::bool::weighted(0.2)).prop_map(
            |(guest, copy, rule, save_loser, ceiling)| HistoryAction::Merge {
                guest, copy, rule, save_loser, ceiling
            }
        ),
        2 => (0..2_u8, any::<u8>()).prop_map(|(guest, copy)| HistoryAction::Absorb { guest, copy }),
        1 => (0..2_u8).prop_map(|guest| holdall::sabotage!(
            "histories-never-unmerge", HistoryAction::Unmerge { guest }, HistoryAction::Expire
        )),
        1 => Just(HistoryAction::Expire),
    ]
}

fn step() -> impl Strategy<Value = HistoryStep> {
    prop_oneof![
        7 => (any::<u8>(), history_actions()).prop_map(|(who, action)| HistoryStep::Act(who, action)),
        3 => (any::<u8>(), any::<u16>()).prop_map(|(to, which)| HistoryStep::Deliver { to, which }),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(a, b)| HistoryStep::Exchange { a, b }),
    ]
}

/// Generates histories of up to `steps` steps: several writers of an account's cart and one or two
/// guest carts, with wrong clocks, deltas that come late, twice or never, and merges by every rule.
pub fn histories(steps: usize) -> impl Strategy<Value = History> {
    let history = (
        3..=5_usize,
        1..=2_usize,
        prop::collection::vec(-7_200_000..7_200_000_i32, 9),
        prop::option::of((0..10_u8, any::<bool>(), prop::bool::weighted(0.2))),
        prop::collection::vec(step(), 1..steps),
    );
    ShrinkStrategy(history.prop_map(|(writers, guests, skew, opening, mut steps)| {
        if let Some((rule, save_loser, ceiling)) = opening {
            steps.splice(0..0, open(writers as u8, rule, save_loser, ceiling));
        }
        History { writers, guests, skew, steps }
    }))
}

/// Returns the opening of half of the histories: a line on both sides of a merge. Random draws
/// seldom make one, and the steps after a merge are the difficult part.
fn open(writers: u8, rule: u8, save_loser: bool, ceiling: bool) -> [HistoryStep; 6] {
    let add = |units| HistoryAction::Shop(Pick::add(0, units));
    let merge = HistoryAction::Merge { guest: 0, copy: 0, rule, save_loser, ceiling };
    [
        HistoryStep::Act(0, add(2)),
        HistoryStep::Act(writers, add(3)),
        HistoryStep::Act(writers, HistoryAction::Shop(Pick::note(0, Some(1)))),
        HistoryStep::Act(0, merge),
        HistoryStep::Exchange { a: 0, b: 0 },
        HistoryStep::Exchange { a: 1, b: 1 },
    ]
}

/// Generates states of an account's cart, as histories of up to `steps` steps leave them. They
/// shrink as histories do.
pub fn carts(steps: usize) -> impl Strategy<Value = Cart> {
    histories(steps).prop_map(|history| {
        let world = HistoryWorld::run(&history, |_| Ok(())).expect("a check that never fails");
        let mut cart = Cart::new(ACCOUNT);
        for delta in world.account_log() {
            // The log is of this very cart.
            let _ = cart.join(delta);
        }
        cart
    })
}
