//! A durable store in a folder of this machine, for one process.
//!
//! ```
//! use holdall_store::{Append, Appended, Class, EmbeddedStore, Store};
//! use holdall::CartId;
//! # let folder = std::env::temp_dir().join(format!("holdall-doc-{}", std::process::id()));
//! // 128 random bits: the incarnation of this store if it is made now.
//! let store = EmbeddedStore::open(&folder, 0x5eed)?;
//! let append = Append::new(CartId::from_u128(1), 0, 1_700_000_000_000, Class::Guest);
//! let appended = futures_lite::future::block_on(store.append(append))?;
//! assert_eq!(appended, Appended::Done { revision: 1 }); // it is on the disk
//! # futures_lite::future::block_on(store.close())?;
//! # std::fs::remove_dir_all(&folder).ok();
//! # Ok::<(), holdall_store::StoreError>(())
//! ```
//!
//! # How it works
//!
//! **One thread writes.** It takes all the calls that wait (at most [`GROUP_CALLS`](holdall::limits::GROUP_CALLS) of them), holds each to
//! its condition, writes them in one transaction, syncs, and only then answers. So a sync is shared by all who
//! came while the one before was under way, and no answer, a conflict neither, tells of what could still be
//! lost. **[`STORE_READERS`](holdall::limits::STORE_READERS) threads read**, each by a connection of its own, so that nothing ever waits for a disk on the caller's
//! thread. **One thread tidies**: it puts the pages of the write-ahead log in their places while the writing one goes on, which for a log of 16 MB would stand still
//! for 15 ms. Revisions, idle carts and the list of carts are answered from memory. No runtime is needed: futures are woken from those
//! threads, whatever executor polls them.
//!
//! **Where everything is, is held in memory**: for each cart its revision, class and activity, and the positions of its
//! records, about 200 bytes and 16 for each append that is not folded. Records are keyed in the order of their arrival, so that a group
//! is written in one place whichever carts are in it.
//! Opening reads and checks every record, and makes that index anew.
//!
//! When the disk is full a group is taken back, its calls are tried one by one, and those that do not
//! fit get [`StoreError::Full`]; the store goes on as soon as there is room. When a sync fails the calls of that group get
//! [`StoreError::Unknown`]: trying again is right.
//!
//! On Linux have SQLite built with `LIBSQLITE3_FLAGS=-DHAVE_FDATASYNC=1` in the environment (or in `[env]` of `.cargo/config.toml`, as this
//! repository has it). Without it each commit calls `fsync`, which writes the file's times too and waits for that.
//!
//! # In the folder
//!
//! `lock` is locked while the store is open, and refuses a second opener. `carts.sqlite`, with `-wal` and `-shm`
//! beside it, is an SQLite database: a write-ahead log, `synchronous = FULL`, `secure_delete = ON`.
//! Its `application_id` is `0x686f6c64` and its `user_version` the version of this format, **1**; anything else is
//! [`StoreError::Foreign`] and is not touched. Numbers in records are little-endian, ids and keys big-endian.
//!
//! | table | columns | what |
//! |---|---|---|
//! | `meta` | `name`, `value` | `incarnation`: 16 bytes. `version`: the last version that any slot was given, 8 bytes, big-endian |
//! | `records` | `position`, `cart`, `record` | positions ascend in the order of arrival; `cart`: its 16 bytes, a second time |
//! | `slots` | `name`, `version`, `value`, `sum` | the name: a byte for the kind (1 claim, 2 lease, 3 account), then 16 or 32 bytes; the CRC-32 of name, version (big-endian) and value |
//!
//! A record is a lead, a body, and a checksum of all before it:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | kind: 1 entry, 2 header, 3 snapshot, 4 base |
//! | 1 | the cart's class with it |
//! | 16 | the cart |
//! | 8 | the revision |
//! | 8 | the activity, in milliseconds since 1970 |
//! | 8 | the revision of the header that the cart has then, 0 if it has none |
//! | 4 | CRC-32 of the 42 bytes so far |
//! | .. | the body |
//! | 4 | CRC-32 of everything so far |
//!
//! The body of a header, a snapshot and a base is their bytes. That of an entry is: a byte, 1 if there is a request key and
//! else 0; if so, the key's 16 bytes and its digest's 32; the delta's length in 4 bytes; the delta; the note.
//!
//! A cart has an entry for each revision after its base, or from 1 on if it has none, and at most one header, one
//! snapshot and one base. What takes the place of another deletes it in the same transaction, so the file never holds what is not
//! live. A cart's revision, class and activity are those of its record of the highest revision. A base of class
//! 4 at a cart's own revision is the marker of an erasure.
//!
//! # Damage
//!
//! Each record has checksums, so a record that is not what was written is found when the store is opened, or when it is read, and is
//! told with its cart, as [`StoreError::Damaged`]: [`EmbeddedStore::opened`] lists what was found. Other carts are not concerned. Such a cart can
//! be erased or removed, and nothing else. If whole pages cannot be read it is told which positions are lost; a cart
//! that lacks records in the middle is then found to be damaged, and one that lacks only its last is not.
//!
//! A folder that is restored from a backup is opened by [`EmbeddedStore::restore`], once: it gives the store another incarnation.

mod commit;
mod file;
mod format;
mod index;
mod read;
mod recovery;
mod transaction;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::thread::{self, JoinHandle};

use futures_channel::oneshot;

use self::commit::{Committer, Job, Threads};
use self::file::Folder;
use self::index::Index;
use self::read::{Read, Reader};
pub use self::recovery::{Damage, Opened};
use self::transaction::{Ask, Told};
use super::record::within;
use super::{
    Append, Appended, Class, Compaction, Erased, Idle, Loaded, Logged, Reply, Slot, SlotOutcome,
    SlotValue, Store, StoreError,
};
use holdall::id::CartId;
use holdall::limits;

/// A durable store in a folder. See the [module](self).
///
/// Dropping it waits until all that was taken in is durable, as [`close`](Store::close) does.
#[derive(Debug)]
pub struct EmbeddedStore {
    shared: Arc<Shared>,
    jobs: Mutex<Option<Sender<Job>>>,
    committer: Option<JoinHandle<()>>,
    is_closed: AtomicBool,
    incarnation: u128,
    opened: Opened,
}

/// What the threads share.
#[derive(Debug)]
struct Shared {
    index: RwLock<Index>,
    /// Held from a commit until the index tells of it.
    commit: Mutex<()>,
    reads: Mutex<Option<Sender<Read>>>,
}

impl Shared {
    fn index(&self) -> RwLockReadGuard<'_, Index> {
        // A panic between two changes of the index would be a fault of the index; each change is whole.
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn close_readers(&self) {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl EmbeddedStore {
    /// Opens the store in a folder, or makes one there: then `fresh`, 128 random bits, is its
    /// incarnation. It blocks while every record is read, a million in a second or two.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it is open already, and still so after half a second, or the folder cannot be used;
    /// [`StoreError::Foreign`] if something else is there, or a store of another format.
    pub fn open(folder: impl AsRef<Path>, fresh: u128) -> Result<Self, StoreError> {
        Self::open_as(folder.as_ref(), fresh, None)
    }

    /// Opens the store in a folder that was restored from a backup: it gets another incarnation,
    /// `fresh`, 128 random bits.
    ///
    /// # Errors
    /// As with [`open`](Self::open).
    pub fn restore(folder: impl AsRef<Path>, fresh: u128) -> Result<Self, StoreError> {
        Self::open_as(folder.as_ref(), fresh, Some(fresh))
    }

    fn open_as(path: &Path, fresh: u128, renew: Option<u128>) -> Result<Self, StoreError> {
        let folder = Folder::take(path)?;
        let mut connection = folder.writer(fresh)?;
        let scanned = recovery::recover(&connection, renew)?;
        let recovery::Scanned { index, opened, incarnation, version, position } = scanned;
        let (send_reads, reads) = channel::<Read>();
        let shared = Arc::new(Shared {
            index: RwLock::new(index),
            commit: Mutex::new(()),
            reads: Mutex::new(Some(send_reads)),
        });
        let reads = Arc::new(Mutex::new(reads));
        let mut readers = Vec::new();
        for _ in 0..limits::STORE_READERS {
            let (shared, reads) = (shared.clone(), reads.clone());
            let reader = Reader { connection: folder.reader()?, shared };
            readers.push(spawn("holdall-read", move || reader.run(&reads))?);
        }
        let (grown, log) = sync_channel(1);
        let tell = move || {
            // Who is told while it is at work has been told.
            let _ = grown.try_send(());
        };
        file::keep_short(&mut connection, tell).map_err(file::refused)?;
        let places = folder.tidier()?;
        let tidier = spawn("holdall-tidy", move || {
            while log.recv().is_ok() {
                // Failing here loses nothing: the one who writes does it in the end.
                let _ = file::tidy(&places);
            }
        })?;
        let (jobs, queue) = channel();
        let threads = Threads { readers, tidier };
        let committer =
            Committer { connection, shared: shared.clone(), position, version, threads, folder };
        let committer = spawn("holdall-write", move || committer.run(&queue))?;
        Ok(Self {
            shared,
            jobs: Mutex::new(Some(jobs)),
            committer: Some(committer),
            is_closed: AtomicBool::new(false),
            incarnation,
            opened,
        })
    }

    /// What opening found.
    #[must_use]
    pub fn opened(&self) -> &Opened {
        &self.opened
    }

    fn open_still(&self) -> Result<(), StoreError> {
        if self.is_closed.load(Ordering::Acquire) { Err(StoreError::Closed) } else { Ok(()) }
    }

    fn send(&self, job: Job) -> Result<(), StoreError> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = jobs.as_ref().and_then(|jobs| jobs.send(job).ok());
        sent.ok_or(StoreError::Closed)
    }

    async fn ask(&self, ask: Ask) -> Result<Told, StoreError> {
        self.open_still()?;
        let (reply, told) = oneshot::channel();
        self.send(Job::Ask(ask, reply))?;
        told.await.unwrap_or_else(|lost| {
            // What came before a close was answered; this came behind it, and was not looked at.
            self.open_still()?;
            Err(StoreError::unknown(lost))
        })
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.open_still()?;
        let (reply, found) = oneshot::channel();
        let read: Read = Box::new(move |reader| {
            let _ = reply.send(read(reader));
        });
        {
            let reads = self.shared.reads.lock().unwrap_or_else(PoisonError::into_inner);
            let sent = reads.as_ref().and_then(|reads| reads.send(read).ok());
            sent.ok_or(StoreError::Closed)?;
        }
        found.await.map_err(|_| StoreError::Closed)?
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map_err(StoreError::unavailable)
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        self.jobs.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(committer) = self.committer.take() {
            // A waker that the thread itself runs may let go of the store.
            if committer.thread().id() != thread::current().id() {
                let _ = committer.join();
            }
        }
    }
}

macro_rules! told {
    ($told:expr, $kind:path) => {
        match $told? {
            $kind(told) => Ok(told),
            other => unreachable!("asked for another thing, told {other:?}"),
        }
    };
}

impl Store for EmbeddedStore {
    fn incarnation(&self) -> u128 {
        self.incarnation
    }

    fn is_durable(&self) -> bool {
        true
    }

    fn load(&self, cart: CartId) -> Reply<'_, Option<Loaded>> {
        Box::pin(self.read(move |reader| reader.load(cart)))
    }

    fn revision(&self, cart: CartId) -> Reply<'_, Option<u64>> {
        Box::pin(async move {
            self.open_still()?;
            Ok(self.shared.index().get(cart).map(|cart| cart.head.revision))
        })
    }

    fn append(&self, append: Append) -> Reply<'_, Appended> {
        let append = Box::new(append);
        Box::pin(async move {
            append.within_limits()?;
            told!(self.ask(Ask::Append(append)).await, Told::Appended)
        })
    }

    fn slot(&self, slot: Slot) -> Reply<'_, Option<SlotValue>> {
        Box::pin(self.read(move |reader| reader.slot(slot)))
    }

    fn compare_and_set(
        &self,
        slot: Slot,
        expected: Option<u64>,
        value: Option<Vec<u8>>,
    ) -> Reply<'_, SlotOutcome> {
        Box::pin(async move {
            let bytes = value.as_ref().map_or(0, Vec::len);
            within("a slot's value", bytes, limits::SLOT_BYTES)?;
            told!(self.ask(Ask::CompareAndSet { slot, expected, value }).await, Told::SlotOutcome)
        })
    }

    fn idle(&self, class: Class, before_ms: u64, limit: usize) -> Reply<'_, Vec<Idle>> {
        Box::pin(async move {
            self.open_still()?;
            Ok(self.shared.index().idle(class, before_ms, limit))
        })
    }

    fn carts(&self, after: Option<CartId>, limit: usize) -> Reply<'_, Vec<CartId>> {
        Box::pin(async move {
            self.open_still()?;
            Ok(self.shared.index().after(after, limit))
        })
    }

    fn log(&self, cart: CartId, after: u64, limit: usize) -> Reply<'_, Vec<Logged>> {
        Box::pin(self.read(move |reader| reader.log(cart, after, limit)))
    }

    fn base_state(&self, cart: CartId) -> Reply<'_, Option<(u64, Vec<u8>)>> {
        Box::pin(self.read(move |reader| reader.base_state(cart)))
    }

    fn compact(&self, fold: Compaction) -> Reply<'_, u64> {
        Box::pin(async move {
            fold.within_limits()?;
            told!(self.ask(Ask::Compact(fold)).await, Told::Compacted)
        })
    }

    fn remove(&self, cart: CartId, revision: u64) -> Reply<'_, bool> {
        Box::pin(
            async move { told!(self.ask(Ask::Remove { cart, revision }).await, Told::Removed) },
        )
    }

    fn erase(&self, cart: CartId, marker: Vec<u8>, at_ms: u64) -> Reply<'_, Erased> {
        Box::pin(async move {
            within("a marker", marker.len(), limits::MESSAGE_BYTES)?;
            told!(self.ask(Ask::Erase { cart, marker, at_ms }).await, Told::Erased)
        })
    }

    fn close(&self) -> Reply<'_, ()> {
        Box::pin(async move {
            if self.is_closed.swap(true, Ordering::AcqRel) {
                return Err(StoreError::Closed);
            }
            let (reply, ended) = oneshot::channel();
            self.send(Job::Close(reply))?;
            ended.await.map_err(StoreError::unknown)
        })
    }
}
