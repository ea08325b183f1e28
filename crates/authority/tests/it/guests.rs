//! Guests and accounts: who sees what, signing in, taking that back.

use futures_lite::future::block_on;
use holdall::cart::{List, MergePolicy};
use holdall::{Action, CartId};
use holdall_authority::{
    Authority, AuthoritySettings, Caller, GuestToken, Policies, Principal, Refusal, Request,
    Situation,
};
use holdall_store::{Slot, SlotValue, Store};

use super::{NOW_MS, Shop, account, add, quantity, set};

#[test]
fn a_the_login_call_that_is_retried_ten_times_is_one_merge() {
    let shop = Shop::new();
    let (ann, guest) = (account("ann"), shop.guest());
    shop.add(guest.token, guest.cart, "TEE", 2);
    let home = shop.home(&ann);
    shop.add(ann.clone(), home, "TEE", 1);
    let first = shop.sign_in(&ann, guest.cart, guest.token).expect("a merge");
    assert_eq!(quantity(&first.snapshot, "TEE"), 3);
    assert_eq!(first.lines.len(), 1);
    for _ in 0..9 {
        let again = shop.sign_in(&ann, guest.cart, guest.token).expect("the same");
        assert_eq!((again.snapshot.clone(), again.claim), (first.snapshot.clone(), first.claim));
    }
    // One fewer stays one fewer, whatever is retried (A3).
    shop.submit(ann.clone(), home, &Request::new(50, set("TEE", 2))).expect("a set");
    let again = shop.sign_in(&ann, guest.cart, guest.token).expect("the same");
    assert_eq!(quantity(&again.snapshot, "TEE"), 2);
}

#[test]
fn c_neither_cart_is_lost_at_login_and_a_mistaken_merge_can_be_taken_back() {
    let rule = |name| MergePolicy::rule(name).expect("a rule");
    let policies = Policies { browsing: rule("prefer-account"), checkout: rule("prefer-guest") };
    let shop = Shop::with(AuthoritySettings { policies, ..AuthoritySettings::default() });
    let (ann, guest) = (account("ann"), shop.guest());
    shop.add(guest.token, guest.cart, "TEE", 5);
    shop.add(guest.token, guest.cart, "MUG", 1);
    let home = shop.home(&ann);
    shop.add(ann.clone(), home, "TEE", 2);
    let merged = shop.sign_in(&ann, guest.cart, guest.token).expect("a merge").snapshot;
    assert_eq!((quantity(&merged, "TEE"), quantity(&merged, "MUG")), (2, 1));
    let gone = shop.read(guest.token, guest.cart).expect_err("the token was revoked");
    assert_eq!(gone.kind(), "merged");

    let back = block_on(shop.authority.unmerge(NOW_MS, &ann, guest.cart)).expect("taken back");
    assert_eq!((quantity(&back, "TEE"), quantity(&back, "MUG")), (2, 0));
    let theirs = shop.read(guest.token, guest.cart).expect("the guest's own again");
    assert_eq!((quantity(&theirs, "TEE"), quantity(&theirs, "MUG")), (5, 1));
    // And somebody else may claim it now: the one whose it is.
    let bob = account("bob");
    let again = shop.sign_in(&bob, guest.cart, guest.token).expect("another claim");
    assert_eq!((again.claim.number, quantity(&again.snapshot, "TEE")), (2, 5));
}

#[test]
fn the_situation_chooses_the_policy() {
    let shop = Shop::new();
    let (ann, guest) = (account("ann"), shop.guest());
    let home = shop.home(&ann);
    shop.add(ann.clone(), home, "OLD", 1);
    shop.add(guest.token, guest.cart, "TEE", 2);
    let situation = Situation::Checkout;
    let at = shop.authority.sign_in(NOW_MS, &ann, guest.cart, guest.token, situation);
    let shown = block_on(at).expect("a merge").snapshot;
    // What is about to be paid for is what was seen; the rest is saved.
    assert_eq!((quantity(&shown, "TEE"), quantity(&shown, "OLD")), (2, 0));
    assert_eq!(shown.view.saved[0].quantity, 1);
}

#[test]
fn l_of_two_accounts_that_claim_one_guest_cart_one_gets_it_and_the_other_no_hint_whose() {
    let shop = Shop::new();
    let (ann, bob, guest) = (account("ann"), account("bob"), shop.guest());
    shop.add(guest.token, guest.cart, "SECRET", 1);
    shop.sign_in(&ann, guest.cart, guest.token).expect("a merge");
    let refused = shop.sign_in(&bob, guest.cart, guest.token).expect_err("claimed");
    assert!(matches!(refused, Refusal::AlreadyClaimed));
    let said = format!("{refused} {refused:?}");
    assert!(!said.contains("ann") && !said.contains(&shop.home(&ann).to_string()), "{said}");
    let theirs = shop.read(bob.clone(), shop.home(&bob)).expect("bob's cart");
    assert!(theirs.view.is_empty());
    let stored = block_on(shop.store.load(shop.home(&bob))).expect("the store").expect("a cart");
    let bytes = [stored.tail.concat(), stored.snapshot.unwrap_or_default()].concat();
    assert!(!bytes.windows(6).any(|window| window == b"SECRET"));
}

#[test]
fn l_a_cart_that_is_not_there_and_one_of_somebody_else_look_the_same() {
    let shop = Shop::new();
    let (ann, guest, other) = (account("ann"), shop.guest(), shop.guest());
    let home = shop.home(&ann);
    let nowhere = CartId::from_u128(12);
    let forged = GuestToken::from_bytes([9; 32]);
    let as_seen = |caller: Caller, cart: CartId| {
        let refusal = shop.read(caller.clone(), cart).expect_err("not theirs");
        let edit = shop.submit(caller, cart, &Request::new(1, add("TEE", 1)));
        assert_eq!(edit.expect_err("not theirs").kind(), refusal.kind());
        refusal.to_string().replace(&cart.to_string(), "")
    };
    let expected = as_seen(forged.into(), nowhere);
    for (caller, cart) in [
        (forged.into(), guest.cart),
        (other.token.into(), guest.cart),
        (guest.token.into(), home),
        (account("bob").into(), home),
        (ann.clone().into(), guest.cart),
        // The account's name as a guest's id opens nothing (L13).
        (account("bob").into(), nowhere),
    ] {
        assert_eq!(as_seen(caller, cart), expected);
    }
}

#[test]
fn l_a_shared_browser_hands_nothing_on() {
    let shop = Shop::new();
    let (ann, bob, guest) = (account("ann"), account("bob"), shop.guest());
    shop.add(guest.token, guest.cart, "TEE", 1);
    shop.sign_in(&ann, guest.cart, guest.token).expect("a merge");
    // Ann signs out; the browser still has the old token, and gets a new guest cart.
    let fresh = block_on(shop.authority.sign_out(NOW_MS, &ann, None)).expect("a new guest");
    assert_ne!(fresh.cart, guest.cart);
    assert!(shop.read(fresh.token, fresh.cart).expect("the new one").view.is_empty());
    assert_eq!(shop.read(guest.token, guest.cart).expect_err("revoked").kind(), "merged");
    let refused = shop.sign_in(&bob, guest.cart, guest.token).expect_err("ann's");
    assert!(matches!(refused, Refusal::AlreadyClaimed));
    shop.sign_in(&bob, fresh.cart, fresh.token).expect("bob's own");
    let bobs = shop.read(bob.clone(), shop.home(&bob)).expect("bob's cart");
    assert!(bobs.view.is_empty());
}

#[test]
fn l_who_only_knows_a_guest_carts_id_cannot_claim_it() {
    let shop = Shop::new();
    let guest = shop.guest();
    shop.add(guest.token, guest.cart, "TEE", 1);
    let thief = account("thief");
    let forged = GuestToken::from_bytes([9; 32]);
    let refused = shop.sign_in(&thief, guest.cart, forged).expect_err("no token of that cart");
    assert!(matches!(refused, Refusal::NotYours { .. }), "{refused:?}");
    assert_eq!(block_on(shop.store.slot(Slot::Claim(guest.cart))).expect("a slot"), None);
    assert_eq!(quantity(&shop.read(guest.token, guest.cart).expect("the guest's"), "TEE"), 1);
    // An account's cart is nobody's guest.
    let home = shop.home(&account("ann"));
    let refused = shop.sign_in(&thief, home, forged).expect_err("no guest cart");
    assert!(matches!(refused, Refusal::NotYours { .. }), "{refused:?}");
}

#[test]
fn l_staff_edit_and_never_merge() {
    let shop = Shop::new();
    let staff = Caller::from(Principal::Staff("kim".to_owned()));
    let home = shop.home(&account("ann"));
    shop.add(staff.clone(), home, "TEE", 1);
    assert!(matches!(Authority::account_of(&staff), Err(Refusal::NotForYou)));
    assert_eq!(quantity(&shop.read(account("ann"), home).expect("ann's"), "TEE"), 1);
}

#[test]
fn a_token_that_was_rotated_opens_nothing_any_more() {
    let shop = Shop::new();
    let guest = shop.guest();
    shop.add(guest.token, guest.cart, "TEE", 1);
    let other = shop.second();
    let _ = other.read(guest.token, guest.cart).expect("at hand there too");
    let new = block_on(shop.authority.rotate(NOW_MS, guest.token, guest.cart)).expect("a new one");
    for process in [&shop, &other] {
        assert_eq!(process.read(guest.token, guest.cart).expect_err("ended").kind(), "not-yours");
        let refused = process.submit(guest.token, guest.cart, &Request::new(4, add("TEE", 1)));
        assert_eq!(refused.expect_err("ended").kind(), "not-yours");
        assert_eq!(quantity(&process.read(new, guest.cart).expect("the cart"), "TEE"), 1);
    }
}

#[test]
fn nothing_in_the_store_is_a_token_or_an_accounts_name() {
    let shop = Shop::new();
    let (ann, guest) = (account("ann.smith@example.org"), shop.guest());
    shop.add(guest.token, guest.cart, "TEE", 1);
    shop.sign_in(&ann, guest.cart, guest.token).expect("a merge");
    let mut text = String::new();
    for cart in block_on(shop.store.carts(None, 10)).expect("the store") {
        let loaded = block_on(shop.store.load(cart)).expect("the store").expect("a cart");
        text += &String::from_utf8_lossy(&loaded.header);
        for one in block_on(shop.store.log(cart, 0, 100)).expect("the log") {
            text += &String::from_utf8_lossy(&one.note);
        }
    }
    let claim: Option<SlotValue> =
        block_on(shop.store.slot(Slot::Claim(guest.cart))).expect("a slot");
    text += &String::from_utf8_lossy(&claim.expect("a claim").value);
    let secret = guest.token.reveal();
    assert!(!text.contains(&secret[4..]) && !text.contains("smith"), "{text}");
}

/// A crash between the steps of a sign-in: claimed, revoked, not merged. Nothing is lost, and the next try ends it.
#[test]
fn c_a_sign_in_that_stopped_half_way_is_ended_by_the_next() {
    for steps in 1..=2 {
        let shop = Shop::new();
        let (ann, guest) = (account("ann"), shop.guest());
        shop.add(guest.token, guest.cart, "TEE", 2);
        let home = shop.home(&ann);
        // As a sign-in does it, up to the step.
        let full = Shop::new();
        let other = full.guest();
        full.sign_in(&ann, other.cart, other.token).expect("a merge");
        let claim = block_on(full.store.slot(Slot::Claim(other.cart))).expect("a slot");
        let text = String::from_utf8(claim.expect("a claim").value).expect("text");
        let value = text.replace(&full.home(&ann).to_string(), &home.to_string()).into_bytes();
        let _ = block_on(shop.store.compare_and_set(Slot::Claim(guest.cart), None, Some(value)));
        if steps == 1 {
            // Not revoked yet: the guest goes on.
            shop.add(guest.token, guest.cart, "MUG", 1);
        }
        let merged = shop.sign_in(&ann, guest.cart, guest.token).expect("the next try").snapshot;
        assert_eq!(quantity(&merged, "TEE"), 2);
        assert_eq!(quantity(&merged, "MUG"), u64::from(steps == 1));
    }
}

#[test]
fn what_is_saved_moves_with_a_merge() {
    let shop = Shop::new();
    let (ann, guest) = (account("ann"), shop.guest());
    shop.add(guest.token, guest.cart, "TEE", 2);
    let save = Request::new(8, Action::Move { row: super::row("TEE") });
    shop.submit(guest.token, guest.cart, &save).expect("saved");
    let shown = shop.sign_in(&ann, guest.cart, guest.token).expect("a merge").snapshot;
    assert_eq!(shown.view.saved[0].list, List::Saved);
}
