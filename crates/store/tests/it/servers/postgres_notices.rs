//! What one process changes, another one hears of.

use std::sync::Arc;
use std::time::Duration;

use holdall::{Action, LineKey, Quantity, RowRef};
use holdall_authority::{Authority, AuthoritySettings, Caller, Opened, Request};
use holdall_store::conformance::certify_change_feed;
use holdall_store::{PostgresFeed, PostgresOptions};
use tokio::time::timeout;

use super::postgres::Postgres;

const NOW_MS: u64 = 1_700_000_000_000;
const SOON: Duration = Duration::from_secs(10);
/// Long after a notice would have come, and not before its connection is made.
const WHILE: Duration = Duration::from_millis(300);

async fn add(shop: &Authority, guest: &Opened, key: u128) {
    let row = RowRef::active(LineKey::sku("TEE").expect("a line"));
    let request = Request::new(key, Action::Add { row, quantity: Quantity::ONE, price: None });
    let caller = Caller::from(guest.token);
    shop.submit(NOW_MS, &caller, guest.cart, &request).await.expect("an add");
}

#[test]
fn what_another_process_changed_is_heard_of() {
    let Some(postgres) = Postgres::shared("what_another_process_changed_is_heard_of") else {
        return;
    };
    let (here, schema) = postgres.store();
    let there = postgres.open(postgres.config(&schema)).expect("the same store");
    let feed = || {
        let config = postgres.config(&schema);
        Arc::new(postgres.run(async { PostgresFeed::new(config, &PostgresOptions::default()) }))
    };
    let here =
        Authority::new(Arc::new(here), AuthoritySettings::default()).with_change_feed(feed());
    let there =
        Authority::new(Arc::new(there), AuthoritySettings::default()).with_change_feed(feed());
    let mut key = 0;
    let mut heard = |guest: &Opened| {
        let mut watch = here.watch(guest.cart);
        postgres.run(async {
            // A process that has just begun to listen has missed what was said before.
            for _ in 0..40 {
                key += 1;
                add(&there, guest, key).await;
                if timeout(SOON / 40, watch.changed()).await.is_ok() {
                    return true;
                }
            }
            false
        })
    };
    let (guest, other) = postgres.run(async {
        let guest = there.open_guest(NOW_MS).await.expect("a cart");
        (guest, there.open_guest(NOW_MS).await.expect("another"))
    });
    assert!(heard(&guest));
    // Every one from then on, and of no other cart.
    postgres.run(async {
        tokio::time::sleep(WHILE).await;
        let mut watch = here.watch(guest.cart);
        for round in 0..20 {
            add(&there, &other, 1_000 + round).await;
            add(&there, &guest, 1_000 + round).await;
            timeout(SOON, watch.changed()).await.expect("word of it");
        }
        tokio::time::sleep(WHILE).await;
        let mut watch = here.watch(guest.cart);
        add(&there, &other, 2_000).await;
        assert!(timeout(WHILE, watch.changed()).await.is_err());
        let read = here.read(&guest.token.into(), guest.cart).await.expect("the cart");
        assert_eq!(read.view.lines.len(), 1);
    });
    // The connections on which it is said are lost, and made anew.
    postgres.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_notify%' AND pid <> pg_backend_pid()",
    );
    assert!(heard(&guest));
    postgres.run(async {
        here.close().await.expect("its end");
        there.close().await.expect("its end");
    });
}

#[test]
fn the_feed_of_postgresql_keeps_the_contract() {
    let Some(postgres) = Postgres::shared("the_feed_of_postgresql_keeps_the_contract") else {
        return;
    };
    let (_store, schema) = postgres.store();
    let config = postgres.config(&schema);
    postgres.run(async {
        certify_change_feed(&PostgresFeed::new(config, &PostgresOptions::default()));
    });
}
