//! What single lines show.
//!
//! Most of these are here because the library was broken on purpose (`checks/sabotage`) and every other
//! test passed, or could have.

use holdall::cart::Body;
use holdall::id::Text;
use holdall::{
    Currency, Dot, LineKey, List, Money, Notice, Registry, Replica, ReplicaId, RowRef, ViewOptions,
    view, wire,
};

use super::devices::{
    ACCOUNT, buy, forged, join, replica, row, saved, shown, tee, tell, units, with,
};

/// Set 3 and set 2 at once; the 2 are bought by somebody who did not know of the 3.
#[test]
fn a_set_brings_what_an_order_left_of_it() {
    let (mut a, mut b) = (replica(ACCOUNT, 1), replica(ACCOUNT, 2));
    let three = a.set(10, &row(), 3, None).expect("a set");
    b.set(11, &row(), 2, None).expect("a set");
    buy(&mut b, 12, "O-1");
    join(&mut b, &three);
    assert_eq!(shown(&b), 1);
}

/// The same through a Set that was replaced: its successor counts on what it counted on.
#[test]
fn a_set_counts_on_what_its_predecessor_covered() {
    let mut b = with(ACCOUNT, 2, 3);
    let mut a = replica(ACCOUNT, 1);
    tell(&b, &mut a);
    a.set(10, &row(), 5, None).expect("a set");
    a.set(11, &row(), 4, None).expect("a set");
    buy(&mut b, 12, "O-1");
    tell(&b, &mut a);
    assert_eq!(shown(&a), 1);
}

#[test]
fn a_revocation_wins_over_a_grant_at_once() {
    let (mut a, mut b) = (replica(ACCOUNT, 1), replica(ACCOUNT, 2));
    let no = a.consent(1, false).expect("a revocation");
    b.consent(2, true).expect("a grant");
    join(&mut b, &no);
    assert!(!b.view().consent);
}

#[test]
fn two_orders_of_the_same_units_are_told() {
    let mut a = with(ACCOUNT, 1, 2);
    let mut b = replica(ACCOUNT, 2);
    tell(&a, &mut b);
    buy(&mut a, 10, "O-1");
    buy(&mut b, 11, "O-2");
    tell(&a, &mut b);
    assert!(b.view().notices.iter().any(|n| matches!(n, Notice::ConcurrentOrders { .. })));
    assert_eq!(shown(&b), 0);
}

/// What an order had seen and left is no rival of what it bought: here a Set that was saved for later, and
/// another in its place.
#[test]
fn an_order_takes_nothing_from_a_set_that_it_had_seen() {
    let mut phone = replica(ACCOUNT, 1);
    phone.set(1, &row(), 5, None).expect("a set");
    phone.move_to(2, &row(), List::Saved).expect("a row to save");
    phone.set(3, &row(), 4, None).expect("a set");
    buy(&mut phone, 10, "O-1");
    assert_eq!((shown(&phone), saved(&phone)), (0, 5));
}

/// What is written on a row is the row's, and what is written on the cart is the cart's.
#[test]
fn a_note_is_where_it_was_written() {
    let text = |text: &str| Some(Text::new(text).expect("a text"));
    let mut phone = with(ACCOUNT, 1, 2);
    phone.note(2, &row(), text("red")).expect("a note");
    let view = phone.view();
    assert_eq!((view.note, view.lines[0].note.clone()), (None, text("red")));
    phone.cart_note(3, text("doorbell is broken")).expect("a note");
    let view = phone.view();
    assert_eq!((view.note, view.lines[0].note.clone()), (text("doorbell is broken"), text("red")));
}

/// What a cart says of other entries is counted, in one that comes from its bytes too.
#[test]
fn a_cart_of_bytes_shows_what_it_showed() {
    let mut phone = with(ACCOUNT, 1, 2);
    phone.move_to(2, &row(), List::Saved).expect("a row to save");
    let bytes = wire::encode_replica(&phone);
    let again = wire::decode_replica(&bytes).expect("its own bytes");
    assert_eq!((shown(&again), saved(&again)), (0, 2));
    let cart = wire::decode_cart(&wire::encode_cart(phone.cart())).expect("its own bytes");
    let view = view(&cart, &Registry::default(), &ViewOptions::default());
    assert_eq!(view, phone.view());
}

/// The latest price that somebody saw, in a cart that needs no reading and in one that does.
#[test]
fn the_price_seen_last_is_shown() {
    let euros = |text: &str| Money::parse(text, "EUR").ok();
    for moved in [false, true] {
        let (mut a, mut b) = (replica(ACCOUNT, 1), replica(ACCOUNT, 2));
        let seen = |replica: &Replica| replica.view().lines[0].seen_price;
        if moved {
            let hat = LineKey::sku("HAT").expect("a line");
            a.add(1, &hat, units(1), None).expect("an add");
            a.move_to(2, &RowRef::active(hat), List::Saved).expect("a row to save");
        }
        a.add(3, &tee(), units(1), None).expect("an add");
        assert_eq!(seen(&a), None);
        a.add(10, &tee(), units(1), euros("2.60")).expect("an add");
        a.add(11, &tee(), units(1), None).expect("an add");
        assert_eq!(seen(&a), euros("2.60"), "who saw no price hides none");
        b.add(9, &tee(), units(1), euros("2.40")).expect("an add");
        tell(&b, &mut a);
        assert_eq!(seen(&a), euros("2.60"), "an earlier one came late");
        a.add(12, &tee(), units(1), euros("2.80")).expect("an add");
        assert_eq!(seen(&a), euros("2.80"));
        assert_eq!(a.view().notices, []);
        a.add(13, &LineKey::sku("MUG").expect("a line"), units(1), Money::parse("9", "SEK").ok())
            .expect("an add");
        let currencies = ["EUR", "SEK"].map(|code| Currency::new(code).expect("a currency"));
        assert_eq!(a.view().notices, [Notice::Currencies { currencies: currencies.into() }]);
    }
}

#[test]
fn a_row_over_the_ceiling_is_told_and_one_at_it_is_not() {
    let mut phone = with(ACCOUNT, 1, 4).with_options(ViewOptions { ceiling: 4 });
    assert_eq!(phone.view().notices, []);
    phone.add(2, &tee(), units(1), None).expect("an add");
    let told = Notice::Ceiling { line: tee(), asked: 5, shown: 4 };
    assert_eq!((phone.view().notices, shown(&phone)), (vec![told], 4));
}

#[test]
fn consent_holds_from_when_it_is_given_until_it_is_taken_back() {
    let mut phone = with(ACCOUNT, 1, 1);
    assert!(!phone.view().consent);
    phone.consent(2, true).expect("consent");
    assert!(phone.view().consent);
    phone.consent(3, false).expect("a revocation");
    assert!(!phone.view().consent);
    phone.consent(4, true).expect("consent");
    assert!(phone.view().consent);
}

/// Two regions write one order. It is one, as old as the first of them; and two orders of two things are no conflict.
#[test]
fn one_order_is_one_however_often_it_is_written() {
    for turned in [false, true] {
        let mut a = with(ACCOUNT, 1, 2);
        let mut b = replica(ACCOUNT, 2);
        tell(&a, &mut b);
        let mut written = [buy(&mut a, 10, "O-1"), buy(&mut b, 11, "O-1")];
        if turned {
            written.reverse();
        }
        let mut c = replica(ACCOUNT, 3);
        written.iter().for_each(|delta| join(&mut c, delta));
        c.add(20, &tee(), units(1), None).expect("an add");
        buy(&mut c, 21, "O-2");
        let orders: Vec<_> =
            c.view().orders.iter().map(|order| (order.id.to_string(), order.time.ms())).collect();
        assert_eq!(orders, [("O-1".to_owned(), 10), ("O-2".to_owned(), 21)]);
        assert_eq!(c.view().notices, []);
    }
}

/// What a later version wrote is told where it is: on its line, or of the cart.
#[test]
fn what_cannot_be_read_is_told_where_it_is() {
    for line in [Some(tee()), None] {
        let body = Body::Unknown { kind: 99, payload: vec![1].into() };
        let late = forged(Dot::new(ReplicaId::from_u128(9), 1), 1, line.clone(), body);
        let mut phone = with(ACCOUNT, 1, 2);
        phone.move_to(2, &row(), List::Saved).expect("a row to save");
        assert_eq!(phone.view().notices, []);
        join(&mut phone, &late);
        assert_eq!(phone.view().notices, [Notice::NeedsUpgrade { line }]);
    }
}

/// Of one order that two wrote at the same moment, about different lines, the one by the writer with the lower id
/// is shown, whichever came first.
#[test]
fn of_orders_at_once_by_one_id_one_is_shown() {
    let (mut a, mut b) = (with(ACCOUNT, 1, 2), replica(ACCOUNT, 2));
    b.add(1, &LineKey::sku("HAT").expect("a line"), units(1), None).expect("an add");
    let (of_a, of_b) = (buy(&mut a, 10, "O-1"), buy(&mut b, 10, "O-1"));
    join(&mut a, &of_b);
    join(&mut b, &of_a);
    for replica in [a, b] {
        let view = replica.view();
        assert_eq!(view.orders.len(), 1);
        assert_eq!(view.orders[0].lines, [(tee(), 2)]);
    }
}
