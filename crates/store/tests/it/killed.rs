//! A writer's process is killed at random moments. What it was told is done is there, once and whole.
//!
//! Each cart's state is the list of the request keys that were appended to it, sixteen bytes each. So base, log, snapshot
//! and tail can each be held to what was acknowledged, revision by revision.
//!
//! `HOLDALL_KILLS=200 cargo test --release --test it killed:: -- --nocapture` is the full form; `HOLDALL_KILL_URL` names
//! another store than a folder of the test's own.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use futures_lite::future::block_on;
use holdall::CartId;
use holdall_store::{
    Append, Appended, Class, Compaction, EmbeddedStore, RequestKey, Slot, SlotOutcome, Store,
    StoreError,
};

const THREADS: u64 = 6;
const CARTS: u64 = 8;
const SHORT_KILLS: u64 = 6;
const URL: &str = "HOLDALL_KILL_URL";
const ROUND: &str = "HOLDALL_KILL_ROUND";

/// A store by its address. Other stores than folders come in here.
fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    let folder = url.strip_prefix("folder:").expect("folder:PATH");
    let store = EmbeddedStore::open(folder, fastrand::u128(..))?;
    assert_eq!(store.opened().damage, [], "every record decodes");
    Ok(Arc::new(store))
}

fn cart(round: u64, n: u64) -> CartId {
    let number = u128::from(round * CARTS + n + 1);
    CartId::from_u128(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

fn slot(thread: u64) -> Slot {
    Slot::Account([thread as u8 + 1; 32])
}

/// The state that is loaded, which has to be as long as the revision says.
fn state(store: &dyn Store, cart: CartId) -> (u64, Vec<u8>) {
    let Some(loaded) = block_on(store.load(cart)).expect("loaded") else { return (0, Vec::new()) };
    let state = [loaded.snapshot.unwrap_or_default(), loaded.tail.concat()].concat();
    assert_eq!(state.len() as u64, loaded.revision * 16, "snapshot and tail of {cart}");
    assert_eq!(loaded.header, state[state.len() - 16..], "the header is the last append's");
    (loaded.revision, state)
}

/// The writer. It says what it was told, a line each, until it is killed.
#[test]
#[ignore = "it is the process that the others kill"]
fn writer() {
    let (Ok(url), Ok(round)) = (std::env::var(URL), std::env::var(ROUND)) else { return };
    let round: u64 = round.parse().expect("a number");
    let store = open(&url).expect("opened");
    let say = |line: String| {
        std::io::stdout().lock().write_all(line.as_bytes()).expect("the pipe");
    };
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (store, say) = (&*store, &say);
            scope.spawn(move || {
                let mut chance = fastrand::Rng::with_seed(round << 8 | thread);
                let mut held = block_on(store.slot(slot(thread))).expect("read");
                for n in 1_u64.. {
                    let key = u128::from(round) << 64 | u128::from(thread) << 48 | u128::from(n);
                    act(store, cart(round, chance.u64(..CARTS)), key, &mut chance, say);
                    if n % 5 != 0 {
                        continue;
                    }
                    let value = (round << 32 | n).to_be_bytes().to_vec();
                    let expected = held.as_ref().map(|held| held.version);
                    let swapped =
                        block_on(store.compare_and_set(slot(thread), expected, Some(value)));
                    let Ok(SlotOutcome::Done { .. }) = swapped else { panic!("{swapped:?}") };
                    say(format!("S {thread} {}\n", round << 32 | n));
                    held = block_on(store.slot(slot(thread))).expect("read");
                }
            });
        }
    });
}

/// One append, tried until it is done, with a snapshot or a fold at times.
fn act(
    store: &dyn Store,
    cart: CartId,
    key: u128,
    chance: &mut fastrand::Rng,
    say: &(impl Fn(String) + Sync),
) {
    let bytes = key.to_be_bytes().to_vec();
    let mut expected = block_on(store.revision(cart)).expect("read").unwrap_or_default();
    let revision = loop {
        let mut append = Append::new(cart, expected, expected, Class::Guest);
        append = append.with_delta(bytes.clone()).with_header(bytes.clone());
        append = append.with_key(RequestKey { key, body: [key as u8; 32] });
        if chance.u8(..12) == 0 {
            let (revision, state) = state(store, cart);
            append.expected = revision;
            append = append.with_snapshot([&state[..], &bytes].concat());
        }
        match block_on(store.append(append)).expect("appended") {
            Appended::Done { revision } => break revision,
            Appended::Conflict { revision } => expected = revision,
            Appended::Answered { then } => panic!("nobody used this key: {then:?}"),
        }
    };
    say(format!("A {cart} {revision} {key}\n"));
    if chance.u8(..40) == 0 {
        let (revision, state) = state(store, cart);
        let through = revision.saturating_sub(chance.u64(..4)).max(1);
        let base = state[..through as usize * 16].to_vec();
        block_on(store.compact(Compaction { cart, through, base })).expect("folded");
    }
}

#[derive(Default)]
struct Told {
    appends: BTreeMap<CartId, HashMap<u64, u128>>,
    slots: HashMap<u64, u64>,
    count: u64,
}

impl Told {
    fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["A", cart, revision, key] => {
                let key = key.parse().expect("a key");
                let revisions = self.appends.entry(cart.parse().expect("a cart")).or_default();
                let before = revisions.insert(revision.parse().expect("a revision"), key);
                assert_eq!(before, None, "two were told to be revision {revision}");
                self.count += 1;
            }
            ["S", thread, value] => {
                let value = value.parse().expect("a value");
                self.slots.insert(thread.parse().expect("a thread"), value);
                self.count += 1;
            }
            _ => {}
        }
    }

    /// Holds a cart to what was told, by its log and by its state.
    fn check(&self, store: &dyn Store, cart: CartId) -> u64 {
        let (revision, loaded) = state(store, cart);
        let (folded, mut keys) =
            block_on(store.base_state(cart)).expect("read").unwrap_or_default();
        assert_eq!(keys.len() as u64, folded * 16, "the base of {cart}");
        for (logged, n) in block_on(store.log(cart, 0, usize::MAX)).expect("read").iter().zip(1..) {
            assert_eq!(logged.revision, folded + n, "the log of {cart}");
            let key = logged.key.expect("each has one").key;
            assert_eq!(logged.delta, key.to_be_bytes(), "an append of {cart} is whole");
            assert_eq!(logged.key.expect("each has one").body, [key as u8; 32]);
            keys.extend(&logged.delta);
        }
        assert_eq!(keys, loaded, "base and log of {cart} are snapshot and tail");
        let keys: Vec<u128> = keys
            .chunks(16)
            .map(|key| u128::from_be_bytes(key.try_into().expect("sixteen bytes")))
            .collect();
        let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len(), "each once in {cart}");
        for (revision, key) in self.appends.get(&cart).into_iter().flatten() {
            let seen = keys.get(*revision as usize - 1);
            assert_eq!(seen, Some(key), "revision {revision} of {cart} was acknowledged");
        }
        revision
    }

    fn check_slots(&self, store: &dyn Store, round: u64) {
        for (thread, told) in &self.slots {
            let held = block_on(store.slot(slot(*thread))).expect("read").expect("it was set");
            let seen = u64::from_be_bytes(held.value.try_into().expect("eight bytes"));
            // One more may have been under way, this round's first too.
            let most = told.max(&(round << 32)) + 5;
            assert!(seen >= *told && seen <= most, "slot {thread}: {seen}, told {told}");
        }
    }
}

/// Where the test's own store is.
fn folder(name: &str) -> PathBuf {
    let name = format!("{name}-{}", std::process::id());
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let seed: u64 =
        std::env::var("HOLDALL_KILL_SEED").map_or(1, |seed| seed.parse().expect("a number"));
    let kills =
        std::env::var("HOLDALL_KILLS").map_or(SHORT_KILLS, |n| n.parse().expect("a number"));
    let own = folder("killed");
    let url = std::env::var(URL).unwrap_or_else(|_| format!("folder:{}", own.display()));
    let mut chance = fastrand::Rng::with_seed(seed);
    let (began, mut told, mut unacknowledged) = (Instant::now(), Told::default(), 0);
    for round in 0..kills {
        let lines = AtomicU64::new(0);
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["killed::writer", "--exact", "--ignored", "--nocapture"])
            .env(URL, &url)
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a writer");
        let pipe = BufReader::new(child.stdout.take().expect("piped"));
        let before = told.count;
        thread::scope(|scope| {
            let hearing = scope.spawn(|| {
                // The last line may be cut off by the kill.
                let mut pipe = pipe;
                let mut line = String::new();
                while pipe.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
                    if let Some(whole) = line.strip_suffix('\n') {
                        told.hear(whole);
                        lines.fetch_add(1, Ordering::Relaxed);
                    }
                    line.clear();
                }
            });
            let waiting = Instant::now();
            while lines.load(Ordering::Relaxed) < 10 && waiting.elapsed() < Duration::from_secs(60)
            {
                thread::sleep(Duration::from_millis(1));
            }
            thread::sleep(Duration::from_micros(chance.u64(..150_000)));
            child.kill().expect("killed");
            child.wait().expect("gone");
            hearing.join().expect("heard");
        });
        assert!(told.count > before, "seed {seed}, round {round}: it wrote nothing");
        let store = open(&url).expect("opened after a kill");
        for n in 0..CARTS {
            let cart = cart(round, n);
            let acknowledged = told.appends.get(&cart).map_or(0, HashMap::len) as u64;
            unacknowledged += told.check(&*store, cart) - acknowledged;
        }
        told.check_slots(&*store, round);
    }
    let store = open(&url).expect("opened");
    for cart in told.appends.keys() {
        told.check(&*store, *cart);
    }
    println!(
        "seed {seed}: {kills} kills, {} acknowledgements, {unacknowledged} appends that were done and not told, {:.1} s",
        told.count,
        began.elapsed().as_secs_f64()
    );
    drop(store);
    let _ = std::fs::remove_dir_all(own);
}

/// A disk of a few megabytes that is there until it is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn new(size: &str) -> Self {
        let path = folder("full");
        std::fs::create_dir_all(&path).expect("a folder");
        let disk = Self(path);
        disk.mount(&format!("size={size}"));
        disk
    }

    fn mount(&self, options: &str) {
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(&self.0)
            .status()
            .expect("mount");
        assert!(mount.success(), "mounting needs to be root");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[test]
#[ignore = "it mounts a tmpfs, which root may"]
fn a_full_disk_takes_nothing_back_and_the_store_goes_on_when_there_is_room() {
    let disk = SmallDisk::new("3m");
    let folder = disk.0.join("store");
    let store = EmbeddedStore::open(&folder, 1).expect("opened");
    let big = |n: u64, expected| {
        let delta = vec![n as u8; 3_000];
        Append::new(cart(0, n), expected, n, Class::Guest).with_delta(delta)
    };
    let acknowledged = AtomicU64::new(0);
    // Eight at once, so that groups are taken back; then what is small enough may still fit.
    let full = thread::scope(|scope| {
        let write = |n| {
            let (store, acknowledged) = (&store, &acknowledged);
            scope.spawn(move || {
                for expected in 0_u64.. {
                    match block_on(store.append(big(n, expected))) {
                        Ok(Appended::Done { revision }) => {
                            assert_eq!(revision, expected + 1);
                            acknowledged.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(StoreError::Full { .. }) => return expected,
                        other => panic!("{other:?}"),
                    }
                }
                0
            })
        };
        let running: Vec<_> = (0..8).map(write).collect();
        running.into_iter().map(|one| one.join().expect("written")).collect::<Vec<u64>>()
    });
    let check = |store: &EmbeddedStore| {
        for (n, revision) in (0..).zip(&full) {
            let loaded = block_on(store.load(cart(0, n))).expect("read").expect("there");
            assert_eq!(loaded.revision, *revision);
            assert!(loaded.tail.iter().all(|delta| *delta == vec![n as u8; 3_000]));
        }
    };
    println!("{} acknowledged, then full: {full:?}", acknowledged.load(Ordering::Relaxed));
    assert!(acknowledged.load(Ordering::Relaxed) > 100);
    check(&store);
    let still = block_on(store.append(big(0, full[0])));
    assert!(matches!(still, Err(StoreError::Full { .. })), "{still:?}");
    drop(store);
    let store = EmbeddedStore::open(&folder, 2).expect("opened on a full disk");
    assert_eq!(store.opened().damage, []);
    check(&store);
    disk.mount("remount,size=12m");
    let more = block_on(store.append(big(0, full[0]))).expect("there is room");
    assert_eq!(more, Appended::Done { revision: full[0] + 1 });
}
