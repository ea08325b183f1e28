//! The store in a folder: the contract, what it refuses to open, and damage.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_lite::future::block_on;
use holdall::CartId;
use holdall_store::conformance::{Opener, certify};
use holdall_store::{
    Append, Appended, Class, EmbeddedStore, Loaded, RequestKey, Slot, Store, StoreError,
};

static FOLDERS: AtomicU64 = AtomicU64::new(0);

/// A folder that goes away.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("embedded-{}-{number}", std::process::id());
        Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name))
    }

    fn file(&self) -> PathBuf {
        self.0.join("carts.sqlite")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Folders {
    made: AtomicU64,
    /// A number for each store that was made below it.
    root: Folder,
}

impl Folders {
    fn open(&self) -> Result<Arc<dyn Store>, StoreError> {
        let number = self.made.load(Ordering::Relaxed);
        // Whoever opens again brings other random bits.
        let fresh = u128::from(FOLDERS.fetch_add(1, Ordering::Relaxed));
        Ok(Arc::new(EmbeddedStore::open(self.root.0.join(number.to_string()), fresh)?))
    }
}

impl Opener for Folders {
    fn create(&self) -> Result<Arc<dyn Store>, StoreError> {
        self.made.fetch_add(1, Ordering::Relaxed);
        self.open()
    }

    fn reopen(&self) -> Result<Arc<dyn Store>, StoreError> {
        self.open()
    }
}

fn cart(n: u64) -> CartId {
    CartId::from_u128(u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

fn append(n: u64, expected: u64) -> Append {
    let bytes = vec![n as u8 ^ expected as u8; 40 + (n + expected) as usize % 60];
    let key = RequestKey { key: u128::from(expected) << 64 | 7, body: [n as u8; 32] };
    Append::new(cart(n), expected, 1_000 + expected, Class::Guest).with_delta(bytes).with_key(key)
}

/// Carts 1 to `carts`, each of ten appends, headers and snapshots.
fn fill(store: &dyn Store, carts: u64) -> Vec<Loaded> {
    for expected in 0..10 {
        for n in 1..=carts {
            let mut append = append(n, expected).with_header(vec![n as u8; 30]);
            if expected == 5 {
                append = append.with_snapshot(vec![n as u8; 500]);
            }
            let done = block_on(store.append(append)).expect("appended");
            assert_eq!(done, Appended::Done { revision: expected + 1 });
        }
    }
    (1..=carts).map(|n| block_on(store.load(cart(n))).expect("loaded").expect("there")).collect()
}

#[test]
fn it_keeps_the_contract() {
    let report = certify(&Folders { made: AtomicU64::new(0), root: Folder::new() });
    println!("{report}");
    assert!(report.skipped.is_empty());
}

/// Its pages are put in their places while others are written.
#[test]
fn its_log_begins_anew() {
    let folder = Folder::new();
    let store = EmbeddedStore::open(&folder.0, 1).expect("opened");
    let mut longest = 0;
    // 80 MB in all, and the log is to stay at about 16.
    for revision in 0..400 {
        let delta = vec![revision as u8; 200_000];
        let append = Append::new(cart(1), revision, 1, Class::Guest).with_delta(delta);
        let _ = block_on(store.append(append)).expect("appended");
        let log = std::fs::metadata(folder.0.join("carts.sqlite-wal")).expect("a log");
        longest = longest.max(log.len());
    }
    assert!((1_000_000..32_000_000).contains(&longest), "{longest} bytes");
    block_on(store.close()).expect("closed");
    let again = EmbeddedStore::open(&folder.0, 1).expect("opened again");
    assert_eq!((again.opened().records, &again.opened().damage[..]), (400, &[][..]));
}

#[test]
fn a_second_opener_is_refused_and_the_first_goes_on() {
    let folder = Folder::new();
    let store = EmbeddedStore::open(&folder.0, 1).expect("opened");
    match EmbeddedStore::open(&folder.0, 2) {
        Err(StoreError::Unavailable { source }) => {
            assert!(source.to_string().contains("is open already"), "{source}");
        }
        other => panic!("{other:?}"),
    }
    let _ = block_on(store.append(append(1, 0))).expect("the first goes on");
    block_on(store.close()).expect("closed");
    // Closed, and still held by somebody.
    let again = EmbeddedStore::open(&folder.0, 3).expect("opened again");
    assert_eq!(again.incarnation(), 1);
    assert_eq!(again.opened().records, 1);
}

/// The process before is about to end, or one that is being started still has its files.
#[test]
fn an_opener_waits_a_moment_for_the_one_before() {
    let folder = Folder::new();
    let store = EmbeddedStore::open(&folder.0, 1).expect("opened");
    let ends = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        drop(store);
    });
    let after = EmbeddedStore::open(&folder.0, 2).expect("opened once the other had ended");
    assert_eq!(after.incarnation(), 1);
    ends.join().expect("an end");
}

#[test]
fn a_restored_folder_gets_another_incarnation_and_keeps_it() {
    let folder = Folder::new();
    let store = EmbeddedStore::open(&folder.0, 1).expect("opened");
    fill(&store, 2);
    drop(store);
    assert_eq!(EmbeddedStore::restore(&folder.0, 9).expect("restored").incarnation(), 9);
    let store = EmbeddedStore::open(&folder.0, 10).expect("opened");
    assert_eq!((store.incarnation(), store.opened().carts), (9, 2));
}

/// Number `value` at a place in the header of an SQLite file.
fn patch(folder: &Folder, at: usize, value: i32) {
    let mut bytes = fs::read(folder.file()).expect("read");
    bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
    fs::write(folder.file(), bytes).expect("written");
}

#[test]
fn what_is_not_its_own_is_not_touched() {
    const USER_VERSION: usize = 60;
    const APPLICATION_ID: usize = 68;
    let folder = Folder::new();
    drop(EmbeddedStore::open(&folder.0, 1).expect("opened"));
    let ours = fs::read(folder.file()).expect("read");
    let refused = |words: &str| {
        let before = fs::read(folder.file()).expect("read");
        match EmbeddedStore::open(&folder.0, 2) {
            Err(StoreError::Foreign { what }) => assert!(what.contains(words), "{what}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(fs::read(folder.file()).expect("read"), before);
    };
    patch(&folder, USER_VERSION, 2);
    refused("has format 2");
    patch(&folder, APPLICATION_ID, 77);
    refused("of something else");
    fs::write(folder.file(), b"a shopping list, of more bytes than a header has. ".repeat(40))
        .expect("written");
    refused("is no SQLite file");
    fs::write(folder.file(), ours).expect("written");
    assert_eq!(EmbeddedStore::open(&folder.0, 2).expect("opened").incarnation(), 1);
}

/// A bit of the file is changed, at random places. A cart then is as it was, or is told to be damaged.
#[test]
fn a_damaged_record_is_its_carts_affair() {
    const SEED: u64 = 4;
    const FLIPS: usize = 150;
    const CARTS: u64 = 40;
    println!("seed {SEED}");
    let folder = Folder::new();
    let store = EmbeddedStore::open(&folder.0, 1).expect("opened");
    let wanted = fill(&store, CARTS);
    drop(store);
    let whole = fs::read(folder.file()).expect("read");
    let mut chance = fastrand::Rng::with_seed(SEED);
    let (mut carts_lost, mut pages, mut unopened) = (0, 0, 0);
    for _ in 0..FLIPS {
        // The first pages say what the tables are; without them nothing is a record.
        let at = chance.usize(5 * 4_096..whole.len());
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << chance.u8(..8);
        fs::write(folder.file(), &bytes).expect("written");
        let _ = fs::remove_file(folder.0.join("carts.sqlite-wal"));
        let _ = fs::remove_file(folder.0.join("carts.sqlite-shm"));
        let store = match EmbeddedStore::open(&folder.0, 2) {
            Ok(store) => store,
            Err(error) => {
                println!("byte {at} of {}: {error:?}", whole.len());
                unopened += 1;
                continue;
            }
        };
        let untold = store.opened().damage.iter().any(|damage| damage.cart.is_none());
        pages += u32::from(untold);
        let mut damaged = 0;
        for (n, wanted) in (1..).zip(&wanted) {
            match block_on(store.load(cart(n))) {
                Ok(Some(seen)) if seen == *wanted => {}
                Err(StoreError::Damaged { cart: told, .. }) if told == cart(n) => damaged += 1,
                Ok(seen) if untold && seen.as_ref().is_none_or(|seen| seen.revision < 10) => {}
                other => panic!("byte {at}, cart {n}: {:.300}", format!("{other:?}")),
            }
        }
        assert!(untold || damaged <= 1, "one bit, and {damaged} carts: byte {at}");
        carts_lost += damaged;
        // All others go on.
        let _ = block_on(store.append(append(CARTS + 1, 0))).expect("appended");
        for damage in &store.opened().damage {
            let Some(damaged) = damage.cart else { continue };
            let refused = block_on(store.append(Append::new(damaged, 10, 1, Class::Guest)));
            assert!(matches!(refused, Err(StoreError::Damaged { .. })), "{refused:?}");
            let _ = block_on(store.erase(damaged, b"marker".to_vec(), 5)).expect("erased");
            let seen = block_on(store.load(damaged)).expect("whole again").expect("there");
            assert_eq!(seen.snapshot.as_deref(), Some(&b"marker"[..]));
        }
    }
    println!(
        "{FLIPS} flips: {carts_lost} carts damaged, {pages} with pages lost, {unopened} not opened"
    );
    assert!(carts_lost > 50, "{carts_lost} carts: were records hit at all?");
    assert_eq!(unopened, 0);
}

/// Each record of a cart is taken out of the file in turn. Without its header or one of its appends the cart is
/// told to be damaged; without its snapshot all of its appends are read in place of that.
#[test]
fn a_record_that_is_lost_is_missed() {
    let folder = Folder::new();
    let store = EmbeddedStore::open(&folder.0, 1).expect("opened");
    let wanted = fill(&store, 1).remove(0);
    drop(store);
    let whole = fs::read(folder.file()).expect("read");
    let positions: Vec<i64> = {
        let file = rusqlite::Connection::open(folder.file()).expect("SQLite");
        let mut query = file.prepare("SELECT position FROM records").expect("a query");
        let rows = query.query_map([], |row| row.get(0)).expect("rows");
        rows.map(|row| row.expect("a position")).collect()
    };
    let (mut missed, mut read) = (0, 0);
    for position in positions {
        fs::write(folder.file(), &whole).expect("written");
        let file = rusqlite::Connection::open(folder.file()).expect("SQLite");
        file.execute("DELETE FROM records WHERE position = ?1", [position]).expect("deleted");
        drop(file);
        let store = EmbeddedStore::open(&folder.0, 2).expect("opened");
        match block_on(store.load(cart(1))) {
            Err(StoreError::Damaged { cart: told, .. }) if told == cart(1) => missed += 1,
            Ok(Some(seen)) => {
                assert_eq!((seen.revision, &seen.header), (wanted.revision, &wanted.header));
                assert_eq!((seen.snapshot, seen.tail.len()), (None, 10));
                read += 1;
            }
            other => panic!("position {position}: {other:?}"),
        }
    }
    assert_eq!((missed, read), (11, 1));
}

#[test]
fn what_is_erased_is_not_in_the_folder() {
    let folder = Folder::new();
    let store = EmbeddedStore::open(&folder.0, 1).expect("opened");
    fill(&store, 3);
    let name = b"Mercedes Sosa, Tucuman".to_vec();
    let append = append(1, 10).with_note(name.clone()).with_header(name.clone());
    let _ = block_on(store.append(append.with_snapshot(name.clone()))).expect("appended");
    block_on(store.erase(cart(1), b"marker".to_vec(), 5)).expect("erased");
    block_on(store.close()).expect("closed");
    for entry in fs::read_dir(&folder.0).expect("listed") {
        let path = entry.expect("an entry").path();
        let bytes = fs::read(&path).expect("read");
        let found = bytes.windows(name.len()).any(|window| window == name);
        assert!(!found, "{} has the name", path.display());
    }
}

/// Futures that nobody waits for, and a store that is dropped with calls under way.
#[test]
fn calls_that_nobody_waits_for_harm_nobody() {
    let folder = Folder::new();
    let store = EmbeddedStore::open(&folder.0, 1).expect("opened");
    for expected in 0..50 {
        let mut call = store.append(append(1, expected));
        // Polled once, so that it is taken in; then let go.
        let _ = block_on(futures_lite::future::poll_once(&mut call));
        drop(call);
        drop(store.slot(Slot::Lease(cart(1))));
    }
    drop(store);
    let store = EmbeddedStore::open(&folder.0, 2).expect("opened");
    assert_eq!(block_on(store.revision(cart(1))).expect("read"), Some(50));
}
