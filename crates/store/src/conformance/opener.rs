//! How the suite comes by stores, and how it waits for them.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use crate::{Store, StoreError};

/// Something the suite waits for.
pub type Work<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// How a store is made, and opened again.
pub trait Opener: Sync {
    /// A new store, with nothing in it.
    ///
    /// # Errors
    /// Those of the store.
    fn create(&self) -> Result<Arc<dyn Store>, StoreError>;

    /// The store that was made last, opened again. The suite has let go of it before. A store that
    /// [is durable](Store::is_durable) needs this.
    ///
    /// # Errors
    /// Those of the store.
    fn reopen(&self) -> Result<Arc<dyn Store>, StoreError> {
        Err(StoreError::unavailable("this opener cannot reopen"))
    }

    /// Runs a future to its end; it is called by many threads at once. As it stands it needs no runtime; a store that
    /// needs one has it do the work.
    fn block_on(&self, mut work: Work<'_>) {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        let mut work = pin!(&mut work);
        while work.as_mut().poll(&mut context) == Poll::Pending {
            thread::park();
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
