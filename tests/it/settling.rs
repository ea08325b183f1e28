//! What goes with an action and what does not: entries that say nothing any more, and those of others.

use holdall::cart::Body;
use holdall::{LineKey, List, Observer, OrderId, Registry, Replica, RowRef, RuleName, ViewOptions};

use super::devices::{
    ACCOUNT, GUEST, OTHER, buy, carried, claim, join, replica, row, rule, saved, shown, tee, tell,
    units, with,
};

/// How many entries are live.
fn live(replica: &Replica) -> usize {
    replica.cart().live().len()
}

/// A row that goes back and forth has one Move, and none when it is gone.
#[test]
fn a_move_goes_with_the_next_and_with_its_row() {
    let mut phone = with(ACCOUNT, 1, 2);
    phone.move_to(2, &row(), List::Saved).expect("a row to save");
    phone.move_to(3, &RowRef::saved(tee()), List::Active).expect("a row to move");
    phone.move_to(4, &row(), List::Saved).expect("a row to save");
    assert_eq!(live(&phone), 2);
    phone.remove(5, &RowRef::saved(tee())).expect("a row");
    assert_eq!(live(&phone), 0);
}

/// One Move placed two rows' units; it stays while it places any.
#[test]
fn a_move_stays_while_it_places_something() {
    let mut phone = with(ACCOUNT, 1, 2);
    let mut laptop = replica(ACCOUNT, 2);
    tell(&phone, &mut laptop);
    phone.add(2, &tee(), units(3), None).expect("an add");
    phone.move_to(3, &row(), List::Saved).expect("a row to save");
    laptop.remove(4, &row()).expect("a row");
    tell(&laptop, &mut phone);
    assert_eq!((saved(&phone), live(&phone)), (3, 2));
}

/// A removal that comes late leaves a Move behind that places nothing: it is named as spent, and no other is.
#[test]
fn a_move_of_what_is_gone_is_spent() {
    let mut phone = with(ACCOUNT, 1, 2);
    let mut laptop = replica(ACCOUNT, 2);
    tell(&phone, &mut laptop);
    phone.move_to(2, &row(), List::Saved).expect("a row to save");
    let rules = Registry::default();
    let spent = |replica: &Replica| Observer::at(replica.cart(), &rules).spent(&tee());
    assert_eq!(spent(&phone), []);
    laptop.remove(3, &row()).expect("a row");
    tell(&laptop, &mut phone);
    let left: Vec<_> = phone.cart().live().keys().collect();
    assert_eq!((spent(&phone), left.len()), (left, 1));
}

#[test]
fn the_word_of_yesterday_goes_with_that_of_today() {
    let mut phone = replica(ACCOUNT, 1);
    for (now, given) in [(1, true), (2, false), (3, true)] {
        phone.consent(now, given).expect("consent");
    }
    assert_eq!((live(&phone), phone.view().consent), (1, true));
}

#[test]
fn what_a_guest_wrote_goes_when_the_merge_is_taken_back() {
    let mut laptop = with(ACCOUNT, 1, 2);
    let guest = with(GUEST, 2, 3);
    laptop.merge(2, claim(GUEST), rule("sum"), guest.cart()).expect("a merge");
    let delta = laptop.unmerge(3, GUEST).expect("it is merged");
    assert_eq!(*delta.dead(), guest.cart().live_dots());
    assert!(laptop.cart().live().values().all(|entry| entry.scope == ACCOUNT));
}

/// What was bought and who is merged outlast it, and what a guest wrote who is not merged is not the account's to end.
#[test]
fn what_expires_is_what_was_seen_and_no_more() {
    let mut laptop = with(ACCOUNT, 1, 2);
    buy(&mut laptop, 2, "O-1");
    let guest = with(GUEST, 2, 3);
    laptop.merge(3, claim(GUEST), rule("sum"), guest.cart()).expect("a merge");
    laptop.add(4, &LineKey::sku("HAT").expect("a line"), units(1), None).expect("an add");
    laptop.move_to(5, &row(), List::Saved).expect("a row to save");
    let stranger = with(OTHER, 3, 4);
    join(&mut laptop, &carried(stranger.cart().live()));
    laptop.expire(6, RuleName::new("idle-90-days").expect("a name")).expect("it expires");
    let view = laptop.view();
    assert_eq!((view.rows().count(), view.orders.len()), (0, 1));
    let left = |entry: &holdall::cart::Entry| match &entry.body {
        Body::Order(_) => "order",
        Body::Merge(_) => "merge",
        Body::Expired { .. } => "expired",
        Body::Add { .. } if entry.scope == OTHER => "stranger's",
        other => panic!("{other:?}"),
    };
    let mut left: Vec<_> = laptop.cart().live().values().map(|entry| left(&entry)).collect();
    left.sort_unstable();
    assert_eq!(left, ["expired", "merge", "order", "stranger's"]);
}

/// Four times two under a ceiling of five: two, two and one are bought. The fourth was cut off entirely, and goes
/// with the row that it was cut off from.
#[test]
fn an_order_takes_as_many_of_each_as_the_ceiling_leaves() {
    let mut phone = replica(ACCOUNT, 1).with_options(ViewOptions { ceiling: 5 });
    for now in 1..=4 {
        phone.add(now, &tee(), units(2), None).expect("an add");
    }
    let snapshot = phone.snapshot().expect("something to buy");
    let bought: Vec<_> =
        snapshot.bought.iter().map(|bought| (bought.taken.dot.seq, bought.taken.units)).collect();
    let settled: Vec<_> = snapshot.settled.iter().map(|dot| dot.seq).collect();
    assert_eq!((bought, settled), (vec![(1, 2), (2, 2), (3, 1)], vec![4]));
    phone.order(5, OrderId::new("O-1").expect("an id"), &snapshot).expect("an order");
    assert_eq!(shown(&phone), 0);
}

/// An order had bought what a Set asked for: it shows nothing, and goes with what is put in next.
#[test]
fn a_set_of_which_nothing_is_left_goes_with_the_next_add() {
    let (mut phone, mut laptop) = (with(ACCOUNT, 1, 3), replica(ACCOUNT, 2));
    tell(&phone, &mut laptop);
    buy(&mut phone, 10, "O-1");
    laptop.set(11, &row(), 2, None).expect("a set");
    tell(&phone, &mut laptop);
    assert_eq!(shown(&laptop), 0);
    let spent = laptop.cart().live().iter().find(|(_, entry)| matches!(entry.body, Body::Set(_)));
    let (spent, _) = spent.expect("the Set");
    let add = laptop.add(12, &tee(), units(1), None).expect("an add");
    assert!(add.dead().contains(spent));
    assert_eq!(shown(&laptop), 1);
    laptop.clear(13, List::Active).expect("it is cleared");
    assert_eq!(shown(&laptop), 0);
}

/// Two Sets at once: one of them is hidden, and does not come up when the list is cleared of the other.
#[test]
fn what_is_hidden_goes_when_a_list_is_cleared() {
    let (mut phone, mut laptop) = (replica(ACCOUNT, 1), replica(ACCOUNT, 2));
    phone.set(1, &row(), 3, None).expect("a set");
    laptop.set(2, &row(), 5, None).expect("a set");
    tell(&laptop, &mut phone);
    phone.clear(3, List::Active).expect("it is cleared");
    assert_eq!((shown(&phone), live(&phone)), (0, 0));
}
