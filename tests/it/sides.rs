//! Lines that both an account and a guest have: which side shows where, and what edits of one do to the other.

use holdall::cart::LosingUnits;
use holdall::id::Text;
use holdall::policy::{Choice, MergeInput};
use holdall::view::Side;
use holdall::{CartId, List, Notice, Registry, Replica, RowRef, Rule};

use super::devices::{
    ACCOUNT, GUEST, OTHER, buy, claim, replica, row, rule, saved, shown, tee, tell, units, with,
};

const GUESTS: Side = Side::Guest(GUEST);

fn text(text: &str) -> Option<Text> {
    Some(Text::new(text).expect("a text"))
}

/// Two in the account's cart, three in the guest's, merged by that rule.
fn merged(name: &str) -> Replica {
    let mut laptop = with(ACCOUNT, 1, 2);
    laptop.merge(10, claim(GUEST), rule(name), with(GUEST, 2, 3).cart()).expect("a merge");
    laptop
}

/// The rows of the active list: sides and quantities.
fn rows(replica: &Replica) -> Vec<(Option<Side>, u64)> {
    replica.view().lines.iter().map(|row| (row.side, row.quantity)).collect()
}

fn asks(replica: &Replica) -> bool {
    replica.view().notices.contains(&Notice::Question { line: tee() })
}

#[test]
fn rows_that_were_set_apart_stay_apart() {
    let mut laptop = merged("ask");
    assert!(asks(&laptop));
    laptop.set(20, &row().on(Side::Account), 4, None).expect("a row");
    assert!(!asks(&laptop));
    laptop.set(21, &row().on(GUESTS), 5, None).expect("a row");
    assert_eq!(rows(&laptop), [(Some(Side::Account), 4), (Some(GUESTS), 5)]);
    assert!(!asks(&laptop));
    // Of one row nobody asks, and it is not apart.
    laptop.remove(22, &row().on(Side::Account)).expect("a row");
    assert_eq!(rows(&laptop), [(None, 5)]);
}

/// More of the line as a whole is no answer.
#[test]
fn a_question_stays_until_a_row_is_edited() {
    let mut laptop = merged("ask");
    laptop.add(20, &tee(), units(1), None).expect("an add");
    assert_eq!(rows(&laptop), [(Some(Side::Account), 3), (Some(GUESTS), 3)]);
    assert!(asks(&laptop));
    laptop.add_to(21, &row().on(GUESTS), units(1), None).expect("a row");
    assert_eq!(rows(&laptop), [(Some(Side::Account), 3), (Some(GUESTS), 4)]);
    assert!(!asks(&laptop));
}

/// Who sets the line as a whole has answered; what a guest's device wrote before it heard of that comes on top.
#[test]
fn a_late_guest_comes_on_top_of_an_answer() {
    let (mut laptop, mut guest) = (with(ACCOUNT, 1, 2), with(GUEST, 2, 3));
    laptop.merge(10, claim(GUEST), rule("ask"), guest.cart()).expect("a merge");
    laptop.set(20, &row(), 5, None).expect("a set");
    guest.add(21, &tee(), units(1), None).expect("an add");
    laptop.absorb(guest.cart()).expect("it is merged");
    assert_eq!((rows(&laptop), asks(&laptop)), (vec![(None, 6)], false));
}

/// Of the account's two Sets at once the 5 counts, and not both against the guest's 6.
#[test]
fn what_is_hidden_does_not_count_for_its_side() {
    let (mut laptop, mut tablet) = (replica(ACCOUNT, 1), replica(ACCOUNT, 3));
    laptop.set(1, &row(), 3, None).expect("a set");
    tablet.set(2, &row(), 5, None).expect("a set");
    tell(&tablet, &mut laptop);
    laptop.merge(10, claim(GUEST), rule("max"), with(GUEST, 2, 6).cart()).expect("a merge");
    assert_eq!(rows(&laptop), [(None, 6)]);
}

/// Rows of which each was edited by itself stay apart in their own list only.
#[test]
fn rows_apart_in_one_list_are_one_in_the_other() {
    let mut laptop = merged("ask");
    laptop.set(20, &row().on(Side::Account), 4, None).expect("a row");
    laptop.set(21, &row().on(GUESTS), 5, None).expect("a row");
    laptop.move_to(22, &row().on(GUESTS), List::Saved).expect("a row to save");
    assert_eq!((rows(&laptop), saved(&laptop)), (vec![(None, 4)], 5));
    laptop.move_to(23, &RowRef::saved(tee()), List::Active).expect("a row to move");
    assert_eq!(rows(&laptop), [(Some(Side::Account), 4), (Some(GUESTS), 5)]);
}

#[test]
fn a_merges_ceiling_is_over_lines_that_its_guest_has() {
    let hat = holdall::LineKey::sku("HAT").expect("a line");
    let mut laptop = with(ACCOUNT, 1, 4);
    laptop.add(2, &hat, units(9), None).expect("an add");
    let mut guest = with(GUEST, 2, 4);
    let policy = |most| rule("sum").with_ceiling(units(most));
    laptop.merge(10, claim(GUEST), policy(5), guest.cart()).expect("a merge");
    let both = |laptop: &Replica| (shown(laptop), laptop.view().quantity(&hat));
    assert_eq!(both(&laptop), (5, 9));
    guest.remove(11, &row()).expect("a row");
    laptop.absorb(guest.cart()).expect("it is merged");
    assert_eq!(both(&laptop), (4, 9));
    laptop.merge(12, claim(OTHER), policy(3), with(OTHER, 3, 1).cart()).expect("a merge");
    assert_eq!(both(&laptop), (3, 9));
}

/// Whoever had not seen the merge could not take back what it saved for later.
#[test]
fn a_move_at_once_with_a_merge_leaves_its_loser_saved() {
    let mut laptop = replica(ACCOUNT, 1);
    laptop.set(1, &RowRef::saved(tee()), 2, None).expect("a set");
    let mut tablet = replica(ACCOUNT, 3);
    tell(&laptop, &mut tablet);
    let policy = rule("prefer-guest").with_loser(LosingUnits::SaveForLater);
    laptop.merge(10, claim(GUEST), policy, with(GUEST, 2, 3).cart()).expect("a merge");
    assert_eq!((shown(&laptop), saved(&laptop)), (3, 2));
    tablet.move_to(20, &RowRef::saved(tee()), List::Active).expect("a row to move");
    tell(&tablet, &mut laptop);
    assert_eq!((shown(&laptop), saved(&laptop)), (3, 2));
    laptop.move_to(21, &RowRef::saved(tee()), List::Active).expect("a row to move");
    assert_eq!((shown(&laptop), saved(&laptop)), (5, 0));
}

/// The guest's device orders what the account's Set has in its number, neither knowing of the other.
#[test]
fn a_guests_order_comes_off_the_accounts_set() {
    let mut kiosk = with(GUEST, 2, 3);
    let mut laptop = replica(ACCOUNT, 1);
    laptop.merge(10, claim(GUEST), rule("sum"), kiosk.cart()).expect("a merge");
    laptop.set(11, &row(), 5, None).expect("a set");
    buy(&mut kiosk, 12, "O-1");
    laptop.absorb(kiosk.cart()).expect("it is merged");
    assert_eq!(shown(&laptop), 2);
}

/// The account's Set has the guest's unit in it. A tablet that has that Set and not yet the merge sets the row again:
/// its number has the unit, too, when the guest's own Set comes.
#[test]
fn what_a_set_took_goes_over_to_the_next_wherever_it_is_written() {
    let mut kiosk = with(GUEST, 2, 1);
    let (mut laptop, mut tablet) = (replica(ACCOUNT, 1), replica(ACCOUNT, 3));
    let merge = laptop.merge(10, claim(GUEST), rule("sum"), kiosk.cart()).expect("a merge");
    let set = laptop.set(11, &row(), 2, None).expect("a set");
    let _ = tablet.join(&set).expect("the same cart");
    tablet.set(12, &row(), 5, None).expect("a set");
    kiosk.set(13, &row(), 3, None).expect("a set");
    let _ = tablet.join(&merge).expect("the same cart");
    tablet.absorb(kiosk.cart()).expect("it is merged");
    assert_eq!(shown(&tablet), 7);
}

/// The rule `split-variant` shows a line as two rows where their registers differ. A note on the one row of a
/// line is of both; one that the guest does not have, or one on the account's row alone, is not.
#[test]
fn a_note_is_of_the_row_on_which_it_was_written() {
    let split = |laptop: &Replica| rows(laptop).len() == 2;
    let mut laptop = merged("split-variant");
    laptop.note(20, &row(), text("red")).expect("a note");
    assert!(!split(&laptop));

    let mut laptop = with(ACCOUNT, 1, 2);
    laptop.note(2, &row(), text("blue")).expect("a note");
    let mut guest = with(GUEST, 2, 3);
    guest.note(2, &row(), text("red")).expect("a note");
    laptop.merge(10, claim(GUEST), rule("split-variant"), guest.cart()).expect("a merge");
    assert!(split(&laptop));
    laptop.note(20, &row().on(Side::Account), text("green")).expect("a note");
    let notes = |laptop: &Replica| -> Vec<_> {
        laptop.view().lines.iter().map(|row| row.note.clone()).collect()
    };
    assert_eq!(notes(&laptop), [text("green"), text("red")]);
    laptop.note(21, &row().on(GUESTS), None).expect("it is cleared");
    assert_eq!(notes(&laptop), [text("green"), None]);
    laptop.note(22, &row().on(Side::Account), None).expect("it is cleared");
    assert!(!split(&laptop));

    let mut laptop = with(ACCOUNT, 1, 2);
    laptop.note(2, &row(), text("blue")).expect("a note");
    laptop
        .merge(10, claim(GUEST), rule("split-variant"), with(GUEST, 2, 3).cart())
        .expect("a merge");
    assert!(split(&laptop));
}

/// The cart's own note if there is one, else that of the guest who was merged first.
#[test]
fn a_cart_has_its_own_note_or_else_a_guests() {
    let guest = |cart: CartId, id: u128, note: &str| {
        let mut guest = replica(cart, id);
        guest.cart_note(id as u64, text(note)).expect("a note");
        guest
    };
    let (second, first) = (guest(OTHER, 9, "second"), guest(GUEST, 2, "first"));
    let mut laptop = replica(ACCOUNT, 1);
    laptop.merge(20, claim(OTHER), rule("sum"), second.cart()).expect("a merge");
    assert_eq!(laptop.view().note, text("second"));
    let mut tablet = replica(ACCOUNT, 3);
    tablet.merge(10, claim(GUEST), rule("sum"), first.cart()).expect("a merge");
    tell(&tablet, &mut laptop);
    assert_eq!(laptop.view().note, text("first"));
    tablet.cart_note(11, text("own")).expect("a note");
    tell(&tablet, &mut laptop);
    assert_eq!(laptop.view().note, text("own"));
}

/// A rule that lets both sides count as long as the account's is large. Who takes out the first guest's row makes it small,
/// and asked for nothing but that: what is left of it counts on.
#[test]
fn what_a_rule_would_hide_because_a_row_is_gone_stays() {
    struct Many;
    impl Rule for Many {
        fn name(&self) -> &str {
            "many"
        }

        fn choose(&self, facts: &MergeInput<'_>) -> Choice {
            if facts.account.units >= 5 { Choice::Both } else { Choice::Guest }
        }
    }
    let rules = || Registry::default().with(Many).expect("a free name");
    let mut laptop = with(ACCOUNT, 1, 2).with_rules(rules());
    laptop.merge(10, claim(GUEST), rule("ask"), with(GUEST, 2, 3).cart()).expect("a merge");
    laptop.merge(11, claim(OTHER), rule("many"), with(OTHER, 3, 4).cart()).expect("a merge");
    assert_eq!(rows(&laptop), [(Some(Side::Account), 6), (Some(GUESTS), 3)]);
    laptop.remove(20, &row().on(GUESTS)).expect("a row");
    assert_eq!(rows(&laptop), [(None, 6)]);
    let mut tablet = replica(ACCOUNT, 4).with_rules(rules());
    tell(&laptop, &mut tablet);
    assert_eq!(tablet.view(), laptop.view());
}
