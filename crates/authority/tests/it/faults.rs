//! The store fails: before the effect, after it, slowly, for want of room. Nothing that was acknowledged is lost, nothing is applied twice when
//! the client tries again with the same key, and each refusal says what to do.

use std::time::Duration;

use futures_lite::future::{block_on, poll_once};
use holdall_authority::{Advice, Caller, Refusal, Request};
use holdall_store::conformance::{Call, Fault};

use super::{NOW_MS, Shop, account, add, quantity, set};

/// Every fault that is told as an error.
const TOLD: [Fault; 4] = [Fault::Unavailable, Fault::Full, Fault::LostBefore, Fault::LostAfter];

fn refused(refusal: &Refusal, fault: Fault) {
    assert_eq!(refusal.kind(), "store", "{fault:?}: {refusal}");
    let advice = refusal.advice();
    assert!(matches!(advice, Advice::Retry { after_ms } if after_ms > 0), "{fault:?}: {advice:?}");
}

#[test]
fn an_add_that_failed_is_done_once_when_it_comes_again() {
    for fault in TOLD {
        let shop = Shop::new();
        let guest = shop.guest();
        shop.add(guest.token, guest.cart, "TEE", 1); // acknowledged
        let request = Request::new(shop.key(), add("TEE", 2));
        shop.store.fail(Call::Append, shop.store.calls(Call::Append) + 1, fault);
        let refusal = shop.submit(guest.token, guest.cart, &request).expect_err("the fault");
        refused(&refusal, fault);
        let there = shop.read(guest.token, guest.cart).expect("the cart");
        assert_eq!(
            quantity(&there, "TEE"),
            if fault == Fault::LostAfter { 3 } else { 1 },
            "{fault:?}"
        );
        for again in 0..3 {
            let accepted = shop.submit(guest.token, guest.cart, &request).expect("done");
            assert_eq!(quantity(&accepted.snapshot, "TEE"), 3, "{fault:?}");
            assert_eq!(accepted.repeated, again > 0 || fault == Fault::LostAfter, "{fault:?}");
        }
        // Another process, which has nothing at hand, sees the same.
        let there = shop.second().read(guest.token, guest.cart).expect("the cart");
        assert_eq!(quantity(&there, "TEE"), 3, "{fault:?}");
    }
}

/// The answer was lost, somebody else set the line meanwhile, and then the client tries again: its add is in what was set.
#[test]
fn what_was_done_is_not_done_again_after_others() {
    let shop = Shop::new();
    let guest = shop.guest();
    let request = Request::new(shop.key(), add("TEE", 2));
    shop.store.fail(Call::Append, shop.store.calls(Call::Append) + 1, Fault::LostAfter);
    shop.submit(guest.token, guest.cart, &request).expect_err("the fault");
    let five = Request::new(shop.key(), set("TEE", 5));
    shop.submit(guest.token, guest.cart, &five).expect("set");
    let then = shop.submit(guest.token, guest.cart, &request).expect("answered");
    assert!(then.repeated);
    assert_eq!(quantity(&then.snapshot, "TEE"), 2); // as it was then
    let there = shop.read(guest.token, guest.cart).expect("the cart");
    assert_eq!(quantity(&there, "TEE"), 5);
}

/// Each call of the store that a command makes fails once in turn, with every fault; then the client tries again.
#[test]
fn whichever_step_of_a_command_fails_it_is_done_once() {
    const CALLS: [Call; 6] =
        [Call::Load, Call::Revision, Call::Append, Call::Slot, Call::CompareAndSet, Call::Log];
    let mut failed = 0;
    for call in CALLS {
        for fault in TOLD {
            for number in 1..=4 {
                let shop = Shop::new();
                let guest = shop.guest();
                shop.add(guest.token, guest.cart, "TEE", 1);
                // A process that has nothing at hand, and a device that says what it saw.
                let other = shop.second();
                let phone = Caller::from(guest.token).on(1);
                let request = Request::new(shop.key(), set("TEE", 4)).seen(1);
                shop.store.fail(call, shop.store.calls(call) + number, fault);
                let first = other.submit(phone.clone(), guest.cart, &request);
                shop.store.mend();
                if let Err(refusal) = &first {
                    refused(refusal, fault);
                    failed += 1;
                }
                let again = other.submit(phone, guest.cart, &request).expect("done");
                // The set had not seen the add.
                assert_eq!(quantity(&again.snapshot, "TEE"), 5, "{call:?} {number} {fault:?}");
                let there = shop.read(guest.token, guest.cart).expect("the cart");
                assert_eq!(quantity(&there, "TEE"), 5, "{call:?} {number} {fault:?}");
            }
        }
    }
    assert!(failed > 20, "{failed} faults were met: the test tests little");
}

/// Signing in is several steps over two carts. Whichever of them fails, the next try comes to the same cart, and nobody else gets it.
#[test]
fn whichever_step_of_a_sign_in_fails_the_next_try_ends_it() {
    const CALLS: [Call; 5] =
        [Call::Load, Call::Revision, Call::Append, Call::Slot, Call::CompareAndSet];
    let (ann, bob) = (account("ann"), account("bob"));
    let mut failed = 0;
    for call in CALLS {
        for fault in TOLD {
            for number in 1..=6 {
                let shop = Shop::new();
                let guest = shop.guest();
                shop.add(guest.token, guest.cart, "TEE", 2);
                let home = shop.home(&ann);
                shop.add(ann.clone(), home, "TEE", 1);
                shop.store.fail(call, shop.store.calls(call) + number, fault);
                let first = shop.sign_in(&ann, guest.cart, guest.token);
                shop.store.mend();
                if let Err(refusal) = &first {
                    refused(refusal, fault);
                    failed += 1;
                }
                let signed_in = shop.sign_in(&ann, guest.cart, guest.token).expect("signed in");
                let what = format!("{call:?} {number} {fault:?}");
                assert_eq!(quantity(&signed_in.snapshot, "TEE"), 3, "{what}");
                assert_eq!(signed_in.claim.number, 1, "{what}");
                let refusal = shop.sign_in(&bob, guest.cart, guest.token).expect_err("claimed");
                assert_eq!(refusal.kind(), "already-claimed", "{what}");
            }
        }
    }
    assert!(failed > 30, "{failed} faults were met: the test tests little");
}

/// A disk that is full takes nothing and loses nothing; reads go on; when there is room, so do writes.
#[test]
fn a_full_disk_refuses_and_keeps() {
    let shop = Shop::new();
    let guest = shop.guest();
    shop.add(guest.token, guest.cart, "TEE", 2);
    shop.store.fail_all(Call::Append, Fault::Full);
    shop.store.fail_all(Call::CompareAndSet, Fault::Full);
    let requests: Vec<_> = (0..5).map(|_| Request::new(shop.key(), add("MUG", 1))).collect();
    for request in &requests {
        refused(&shop.submit(guest.token, guest.cart, request).expect_err("full"), Fault::Full);
    }
    let opened = block_on(shop.authority.open_guest(NOW_MS)).expect_err("full");
    refused(&opened, Fault::Full);
    let there = shop.read(guest.token, guest.cart).expect("reads go on");
    assert_eq!((quantity(&there, "TEE"), quantity(&there, "MUG")), (2, 0));
    shop.store.mend();
    for request in requests.iter().chain(&requests) {
        shop.submit(guest.token, guest.cart, request).expect("room");
    }
    let there = shop.read(guest.token, guest.cart).expect("the cart");
    assert_eq!((quantity(&there, "TEE"), quantity(&there, "MUG")), (2, 5));
}

/// A slow store makes the command slow. Who does not wait for it and asks again gets one effect.
#[test]
fn a_command_that_was_given_up_is_done_once() {
    let shop = Shop::new();
    let guest = shop.guest();
    let request = Request::new(shop.key(), add("TEE", 2));
    let slow = Fault::Slow(Duration::from_millis(40));
    shop.store.fail(Call::Append, shop.store.calls(Call::Append) + 1, slow);
    let caller = guest.token.into();
    let sent = shop.authority.submit(NOW_MS, &caller, guest.cart, &request);
    // The client's connection breaks: what was begun is dropped half way.
    assert!(block_on(poll_once(sent)).is_none());
    let accepted = shop.submit(guest.token, guest.cart, &request).expect("done");
    assert_eq!(quantity(&accepted.snapshot, "TEE"), 2);
    let there = shop.read(guest.token, guest.cart).expect("the cart");
    assert_eq!(quantity(&there, "TEE"), 2);
}
