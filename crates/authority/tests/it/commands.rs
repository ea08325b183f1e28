//! Commands of plain clients: once for a key, on a condition, within limits.

use futures_lite::future::block_on;
use holdall::id::Text;
use holdall::view::View;
use holdall::{Action, ActionError, List, Quantity};
use holdall_authority::{Advice, AuthoritySettings, Caller, Principal, Rate, Refusal, Request};
use holdall_store::{Append, Class, Store};

use super::{DAY_MS, NOW_MS, Shop, account, add, quantity, row, set};

#[test]
fn q_an_offline_item_sent_at_every_navigation_is_added_once() {
    let shop = Shop::new();
    let guest = shop.guest();
    let request = Request::new(1, add("TEE", 2));
    let first = shop.submit(guest.token, guest.cart, &request).expect("an add");
    assert!(!first.repeated);
    shop.add(guest.token, guest.cart, "MUG", 1);
    for _ in 0..5 {
        let again = shop.submit(guest.token, guest.cart, &request).expect("the same");
        // The answer it got then, not what the cart has become since.
        assert!(again.repeated);
        assert_eq!(again.snapshot, first.snapshot);
    }
    let now = shop.read(guest.token, guest.cart).expect("the cart");
    assert_eq!((quantity(&now, "TEE"), quantity(&now, "MUG")), (2, 1));
}

/// Whoever asks for no cart gets the same done, once.
#[test]
fn what_is_only_acknowledged_is_carried_out_alike() {
    let shop = Shop::new();
    let guest = shop.guest();
    let caller = Caller::from(guest.token);
    let acknowledge = |key, command| {
        let request = Request::new(key, command);
        block_on(shop.authority.acknowledge(NOW_MS, &caller, guest.cart, &request))
    };
    let first = acknowledge(1, add("TEE", 2)).expect("an add");
    assert_eq!((first.revision, first.repeated), (2, false));
    shop.add(guest.token, guest.cart, "MUG", 1);
    let again = acknowledge(1, add("TEE", 2)).expect("the same");
    assert_eq!((again.revision, again.repeated), (2, true));
    assert!(matches!(acknowledge(1, add("TEE", 3)), Err(Refusal::KeyReused)));
    // Asked for another way it is the same request.
    let shown = shop.submit(guest.token, guest.cart, &Request::new(1, add("TEE", 2)));
    assert!(shown.expect("the same").repeated);
    let now = shop.read(guest.token, guest.cart).expect("the cart");
    assert_eq!((quantity(&now, "TEE"), now.revision), (2, 3));
}

#[test]
fn a_key_names_one_request_in_one_cart() {
    let shop = Shop::new();
    let (one, other) = (shop.guest(), shop.guest());
    shop.submit(one.token, one.cart, &Request::new(1, add("TEE", 2))).expect("an add");
    let reused = shop.submit(one.token, one.cart, &Request::new(1, add("TEE", 3)));
    assert!(matches!(reused, Err(Refusal::KeyReused)), "{reused:?}");
    let clear = |list| Request::new(3, Action::Clear { list });
    shop.submit(other.token, other.cart, &clear(List::Active)).expect("cleared");
    let reused = shop.submit(other.token, other.cart, &clear(List::Saved));
    assert!(matches!(reused, Err(Refusal::KeyReused)), "{reused:?}");
    let elsewhere = shop.submit(other.token, other.cart, &Request::new(1, add("TEE", 3)));
    assert_eq!(quantity(&elsewhere.expect("another cart's key").snapshot, "TEE"), 3);
}

/// The first answer was lost, the cart moved on, and the retry's condition holds no more: it was carried out all the same.
#[test]
fn a_repeated_request_is_answered_before_its_condition_is_looked_at() {
    let shop = Shop::new();
    let guest = shop.guest();
    let at = shop.add(guest.token, guest.cart, "TEE", 1).revision;
    let request = Request::new(77, set("TEE", 5)).only_at(at);
    let first = shop.submit(guest.token, guest.cart, &request).expect("a set");
    let again = shop.submit(guest.token, guest.cart, &request).expect("the same");
    assert_eq!(again.snapshot, first.snapshot);
    // And one that is refused now, though it was done: the row is gone since.
    let remove = Request::new(78, Action::Remove { row: row("TEE") });
    let first = shop.submit(guest.token, guest.cart, &remove).expect("a removal");
    let again = shop.submit(guest.token, guest.cart, &remove).expect("the same");
    assert_eq!((again.snapshot, again.repeated), (first.snapshot, true));
}

#[test]
fn h_a_stale_page_is_refused_with_the_present_cart() {
    let shop = Shop::new();
    let guest = shop.guest();
    let seen = shop.add(guest.token, guest.cart, "TEE", 3).revision;
    shop.add(guest.token, guest.cart, "TEE", 2);
    let stale = shop.submit(guest.token, guest.cart, &Request::new(9, set("TEE", 1)).only_at(seen));
    let Err(Refusal::Changed { now }) = stale else { panic!("{stale:?}") };
    assert_eq!(quantity(&now, "TEE"), 5);
    // What was refused may be asked for again, under the same key.
    let right = Request::new(9, set("TEE", 1)).only_at(now.revision);
    let done = shop.submit(guest.token, guest.cart, &right).expect("a set");
    assert_eq!(quantity(&done.snapshot, "TEE"), 1);
}

#[test]
fn h_reads_write_nothing() {
    let shop = Shop::new();
    let guest = shop.guest();
    shop.add(guest.token, guest.cart, "TEE", 3);
    let before = block_on(shop.store.load(guest.cart)).expect("the store");
    for _ in 0..3 {
        let _ = shop.read(guest.token, guest.cart).expect("the cart");
        let _ = block_on(shop.authority.explain(&guest.token.into(), guest.cart)).expect("why");
    }
    assert_eq!(block_on(shop.store.load(guest.cart)).expect("the store"), before);
}

#[test]
fn h_two_processes_over_one_store_lose_nothing() {
    let shop = Shop::new();
    let other = shop.second();
    let guest = shop.guest();
    for turn in 0..20 {
        let at = if turn % 2 == 0 { &shop } else { &other };
        let key = 1_000 + turn;
        at.submit(guest.token, guest.cart, &Request::new(key, add("TEE", 1))).expect("an add");
        let twice = if turn % 2 == 0 { &other } else { &shop };
        // The other one has the cart as it was in its memory, and shows it as it is.
        let units = u64::try_from(turn).expect("small") + 1;
        let seen = twice.read(guest.token, guest.cart).expect("the cart");
        assert_eq!(quantity(&seen, "TEE"), units);
        // The retry goes there.
        let again = twice.submit(guest.token, guest.cart, &Request::new(key, add("TEE", 1)));
        assert!(again.expect("the same").repeated);
        let shown = twice.read(guest.token, guest.cart).expect("the cart");
        assert_eq!(quantity(&shown, "TEE"), units);
    }
}

#[test]
fn m_a_quantity_outside_the_limits_changes_nothing_and_bricks_nothing() {
    let shop = Shop::new();
    let guest = shop.guest();
    shop.add(guest.token, guest.cart, "TEE", 1);
    for wrong in [0, 1_000_001, u32::MAX] {
        // Nobody can make an Add of it, by hand or from JSON.
        let refusal =
            Refusal::from(ActionError::from(Quantity::new(wrong).expect_err("no quantity")));
        assert_eq!((refusal.kind(), refusal.advice()), ("quantity", Advice::Correct));
        let mut json = serde_json::to_value(add("TEE", 1)).expect("JSON");
        json["add"]["quantity"] = wrong.into();
        assert!(serde_json::from_value::<Action>(json).is_err());
    }
    for wrong in [1_000_001, u32::MAX] {
        let refused = shop.submit(guest.token, guest.cart, &Request::new(5, set("TEE", wrong)));
        let refusal = refused.expect_err("no quantity");
        assert_eq!((refusal.kind(), refusal.advice()), ("quantity", Advice::Correct));
    }
    for _ in 0..10 {
        shop.add(guest.token, guest.cart, "TEE", 1_000_000);
    }
    let shown = shop.read(guest.token, guest.cart).expect("the cart");
    assert_eq!(quantity(&shown, "TEE"), 1_000_000); // the ceiling, and it says so
    assert_eq!(shown.view.lines[0].asked, 10_000_001);
}

#[test]
fn every_command_does_what_it_says() {
    let shop = Shop::new();
    let guest = shop.guest();
    let run = |action: Action| {
        let request = Request::new(shop.key(), action);
        let done = shop.submit(guest.token, guest.cart, &request).expect("done");
        View::clone(&done.snapshot.view)
    };
    run(add("TEE", 3));
    assert_eq!(run(set("TEE", 2)).lines[0].quantity, 2);
    let text = Text::new("for Ann").expect("a text");
    let noted = run(Action::Note { row: row("TEE"), text: Some(text.clone()) });
    assert_eq!(noted.lines[0].note, Some(text.clone()));
    assert_eq!(run(Action::CartNote { text: Some(text.clone()) }).note, Some(text));
    let saved = run(Action::Move { row: row("TEE") });
    assert_eq!((saved.lines.len(), saved.saved[0].quantity), (0, 2));
    run(Action::Clear { list: List::Saved });
    let code = holdall::id::CouponCode::new("TEN").expect("a code");
    let pending = run(Action::Coupon { code: code.clone() }).coupons;
    assert_eq!(pending, std::slice::from_ref(&code));
    let dropped = run(Action::DropCoupon { code });
    assert!(dropped.coupons.is_empty() && dropped.is_empty());
    assert!(run(Action::Consent { given: true }).consent);
}

#[test]
fn q_a_key_older_than_keys_are_kept_is_not_taken_for_a_new_one() {
    let shop = Shop::new();
    let guest = shop.guest();
    let v7 = |ms: u64| u128::from(ms) << 80 | 0x7 << 76 | 0x2 << 62 | 5;
    let old = Request::new(v7(NOW_MS - 31 * DAY_MS), add("TEE", 1));
    let refused = shop.submit(guest.token, guest.cart, &old).expect_err("too old");
    assert_eq!((refused.kind(), refused.advice()), ("key-too-old", Advice::LookAgain));
    let young = Request::new(v7(NOW_MS - 29 * DAY_MS), add("TEE", 1));
    shop.submit(guest.token, guest.cart, &young).expect("an add");
}

#[test]
fn too_many_commands_are_told_when_to_come_back() {
    let rate = Rate { burst: 3, per_minute: 60 };
    let shop = Shop::with(AuthoritySettings { device_rate: rate, ..AuthoritySettings::default() });
    let guest = shop.guest();
    let phone = Caller::from(guest.token).on(1);
    for key in 0..3 {
        shop.submit(phone.clone(), guest.cart, &Request::new(key, add("TEE", 1))).expect("an add");
    }
    let refused = shop.submit(phone.clone(), guest.cart, &Request::new(9, add("TEE", 1)));
    let refusal = refused.expect_err("too fast");
    assert_eq!(refusal.advice(), Advice::Retry { after_ms: 1_000 });
    let later = block_on(shop.authority.submit(
        NOW_MS + 1_000,
        &phone,
        guest.cart,
        &Request::new(9, add("TEE", 1)),
    ));
    assert_eq!(quantity(&later.expect("an add").snapshot, "TEE"), 4);
}

#[test]
fn the_journal_says_who_did_what_and_the_cart_goes_back_in_time() {
    use holdall_authority::{Actor, When};
    let shop = Shop::new();
    let home = shop.home(&account("ann"));
    shop.add(account("ann"), home, "TEE", 2);
    let staff = Caller::from(Principal::Staff("kim".to_owned()));
    shop.add(staff.clone(), home, "MUG", 1);
    let journal = block_on(shop.authority.journal(&staff, home, 0, 10)).expect("the journal");
    let what: Vec<_> = journal.iter().filter_map(|entry| entry.note.clone()).collect();
    let names: Vec<&str> = what.iter().map(|note| note.what.as_str()).collect();
    assert_eq!(names, ["open-account", "add", "add"]);
    assert_eq!(what[2].by, Actor::Staff("kim".to_owned()));
    assert!(matches!(&what[1].by, Actor::Account(digest) if digest != "ann"));
    let (then, why) = block_on(shop.authority.back(&staff, home, When::Revision(2))).expect("then");
    assert_eq!((quantity(&then, "TEE"), quantity(&then, "MUG"), why.len()), (2, 0, 1));
    // It is not for shoppers: there is more in it than they may see of the shop's staff.
    let shopper = Caller::from(account("ann"));
    let refused = block_on(shop.authority.journal(&shopper, home, 0, 10));
    assert!(matches!(refused, Err(Refusal::ServerOnly)));
}

#[test]
fn a_damaged_cart_is_told_of_and_no_other_is_concerned() {
    let shop = Shop::new();
    let (sound, hurt) = (shop.guest(), shop.guest());
    shop.add(sound.token, sound.cart, "TEE", 2);
    shop.add(hurt.token, hurt.cart, "TEE", 2);
    let revision = block_on(shop.store.revision(hurt.cart)).expect("the store").expect("a cart");
    let append = Append::new(hurt.cart, revision, NOW_MS, Class::Guest).with_delta(vec![1, 2, 3]);
    let _ = block_on(shop.store.append(append)).expect("the store");
    let fresh = shop.second();
    let refused = fresh.read(hurt.token, hurt.cart).expect_err("damaged");
    assert_eq!((refused.kind(), refused.advice()), ("damaged", Advice::Operator));
    assert_eq!(quantity(&fresh.read(sound.token, sound.cart).expect("the cart"), "TEE"), 2);
    let found = block_on(fresh.authority.verify(None, 10)).expect("a look through");
    let damaged: Vec<_> = found.damaged.iter().map(|(cart, _)| *cart).collect();
    assert_eq!((found.carts, damaged), (2, vec![hurt.cart]));
}
