//! What the threads of a store share.

use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use rusqlite::Connection;

use super::index::Index;

/// A read for a reading thread. It sends its result itself.
pub(super) type Read = Box<dyn FnOnce(&Reader) + Send>;

/// A thread that reads, with its connection.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) connection: Connection,
    pub(super) shared: Arc<Shared>,
}

/// What the threads share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) index: RwLock<Index>,
    /// Held from a commit until the index tells of it.
    pub(super) commit: Mutex<()>,
    pub(super) reads: Mutex<Option<Sender<Read>>>,
}

impl Shared {
    pub(super) fn index(&self) -> RwLockReadGuard<'_, Index> {
        // A panic between two changes of the index would be a fault of the index; each change is whole.
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn close_readers(&self) {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
