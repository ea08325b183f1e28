//! Histories that random search found, cut down to a story each.

use holdall::cart::{Body, LosingUnits};
use holdall::id::Text;
use holdall::sync::{Inbox, Outbox};
use holdall::view::Side;
use holdall::{
    Cart, CartId, Claim, LineKey, List, MergePolicy, OrderId, Quantity, Replica, ReplicaId, RowRef,
    View,
};

const ACCOUNT: CartId = CartId::from_u128(1);
const GUEST: CartId = CartId::from_u128(2);

fn tee() -> LineKey {
    LineKey::sku("TEE").expect("a SKU")
}

fn one() -> Quantity {
    Quantity::ONE
}

fn replica(cart: CartId, id: u128) -> Replica {
    Replica::new(cart, ReplicaId::from_u128(id))
}

fn saved(view: &View) -> u64 {
    view.saved.iter().map(|row| row.quantity).sum()
}

fn merge(account: &mut Replica, rule: &str, guest: &Cart) {
    let claim = Claim { guest: GUEST, account: ACCOUNT, number: 1 };
    let policy = MergePolicy::rule(rule).expect("a policy");
    account.merge(100, claim, policy, guest).expect("a merge");
}

fn buy(replica: &mut Replica, now: u64) -> holdall::Delta {
    let snapshot = replica.snapshot().expect("something to buy");
    let id = OrderId::new(snapshot.key().to_string()).expect("an id");
    replica.order(now, id, &snapshot).expect("an order")
}

/// One in the cart, one saved for later by number; the order buys the one in the cart.
#[test]
fn an_order_leaves_the_saved_row_of_the_same_line() {
    let mut phone = replica(ACCOUNT, 1);
    phone.add(1, &tee(), one(), None).expect("an add");
    phone.set(2, &RowRef::saved(tee()), 1, None).expect("a set");
    buy(&mut phone, 3);
    assert_eq!(phone.view().quantity(&tee()), 0);
    assert_eq!(saved(&phone.view()), 1);
}

/// The same with a Set in the cart: it was seen in the other list, too.
#[test]
fn an_order_of_a_set_leaves_the_saved_row_of_the_same_line() {
    let mut phone = replica(ACCOUNT, 1);
    phone.set(1, &RowRef::active(tee()), 1, None).expect("a set");
    phone.set(2, &RowRef::saved(tee()), 1, None).expect("a set");
    buy(&mut phone, 3);
    assert_eq!(saved(&phone.view()), 1);
}

/// The guest has one in the cart and one saved by number. The account, having seen both, sets the
/// one in the cart: the saved one was not asked about.
#[test]
fn an_accounts_set_leaves_the_guests_saved_row() {
    let mut guest = replica(GUEST, 2);
    guest.add(1, &tee(), one(), None).expect("an add");
    guest.set(2, &RowRef::saved(tee()), 1, None).expect("a set");
    let mut phone = replica(ACCOUNT, 1);
    merge(&mut phone, "sum", guest.cart());
    assert_eq!((phone.view().quantity(&tee()), saved(&phone.view())), (1, 1));
    phone.set(200, &RowRef::active(tee()), 4, None).expect("a set");
    assert_eq!((phone.view().quantity(&tee()), saved(&phone.view())), (4, 1));
}

/// The account has one in the cart, the guest one saved for later. Moved to the cart, it is one
/// more there; the merge was decided when the guest's was in the other list.
#[test]
fn a_guests_saved_unit_moves_to_the_cart_after_the_merge() {
    let mut guest = replica(GUEST, 2);
    guest.add(1, &tee(), one(), None).expect("an add");
    guest.move_to(2, &RowRef::active(tee()), List::Saved).expect("saved for later");
    let mut phone = replica(ACCOUNT, 1);
    phone.add(1, &tee(), one(), None).expect("an add");
    merge(&mut phone, "max", guest.cart());
    assert_eq!((phone.view().quantity(&tee()), saved(&phone.view())), (1, 1));
    let row = RowRef { line: tee(), list: List::Saved, side: None };
    phone.move_to(200, &row, row.list.other()).expect("moved to the cart");
    assert_eq!((phone.view().quantity(&tee()), saved(&phone.view())), (2, 0));
}

/// An order that a guest placed counts in the account only while the guest is merged.
#[test]
fn an_unmerged_guests_order_takes_nothing_from_the_account() {
    let mut guest = replica(GUEST, 3);
    guest.add(1, &tee(), one(), None).expect("an add");
    let (mut phone, mut laptop) = (replica(ACCOUNT, 1), replica(ACCOUNT, 2));
    merge(&mut phone, "sum", guest.cart());
    let _ = laptop.join(&phone.cart().to_delta()).expect("the same cart");
    phone.set(200, &RowRef::active(tee()), 1, None).expect("a set");
    buy(&mut guest, 201);
    phone.absorb(guest.cart()).expect("a merged guest");
    // Unaware of the order, the other device takes the merge back.
    let back = laptop.unmerge(202, GUEST).expect("a merged guest");
    let _ = phone.join(&back).expect("the same cart");
    assert!(phone.view().orders.is_empty(), "the order is not the account's");
    assert_eq!(phone.view().quantity(&tee()), 1);
}

/// The account's cart is kept, what the first guest had is saved for later; a second guest has the
/// same product. Taking out the account's only line must not take out the second guest's.
#[test]
fn removing_a_line_hides_no_other_line() {
    let mug = LineKey::sku("MUG").expect("a SKU");
    let mut phone = replica(ACCOUNT, 1);
    phone.add(1, &tee(), one(), None).expect("an add");
    for (number, rule, loser) in
        [(11, "keep-account", LosingUnits::SaveForLater), (12, "max", LosingUnits::Hide)]
    {
        let mut guest = replica(CartId::from_u128(number), number);
        guest.add(2, &mug, one(), None).expect("an add");
        let claim = Claim { guest: guest.cart().id(), account: ACCOUNT, number: 1 };
        let policy = MergePolicy::rule(rule).expect("a policy").with_loser(loser);
        phone.merge(number as u64, claim, policy, guest.cart()).expect("a merge");
    }
    assert_eq!((phone.view().quantity(&mug), saved(&phone.view())), (1, 1));
    phone.remove(200, &RowRef::active(tee())).expect("a row");
    assert_eq!(phone.view().quantity(&tee()), 0);
    assert_eq!((phone.view().quantity(&mug), saved(&phone.view())), (1, 1));
}

/// A merge brings a guest's order to others, but not what that order made dead, since the merging
/// device knew those dots as dead by another way. A region then has the order's dot without the
/// order's effect, and an outbox takes a delta as applied that was not.
#[test]
fn an_acknowledged_delta_has_been_applied() {
    let mut guest = replica(GUEST, 4);
    guest.add(1, &tee(), one(), None).expect("an add");
    let (mut phone, mut laptop, mut region) =
        (replica(ACCOUNT, 1), replica(ACCOUNT, 2), replica(ACCOUNT, 3));
    merge(&mut phone, "sum", guest.cart());
    for other in [&mut laptop, &mut region] {
        let _ = other.join(&phone.cart().to_delta()).expect("the same cart");
    }
    let _late = laptop.unmerge(200, GUEST).expect("a merged guest");
    buy(&mut guest, 201);
    // A second claim, by the device that took the first one back.
    let claim = Claim { guest: GUEST, account: ACCOUNT, number: 2 };
    let policy = MergePolicy::rule("sum").expect("a policy");
    let again = laptop.merge(202, claim, policy, guest.cart()).expect("a merge");
    let mut inbox = Inbox::default();
    let _ = inbox.receive(&mut region, again).expect("room");
    let mut outbox = Outbox::default();
    outbox.push(phone.absorb(guest.cart()).expect("a merged guest"));
    let sent = outbox.pending()[0].clone();
    outbox.acknowledge(&region.cart().have());
    let applied = !region.join(&sent).expect("the same cart").changed;
    assert!(applied || !outbox.is_empty(), "dropped, and yet it says something new");
}

/// The guest's cart replaces the account's, whose units are saved for later. The row in the cart
/// is set, and bought: the saved row stays.
#[test]
fn an_order_leaves_what_a_merge_had_saved() {
    let mut phone = replica(ACCOUNT, 1);
    phone.add(1, &tee(), one(), None).expect("an add");
    let mut guest = replica(GUEST, 2);
    guest.add(2, &tee(), one(), None).expect("an add");
    let claim = Claim { guest: GUEST, account: ACCOUNT, number: 1 };
    let policy = MergePolicy::rule("replace-with-guest").expect("a policy");
    let policy = policy.with_loser(LosingUnits::SaveForLater);
    phone.merge(100, claim, policy, guest.cart()).expect("a merge");
    assert_eq!((phone.view().quantity(&tee()), saved(&phone.view())), (1, 1));
    phone.set(200, &RowRef::active(tee()), 1, None).expect("a set");
    assert_eq!((phone.view().quantity(&tee()), saved(&phone.view())), (1, 1));
    buy(&mut phone, 201);
    assert_eq!((phone.view().quantity(&tee()), saved(&phone.view())), (0, 1));
}

/// Two devices moved the two sides of a decided line to the other list, and one more came late
/// from the guest. To set the saved row changes that row: the late one stays in the cart.
#[test]
fn a_set_of_the_saved_row_moves_nothing_out_of_the_cart() {
    let (mut phone, mut laptop) = (replica(ACCOUNT, 1), replica(ACCOUNT, 2));
    let mut guest = replica(GUEST, 3);
    phone.add(1, &tee(), Quantity::new(2).expect("a quantity"), None).expect("an add");
    guest.add(1, &tee(), Quantity::new(3).expect("a quantity"), None).expect("an add");
    let claim = Claim { guest: GUEST, account: ACCOUNT, number: 1 };
    let policy = MergePolicy::rule("max").expect("a policy").with_loser(LosingUnits::SaveForLater);
    phone.merge(100, claim, policy, guest.cart()).expect("a merge");
    let _ = laptop.join(&phone.cart().to_delta()).expect("the same cart");
    phone.move_to(200, &RowRef::active(tee()), List::Saved).expect("the guest's 3, saved");
    let moved = laptop
        .move_to(200, &RowRef::saved(tee()), List::Active)
        .expect("the account's 2, to the cart");
    let _ = phone.join(&moved).expect("the same cart");
    guest.add(3, &tee(), one(), None).expect("an add");
    phone.absorb(guest.cart()).expect("a merged guest");
    assert_eq!((phone.view().quantity(&tee()), saved(&phone.view())), (3, 3));
    phone.set(300, &RowRef::saved(tee()), 1, None).expect("a set");
    assert_eq!((phone.view().quantity(&tee()), saved(&phone.view())), (3, 1));
}

/// A guest's late Set shows only what goes beyond the units that the account's Set had taken. Its
/// author has since moved that Set to the other list, and sets it again there, or takes it out:
/// what it took stays taken.
#[test]
fn what_a_set_took_stays_taken_when_its_row_changes() {
    let mut phone = replica(ACCOUNT, 1);
    let mut guest = replica(GUEST, 2);
    phone.add(1, &tee(), Quantity::new(2).expect("a quantity"), None).expect("an add");
    guest.add(2, &tee(), Quantity::new(3).expect("a quantity"), None).expect("an add");
    merge(&mut phone, "sum", guest.cart());
    phone.set(200, &RowRef::active(tee()), 1, None).expect("a set");
    phone.move_to(201, &RowRef::active(tee()), List::Saved).expect("a row");
    guest.set(202, &RowRef::active(tee()), 4, None).expect("a set");
    phone.absorb(guest.cart()).expect("a merged guest");
    assert_eq!((phone.view().quantity(&tee()), saved(&phone.view())), (1, 1));
    phone.set(203, &RowRef::saved(tee()), 3, None).expect("a set");
    assert_eq!((phone.view().quantity(&tee()), saved(&phone.view())), (1, 3));
    phone.remove(204, &RowRef::saved(tee())).expect("a row");
    assert_eq!((phone.view().quantity(&tee()), saved(&phone.view())), (1, 0));
    // And the word goes with what it was said of.
    phone.remove(205, &RowRef::active(tee())).expect("a row");
    assert!(phone.cart().live().values().all(|entry| !entry.body.is_contribution()));
    assert!(!phone.cart().live().values().any(|entry| matches!(entry.body, Body::Stay(_))));
}

/// A merge that is taken back leaves the word of a Set that the account's own units stay saved.
/// Whoever then takes out that Set's row does not bring them back into the cart.
#[test]
fn a_word_that_units_stay_saved_outlives_its_set() {
    let mut phone = replica(ACCOUNT, 1);
    phone.add(1, &tee(), Quantity::new(2).expect("a quantity"), None).expect("an add");
    let mut guest = replica(GUEST, 2);
    guest.add(2, &tee(), Quantity::new(3).expect("a quantity"), None).expect("an add");
    let claim = Claim { guest: GUEST, account: ACCOUNT, number: 1 };
    let policy = MergePolicy::rule("max").expect("a policy").with_loser(LosingUnits::SaveForLater);
    phone.merge(100, claim, policy, guest.cart()).expect("a merge");
    phone.set(200, &RowRef::active(tee()), 1, None).expect("a set");
    phone.unmerge(201, GUEST).expect("a merged guest");
    assert_eq!((phone.view().quantity(&tee()), saved(&phone.view())), (1, 2));
    phone.remove(202, &RowRef::active(tee())).expect("a row");
    assert_eq!((phone.view().quantity(&tee()), saved(&phone.view())), (0, 2));
}

/// A phone saves one tee for later. A laptop, which has heard of that and of an order of this tee,
/// moves another one, and sweeps out the phone's Move, which for the laptop places nothing any more. The
/// phone hears of the laptop's Move before it hears of the order: its own tee must stay saved.
#[test]
fn a_sweep_does_not_overtake_what_it_is_for() {
    let (mut phone, mut laptop) = (replica(ACCOUNT, 1), replica(ACCOUNT, 2));
    let add = phone.add(1, &tee(), one(), None).expect("an add");
    let _ = laptop.join(&add).expect("the same cart");
    let _order = buy(&mut laptop, 2);
    let save = phone.move_to(3, &RowRef::active(tee()), List::Saved).expect("a move");
    laptop.add(4, &tee(), one(), None).expect("an add");
    let _ = laptop.join(&save).expect("the same cart");
    let other = laptop.move_to(5, &RowRef::active(tee()), List::Saved).expect("a move");
    let _ = phone.join(&other).expect("the same cart");
    assert_eq!((phone.view().quantity(&tee()), saved(&phone.view())), (0, 1));
}

/// B sets the row while C saves it for later; A, who has both, adds two. C has A's add before B's
/// Set: what it saved stays saved until it learns that B replaced it.
#[test]
fn a_saved_row_stays_saved_until_its_death_is_known() {
    let three = Quantity::new(3).expect("a quantity");
    let row = RowRef::active(tee());
    let (mut a, mut b, mut c) = (replica(ACCOUNT, 1), replica(ACCOUNT, 2), replica(ACCOUNT, 3));
    let start = a.add(1, &tee(), three, None).expect("an add");
    for replica in [&mut b, &mut c] {
        let _ = replica.join(&start).expect("the same cart");
    }
    let set = b.set(2, &row, 5, None).expect("a set");
    let save = c.move_to(3, &row, row.list.other()).expect("saved for later");
    let _ = (a.join(&set).expect("the same cart"), a.join(&save).expect("the same cart"));
    let add = a.add(4, &tee(), Quantity::new(2).expect("a quantity"), None).expect("an add");
    let mut inbox = Inbox::default();
    let _ = inbox.receive(&mut c, add).expect("room");
    assert_eq!((c.view().quantity(&tee()), saved(&c.view())), (2, 3));
    let _ = inbox.receive(&mut c, set).expect("room");
    assert_eq!((c.view().quantity(&tee()), saved(&c.view())), (7, 0));
}

/// Two guests: one whose note differs, so that its row is apart, and one whose row is the account's
/// too. Clearing the note of the account's row clears it, and does not bring up the other guest's.
#[test]
fn a_note_that_is_cleared_on_the_accounts_row_is_cleared() {
    let text = |text| Some(Text::new(text).expect("a text"));
    let row = RowRef::active(tee());
    let mut phone = replica(ACCOUNT, 1);
    phone.add(1, &tee(), one(), None).expect("an add");
    phone.note(2, &row, text("blue")).expect("a note");
    for (guest, rule) in [(CartId::from_u128(3), "sum"), (GUEST, "split-variant")] {
        let mut device = replica(guest, guest.as_u128());
        device.add(3, &tee(), one(), None).expect("an add");
        device.note(4, &row, text(rule)).expect("a note");
        let claim = Claim { guest, account: ACCOUNT, number: 1 };
        let policy = MergePolicy::rule(rule).expect("a policy");
        phone.merge(100, claim, policy, device.cart()).expect("a merge");
    }
    let accounts = row.on(Side::Account);
    let note = |phone: &Replica| {
        let view = phone.view();
        let row = view.lines.iter().find(|row| row.reference() == accounts).expect("it is split");
        row.note.as_ref().map(|note| note.as_str().to_owned())
    };
    assert_eq!(note(&phone).as_deref(), Some("blue"));
    phone.note(200, &accounts, None).expect("it is cleared");
    assert_eq!(note(&phone), None);
}
