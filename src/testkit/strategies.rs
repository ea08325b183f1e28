//! Strategies for proptest. What they make shrinks to few actions first, then to little knowledge
//! (few exchanges), then to quantities of 1, then to right clocks.

use proptest::prelude::*;

use super::simpler::Simplified;
use super::tale::{Deed, Device, LINES, TEXTS, Tale, Tap};
use crate::limits;

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

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        12 => (line(), units()).prop_map(|(line, units)| Deed::Add { line, units }),
        2 => (line(), units()).prop_map(|(line, units)| Deed::Set { line, units }),
        1 => line().prop_map(|line| Deed::Remove { line }),
        1 => line().prop_map(|line| Deed::Save { line }),
        2 => (line(), text()).prop_map(|(line, text)| Deed::Note { line, text }),
        1 => (line(), text()).prop_map(|(line, text)| Deed::Engrave { line, text }),
    ]
}

fn before() -> impl Strategy<Value = Tap> {
    let device = prop_oneof![
        4 => Just(Device::Laptop),
        1 => Just(Device::Tablet),
        4 => Just(Device::Phone),
        1 => Just(Device::Kiosk),
        2 => Just(Device::Watch),
    ];
    let deed = prop_oneof![12 => deed(), 1 => Just(Deed::Meet)];
    (device, deed).prop_map(|(device, deed)| Tap::new(device, deed))
}

fn late() -> impl Strategy<Value = Tap> {
    let device = prop_oneof![1 => Just(Device::Tablet), 3 => Just(Device::Kiosk)];
    (device, deed()).prop_map(|(device, deed)| Tap::new(device, deed))
}

fn after() -> impl Strategy<Value = Tap> {
    let device = prop_oneof![3 => Just(Device::Laptop), 1 => Just(Device::Tablet)];
    let deed = prop_oneof![
        16 => deed(),
        2 => (line(), units()).prop_map(|(line, units)| Deed::Set { line, units }),
        2 => line().prop_map(|line| Deed::Back { line }),
        1 => Just(Deed::Order),
    ];
    (device, deed, any::<bool>()).prop_map(|(device, deed, guests_row)| Tap {
        device,
        deed,
        guests_row,
    })
}

fn skew() -> impl Strategy<Value = i32> {
    prop_oneof![6 => Just(0), 3 => -4..4_i32, 2 => -7_200_000..7_200_000_i32]
}

/// Tales of a merge: for laws of merge rules.
///
/// ```
/// use holdall::testkit::{Law, Subject, strategies::tales};
/// use holdall::{Choice, Facts, Rule};
/// use proptest::test_runner::{Config, TestRunner};
///
/// struct Both;
/// impl Rule for Both {
///     fn name(&self) -> &str { "both" }
///     fn choose(&self, _: &Facts<'_>) -> Choice { Choice::Both }
/// }
/// let rule = Subject::new(Both)?;
/// let mut runner = TestRunner::new(Config { failure_persistence: None, cases: 8, ..Config::default() });
/// runner.run(&tales(), |tale| {
///     rule.check(Law::Unmerge, &tale).map_err(Into::into)
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn tales() -> impl Strategy<Value = Tale> {
    let taps = (
        prop::collection::vec(before(), 0..9),
        prop::collection::vec(late(), 0..4),
        prop::collection::vec(after(), 0..4),
    );
    // Chance alone seldom puts one line on both sides, and that is what rules are about.
    let meeting = prop::option::weighted(0.8, (line(), units(), units()));
    let tale = (
        taps,
        meeting,
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.2),
        prop::array::uniform5(skew()),
    );
    Simplified(tale.prop_map(
        |((before, late, after), meeting, second_guest, save_loser, skew_ms)| {
            let mut tale = Tale { before, late, after, second_guest, save_loser, skew_ms };
            if let Some((line, ours, theirs)) = meeting {
                let add = |device, units| Tap::new(device, Deed::Add { line, units });
                let both = [add(Device::Laptop, ours), add(Device::Phone, theirs)];
                tale.before.splice(0..0, both);
            }
            tale
        },
    ))
}
