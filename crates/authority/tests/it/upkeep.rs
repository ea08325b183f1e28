//! Expiry, the end of journals, erasure.

use futures_lite::future::block_on;
use holdall::{Action, List, Quantity, Replica, ReplicaId, RowRef, limits, wire};
use holdall_authority::{
    Admitted, Archived, Authority, AuthoritySettings, Caller, Refusal, Request, When,
};
use holdall_store::conformance::Call;
use holdall_store::{Class, Slot, Store};

use super::{DAY_MS, MINUTE_MS, NOW_MS, Shop, account, add, quantity, row};

fn sweep(shop: &Shop, now_ms: u64) -> (u64, u64) {
    let swept = block_on(shop.authority.sweep(now_ms, 100)).expect("a sweep");
    assert_eq!(swept.skipped, 0);
    (swept.expired, swept.removed)
}

#[test]
fn p_what_nobody_touched_expires_by_an_entry_and_in_its_time() {
    let shop = Shop::new();
    let (guest, saver, empty) = (shop.guest(), shop.guest(), shop.guest());
    let (ann, bob) = (account("ann"), account("bob"));
    let home = shop.home(&ann);
    shop.add(guest.token, guest.cart, "TEE", 1);
    shop.add(saver.token, saver.cart, "TEE", 1);
    let save = Request::new(3, Action::Move { row: row("TEE") });
    shop.submit(saver.token, saver.cart, &save).expect("saved");
    shop.add(ann.clone(), home, "TEE", 1);
    let none = shop.home(&bob);

    assert_eq!(sweep(&shop, NOW_MS + 6 * 60 * MINUTE_MS), (0, 0));
    assert_eq!(sweep(&shop, NOW_MS + 6 * 60 * MINUTE_MS + 1), (0, 2));
    assert_eq!(shop.read(empty.token, empty.cart).expect_err("removed").kind(), "not-yours");
    assert_ne!(shop.home(&bob), none); // the account gets another one

    assert_eq!(sweep(&shop, NOW_MS + 30 * DAY_MS), (0, 1)); // bob's new one
    assert_eq!(sweep(&shop, NOW_MS + 30 * DAY_MS + 1), (1, 0));
    let shown = shop.read(guest.token, guest.cart).expect("still there");
    assert!(shown.view.is_empty());
    assert_eq!(shop.read(saver.token, saver.cart).expect("kept").view.saved.len(), 1);

    assert_eq!(sweep(&shop, NOW_MS + 90 * DAY_MS + 1), (2, 0)); // the saver's and ann's
    // The guest's waits as long again from its expiry on, then it is gone.
    assert_eq!(sweep(&shop, NOW_MS + 120 * DAY_MS + 2), (0, 1));
    assert_eq!(shop.read(guest.token, guest.cart).expect_err("removed").kind(), "not-yours");
}

/// A number that is written into the saved list saves the line, too.
#[test]
fn what_is_saved_stays_as_long_however_it_was_saved() {
    let shop = Shop::new();
    let guest = shop.guest();
    let saved = RowRef { list: List::Saved, ..row("TEE") };
    let set = Request::new(3, Action::Set { row: saved, quantity: 2, price: None });
    shop.submit(guest.token, guest.cart, &set).expect("saved");
    assert_eq!(sweep(&shop, NOW_MS + 30 * DAY_MS + 1), (0, 0));
    assert_eq!(shop.read(guest.token, guest.cart).expect("kept").view.saved[0].quantity, 2);
    assert_eq!(sweep(&shop, NOW_MS + 90 * DAY_MS + 1), (1, 0));
}

/// The sweeper has its list; before it comes to the cart, the shopper does.
#[test]
fn a_shopper_who_comes_back_is_quicker_than_the_sweeper() {
    let shop = Shop::new();
    let guest = shop.guest();
    shop.add(guest.token, guest.cart, "TEE", 1);
    let other = shop.second();
    let comes_back = move || drop(other.add(guest.token, guest.cart, "TEE", 1));
    shop.store.then(Call::Idle, 1, comes_back);
    let sweeper = Authority::new(shop.store.clone(), AuthoritySettings::default());
    let swept = block_on(sweeper.sweep(NOW_MS + 31 * DAY_MS, 10)).expect("a sweep");
    assert_eq!((swept.expired, swept.skipped), (0, 1));
    assert_eq!(quantity(&shop.read(guest.token, guest.cart).expect("the cart"), "TEE"), 2);
}

/// An empty cart of an account is about to be removed when the account puts something in: that stays the account's.
#[test]
fn what_comes_while_a_cart_is_removed_is_found_again() {
    let shop = Shop::new();
    let ann = account("ann");
    let home = shop.home(&ann);
    let other = shop.second();
    let acts = {
        let ann = ann.clone();
        move || drop(other.add(ann, home, "TEE", 1))
    };
    // The account's slot is cleared, the cart still there.
    shop.store.then(Call::CompareAndSet, shop.store.calls(Call::CompareAndSet) + 1, acts);
    let sweeper = Authority::new(shop.store.clone(), AuthoritySettings::default());
    let swept = block_on(sweeper.sweep(NOW_MS + DAY_MS, 10)).expect("a sweep");
    assert_eq!((swept.removed, swept.skipped), (0, 1));
    assert_eq!(shop.home(&ann), home);
    assert_eq!(quantity(&shop.read(ann, home).expect("the cart"), "TEE"), 1);
}

/// An account's cart is removed while the account asks for it. The cart it gets is the one that it has from then on, and no former life of
/// it is begun again: its revisions would count anew, and an old condition hold.
#[test]
fn a_removed_cart_is_not_made_anew() {
    let shop = Shop::new();
    let ann = account("ann");
    let former = shop.home(&ann);
    let sweeper = shop.second();
    let sweeps = move || {
        let swept = block_on(sweeper.authority.sweep(NOW_MS + DAY_MS, 10)).expect("a sweep");
        assert_eq!(swept.removed, 1);
    };
    shop.store.then(Call::Slot, shop.store.calls(Call::Slot) + 1, sweeps);
    let home = shop.home(&ann);
    assert_eq!(shop.home(&ann), home);
    assert_ne!(home, former);
    let stale = Request::new(shop.key(), add("TEE", 1)).only_at(1);
    let refused =
        shop.submit(ann, former, &stale).map(|accepted| accepted.snapshot.view.is_empty());
    assert!(refused.is_err(), "{refused:?}");
}

#[test]
fn a_late_offline_add_survives_the_expiry() {
    let shop = Shop::new();
    let guest = shop.guest();
    let phone = ReplicaId::from_u128(10);
    let caller = Caller::from(guest.token);
    let _ = block_on(shop.authority.register(NOW_MS, &caller, guest.cart, phone)).expect("known");
    let mut phone = Replica::new(guest.cart, phone);
    let line = row("TEE").line;
    let one = phone.add(NOW_MS, &line, Quantity::ONE, None).expect("an add");
    let late = phone.add(NOW_MS, &line, Quantity::ONE, None).expect("an add");
    let hand_in = |now_ms, delta| {
        let bytes = wire::encode_delta(delta);
        let admitted = block_on(shop.authority.accept(now_ms, &caller, guest.cart, &bytes));
        assert!(matches!(admitted, Ok(Admitted::Applied { .. })), "{admitted:?}");
    };
    hand_in(NOW_MS, &one);
    assert_eq!(sweep(&shop, NOW_MS + 31 * DAY_MS), (1, 0));
    hand_in(NOW_MS + 40 * DAY_MS, &late);
    assert_eq!(quantity(&shop.read(guest.token, guest.cart).expect("the cart"), "TEE"), 1);
}

#[test]
fn the_journal_ends_and_the_state_does_not() {
    let shop = Shop::with(AuthoritySettings { snapshot_after: 4, ..AuthoritySettings::default() });
    let guest = shop.guest();
    let add_at = |now_ms, key| {
        let request = Request::new(key, add("TEE", 1));
        block_on(shop.authority.submit(now_ms, &guest.token.into(), guest.cart, &request))
    };
    for key in 0..10 {
        let _ = add_at(NOW_MS + u64::try_from(key).expect("small") * DAY_MS, key).expect("an add");
    }
    let folded = block_on(shop.authority.fold(guest.cart, NOW_MS + 5 * DAY_MS)).expect("folded");
    assert_eq!(folded, 6); // opened, and five adds
    let server = Caller::server();
    let back = |when| block_on(shop.authority.back(&server, guest.cart, when));
    assert_eq!(quantity(&back(When::Revision(6)).expect("the base").0, "TEE"), 5);
    assert_eq!(quantity(&back(When::Revision(8)).expect("then").0, "TEE"), 7);
    assert_eq!(quantity(&back(When::Time(NOW_MS + 7 * DAY_MS)).expect("then").0, "TEE"), 8);
    assert!(matches!(back(When::Revision(3)), Err(Refusal::TooLongAgo { from: 6 })));
    assert!(matches!(back(When::Time(NOW_MS)), Err(Refusal::TooLongAgo { from: 6 })));
    // The keys went with it; those that are left still answer.
    let now = NOW_MS + 10 * DAY_MS;
    assert!(add_at(now, 9).expect("the same").repeated);
    assert!(!add_at(now, 0).expect("taken for a new one").repeated);
    assert_eq!(quantity(&shop.read(guest.token, guest.cart).expect("the cart"), "TEE"), 11);
    let found = block_on(shop.second().authority.verify(None, 10)).expect("a look through");
    assert!(found.damaged.is_empty());
    assert_eq!(block_on(shop.authority.fold(guest.cart, NOW_MS)).expect("nothing more"), 0);
}

#[test]
fn an_exported_store_is_the_same_in_another() {
    let shop = Shop::with(AuthoritySettings { snapshot_after: 4, ..AuthoritySettings::default() });
    let (ann, guest, erased) = (account("ann"), shop.guest(), shop.guest());
    let home = shop.home(&ann);
    let mut requests = Vec::new();
    for key in 0..10 {
        let request = Request::new(key, add("TEE", 1));
        shop.submit(guest.token, guest.cart, &request).expect("an add");
        requests.push(request);
    }
    block_on(shop.authority.fold(guest.cart, NOW_MS + 1)).expect("folded");
    for key in 10..15 {
        let request = Request::new(key, add("MUG", 1));
        shop.submit(guest.token, guest.cart, &request).expect("an add");
    }
    shop.sign_in(&ann, guest.cart, guest.token).expect("a merge");
    shop.add(erased.token, erased.cart, "HAT", 1);
    let own = Caller::from(erased.token);
    block_on(shop.authority.erase_guest(NOW_MS, &own, erased.cart)).expect("erased");

    let carts = block_on(shop.store.carts(None, 10)).expect("the store");
    let lines: Vec<String> = carts
        .iter()
        .map(|cart| block_on(shop.authority.export(*cart)).expect("the store").expect("a cart"))
        .map(|archived| serde_json::to_string(&archived).expect("JSON"))
        .collect();
    let other = Shop::new();
    for (turn, line) in lines.iter().chain(&lines).enumerate() {
        let archived: Archived = serde_json::from_str(line).expect("an archived cart");
        let missing = block_on(other.authority.import(&archived)).expect("imported");
        assert!(turn < lines.len() || !missing, "nothing is missing the second time");
    }
    assert_eq!(other.home(&ann), home);
    let (here, there) = (shop.read(ann.clone(), home), other.read(ann.clone(), home));
    assert_eq!(here.expect("the cart"), there.expect("the cart"));
    // What is put in is what was taken out, folded parts too: a condition and what a client says it had seen mean the same there.
    for (cart, line) in carts.iter().zip(&lines).filter(|(cart, _)| **cart != erased.cart) {
        let again = block_on(other.authority.export(*cart)).expect("the store").expect("a cart");
        assert_eq!(serde_json::to_string(&again).expect("JSON"), *line);
    }
    assert_eq!(other.read(guest.token, guest.cart).expect_err("claimed").kind(), "merged");
    assert_eq!(other.read(erased.token, erased.cart).expect_err("erased").kind(), "erased");
    let caller = Caller::from(ann.clone());
    let again = other.submit(caller, guest.cart, &Request::new(12, add("MUG", 1)));
    assert!(again.expect("known there too").repeated);
    let found = block_on(other.authority.verify(None, 10)).expect("a look through");
    assert_eq!((found.carts, found.damaged.len()), (3, 0));

    // A number of revisions that nobody has time to write.
    let folded = carts.iter().position(|cart| *cart == guest.cart).expect("the guest's");
    for through in [limits::ARCHIVED_REVISIONS + 1, u64::MAX] {
        let mut forged: serde_json::Value = serde_json::from_str(&lines[folded]).expect("JSON");
        forged["base"]["through"] = through.into();
        let forged: Archived = serde_json::from_value(forged).expect("an archived cart");
        let refused = block_on(Shop::new().authority.import(&forged)).expect_err("too many");
        assert!(refused.to_string().contains("more revisions are folded"), "{refused}");
    }

    // Another cart under that id is not touched.
    let at = carts.iter().position(|cart| *cart == home).expect("ann's");
    let mut forged: serde_json::Value = serde_json::from_str(&lines[at]).expect("JSON");
    forged["log"] = serde_json::json!([{ "at_ms": 1, "note": "another" }]);
    let forged: Archived = serde_json::from_value(forged).expect("an archived cart");
    let refused = block_on(other.authority.import(&forged));
    assert!(matches!(refused, Err(Refusal::CartTaken { .. })), "{refused:?}");
}

#[test]
fn an_erased_shopper_leaves_nothing_but_a_marker() {
    let shop = Shop::new();
    let (ann, guest, other) = (account("ann"), shop.guest(), shop.guest());
    shop.add(guest.token, guest.cart, "SECRET-TEE", 2);
    shop.add(other.token, other.cart, "MUG", 1);
    let home = shop.home(&ann);
    let phone = ReplicaId::from_u128(10);
    let caller = Caller::from(ann.clone());
    let _ = block_on(shop.authority.register(NOW_MS, &caller, home, phone)).expect("registered");
    shop.sign_in(&ann, guest.cart, guest.token).expect("a merge");
    let mut phone = Replica::new(home, phone);
    let unsent = phone.add(NOW_MS, &row("SECRET-HAT").line, Quantity::ONE, None).expect("an add");

    let stranger = block_on(shop.authority.erase(NOW_MS, &account("bob").into(), &ann));
    assert!(matches!(stranger, Err(Refusal::ServerOnly)));
    let receipt = block_on(shop.authority.erase(NOW_MS, &Caller::server(), &ann)).expect("erased");
    assert_eq!(receipt.carts, [guest.cart, home]);
    assert!(receipt.appends >= 5 && receipt.bytes > 0);

    for cart in [guest.cart, home] {
        let loaded = block_on(shop.store.load(cart)).expect("the store").expect("the marker");
        assert_eq!((loaded.class, loaded.header.len(), loaded.tail.len()), (Class::Erased, 0, 0));
        assert!(loaded.snapshot.expect("a state").len() < 40);
        assert!(block_on(shop.store.log(cart, 0, 10)).expect("the log").is_empty());
    }
    for slot in [Slot::Claim(guest.cart), Slot::Lease(home)] {
        assert_eq!(block_on(shop.store.slot(slot)).expect("the store"), None);
    }
    // What comes late is absorbed, by every process.
    for process in [&shop, &shop.second()] {
        let bytes = wire::encode_delta(&unsent);
        let late = block_on(process.authority.accept(NOW_MS, &caller, home, &bytes));
        assert!(matches!(late, Err(Refusal::Erased)), "{late:?}");
        assert_eq!(process.read(ann.clone(), home).expect_err("gone").kind(), "erased");
    }
    // Nobody else is concerned, and she may come back.
    assert_eq!(quantity(&shop.read(other.token, other.cart).expect("the other's"), "MUG"), 1);
    let again = block_on(shop.authority.erase(NOW_MS, &Caller::server(), &ann)).expect("again");
    assert!(again.carts.is_empty());
    assert_ne!(shop.home(&ann), home);
}
