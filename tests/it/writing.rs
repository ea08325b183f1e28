//! What single actions write.
//!
//! Most of these are here because the library was broken on purpose (`checks/sabotage`) and every other
//! test passed, or could have.

use holdall::cart::{Body, Entry};
use holdall::dots::Dots;
use holdall::id::{CouponCode, Text};
use holdall::{Delta, Dot, LineKey, List, OrderId, ReplicaId, RowRef, Time, ViewOptions};

use super::devices::{
    ACCOUNT, GUEST, buy, join, replica, row, saved, shown, tee, tell, units, with,
};

#[test]
fn a_coupon_survives_a_drop_that_had_not_seen_it() {
    let code = || CouponCode::new("SPRING").expect("a code");
    let (mut a, mut b) = (replica(ACCOUNT, 1), replica(ACCOUNT, 2));
    a.coupon(1, code()).expect("a coupon");
    tell(&a, &mut b);
    let again = a.coupon(2, code()).expect("a coupon");
    b.drop_coupon(2, &code()).expect("a drop");
    join(&mut b, &again);
    assert_eq!(b.view().coupons, [code()]);
}

/// What no line has room for, on a line: it shows nothing, so whoever adds there takes it away,
/// whether or not the cart has anything else of its kind.
#[test]
fn an_add_takes_away_what_is_left_on_its_line() {
    let odd = [
        Body::Consent(true),
        Body::Coupon(CouponCode::new("SPRING").expect("a code").into()),
        Body::Unknown { kind: 12, payload: vec![1].into() },
    ];
    for body in odd {
        let stays = matches!(body, Body::Unknown { .. });
        let (dot, time) = (Dot::new(ReplicaId::from_u128(9), 1), Time::default());
        let line = Some(tee());
        let entry = Entry { time, scope: ACCOUNT, seen_merges: [].into(), line, price: None, body };
        let odd = Delta::new(ACCOUNT, [(dot, entry)], Dots::default(), Dots::default());
        let mut phone = replica(ACCOUNT, 1);
        join(&mut phone, &odd.expect("a delta"));
        phone.add(1, &tee(), units(1), None).expect("an add");
        assert_eq!(phone.cart().live().contains_key(&dot), stays);
    }
}

#[test]
fn an_order_is_placed_once() {
    let mut phone = with(ACCOUNT, 1, 2);
    buy(&mut phone, 10, "O-1");
    phone.add(11, &tee(), units(1), None).expect("an add");
    let snapshot = phone.snapshot().expect("something to buy");
    let id = || OrderId::new("O-1").expect("an id");
    assert!(phone.order(12, id(), &snapshot).expect("it is known").is_empty());
    assert!(phone.order_all(13, id()).expect("it is known").is_empty());
    assert_eq!(shown(&phone), 1);
}

#[test]
fn an_order_buys_what_is_shown_under_the_ceiling() {
    let mut phone = with(ACCOUNT, 1, 6).with_options(ViewOptions { ceiling: 4 });
    buy(&mut phone, 10, "O-1");
    assert_eq!(phone.view().orders[0].lines, [(tee(), 4)]);
}

/// A remove names what its author saw and its own dot; the next add of another is none of it.
#[test]
fn a_removal_takes_nothing_that_comes_later() {
    let mut a = with(ACCOUNT, 1, 2);
    let mut b = replica(ACCOUNT, 2);
    tell(&a, &mut b);
    let gone = b.remove(10, &row()).expect("a remove");
    a.add(11, &tee(), units(1), None).expect("an add");
    join(&mut a, &gone);
    assert_eq!(shown(&a), 1);
}

/// A time goes on from what was seen, whatever the wall clock says, and so does its order.
#[test]
fn a_clock_that_is_behind_still_writes_later() {
    let mut a = replica(ACCOUNT, 1);
    let early = a.set(9_000, &row(), 3, None).expect("a set");
    let mut b = replica(ACCOUNT, 2);
    join(&mut b, &early);
    let late = b.set(5, &row(), 4, None).expect("a set");
    let time = |delta: &Delta| delta.live().values().next().expect("an entry").time;
    assert!(time(&late) > time(&early));
    let again = b.set(4, &row(), 5, None).expect("a set");
    assert!(time(&again) > time(&late));
}

/// B removes the row while C saves it for later; B, who has learned of that, adds two. C has the
/// add before the removal: what it saved stays saved until then.
#[test]
fn an_add_leaves_a_move_whose_row_is_gone() {
    let (mut b, mut c) = (with(ACCOUNT, 2, 3), replica(ACCOUNT, 3));
    tell(&b, &mut c);
    let removal = b.remove(2, &row()).expect("a removal");
    join(&mut b, &c.move_to(3, &row(), List::Saved).expect("saved for later"));
    let add = b.add(4, &tee(), units(2), None).expect("an add");
    join(&mut c, &add);
    assert_eq!((shown(&c), saved(&c)), (2, 3));
    join(&mut c, &removal);
    assert_eq!((shown(&c), saved(&c)), (2, 0));
}

/// A story cannot tell this: its table of options is sorted when it is read.
#[test]
fn options_in_any_order_are_one_line() {
    let line = |options: [(&str, &str); 2]| LineKey::parse("TEE", options).expect("a line");
    let one = line([("size", "M"), ("colour", "red")]);
    let other = line([("colour", "red"), ("size", "M")]);
    let (mut a, mut b) = (replica(ACCOUNT, 1), replica(ACCOUNT, 2));
    a.add(1, &one, units(1), None).expect("an add");
    b.add(2, &other, units(1), None).expect("an add");
    tell(&b, &mut a);
    let view = a.view();
    assert_eq!((view.lines.len(), view.quantity(&one), view.quantity(&other)), (1, 2, 2));
}

/// A failed assertion shows it.
#[test]
fn a_cart_shows_what_is_in_it() {
    let phone = with(ACCOUNT, 1, 2);
    let (cart, live) = (format!("{:?}", phone.cart()), format!("{:?}", phone.cart().live()));
    let dot = phone.cart().live().keys().next().expect("an entry");
    assert!(live.contains(&format!("{dot:?}")) && live.contains("TEE"), "{live}");
    assert!(cart.contains(&live) && cart.contains("erased: false"), "{cart}");
}

/// No row in either list.
#[test]
fn a_view_is_empty_where_neither_list_shows_anything() {
    let mut phone = replica(ACCOUNT, 1);
    assert!(phone.view().is_empty());
    phone.add(1, &tee(), units(2), None).expect("an add");
    assert!(!phone.view().is_empty());
    phone.move_to(2, &row(), List::Saved).expect("a row to save");
    assert!(!phone.view().is_empty());
    assert_eq!(phone.view().rows().count(), 1);
    phone.remove(3, &RowRef::saved(tee())).expect("a row");
    assert!(phone.view().is_empty());
}

/// A row that is in the list already stays as it is. One that is not seen is refused.
#[test]
fn a_move_to_its_own_list_writes_nothing() {
    let mut phone = replica(ACCOUNT, 1);
    assert!(phone.move_to(1, &row(), List::Active).is_err());
    phone.add(2, &tee(), units(2), None).expect("an add");
    let before = phone.cart().clone();
    assert!(phone.move_to(3, &row(), List::Active).expect("a row").is_empty());
    assert_eq!(*phone.cart(), before);
    assert!(!phone.move_to(4, &row(), List::Saved).expect("a row").is_empty());
    assert_eq!((phone.view().lines.len(), phone.view().saved[0].quantity), (0, 2));
}

/// Two Sets of the saved row at once: one of them is hidden, and goes with the next action on the line, be it on the
/// other row.
#[test]
fn an_action_on_one_row_settles_what_the_other_hides() {
    for remove in [false, true] {
        let (mut phone, mut laptop) = (replica(ACCOUNT, 1), replica(ACCOUNT, 2));
        let saved_row = RowRef::saved(tee());
        let loses = phone.set(1, &saved_row, 3, None).expect("a set");
        laptop.set(2, &saved_row, 5, None).expect("a set");
        laptop.add(3, &tee(), units(1), None).expect("an add");
        join(&mut laptop, &loses);
        let did = if remove {
            laptop.remove(4, &row()).expect("a row")
        } else {
            laptop.set(4, &row(), 2, None).expect("a set")
        };
        assert!(did.dead().covers(&loses.own()), "removed: {remove}");
        assert_eq!((shown(&laptop), saved(&laptop)), (if remove { 0 } else { 2 }, 5));
        laptop.remove(5, &saved_row).expect("a row");
        assert_eq!(saved(&laptop), 0, "nothing comes up");
    }
}

/// What an order bought is found line by line, whatever stands before and after.
#[test]
fn an_order_says_what_it_bought_of_each_line() {
    let line = |sku: &str| LineKey::sku(sku).expect("a line");
    let mut phone = replica(ACCOUNT, 1);
    for (sku, n) in [("B", 1), ("B", 2), ("D", 3), ("F", 4)] {
        phone.add(u64::from(n), &line(sku), units(n), None).expect("an add");
    }
    let delta = buy(&mut phone, 10, "O-1");
    let Body::Order(order) = delta.live().values().next().expect("an entry").body else {
        panic!("{delta:?}")
    };
    let bought = |sku: &str| -> Vec<u32> {
        order.on_line(&line(sku)).iter().map(|bought| bought.taken.units).collect()
    };
    let all = ["A", "B", "C", "D", "E", "F", "G"].map(bought);
    assert_eq!(all, [vec![], vec![1, 2], vec![], vec![3], vec![], vec![4], vec![]]);
}

/// A note is left on a line that was taken out, and goes when the line is put in again: in a cart of nothing else, beside
/// an order, beside a row that was saved, and beside a guest's units of the line who is not merged.
#[test]
fn a_line_that_is_put_in_again_begins_anew() {
    let hat = || RowRef::active(LineKey::sku("HAT").expect("a line"));
    for beside in ["nothing", "an order", "a saved row", "a guest's"] {
        let mut phone = replica(ACCOUNT, 1);
        if beside != "nothing" {
            phone.add(1, &hat().line, units(1), None).expect("an add");
        }
        match beside {
            "nothing" => {}
            "a saved row" => drop(phone.move_to(2, &hat(), List::Saved).expect("a row to save")),
            _ => drop(buy(&mut phone, 2, "O-1")),
        }
        phone.add(3, &tee(), units(2), None).expect("an add");
        phone.note(4, &row(), Some(Text::new("red").expect("a text"))).expect("a note");
        phone.remove(5, &row()).expect("a row");
        if beside == "a guest's" {
            let guests = with(GUEST, 2, 3);
            let live = guests.cart().live().iter();
            let delta = Delta::new(ACCOUNT, live, Dots::default(), Dots::default());
            join(&mut phone, &delta.expect("a delta"));
        }
        phone.add(6, &tee(), units(1), None).expect("an add");
        let view = phone.view();
        let row = view.lines.iter().find(|row| row.line == tee()).expect("a row");
        assert_eq!((row.quantity, &row.note), (1, &None), "beside {beside}");
    }
}
