//! What nobody else notices: each of these is here because the library was broken on purpose
//! (`checks/sabotage`) and every other test passed, or could have.

use holdall::sync::{Inbox, InboxFull, Outbox};
use holdall::wire::{Broken, LinkReceiver, LinkSender};
use holdall::{
    Body, CartId, Claim, CouponCode, Delta, Dot, Dots, Entry, LineKey, Loser, MergePolicy, MergeTo,
    Money, Notice, OrderId, Quantity, Replica, ReplicaId, RowRef, Side, Text, Time, ViewOptions,
    limits, wire,
};

const ACCOUNT: CartId = CartId::from_u128(1);
const GUEST: CartId = CartId::from_u128(12);
const OTHER: CartId = CartId::from_u128(11);

fn tee() -> LineKey {
    LineKey::sku("TEE").expect("a SKU")
}

fn row() -> RowRef {
    RowRef::active(tee())
}

fn units(n: u32) -> Quantity {
    Quantity::new(n).expect("a quantity")
}

fn replica(cart: CartId, id: u128) -> Replica {
    Replica::new(cart, ReplicaId::from_u128(id))
}

/// A replica of the cart with that many of the line.
fn with(cart: CartId, id: u128, n: u32) -> Replica {
    let mut replica = replica(cart, id);
    replica.add(1, &tee(), units(n), None).expect("an add");
    replica
}

fn join(replica: &mut Replica, delta: &Delta) {
    let _ = replica.join(delta).expect("the same cart");
}

fn tell(from: &Replica, to: &mut Replica) {
    join(to, &from.cart().to_delta());
}

fn shown(replica: &Replica) -> u64 {
    replica.view().quantity(&tee())
}

fn saved(replica: &Replica) -> u64 {
    replica.view().saved.iter().map(|row| row.quantity).sum()
}

fn claim(guest: CartId) -> Claim {
    Claim { guest, account: ACCOUNT, number: 1 }
}

fn rule(name: &str) -> MergePolicy {
    MergePolicy::rule(name).expect("a name")
}

fn buy(replica: &mut Replica, now: u64, id: &str) -> Delta {
    replica.order_all(now, OrderId::new(id).expect("an id")).expect("something to buy")
}

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
    assert_eq!(inbox.receive(&mut phone, needing(9_999_999)), Err(InboxFull::Full));
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

/// The account sets 2 having seen the guest's 1, then 4; the unaware guest's set 3 comes late.
#[test]
fn a_set_keeps_what_those_before_it_took() {
    let mut guest = with(GUEST, 2, 1);
    let mut laptop = replica(ACCOUNT, 1);
    laptop.merge(2, claim(GUEST), rule("sum"), guest.cart()).expect("a merge");
    laptop.set(3, &row(), 2, None).expect("a set");
    laptop.set(4, &row(), 4, None).expect("a set");
    guest.set(5, &row(), 3, None).expect("a set");
    laptop.absorb(guest.cart()).expect("it is merged");
    assert_eq!(shown(&laptop), 6);
}

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

#[test]
fn a_revocation_wins_over_a_grant_at_once() {
    let (mut a, mut b) = (replica(ACCOUNT, 1), replica(ACCOUNT, 2));
    let no = a.consent(1, false).expect("a revocation");
    b.consent(2, true).expect("a grant");
    join(&mut b, &no);
    assert!(!b.view().consent);
}

#[test]
fn a_guests_consent_is_not_imported_and_its_revocation_is() {
    for given in [true, false] {
        let mut guest = with(GUEST, 2, 1);
        guest.consent(2, given).expect("consent");
        let mut laptop = replica(ACCOUNT, 1);
        if !given {
            laptop.consent(1, true).expect("consent");
        }
        laptop.merge(3, claim(GUEST), rule("sum"), guest.cart()).expect("a merge");
        assert!(!laptop.view().consent);
    }
}

#[test]
fn a_merge_needs_a_claim_of_this_account_and_a_guest_without_guests() {
    let guest = with(GUEST, 2, 3);
    let mut laptop = replica(ACCOUNT, 1);
    assert_eq!(laptop.absorb(guest.cart()).expect_err("not merged").kind(), "invalid");
    let foreign = Claim { account: OTHER, ..claim(GUEST) };
    let refused = laptop.merge(2, foreign, rule("sum"), guest.cart()).expect_err("not ours");
    assert_eq!(refused.kind(), "invalid");
    laptop.merge(2, claim(GUEST), rule("sum"), guest.cart()).expect("a merge");
    let mut other = replica(OTHER, 3);
    let nested = Claim { guest: ACCOUNT, account: OTHER, number: 1 };
    let refused = other.merge(3, nested, rule("sum"), laptop.cart()).expect_err("has a guest");
    assert_eq!(refused.kind(), "invalid");
    assert_eq!((shown(&laptop), shown(&other)), (3, 0));
}

/// Somebody writes a Merge under a dot that is not its claim's.
#[test]
fn a_merge_under_another_dot_is_none() {
    let guest = with(GUEST, 2, 3);
    let mut laptop = replica(ACCOUNT, 1);
    let body = Body::Merge(
        MergeTo { guest: GUEST, account: ACCOUNT, claim: 1, policy: rule("sum") }.into(),
    );
    let entry = Entry {
        time: Time::from_ms(9),
        scope: ACCOUNT,
        after: [].into(),
        line: None,
        price: None,
        body,
    };
    let dot = Dot::new(ReplicaId::from_u128(66), 1);
    let forged = Delta::new(ACCOUNT, [(dot, entry)], Dots::default(), Dots::default());
    join(&mut laptop, &forged.expect("one live dot"));
    assert!(laptop.absorb(guest.cart()).is_err());
}

/// Sum first, then max: 2 and 3 are 5, and 4 is less. In the order of the guests' ids it were 7.
#[test]
fn merges_are_read_in_the_order_of_time() {
    let (first, second) = (with(GUEST, 2, 3), with(OTHER, 3, 4));
    let mut laptop = with(ACCOUNT, 1, 2);
    laptop.merge(10, claim(GUEST), rule("sum"), first.cart()).expect("a merge");
    laptop.merge(20, claim(OTHER), rule("max"), second.cart()).expect("a merge");
    assert_eq!(shown(&laptop), 5);
}

#[test]
fn a_merge_that_is_taken_back_lets_nothing_late_in() {
    let mut guest = with(GUEST, 2, 3);
    let mut laptop = with(ACCOUNT, 1, 2);
    laptop.merge(10, claim(GUEST), rule("sum"), guest.cart()).expect("a merge");
    let late = guest.add(11, &tee(), units(1), None).expect("an add");
    laptop.unmerge(12, GUEST).expect("it is merged");
    let (live, none) = (late.live(), Dots::default);
    let carried = Delta::new(ACCOUNT, live, none(), none());
    join(&mut laptop, &carried.expect("one live dot"));
    assert_eq!(shown(&laptop), 2);
}

#[test]
fn what_died_in_the_guest_cart_dies_in_the_accounts() {
    let mut guest = with(GUEST, 2, 3);
    let mut laptop = replica(ACCOUNT, 1);
    laptop.merge(10, claim(GUEST), rule("sum"), guest.cart()).expect("a merge");
    guest.remove(11, &row()).expect("a remove");
    laptop.absorb(guest.cart()).expect("it is merged");
    assert_eq!(shown(&laptop), 0);
}

#[test]
fn who_loses_under_save_for_later_is_saved() {
    let guest = with(GUEST, 2, 3);
    let mut laptop = with(ACCOUNT, 1, 2);
    let policy = rule("max").with_loser(Loser::SaveForLater);
    laptop.merge(10, claim(GUEST), policy, guest.cart()).expect("a merge");
    assert_eq!((shown(&laptop), saved(&laptop)), (3, 2));
}

#[test]
fn a_rule_that_is_not_here_shows_both_apart() {
    let guest = with(GUEST, 2, 3);
    let mut laptop = with(ACCOUNT, 1, 2);
    laptop.merge(10, claim(GUEST), rule("nobody-has-it"), guest.cart()).expect("a merge");
    let view = laptop.view();
    assert_eq!(view.lines.len(), 2);
    assert!(view.notices.iter().any(|n| matches!(n, Notice::PolicyUnavailable { .. })));
    assert_eq!(laptop.snapshot().expect_err("nobody can say how many").kind(), "unreadable");
}

#[test]
fn an_edit_of_the_guests_row_stays_on_it() {
    let mut guest = with(GUEST, 2, 3);
    guest.note(2, &row(), Some(Text::new("red").expect("a text"))).expect("a note");
    let mut laptop = with(ACCOUNT, 1, 2);
    laptop.merge(10, claim(GUEST), rule("split-variant"), guest.cart()).expect("a merge");
    let side = Side::Guest(GUEST);
    laptop.add_to(11, &row().on(side), units(1), None).expect("an add");
    let rows: Vec<_> = laptop.view().lines.iter().map(|r| (r.side, r.quantity)).collect();
    assert_eq!(rows, [(Some(Side::Account), 2), (Some(side), 4)]);
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

/// B removes the row while C saves it for later; B, who has learned of that, adds two. C has the
/// add before the removal: what it saved stays saved until then.
#[test]
fn an_add_leaves_a_move_whose_row_is_gone() {
    let (mut b, mut c) = (with(ACCOUNT, 2, 3), replica(ACCOUNT, 3));
    tell(&b, &mut c);
    let removal = b.remove(2, &row()).expect("a removal");
    join(&mut b, &c.relocate(3, &row()).expect("saved for later"));
    let add = b.add(4, &tee(), units(2), None).expect("an add");
    join(&mut c, &add);
    assert_eq!((shown(&c), saved(&c)), (2, 3));
    join(&mut c, &removal);
    assert_eq!((shown(&c), saved(&c)), (2, 0));
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
