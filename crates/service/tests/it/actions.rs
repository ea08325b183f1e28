//! Each of the shopper's actions has a route.

use std::sync::Arc;

use futures_lite::future::block_on;
use holdall::{Action, CartId, LineKey, List, Quantity, RowRef};
use holdall_authority::{Authority, AuthoritySettings, Caller, Principal};
use holdall_service as service;
use holdall_service::{self, LineId};
use holdall_store::MemoryStore;
use holdall_testkit::sample_actions;
use serde_json::{Value, json};

use super::Shop;

/// The request that asks for an action: method, path below the cart, body. Nothing for an action
/// that no client asks for.
fn request(action: &Action) -> Option<(&'static str, String, Option<Value>)> {
    let list = |list| if list == List::Active { "active" } else { "saved" };
    let line = |row: &RowRef| format!("/lines/{}", LineId::new(row.line.clone(), row.side));
    let on = |row: &RowRef| format!("{}?list={}", line(row), list(row.list));
    let price = |price: &Option<holdall::Money>| {
        let text = price.map(|price| price.to_string())?;
        let (amount, currency) = text.split_once(' ')?;
        Some(json!({ "amount": amount, "currency": currency }))
    };
    Some(match action {
        Action::Add { row, quantity, price: seen } => {
            if *row != RowRef::active(row.line.clone()) {
                return None;
            }
            let mut body = serde_json::to_value(&row.line).expect("JSON");
            body["quantity"] = quantity.get().into();
            body["seen_price"] = price(seen).into();
            ("POST", "/lines".into(), Some(body))
        }
        Action::Set { row, quantity, price: seen } => {
            ("PUT", on(row), Some(json!({ "quantity": quantity, "seen_price": price(seen) })))
        }
        Action::Remove { row } => ("DELETE", on(row), None),
        Action::Clear { list: of } => ("DELETE", format!("/lines?list={}", list(*of)), None),
        Action::Move { row } => {
            let to = list(row.list.other());
            ("POST", format!("{}/move", line(row)), Some(json!({ "to": to })))
        }
        Action::Note { row, text } => ("PATCH", on(row), Some(json!({ "note": text }))),
        Action::Gift { row, gift } => ("PATCH", on(row), Some(json!({ "gift": gift }))),
        Action::Attribute { row, key, value } => {
            ("PATCH", on(row), Some(json!({ "attributes": { key.as_str(): value } })))
        }
        Action::CartNote { text } => ("PUT", "/note".into(), Some(json!({ "text": text }))),
        Action::Shipping { option } => {
            ("PUT", "/shipping".into(), Some(json!({ "option": option })))
        }
        Action::Coupon { code } => ("PUT", format!("/coupons/{code}"), None),
        Action::DropCoupon { code } => ("DELETE", format!("/coupons/{code}"), None),
        Action::Consent { given } => ("PUT", "/consent".into(), Some(json!({ "given": given }))),
        other => panic!("no route asks for {}", other.name()),
    })
}

/// What is asked for over HTTP is the action that the authority carries out, and the cart shows
/// what it shows when a replica acts.
#[tokio::test]
async fn every_action_has_a_route() {
    let store = Arc::new(MemoryStore::new(7));
    let shop = Shop::over(
        store.clone(),
        AuthoritySettings::default(),
        service::ServiceSettings::default(),
    );
    let inside = Authority::new(store, AuthoritySettings::default());
    let staff = Caller::from(Principal::Staff("Ann".into()));
    let mut asked = std::collections::BTreeSet::new();
    for action in sample_actions() {
        let is_sided = action.row().is_some_and(|row| row.side.is_some());
        let Some((method, path, body)) = request(&action).filter(|_| !is_sided) else { continue };
        let guest = shop.guest().await;
        shop.add(&guest.token, &guest.cart, "A", 7).send().await.done();
        let mut ask = shop.ask(method, format!("/carts/{}{path}", guest.cart)).by(&guest.token);
        if let Some(body) = body {
            ask = ask.json(body);
        }
        ask.send().await.done();
        let cart: CartId = guest.cart.parse().expect("an id");
        let journal = block_on(inside.journal(&staff, cart, 0, 9)).expect("a journal");
        let last = journal.last().and_then(|entry| entry.note.as_ref()).expect("a note");
        assert_eq!(last.what, action.name(), "{action:?}");
        asked.insert(action.name());

        let mut replica = holdall::Replica::new(cart, holdall::ReplicaId::from_u128(9));
        let row = RowRef::active(LineKey::sku("A").expect("a SKU"));
        let seven = Quantity::new(7).expect("a quantity");
        let add = Action::Add { row, quantity: seven, price: None };
        replica.act(1, &add).expect("an add");
        replica.act(2, &action).expect("the action");
        let shown = block_on(inside.read(&staff, cart)).expect("the cart").view;
        let same = |view: &holdall::View| {
            let row = |row: &holdall::Row| (row.reference(), row.quantity, row.seen_price);
            let words = |row: &holdall::Row| {
                (row.note.clone(), row.gift.clone().unwrap_or_default(), row.attributes.clone())
            };
            let rows: Vec<_> = view.rows().map(|it| (row(it), words(it))).collect();
            let cart = (view.note.clone(), view.shipping.clone(), view.consent);
            (rows, view.coupons.clone(), cart)
        };
        assert_eq!(same(&shown), same(&replica.view()), "{action:?}");
    }
    assert_eq!(asked, Action::NAMES.into());
}
