//! How other carts went wrong, over HTTP: what a client of theirs did, and what it gets here.

use serde_json::{Value, json};

use super::{Shop, line, quantity};

#[tokio::test]
async fn a_a_merge_that_is_retried_is_one_merge() {
    let shop = Shop::new();
    let guest = shop.guest().await;
    shop.add(&guest.token, &guest.cart, "TEE", 2).send().await.done();
    let (home, ann) = (shop.home("ann").await, shop.account("ann"));
    shop.add(&ann, &home, "TEE", 1).send().await.done();
    let first = shop.merge("ann", &guest).send().await.done();
    assert_eq!(quantity(&first["cart"], "TEE"), 3);
    assert_eq!(first["lines"][0]["rows"][0]["quantity"], 3);
    for _ in 0..9 {
        assert_eq!(shop.merge("ann", &guest).send().await.done()["cart"], first["cart"]);
    }
    // A3: one fewer stays one fewer.
    let id = line(&first["cart"], "TEE");
    shop.set(&ann, &home, &id, 2).send().await.done();
    assert_eq!(quantity(&shop.merge("ann", &guest).send().await.done()["cart"], "TEE"), 2);
}

#[tokio::test]
async fn c_neither_cart_is_lost_at_sign_in() {
    let shop = Shop::new();
    let guest = shop.guest().await;
    shop.add(&guest.token, &guest.cart, "TEE", 2).send().await.done();
    let (home, ann) = (shop.home("ann").await, shop.account("ann"));
    shop.add(&ann, &home, "OLD", 1).send().await.done();
    let body = json!({ "guest": guest.cart, "guest_token": guest.token, "situation": "checkout" });
    let merged = shop.ask("POST", "/accounts/ann/merge").by(&ann).json(body).send().await.done();
    assert_eq!(quantity(&merged["cart"], "TEE"), 2);
    assert_eq!(merged["cart"]["saved"][0]["sku"], "OLD");
    let gone = shop.read(&guest.token, &guest.cart).await;
    assert_eq!(
        (gone.problem(), &gone.json()["advice"]),
        ((403, "merged".to_owned()), &json!("sign-in"))
    );
    let undo = shop.ask("DELETE", format!("/accounts/ann/merge/{}", guest.cart)).by(&ann);
    let back = undo.send().await.done();
    assert_eq!((quantity(&back, "OLD"), quantity(&back, "TEE")), (1, 0));
    assert_eq!(quantity(&shop.read(&guest.token, &guest.cart).await.done(), "TEE"), 2);
}

#[tokio::test]
async fn d_a_merge_does_not_fail_over_a_line() {
    let shop = Shop::new();
    let guest = shop.guest().await;
    let most = 1_000_000;
    shop.add(&guest.token, &guest.cart, "TEE", most).send().await.done();
    let (home, ann) = (shop.home("ann").await, shop.account("ann"));
    let dollars = json!({ "sku": "MUG", "seen_price": { "amount": "5", "currency": "USD" } });
    let euros = json!({ "sku": "CUP", "seen_price": { "amount": "4", "currency": "EUR" } });
    for (token, cart, body) in [(&ann, &home, dollars), (&guest.token, &guest.cart, euros)] {
        shop.ask("POST", format!("/carts/{cart}/lines")).by(token).json(body).send().await.done();
    }
    shop.add(&ann, &home, "TEE", most).send().await.done();
    let cart = shop.merge("ann", &guest).send().await.done()["cart"].clone();
    // More than may be shown, and two currencies: both are said, and neither hinders.
    assert_eq!((quantity(&cart, "TEE"), quantity(&cart, "CUP")), (most, 1));
    let notices = cart["notices"].as_array().expect("notices");
    let named = |name: &str| notices.iter().find(|notice| notice["notice"] == name);
    assert_eq!(named("ceiling").expect("a notice")["asked"], 2 * most);
    assert_eq!(named("currencies").expect("a notice")["currencies"], json!(["EUR", "USD"]));
}

#[tokio::test]
async fn h_adds_at_once_are_all_there_and_reads_write_nothing() {
    let shop = Shop::new();
    let guest = shop.guest().await;
    let adds = (0..50).map(|number| {
        let sku = if number % 2 == 0 { "TEE" } else { "MUG" };
        shop.add(&guest.token, &guest.cart, sku, 1).on(number % 5).send()
    });
    let replies = futures_util::future::join_all(adds).await;
    assert!(replies.iter().all(|reply| reply.status == 200));
    let cart = shop.read(&guest.token, &guest.cart).await.done();
    assert_eq!((quantity(&cart, "TEE"), quantity(&cart, "MUG")), (25, 25));
    // H2, H14: however often it is read, it is the same version.
    for path in ["", "/explain", "/deltas"] {
        let ask = shop.ask("GET", format!("/carts/{}{path}", guest.cart)).by(&guest.token);
        assert_eq!(ask.send().await.status, 200);
    }
    assert_eq!(shop.read(&guest.token, &guest.cart).await.done(), cart);
    // H25: an add that says what it saw is not refused for what it had not.
    let late = shop.add(&guest.token, &guest.cart, "TEE", 1).on(9).field("cart-seen", "\"1\"");
    assert_eq!(quantity(&late.send().await.done(), "TEE"), 26);
}

#[tokio::test]
async fn i_two_tabs_add_to_one_cart() {
    let shop = Shop::new();
    let guest = shop.guest().await;
    // Each tab has shown the empty cart.
    let seen = shop.read(&guest.token, &guest.cart).await.field("etag").to_owned();
    for (tab, sku) in [(1, "A"), (2, "B"), (3, "A")] {
        let add = shop.add(&guest.token, &guest.cart, sku, 1).on(tab).field("cart-seen", &seen);
        add.send().await.done();
    }
    let cart = shop.read(&guest.token, &guest.cart).await.done();
    assert_eq!((quantity(&cart, "A"), quantity(&cart, "B")), (2, 1));
}

#[tokio::test]
async fn j_what_was_removed_stays_away_and_what_is_added_again_is_there() {
    let shop = Shop::new();
    let guest = shop.guest().await;
    let add = |key: &'static str| {
        let ask = shop.ask("POST", format!("/carts/{}/lines", guest.cart)).by(&guest.token);
        ask.key(key).json(json!({ "sku": "TEE", "quantity": 2 }))
    };
    let cart = add("first").send().await.done();
    let path = format!("/carts/{}/lines/{}", guest.cart, line(&cart, "TEE"));
    let remove = || shop.ask("DELETE", &path).by(&guest.token).key("gone").send();
    assert_eq!(quantity(&remove().await.done(), "TEE"), 0);
    // The add comes again, from a queue that had not heard: it was carried out.
    add("first").send().await.done();
    assert_eq!(quantity(&shop.read(&guest.token, &guest.cart).await.done(), "TEE"), 0);
    assert_eq!(quantity(&add("second").send().await.done(), "TEE"), 2);
    // And so does the remove: it does not take out what it had not seen.
    assert_eq!(quantity(&remove().await.done(), "TEE"), 0);
    assert_eq!(quantity(&shop.read(&guest.token, &guest.cart).await.done(), "TEE"), 2);
}

#[tokio::test]
async fn k_an_order_takes_what_was_frozen_and_no_more() {
    let shop = Shop::new();
    let (home, ann) = (shop.home("ann").await, shop.account("ann"));
    shop.add(&ann, &home, "TEE", 2).on(1).send().await.done();
    let path = format!("/carts/{home}");
    let checkout = shop.ask("POST", format!("{path}/checkout")).by(&ann).json(json!({}));
    let checkout = checkout.send().await.done();
    shop.add(&ann, &home, "TEE", 1).on(2).send().await.done();
    let order = json!({ "lease": checkout["lease"], "order": "A-1", "only_if_unchanged": true });
    let place = |order: Value| {
        shop.ask("POST", format!("{path}/orders")).by(&shop.server()).json(order).send()
    };
    assert_eq!(place(order.clone()).await.problem(), (412, "changed".to_owned()));
    let order = json!({ "lease": checkout["lease"], "order": "A-1" });
    let cart = place(order.clone()).await.done();
    assert_eq!(
        (quantity(&cart, "TEE"), &cart["orders"][0]["lines"][0]["quantity"]),
        (1, &json!(2))
    );
    // The webhook comes again (H20), and the shopper can order again (K8).
    assert_eq!(place(order).await.done()["orders"], cart["orders"]);
    let again =
        shop.ask("POST", format!("{path}/checkout")).by(&ann).json(json!({})).send().await.done();
    assert_ne!(again["order_key"], checkout["order_key"]);
    let gone = shop.ask("DELETE", format!("{path}/checkout")).by(&ann).json(again["lease"].clone());
    assert_eq!(gone.send().await.status, 204);
}

#[tokio::test]
async fn l_a_cart_of_somebody_else_looks_like_none() {
    let shop = Shop::new();
    let (guest, other) = (shop.guest().await, shop.guest().await);
    let (home, ann, bob) = (shop.home("ann").await, shop.account("ann"), shop.account("bob"));
    let nowhere = "00000000-0000-4000-8000-000000000000".to_owned();
    let seen = async |token: &str, cart: &str| {
        let mut answers = Vec::new();
        for (method, rest) in [
            ("GET", ""),
            ("GET", "/explain"),
            ("GET", "/deltas"),
            ("GET", "/live"),
            ("DELETE", ""),
            ("DELETE", "/lines"),
            ("PUT", "/coupons/X"),
            ("DELETE", "/lines/AFRFRQ"),
        ] {
            let ask = shop
                .ask(method, format!("/carts/{cart}{rest}"))
                .by(token)
                .field("cart-seen", "\"0\"");
            let reply = ask.send().await;
            answers.push((reply.problem(), reply.json().to_string().replace(cart, "")));
        }
        answers
    };
    let expected = seen(&other.token, &nowhere).await;
    assert!(expected.iter().all(|(problem, _)| *problem == (404, "not-yours".to_owned())));
    for (token, cart) in
        [(&other.token, &guest.cart), (&guest.token, &home), (&bob, &home), (&ann, &guest.cart)]
    {
        assert_eq!(seen(token, cart).await, expected);
    }
    // Nobody merges but the account whose token it is, and a guest cart goes to one account.
    shop.add(&guest.token, &guest.cart, "SECRET", 1).send().await.done();
    let body = json!({ "guest": guest.cart, "guest_token": guest.token });
    let foreign = shop.ask("POST", "/accounts/ann/merge").by(&bob).json(body.clone()).send().await;
    assert_eq!(foreign.problem(), (403, "not-for-you".to_owned()));
    let as_guest = shop.ask("POST", "/accounts/ann/merge").by(&guest.token).json(body).send().await;
    assert_eq!(as_guest.problem(), (403, "account-only".to_owned()));
    shop.merge("ann", &guest).send().await.done();
    let second = shop.merge("bob", &guest).send().await;
    assert_eq!(second.problem(), (409, "already-claimed".to_owned()));
    assert!(!second.json().to_string().contains("ann"));
    // L4: whoever uses this browser next gets a cart of their own.
    let next = shop.guest().await;
    assert_eq!(shop.read(&next.token, &next.cart).await.done()["lines"], json!([]));
}

#[tokio::test]
async fn m_quantities_that_are_none() {
    let shop = Shop::new();
    let guest = shop.guest().await;
    let cart = shop.add(&guest.token, &guest.cart, "TEE", 3).send().await.done();
    let lines = format!("/carts/{}/lines", guest.cart);
    let digits = "9".repeat(200);
    for number in
        ["-1", "-61", "0", "1000001", "900000000", "1e400", "1.5", "null", &digits, "\"3\""]
    {
        let body = format!(r#"{{"sku":"TEE","quantity":{number}}}"#);
        let request = axum::http::Request::post(&lines)
            .header("authorization", format!("Bearer {}", guest.token))
            .header("content-type", "application/json")
            .body(body.into())
            .expect("a request");
        let (status, _) = shop.send(request).await.problem();
        assert!(status == 422 || status == 400, "{number}: {status}");
    }
    assert_eq!(shop.read(&guest.token, &guest.cart).await.done(), cart);
    let id = line(&cart, "TEE");
    assert_eq!(
        quantity(&shop.set(&guest.token, &guest.cart, &id, 0).send().await.done(), "TEE"),
        0
    );
}

#[tokio::test]
async fn p_a_cart_outlives_whoever_served_it() {
    let shop = Shop::new();
    let guest = shop.guest().await;
    shop.add(&guest.token, &guest.cart, "TEE", 2).send().await.done();
    // Another process over the same store.
    let store = shop.service.authority().store().clone();
    let authority = holdall_authority::Authority::new(store, Default::default());
    let other =
        holdall_service::Service::new(authority.into(), std::sync::Arc::new(shop.accounts.clone()));
    let other = Shop { router: holdall_service::router(other), ..Shop::new() };
    assert_eq!(quantity(&other.read(&guest.token, &guest.cart).await.done(), "TEE"), 2);
    other.add(&guest.token, &guest.cart, "TEE", 1).key("x").send().await;
    other
        .ask("DELETE", format!("/carts/{}/lines", guest.cart))
        .by(&guest.token)
        .send()
        .await
        .done();
    assert_eq!(quantity(&shop.read(&guest.token, &guest.cart).await.done(), "TEE"), 0);
}

#[tokio::test]
async fn q_a_queue_that_is_sent_again_and_again_counts_once() {
    let shop = Shop::new();
    let guest = shop.guest().await;
    let seen = shop.read(&guest.token, &guest.cart).await.field("etag").to_owned();
    let send = |key: &'static str, sku: &'static str, quantity: i64| {
        let ask = shop.ask("POST", format!("/carts/{}/lines", guest.cart)).by(&guest.token).on(1);
        ask.key(key)
            .field("cart-seen", &seen)
            .json(json!({ "sku": sku, "quantity": quantity }))
            .send()
    };
    for _ in 0..3 {
        for (key, sku) in [("1", "TEE"), ("2", "TEE"), ("3", "MUG")] {
            send(key, sku, 1).await.done();
        }
    }
    let cart = shop.read(&guest.token, &guest.cart).await.done();
    assert_eq!((quantity(&cart, "TEE"), quantity(&cart, "MUG")), (2, 1));
    // Q4: what will never be taken says so, and it is not to be sent again.
    let refused = send("4", "TEE", 0).await;
    assert_eq!((refused.problem().0, &refused.json()["advice"]), (422, &json!("correct")));
    assert_eq!(refused.field("retry-after"), "");
}

#[tokio::test]
async fn t_an_erased_shopper_is_gone_and_a_second_erasure_finds_nothing() {
    let shop = Shop::new();
    let guest = shop.guest().await;
    shop.add(&guest.token, &guest.cart, "TEE", 1).send().await.done();
    shop.merge("ann", &guest).send().await.done();
    let (home, ann) = (shop.home("ann").await, shop.account("ann"));
    let receipt = shop.ask("DELETE", "/shoppers/ann").by(&ann).send().await.done();
    assert_eq!(receipt["carts"].as_array().map(Vec::len), Some(2));
    assert_eq!(shop.read(&ann, &home).await.problem(), (410, "erased".to_owned()));
    let again = shop.ask("DELETE", "/shoppers/ann").by(&shop.server()).send().await.done();
    assert_eq!(again["carts"], json!([]));
    assert_ne!(shop.home("ann").await, home);
    let other = shop.guest().await;
    let erased = shop.ask("DELETE", format!("/carts/{}", other.cart)).by(&other.token).send().await;
    assert_eq!(erased.done()["carts"], json!([other.cart]));
}
