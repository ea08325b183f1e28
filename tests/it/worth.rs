//! What a Set is worth: what orders bought of it, and what the account's Sets took from a guest's.

use std::sync::Arc;

use holdall::cart::{Body, ConsumedUnits, OrderPlaced, OrderedUnits, Preserved};
use holdall::dots::Dots;
use holdall::view::{Reason, Side};
use holdall::{Dot, LineKey, List, OrderId, Replica, ReplicaId, RowRef, ViewOptions};

use super::devices::{
    ACCOUNT, GUEST, buy, carried, claim, forged, join, replica, row, rule, saved, shown, tee, tell,
    units, with,
};

/// Five in the cart. Under a ceiling of four one device orders four of them, another all five; a third, unaware of
/// both, sets seven.
#[test]
fn of_two_orders_of_the_same_units_the_larger_counts() {
    for small_first in [false, true] {
        let phone = with(ACCOUNT, 1, 5);
        let (mut few, mut all) = if small_first {
            (replica(ACCOUNT, 2), replica(ACCOUNT, 3))
        } else {
            (replica(ACCOUNT, 3), replica(ACCOUNT, 2))
        };
        let mut setter = replica(ACCOUNT, 4);
        [&mut few, &mut all, &mut setter].into_iter().for_each(|other| tell(&phone, other));
        let mut few = few.with_options(ViewOptions { ceiling: 4 });
        buy(&mut few, 10, "O-1");
        buy(&mut all, 11, "O-2");
        setter.set(12, &row(), 7, None).expect("a set");
        tell(&few, &mut setter);
        assert_eq!(shown(&setter), 3);
        tell(&all, &mut setter);
        assert_eq!(shown(&setter), 2, "small first: {small_first}");
    }
}

/// Of two that bought as many one is named, wherever one asks.
#[test]
fn of_two_orders_of_the_same_units_one_is_named() {
    let phone = with(ACCOUNT, 1, 3);
    let (mut first, mut second, mut setter) =
        (replica(ACCOUNT, 2), replica(ACCOUNT, 3), replica(ACCOUNT, 4));
    [&mut first, &mut second, &mut setter].into_iter().for_each(|other| tell(&phone, other));
    buy(&mut first, 11, "O-1");
    buy(&mut second, 10, "O-2");
    setter.set(12, &row(), 7, None).expect("a set");
    tell(&second, &mut setter);
    tell(&first, &mut setter);
    let order = OrderId::new("O-1").expect("an id");
    let reasons = &setter.explain()[0].rows[0].parts[0].reasons;
    assert_eq!(reasons[..], [Reason::Ordered { order, units: 3 }]);
}

/// The units that were bought were none of those in its number.
#[test]
fn an_order_takes_nothing_that_a_set_did_not_count_on() {
    let mut phone = replica(ACCOUNT, 1);
    phone.set(1, &row(), 5, None).expect("a set");
    let mut laptop = with(ACCOUNT, 2, 3);
    buy(&mut laptop, 10, "O-1");
    tell(&laptop, &mut phone);
    assert_eq!(shown(&phone), 5);
}

/// Five were set and saved for later, then four set in their place. Somebody who knows only of the five orders them: that
/// is nothing of the four, whose author had seen the five.
#[test]
fn an_order_of_an_earlier_set_leaves_the_later_one() {
    let (mut phone, mut laptop) = (replica(ACCOUNT, 1), replica(ACCOUNT, 2));
    phone.set(1, &row(), 5, None).expect("a set");
    tell(&phone, &mut laptop);
    phone.move_to(2, &row(), List::Saved).expect("a row to save");
    phone.set(3, &row(), 4, None).expect("a set");
    buy(&mut laptop, 10, "O-1");
    tell(&laptop, &mut phone);
    assert_eq!((shown(&phone), saved(&phone)), (4, 0));
}

/// Set 3 and set 5 at once. Who sets 4 on that has both units behind their number; an order of the 3 comes off it.
#[test]
fn a_set_counts_on_what_had_lost_too() {
    let (mut a, mut b) = (replica(ACCOUNT, 1), replica(ACCOUNT, 2));
    a.set(1, &row(), 3, None).expect("a set");
    b.set(2, &row(), 5, None).expect("a set");
    tell(&a, &mut b);
    b.set(3, &row(), 4, None).expect("a set");
    buy(&mut a, 10, "O-1");
    tell(&a, &mut b);
    assert_eq!(shown(&b), 1);
}

/// An order of none says nothing of a Set: nobody writes one, but somebody could.
#[test]
fn an_order_of_nothing_explains_nothing() {
    let mut phone = with(ACCOUNT, 1, 2);
    let bought = phone.cart().live().keys().next().expect("an entry");
    phone.set(2, &row(), 3, None).expect("a set");
    let taken = ConsumedUnits { dot: bought, units: 0, scope: ACCOUNT, set: None };
    let body = Body::Order(Arc::new(OrderPlaced {
        id: OrderId::new("O-1").expect("an id"),
        bought: vec![OrderedUnits { line: tee(), taken }],
        seen: Dots::default().into(),
        preserved: Preserved::default(),
    }));
    join(&mut phone, &forged(Dot::new(ReplicaId::from_u128(8), 1), 1, None, body));
    let explained = phone.explain();
    assert_eq!((shown(&phone), &explained[0].rows[0].parts[0].reasons[..]), (3, &[][..]));
}

/// A guest's two Sets at once, here before the guest is merged: they are none of the account's business yet.
#[test]
fn what_is_not_merged_is_left_as_it_is() {
    let (mut kiosk, mut watch) = (replica(GUEST, 3), replica(GUEST, 4));
    kiosk.set(1, &row(), 3, None).expect("a set");
    watch.set(2, &row(), 5, None).expect("a set");
    tell(&watch, &mut kiosk);
    let guests = carried(kiosk.cart().live());
    let mut laptop = with(ACCOUNT, 1, 1);
    join(&mut laptop, &guests);
    laptop.set(5, &row(), 2, None).expect("a set");
    laptop.remove(6, &row()).expect("a row");
    assert!(guests.live().keys().all(|dot| laptop.cart().live().contains_key(&dot)));
    laptop.merge(7, claim(GUEST), rule("sum"), kiosk.cart()).expect("a merge");
    assert_eq!(shown(&laptop), 5);
}

/// The account's Set has the guest's unit, and the guest's own Set comes late; a device that had not seen the merge
/// put two in, so that the line is two rows. Who sets the guest's row sees what it was set to.
#[test]
fn an_edit_of_the_guests_row_is_what_was_asked_for() {
    let mut kiosk = with(GUEST, 3, 1);
    let mut laptop = replica(ACCOUNT, 1);
    laptop.merge(2, claim(GUEST), rule("ask"), kiosk.cart()).expect("a merge");
    laptop.set(3, &row(), 5, None).expect("a set");
    tell(&with(ACCOUNT, 2, 2), &mut laptop);
    kiosk.set(4, &row(), 3, None).expect("a set");
    laptop.absorb(kiosk.cart()).expect("it is merged");
    let rows = |laptop: &Replica| -> Vec<_> {
        laptop.view().lines.iter().map(|row| (row.side, row.quantity)).collect()
    };
    let guests = Side::Guest(GUEST);
    assert_eq!(rows(&laptop), [(Some(Side::Account), 7), (Some(guests), 2)]);
    laptop.set(5, &row().on(guests), 4, None).expect("a set");
    assert_eq!(rows(&laptop), [(Some(Side::Account), 7), (Some(guests), 4)]);
}

/// On two lines the account's Set has what the guest had saved, and the guest's own Set of the saved row comes late. Who
/// clears the cart leaves both saved rows as they were, each less its own.
#[test]
fn what_two_sets_lack_they_go_on_lacking() {
    let lines = [("TEE", 1), ("HAT", 2)].map(|(sku, n)| (LineKey::sku(sku).expect("a line"), n));
    let (mut kiosk, mut laptop) = (replica(GUEST, 3), replica(ACCOUNT, 1));
    for (line, n) in &lines {
        kiosk.add(1, line, units(*n), None).expect("an add");
        laptop.add(1, line, units(1), None).expect("an add");
    }
    laptop.merge(2, claim(GUEST), rule("sum"), kiosk.cart()).expect("a merge");
    for (line, _) in &lines {
        laptop.set(3, &RowRef::active(line.clone()), 5, None).expect("a set");
        kiosk.move_to(4, &RowRef::active(line.clone()), List::Saved).expect("a row to save");
        kiosk.set(5, &RowRef::saved(line.clone()), 7, None).expect("a set");
    }
    laptop.absorb(kiosk.cart()).expect("it is merged");
    let saved_rows = |laptop: &Replica| -> Vec<_> {
        laptop.view().saved.iter().map(|row| (row.line.clone(), row.quantity)).collect()
    };
    let mut left: Vec<_> =
        lines.iter().map(|(line, n)| (line.clone(), 7 - u64::from(*n))).collect();
    left.sort();
    assert_eq!(saved_rows(&laptop), left);
    laptop.clear(6, List::Active).expect("it is cleared");
    assert_eq!((laptop.view().lines.len(), saved_rows(&laptop)), (0, left));
    assert_eq!(saved(&laptop), 11);
}

/// The guest's Set lacks two by an order and two by the account's Set, of different adds. Who takes that Set out leaves word of
/// its two alone: those of the order are off as ever.
#[test]
fn a_word_is_of_what_would_come_back() {
    let (mut kiosk, mut watch) = (with(GUEST, 3, 2), with(GUEST, 4, 2));
    let mut laptop = replica(ACCOUNT, 1);
    laptop.merge(2, claim(GUEST), rule("sum"), kiosk.cart()).expect("a merge");
    laptop.set(3, &row(), 5, None).expect("a set");
    tell(&watch, &mut kiosk);
    kiosk.move_to(4, &row(), List::Saved).expect("a row to save");
    kiosk.set(5, &RowRef::saved(tee()), 9, None).expect("a set");
    buy(&mut watch, 6, "O-1");
    tell(&watch, &mut kiosk);
    laptop.absorb(kiosk.cart()).expect("it is merged");
    assert_eq!((shown(&laptop), saved(&laptop)), (5, 5));
    let removal = laptop.remove(7, &row()).expect("a row");
    assert_eq!((shown(&laptop), saved(&laptop)), (0, 5));
    let body = removal.live().values().next().expect("a word").body;
    let lacks = &body.preserved().expect("what stays").lacks;
    let units: Vec<_> = lacks.iter().map(|lack| (lack.taken.replica, lack.units)).collect();
    assert_eq!(units, [(ReplicaId::from_u128(3), 2)]);
}
