//! What an action does for its author: exactly what was asked, and nothing elsewhere
//! (y-octo 53: each action asserts its own exact effect). And what the view owes a shopper.

use std::collections::BTreeMap;

use holdall::Action;
use holdall_testkit::history::{HistoryAction, HistoryWorld, RULES, name_of};
use holdall_testkit::laws;
use holdall_testkit::strategies::histories;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::cases::cases;

proptest! {
    #![proptest_config(cases(200))]

    /// After every action: local effect is exact, every other row is as it was. A merge that is
    /// taken back at once was never there, for the shopper.
    #[test]
    fn an_action_does_exactly_what_its_author_asked(history in histories(90)) {
        laws::local_effect(&history)?;
    }

    /// What an author saw is what a reader of the same bytes sees: a view depends on the state
    /// alone, not on the way it was reached.
    #[test]
    fn the_view_is_a_function_of_the_state(history in histories(90)) {
        laws::view_is_of_state(&history)?;
    }

    /// Explanations add up everywhere, not only where somebody just acted.
    #[test]
    fn explanations_add_up_after_every_delivery(history in histories(90)) {
        laws::explanation_adds_up(&history)?;
    }

    /// Every author sees at every moment, and everybody in the end, what the obvious model makes of the actions.
    #[test]
    fn what_is_seen_is_what_the_model_says(history in histories(90)) {
        laws::as_the_model(&history)?;
    }

    /// Moves that place nothing any more say nothing.
    #[test]
    fn a_sweep_is_not_seen(history in histories(90)) {
        laws::sweep_is_unseen(&history)?;
    }
}

/// A law that is never put to the test holds for nothing (loro 354, 953): every kind of action,
/// every merge rule and every mishap of the network occurs in the histories, and often.
#[test]
fn the_histories_cover_what_can_happen() {
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut shown: BTreeMap<&'static str, usize> = BTreeMap::new();
    for _ in 0..250 {
        let history = histories(90).new_tree(&mut runner).expect("a history").current();
        let world = HistoryWorld::run(&history, |acted| {
            let view = acted.node.replica.view();
            let mut note = |what: &'static str, there: bool| {
                *shown.entry(what).or_default() += usize::from(there);
            };
            note("split row", view.rows().any(|row| row.side.is_some()));
            note("saved row", !view.saved.is_empty());
            note("question", view.rows().any(|row| row.question));
            note("over a ceiling", view.rows().any(|row| row.asked > row.quantity));
            let explained = acted.node.replica.explain();
            note("hidden", explained.iter().any(|line| !line.hidden.is_empty()));
            note("order", !view.orders.is_empty());
            note("price", view.rows().any(|row| row.seen_price.is_some()));
            note("gift", view.rows().any(|row| row.gift.is_some()));
            note("attribute", view.rows().any(|row| !row.attributes.is_empty()));
            note("note of the cart", view.note.is_some());
            note("shipping", view.shipping.is_some());
            Ok(())
        });
        let world = world.expect("a check that never fails");
        for (what, often) in world.seen {
            *seen.entry(what).or_default() += often;
        }
    }
    let shopping = Action::NAMES.iter().map(|&name| name.to_owned());
    let shopping = shopping.chain(["add on a row", "set on a row"].map(str::to_owned));
    let others = [
        HistoryAction::Order,
        HistoryAction::Merge { guest: 0, copy: 0, rule: 0, save_loser: false, ceiling: false },
        HistoryAction::Absorb { guest: 0, copy: 0 },
        HistoryAction::Unmerge { guest: 0 },
        HistoryAction::Expire,
    ];
    let rules = RULES.iter().map(|rule| format!("rule {rule}"));
    let network = ["delivered", "duplicate", "gap", "waited", "released", "exchanged"];
    let more = ["two copies of one merge", "set on a row on one side", "add on a row on one side"];
    let wanted = shopping.chain(others.map(name_of)).chain(rules);
    for what in wanted.chain(network.iter().chain(&more).map(|&what| what.to_owned())) {
        let often = seen.get(&what).copied().unwrap_or_default();
        assert!(often >= 10, "{what} happened {often} times only: {seen:#?}");
    }
    for (what, often) in &shown {
        assert!(*often >= 10, "{what} was seen {often} times only: {shown:#?}");
    }
}
