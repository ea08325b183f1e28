//! Deltas of writers that are not trusted.

use futures_lite::future::block_on;
use holdall::cart::Delta;
use holdall::cart::{Body, Entry};
use holdall::dots::Dots;
use holdall::{
    CartId, Claim, Dot, LineKey, MergePolicy, OrderId, Quantity, Replica, ReplicaId, RowRef, Time,
    wire,
};
use holdall_authority::{Admitted, Advice, Caller, Opened, Refusal, Rejection};

use super::{MINUTE_MS, NOW_MS, Shop, account, quantity};

const PHONE: ReplicaId = ReplicaId::from_u128(10);
const LAPTOP: ReplicaId = ReplicaId::from_u128(20);

fn line() -> LineKey {
    LineKey::sku("TEE").expect("a SKU")
}

/// A shop, a guest with a registered phone, and that phone.
fn phone() -> (Shop, Opened, Replica) {
    let shop = Shop::new();
    let guest = shop.guest();
    register(&shop, &guest, PHONE);
    let replica = Replica::new(guest.cart, PHONE);
    (shop, guest, replica)
}

fn register(shop: &Shop, guest: &Opened, replica: ReplicaId) {
    let caller = Caller::from(guest.token);
    let at = shop.authority.register(NOW_MS, &caller, guest.cart, replica);
    assert_eq!(block_on(at).expect("registered").last, Dot::new(replica, 0));
}

fn hand_in(shop: &Shop, guest: &Opened, delta: &Delta) -> Result<Admitted, Refusal> {
    hand_in_as(shop, &guest.token.into(), guest.cart, delta)
}

fn hand_in_as(
    shop: &Shop,
    caller: &Caller,
    cart: CartId,
    delta: &Delta,
) -> Result<Admitted, Refusal> {
    block_on(shop.authority.accept(NOW_MS, caller, cart, &wire::encode_delta(delta)))
}

/// Hands in what has to be applied.
fn take(shop: &Shop, guest: &Opened, delta: &Delta) {
    let admitted = hand_in(shop, guest, delta);
    assert!(matches!(admitted, Ok(Admitted::Applied { .. })), "{admitted:?}");
}

fn add(replica: &mut Replica, units: u32) -> Delta {
    replica.add(NOW_MS, &line(), Quantity::new(units).expect("small"), None).expect("an add")
}

fn shown(shop: &Shop, guest: &Opened) -> u64 {
    quantity(&shop.read(guest.token, guest.cart).expect("the cart"), "TEE")
}

#[test]
fn a_delta_that_comes_again_is_known_for_ever() {
    let (shop, guest, mut phone) = phone();
    let delta = add(&mut phone, 2);
    assert!(matches!(hand_in(&shop, &guest, &delta), Ok(Admitted::Applied { last: 1, .. })));
    for _ in 0..3 {
        let again = hand_in(&shop, &guest, &delta);
        assert!(matches!(again, Ok(Admitted::Known { last: 1 })), "{again:?}");
    }
    let removed = phone.remove(NOW_MS, &RowRef::active(line())).expect("a removal");
    assert!(matches!(hand_in(&shop, &guest, &removed), Ok(Admitted::Applied { last: 2, .. })));
    assert!(matches!(hand_in(&shop, &guest, &delta), Ok(Admitted::Known { last: 2 })));
    assert_eq!(shown(&shop, &guest), 0);
}

#[test]
fn a_gap_is_asked_for() {
    let (shop, guest, mut phone) = phone();
    let (first, second) = (add(&mut phone, 1), add(&mut phone, 2));
    let refused = hand_in(&shop, &guest, &second).expect_err("the first is missing");
    assert!(matches!(refused, Refusal::Gap { expected: 1, .. }), "{refused:?}");
    assert!(matches!(refused.advice(), Advice::Retry { .. }));
    for delta in [&first, &second] {
        take(&shop, &guest, delta);
    }
    assert_eq!(shown(&shop, &guest), 3);
}

#[test]
fn a_queue_of_one_batch_applies_whole() {
    let (shop, guest, mut phone) = phone();
    let mut batch = add(&mut phone, 1);
    for units in 2..=12 {
        batch.batch(&add(&mut phone, units));
    }
    batch.batch(&phone.set(NOW_MS, &RowRef::active(line()), 5, None).expect("a set"));
    assert!(matches!(hand_in(&shop, &guest, &batch), Ok(Admitted::Applied { last: 13, .. })));
    assert_eq!(shown(&shop, &guest), 5);
}

#[test]
fn nobody_kills_the_future() {
    let (shop, guest, mut phone) = phone();
    // The laptop's actions never came here; a removal by the phone names them.
    let mut laptop = Replica::new(guest.cart, LAPTOP);
    let theirs = add(&mut laptop, 3);
    let _ = phone.join(&theirs).expect("the same cart");
    let removed = phone.remove(NOW_MS, &RowRef::active(line())).expect("a removal");
    let refused = hand_in(&shop, &guest, &removed).expect_err("not seen here");
    assert!(
        matches!(&refused, Refusal::Unseen { missing } if missing.contains(Dot::new(LAPTOP, 1)))
    );
    register(&shop, &guest, LAPTOP);
    take(&shop, &guest, &theirs);
    take(&shop, &guest, &removed);
    assert_eq!(shown(&shop, &guest), 0);
}

#[test]
fn a_dot_that_is_only_named_dead_without_need_is_no_way_around() {
    let (shop, guest, mut phone) = phone();
    let own = add(&mut phone, 1);
    let mut dead = Dots::default();
    dead.insert(Dot::new(LAPTOP, 1));
    let lying = Delta::new(guest.cart, own.live().iter(), dead, Dots::default()).expect("a delta");
    let refused = hand_in(&shop, &guest, &lying).expect_err("of two writers");
    assert!(matches!(refused, Refusal::ManyWriters), "{refused:?}");
}

#[test]
fn what_a_set_names_has_to_be_known() {
    let (shop, guest, mut phone) = phone();
    take(&shop, &guest, &add(&mut phone, 1));
    let mut laptop = Replica::new(guest.cart, LAPTOP);
    let theirs = add(&mut laptop, 3);
    let _ = phone.join(&theirs).expect("the same cart");
    let set = phone.set(NOW_MS, &RowRef::active(line()), 7, None).expect("a set");
    // It leaves out that it makes the laptop's add dead, and still counts it as replaced.
    let (dot, entry) = set.live().iter().next().expect("the Set");
    let lying = Delta::new(guest.cart, [(dot, entry)], Dots::default(), Dots::default());
    let refused = hand_in(&shop, &guest, &lying.expect("a delta")).expect_err("not seen here");
    assert!(
        matches!(&refused, Refusal::Unseen { missing } if missing.contains(Dot::new(LAPTOP, 1)))
    );
}

#[test]
fn a_writer_of_the_same_cart_is_its_owners_alone() {
    let (shop, guest, mut phone) = phone();
    let staff = Caller::from(holdall_authority::Principal::Staff("kim".to_owned()));
    let refused = hand_in_as(&shop, &staff, guest.cart, &add(&mut phone, 1));
    assert!(matches!(refused, Err(Refusal::UnknownWriter { .. })), "{refused:?}");
    let at = shop.authority.register(NOW_MS, &staff, guest.cart, PHONE);
    assert!(matches!(block_on(at), Err(Refusal::WriterTaken { .. })));
}

#[test]
fn a_clock_that_is_ahead_is_refused_and_restamps() {
    let (shop, guest, _) = phone();
    let mut ahead = Replica::new(guest.cart, PHONE);
    let year_ms = 365 * 24 * 60 * MINUTE_MS;
    let delta = ahead.add(NOW_MS + year_ms, &line(), Quantity::ONE, None).expect("an add");
    let refused = hand_in(&shop, &guest, &delta).expect_err("a year ahead");
    assert_eq!((refused.kind(), refused.advice()), ("clock-ahead", Advice::Restamp));
    let mut again = Replica::new(guest.cart, PHONE);
    let within = again.add(NOW_MS + MINUTE_MS, &line(), Quantity::ONE, None).expect("an add");
    take(&shop, &guest, &within);
}

#[test]
fn a_writer_is_its_owners_alone() {
    let (shop, guest, mut phone) = phone();
    let delta = add(&mut phone, 1);
    let home = shop.home(&account("ann"));
    let ann = Caller::from(account("ann"));
    // Not registered in that cart; and that guest cart is not Ann's.
    let strange = Replica::new(home, PHONE).add(NOW_MS, &line(), Quantity::ONE, None);
    let refused = hand_in_as(&shop, &ann, home, &strange.expect("an add"));
    assert!(matches!(refused, Err(Refusal::UnknownWriter { .. })));
    assert!(matches!(hand_in_as(&shop, &ann, guest.cart, &delta), Err(Refusal::NotYours { .. })));
    take(&shop, &guest, &delta);
    // An id that wrote here, or that this server writes under, cannot be had.
    let fresh = shop.second();
    let server = block_on(shop.authority.submit(
        NOW_MS,
        &guest.token.into(),
        guest.cart,
        &holdall_authority::Request::new(1, super::add("MUG", 1)),
    ));
    let _ = server.expect("an add");
    let state = block_on(shop.authority.exchange(
        &guest.token.into(),
        guest.cart,
        &holdall::Cart::new(guest.cart).have(),
    ));
    let delta = wire::decode_delta(&state.expect("the state")).expect("a delta");
    let writers: Vec<ReplicaId> = delta.dots().writers().map(|(replica, _)| replica).collect();
    let own = *writers.iter().find(|replica| **replica != PHONE).expect("the server's");
    for process in [&shop, &fresh] {
        let caller = Caller::from(guest.token);
        let at = process.authority.register(NOW_MS, &caller, guest.cart, own);
        assert!(matches!(block_on(at), Err(Refusal::WriterTaken { .. })));
    }
}

#[test]
fn what_only_servers_write_is_rejected_and_blocks_nothing() {
    let (shop, guest, mut phone) = phone();
    let kept = add(&mut phone, 2);
    take(&shop, &guest, &kept);
    let order = phone.order_all(NOW_MS, OrderId::new("free").expect("an id")).expect("an order");
    let rejected = hand_in(&shop, &guest, &order).expect("an answer");
    let Admitted::Rejected { dots, because, .. } = rejected else { panic!("{rejected:?}") };
    assert_eq!((dots.count(), because), (1, Rejection::ServerKind));
    assert_eq!(shown(&shop, &guest), 2);
    // The phone goes on with the next number, and its order goes at the next exchange.
    let next = add(&mut phone, 1);
    assert!(matches!(hand_in(&shop, &guest, &next), Ok(Admitted::Applied { last: 3, .. })));
    let have = phone.cart().have();
    let answer = block_on(shop.authority.exchange(&guest.token.into(), guest.cart, &have));
    let delta = wire::decode_delta(&answer.expect("an answer")).expect("a delta");
    let _ = phone.join(&delta).expect("the same cart");
    assert!(phone.view().orders.is_empty());
}

#[test]
fn a_merge_without_a_claim_is_rejected() {
    let shop = Shop::new();
    let (ann, victim) = (account("ann"), shop.guest());
    shop.add(victim.token, victim.cart, "TEE", 9);
    let home = shop.home(&ann);
    let caller = Caller::from(ann);
    let at = shop.authority.register(NOW_MS, &caller, home, PHONE);
    let _ = block_on(at).expect("registered");
    let claim = Claim { guest: victim.cart, account: home, number: 1 };
    let mut phone = Replica::new(home, PHONE);
    let policy = MergePolicy::rule("sum").expect("a rule");
    let empty = holdall::Cart::new(victim.cart);
    let merge = phone.merge(NOW_MS, claim, policy, &empty).expect("a merge");
    // Its dot is of the claim's writer, which nobody registered.
    let refused = hand_in_as(&shop, &caller, home, &merge).expect_err("no claim");
    assert!(matches!(refused, Refusal::UnknownWriter { .. }), "{refused:?}");
    // The same content under the phone's own dot.
    let body = merge.live().values().next().expect("the merge").body;
    let entry = entry(home, Time::from_ms(NOW_MS), body);
    let own = Delta::new(home, [(Dot::new(PHONE, 1), entry)], Dots::default(), Dots::default());
    let rejected = hand_in_as(&shop, &caller, home, &own.expect("a delta")).expect("an answer");
    let because = Rejection::ServerKind;
    assert!(matches!(rejected, Admitted::Rejected { because: b, .. } if b == because));
}

#[test]
fn entries_of_other_scopes_and_unseen_merges_are_rejected() {
    let (shop, guest, _) = phone();
    let add = Body::Add { quantity: Quantity::ONE, sided: false };
    let elsewhere = CartId::from_u128(99);
    let scope =
        Entry { line: Some(line()), ..entry(elsewhere, Time::from_ms(NOW_MS), add.clone()) };
    let after = Entry {
        line: Some(line()),
        seen_merges: [elsewhere].into(),
        ..entry(guest.cart, Time::from_ms(NOW_MS), add)
    };
    for (seq, entry, expected) in [(1, scope, Rejection::Scope), (2, after, Rejection::After)] {
        let none = Dots::default();
        let delta = Delta::new(guest.cart, [(Dot::new(PHONE, seq), entry)], none.clone(), none);
        let rejected = hand_in(&shop, &guest, &delta.expect("a delta")).expect("an answer");
        assert!(
            matches!(rejected, Admitted::Rejected { because, .. } if because == expected),
            "{rejected:?}"
        );
    }
}

#[test]
fn what_servers_wrote_is_taken_out_by_servers_alone() {
    let (shop, guest, mut phone) = phone();
    take(&shop, &guest, &add(&mut phone, 2));
    let server = Caller::server();
    let lease = block_on(shop.authority.checkout(NOW_MS, &guest.token.into(), guest.cart, None));
    let lease = lease.expect("a checkout").lease;
    let order = OrderId::new("o-1").expect("an id");
    let placing = holdall_authority::PlaceOrder::new(lease, order);
    let _ = block_on(shop.authority.place(NOW_MS, &server, guest.cart, &placing)).expect("placed");
    let have = phone.cart().have();
    let answer = block_on(shop.authority.exchange(&guest.token.into(), guest.cart, &have));
    let answer = wire::decode_delta(&answer.expect("an answer")).expect("a delta");
    let _ = phone.join(&answer).expect("the same cart");
    let of_order = answer.live().keys().next().expect("the order's dot");
    let mut dead = Dots::default();
    dead.insert(of_order);
    let mut all = dead.clone();
    all.insert(Dot::new(PHONE, 2));
    let delta = Delta::new(guest.cart, [], all, dead).expect("a delta");
    let rejected = hand_in(&shop, &guest, &delta).expect("an answer");
    assert!(
        matches!(rejected, Admitted::Rejected { because: Rejection::ServerEntry, .. }),
        "{rejected:?}"
    );
    let shown = shop.read(guest.token, guest.cart).expect("the cart");
    assert_eq!(shown.view.orders.len(), 1);
}

#[test]
fn a_cloned_writer_is_told_and_ends() {
    let (shop, guest, mut phone) = phone();
    let mut clone = Replica::new(guest.cart, PHONE);
    take(&shop, &guest, &add(&mut phone, 1));
    let other = add(&mut clone, 9);
    let refused = hand_in(&shop, &guest, &other).expect_err("the same dot, another content");
    assert!(matches!(refused, Refusal::Equivocation { seq: 1, .. }), "{refused:?}");
    let ended = hand_in(&shop, &guest, &add(&mut phone, 1)).expect_err("neither copy writes on");
    assert!(matches!(ended, Refusal::WriterRetired { last: 1, .. }), "{ended:?}");
    assert_eq!(ended.advice(), Advice::StartNewWriter);
    assert_eq!(shown(&shop, &guest), 1);
}

/// The guest's phone was in a tunnel while its owner signed in elsewhere.
#[test]
fn a_late_guests_adds_reach_the_account() {
    let (shop, guest, mut phone) = phone();
    take(&shop, &guest, &add(&mut phone, 1));
    let late = add(&mut phone, 4);
    let ann = account("ann");
    shop.sign_in(&ann, guest.cart, guest.token).expect("a merge");
    let refused = hand_in(&shop, &guest, &late).expect_err("the token was revoked");
    assert_eq!((refused.kind(), refused.advice()), ("merged", Advice::SignIn));
    let caller = Caller::from(ann.clone());
    let taken = hand_in_as(&shop, &caller, guest.cart, &late).expect("under the account");
    assert!(matches!(taken, Admitted::Applied { .. }));
    let shown = shop.read(ann.clone(), shop.home(&ann)).expect("ann's cart");
    assert_eq!(quantity(&shown, "TEE"), 5);
}

#[test]
fn bytes_that_are_no_delta_are_told_where() {
    let (shop, guest, mut phone) = phone();
    let mut bytes = wire::encode_delta(&add(&mut phone, 1));
    bytes.push(0);
    let caller = Caller::from(guest.token);
    let at = shop.authority.accept(NOW_MS, &caller, guest.cart, &bytes);
    let refused = block_on(at).expect_err("one byte too long");
    assert_eq!((refused.kind(), refused.advice()), ("malformed", Advice::Correct));
    let other = shop.guest();
    let refused = hand_in(&shop, &other, &add(&mut phone, 1)).expect_err("of another cart");
    assert_eq!(refused.kind(), "other-cart");
    let refused = hand_in(&shop, &guest, &Delta::erasure(guest.cart)).expect_err("an erasure");
    assert_eq!(refused.kind(), "server-only");
}

fn entry(scope: CartId, time: Time, body: Body) -> Entry {
    Entry { time, scope, seen_merges: [].into(), line: None, price: None, body }
}
