//! What an action does for its author: exactly what was asked, and nothing elsewhere
//! (y-octo 53: each action asserts its own exact effect). And what the view owes a shopper.

use std::collections::BTreeMap;

use holdall::{
    Cart, LineKey, List, Look, Registry, Replica, ReplicaId, Row, RowRef, Side, View, wire,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::histories::{Action, histories, name_of};
use super::laws::cases;
use super::world::{ACCOUNT, Acted, RULES, World, policy};

type Totals = BTreeMap<(LineKey, List), u64>;

/// Units by line and list, before any ceiling.
fn totals(view: &View) -> Totals {
    let mut totals = Totals::new();
    for row in view.rows() {
        *totals.entry((row.line.clone(), row.list)).or_default() += row.asked;
    }
    totals
}

/// Each row with its side, before any ceiling.
fn rows(view: &View) -> BTreeMap<(LineKey, List, Option<Side>), u64> {
    view.rows().map(|row| ((row.line.clone(), row.list, row.side), row.asked)).collect()
}

fn asked(view: &View, row: &RowRef) -> u64 {
    let same = |other: &&Row| {
        other.line == row.line
            && other.list == row.list
            && (row.side.is_none() || other.side == row.side)
    };
    view.rows().filter(same).map(|row| row.asked).sum()
}

/// Holds an action to what it promises its author.
fn check(acted: &Acted<'_>) {
    let after = acted.node.replica.view();
    let (before, action) = (acted.before, acted.action);
    let mut want = totals(before);
    let here = acted.row.as_ref().map(|row| (row.line.clone(), row.list));
    match (action, &acted.row, here) {
        (Action::Add { units, .. } | Action::AddToRow { units, .. }, _, Some(here)) => {
            *want.entry(here).or_default() += u64::from(units);
        }
        (Action::Set { units, .. } | Action::SetRow { units, .. }, Some(row), Some(here)) => {
            let was = want.entry(here).or_default();
            *was = *was - asked(before, row) + u64::from(units);
        }
        (Action::Remove { .. }, Some(row), Some(here)) => {
            *want.entry(here).or_default() -= asked(before, row);
        }
        (Action::Relocate { .. }, Some(row), Some((line, list))) => {
            *want.entry((line.clone(), list)).or_default() -= asked(before, row);
            *want.entry((line, list.other())).or_default() += asked(before, row);
        }
        (Action::Clear { saved }, ..) => {
            let gone = if saved { List::Saved } else { List::Active };
            want.retain(|(_, list), _| *list != gone);
        }
        (Action::Order, ..) => want.retain(|(_, list), _| *list != List::Active),
        (Action::Expire, ..) => want.clear(),
        (Action::Merge { .. } | Action::Absorb { .. } | Action::Unmerge { .. }, ..) => {
            want = totals(&after);
        }
        _ => {}
    }
    want.retain(|_, units| *units > 0);
    assert_eq!(totals(&after), want, "{action:?} on {:?}: before {before:#?}", acted.row);
    if let Some(row) = &acted.row {
        let others = |view: &View| {
            let mut rows = rows(view);
            rows.retain(|(line, ..), _| *line != row.line);
            rows
        };
        assert_eq!(others(&after), others(before), "{action:?} changed another line");
    }
    let none = &acted.row;
    match action {
        Action::Note { text, .. } => {
            let row = none.as_ref().expect("a note is on a row");
            let want = text.map(|at| format!("note {at}"));
            let mut same = after.rows().filter(|r| r.line == row.line && r.list == row.list);
            let found = same.any(|row| row.note.as_ref().map(|n| n.as_str()) == want.as_deref());
            assert!(found, "{action:?}: {after:#?}");
        }
        Action::Coupon { code } | Action::DropCoupon { code } => {
            let code = ["SPRING", "TEN"][usize::from(code)];
            let there = after.coupons.iter().any(|c| c.as_str() == code);
            assert_eq!(there, matches!(action, Action::Coupon { .. }));
        }
        Action::Consent { given } => assert_eq!(after.consent, given),
        Action::Merge { rule, save_loser, ceiling, .. } => {
            merging_again_changes_nothing(acted, rule, save_loser, ceiling);
        }
        _ => {}
    }
    explanations_add_up(&acted.node.replica);
}

/// A twin of the author as it was before: it may try what the author did.
fn twin(cart: &Cart) -> Replica {
    Replica::resume(ReplicaId::from_u128(9_000), cart.latest(), cart.clone())
}

fn merging_again_changes_nothing(acted: &Acted<'_>, rule: u8, save_loser: bool, ceiling: bool) {
    let (guest, claim) = acted.guest.expect("a merge has a guest");
    let policy = || policy(rule, save_loser, ceiling);
    let mut twin = twin(acted.node.replica.cart());
    let known = twin.cart().clone();
    let again = twin.merge(u64::MAX >> 20, claim, policy(), guest).expect("merging again");
    assert!(again.is_empty(), "a repeated merge says {again:?}");
    assert_eq!(*twin.cart(), known);
    assert_eq!(twin.view(), acted.node.replica.view());
}

/// Taking a merge back at once gives the account's own view, whole: rows, notes, coupons, orders.
fn unmerge_gives_the_own_view_back(acted: &Acted<'_>) {
    let Some((guest, claim)) = acted.guest else { return };
    let Action::Merge { rule, save_loser, ceiling, .. } = acted.action else { return };
    let rules = Registry::default();
    let merged = Look::at(acted.cart, &rules).claim(guest.id()).is_some();
    if merged || acted.cart.context().contains(claim.dot()) {
        return;
    }
    let mut twin = twin(acted.cart);
    let own = twin.view();
    let policy = policy(rule, save_loser, ceiling);
    let _ = twin.merge(2_000_000_000, claim, policy, guest).expect("a merge");
    let _ = twin.unmerge(2_000_000_001, guest.id()).expect("an unmerge");
    assert_eq!(twin.view(), own, "merge and unmerge of {guest:?}");
}

/// The reasons add up to the number shown, and the rows explained are the rows seen.
fn explanations_add_up(replica: &Replica) {
    let view = replica.view();
    let mut explained: Vec<Row> = Vec::new();
    for line in replica.explain() {
        for row in &line.rows {
            let sum: u64 = row.parts.iter().map(|part| u64::from(part.counts)).sum();
            assert_eq!(sum - row.over_ceiling, row.quantity, "{row:#?}");
            assert!(row.parts.iter().all(|part| part.counts > 0), "{row:#?}");
            assert_eq!(row.row.quantity, row.quantity);
            explained.push(row.row.clone());
        }
        for part in &line.hidden {
            assert_eq!(part.counts, 0, "hidden, and yet it counts: {part:?}");
            assert!(!part.reasons.is_empty(), "hidden for no reason: {part:?} of {line:#?}");
        }
    }
    let mut seen: Vec<Row> = view.rows().cloned().collect();
    let key = |row: &Row| (row.line.clone(), row.list, row.side);
    seen.sort_by_key(key);
    explained.sort_by_key(key);
    assert_eq!(seen, explained);
}

proptest! {
    #![proptest_config(cases(200))]

    /// After every action: local effect is exact, every other row is as it was.
    #[test]
    fn an_action_does_exactly_what_its_author_asked(history in histories(90)) {
        World::run(&history, |acted| check(&acted));
    }

    /// A merge that is taken back at once was never there, for the shopper.
    #[test]
    fn unmerge_directly_after_a_merge(history in histories(90)) {
        World::run(&history, |acted| unmerge_gives_the_own_view_back(&acted));
    }

    /// What an author saw is what a reader of the same bytes sees: a view depends on the state
    /// alone, not on the way it was reached.
    #[test]
    fn the_view_is_a_function_of_the_state(history in histories(90)) {
        World::run(&history, |acted| {
            let replica = &acted.node.replica;
            let bytes = wire::encode_cart(replica.cart());
            let cart = wire::decode_cart(&bytes).expect("what was written can be read");
            let other = twin(&cart);
            assert_eq!(other.view(), replica.view());
            assert_eq!(other.explain(), replica.explain());
        });
    }

    /// Explanations add up everywhere, not only where somebody just acted.
    #[test]
    fn explanations_add_up_after_every_delivery(history in histories(90)) {
        let world = World::run(&history, |_| {});
        let mut cart = Cart::new(ACCOUNT);
        for delta in world.account_log().iter().rev() {
            let _ = cart.join(delta).expect("the same cart");
            explanations_add_up(&twin(&cart));
        }
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
        let world = World::run(&history, |acted| {
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
        });
        for (what, often) in world.seen {
            *seen.entry(what).or_default() += often;
        }
    }
    let actions = [
        Action::Add { line: 0, units: 1 },
        Action::AddToRow { row: 0, units: 1 },
        Action::Set { line: 0, saved: false, units: 1 },
        Action::SetRow { row: 0, units: 1 },
        Action::Remove { row: 0 },
        Action::Clear { saved: false },
        Action::Relocate { row: 0 },
        Action::Note { row: 0, text: None },
        Action::Coupon { code: 0 },
        Action::DropCoupon { code: 0 },
        Action::Consent { given: true },
        Action::Order,
        Action::Merge { guest: 0, copy: 0, rule: 0, save_loser: false, ceiling: false },
        Action::Absorb { guest: 0, copy: 0 },
        Action::Unmerge { guest: 0 },
        Action::Expire,
    ];
    let rules = RULES.iter().map(|rule| format!("rule {rule}"));
    let network = ["delivered", "duplicate", "gap", "waited", "released", "exchanged"];
    let more = ["two copies of one merge", "set a row on one side", "add to a row on one side"];
    let wanted = actions.iter().map(|action| name_of(*action).to_owned()).chain(rules);
    for what in wanted.chain(network.iter().chain(&more).map(|&what| what.to_owned())) {
        let often = seen.get(&what).copied().unwrap_or_default();
        assert!(often >= 10, "{what} happened {often} times only: {seen:#?}");
    }
    for (what, often) in &shown {
        assert!(*often >= 10, "{what} was seen {often} times only: {shown:#?}");
    }
}
