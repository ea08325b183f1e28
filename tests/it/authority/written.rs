//! Carts written out once for each revision.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_lite::future::block_on;
use holdall::authority::{Caller, Form, Refusal, Request, Written};
use holdall::testkit::store::Call;

use super::{NOW_MS, Shop, account, add, quantity};

static WRITINGS: AtomicUsize = AtomicUsize::new(0);

const COUNTED: Form = Form {
    name: "units",
    write: |shown, sheet| {
        WRITINGS.fetch_add(1, Ordering::Relaxed);
        sheet.put(quantity(&shown, "TEE").to_string().as_bytes());
    },
};

fn written(
    shop: &Shop,
    caller: impl Into<Caller>,
    cart: holdall::CartId,
) -> Result<Written, Refusal> {
    block_on(shop.authority.written(&caller.into(), cart, &COUNTED))
}

#[test]
fn a_cart_is_written_out_once_and_only_for_whom_it_is() {
    let (shop, ann) = (Shop::new(), account("ann"));
    let (guest, stranger) = (shop.guest(), shop.guest());
    let read = |shop: &Shop| {
        let Written { revision, bytes } = written(shop, guest.token, guest.cart).expect("the cart");
        (revision, bytes)
    };
    shop.add(guest.token, guest.cart, "TEE", 2);
    let (before, loads) = (WRITINGS.load(Ordering::Relaxed), shop.store.calls(Call::Load));
    let (_, first) = read(&shop);
    for _ in 0..3 {
        let (revision, again) = read(&shop);
        assert_eq!((revision, &*again), (2, &b"2"[..]));
        assert!(Arc::ptr_eq(&again, &first));
    }
    assert_eq!(WRITINGS.load(Ordering::Relaxed), before + 1);
    assert_eq!(shop.store.calls(Call::Load), loads);
    // Whoever asks next is not taken for who asked last.
    for other in [stranger.token.into(), Caller::from(ann.clone())] {
        let refused = written(&shop, other, guest.cart).expect_err("not theirs");
        assert_eq!(refused.kind(), "not-yours");
    }
    assert_eq!(&*read(&shop).1, b"2");

    // Another process changes it, and this one does not answer what was.
    shop.second()
        .submit(guest.token, guest.cart, &Request::new(1 << 90, add("TEE", 1)))
        .expect("an add");
    let (revision, bytes) = read(&shop);
    assert_eq!((revision, &*bytes), (3, &b"3"[..]));

    // Signed in, the token is revoked, and the account reads the guest cart by its claim, until that is taken back.
    shop.sign_in(&ann, guest.cart, guest.token).expect("a merge");
    let refused = written(&shop, guest.token, guest.cart).expect_err("revoked");
    assert_eq!(refused.kind(), "merged");
    assert_eq!(&*written(&shop, ann.clone(), guest.cart).expect("the claim").bytes, b"3");
    block_on(shop.authority.unmerge(NOW_MS, &ann, guest.cart)).expect("taken back");
    assert_eq!(&*read(&shop).1, b"3");
    let refused = written(&shop, ann, guest.cart).expect_err("no claim");
    assert_eq!(refused.kind(), "not-yours");
}
