//! What single lines show.
//!
//! Most of these are here because the library was broken on purpose (`checks/sabotage`) and every other
//! test passed, or could have.

use holdall::{Notice, Registry, Text, ViewOptions, view, wire};

use super::devices::{ACCOUNT, buy, join, replica, row, saved, shown, tell, with};

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
    phone.relocate(2, &row()).expect("a row to save");
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
    phone.relocate(2, &row()).expect("a row to save");
    let bytes = wire::encode_replica(&phone);
    let again = wire::decode_replica(&bytes).expect("its own bytes");
    assert_eq!((shown(&again), saved(&again)), (0, 2));
    let cart = wire::decode_cart(&wire::encode_cart(phone.cart())).expect("its own bytes");
    let view = view(&cart, &Registry::default(), &ViewOptions::default());
    assert_eq!(view, phone.view());
}
