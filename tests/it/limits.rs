//! Where a cart is full: only what would make it fuller fails, and it changes nothing.

use std::sync::Arc;

use holdall::cart::Stamp;
use holdall::cart::{Body, ConsumedUnits, Entry, OrderPlaced, OrderedUnits, Preserved, VerbError};
use holdall::dots::Dots;
use holdall::id::CouponCode;
use holdall::{Delta, Dot, LineKey, OrderId, Replica, ReplicaId, RowRef, Time, limits};

use super::devices::{ACCOUNT, buy, join, replica, row, tee, units};

fn line(at: usize) -> LineKey {
    LineKey::sku(&format!("L{at}")).expect("a line")
}

/// A replica of a cart in which somebody else put one of each of these.
fn with_one_of_each(lines: impl Iterator<Item = LineKey>) -> Replica {
    let other = ReplicaId::from_u128(9);
    let add = |(at, line)| {
        let body = Body::Add { quantity: units(1), sided: false };
        let time = Time::from_ms(at);
        let entry = Entry {
            time,
            scope: ACCOUNT,
            seen_merges: [].into(),
            line: Some(line),
            price: None,
            body,
        };
        (Dot::new(other, at), entry)
    };
    let live = (1..).zip(lines).map(add);
    let delta = Delta::new(ACCOUNT, live, Dots::default(), Dots::default()).expect("a delta");
    let mut phone = replica(ACCOUNT, 1);
    join(&mut phone, &delta);
    phone
}

/// It fails, says so, and changes nothing.
fn refused(phone: &mut Replica, line: &LineKey, says: &str) {
    let before = phone.cart().clone();
    let error = phone.add(1_000_000, line, units(1), None).expect_err("it is full");
    assert!(error.to_string().contains(says), "{error}");
    assert_eq!(*phone.cart(), before);
}

#[test]
fn a_cart_takes_so_many_lines_and_no_more() {
    let mut phone = with_one_of_each((0..limits::LINES - 1).map(line));
    let add = |phone: &mut Replica, at| phone.add(1_000_000, &line(at), units(1), None);
    add(&mut phone, limits::LINES).expect("there is room for one");
    refused(&mut phone, &tee(), "5000 lines");
    add(&mut phone, 17).expect("the line is there");
    phone.set(1_000_001, &RowRef::active(line(18)), 4, None).expect("the line is there");
    phone.remove(1_000_002, &RowRef::active(line(19))).expect("less is no more");
    phone.add(1_000_003, &tee(), units(1), None).expect("there is room for one again");
    refused(&mut phone, &line(19), "5000 lines");
    assert_eq!(phone.view().lines.len(), limits::LINES);
}

/// A line that only an order is about is one of the lines, and what is on others is not on it.
#[test]
fn a_line_that_was_bought_is_one_of_so_many() {
    let mut phone = with_one_of_each((0..limits::LINES - 1).map(line));
    let server = Dot::new(ReplicaId::from_u128(8), 1);
    let taken = ConsumedUnits {
        dot: Dot::new(ReplicaId::from_u128(7), 1),
        units: 1,
        scope: ACCOUNT,
        set: None,
    };
    let body = Body::Order(Arc::new(OrderPlaced {
        id: OrderId::new("O-1").expect("an id"),
        bought: vec![OrderedUnits { line: tee(), taken }],
        seen: Dots::default().into(),
        preserved: Preserved::default(),
    }));
    let time = Time::from_ms(7);
    let entry =
        Entry { time, scope: ACCOUNT, seen_merges: [].into(), line: None, price: None, body };
    let delta = Delta::new(ACCOUNT, [(server, entry)], Dots::default(), Dots::default());
    join(&mut phone, &delta.expect("a delta"));
    refused(&mut phone, &line(limits::LINES), "5000 lines");
    phone.add(1_000_000, &tee(), units(1), None).expect("the line is there");
    phone.add(1_000_001, &line(3), units(1), None).expect("the line is there");
}

/// One entry may be about as many lines as a cart takes.
#[test]
fn a_cart_that_was_bought_whole_is_as_full_as_before() {
    let mut phone = with_one_of_each((0..limits::LINES).map(line));
    let _ = buy(&mut phone, 1_000_000, "O-1");
    assert_eq!(phone.cart().live().len(), 1);
    refused(&mut phone, &tee(), "5000 lines");
    phone.add(1_000_001, &line(3), units(1), None).expect("the line is there");
}

#[test]
fn a_line_takes_so_many_entries_and_no_more() {
    let mut phone = with_one_of_each((1..limits::LINE_ENTRIES).map(|_| tee()));
    phone.add(1_000_000, &tee(), units(1), None).expect("there is room for one");
    refused(&mut phone, &tee(), "1000 entries on a line");
    phone.add(1_000_001, &line(1), units(1), None).expect("another line has room");
    refused(&mut phone, &tee(), "1000 entries on a line");
    phone.set(1_000_002, &row(), 7, None).expect("it replaces what is there");
    assert_eq!(phone.view().quantity(&tee()), 7);
    phone.add(1_000_003, &tee(), units(1), None).expect("there is room");
}

#[test]
fn a_cart_takes_so_many_coupons_and_no_more() {
    let code = |at: usize| CouponCode::new(format!("C{at}")).expect("a code");
    let mut phone = replica(ACCOUNT, 1);
    for at in 0..limits::COUPONS {
        phone.coupon(at as u64, code(at)).expect("there is room");
    }
    let error = phone.coupon(1_000, code(limits::COUPONS)).expect_err("it is full");
    assert!(error.to_string().contains("64 coupons"), "{error}");
    phone.coupon(1_001, code(3)).expect("it is there, and is replaced");
    phone.drop_coupon(1_002, &code(4)).expect("less is no more");
    phone.coupon(1_003, code(limits::COUPONS)).expect("there is room for one again");
    assert_eq!(phone.view().coupons.len(), limits::COUPONS);
}

/// A writer that has used its last number writes no more, whoever says that it has.
#[test]
fn a_writer_takes_so_many_numbers_and_no_more() {
    let mut phone = replica(ACCOUNT, 1);
    let dead = |seq| [Dot::new(phone.id(), seq)].into_iter().collect::<Dots>();
    let before = Delta::new(ACCOUNT, [], dead(limits::SEQ_MAX - 1), Dots::default());
    let all_but_one = before.expect("a delta");
    join(&mut phone, &all_but_one);
    let last = phone.add(1, &tee(), units(1), None).expect("the last number");
    assert_eq!(last.dots().last(phone.id()), limits::SEQ_MAX);
    refused(&mut phone, &tee(), "start a new writer");
    // Nor does a number beyond it come in by a stamp.
    let mut cart = phone.cart().clone();
    for seq in [0, limits::SEQ_MAX + 1, u64::MAX] {
        let dot = Dot::new(ReplicaId::from_u128(5), seq);
        let stamp = Stamp { dot, time: Time::from_ms(1), seen_merges: [].into() };
        let given = cart.consent(stamp, true, &[]);
        assert_eq!(given, Err(VerbError::DotOutOfRange { dot }));
    }
    assert_eq!(cart, *phone.cart());
}
