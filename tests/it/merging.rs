//! What merges take in, and what they refuse.
//!
//! Most of these are here because the library was broken on purpose (`checks/sabotage`) and every other
//! test passed, or could have.

use holdall::cart::{Body, GuestMerge, LosingUnits, Override, SkuPattern};
use holdall::dots::Dots;
use holdall::id::Text;
use holdall::policy::{Choice, MergeInput};
use holdall::view::Side;
use holdall::{Claim, Delta, Dot, LineKey, Notice, Registry, Replica, ReplicaId, Rule, Time, wire};

use super::devices::{
    ACCOUNT, GUEST, OTHER, buy, carried, claim, forged, join, replica, row, rule, saved, shown,
    tee, tell, units, with,
};

/// The account sets 2 having seen the guest's 1, then 4; the unaware guest's set 3 comes late.
#[test]
fn a_set_keeps_what_those_before_it_took() {
    let mut guest = with(GUEST, 2, 1);
    let mut laptop = replica(ACCOUNT, 1);
    laptop.merge(2, claim(GUEST), rule("sum"), guest.cart()).expect("a merge");
    laptop.set(3, &row(), 2, None).expect("a set");
    laptop.set(4, &row(), 4, None).expect("a set");
    guest.set(5, &row(), 3, None).expect("a set");
    laptop.absorb(guest.cart()).expect("it is merged");
    assert_eq!(shown(&laptop), 6);
}

#[test]
fn a_guests_consent_is_not_imported_and_its_revocation_is() {
    for given in [true, false] {
        let mut guest = with(GUEST, 2, 1);
        guest.consent(2, given).expect("consent");
        let mut laptop = replica(ACCOUNT, 1);
        if !given {
            laptop.consent(1, true).expect("consent");
        }
        laptop.merge(3, claim(GUEST), rule("sum"), guest.cart()).expect("a merge");
        assert!(!laptop.view().consent);
    }
}

#[test]
fn a_merge_needs_a_claim_of_this_account_and_a_guest_without_guests() {
    let guest = with(GUEST, 2, 3);
    let mut laptop = replica(ACCOUNT, 1);
    assert_eq!(laptop.absorb(guest.cart()).expect_err("not merged").kind(), "invalid");
    let foreign = Claim { account: OTHER, ..claim(GUEST) };
    let refused = laptop.merge(2, foreign, rule("sum"), guest.cart()).expect_err("not ours");
    assert_eq!(refused.kind(), "invalid");
    laptop.merge(2, claim(GUEST), rule("sum"), guest.cart()).expect("a merge");
    let mut other = replica(OTHER, 3);
    let nested = Claim { guest: ACCOUNT, account: OTHER, number: 1 };
    let refused = other.merge(3, nested, rule("sum"), laptop.cart()).expect_err("has a guest");
    assert_eq!(refused.kind(), "invalid");
    assert_eq!((shown(&laptop), shown(&other)), (3, 0));
}

/// Somebody writes a Merge under a dot that is not its claim's, or one of that guest with another account.
#[test]
fn a_merge_under_another_dot_or_of_another_account_is_none() {
    let guest = with(GUEST, 2, 3);
    let other = Claim { account: OTHER, ..claim(GUEST) };
    for (account, dot) in [(ACCOUNT, Dot::new(ReplicaId::from_u128(66), 1)), (OTHER, other.dot())] {
        let mut laptop = replica(ACCOUNT, 1);
        let body =
            Body::Merge(GuestMerge { guest: GUEST, account, claim: 1, policy: rule("sum") }.into());
        join(&mut laptop, &forged(dot, 9, None, body));
        assert!(laptop.absorb(guest.cart()).is_err(), "{account}");
    }
}

/// Sum first, then max: 2 and 3 are 5, and 4 is less. In the order of the guests' ids it were 7.
#[test]
fn merges_are_read_in_the_order_of_time() {
    let (first, second) = (with(GUEST, 2, 3), with(OTHER, 3, 4));
    let mut laptop = with(ACCOUNT, 1, 2);
    laptop.merge(10, claim(GUEST), rule("sum"), first.cart()).expect("a merge");
    laptop.merge(20, claim(OTHER), rule("max"), second.cart()).expect("a merge");
    assert_eq!(shown(&laptop), 5);
}

#[test]
fn a_merge_that_is_taken_back_lets_nothing_late_in() {
    let mut guest = with(GUEST, 2, 3);
    let mut laptop = with(ACCOUNT, 1, 2);
    laptop.merge(10, claim(GUEST), rule("sum"), guest.cart()).expect("a merge");
    let late = guest.add(11, &tee(), units(1), None).expect("an add");
    laptop.unmerge(12, GUEST).expect("it is merged");
    join(&mut laptop, &carried(late.live()));
    assert_eq!(shown(&laptop), 2);
}

#[test]
fn what_died_in_the_guest_cart_dies_in_the_accounts() {
    let mut guest = with(GUEST, 2, 3);
    let mut laptop = replica(ACCOUNT, 1);
    laptop.merge(10, claim(GUEST), rule("sum"), guest.cart()).expect("a merge");
    guest.remove(11, &row()).expect("a remove");
    laptop.absorb(guest.cart()).expect("it is merged");
    assert_eq!(shown(&laptop), 0);
}

#[test]
fn who_loses_under_save_for_later_is_saved() {
    let guest = with(GUEST, 2, 3);
    let mut laptop = with(ACCOUNT, 1, 2);
    let policy = rule("max").with_loser(LosingUnits::SaveForLater);
    laptop.merge(10, claim(GUEST), policy, guest.cart()).expect("a merge");
    assert_eq!((shown(&laptop), saved(&laptop)), (3, 2));
}

#[test]
fn a_rule_that_is_not_here_shows_both_apart() {
    let guest = with(GUEST, 2, 3);
    let mut laptop = with(ACCOUNT, 1, 2);
    laptop.merge(10, claim(GUEST), rule("nobody-has-it"), guest.cart()).expect("a merge");
    let view = laptop.view();
    assert_eq!(view.lines.len(), 2);
    assert!(view.notices.iter().any(|n| matches!(n, Notice::PolicyUnavailable { .. })));
    assert_eq!(laptop.snapshot().expect_err("nobody can say how many").kind(), "unreadable");
}

#[test]
fn an_edit_of_the_guests_row_stays_on_it() {
    let mut guest = with(GUEST, 2, 3);
    guest.note(2, &row(), Some(Text::new("red").expect("a text"))).expect("a note");
    let mut laptop = with(ACCOUNT, 1, 2);
    laptop.merge(10, claim(GUEST), rule("split-variant"), guest.cart()).expect("a merge");
    let side = Side::Guest(GUEST);
    laptop.add_to(11, &row().on(side), units(1), None).expect("an add");
    let rows: Vec<_> = laptop.view().lines.iter().map(|r| (r.side, r.quantity)).collect();
    assert_eq!(rows, [(Some(Side::Account), 2), (Some(side), 4)]);
}

/// Who absorbs a guest's order had taken out the same units before. A third replica that does not know of that yet
/// is told of both at once, the order and what it bought.
#[test]
fn what_a_guests_order_took_goes_with_the_order() {
    let mut guest = with(GUEST, 2, 3);
    let mut account = replica(ACCOUNT, 1);
    account.merge(5, claim(GUEST), rule("sum"), guest.cart()).expect("a merge");
    let mut third = replica(ACCOUNT, 3);
    tell(&account, &mut third);
    account.remove(10, &row()).expect("a remove");
    buy(&mut guest, 11, "O-1");
    let order = account.absorb(guest.cart()).expect("a guest that is merged");
    join(&mut third, &order);
    assert_eq!((third.view().orders.len(), shown(&third)), (1, 0));
}

/// A guest's Set replaces an Add, and both are known to the replica that absorbs what the guest wrote
/// after the Set. A third replica, which knows only the Add, learns of its death together with the Set.
#[test]
fn an_absorption_tells_of_no_death_without_its_cause() {
    let mut guest = with(GUEST, 2, 3);
    let mut account = replica(ACCOUNT, 1);
    account.merge(5, claim(GUEST), rule("sum"), guest.cart()).expect("a merge");
    let mut third = replica(ACCOUNT, 3);
    tell(&account, &mut third);
    guest.set(10, &row(), 2, None).expect("a set");
    account.absorb(guest.cart()).expect("a guest that is merged");
    guest.add(11, &tee(), units(1), None).expect("an add");
    let late = account.absorb(guest.cart()).expect("a guest that is merged");
    join(&mut third, &late);
    assert_eq!((shown(&account), shown(&third)), (3, 3));
}

/// The pattern of an override: a star is any run of characters, none too.
#[test]
fn a_pattern_matches_the_whole_of_a_sku() {
    for (pattern, sku, matches) in [
        ("GIFT-*", "GIFT-", true),
        ("GIFT-*", "GIFT-1", true),
        ("GIFT-*", "A-GIFT-1", false),
        ("*", "A", true),
        ("**", "A", true),
        ("*-X", "A-B-X", true),
        ("*-X", "A-X-B", false),
        ("A*C*E", "ABCDE", true),
        ("A*C*E", "ACCCDEE", true),
        ("A*C*E", "AE", false),
        ("A*C", "ABCD", false),
        ("A**", "A", true),
        ("A*B", "A", false),
        ("AB", "A", false),
        ("A", "AB", false),
        ("AB", "AB", true),
        ("AB", "AC", false),
        ("*ABAC", "ABABAC", true),
        ("A*AB*C", "AXABXABYC", true),
    ] {
        let line = LineKey::sku(sku).expect("a line");
        let pattern = SkuPattern::new(pattern).expect("a pattern");
        assert_eq!(pattern.matches(&line), matches, "{} {sku}", pattern.as_str());
    }
}

/// Operators read them in logs.
#[test]
fn policies_and_rules_are_told_by_name() {
    let policy = || rule("max");
    let other = Override {
        lines: SkuPattern::new("GIFT-*").expect("a pattern"),
        rule: None,
        ceiling: None,
        loser: None,
    };
    let with = policy().with(other).expect("one override");
    assert_eq!([policy().to_string(), with.to_string()], ["max", "max with overrides"]);
    assert_eq!(policy().rule.to_string(), "max v1");
    struct Own;
    impl Rule for Own {
        fn name(&self) -> &str {
            "own"
        }

        fn choose(&self, _: &MergeInput<'_>) -> Choice {
            Choice::Both
        }
    }
    let rules = Registry::default().with(Own).expect("a free name");
    assert!(format!("{rules:?}").contains("own"), "{rules:?}");
}

/// Nobody is told again what everybody knows.
#[test]
fn an_absorption_brings_what_is_new() {
    let hat = LineKey::sku("HAT").expect("a line");
    let mut guest = with(GUEST, 2, 3);
    guest.add(2, &hat, units(1), None).expect("an add");
    let mut laptop = replica(ACCOUNT, 1);
    laptop.merge(10, claim(GUEST), rule("sum"), guest.cart()).expect("a merge");
    let removal = guest.remove(11, &row()).expect("a row");
    let told = laptop.absorb(guest.cart()).expect("it is merged");
    assert_eq!((told.live().len(), told.dead()), (0, removal.dead()));
    assert!(laptop.absorb(guest.cart()).expect("it is merged").is_empty());
}

/// Of a line that is one, and of guests who have no row there, nobody edits a side.
#[test]
fn a_side_that_is_no_row_takes_nothing() {
    let mut laptop = with(ACCOUNT, 1, 2);
    let refused = |laptop: &mut Replica, side| {
        let before = laptop.cart().clone();
        assert!(laptop.set(20, &row().on(side), 5, None).is_err(), "{side:?}");
        assert_eq!(*laptop.cart(), before);
    };
    refused(&mut laptop, Side::Account);
    refused(&mut laptop, Side::Guest(GUEST));
    let guest = with(GUEST, 2, 3);
    laptop.merge(10, claim(GUEST), rule("ask"), guest.cart()).expect("a merge");
    refused(&mut laptop, Side::Guest(OTHER));
    laptop.set(21, &row().on(Side::Guest(GUEST)), 5, None).expect("a row");
    assert_eq!(shown(&laptop), 7);
}

/// The name of a merge follows from its claim, so a guest's device that lies can have used it: for something that is
/// dead, or for something else. Then there is no merge, and whoever gets the delta has what its author has.
#[test]
fn a_merge_whose_name_the_guest_has_used_is_none() {
    let dot = claim(GUEST).dot();
    let none = Dots::default;
    let gone = Delta::new(GUEST, [], [dot].into_iter().collect(), none()).expect("a delta");
    let mut add = with(GUEST, 2, 5).cart().live().values().next().expect("an entry");
    add.time = Time::from_ms(9);
    let other = Delta::new(GUEST, [(dot, add)], none(), none()).expect("a delta");
    for lie in [gone, other] {
        let (mut guest, mut laptop) = (with(GUEST, 2, 3), with(ACCOUNT, 1, 1));
        join(&mut guest, &lie);
        let delta = laptop.merge(3, claim(GUEST), rule("sum"), guest.cart()).expect("a delta");
        assert_eq!(wire::decode_delta(&wire::encode_delta(&delta)).as_ref(), Ok(&delta));
        let merges = |replica: &Replica| {
            replica.cart().live().values().filter(|e| matches!(e.body, Body::Merge(_))).count()
        };
        assert_eq!((merges(&laptop), shown(&laptop)), (0, 1));
        let mut tablet = with(ACCOUNT, 1, 1);
        join(&mut tablet, &delta);
        assert_eq!(tablet.cart(), laptop.cart());
    }
}

/// A guest that was merged, taken back and is merged again has nothing to say that is not known.
#[test]
fn a_merge_says_nothing_of_a_guest_of_whom_all_is_known() {
    let mut guest = with(GUEST, 2, 3);
    guest.add(2, &LineKey::sku("MUG").expect("a SKU"), units(1), None).expect("an add");
    guest.remove(3, &row()).expect("a removal");
    let mut laptop = replica(ACCOUNT, 1);
    laptop.merge(4, claim(GUEST), rule("sum"), guest.cart()).expect("a merge");
    laptop.unmerge(5, GUEST).expect("it was merged");
    let again = Claim { number: claim(GUEST).number + 1, ..claim(GUEST) };
    let delta = laptop.merge(6, again, rule("sum"), guest.cart()).expect("a merge");
    assert_eq!(delta.dots(), [again.dot()].into_iter().collect());
    assert!(matches!(delta.live().get(&again.dot()).expect("it").body, Body::Merge(_)));
}

/// A death may be new though every name is known: it is said, with the merge.
#[test]
fn a_merge_says_what_died_though_every_name_is_known() {
    let mut guest = with(GUEST, 2, 3);
    let (mut laptop, mut tablet) = (replica(ACCOUNT, 1), replica(ACCOUNT, 3));
    let first = laptop.merge(2, claim(GUEST), rule("sum"), guest.cart()).expect("a merge");
    join(&mut tablet, &first);
    let dots = guest.cart().live_dots();
    let gone = Delta::new(GUEST, [], dots.clone(), Dots::default()).expect("a delta");
    join(&mut guest, &gone);
    let again = Claim { number: claim(GUEST).number + 1, ..claim(GUEST) };
    let delta = laptop.merge(3, again, rule("sum"), guest.cart()).expect("a merge");
    assert_eq!((delta.dead(), delta.live().len(), shown(&laptop)), (&dots, 1, 0));
    join(&mut tablet, &delta);
    assert_eq!(tablet.cart(), laptop.cart());
}
