//! The store on PostgreSQL before a real one.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use holdall::CartId;
use holdall_store::conformance::{Opener, Work, certify};
use holdall_store::postgres::tokio_postgres::{Client, Config, NoTls};
use holdall_store::{
    Append, Appended, Class, PostgresOptions, PostgresStore, RequestKey, Slot, SlotOutcome, Store,
    StoreError,
};
use tokio::runtime::Runtime;

use super::{Leased, Server, shared};

pub(super) const CART: CartId = CartId::from_u128(7 << 100 | 5);

/// A server, and schemas of one's own in it.
pub(super) struct Postgres {
    pub(super) server: Leased,
    pub(super) runtime: Runtime,
    schemas: Mutex<Vec<String>>,
}

impl Postgres {
    pub(super) fn new(server: Leased) -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_all().build().expect("a runtime");
        Self { server, runtime, schemas: Mutex::default() }
    }

    pub(super) fn shared(test: &str) -> Option<Self> {
        shared(Server::Postgres, test).map(Self::new)
    }

    pub(super) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub(super) fn plain(&self) -> Config {
        self.server.url.parse().expect("the server's address")
    }

    /// A client of the test's own.
    pub(super) fn client(&self) -> Client {
        self.run(async {
            let (client, connection) = self.plain().connect(NoTls).await.expect("a connection");
            tokio::spawn(connection);
            client
        })
    }

    pub(super) fn sql(&self, text: &str) {
        let client = self.client();
        self.run(client.batch_execute(text)).expect(text);
    }

    /// A schema that nobody else has; its name.
    pub(super) fn schema(&self) -> String {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let schema = format!("holdall_test_{}_{number}", std::process::id());
        self.sql(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}"));
        self.schemas.lock().expect("the schemas").push(schema.clone());
        schema
    }

    pub(super) fn config(&self, schema: &str) -> Config {
        let mut config = self.plain();
        config.options(format!("-csearch_path={schema}"));
        config
    }

    pub(super) fn open(&self, config: Config) -> Result<PostgresStore, StoreError> {
        self.run(PostgresStore::open(config, options()))
    }

    /// A store in a schema of its own.
    pub(super) fn store(&self) -> (PostgresStore, String) {
        let schema = self.schema();
        (self.open(self.config(&schema)).expect("a store"), schema)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let schemas = std::mem::take(self.schemas.get_mut().expect("the schemas"));
        if !std::thread::panicking() {
            for schema in schemas {
                self.sql(&format!("DROP SCHEMA {schema} CASCADE"));
            }
        }
    }
}

pub(super) fn options() -> PostgresOptions {
    PostgresOptions { connections: 4, ..PostgresOptions::default() }
}

impl Opener for Postgres {
    fn create(&self) -> Result<Arc<dyn Store>, StoreError> {
        Ok(Arc::new(self.store().0))
    }

    fn reopen(&self) -> Result<Arc<dyn Store>, StoreError> {
        let schema = self.schemas.lock().expect("the schemas").last().cloned().expect("made one");
        Ok(Arc::new(self.open(self.config(&schema))?))
    }

    fn block_on(&self, work: Work<'_>) {
        self.run(work);
    }
}

pub(super) fn append(expected: u64) -> Append {
    let append = Append::new(CART, expected, 1_700_000_000_000 + expected, Class::Guest);
    append.with_delta(format!("delta {}", expected + 1).into_bytes())
}

#[test]
fn postgres_keeps_the_contract() {
    let Some(postgres) = Postgres::shared("postgres_keeps_the_contract") else { return };
    let report = certify(&postgres);
    println!("{report}");
    assert_eq!(report.skipped.len(), 0);
}

#[test]
fn a_schema_that_is_newer_is_refused_and_stays() {
    let Some(postgres) = Postgres::shared("a_schema_that_is_newer_is_refused") else { return };
    let (store, schema) = postgres.store();
    drop(store);
    postgres.sql(&format!("UPDATE {schema}.holdall_store SET form = 2"));
    let refused = postgres.open(postgres.config(&schema));
    assert!(matches!(&refused, Err(StoreError::Foreign { what }) if what.contains("form 2")));
    let client = postgres.client();
    let form =
        postgres.run(client.query_one(&format!("SELECT form FROM {schema}.holdall_store"), &[]));
    assert_eq!(form.expect("it is there").get::<_, i32>(0), 2);

    let other = postgres.schema();
    postgres.sql(&format!("CREATE TABLE {other}.holdall_store (something text)"));
    let refused = postgres.open(postgres.config(&other));
    assert!(matches!(refused, Err(StoreError::Foreign { .. })), "{refused:?}");
}

#[test]
fn many_that_open_at_once_make_one_store() {
    let Some(postgres) = Postgres::shared("many_that_open_at_once_make_one_store") else { return };
    let schema = postgres.schema();
    let incarnations = std::thread::scope(|scope| {
        let open = || postgres.open(postgres.config(&schema)).expect("a store").incarnation();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect::<Vec<_>>()
    });
    assert!(incarnations.iter().all(|one| *one == incarnations[0]), "{incarnations:?}");
}

/// The role that serves needs no right to change tables, once they are there.
#[test]
fn a_role_that_may_make_no_tables_opens_what_is_there() {
    let Some(postgres) = Postgres::shared("a_role_that_may_make_no_tables") else { return };
    let (store, schema) = postgres.store();
    let role = format!("{schema}_role");
    postgres.sql(&format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {schema} TO {role};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}"
    ));
    let mut config = postgres.config(&schema);
    config.user(&role);
    let serving = postgres.open(config).expect("opened by the lesser role");
    assert_eq!(serving.incarnation(), store.incarnation());
    let done = postgres.run(serving.append(append(0))).expect("appended");
    assert_eq!(done, Appended::Done { revision: 1 });
    let slot = Slot::Lease(CART);
    let set = postgres.run(serving.compare_and_set(slot, None, Some(vec![1]))).expect("swapped");
    assert!(matches!(set, SlotOutcome::Done { .. }));
    drop(serving);
    postgres.sql(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn a_new_incarnation_is_seen_by_who_opens_next() {
    let Some(postgres) = Postgres::shared("a_new_incarnation_is_seen") else { return };
    let (store, schema) = postgres.store();
    postgres.sql(&format!("UPDATE {schema}.holdall_store SET incarnation = gen_random_uuid()"));
    let again = postgres.open(postgres.config(&schema)).expect("a store");
    assert_ne!(again.incarnation(), store.incarnation());
}

/// Every column that means something, changed behind the store's back: the cart is damaged, others are not.
#[test]
fn damaged_rows_are_found() {
    let Some(postgres) = Postgres::shared("damaged_rows_are_found") else { return };
    let (store, schema) = postgres.store();
    let other = CartId::from_u128(8);
    let key = RequestKey { key: 3, body: [4; 32] };
    let healthy = || {
        let _ = postgres.run(store.erase(other, Vec::new(), 1));
        postgres.sql(&format!(
            "SET search_path = {schema}; TRUNCATE holdall_cart, holdall_state, holdall_log, holdall_slot"
        ));
        let good = append(0).with_header(b"head".to_vec()).with_key(key).with_note(b"n".to_vec());
        for append in [
            good.clone(),
            append(1).with_snapshot(b"whole".to_vec()),
            append(2),
            append(3),
            Append { cart: other, ..good },
        ] {
            assert!(matches!(postgres.run(store.append(append)), Ok(Appended::Done { .. })));
        }
        let lease = Slot::Lease(CART);
        let set = postgres.run(store.compare_and_set(lease, None, Some(b"held".to_vec())));
        assert!(matches!(set, Ok(SlotOutcome::Done { .. })));
    };
    let mut found = 0;
    for (table, change) in [
        ("cart", "at_ms = at_ms + 1"),
        ("cart", "class = 1 - class"),
        ("cart", "class = 9"),
        ("cart", "revision = 2"),
        ("cart", "revision = 5"),
        ("cart", "header = 'other'"),
        ("cart", "header_sum = header_sum # 1"),
        ("state", "bytes = 'whale'"),
        ("state", "revision = 1"),
        ("state", "revision = 3"),
        ("log", "delta = 'delta 9' WHERE revision = 3 AND"),
        ("log", "delta_sum = delta_sum # 1 WHERE revision = 4 AND"),
        ("log", "revision = 9 WHERE revision = 3 AND"),
        ("log", "note = 'm' WHERE revision = 1 AND"),
        ("log", "at_ms = 5 WHERE revision = 1 AND"),
        ("log", "key = NULL WHERE revision = 1 AND"),
        ("log", "key = gen_random_uuid() WHERE revision = 1 AND"),
        ("log", "body = NULL WHERE revision = 1 AND"),
        ("log", "body = substring(body from 2) WHERE revision = 1 AND"),
        ("log", "key = NULL, body = NULL WHERE revision = 1 AND"),
        ("slot", "value = 'hold'"),
    ] {
        healthy();
        let clause = if change.contains("WHERE") { "" } else { " WHERE" };
        let whose = match table {
            "slot" => "true".to_owned(),
            _ => format!("cart = '{}'", uuid_of(CART)),
        };
        postgres.sql(&format!("UPDATE {schema}.holdall_{table} SET {change}{clause} {whose}"));
        let seen = postgres.run(async {
            store.load(CART).await?;
            store.log(CART, 0, 100).await?;
            store.slot(Slot::Lease(CART)).await
        });
        match seen {
            Err(StoreError::Damaged { cart: CART, .. }) => found += 1,
            other => panic!("{table}: {change}: {other:?}"),
        }
        assert!(matches!(postgres.run(store.load(other)), Ok(Some(_))), "{table}: {change}");
    }
    println!("{found} damages found");
}

fn uuid_of(cart: CartId) -> String {
    format!("{:032x}", cart.as_u128())
}

#[test]
fn tables_that_went_away_are_foreign() {
    let Some(postgres) = Postgres::shared("tables_that_went_away_are_foreign") else { return };
    let (store, schema) = postgres.store();
    assert!(matches!(postgres.run(store.append(append(0))), Ok(Appended::Done { .. })));
    postgres.sql(&format!("DROP TABLE {schema}.holdall_log CASCADE"));
    let lost = postgres.run(store.append(append(1)));
    assert!(matches!(lost, Err(StoreError::Foreign { .. })), "{lost:?}");
    assert_eq!(postgres.run(store.revision(CART)).expect("a revision"), Some(1));
}

#[test]
fn closing_waits_for_what_is_under_way() {
    let Some(postgres) = Postgres::shared("closing_waits_for_what_is_under_way") else { return };
    let (store, schema) = postgres.store();
    let store = Arc::new(store);
    assert!(matches!(postgres.run(store.append(append(0))), Ok(Appended::Done { .. })));
    postgres.run(async {
        let (mut blocker, connection) = postgres.plain().connect(NoTls).await.expect("connected");
        tokio::spawn(connection);
        let held = blocker.transaction().await.expect("a transaction");
        let lock = format!("SELECT FROM {schema}.holdall_cart FOR UPDATE");
        held.query(&lock, &[]).await.expect("the lock");
        let appender = Arc::clone(&store);
        let under_way = tokio::spawn(async move { appender.append(append(1)).await });
        tokio::time::sleep(Duration::from_millis(200)).await;
        let closer = Arc::clone(&store);
        let closing = tokio::spawn(async move { closer.close().await });
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!closing.is_finished(), "it did not wait");
        held.rollback().await.expect("rolled back");
        let done = under_way.await.expect("no panic").expect("appended");
        assert_eq!(done, Appended::Done { revision: 2 });
        closing.await.expect("no panic").expect("closed");
        assert!(matches!(store.revision(CART).await, Err(StoreError::Closed)));
    });
}

/// A lock that is held too long: the server ends the statement, and nothing has happened.
#[test]
fn a_statement_that_takes_too_long_is_ended() {
    let Some(postgres) = Postgres::shared("a_statement_that_takes_too_long_is_ended") else {
        return;
    };
    let (store, schema) = postgres.store();
    assert!(matches!(postgres.run(store.append(append(0))), Ok(Appended::Done { .. })));
    let hasty = PostgresOptions { statement: Duration::from_millis(300), ..options() };
    let hasty =
        postgres.run(PostgresStore::open(postgres.config(&schema), hasty)).expect("a store");
    postgres.run(async {
        let (mut blocker, connection) = postgres.plain().connect(NoTls).await.expect("connected");
        tokio::spawn(connection);
        let held = blocker.transaction().await.expect("a transaction");
        let lock = format!("SELECT FROM {schema}.holdall_cart FOR UPDATE");
        held.query(&lock, &[]).await.expect("the lock");
        let began = Instant::now();
        let late = hasty.append(append(1)).await;
        assert!(matches!(late, Err(StoreError::Unavailable { .. })), "{late:?}");
        assert!(began.elapsed() < Duration::from_millis(800), "{:?}", began.elapsed());
        held.rollback().await.expect("rolled back");
        assert_eq!(hasty.revision(CART).await.expect("a revision"), Some(1));
        let done = hasty.append(append(1)).await.expect("appended");
        assert_eq!(done, Appended::Done { revision: 2 });
    });
}
