//! The store: it hands calls to the threads and waits for their answers.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};

use futures_channel::oneshot;

use super::commit::{Committer, Job, Threads};
use super::file::{self, Folder};
use super::recovery::{self, Opened};
use super::shared::{Read, Reader, Shared};
use super::transaction::{Ask, Told};
use crate::error::within;
use crate::{
    Append, Appended, Class, Compaction, Erased, Idle, Loaded, Logged, Reply, Slot, SlotOutcome,
    SlotValue, Store, StoreError,
};
use holdall::id::CartId;
use holdall::limits;

/// A durable store in a folder. See the [module](super).
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
