//! Faults that replicated data types and carts shipped, each as the story that shows it, against
//! the guard this library has. Each name begins with where the fault was.

use holdall::dots::Dots;
use holdall::sync::{Inbox, Received, Session, probe, respond};
use holdall::{
    CartId, Delta, Dot, LineKey, OrderId, Quantity, Replica, ReplicaId, RowRef, Time, wire,
};

use holdall_testkit::history::converse;

pub(crate) const CART: CartId = CartId::from_u128(1);
pub(crate) const PHONE: ReplicaId = ReplicaId::from_u128(0x00a0_b0c0_d0e0_f001);
pub(crate) const LAPTOP: ReplicaId = ReplicaId::from_u128(2);

pub(crate) fn tee() -> LineKey {
    LineKey::sku("SECRET-TEE").expect("a SKU")
}

pub(crate) fn row() -> RowRef {
    RowRef::active(tee())
}

pub(crate) fn replica(id: ReplicaId) -> Replica {
    Replica::new(CART, id)
}

pub(crate) fn units(units: u32) -> Quantity {
    Quantity::new(units).expect("a quantity")
}

pub(crate) fn add(replica: &mut Replica, now: u64, n: u32) -> Delta {
    replica.add(now, &tee(), units(n), None).expect("an add")
}

pub(crate) fn join(replica: &mut Replica, delta: &Delta) -> bool {
    replica.join(delta).expect("the same cart").changed
}

pub(crate) fn shown(replica: &Replica) -> u64 {
    replica.view().quantity(&tee())
}

/// rust-crdt 7.3.2 took the second add for proof of the first, and lost it for good.
#[test]
fn rust_crdt_two_adds_of_one_writer_in_the_other_order() {
    let (mut phone, mut region) = (replica(PHONE), replica(LAPTOP));
    let (first, second) = (add(&mut phone, 1, 1), add(&mut phone, 2, 2));
    assert!(join(&mut region, &second));
    assert!(!region.cart().context().contains(Dot::new(PHONE, 1)), "a gap is not a loss");
    assert!(join(&mut region, &first));
    assert_eq!(shown(&region), 3);
    assert_eq!(region.fingerprint(), phone.fingerprint());
}

/// delta_crdt_ex 65: a part of the entries under a full context said "all else is gone".
#[test]
fn delta_crdt_ex_partial_diff_never_deletes() {
    let (mut phone, mut region) = (replica(PHONE), replica(LAPTOP));
    for now in 1..=4 {
        let delta = add(&mut phone, now, 1);
        join(&mut region, &delta);
    }
    for part in phone.cart().to_delta().split() {
        assert!(!join(&mut region, &part), "a part of what is known says nothing new");
        let mut fresh = replica(LAPTOP);
        join(&mut fresh, &part);
        assert_eq!(fresh.cart().context().count(), 1, "a part speaks for its own dot only");
    }
    assert_eq!(shown(&region), 4);
    // A delta that does say so contradicts itself.
    let live = phone.cart().live().clone();
    let whole = phone.cart().context().clone();
    assert!(Delta::new(CART, &live, whole, Dots::default()).is_err());
}

/// riak_dt 78, 79: one side's clock dominates, so its state was taken, or kept, whole.
#[test]
fn riak_dt_78_dominating_clock_keeps_nothing_removed() {
    let (mut phone, mut laptop) = (replica(PHONE), replica(LAPTOP));
    let add_1 = add(&mut phone, 1, 1);
    join(&mut laptop, &add_1);
    let old = laptop.cart().clone();
    phone.remove(2, &row()).expect("a row");
    // The phone's context dominates, its entries are fewer: both directions give its state.
    let mut from_old = old.clone();
    let _ = from_old.join(&phone.cart().to_delta()).expect("the same cart");
    let mut from_new = phone.cart().clone();
    let _ = from_new.join(&old.to_delta()).expect("the same cart");
    assert_eq!(from_old, *phone.cart());
    assert_eq!(from_new, *phone.cart());
    assert!(from_new.live().is_empty());
}

/// riak_dt 98: adds folded into one counter let a concurrent remove take back too much or little.
#[test]
fn riak_dt_98_sent_adds_are_never_folded() {
    let (mut phone, mut laptop) = (replica(PHONE), replica(LAPTOP));
    let first = add(&mut phone, 1, 3);
    join(&mut laptop, &first);
    let second = add(&mut phone, 2, 2);
    assert_eq!(phone.cart().live().len(), 2, "each action keeps its own dot");
    let removed = laptop.remove(3, &row()).expect("a row");
    join(&mut phone, &removed);
    join(&mut laptop, &second);
    assert_eq!((shown(&phone), shown(&laptop)), (2, 2));
    // Every delta once more: nothing comes back.
    for delta in [&first, &second, &removed] {
        assert!(!join(&mut phone, delta));
    }
}

/// rust-crdt 33, 35 and y-crdt 648e7fe: a delete that comes before what it deletes.
#[test]
fn y_crdt_a_delete_before_its_dependencies_resurrects_nothing() {
    let (mut phone, mut region, mut inbox) = (replica(PHONE), replica(LAPTOP), Inbox::default());
    let added = add(&mut phone, 1, 3);
    let set = phone.set(2, &row(), 5, None).expect("a set");
    let removed = phone.remove(3, &row()).expect("a row");
    let missing = |received| match received {
        Received::Waits { missing, .. } => missing,
        Received::Joined { .. } => Dots::default(),
    };
    let waits = inbox.receive(&mut region, removed.clone()).expect("room");
    assert_eq!(missing(waits), [Dot::new(PHONE, 2)].into_iter().collect());
    let waits = inbox.receive(&mut region, set).expect("room");
    assert_eq!(missing(waits), [Dot::new(PHONE, 1)].into_iter().collect());
    let last = inbox.receive(&mut region, added).expect("room");
    assert!(matches!(last, Received::Joined { released: 2, .. }), "{last:?}");
    assert_eq!(region.cart(), phone.cart());
    assert!(inbox.waiting().is_empty());
}

/// automerge 1482: duplicates in the queue of changes that wait.
#[test]
fn automerge_1482_queued_duplicates_are_one() {
    let (mut phone, mut region, mut inbox) = (replica(PHONE), replica(LAPTOP), Inbox::default());
    let added = add(&mut phone, 1, 3);
    let set = phone.set(2, &row(), 5, None).expect("a set");
    for _ in 0..5_000 {
        let waits = inbox.receive(&mut region, set.clone()).expect("room, however often it comes");
        assert!(matches!(waits, Received::Waits { .. }));
    }
    assert_eq!(inbox.waiting().len(), 1);
    let _ = inbox.receive(&mut region, added).expect("room");
    assert_eq!(shown(&region), 5);
}

/// nextcloud/text 4600: a gap that nobody ever asked for. It is named, and an exchange fills it.
#[test]
fn nextcloud_text_4600_a_gap_is_asked_for() {
    let (mut phone, mut region, mut inbox) = (replica(PHONE), replica(LAPTOP), Inbox::default());
    let _lost = add(&mut phone, 1, 3);
    let set = phone.set(2, &row(), 5, None).expect("a set");
    let _ = inbox.receive(&mut region, set.clone()).expect("room");
    assert_eq!(inbox.missing(&region), [Dot::new(PHONE, 1)].into_iter().collect());
    converse(&mut region, &mut phone);
    assert_eq!(region.cart(), phone.cart());
    assert!(inbox.missing(&region).is_empty(), "nothing is asked for any more");
    // What had waited goes with the next that comes.
    let next = inbox.receive(&mut region, add(&mut phone, 3, 1)).expect("room");
    assert!(matches!(next, Received::Joined { released: 1, .. }), "{next:?}");
    assert!(inbox.waiting().is_empty());
}

/// The same, where the next that comes is what waits, once more: an exchange brought what it
/// waited for, so it waits for nothing.
#[test]
fn nextcloud_text_4600_a_repeated_delta_waits_for_nothing_once_the_gap_is_filled() {
    let (mut phone, mut region, mut inbox) = (replica(PHONE), replica(LAPTOP), Inbox::default());
    let _lost = add(&mut phone, 1, 3);
    let set = phone.set(2, &row(), 5, None).expect("a set");
    let _ = inbox.receive(&mut region, set.clone()).expect("room");
    converse(&mut region, &mut phone);
    let again = inbox.receive(&mut region, set).expect("room");
    assert!(matches!(again, Received::Joined { .. }), "{again:?}");
    assert!(inbox.waiting().is_empty());
}

/// automerge 337, 703: a conversation whose messages are lost stalled. This one asks again, later
/// each time, and the same message twice does no harm.
#[test]
fn automerge_337_a_lost_message_stalls_nothing() {
    let (mut phone, mut region) = (replica(PHONE), replica(LAPTOP));
    add(&mut phone, 1, 3);
    add(&mut region, 1, 4);
    let mut session = Session::default();
    let _lost = session.start(&phone, 0);
    let mut message = session.handle_timeout(&phone, 1_000).expect("it asks again");
    loop {
        let reply = respond(&mut region, &message).expect("the same cart");
        let twice = respond(&mut region, &message).expect("the same cart");
        assert!(!twice.joined.changed);
        let Some(back) = reply.message else { break };
        let Some(next) = session.handle(&mut phone, &back, 1_100).expect("the same cart").message
        else {
            break;
        };
        message = next;
    }
    assert_eq!(phone.cart(), region.cart());
    assert!(session.is_quiet());
    assert_eq!(session.handle_timeout(&phone, u64::MAX), None);
}

/// Akka's own cart sample adds by read, increment and write: of two at once one is lost.
#[test]
fn akka_samples_31_two_adds_of_one_product_both_count() {
    let (mut phone, mut laptop) = (replica(PHONE), replica(LAPTOP));
    let (a, b) = (add(&mut phone, 1, 1), add(&mut laptop, 1, 1));
    join(&mut phone, &b);
    join(&mut laptop, &a);
    assert_eq!((shown(&phone), shown(&laptop)), (2, 2));
}

/// automerge 1367: one actor, two writers. A replica cannot be copied: this compiles only while
/// `Replica` is not `Clone`, for else the choice of the trait below is ambiguous.
#[test]
fn automerge_1367_a_replica_is_not_clone() {
    trait NotClone<Marker> {
        fn holds() -> bool {
            true
        }
    }
    struct IfClone;
    impl<T> NotClone<()> for T {}
    impl<T: Clone> NotClone<IfClone> for T {}
    assert!(<Replica as NotClone<_>>::holds());
}

/// A delta of one cart never enters another (topgun 54: only the first record was looked at).
#[test]
fn a_delta_of_another_cart_changes_nothing() {
    let mut stranger = Replica::new(CartId::from_u128(99), LAPTOP);
    let theirs = stranger.add(1, &tee(), units(7), None).expect("an add");
    let mut phone = replica(PHONE);
    add(&mut phone, 1, 1);
    let before = phone.cart().clone();
    assert!(phone.join(&theirs).is_err());
    assert!(phone.join(&Delta::erasure(CartId::from_u128(99))).is_err());
    assert!(Inbox::default().receive(&mut phone, theirs).is_err());
    assert!(respond(&mut phone, &probe(&stranger)).is_err());
    assert_eq!(*phone.cart(), before);
}

/// shopware 11928, 18526: the cart came back after the order.
#[test]
fn shopware_11928_an_ordered_cart_does_not_come_back() {
    let (mut phone, mut laptop) = (replica(PHONE), replica(LAPTOP));
    let mut sent = vec![add(&mut phone, 1, 2), phone.set(2, &row(), 3, None).expect("a set")];
    sent.iter().for_each(|delta| assert!(join(&mut laptop, delta)));
    let snapshot = laptop.snapshot().expect("something to buy");
    let id = OrderId::new("1").expect("an id");
    sent.push(laptop.order(3, id.clone(), &snapshot).expect("an order"));
    let again = laptop.order(4, id, &snapshot).expect("the same order");
    assert!(again.is_empty(), "an order is placed once");
    for _ in 0..3 {
        for delta in sent.iter().rev() {
            join(&mut phone, delta);
            join(&mut laptop, delta);
        }
    }
    assert_eq!(phone.cart(), laptop.cart());
    assert!(phone.view().is_empty());
    assert_eq!(phone.view().orders.len(), 1);
}

/// topgun 56, 57: a clock a year ahead wins a tie, and not for ever.
#[test]
fn topgun_56_a_clock_ahead_does_not_win_for_ever() {
    const YEAR_MS: u64 = 365 * 24 * 3_600_000;
    let (mut phone, mut laptop) = (replica(PHONE), replica(LAPTOP));
    let ahead = phone.set(YEAR_MS, &row(), 9, None).expect("a set");
    let tie = laptop.set(1, &row(), 2, None).expect("a set");
    join(&mut laptop, &ahead);
    join(&mut phone, &tie);
    assert_eq!((shown(&phone), shown(&laptop)), (9, 9));
    let after = laptop.set(2, &row(), 4, None).expect("a set");
    join(&mut phone, &after);
    assert_eq!((shown(&phone), shown(&laptop)), (4, 4));
}

/// calimero 2635: a clock that was not moved on by an equal time. Every order of what the writer
/// made last, what it saw and what the wall says gives a later time than both.
#[test]
fn calimero_2635_an_entry_is_later_than_all_its_author_had_seen() {
    for own in [10, 20, 30] {
        for seen in [10, 20, 30] {
            for wall in [10, 20, 30] {
                let (mut phone, mut laptop) = (replica(PHONE), replica(LAPTOP));
                let mine = add(&mut laptop, own, 1);
                let theirs = add(&mut phone, seen, 1);
                join(&mut laptop, &theirs);
                let next = add(&mut laptop, wall, 1);
                let time = |delta: &Delta| delta.live().values().next().map(|entry| entry.time);
                assert!(time(&next) > time(&mine) && time(&next) > time(&theirs));
                assert!(time(&next) >= Some(Time::from_ms(wall)));
            }
        }
    }
}

/// riak_kv 679: a writer that comes back with what it had made durable names no dot twice, and
/// its clock does not go back.
#[test]
fn riak_kv_679_a_restart_reuses_no_dot_and_no_time() {
    let mut phone = replica(PHONE);
    add(&mut phone, 5_000, 1);
    phone.remove(9_000, &row()).expect("a row");
    let (latest, kept) = (phone.latest(), wire::encode_replica(&phone));
    drop(phone);
    let mut phone = wire::decode_replica(&kept).expect("a replica");
    // What it wrote last is dead and gone; its dot and its time are not.
    let next = add(&mut phone, 1, 2);
    assert!(next.live().contains_key(&Dot::new(PHONE, 3)), "{next:?}");
    assert!(next.live().values().all(|entry| entry.time > latest));
}
