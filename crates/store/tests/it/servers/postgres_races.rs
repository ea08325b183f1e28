//! Commands on one cart of a real PostgreSQL at once.

use std::sync::Arc;
use std::time::Duration;

use holdall::CartId;
use holdall_store::postgres::tokio_postgres::NoTls;
use holdall_store::{Append, Appended, Class, Compaction, Erased, Store};

use super::postgres::{CART, Postgres, append};

/// What was folded or erased behind a writer's back stays so, whoever comes late.
#[test]
fn folds_appends_and_erasures_at_once_leave_nothing_behind() {
    let Some(postgres) = Postgres::shared("folds_appends_and_erasures_at_once") else { return };
    let (store, schema) = postgres.store();
    let store = Arc::new(store);
    let mut erased_appends = 0;
    for round in 0..60 {
        let cart = CartId::from_u128(round + 1);
        postgres.run(async {
            for n in 0..4 {
                let _ = store.append(Append { cart, ..append(n) }).await.expect("appended");
            }
            let writer = Arc::clone(&store);
            let writing = tokio::spawn(async move {
                for n in 4..8 {
                    let secret = append(n).with_snapshot(b"secret".to_vec());
                    let told = writer.append(Append { cart, ..secret }).await.expect("an answer");
                    // Who goes on by numbers alone could meet the erased cart's next revision.
                    if matches!(told, Appended::Conflict { .. }) {
                        break;
                    }
                }
            });
            let folder = Arc::clone(&store);
            let folding = tokio::spawn(async move {
                for through in 1..8 {
                    let fold = Compaction { cart, through, base: b"secret".to_vec() };
                    let _ = folder.compact(fold).await.expect("an answer");
                }
            });
            tokio::time::sleep(Duration::from_micros(300 * round as u64)).await;
            let erased: Erased = store.erase(cart, b"marker".to_vec(), 1).await.expect("erased");
            erased_appends += erased.appends;
            let _ = (writing.await, folding.await);
            let loaded = store.load(cart).await.expect("not damaged").expect("there");
            assert_eq!(
                (loaded.snapshot.as_deref(), loaded.class),
                (Some(&b"marker"[..]), Class::Erased)
            );
        });
    }
    println!("{erased_appends} appends erased");
    let client = postgres.client();
    let left = format!(
        "SELECT (SELECT count(*) FROM {schema}.holdall_log), \
         (SELECT count(*) FROM {schema}.holdall_state WHERE bytes <> 'marker')"
    );
    let left = postgres.run(client.query_one(&left, &[])).expect("counts");
    assert_eq!((left.get::<_, i64>(0), left.get::<_, i64>(1)), (0, 0));
}

/// A fold that commits while a removal or an erasure waits for it: what the fold wrote is newer than all that
/// their statements see, and has to go nevertheless.
#[test]
fn what_waits_for_a_fold_takes_its_base_too() {
    let Some(postgres) = Postgres::shared("what_waits_for_a_fold_takes_its_base_too") else {
        return;
    };
    let (store, schema) = postgres.store();
    let store = Arc::new(store);
    for erases in [false, true] {
        postgres.run(async {
            for n in 0..4 {
                assert!(matches!(store.append(append(n)).await, Ok(Appended::Done { .. })));
            }
            let (mut folder, connection) =
                postgres.plain().connect(NoTls).await.expect("connected");
            tokio::spawn(connection);
            let fold = folder.transaction().await.expect("a transaction");
            let statements = format!(
                "SET LOCAL search_path = {schema};
                 UPDATE holdall_cart SET folded = 2 WHERE folded < 2;
                 INSERT INTO holdall_state (cart, kind, revision, bytes, sum)
                 SELECT cart, 1, 2, 'secret', 0 FROM holdall_cart;
                 DELETE FROM holdall_log WHERE revision <= 2"
            );
            fold.batch_execute(&statements).await.expect("folded");
            let ender = Arc::clone(&store);
            let ending = tokio::spawn(async move {
                if erases {
                    let erased = ender.erase(CART, b"marker".to_vec(), 9).await.expect("erased");
                    // Two were folded before it, and it knows of their base.
                    let bytes = 2 * "delta 1".len() + "secret".len();
                    assert_eq!(erased, Erased { appends: 2, bytes: bytes as u64 });
                } else {
                    assert!(ender.remove(CART, 4).await.expect("an answer"));
                }
            });
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert!(!ending.is_finished(), "it did not wait for the fold");
            fold.commit().await.expect("committed");
            ending.await.expect("no panic");
        });
        let client = postgres.client();
        let left = format!(
            "SELECT (SELECT count(*) FROM {schema}.holdall_log), \
             (SELECT count(*) FROM {schema}.holdall_state WHERE bytes <> 'marker')"
        );
        let left = postgres.run(client.query_one(&left, &[])).expect("counts");
        assert_eq!((left.get::<_, i64>(0), left.get::<_, i64>(1)), (0, 0), "erases: {erases}");
    }
}

/// The settings of a role that the store cannot work with do not reach it.
#[test]
fn a_role_with_other_habits_keeps_the_contract() {
    let test = "a_role_with_other_habits_keeps_the_contract";
    let Some(postgres) = Postgres::shared(test) else { return };
    let schema = postgres.schema();
    let mut config = postgres.plain();
    config.options(format!(
        "-csearch_path={schema} -cdefault_transaction_isolation=serializable -csynchronous_commit=off"
    ));
    let store = Arc::new(postgres.open(config).expect("a store"));
    assert!(store.is_durable());
    postgres.run(async {
        for expected in 0..20 {
            let appending = (0..4).map(|_| {
                let store = Arc::clone(&store);
                tokio::spawn(async move { store.append(append(expected)).await })
            });
            let mut done = 0;
            for told in appending.collect::<Vec<_>>() {
                match told.await.expect("no panic").expect("an answer") {
                    Appended::Done { .. } => done += 1,
                    told => assert_eq!(told, Appended::Conflict { revision: expected + 1 }),
                }
            }
            assert_eq!(done, 1);
        }
    });
}
