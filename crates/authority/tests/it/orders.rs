//! One open checkout a cart, and orders of exactly what it froze.

use futures_lite::future::block_on;
use holdall::OrderId;
use holdall_authority::{Accepted, Advice, Caller, Checkout, Opened, PlaceOrder, Refusal, Request};

use super::{MINUTE_MS, NOW_MS, Shop, add, quantity};

fn begin(shop: &Shop, guest: &Opened) -> Result<Checkout, Refusal> {
    block_on(shop.authority.checkout(NOW_MS, &guest.token.into(), guest.cart, None))
}

fn place(shop: &Shop, guest: &Opened, placing: &PlaceOrder) -> Result<Accepted, Refusal> {
    block_on(shop.authority.place(NOW_MS, &Caller::server(), guest.cart, placing))
}

fn order(id: &str) -> OrderId {
    OrderId::new(id).expect("an id")
}

#[test]
fn k_an_order_takes_exactly_what_was_frozen_and_once() {
    let shop = Shop::new();
    let guest = shop.guest();
    shop.add(guest.token, guest.cart, "TEE", 3);
    let checkout = begin(&shop, &guest).expect("a checkout");
    // Meanwhile, on the phone.
    shop.add(guest.token, guest.cart, "TEE", 2);
    let placing = PlaceOrder::new(checkout.lease, order("o-1"));
    let placed = place(&shop, &guest, &placing).expect("placed").snapshot;
    assert_eq!(quantity(&placed, "TEE"), 2);
    assert_eq!(placed.view.orders[0].lines[0].1, 3);
    // The webhook and the browser both end it, and again (H20).
    for _ in 0..3 {
        let again = place(&shop, &guest, &placing).expect("the same").snapshot;
        assert_eq!((quantity(&again, "TEE"), again.view.orders.len()), (2, 1));
    }
    let closed = place(&shop, &guest, &PlaceOrder::new(checkout.lease, order("o-2")));
    assert!(matches!(closed, Err(Refusal::CheckoutClosed)), "{closed:?}");
}

#[test]
fn h_two_devices_that_buy_one_cart_place_one_order() {
    let shop = Shop::new();
    let guest = shop.guest();
    shop.add(guest.token, guest.cart, "TEE", 3);
    let first = begin(&shop, &guest).expect("a checkout");
    let second = begin(&shop, &guest).expect_err("one is open");
    assert_eq!(second.advice(), Advice::Retry { after_ms: 10 * MINUTE_MS });
    // The page was loaded again: it shows what it holds, and begins anew.
    let caller = Caller::from(guest.token);
    let at = shop.authority.checkout(NOW_MS, &caller, guest.cart, Some(first.lease));
    let anew = block_on(at).expect("instead of its own");
    assert_eq!(anew.key, first.key);
    let stale = place(&shop, &guest, &PlaceOrder::new(first.lease, order("o-1")));
    assert!(matches!(stale, Err(Refusal::CheckoutClosed)));
    place(&shop, &guest, &PlaceOrder::new(anew.lease, order("o-1"))).expect("placed");
}

#[test]
fn p_a_checkout_that_has_lapsed_can_still_be_paid_if_no_other_was_begun() {
    let shop = Shop::new();
    let guest = shop.guest();
    shop.add(guest.token, guest.cart, "TEE", 3);
    let slow = begin(&shop, &guest).expect("a checkout");
    let late_ms = NOW_MS + 24 * MINUTE_MS;
    let placing = PlaceOrder::new(slow.lease, order("o-1"));
    let paid = block_on(shop.authority.place(late_ms, &Caller::server(), guest.cart, &placing));
    assert_eq!(paid.expect("placed").snapshot.view.orders[0].lines[0].1, 3);

    shop.add(guest.token, guest.cart, "MUG", 1);
    let lapsed = begin(&shop, &guest).expect("a checkout");
    let caller = Caller::from(guest.token);
    let other = shop.authority.checkout(late_ms, &caller, guest.cart, None);
    let other = block_on(other).expect("the first has lapsed");
    let refused = place(&shop, &guest, &PlaceOrder::new(lapsed.lease, order("o-2")));
    assert!(matches!(refused, Err(Refusal::CheckoutClosed)));
    place(&shop, &guest, &PlaceOrder::new(other.lease, order("o-2"))).expect("placed");
}

#[test]
fn an_order_that_must_find_the_cart_unchanged_is_refused_if_it_was_not() {
    let shop = Shop::new();
    let guest = shop.guest();
    shop.add(guest.token, guest.cart, "TEE", 3);
    let checkout = begin(&shop, &guest).expect("a checkout");
    let mut placing = PlaceOrder::new(checkout.lease, order("o-1"));
    placing.only_if_unchanged = true;
    shop.add(guest.token, guest.cart, "MUG", 1);
    let refused = place(&shop, &guest, &placing);
    assert!(matches!(refused, Err(Refusal::Changed { .. })), "{refused:?}");
    placing.only_if_unchanged = false;
    place(&shop, &guest, &placing).expect("placed");
}

#[test]
fn k_a_payment_that_failed_leaves_the_cart_as_it_is() {
    let shop = Shop::new();
    let guest = shop.guest();
    shop.add(guest.token, guest.cart, "TEE", 3);
    let checkout = begin(&shop, &guest).expect("a checkout");
    let request = Request::new(5, add("TEE", 1));
    shop.submit(guest.token, guest.cart, &request).expect("an add");
    let caller = Caller::from(guest.token);
    let end = shop.authority.abandon(&caller, guest.cart, checkout.lease);
    block_on(end).expect("ended");
    assert_eq!(quantity(&shop.read(guest.token, guest.cart).expect("the cart"), "TEE"), 4);
    begin(&shop, &guest).expect("the next may begin");
}

#[test]
fn orders_are_placed_by_the_shops_own_systems() {
    let shop = Shop::new();
    let guest = shop.guest();
    let empty = begin(&shop, &guest).expect_err("nothing to order");
    assert_eq!(empty.kind(), "unknown-row");
    shop.add(guest.token, guest.cart, "TEE", 3);
    let lease = begin(&shop, &guest).expect("a checkout").lease;
    let placing = PlaceOrder::new(lease, order("o-1"));
    let caller = Caller::from(guest.token);
    let own = shop.authority.place(NOW_MS, &caller, guest.cart, &placing);
    assert!(matches!(block_on(own), Err(Refusal::ServerOnly)));
}
