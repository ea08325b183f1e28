//! Writers that lie, and carts that are erased.

use holdall::id::{CouponCode, Text};
use holdall::sync::{Inbox, Message, Outbox, probe, respond};
use holdall::{
    Cart, CartId, Claim, Delta, Dot, LineKey, MergePolicy, Replica, ReplicaId, RowRef, wire,
};

use super::faults::{CART, LAPTOP, PHONE, add, join, replica, row, shown, tee, units};
use holdall_testkit::history::converse;
use holdall_testkit::reference_state::digest;

/// One writer gives its first dot two contents, one to each region. Both end with the same one,
/// and both say so.
#[test]
fn a_writer_that_equivocates_is_reported_and_both_regions_end_equal() {
    let (mut one, mut nine) = (replica(PHONE), replica(PHONE));
    let (plus_1, plus_9) = (add(&mut one, 1, 1), add(&mut nine, 1, 9));
    let dot = Dot::new(PHONE, 1);
    let of = |delta: &Delta| digest(dot, &delta.live().get(&dot).expect("the dot"));
    let larger = if of(&plus_1) > of(&plus_9) { 1 } else { 9 };
    let ids = [ReplicaId::from_u128(71), ReplicaId::from_u128(72)];
    for turned in [false, true] {
        let (mut a, mut b) = (replica(ids[0]), replica(ids[1]));
        let (to_a, to_b) = if turned { (&plus_9, &plus_1) } else { (&plus_1, &plus_9) };
        join(&mut a, to_a);
        join(&mut b, to_b);
        assert_eq!(a.cart().context(), b.cart().context());
        assert_ne!(a.fingerprint(), b.fingerprint(), "the fingerprint gives it away");
        let (mut alarms, mut equivocations) = ([0, 0], [0, 0]);
        let (mut message, mut at) = (probe(&a), 1);
        loop {
            let receiver = if at == 1 { &mut b } else { &mut a };
            let response = respond(receiver, &message).expect("the same cart");
            alarms[at] += usize::from(response.diverged.is_some());
            equivocations[at] += response.joined.equivocations.len();
            let Some(next) = response.message else { break };
            (message, at) = (next, 1 - at);
        }
        assert_eq!(a.cart(), b.cart());
        assert_eq!((shown(&a), shown(&b)), (larger, larger));
        assert!(alarms.iter().all(|alarms| *alarms >= 1), "both raise the alarm: {alarms:?}");
        assert!(equivocations.iter().sum::<usize>() >= 1, "{equivocations:?}");
        let quiet = converse(&mut a, &mut b);
        assert!(matches!(&quiet[..], [Message::Probe { .. }, Message::Same { .. }]), "{quiet:?}");
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Nothing of an erased cart is left: no name, no writer, no dot. What comes late is absorbed.
#[test]
fn an_erased_cart_absorbs_what_comes_late() {
    let (mut phone, mut region) = (replica(PHONE), replica(LAPTOP));
    let early = add(&mut phone, 1, 3);
    join(&mut region, &early);
    let payload = wire::encode_cart(region.cart());
    assert!(holds(&payload, b"SECRET-TEE") && holds(&payload, &PHONE.as_u128().to_be_bytes()));
    let erasure = region.erase();
    let late = add(&mut phone, 2, 5);
    for delta in [&early, &late, &phone.cart().to_delta(), &erasure] {
        assert!(!join(&mut region, delta), "the largest state cannot move up");
    }
    for bytes in [
        wire::encode_cart(region.cart()),
        wire::encode_delta(&erasure),
        wire::encode_delta(&region.cart().to_delta()),
    ] {
        assert!(!holds(&bytes, b"SECRET"), "a name is left");
        assert!(!holds(&bytes, &PHONE.as_u128().to_be_bytes()), "a writer is left");
    }
    assert!(region.cart().is_erased() && region.view().erased && region.view().is_empty());
    assert_eq!(region.add(3, &tee(), units(1), None).expect_err("erased").kind(), "erased");
    assert_eq!(region.set(3, &row(), 1, None).expect_err("erased").kind(), "erased");
    assert_eq!(region.remove(3, &row()).expect_err("erased").kind(), "erased");
    // Through the waiting room too: nothing waits for a cart that is gone.
    let mut inbox = Inbox::default();
    let set = phone.set(4, &row(), 9, None).expect("a set");
    let _ = inbox.receive(&mut region, set).expect("room");
    assert!(inbox.waiting().is_empty());
}

/// Erased while a phone holds unsent adds: by one exchange, whoever begins it, it is gone there
/// too, and the phone's outbox has nothing to send any more.
#[test]
fn an_erasure_travels_by_exchange_in_either_direction() {
    for phone_begins in [true, false] {
        let (mut phone, mut region) = (replica(PHONE), replica(LAPTOP));
        let mut outbox = Outbox::default();
        for now in 0..5 {
            outbox.push(add(&mut phone, now, 1));
        }
        region.erase();
        let sent = if phone_begins {
            converse(&mut phone, &mut region)
        } else {
            converse(&mut region, &mut phone)
        };
        assert!(phone.cart().is_erased() && region.cart().is_erased(), "{sent:?}");
        assert_eq!(phone.fingerprint(), region.fingerprint());
        outbox.acknowledge(&region.cart().have());
        assert!(outbox.is_empty());
        let quiet = converse(&mut phone, &mut region);
        assert_eq!(quiet.len(), 2, "{quiet:?}");
    }
}

/// An erased cart is equal to an erased cart, and to nothing else; its bytes are few.
#[test]
fn an_erasure_is_one_state() {
    let (mut phone, mut other) = (replica(PHONE), Cart::new(CART));
    add(&mut phone, 1, 1);
    let empty = other.clone();
    phone.erase();
    let _ = other.join(&Delta::erasure(CART)).expect("the same cart");
    assert_eq!(*phone.cart(), other);
    assert_eq!(phone.fingerprint(), other.fingerprint());
    assert_ne!(empty.fingerprint(), other.fingerprint());
    assert_eq!(wire::decode_cart(&wire::encode_cart(&other)), Ok(other.clone()));
    assert!(wire::encode_cart(&other).len() <= 32);
    // An erased guest brings nothing into an account, and takes nothing away.
    let account = CartId::from_u128(5);
    let mut mine = Replica::new(account, LAPTOP);
    mine.add(1, &tee(), units(2), None).expect("an add");
    let claim = Claim { guest: CART, account, number: 1 };
    let policy = MergePolicy::rule("prefer-guest").expect("a policy");
    mine.merge(2, claim, policy, &other).expect("a merge");
    assert_eq!(shown(&mine), 2);
}

/// Of what a dot with two contents leaves behind nothing is counted: the note of a line that was taken out goes when
/// the line is put in again.
#[test]
fn of_two_contents_one_is_counted() {
    let (mut one, mut nine) = (replica(PHONE), replica(PHONE));
    let contents = [add(&mut one, 1, 1), add(&mut nine, 1, 9)];
    let hat = RowRef::active(LineKey::sku("HAT").expect("a line"));
    for (turned, coupon) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut laptop = replica(LAPTOP);
        if coupon {
            laptop.coupon(1, CouponCode::new("SPRING").expect("a code")).expect("a coupon");
        }
        laptop.add(2, &hat.line, units(1), None).expect("an add");
        let note = Text::new("for Ada").expect("a text");
        laptop.note(3, &hat, Some(note)).expect("a note");
        laptop.remove(4, &hat).expect("a row");
        let (first, then) = if turned { (1, 0) } else { (0, 1) };
        join(&mut laptop, &contents[first]);
        join(&mut laptop, &contents[then]);
        laptop.add(5, &hat.line, units(1), None).expect("an add");
        let view = laptop.view();
        let row = view.lines.iter().find(|row| row.line == hat.line).expect("a row");
        assert_eq!(row.note, None, "turned: {turned}, with a coupon: {coupon}");
    }
}
