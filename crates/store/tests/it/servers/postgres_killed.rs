//! PostgreSQL that is killed under load, its writers that are killed, and a disk that is full. Everything that was
//! acknowledged is there, exactly once, and an error tells no lie about what happened.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use holdall::CartId;
use holdall_store::{
    Append, Appended, Class, PostgresOptions, PostgresStore, RequestKey, Store, StoreError,
};

use super::postgres::{CART, Postgres, append, options};
use super::{Server, alone, remembered, say};

/// Kills of each kind, unless `HOLDALL_KILLS` says how many.
const SERVER_KILLS: u64 = 20;
const WRITER_KILLS: u64 = 200;

const WRITERS: u128 = 6;

fn kills(usual: u64) -> u64 {
    env::var("HOLDALL_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn seed() -> u64 {
    let seed = fastrand::u64(..);
    say(&format!("seed {seed}"));
    seed
}

/// What a writer under an outage was told.
#[derive(Default, Debug)]
struct Told {
    done: u64,
    answered: u64,
    unknown: u64,
    unavailable: u64,
    longest: Duration,
}

/// Appends until it is told to stop, each until it is known to be done.
async fn write(store: &PostgresStore, cart: CartId, stop: &AtomicBool) -> Told {
    let mut told = Told::default();
    let mut revision = 0;
    while !stop.load(Ordering::Relaxed) {
        let key = RequestKey { key: (cart.as_u128() << 64) | u128::from(revision), body: [3; 32] };
        let request = Append { cart, ..append(revision) }.with_key(key);
        let mut perhaps = false;
        loop {
            let began = Instant::now();
            let result = store.append(request.clone()).await;
            told.longest = told.longest.max(began.elapsed());
            match result {
                Ok(Appended::Done { revision: at }) => {
                    assert_eq!(at, revision + 1);
                    told.done += 1;
                    break;
                }
                Ok(Appended::Answered { then }) => {
                    assert!(
                        perhaps,
                        "cart {cart}: done, though it was said that nothing had happened"
                    );
                    assert_eq!(then.revision, revision + 1);
                    told.answered += 1;
                    break;
                }
                Ok(Appended::Conflict { revision: at }) => {
                    panic!("cart {cart} is at {at}, its only writer at {revision}")
                }
                Err(StoreError::Unknown { .. }) => {
                    perhaps = true;
                    told.unknown += 1;
                }
                Err(StoreError::Unavailable { .. }) => told.unavailable += 1,
                Err(other) => panic!("{other:?}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        revision += 1;
    }
    told
}

/// Every append of a cart's only writer: once, in order.
async fn holds_all(store: &PostgresStore, cart: CartId, appends: u64) {
    let log = store.log(cart, 0, usize::MAX).await.expect("the log");
    let revisions: Vec<u64> = log.iter().map(|one| one.revision).collect();
    assert_eq!(revisions, (1..=appends).collect::<Vec<_>>(), "cart {cart}");
    for one in log {
        assert_eq!(one.delta, append(one.revision - 1).delta, "cart {cart}");
    }
    let loaded = store.load(cart).await.expect("not damaged").expect("it is there");
    assert_eq!(loaded.tail.len() as u64, appends);
}

#[test]
fn a_server_killed_under_load_keeps_what_it_acknowledged() {
    let test = "a_server_killed_under_load_keeps_what_it_acknowledged";
    let Some(server) = alone(Server::Postgres, test) else { return };
    let postgres = Postgres::new(server);
    let schema = postgres.schema();
    let times = PostgresOptions {
        connections: WRITERS as usize,
        connect: Duration::from_millis(1_000),
        statement: Duration::from_millis(2_000),
    };
    let store = postgres.run(PostgresStore::open(postgres.config(&schema), times));
    let store = Arc::new(store.expect("a store"));
    let stop = Arc::new(AtomicBool::new(false));
    let mut chance = fastrand::Rng::with_seed(seed());
    let writers: Vec<_> = (1..=WRITERS)
        .map(|n| {
            let (store, stop) = (Arc::clone(&store), Arc::clone(&stop));
            postgres.runtime.spawn(async move { write(&store, CartId::from_u128(n), &stop).await })
        })
        .collect();
    let rounds = kills(SERVER_KILLS);
    for _ in 0..rounds {
        thread::sleep(Duration::from_millis(chance.u64(100..500)));
        postgres.server.tell("kill", &[]);
        thread::sleep(Duration::from_millis(chance.u64(0..200)));
        postgres.server.tell("start", &[]);
    }
    thread::sleep(Duration::from_millis(300));
    stop.store(true, Ordering::Relaxed);
    let mut all = Told::default();
    for (writer, n) in writers.into_iter().zip(1..) {
        let told = postgres.run(writer).expect("no panic");
        postgres.run(holds_all(&store, CartId::from_u128(n), told.done + told.answered));
        all.done += told.done;
        all.answered += told.answered;
        all.unknown += told.unknown;
        all.unavailable += told.unavailable;
        all.longest = all.longest.max(told.longest);
    }
    say(&format!("{rounds} kills of the server: {all:?}"));
    assert!(all.unknown > 0 && all.unavailable > 0, "no kill met a command");
    // Waiting for a connection, then for the statement, then for the grace; and a slow machine.
    assert!(all.longest < Duration::from_millis(6_500), "{:?}", all.longest);
}

/// Not a test by itself: the process that the next one kills, again and again.
#[test]
fn the_writer_that_is_killed() {
    let Ok(schema) = env::var("HOLDALL_KILLED_WRITER") else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("one");
    let mut config: holdall_store::postgres::tokio_postgres::Config =
        env::var("HOLDALL_TEST_POSTGRES").expect("an address").parse().expect("an address");
    config.options(format!("-csearch_path={schema}"));
    let out = Box::leak(Box::new(std::sync::Mutex::new(std::io::stdout())));
    runtime.block_on(async {
        let store = Arc::new(PostgresStore::open(config, options()).await.expect("a store"));
        let mut tasks = tokio::task::JoinSet::new();
        for n in 1..=4 {
            let (store, cart, out) = (Arc::clone(&store), CartId::from_u128(n), &*out);
            tasks.spawn(async move {
                let mut revision = store.revision(cart).await.expect("a revision").unwrap_or(0);
                loop {
                    let nonce = fastrand::u64(..);
                    let request = Append::new(cart, revision, 1, Class::Guest);
                    let request = request.with_delta(nonce.to_be_bytes().to_vec());
                    let told = store.append(request).await.expect("the server stays");
                    // What the one before had under way may be done after this one began.
                    if let Appended::Conflict { revision: at } = told {
                        assert!(at > revision, "{told:?} after {revision}");
                        revision = at;
                        continue;
                    }
                    revision += 1;
                    assert_eq!(told, Appended::Done { revision });
                    let line = format!("acknowledged {n} {revision} {nonce}\n");
                    out.lock().expect("stdout").write_all(line.as_bytes()).expect("a reader");
                }
            });
        }
        // They end only by being killed, or by a panic.
        let ended: Option<Result<(), _>> = tasks.join_next().await;
        ended.expect("a writer").expect("no panic");
    });
}

#[test]
fn writers_that_are_killed_lose_nothing_they_acknowledged() {
    let test = "writers_that_are_killed_lose_nothing_they_acknowledged";
    let Some(server) = super::shared(Server::Postgres, test) else { return };
    let postgres = Postgres::new(server);
    let (store, schema) = postgres.store();
    let mut chance = fastrand::Rng::with_seed(seed());
    let mut acknowledged: BTreeMap<(u128, u64), u64> = BTreeMap::new();
    let rounds = kills(WRITER_KILLS);
    for _ in 0..rounds {
        let mut writer = Command::new(env::current_exe().expect("this program"))
            .args(["--exact", "--nocapture", "--test-threads=1"])
            .arg("servers::postgres_killed::the_writer_that_is_killed")
            .env("HOLDALL_KILLED_WRITER", &schema)
            .env("HOLDALL_TEST_POSTGRES", &postgres.server.url)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a writer");
        let mut lines = BufReader::new(writer.stdout.take().expect("its stdout"));
        let mut left = chance.u64(1..40);
        let mut killed = false;
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line).expect("its stdout") == 0 || !line.ends_with('\n') {
                break;
            }
            // The harness writes its own words before the first of ours.
            let Some(at) = line.find("acknowledged ") else { continue };
            let numbers: Vec<u128> = line[at..]
                .split_whitespace()
                .skip(1)
                .map(|n| n.parse().expect("a number"))
                .collect();
            let (cart, revision, nonce) = (numbers[0], numbers[1] as u64, numbers[2] as u64);
            let before = acknowledged.insert((cart, revision), nonce);
            assert_eq!(before, None, "cart {cart}: revision {revision} was acknowledged twice");
            left = left.saturating_sub(1);
            if left == 0 && !killed {
                killed = true;
                writer.kill().expect("killed");
            }
        }
        writer.wait().expect("its end");
        assert!(killed, "the writer ended by itself");
    }
    let mut logged = 0;
    for n in 1..=4 {
        let log = postgres.run(store.log(CartId::from_u128(n), 0, usize::MAX)).expect("the log");
        let revisions: BTreeSet<u64> = log.iter().map(|one| one.revision).collect();
        assert_eq!(revisions, (1..=log.len() as u64).collect::<BTreeSet<_>>(), "cart {n}");
        let of_cart = acknowledged.range((n, 0)..(n + 1, 0));
        for ((_, revision), nonce) in of_cart {
            let one = log.get(*revision as usize - 1);
            let one = one.unwrap_or_else(|| panic!("cart {n}: revision {revision} is lost"));
            assert_eq!(one.delta, nonce.to_be_bytes(), "cart {n}, revision {revision}");
        }
        logged += log.len() as u64;
    }
    let heard = acknowledged.len() as u64;
    say(&format!("{rounds} kills of the writer: {heard} acknowledged, {logged} in the log"));
    // A killed process had at most one more under way for each cart, and what it had said may not have been read.
    assert!(heard <= logged && logged - heard <= rounds * 4 * 2, "{heard} and {logged}");
}

#[test]
fn a_full_disk_changes_nothing_and_is_told() {
    let test = "a_full_disk_changes_nothing_and_is_told";
    let Some(server) = alone(Server::Postgres, test) else { return };
    let Some(disk) = remembered("HOLDALL_TEST_SMALL_DISK") else {
        say(&format!(
            "{test} waits for a small disk: dev/services up, as root and where mounting is allowed"
        ));
        return;
    };
    let postgres = Postgres::new(server);
    let schema = postgres.schema();
    postgres.sql("DROP TABLESPACE IF EXISTS holdall_small");
    postgres.sql(&format!("CREATE TABLESPACE holdall_small LOCATION '{disk}'"));
    let mut config = postgres.plain();
    config.options(format!("-csearch_path={schema} -cdefault_tablespace=holdall_small"));
    let store = postgres.open(config).expect("a store");
    postgres.sql(&format!(
        "CREATE TABLE {schema}.filler TABLESPACE holdall_small AS
         SELECT repeat('x', 1000) FROM generate_series(1, 4000)"
    ));
    // What does not compress.
    let mut chance = fastrand::Rng::with_seed(seed());
    let mut noise = || (0..200_000).map(|_| chance.u8(..)).collect::<Vec<u8>>();
    let mut appends = 0;
    let full = loop {
        let request = append(appends).with_delta(noise());
        match postgres.run(store.append(request)) {
            Ok(Appended::Done { revision }) => appends = revision,
            other => break other,
        }
        assert!(appends < 1_000, "the disk is not small");
    };
    assert!(matches!(full, Err(StoreError::Full { .. })), "{full:?}");
    let again = postgres.run(store.append(append(appends).with_delta(noise())));
    assert!(matches!(again, Err(StoreError::Full { .. })), "{again:?}");
    let loaded = postgres.run(store.load(CART)).expect("not damaged").expect("it is there");
    assert_eq!((loaded.revision, loaded.tail.len() as u64), (appends, appends));
    postgres.sql(&format!("DROP TABLE {schema}.filler"));
    let told = postgres.run(store.append(append(appends).with_delta(noise())));
    assert_eq!(told.expect("there is room"), Appended::Done { revision: appends + 1 });
    say(&format!("the disk was full after {appends} appends of 200,000 bytes"));
    drop(store);
    postgres.sql(&format!("DROP SCHEMA {schema} CASCADE; CREATE SCHEMA {schema}"));
    postgres.sql("DROP TABLESPACE holdall_small");
}
