//! The conventions of HTTP.

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::Request;
use holdall_authority::{AuthoritySettings, Rate};
use serde_json::{Value, json};

use holdall_service as service;

use super::{Guest, NOW_MS, Shop, line, quantity};

#[tokio::test]
async fn a_cart_from_its_opening_to_its_order() {
    let shop = Shop::new();
    let opened = shop.ask("POST", "/carts").send().await;
    assert_eq!(opened.status, 201);
    let body = opened.json();
    assert_eq!(
        opened.field("location"),
        format!("/carts/{}", body["cart"].as_str().expect("an id"))
    );
    let guest = Guest {
        cart: body["cart"].as_str().expect("an id").to_owned(),
        token: body["token"].as_str().expect("a token").to_owned(),
    };
    let path = format!("/carts/{}", guest.cart);
    let ask = |method, rest: &str| shop.ask(method, format!("{path}{rest}")).by(&guest.token);
    let tee = json!({
        "sku": "TEE", "options": { "size": "M", "colour": "red" }, "quantity": 2,
        "seen_price": { "amount": "9.90", "currency": "EUR" },
    });
    let cart = ask("POST", "/lines").json(tee).send().await.done();
    let row = &cart["lines"][0];
    assert_eq!(
        (&row["sku"], &row["options"]["size"], &row["quantity"]),
        (&json!("TEE"), &json!("M"), &json!(2))
    );
    assert_eq!(row["seen_price"], json!({ "amount": "9.90", "currency": "EUR" }));
    let id = line(&cart, "TEE");

    let cart =
        ask("PUT", &format!("/lines/{id}")).json(json!({ "quantity": 3 })).send().await.done();
    assert_eq!(quantity(&cart, "TEE"), 3);
    let note = json!({
        "note": "with care", "gift": { "wrap": true, "message": "for you" },
        "attributes": { "engraving": "A" },
    });
    let cart = ask("PATCH", &format!("/lines/{id}")).json(note).send().await.done();
    assert_eq!(cart["lines"][0]["note"], "with care");
    assert_eq!(cart["lines"][0]["gift"], json!({ "wrap": true, "message": "for you" }));
    assert_eq!(cart["lines"][0]["attributes"], json!({ "engraving": "A" }));
    let cleared = json!({ "note": null, "attributes": { "engraving": null } });
    let cart = ask("PATCH", &format!("/lines/{id}")).json(cleared).send().await.done();
    assert_eq!(
        (&cart["lines"][0]["note"], &cart["lines"][0]["gift"]["wrap"]),
        (&Value::Null, &json!(true))
    );

    let cart = ask("POST", &format!("/lines/{id}/move"))
        .json(json!({ "to": "saved" }))
        .send()
        .await
        .done();
    assert_eq!(
        (cart["lines"].as_array().map(Vec::len), &cart["saved"][0]["quantity"]),
        (Some(0), &json!(3))
    );
    let cart = ask("PUT", &format!("/lines/{id}?list=saved"))
        .json(json!({ "quantity": 1 }))
        .send()
        .await
        .done();
    assert_eq!(cart["saved"][0]["quantity"], 1);
    let cart = ask("POST", &format!("/lines/{id}/move"))
        .json(json!({ "to": "active" }))
        .send()
        .await
        .done();
    assert_eq!(quantity(&cart, "TEE"), 1);

    let cart = ask("PUT", "/coupons/spring10").send().await.done();
    assert_eq!(cart["coupons"], json!(["SPRING10"]));
    let cart = ask("DELETE", "/coupons/SPRING10").send().await.done();
    assert_eq!(cart["coupons"], json!([]));
    let cart = ask("PUT", "/shipping").json(json!({ "option": "express" })).send().await.done();
    assert_eq!(cart["shipping"], "express");
    let cart = ask("PUT", "/note").json(json!({ "text": "ring twice" })).send().await.done();
    assert_eq!(cart["note"], "ring twice");
    let cart = ask("PUT", "/consent").json(json!({ "given": true })).send().await.done();
    assert_eq!(cart["consent"], true);

    let told = ask("GET", "/explain").send().await.done();
    let parts = told[0]["rows"][0]["parts"].as_array().expect("parts");
    let sum: u64 = parts.iter().map(|part| part["counts"].as_u64().expect("a number")).sum();
    assert_eq!((sum, told[0]["rows"][0]["quantity"].as_u64()), (1, Some(1)));
    assert!(told[0]["sentences"][0].as_str().expect("a sentence").contains("TEE"));

    let checkout = ask("POST", "/checkout").json(json!({})).send().await.done();
    let again = ask("POST", "/checkout").json(json!({})).send().await;
    assert_eq!(again.problem(), (409, "checkout-open".to_owned()));
    assert_eq!(again.field("retry-after"), "600");
    let order = json!({ "lease": checkout["lease"], "order": "A-1" });
    let refused = ask("POST", "/orders").json(order.clone()).send().await;
    assert_eq!(refused.problem(), (403, "server-only".to_owned()));
    for _ in 0..2 {
        let placed = shop.ask("POST", format!("{path}/orders")).by(&shop.server());
        let cart = placed.json(order.clone()).send().await.done();
        assert_eq!((quantity(&cart, "TEE"), &cart["orders"][0]["order"]), (0, &json!("A-1")));
    }
}

#[tokio::test]
async fn the_same_request_is_carried_out_once_and_answered_alike() {
    let shop = Shop::new();
    let guest = shop.guest().await;
    let add =
        |key: &str, quantity: u64| shop.add(&guest.token, &guest.cart, "TEE", quantity).key(key);
    // A key in quotes, as the draft has it, or without; the helper's own key comes first, so it is
    // two fields.
    let refused = add("k", 1).send().await;
    assert_eq!(refused.problem(), (400, "malformed".to_owned()));
    let ask = |key: &str, quantity: u64| {
        let ask = shop.ask("POST", format!("/carts/{}/lines", guest.cart)).by(&guest.token);
        ask.key(key).json(json!({ "sku": "TEE", "quantity": quantity }))
    };
    let first = ask("\"k\"", 2).send().await;
    assert_eq!(first.field("idempotency-replayed"), "");
    ask("other", 5).send().await.done();
    let again = ask("k", 2).send().await;
    assert_eq!((again.json(), again.field("etag")), (first.json(), first.field("etag")));
    assert_eq!(again.field("idempotency-replayed"), "true");
    assert_eq!(ask("k", 3).send().await.problem(), (422, "key-reused".to_owned()));
    // Older than keys are kept: by then nobody knows whether it was carried out.
    let old = format!("{:012x}", NOW_MS - 40 * 24 * 60 * 60 * 1_000);
    let old = format!("{}-{}-7000-8000-000000000000", &old[..8], &old[8..]);
    assert_eq!(ask(&old, 3).send().await.problem(), (422, "key-too-old".to_owned()));
    let long = "k".repeat(256);
    for odd in ["", "\"\"", "a key", "\"k", &long] {
        assert_eq!(ask(odd, 3).send().await.problem(), (400, "malformed".to_owned()), "{odd}");
    }
}

#[tokio::test]
async fn conditions_on_what_is_there() {
    let shop = Shop::new();
    let guest = shop.guest().await;
    let first = shop.add(&guest.token, &guest.cart, "TEE", 2).send().await;
    let (cart, etag) = (first.done(), first.field("etag").to_owned());
    // With the life of the store, which is number 7 here.
    assert_eq!(etag, format!("\"{}-00000007\"", cart["version"]));
    let read = |known: &str| {
        shop.ask("GET", format!("/carts/{}", guest.cart))
            .by(&guest.token)
            .field("if-none-match", known)
    };
    for known in [etag.as_str(), "*", &format!("\"0\", W/{etag}")] {
        let unchanged = read(known).send().await;
        assert_eq!(
            (unchanged.status, unchanged.body.len(), unchanged.field("etag")),
            (304, 0, &*etag)
        );
    }
    assert_eq!(read("\"0\"").send().await.status, 200);

    let id = line(&cart, "TEE");
    let set = |quantity, known: &str| {
        shop.set(&guest.token, &guest.cart, &id, quantity).field("if-match", known)
    };
    let second = set(5, &etag).send().await;
    assert_eq!(quantity(&second.done(), "TEE"), 5);
    let stale = set(9, &etag).send().await;
    assert_eq!(stale.problem(), (412, "changed".to_owned()));
    assert_eq!(
        (stale.json()["cart"].clone(), stale.field("etag")),
        (second.json(), second.field("etag"))
    );
    set(6, "*").send().await.done();
    for odd in ["W/\"3\"", "3", "\"3\", \"4\"", "\"x\""] {
        assert_eq!(set(9, odd).send().await.problem(), (400, "malformed".to_owned()), "{odd}");
    }
}

#[tokio::test]
async fn who_asks() {
    let shop = Shop::new();
    let guest = shop.guest().await;
    let path = format!("/carts/{}", guest.cart);
    let unknown = shop.ask("GET", &path).send().await;
    assert_eq!(unknown.problem(), (401, "unauthenticated".to_owned()));
    assert_eq!(unknown.field("www-authenticate"), "Bearer");
    let forged = format!("hdg_{}", "0".repeat(64));
    assert_eq!(shop.read(&forged, &guest.cart).await.problem(), (404, "not-yours".to_owned()));
    let upper = guest.token.to_uppercase().replace("HDG", "hdg");
    let expired = shop.accounts.token("ann", NOW_MS - 13 * 60 * 60 * 1_000).expect("a token");
    let other = holdall_service::DemoAccounts::new([8; 32]).token("ann", NOW_MS).expect("a token");
    // A token that says itself how it is signed: not at all.
    let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4iLCJleHAiOjk5OTk5OTk5OTl9.";
    for token in [&*upper, "hdg_1", &expired, &other, none, "x", ""] {
        let refused = shop.read(token, &guest.cart).await;
        assert_eq!(refused.problem(), (401, "unauthenticated".to_owned()), "{token}");
    }
    let basic = shop.ask("GET", &path).field("authorization", "Basic aGk6aG8=").send().await;
    assert_eq!(basic.status, 401);
    let bad_device =
        shop.ask("GET", &path).by(&guest.token).field("cart-device", "phone").send().await;
    assert_eq!(bad_device.problem(), (400, "malformed".to_owned()));
    let ann = shop.account("ann");
    for (method, path) in [
        ("PUT", "/accounts/bob/cart"),
        ("DELETE", "/shoppers/bob"),
        ("DELETE", "/accounts/bob/merge/00000000-0000-4000-8000-000000000000"),
    ] {
        assert_eq!(shop.ask(method, path).by(&ann).send().await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_by_name() {
    let shop = Shop::new();
    let guest = shop.guest().await;
    let lines = format!("/carts/{}/lines", guest.cart);
    let send = async |media: &str, body: Vec<u8>| {
        let request = Request::post(&lines)
            .header("authorization", format!("Bearer {}", guest.token))
            .header("content-type", media)
            .body(Body::from(body))
            .expect("a request");
        shop.send(request).await.problem()
    };
    let problem = |status, name: &str| (status, name.to_owned());
    let json = "application/json";
    assert_eq!(send("text/plain", b"{}".to_vec()).await, problem(415, "media-type"));
    assert_eq!(send(json, b"{".to_vec()).await, problem(400, "malformed"));
    assert_eq!(send(json, b"{\"sku\":\"\xff\"}".to_vec()).await, problem(400, "malformed"));
    let deep = [vec![b'['; 30_000], vec![b']'; 30_000]].concat();
    assert_eq!(send(json, deep).await, problem(400, "malformed"));
    let deep = [b"{\"sku\":\"A\",\"options\":".to_vec(), vec![b'['; 30_000]].concat();
    assert!((400..500).contains(&send(json, deep).await.0));
    let huge = [b"{\"sku\":\"".to_vec(), vec![b'A'; 70_000], b"\"}".to_vec()].concat();
    assert_eq!(send(json, huge).await, problem(413, "too-large"));
    for (body, name) in [
        ("{}", "invalid"),
        (r#"{"sku":""}"#, "invalid"),
        (r#"{"sku":"A\u0001size\u0002M"}"#, "invalid"),
        (r#"{"sku":"A","colour":"red"}"#, "invalid"),
        (r#"{"sku":"A","seen_price":{"amount":"-1","currency":"EUR"}}"#, "invalid"),
        (r#"{"sku":"A","options":{"":"M"}}"#, "invalid"),
        (r#"["A"]"#, "invalid"),
        (r#"{"sku":"A","seen_price":["1","EUR"]}"#, "invalid"),
        (r#"{"sku":"A","quantity":0}"#, "quantity"),
        (r#"{"sku":"A","quantity":1.5}"#, "invalid"),
        (r#"{"sku":"A","quantity":"2"}"#, "invalid"),
    ] {
        assert_eq!(send(json, body.into()).await, problem(422, name), "{body}");
    }
    let empty =
        shop.ask("PUT", format!("/carts/{}/note", guest.cart)).by(&guest.token).json(json!({}));
    assert_eq!(empty.send().await.problem(), problem(422, "invalid"));
    // Nothing of all this was taken.
    assert_eq!(shop.read(&guest.token, &guest.cart).await.done()["version"], 1);
}

#[tokio::test]
async fn a_patch_of_nothing_needs_its_line_and_its_condition() {
    let shop = Shop::new();
    let guest = shop.guest().await;
    let tee = line(&shop.add(&guest.token, &guest.cart, "TEE", 1).send().await.done(), "TEE");
    let patch = |line: &str| {
        let ask = shop.ask("PATCH", format!("/carts/{}/lines/{line}", guest.cart));
        ask.by(&guest.token).json(json!({}))
    };
    assert_eq!(patch(&tee).field("if-match", "\"2\"").send().await.done()["version"], 2);
    let stale = patch(&tee).field("if-match", "\"1\"").send().await;
    assert_eq!(stale.problem(), (412, "changed".to_owned()));
    let removed = shop.ask("DELETE", format!("/carts/{}/lines/{tee}", guest.cart));
    removed.by(&guest.token).send().await.done();
    assert_eq!(patch(&tee).send().await.problem(), (404, "unknown-row".to_owned()));
}

#[tokio::test]
async fn paths_that_are_none() {
    let shop = Shop::new();
    let guest = shop.guest().await;
    let ask =
        async |method, path: String| shop.ask(method, path).by(&guest.token).send().await.problem();
    let problem = |status, name: &str| (status, name.to_owned());
    assert_eq!(ask("GET", "/nowhere".into()).await, problem(404, "not-found"));
    assert_eq!(ask("GET", "/".into()).await, problem(404, "not-found"));
    assert_eq!(ask("GET", "/demo/accounts/ann/token".into()).await, problem(404, "not-found"));
    assert_eq!(ask("GET", "/carts/7".into()).await, problem(400, "malformed"));
    assert_eq!(ask("GET", format!("/carts/{}", guest.cart.to_uppercase())).await.0, 400);
    assert_eq!(ask("GET", format!("/carts/{{{}}}", guest.cart)).await.0, 400);
    assert_eq!(
        ask("DELETE", format!("/carts/{}/lines/!", guest.cart)).await,
        problem(404, "unknown-row")
    );
    assert_eq!(
        ask("DELETE", format!("/carts/{}/lines/AFRFRQ", guest.cart)).await,
        problem(404, "unknown-row")
    );
    assert_eq!(
        ask("DELETE", format!("/carts/{}/lines/AFRFRQ?list=x", guest.cart)).await,
        problem(400, "malformed")
    );
    assert_eq!(
        ask("DELETE", format!("/carts/{}/lines/AFRFRQ?side=x", guest.cart)).await,
        problem(400, "malformed")
    );
    let put = shop.ask("PUT", format!("/carts/{}", guest.cart)).by(&guest.token).send().await;
    assert_eq!(put.problem(), problem(405, "method"));
    assert!(put.field("allow").contains("GET"), "{put:?}");
}

#[tokio::test]
async fn who_asks_too_often_waits() {
    let rate = Rate { burst: 2, per_minute: 60 };
    let settings = AuthoritySettings { shopper_rate: rate, ..AuthoritySettings::default() };
    let shop = Shop::with(settings, service::ServiceSettings::default());
    let guest = shop.guest().await;
    for _ in 0..2 {
        shop.add(&guest.token, &guest.cart, "TEE", 1).send().await.done();
    }
    let refused = shop.add(&guest.token, &guest.cart, "TEE", 1).send().await;
    assert_eq!(
        (refused.problem(), refused.field("retry-after")),
        ((429, "too-fast".to_owned()), "1")
    );
    shop.now_ms.store(NOW_MS + 1_000, std::sync::atomic::Ordering::Relaxed);
    shop.add(&guest.token, &guest.cart, "TEE", 1).send().await.done();
}

#[tokio::test]
async fn what_is_beyond_the_room_is_sent_away_at_once() {
    let http = service::ServiceSettings { in_flight: 0, ..service::ServiceSettings::default() };
    let shop = Shop::with(AuthoritySettings::default(), http);
    let refused = shop.ask("POST", "/carts").send().await;
    assert_eq!(
        (refused.problem(), refused.field("retry-after")),
        ((503, "overloaded".to_owned()), "1")
    );
    // Who asks how it is, is told.
    assert_eq!(shop.ask("GET", "/healthz").send().await.status, 200);
    assert_eq!(shop.ask("GET", "/readyz").send().await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let shop = Shop::new();
    let guest = shop.guest().await;
    let never =
        Body::from_stream(futures_lite::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let request = Request::post(format!("/carts/{}/lines", guest.cart))
        .header("authorization", format!("Bearer {}", guest.token))
        .header("content-type", "application/json")
        .body(never)
        .expect("a request");
    let reply = shop.send(request).await;
    assert_eq!(reply.problem(), (503, "timeout".to_owned()));
    assert_eq!((reply.field("connection"), reply.field("retry-after")), ("close", "1"));
}

#[tokio::test]
async fn other_origins_by_name_alone() {
    let origins = vec!["https://shop.example".to_owned()];
    let http = service::ServiceSettings { origins, ..service::ServiceSettings::default() };
    let shop = Shop::with(AuthoritySettings::default(), http);
    for (origin, allowed) in [("https://shop.example", true), ("https://evil.example", false)] {
        let reply = shop
            .ask("OPTIONS", "/carts")
            .field("origin", origin)
            .field("access-control-request-method", "POST")
            .send()
            .await;
        let said = reply.field("access-control-allow-origin");
        assert_eq!(said == origin, allowed, "{origin}: {said}");
    }
}

#[tokio::test]
async fn answers_are_compressed_and_kept_by_nobody() {
    let shop = Shop::new();
    let guest = shop.guest().await;
    for number in 0..20 {
        shop.add(&guest.token, &guest.cart, &format!("TEE-{number}"), 1).send().await.done();
    }
    let plain = shop.read(&guest.token, &guest.cart).await;
    assert_eq!(plain.field("cache-control"), "no-store");
    assert_eq!(plain.field("x-content-type-options"), "nosniff");
    let ask = shop.ask("GET", format!("/carts/{}", guest.cart)).by(&guest.token);
    let packed = ask.field("accept-encoding", "gzip").send().await;
    assert_eq!(packed.field("content-encoding"), "gzip");
    assert!(packed.body.len() * 4 < plain.body.len());
}

#[tokio::test]
async fn the_description_has_every_route_and_no_other() {
    let shop = Shop::new();
    let api = shop.ask("GET", "/openapi.json").send().await.done();
    assert_eq!(api["openapi"], "3.1.0");
    let mut calls = Vec::new();
    for (path, item) in api["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            assert!(operation["responses"]["4XX"].is_object(), "{method} {path}");
            calls.push(format!("{method} {path}"));
        }
    }
    calls.sort();
    assert_eq!(calls, include_str!("calls.txt").lines().collect::<Vec<_>>());
    // Each of them is there: no answer is "no such page" or "no such method".
    for call in calls {
        let (method, path) = call.split_once(' ').expect("two words");
        let path = path.replace("{cart}", "00000000-0000-4000-8000-000000000000");
        let path =
            path.replace("{line}", "AFRFRQ").replace("{account}", "ann").replace("{code}", "X");
        let path = path
            .replace("{replica}", "00000000-0000-4000-8000-000000000001")
            .replace("{guest}", "00000000-0000-4000-8000-000000000002")
            .replace("{name}", "changed");
        let method: &'static str = method.to_uppercase().leak();
        let reply = shop.ask(method, path).by(&shop.account("ann")).send().await;
        let missing =
            (reply.status == 404 && reply.problem().1 == "not-found") || reply.status == 405;
        assert!(!missing || call == "get /metrics", "{call}: {reply:?}");
    }
}

/// The description lists every type of problem, and each has a page that describes it.
#[tokio::test]
async fn the_description_has_every_type_of_problem() {
    let shop = Shop::new();
    let api = shop.ask("GET", "/openapi.json").send().await.done();
    let kinds = &api["components"]["schemas"]["Problem"]["properties"]["type"]["enum"];
    let kinds: Vec<&str> =
        kinds.as_array().expect("types").iter().flat_map(|k| k.as_str()).collect();
    assert!(kinds.contains(&"/problems/changed") && kinds.len() > 40, "{kinds:?}");
    for kind in kinds {
        let page = shop.ask("GET", kind).send().await;
        assert_eq!(page.status, 200, "{kind}");
        let name = kind.trim_start_matches("/problems/");
        assert!(String::from_utf8_lossy(&page.body).starts_with(name), "{kind}");
    }
    let other = shop.ask("GET", "/problems/none-such").send().await;
    assert_eq!((other.status, other.problem().1.as_str()), (404, "not-found"));
}

/// A store that was restored from a backup counts on from there, and comes to the same numbers with
/// other carts.
#[tokio::test]
async fn an_entity_tag_is_of_one_life_of_a_store() {
    let shop = Shop::new();
    let Guest { cart, token } = shop.guest().await;
    shop.add(&token, &cart, "TEE", 2).send().await.done();
    let id = cart.parse().expect("an id");
    let backup = shop.service.authority().export(id).await.expect("a store").expect("the cart");
    let lost = shop.add(&token, &cart, "HAT", 1).send().await;
    let (seen, tee) = (lost.field("etag").to_owned(), line(&lost.done(), "TEE"));

    let store = std::sync::Arc::new(holdall_store::MemoryStore::new(8));
    let restored =
        Shop::over(store, AuthoritySettings::default(), service::ServiceSettings::default());
    assert!(restored.service.authority().import(&backup).await.expect("room for it"));
    // Keys of before are known there, too.
    restored.keys.store(100, Ordering::Relaxed);
    let other = restored.add(&token, &cart, "CAP", 1).send().await;
    assert_eq!(other.done()["version"], lost.json()["version"]);
    assert_ne!(other.field("etag"), seen);

    let read = restored.ask("GET", format!("/carts/{cart}")).by(&token);
    let read = read.field("if-none-match", &seen).send().await;
    assert_eq!((read.status, quantity(&read.json(), "CAP")), (200, 1));
    let set = |name, value: &str| restored.set(&token, &cart, &tee, 5).field(name, value);
    let stale = set("if-match", &seen).send().await;
    assert_eq!(stale.problem(), (412, "changed".to_owned()));
    assert_eq!((&stale.json()["cart"], stale.field("etag")), (&other.json(), other.field("etag")));
    let unknown = set("cart-seen", &seen).send().await;
    assert_eq!(unknown.problem(), (404, "too-long-ago".to_owned()));
    // What is of this life is taken, and a number is one of this store's, as an archive keeps them.
    let number = other.json()["version"].to_string();
    set("cart-seen", &number).send().await.done();
    let now = set("cart-seen", other.field("etag")).send().await;
    assert_eq!(quantity(&set("if-match", now.field("etag")).send().await.done(), "TEE"), 5);
}

#[tokio::test]
async fn a_set_affects_what_its_device_had_seen() {
    let shop = Shop::new();
    let Guest { cart, token } = shop.guest().await;
    let first = shop.add(&token, &cart, "TEE", 3).on(1).send().await;
    let (seen, id) = (first.field("etag").to_owned(), line(&first.done(), "TEE"));
    shop.add(&token, &cart, "TEE", 2).on(2).send().await.done();
    let late = shop.set(&token, &cart, &id, 5).on(1).field("cart-seen", &seen).send().await.done();
    assert_eq!(quantity(&late, "TEE"), 7);
    let bare = shop.add(&token, &cart, "TEE", 1).on(3).field("cart-seen", "2").send().await.done();
    assert_eq!(quantity(&bare, "TEE"), 8);
    for odd in ["02", "-1", "x", "W/\"2\"", "2-00000007", "\"2-7\"", "", "99999999999999999999"] {
        let refused = shop.add(&token, &cart, "TEE", 1).on(3).field("cart-seen", odd).send().await;
        assert_eq!(refused.problem(), (400, "malformed".to_owned()), "{odd}");
    }
    let devices = format!("{}~phone,{}~laptop", super::device_id(1), super::device_id(2));
    let told =
        shop.ask("GET", format!("/carts/{cart}/explain?devices={devices}")).by(&token).send().await;
    let sentence = told.done()[0]["sentences"][0].as_str().expect("a sentence").to_owned();
    assert!(sentence.contains("phone") && sentence.contains("laptop"), "{sentence}");
}

#[tokio::test]
async fn a_device_is_called_by_its_name_in_the_guest_cart_too() {
    let shop = Shop::new();
    let guest = shop.guest().await;
    shop.add(&guest.token, &guest.cart, "TEE", 2).on(1).send().await.done();
    let cart = shop.merge("ann", &guest).send().await.done()["cart"]["cart"].clone();
    let cart = cart.as_str().expect("an id");
    let devices = format!("{}~phone", super::device_id(1));
    let explain = shop.ask("GET", format!("/carts/{cart}/explain?devices={devices}"));
    let told = explain.by(&shop.account("ann")).send().await.done();
    let sentence = told[0]["sentences"][0].as_str().expect("a sentence").to_owned();
    assert!(sentence.contains("2 added on phone in the guest cart"), "{sentence}");
}

#[tokio::test]
async fn whole_numbers_are_whole_however_they_are_written() {
    let shop = Shop::new();
    let guest = shop.guest().await;
    let add = shop.ask("POST", format!("/carts/{}/lines", guest.cart)).by(&guest.token);
    let cart = add.json(json!({ "sku": "TEE", "quantity": 2.0 })).send().await.done();
    assert_eq!(quantity(&cart, "TEE"), 2);
}

#[tokio::test]
async fn replicas_exchange_bytes() {
    use holdall::{CartId, LineKey, Quantity, Replica, ReplicaId, wire};
    let shop = Shop::new();
    let guest = shop.guest().await;
    let cart: CartId = guest.cart.parse().expect("an id");
    let id = ReplicaId::from_u128(5);
    let mut phone = Replica::new(cart, id);
    let delta = phone
        .add(NOW_MS, &LineKey::sku("TEE").expect("a SKU"), Quantity::ONE, None)
        .expect("an add");
    let post = async |bytes: Vec<u8>| {
        let request = Request::post(format!("/carts/{cart}/deltas"))
            .header("authorization", format!("Bearer {}", guest.token))
            .header("content-type", "application/octet-stream")
            .body(Body::from(bytes))
            .expect("a request");
        shop.send(request).await
    };
    let bytes = wire::encode_delta(&delta);
    assert_eq!(post(bytes.clone()).await.problem(), (403, "unknown-writer".to_owned()));
    let writer = format!("/carts/{cart}/writers/{id}");
    let registered = shop.ask("PUT", &writer).by(&guest.token).send().await.done();
    assert_eq!(registered["last"], 0);
    assert_eq!(post(bytes.clone()).await.done()["outcome"], "applied");
    assert_eq!(post(bytes).await.done()["outcome"], "known");
    assert_eq!(post(b"hd".to_vec()).await.problem(), (400, "malformed".to_owned()));
    shop.add(&guest.token, &guest.cart, "MUG", 1).send().await.done();

    let have =
        wire::encode_message(&holdall::sync::Message::Have { cart, have: phone.cart().have() });
    let have = base64_url(&have);
    let got =
        shop.ask("GET", format!("/carts/{cart}/deltas?have={have}")).by(&guest.token).send().await;
    assert_eq!((got.status, got.field("content-type")), (200, "application/octet-stream"));
    let _ = phone.join(&wire::decode_delta(&got.body).expect("a delta")).expect("of this cart");
    let shown = shop.read(&guest.token, &guest.cart).await.done();
    assert_eq!(phone.view().lines.len(), shown["lines"].as_array().expect("lines").len());
    let odd = shop.ask("GET", format!("/carts/{cart}/deltas?have=!")).by(&guest.token).send().await;
    assert_eq!(odd.problem(), (400, "malformed".to_owned()));
    assert_eq!(shop.ask("DELETE", &writer).by(&guest.token).send().await.status, 204);
}

/// Base64url without padding, as a client would write it.
fn base64_url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digit = |bits: u32| char::from(DIGITS[(bits & 63) as usize]);
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - three.len()));
        let digits = [bits >> 18, bits >> 12, bits >> 6, bits];
        digits.iter().take(three.len() + 1).for_each(|bits| text.push(digit(*bits)));
    }
    text
}
