//! The generator of histories: what shoppers and servers do, and what the network does to it, as
//! plain data, so that a failing history shrinks to a short one.

use proptest::prelude::*;

/// What a shopper or a server does. Numbers pick among what is there when it happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Action {
    Add { line: u8, units: u32 },
    AddToRow { row: u8, units: u32 },
    Set { line: u8, saved: bool, units: u32 },
    SetRow { row: u8, units: u32 },
    Remove { row: u8 },
    Clear { saved: bool },
    Relocate { row: u8 },
    Note { row: u8, text: Option<u8> },
    Coupon { code: u8 },
    DropCoupon { code: u8 },
    Consent { given: bool },
    Order,
    Merge { guest: u8, copy: u8, rule: u8, save_loser: bool, ceiling: bool },
    Absorb { guest: u8, copy: u8 },
    Unmerge { guest: u8 },
    Expire,
}

/// A step of a history. `who` counts through the account's writers and then the guests'.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    Act(u8, Action),
    /// One of the deltas of its cart reaches a replica, whichever and however often.
    Deliver {
        to: u8,
        which: u16,
    },
    /// Two replicas of one cart exchange in full.
    Exchange {
        a: u8,
        b: u8,
    },
}

/// A whole history.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) writers: usize,
    pub(crate) guests: usize,
    pub(crate) skew: Vec<i32>,
    pub(crate) steps: Vec<Step>,
}

fn action() -> impl Strategy<Value = Action> {
    let units = 1_u32..6;
    prop_oneof![
        16 => (0..3_u8, units.clone()).prop_map(|(line, units)| Action::Add { line, units }),
        5 => (any::<u8>(), units.clone()).prop_map(|(row, units)| Action::AddToRow { row, units }),
        2 => (0..3_u8, any::<bool>(), units.clone())
            .prop_map(|(line, saved, units)| Action::Set { line, saved, units }),
        7 => (any::<u8>(), units).prop_map(|(row, units)| Action::SetRow { row, units }),
        3 => any::<u8>().prop_map(|row| Action::Remove { row }),
        1 => any::<bool>().prop_map(|saved| Action::Clear { saved }),
        5 => any::<u8>().prop_map(|row| Action::Relocate { row }),
        2 => (any::<u8>(), prop::option::of(0..3_u8))
            .prop_map(|(row, text)| Action::Note { row, text }),
        1 => (0..2_u8).prop_map(|code| Action::Coupon { code }),
        1 => (0..2_u8).prop_map(|code| Action::DropCoupon { code }),
        1 => any::<bool>().prop_map(|given| Action::Consent { given }),
        2 => Just(Action::Order),
        10 => (0..2_u8, any::<u8>(), 0..10_u8, any::<bool>(), prop::bool::weighted(0.2)).prop_map(
            |(guest, copy, rule, save_loser, ceiling)| Action::Merge {
                guest, copy, rule, save_loser, ceiling
            }
        ),
        2 => (0..2_u8, any::<u8>()).prop_map(|(guest, copy)| Action::Absorb { guest, copy }),
        1 => (0..2_u8).prop_map(|guest| Action::Unmerge { guest }),
        1 => Just(Action::Expire),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        7 => (any::<u8>(), action()).prop_map(|(who, action)| Step::Act(who, action)),
        3 => (any::<u8>(), any::<u16>()).prop_map(|(to, which)| Step::Deliver { to, which }),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(a, b)| Step::Exchange { a, b }),
    ]
}

/// Histories of up to `steps` steps.
pub(crate) fn histories(steps: usize) -> impl Strategy<Value = History> {
    (
        3..=5_usize,
        1..=2_usize,
        prop::collection::vec(-7_200_000..7_200_000_i32, 9),
        prop::option::of((0..10_u8, any::<bool>(), prop::bool::weighted(0.2))),
        prop::collection::vec(step(), 1..steps),
    )
        .prop_map(|(writers, guests, skew, opening, mut steps)| {
            if let Some((rule, save_loser, ceiling)) = opening {
                steps.splice(0..0, open(writers as u8, rule, save_loser, ceiling));
            }
            History { writers, guests, skew, steps }
        })
}

/// Half of the histories begin with a line on both sides of a merge, since chance alone seldom
/// makes one and what follows a merge is the difficult part.
fn open(writers: u8, rule: u8, save_loser: bool, ceiling: bool) -> [Step; 6] {
    let add = |units| Action::Add { line: 0, units };
    let merge = Action::Merge { guest: 0, copy: 0, rule, save_loser, ceiling };
    [
        Step::Act(0, add(2)),
        Step::Act(writers, add(3)),
        Step::Act(writers, Action::Note { row: 0, text: Some(1) }),
        Step::Act(0, merge),
        Step::Exchange { a: 0, b: 0 },
        Step::Exchange { a: 1, b: 1 },
    ]
}

pub(crate) fn name_of(action: Action) -> &'static str {
    match action {
        Action::Add { .. } => "add",
        Action::AddToRow { .. } => "add to a row",
        Action::Set { .. } => "set",
        Action::SetRow { .. } => "set a row",
        Action::Remove { .. } => "remove",
        Action::Clear { .. } => "clear",
        Action::Relocate { .. } => "relocate",
        Action::Note { .. } => "note",
        Action::Coupon { .. } => "coupon",
        Action::DropCoupon { .. } => "drop coupon",
        Action::Consent { .. } => "consent",
        Action::Order => "order",
        Action::Merge { .. } => "merge",
        Action::Absorb { .. } => "absorb",
        Action::Unmerge { .. } => "unmerge",
        Action::Expire => "expire",
    }
}
