//! What replicas tell each other, and what of it is kept: waiting rooms, outboxes, links, bytes.
//!
//! Most of these are here because the library was broken on purpose (`checks/sabotage`) and every other
//! test passed, or could have.

use holdall::cart::DeltaError;
use holdall::dots::Dots;
use holdall::sync::{Inbox, InboxError, Outbox};
use holdall::wire::{Broken, LinkReceiver, LinkSender};
use holdall::{Delta, Dot, LineKey, Money, Quantity, ReplicaId, limits, wire};

use super::devices::{
    ACCOUNT, GUEST, claim, join, replica, row, rule, shown, tee, tell, units, with,
};

#[test]
fn a_waiting_room_has_a_bound() {
    let (mut phone, mut inbox) = (replica(ACCOUNT, 1), Inbox::default());
    let needing = |seq| {
        let mut dots = Dots::default();
        dots.insert(Dot::new(ReplicaId::from_u128(7), seq));
        Delta::new(ACCOUNT, [], dots.clone(), dots).expect("it contradicts nothing")
    };
    for seq in 1..=limits::WAITING_DELTAS as u64 {
        let _ = inbox.receive(&mut phone, needing(seq)).expect("room");
    }
    assert_eq!(inbox.receive(&mut phone, needing(9_999_999)), Err(InboxError::Full));
}

/// A merge's delta has the guest's dots and its own: who knows just the guest's lacks the merge.
#[test]
fn an_outbox_keeps_what_is_half_known() {
    let guest = with(GUEST, 2, 3);
    let mut laptop = replica(ACCOUNT, 1);
    let mut outbox = Outbox::default();
    outbox.push(laptop.merge(2, claim(GUEST), rule("sum"), guest.cart()).expect("a merge"));
    assert_eq!(outbox.acknowledge(&guest.cart().have()), 0);
    assert_eq!(outbox.acknowledge(&laptop.cart().have()), 1);
}

#[test]
fn a_delta_of_many_entries_is_joined_whole() {
    let mut phone = replica(ACCOUNT, 1);
    for now in 0..60 {
        phone.add(now, &tee(), units(1), None).expect("an add");
    }
    let mut laptop = replica(ACCOUNT, 2);
    tell(&phone, &mut laptop);
    assert_eq!((shown(&laptop), laptop.cart() == phone.cart()), (60, true));
}

#[test]
fn a_batch_lists_a_dot_once() {
    let mut phone = replica(ACCOUNT, 1);
    let mut batch = Delta::empty(ACCOUNT);
    for now in 0..5 {
        batch.batch(&phone.add(now, &tee(), units(1), None).expect("an add"));
    }
    batch.batch(&phone.remove(6, &row()).expect("a remove"));
    assert!(batch.live().is_empty(), "{batch:?}");
    assert_eq!(wire::decode_delta(&wire::encode_delta(&batch)), Ok(batch));
}

/// A link says what is new against the frames before, so one that is not the next must end it.
#[test]
fn a_link_ends_where_a_frame_is_lost_or_doubled() {
    let (mut phone, mut sender) = (replica(ACCOUNT, 1), LinkSender::new(ACCOUNT));
    let frames: Vec<Vec<u8>> = (0..3)
        .map(|now| sender.encode(&phone.add(now, &tee(), Quantity::ONE, None).expect("an add")))
        .collect();
    for order in [[1, 2], [0, 0], [0, 2]] {
        let mut receiver = LinkReceiver::new(ACCOUNT);
        let ended = order.iter().map(|at| receiver.decode(&frames[*at])).find_map(Result::err);
        assert_eq!(ended.map(|error| error.broken), Some(Broken::Link), "{order:?}");
        assert!(receiver.decode(&frames[0]).is_err(), "a link that has ended goes on");
    }
}

/// Bytes leave out a price that goes without saying, so each has to be another once.
#[test]
fn every_price_that_was_seen_crosses() {
    let mug = LineKey::sku("MUG").expect("a SKU");
    let euro = |text| Some(Money::parse(text, "EUR").expect("a price"));
    let seen = [
        (tee(), euro("2.60")),
        (mug.clone(), euro("3.00")),
        (tee(), euro("3.00")),
        (tee(), None),
        (mug, None),
        (tee(), euro("1.00")),
        (tee(), euro("2.60")),
    ];
    let mut phone = replica(ACCOUNT, 1);
    let (mut sender, mut receiver) = (LinkSender::new(ACCOUNT), LinkReceiver::new(ACCOUNT));
    for (now, (line, price)) in (0..).zip(&seen) {
        let delta = phone.add(now, line, Quantity::ONE, *price).expect("an add");
        assert_eq!(receiver.decode(&sender.encode(&delta)).as_ref(), Ok(&delta));
        assert_eq!(wire::decode_delta(&wire::encode_delta(&delta)), Ok(delta));
    }
    let cart = wire::decode_cart(&wire::encode_cart(phone.cart())).expect("a cart");
    let prices: Vec<Option<Money>> = cart.live().values().map(|entry| entry.price).collect();
    assert_eq!(prices, seen.map(|(_, price)| price));
}

/// A writer that says two prices equivocates as well.
#[test]
fn a_fingerprint_tells_prices_apart() {
    let at = |text| {
        let mut phone = replica(ACCOUNT, 1);
        let price = Money::parse(text, "EUR").expect("a price");
        phone.add(0, &tee(), Quantity::ONE, Some(price)).expect("an add");
        phone.fingerprint()
    };
    assert_eq!(at("2.60"), at("2.60"));
    assert_ne!(at("2.60"), at("2.70"));
}

/// "Was mine applied?" has an answer for a removal too.
#[test]
fn a_removal_tells_its_own_dot() {
    let (mut phone, mut region) = (with(ACCOUNT, 1, 3), replica(ACCOUNT, 2));
    tell(&phone, &mut region);
    let removal = phone.remove(2, &row()).expect("a removal");
    join(&mut region, &removal);
    assert!(region.cart().context().contains(Dot::new(phone.id(), 2)));
    assert_eq!(region.cart(), phone.cart());
}

/// Of two entries of one dot the first is kept, and 0 is nobody's number.
#[test]
fn a_delta_takes_one_entry_of_a_dot_and_none_of_nobody() {
    let add = |n| {
        let mut phone = replica(ACCOUNT, 1);
        let delta = phone.add(1, &tee(), units(n), None).expect("an add");
        delta.live().values().next().expect("an entry")
    };
    let dot = |seq| Dot::new(ReplicaId::from_u128(1), seq);
    let delta = |live| Delta::new(ACCOUNT, live, Dots::default(), Dots::default());
    let twice = delta([(dot(2), add(2)), (dot(2), add(3))]).expect("a delta");
    assert_eq!(twice.live().iter().collect::<Vec<_>>(), [(dot(2), add(2))]);
    let nobodys = delta([(dot(2), add(2)), (dot(0), add(1))]);
    assert!(matches!(nobodys, Err(DeltaError::Malformed { dot: Dot { seq: 0, .. }, .. })));
}

#[test]
fn deltas_that_differ_in_one_part_differ() {
    let mut phone = replica(ACCOUNT, 1);
    let add = phone.add(1, &tee(), units(2), None).expect("an add");
    let entry = || add.live().iter();
    let dots = |seqs: &[u64]| -> Dots {
        seqs.iter().map(|seq| Dot::new(ReplicaId::from_u128(7), *seq)).collect()
    };
    let delta = |cart, live: bool, dead, needs| {
        Delta::new(cart, entry().filter(|_| live), dots(dead), dots(needs)).expect("a delta")
    };
    let all = [
        delta(ACCOUNT, true, &[1, 2], &[1]),
        delta(GUEST, true, &[1, 2], &[1]),
        delta(ACCOUNT, false, &[1, 2], &[1]),
        delta(ACCOUNT, true, &[1, 3], &[1]),
        delta(ACCOUNT, true, &[1, 2], &[]),
        Delta::empty(ACCOUNT),
        Delta::erasure(ACCOUNT),
        Delta::erasure(GUEST),
    ];
    for (at, one) in all.iter().enumerate() {
        for (other_at, other) in all.iter().enumerate() {
            assert_eq!(one == other, at == other_at, "{one:?} {other:?}");
        }
    }
}
