//! The JSON of a cart is written over the JSON before, and comes out as if that had never been.

use fastrand::Rng;
use serde_json::{Value, json};

use holdall_authority::AuthoritySettings;
use holdall_service::ServiceSettings;

use super::{Ask, Guest, Reply, Shop};

const STEPS: usize = 60;

/// One edit, of a few products, so that rows come, change, go and change places.
fn edit<'a>(
    shop: &'a Shop,
    Guest { cart, token }: &Guest,
    shown: &Value,
    dice: &mut Rng,
) -> Ask<'a> {
    let rows = |list: &str| shown[list].as_array().expect("rows").iter();
    let active = rows("lines").map(|row| (row, "active", "saved"));
    let rows: Vec<_> = active.chain(rows("saved").map(|row| (row, "saved", "active"))).collect();
    // A quote and a note have to be written in another way than they are.
    let sku = format!("\"],\"saved\":[ {}", dice.u8(..12));
    if rows.is_empty() || dice.u8(..10) < 5 {
        return shop.add(token, cart, &sku, dice.u64(1..4));
    }
    let (row, list, other) = rows[dice.usize(..rows.len())];
    let id = row["line"].as_str().expect("an id");
    let on = format!("/carts/{cart}/lines/{id}");
    let asked = match dice.u8(..6) {
        0 => shop.ask("PUT", format!("{on}?list={list}")).json(json!({ "quantity": 7 })),
        1 => shop.ask("DELETE", format!("{on}?list={list}")),
        2 | 3 => shop.ask("POST", format!("{on}/move")).json(json!({ "to": other })),
        4 => shop.ask("PATCH", format!("{on}?list={list}")).json(json!({ "note": "a \"note\"" })),
        _ => shop.ask("DELETE", format!("/carts/{cart}/lines?list={list}")),
    };
    asked.by(token).key(&shop.key())
}

#[tokio::test]
async fn json_over_the_json_before_is_as_if_it_had_never_been() {
    for seed in 0..2 {
        let (shop, mut dice) = (Shop::new(), Rng::with_seed(seed));
        let guest = shop.guest().await;
        let mut shown = shop.read(&guest.token, &guest.cart).await.json();
        let mut most = 0;
        for step in 0..STEPS {
            let ask = edit(&shop, &guest, &shown, &mut dice);
            let reply = ask.clone().send().await;
            shown = reply.done();
            // What is answered again is written out anew.
            let again = ask.send().await;
            assert_eq!(again.field("idempotency-replayed"), "true");
            let text = |reply: &Reply| String::from_utf8_lossy(&reply.body).into_owned();
            assert_eq!(text(&reply), text(&again), "seed {seed}, step {step}");
            // The cart in a refusal is written in one piece.
            let stale = shop.add(&guest.token, &guest.cart, "X", 1).field("if-match", "\"0\"");
            assert_eq!(stale.send().await.json()["cart"], shown, "seed {seed}, step {step}");
            most = most.max(shown["lines"].as_array().expect("rows").len());
        }
        assert!(most > 3, "seed {seed}: {most} rows at most");
    }
}

/// Another process over the same store changes the cart. The JSON from before is not answered.
#[tokio::test]
async fn json_is_used_for_its_own_revision_alone() {
    let store = std::sync::Arc::new(holdall_store::MemoryStore::new(7));
    let process = || {
        let (authority, http) = (AuthoritySettings::default(), ServiceSettings::default());
        Shop::over(store.clone(), authority, http)
    };
    let (here, there) = (process(), process());
    let Guest { cart, token } = here.guest().await;
    here.add(&token, &cart, "TEE", 1).send().await.done();
    let quantity = |cart: &Value| cart["lines"][0]["quantity"].clone();
    assert_eq!(quantity(&here.read(&token, &cart).await.json()), 1);
    let more = there.ask("POST", format!("/carts/{cart}/lines")).by(&token);
    more.json(json!({ "sku": "TEE", "quantity": 2 })).send().await.done();
    assert_eq!(quantity(&here.read(&token, &cart).await.json()), 3);
}
