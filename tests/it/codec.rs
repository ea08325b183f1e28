//! Bytes in their one form: what was written is read back equal, and what is read is written back
//! byte for byte. On random histories, and for what later versions may send.

use holdall::cart::Body;
use holdall::cart::{ReplacedDots, SetQuantity};
use holdall::dots::{Dots, Run};
use holdall::sync::probe;
use holdall::wire::{Broken, LinkReceiver, LinkSender};
use holdall::wire::{decode_cart, decode_delta, decode_message, decode_replica};
use holdall::wire::{encode_cart, encode_delta, encode_message, encode_replica};
use holdall::{Cart, Delta, LineKey, Notice, Quantity, Replica, ReplicaId, limits};
use holdall_testkit::history::{ACCOUNT, HistoryWorld, converse};
use holdall_testkit::strategies::histories;
use proptest::prelude::*;

use super::samples::{self, CART, LAPTOP, PHONE, content, dot, entry, seal, tee};
use crate::cases::cases;

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn what_histories_write_is_read_back(history in histories(60)) {
        let mut world = HistoryWorld::run(&history, |_| Ok(())).expect("a check that never fails");
        for node in &world.nodes {
            let bytes = encode_cart(node.replica.cart());
            let cart = decode_cart(&bytes).expect("a cart");
            prop_assert_eq!(&cart, node.replica.cart());
            prop_assert_eq!(cart.fingerprint(), node.replica.fingerprint());
            prop_assert_eq!(encode_cart(&cart), bytes);
            let bytes = encode_replica(&node.replica);
            let back = decode_replica(&bytes).expect("a replica");
            let same = back.id() == node.replica.id() && back.latest() == node.replica.latest();
            prop_assert!(same && back.cart() == node.replica.cart());
            prop_assert_eq!(encode_replica(&back), bytes);
        }
        for delta in world.log.values().flatten() {
            let bytes = encode_delta(delta);
            let back = decode_delta(&bytes).expect("a delta");
            prop_assert_eq!(&back, delta);
            prop_assert_eq!(encode_delta(&back), bytes);
        }
        let (a, b) = world.nodes.split_at_mut(1);
        for message in converse(&mut a[0].replica, &mut b[0].replica) {
            let bytes = encode_message(&message);
            let back = decode_message(&bytes).expect("a message");
            prop_assert_eq!(&back, &message);
            prop_assert_eq!(encode_message(&back), bytes);
        }
    }

    /// The same over a link, where a frame says only what is new; and a frame that was tampered
    /// with is an error, or the one form of another delta.
    #[test]
    fn what_histories_write_crosses_a_link(
        history in histories(60), places in proptest::collection::vec(any::<(u16, u8)>(), 64),
    ) {
        let world = HistoryWorld::run(&history, |_| Ok(())).expect("a check that never fails");
        for (cart, deltas) in &world.log {
            let (mut sender, mut receiver) = (LinkSender::new(*cart), LinkReceiver::new(*cart));
            let mut places = places.iter().cycle();
            for delta in deltas {
                let (before, ready) = (sender.clone(), receiver.clone());
                let frame = sender.encode(delta);
                prop_assert!(frame.len() <= encode_delta(delta).len());
                for (at, bit) in places.by_ref().take(4) {
                    let mut frame = content(&frame).to_vec();
                    let at = usize::from(*at) % frame.len();
                    frame[at] ^= (1 << (bit % 8)) | bit;
                    let frame = seal(&frame);
                    let mut receiver = ready.clone();
                    match receiver.decode(&frame) {
                        Ok(other) => prop_assert_eq!(before.clone().encode(&other), frame),
                        Err(_) => {
                            let after = receiver.decode(&frame).map_err(|error| error.broken);
                            prop_assert_eq!(after, Err(Broken::Link));
                        }
                    }
                }
                prop_assert_eq!(&receiver.decode(&frame).expect("a frame"), delta);
            }
        }
    }

    /// Equal states are equal bytes, whatever way they were reached.
    #[test]
    fn equal_states_are_equal_bytes(history in histories(40)) {
        let world = HistoryWorld::run(&history, |_| Ok(())).expect("a check that never fails");
        let (mut forth, mut back) = (Cart::new(ACCOUNT), Cart::new(ACCOUNT));
        for delta in world.account_log() {
            let _ = forth.join(delta).expect("the same cart");
        }
        for delta in world.account_log().iter().rev() {
            let _ = back.join(delta).expect("the same cart");
        }
        prop_assert_eq!(encode_cart(&forth), encode_cart(&back));
    }
}

#[test]
fn every_sample_is_read_back() {
    for (name, sample) in samples::all() {
        let bytes = sample.encode();
        let back = sample.decode_like(&bytes).expect(&name);
        assert_eq!(back, sample, "{name}");
        assert_eq!(back.encode(), bytes, "{name}");
    }
}

/// A probe and its answer, between peers that have the same, are a few dozen bytes.
#[test]
fn synced_peers_exchange_a_few_dozen_bytes() {
    let replica = |id| {
        let cart = samples::full();
        Replica::resume(ReplicaId::from_u128(id), cart.latest(), cart)
    };
    let (mut a, mut b) = (replica(1), replica(2));
    let sent = converse(&mut a, &mut b);
    let bytes: Vec<usize> = sent.iter().map(|message| encode_message(message).len()).collect();
    assert_eq!(bytes.len(), 2);
    assert!(bytes.iter().all(|bytes| *bytes <= 60), "{bytes:?}");
    assert_eq!(encode_message(&probe(&a)), encode_message(&sent[0]));
}

/// An entry of a kind that a later version has: kept, forwarded byte for byte, and said.
#[test]
fn unknown_kinds_are_kept_forwarded_and_marked() {
    for (kind, line) in [(12, Some(tee())), (13, None), (u32::MAX, Some(tee()))] {
        let payload: Vec<u8> = (0..=255).collect();
        let body = Body::Unknown { kind, payload: payload.to_vec().into() };
        let mut entry = entry(line.clone(), body);
        (entry.scope, entry.seen_merges) = (CART, [].into());
        let delta = Delta::new(CART, [(dot(LAPTOP, 1), entry)], Dots::default(), Dots::default());
        let bytes = encode_delta(&delta.expect("a delta"));
        let mut phone = Replica::new(CART, PHONE);
        let _ = phone.add(0, &tee(), Quantity::ONE, None).expect("an add");
        let _ = phone.join(&decode_delta(&bytes).expect("a delta")).expect("the same cart");
        let want = Notice::NeedsUpgrade { line: line.clone() };
        assert!(phone.view().notices.contains(&want), "{kind}: {:?}", phone.view().notices);
        assert_eq!(phone.snapshot().is_err(), line.is_some(), "a line it cannot read is not sold");
        // Others get just what came.
        let forwarded = phone.cart().delta_for(&{
            let mut have = phone.cart().have();
            have.context = have.context.minus(&[dot(LAPTOP, 1)].into_iter().collect());
            have.live = have.live.minus(&[dot(LAPTOP, 1)].into_iter().collect());
            have
        });
        assert_eq!(encode_delta(&forwarded), bytes, "kind {kind}");
        // An author who cannot read it does not take it away either.
        let _ = phone.set(1, &holdall::RowRef::active(tee()), 4, None).expect("a set");
        let _ = phone.clear(2, holdall::List::Active).expect("a clear");
        let _ = phone.add(3, &tee(), Quantity::ONE, None).expect("an add");
        assert!(phone.cart().live().contains_key(&dot(LAPTOP, 1)));
        assert_eq!(phone.view().quantity(&tee()), 1);
    }
}

/// What a Set covers, wherever its numbers are: next to the Set, far below it, up to the highest
/// number, of others, after it.
#[test]
fn what_a_set_covers_is_read_back_wherever_it_is() {
    let (wide, last) = (1_u64 << 31, limits::SEQ_MAX);
    let covers: [&[(ReplicaId, u64)]; 11] = [
        &[],
        &[(LAPTOP, 1)],
        &[(LAPTOP, 1), (LAPTOP, 2), (LAPTOP, 40), (LAPTOP, 99)],
        &[(LAPTOP, 1), (PHONE, 7)],
        &[(PHONE, 7)],
        &[(LAPTOP, 100)],
        &[(LAPTOP, wide - 1)],
        &[(LAPTOP, 1), (LAPTOP, wide - 1)],
        &[(LAPTOP, 1), (LAPTOP, wide), (LAPTOP, wide + 2)],
        &[(LAPTOP, last)],
        &[
            (LAPTOP, 2),
            (LAPTOP, 4),
            (LAPTOP, 6),
            (LAPTOP, 8),
            (LAPTOP, 10),
            (LAPTOP, 12),
            (LAPTOP, 14),
            (LAPTOP, 16),
        ],
    ];
    for (seq, covers) in
        [100, wide, wide + 1, last - 1, last].iter().flat_map(|seq| covers.map(|c| (*seq, c)))
    {
        let dots: Dots = covers.iter().map(|(writer, seq)| dot(*writer, *seq)).collect();
        let covers: ReplacedDots = covers.iter().map(|(writer, seq)| dot(*writer, *seq)).collect();
        assert_eq!(covers.to_dots(), dots);
        a_set_is_read_back(seq, &covers);
    }
}

/// Runs so long, or so far apart, that a number takes a byte more, or has nothing in its lower byte.
#[test]
fn long_runs_that_a_set_covers_are_read_back() {
    for more in [63, 64, 126, 127, 128, 129, 256, 16_383, 16_384] {
        let (mut long, mut far, mut one) = (Dots::default(), Dots::default(), Dots::default());
        for first in [1, 20_000, 50_000] {
            long.insert_run(LAPTOP, Run { first, last: first + more });
        }
        for at in 0..4 {
            far.insert(dot(LAPTOP, 5 + at * (more + 1)));
        }
        one.insert_run(LAPTOP, Run { first: 20_000, last: 20_000 + more });
        // As many are left out above it, beside the bit that says that it is longer than one.
        let mut below = one.clone();
        below.insert_run(LAPTOP, Run { first: 19_990 - more, last: 19_999 - more });
        for dots in [long, far, one, below] {
            let covers = ReplacedDots::from(&dots);
            assert_eq!(covers.to_dots(), dots);
            a_set_is_read_back(90_000, &covers);
        }
    }
}

/// What no entry uses any more is not written, however it came into the tables: with entries that are dead here
/// already, or as the home of a guest's entries of which none says nothing of its authorship.
#[test]
fn what_no_entry_uses_is_not_written() {
    let line = |sku| Some(LineKey::sku(sku).expect("a line"));
    let add = Body::Add { quantity: Quantity::ONE, sided: false };
    let one = |seq, sku| (dot(LAPTOP, seq), entry(line(sku), add.clone()));
    let none = Dots::default;
    let dead = Delta::new(CART, [], [dot(LAPTOP, 1)].into_iter().collect(), none());
    let (dead, both) = (
        dead.expect("a delta"),
        Delta::new(CART, [one(1, "A"), one(2, "B"), one(3, "C")], none(), none()),
    );
    let last = Delta::new(CART, [one(2, "B"), one(3, "C")], none(), none()).expect("a delta");
    let joined = |deltas: [&Delta; 2]| {
        let mut cart = Cart::new(CART);
        let _ = deltas.map(|delta| cart.join(delta).expect("the same cart"));
        encode_cart(&cart)
    };
    assert_eq!(joined([&dead, &both.expect("a delta")]), joined([&last, &dead]));

    let guests = [1, 2].map(|seq| one(seq, "A"));
    let guests = Delta::new(samples::GUEST, guests, none(), none()).expect("a delta");
    let mut guest = Cart::new(samples::GUEST);
    let _ = guest.join(&guests).expect("the same cart");
    let mut account = Cart::new(CART);
    account.absorb(&guest).expect("it is there");
    assert_eq!(decode_cart(&encode_cart(&account)).as_ref(), Ok(&account));
}

fn a_set_is_read_back(seq: u64, covers: &ReplacedDots) {
    let set = SetQuantity {
        quantity: Quantity::ONE,
        list: holdall::List::Active,
        sided: false,
        seen: Dots::default().into(),
        covers: covers.clone(),
        settled: None,
    };
    let mut entry = entry(Some(tee()), Body::Set(set.into()));
    (entry.scope, entry.seen_merges) = (CART, [].into());
    let delta = Delta::new(CART, [(dot(LAPTOP, seq), entry)], Dots::default(), Dots::default());
    let delta = delta.expect("a delta");
    let bytes = encode_delta(&delta);
    let back = decode_delta(&bytes).unwrap_or_else(|why| panic!("{seq}, {covers:?}: {why}"));
    assert_eq!(back, delta, "{seq}, {covers:?}");
    assert_eq!(encode_delta(&back), bytes, "{seq}, {covers:?}");
}

/// Lines whose names are alike, short, long and not in ASCII, next to each other in one table.
#[test]
fn lines_are_read_back_whatever_their_names_have_in_common() {
    let long = "x".repeat(60);
    let names = [
        "A",
        "AB",
        "ABC",
        "ABCDEFGHIJKLMNOPQRSTUVWX",
        "ABCDEFGHIJKLMNOPQRSTUVWXY",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "AB\u{e9}",
        "AB\u{e9}t",
        "AB\u{ea}",
        "caf\u{e9} 1",
        "caf\u{e9} 2",
        "z",
        &long,
        "\u{1f6d2}",
        "\u{1f6d3}",
    ];
    let mut phone = Replica::new(CART, PHONE);
    for name in names {
        for options in [&[][..], &[("size", "M")], &[("size", "M"), ("with", "\u{e9}")]] {
            let line = LineKey::parse(name, options.iter().copied()).expect("a line");
            phone.add(0, &line, Quantity::ONE, None).expect("an add");
        }
    }
    let bytes = encode_cart(phone.cart());
    let back = decode_cart(&bytes).expect("a cart");
    assert_eq!(&back, phone.cart());
    assert_eq!(encode_cart(&back), bytes);
    assert_eq!(back.lines().count(), 3 * names.len());
}
