//! What the author of a plain command had seen, and as whom it is written.

use futures_lite::future::block_on;
use holdall::Action;
use holdall_authority::{Caller, Request};

use super::{MINUTE_MS, NOW_MS, Shop, add, quantity, row, set};

const PHONE: u128 = 0xf0;
const LAPTOP: u128 = 0x1a;

#[test]
fn a_set_affects_what_its_device_had_seen_and_nothing_that_another_put_in_meanwhile() {
    let shop = Shop::new();
    let guest = shop.guest();
    let phone = Caller::from(guest.token).on(PHONE);
    let laptop = Caller::from(guest.token).on(LAPTOP);
    let act = |caller: &Caller, request: Request| shop.submit(caller.clone(), guest.cart, &request);
    let seen = act(&phone, Request::new(1, add("TEE", 3))).expect("an add").snapshot.revision;
    // Both go offline. The laptop comes back first, with two more.
    act(&laptop, Request::new(2, add("TEE", 2)).seen(seen)).expect("an add");
    let late = Request::new(3, set("TEE", 5)).seen(seen);
    let shown = act(&phone, late.clone()).expect("a set").snapshot;
    assert_eq!(quantity(&shown, "TEE"), 7);
    // Sent again it is the same; as now, five are five.
    assert_eq!(act(&phone, late).expect("again").snapshot, shown);
    let shown = act(&phone, Request::new(4, set("TEE", 5))).expect("a set").snapshot;
    assert_eq!(quantity(&shown, "TEE"), 5);
}

#[test]
fn what_the_same_device_did_since_it_has_seen_too() {
    let shop = Shop::new();
    let guest = shop.guest();
    let phone = Caller::from(guest.token).on(PHONE);
    let laptop = Caller::from(guest.token).on(LAPTOP);
    let act = |caller: &Caller, request: Request| {
        shop.submit(caller.clone(), guest.cart, &request).expect("taken").snapshot
    };
    let seen = act(&phone, Request::new(1, add("TEE", 1))).revision;
    act(&laptop, Request::new(2, add("TEE", 10)));
    // A queue that was filled offline: one more, then three, then gone, then two more.
    act(&phone, Request::new(3, add("TEE", 1)).seen(seen));
    let shown = act(&phone, Request::new(4, set("TEE", 3)).seen(seen));
    assert_eq!(quantity(&shown, "TEE"), 13);
    let shown = act(&phone, Request::new(5, Action::Remove { row: row("TEE") }).seen(seen));
    assert_eq!(quantity(&shown, "TEE"), 10);
    let shown = act(&phone, Request::new(6, add("TEE", 2)).seen(seen));
    assert_eq!(quantity(&shown, "TEE"), 12);
}

#[test]
fn a_row_that_another_device_took_out_can_still_be_set_by_who_saw_it() {
    let shop = Shop::new();
    let guest = shop.guest();
    let phone = Caller::from(guest.token).on(PHONE);
    let laptop = Caller::from(guest.token).on(LAPTOP);
    let seen = shop.submit(phone.clone(), guest.cart, &Request::new(1, add("TEE", 3)));
    let seen = seen.expect("an add").snapshot.revision;
    let gone = Request::new(2, Action::Remove { row: row("TEE") });
    shop.submit(laptop, guest.cart, &gone).expect("a remove");
    let save = Request::new(3, Action::Move { row: row("TEE") });
    let refused = shop.submit(phone.clone(), guest.cart, &save).expect_err("it is not there");
    assert_eq!(refused.kind(), "unknown-row");
    let five = Request::new(4, set("TEE", 5)).seen(seen);
    let shown = shop.submit(phone, guest.cart, &five).expect("a set").snapshot;
    assert_eq!(quantity(&shown, "TEE"), 5);
}

#[test]
fn an_explanation_tells_devices_apart() {
    let shop = Shop::new();
    let guest = shop.guest();
    for (key, device) in [(1, PHONE), (2, LAPTOP)] {
        let caller = Caller::from(guest.token).on(device);
        shop.submit(caller, guest.cart, &Request::new(key, add("TEE", 1))).expect("an add");
    }
    let told = block_on(shop.authority.explain(&guest.token.into(), guest.cart)).expect("told");
    let by: Vec<_> = told[0].rows[0].parts.iter().map(|part| part.by).collect();
    let mut expected = [PHONE, LAPTOP].map(|device| shop.authority.writer(guest.cart, device));
    expected.sort();
    assert_eq!(by, expected);
}

#[test]
fn who_does_not_see_the_cart_learns_nothing_of_its_past() {
    let shop = Shop::new();
    let (guest, other) = (shop.guest(), shop.guest());
    shop.add(guest.token, guest.cart, "TEE", 1);
    shop.add(guest.token, guest.cart, "TEE", 1);
    let request = Request::new(7, add("TEE", 1)).seen(1);
    let refused = shop.submit(Caller::from(other.token).on(PHONE), guest.cart, &request);
    assert_eq!(refused.expect_err("not theirs").kind(), "not-yours");
}

#[test]
fn a_watch_is_told_of_every_way_a_cart_changes() {
    let shop = Shop::new();
    let (ann, guest) = (super::account("ann"), shop.guest());
    let home = shop.home(&ann);
    let (mut of_guest, mut of_home) =
        (shop.authority.watch(guest.cart), shop.authority.watch(home));
    let told = |watch: &mut holdall_authority::Watch| {
        block_on(futures_lite::future::poll_once(watch.changed())).is_some()
    };
    assert!(!told(&mut of_guest));
    shop.add(guest.token, guest.cart, "TEE", 1);
    assert!(told(&mut of_guest) && !told(&mut of_guest) && !told(&mut of_home));
    shop.sign_in(&ann, guest.cart, guest.token).expect("a merge");
    assert!(told(&mut of_guest) && told(&mut of_home));
    // What comes late to the guest's cart shows in the account's.
    shop.add(ann.clone(), guest.cart, "MUG", 1);
    assert!(told(&mut of_home));
    let caller = Caller::from(ann.clone());
    block_on(shop.authority.erase(NOW_MS + MINUTE_MS, &caller, &ann)).expect("erased");
    assert!(told(&mut of_guest) && told(&mut of_home));
}

/// Neither does who is not admitted learn that the journal of a cart was cut off.
#[test]
fn how_far_back_a_cart_goes_is_nobody_elses_business() {
    let shop = Shop::new();
    let (guest, other) = (shop.guest(), shop.guest());
    for _ in 0..4 {
        shop.add(guest.token, guest.cart, "TEE", 1);
    }
    block_on(shop.authority.fold(guest.cart, NOW_MS + MINUTE_MS)).expect("folded");
    shop.add(guest.token, guest.cart, "TEE", 1);
    let request = Request::new(7, add("TEE", 1)).seen(1);
    let phone = |token| Caller::from(token).on(PHONE);
    let own = shop.submit(phone(guest.token), guest.cart, &request).expect_err("too long ago");
    assert_eq!(own.kind(), "too-long-ago");
    let theirs = shop.submit(phone(other.token), guest.cart, &request).expect_err("not theirs");
    assert_eq!(theirs.kind(), "not-yours");
}
