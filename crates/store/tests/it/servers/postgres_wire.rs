//! The way to PostgreSQL: round trips counted, and connections that end or go silent.

use std::time::{Duration, Instant};

use holdall::CartId;
use holdall_store::postgres::tokio_postgres::Config;
use holdall_store::{
    Append, Appended, Class, Compaction, Loaded, PostgresOptions, PostgresStore, RequestKey, Slot,
    SlotOutcome, Store, StoreError,
};

use super::postgres::{CART, Postgres, append, options};
use super::proxy::{Fault, Proxy};

#[test]
fn a_command_is_one_round_trip() {
    let Some(postgres) = Postgres::shared("a_command_is_one_round_trip") else { return };
    let schema = postgres.schema();
    let proxy = postgres.run(Proxy::new(&postgres.plain()));
    let one = PostgresOptions { connections: 1, ..options() };
    let store = postgres.run(PostgresStore::open(proxy.config(postgres.config(&schema)), one));
    let store = store.expect("a store");
    let key = |key| RequestKey { key, body: [0; 32] };
    let lease = Slot::Lease(CART);
    // Twice: the first time prepares the statements.
    for round in 0..2_u64 {
        let at = 3 * round;
        let mut counts = Vec::new();
        let mut trips = |what: &str| counts.push((what.to_owned(), proxy.trips()));
        postgres.run(async {
            trips("");
            let first = Append { cart: CartId::from_u128(round.into()), ..append(0) };
            assert!(matches!(store.append(first).await, Ok(Appended::Done { .. })));
            trips("first append");
            let full = append(at).with_key(key(at.into())).with_snapshot(vec![1]);
            assert!(matches!(store.append(full).await, Ok(Appended::Done { .. })));
            trips("append");
            let plain = append(at + 1).with_header(vec![1]);
            assert!(matches!(store.append(plain).await, Ok(Appended::Done { .. })));
            trips("append with a header");
            let again = append(at + 9).with_key(key(at.into()));
            assert!(matches!(store.append(again).await, Ok(Appended::Answered { .. })));
            trips("answered");
            assert!(matches!(store.append(append(at + 1)).await, Ok(Appended::Conflict { .. })));
            trips("conflict");
            assert!(matches!(store.append(append(at + 2)).await, Ok(Appended::Done { .. })));
            trips("append");
            assert!(matches!(store.load(CART).await, Ok(Some(Loaded { .. }))));
            trips("load");
            assert!(matches!(store.revision(CART).await, Ok(Some(_))));
            trips("revision");
            assert!(matches!(store.find_request(CART, at.into()).await, Ok(Some(_))));
            trips("answered?");
            assert!(matches!(
                store.compact(Compaction { cart: CART, through: at + 1, base: vec![2] }).await,
                Ok(1..)
            ));
            trips("fold");
            let Ok(SlotOutcome::Done { version }) =
                store.compare_and_set(lease, None, Some(vec![3])).await
            else {
                panic!("no swap")
            };
            trips("swap");
            assert!(matches!(
                store.compare_and_set(lease, None, Some(vec![3])).await,
                Ok(SlotOutcome::Conflict { .. })
            ));
            trips("swap refused");
            assert!(matches!(
                store.compare_and_set(lease, version, None).await,
                Ok(SlotOutcome::Done { .. })
            ));
            trips("swap to empty");
            assert!(store.idle(Class::Guest, 1, 9).await.is_ok());
            trips("idle");
        });
        let each = counts.windows(2).map(|pair| (pair[1].0.clone(), pair[1].1 - pair[0].1));
        let each: Vec<(String, u64)> = each.collect();
        println!("round {round}: {each:?}");
        let extra: Vec<_> = each.iter().filter(|(_, trips)| *trips != 1).collect();
        assert!(round == 0 || extra.is_empty(), "{extra:?}");
    }
}

/// The first append of a cart is another statement than the next ones.
async fn warm(store: &PostgresStore) {
    let done = store.append(append(0)).await.expect("appended");
    assert_eq!(done, Appended::Done { revision: 1 });
    let done = store.append(append(1)).await.expect("appended");
    assert_eq!(done, Appended::Done { revision: 2 });
}

#[test]
fn a_connection_lost_on_the_way_says_unknown_and_the_key_tells() {
    let Some(postgres) = Postgres::shared("a_connection_lost_on_the_way") else { return };
    let mut done_behind = 0;
    for (fault, happened) in [(Fault::CutBefore, false), (Fault::CutAfter, true)] {
        for round in 0..10 {
            let schema = postgres.schema();
            let proxy = postgres.run(Proxy::new(&postgres.plain()));
            let config = proxy.config(postgres.config(&schema));
            let store = postgres.run(PostgresStore::open(config, options())).expect("a store");
            postgres.run(async {
                warm(&store).await;
                let request = append(2).with_key(RequestKey { key: 99, body: [round; 32] });
                proxy.next(fault);
                let lost = store.append(request.clone()).await;
                assert!(matches!(lost, Err(StoreError::Unknown { .. })), "{fault:?}: {lost:?}");
                let again = store.append(request).await.expect("the connection is made anew");
                match again {
                    Appended::Done { revision: 3 } => assert!(!happened),
                    Appended::Answered { then } => {
                        assert!(happened);
                        assert_eq!(then.revision, 3);
                        done_behind += 1;
                    }
                    other => panic!("{fault:?}: {other:?}"),
                }
                assert_eq!(store.log(CART, 0, 9).await.expect("a log").len(), 3);

                proxy.next(fault);
                let lost = store.load(CART).await;
                assert!(matches!(lost, Err(StoreError::Unavailable { .. })), "{fault:?}: {lost:?}");
            });
        }
    }
    assert_eq!(done_behind, 10);
}

#[test]
fn a_server_that_says_nothing_is_given_up_in_time() {
    let Some(postgres) = Postgres::shared("a_server_that_says_nothing") else { return };
    let schema = postgres.schema();
    let proxy = postgres.run(Proxy::new(&postgres.plain()));
    let statement = Duration::from_millis(300);
    let hasty = PostgresOptions { statement, connections: 1, ..options() };
    let store = postgres.run(PostgresStore::open(proxy.config(postgres.config(&schema)), hasty));
    let store = store.expect("a store");
    postgres.run(async {
        warm(&store).await;
        proxy.next(Fault::Silence);
        let began = Instant::now();
        let lost = store.append(append(2)).await;
        assert!(matches!(lost, Err(StoreError::Unknown { .. })), "{lost:?}");
        let waited = began.elapsed();
        assert!(
            (Duration::from_millis(800)..Duration::from_millis(1_500)).contains(&waited),
            "{waited:?}"
        );
        // The only connection was given up, and the next command has another.
        assert!(store.append(append(2)).await.is_ok());
    });
}

#[test]
fn where_nobody_listens_it_is_unavailable_at_once() {
    let Some(postgres) = Postgres::shared("where_nobody_listens") else { return };
    let mut nobody = Config::new();
    nobody.host("127.0.0.1").port(9).user("nobody");
    let began = Instant::now();
    let refused = postgres.open(nobody);
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    assert!(began.elapsed() < Duration::from_millis(2_500));
}
