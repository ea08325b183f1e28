//! The contract of a durable store of carts, and a store in memory.
//!
//! A store keeps bytes and holds to conditions; what the bytes mean is the business of whoever
//! calls it, usually the authority. It keeps, for each cart, a **record**: a revision that counts
//! its appends, a header, a snapshot of the state, and the log of what was appended; and, beside
//! the carts, small **slots** that are compared and set, for claims, leases and who owns which cart.
//!
//! Two words carry the weight:
//!
//! - **Atomic.** An append, a swap, a fold, a removal and an erasure each happen wholly or not at all, also
//!   when the process is killed in the middle, and nobody ever sees a part of one. Of two appends that build on one
//!   revision one is done and the other gets [`Appended::Conflict`].
//! - **Durable.** When the reply says [`Appended::Done`], the append is where a crash of the process, of the machine and a
//!   loss of power leave it: it was synced, or the database said that it was. So with every other reply: what is
//!   loaded, a conflict and an answer tell only of what is durable. A store that cannot promise that
//!   ([`MemoryStore`]) says so in [`Store::is_durable`].
//!
//! At every moment the state of a cart is its [base](Store::base_state) with the deltas of its [log](Store::log), and it is
//! also the snapshot and the tail that [`Store::load`] gives.
//!
//! An error tells what the caller may rely on: after [`StoreError::Unavailable`] and [`StoreError::Full`]
//! nothing has happened; after [`StoreError::Unknown`] it may have, and whoever tries again with the same
//! [`RequestKey`], or the same dots, is told what became of it.
//!
//! The suite that every store has to pass is `conformance` (feature `conformance`).
//!
//! ```
//! use holdall_store::{Append, Appended, Class, MemoryStore, Store};
//! use holdall::CartId;
//! # futures_lite::future::block_on(async {
//! let store = MemoryStore::new(7);
//! let cart = CartId::from_u128(1);
//! let append = Append::new(cart, 0, 1_700_000_000_000, Class::Guest).with_delta(b"a delta".to_vec());
//! assert_eq!(store.append(append.clone()).await?, Appended::Done { revision: 1 });
//! // It builds on revision 0, and that has passed.
//! assert_eq!(store.append(append).await?, Appended::Conflict { revision: 1 });
//! let loaded = store.load(cart).await?.expect("it is there");
//! assert_eq!(loaded.tail, [b"a delta"]);
//! # Ok::<(), holdall_store::StoreError>(())
//! # })?;
//! # Ok::<(), holdall_store::StoreError>(())
//! ```

#[cfg(feature = "redis")]
pub mod cached;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod checksum;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "embedded")]
pub mod embedded;
mod error;
mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
mod record;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

#[cfg(feature = "redis")]
pub use cached::{CacheCounts, Cached, CachedOptions};
#[cfg(feature = "embedded")]
pub use embedded::EmbeddedStore;
pub use error::StoreError;
pub use memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use postgres::{PostgresOptions, PostgresStore};
pub use record::{
    Append, Appended, Class, Compaction, Erased, Idle, Loaded, Logged, RequestKey, Slot,
    SlotOutcome, SlotValue,
};

use holdall::id::CartId;

/// Appends that are read at once where a log is searched.
const LOG_PAGE: usize = 256;

/// What a store's call gives: a future of the result, which may be sent to another thread.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Who wants to hear of carts that have changed.
pub type Hear = Arc<dyn Fn(CartId) + Send + Sync>;

/// A durable store of carts. See the [module](self) for what atomic and durable mean.
///
/// Every call may be made from many tasks at once. A future that is dropped before it is ready may
/// have had its effect, wholly, or not.
pub trait Store: Send + Sync + std::fmt::Debug + 'static {
    /// A random number that was minted when this store was made. A store that is made anew, from an export or
    /// from a backup, has another: writers derived from it do not give old dots to new actions.
    fn incarnation(&self) -> u128;

    /// Whether what it has acknowledged survives the process.
    fn is_durable(&self) -> bool;

    /// A cart's record, with all that is needed to have its state: the latest snapshot and what was appended
    /// since. `None`: no such cart.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Damaged`] if this cart's bytes are not what was written.
    fn load(&self, cart: CartId) -> Reply<'_, Option<Loaded>>;

    /// A cart's revision alone, for whoever has kept the rest.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn revision(&self, cart: CartId) -> Reply<'_, Option<u64>>;

    /// Appends to a cart's record, if it is still at the revision that the append builds on and the request key is
    /// new there. A cart that is not there is at revision 0. The key is looked at first: what was answered stays answered,
    /// whatever was appended since, and whatever the second request asks for. The last activity is what the last append
    /// says, also if that is earlier than what the one before said.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] and [`StoreError::Full`]: nothing happened. [`StoreError::TooLarge`]: see
    /// [`Append::within_limits`]. [`StoreError::Unknown`]: it may have happened.
    fn append(&self, append: Append) -> Reply<'_, Appended>;

    /// What a slot holds.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn slot(&self, slot: Slot) -> Reply<'_, Option<SlotValue>>;

    /// Sets a slot, or clears it, if it is as expected: `None` for empty, else the version read. A slot
    /// never has one version twice, also when it was cleared between, so a holder who lost it cannot take it for still
    /// their own.
    ///
    /// # Errors
    /// As with [`append`](Self::append); a value of more than [`limits::SLOT_BYTES`](holdall::limits::SLOT_BYTES) is
    /// [`StoreError::TooLarge`].
    fn compare_and_set(
        &self,
        slot: Slot,
        expected: Option<u64>,
        value: Option<Vec<u8>>,
    ) -> Reply<'_, SlotOutcome>;

    /// The carts of a class whose last activity is before a time, longest idle first and then by id,
    /// at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn idle(&self, class: Class, before_ms: u64, limit: usize) -> Reply<'_, Vec<Idle>>;

    /// The ids of all carts after one, in ascending order, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn carts(&self, after: Option<CartId>, limit: usize) -> Reply<'_, Vec<CartId>>;

    /// What was appended to a cart after a revision and is not folded, oldest first, at most `limit`. What came before it is
    /// the [`base`](Self::base_state).
    ///
    /// # Errors
    /// As with [`load`](Self::load).
    fn log(&self, cart: CartId, after: u64, limit: usize) -> Reply<'_, Vec<Logged>>;

    /// What a request key was used for in a cart, if it was.
    ///
    /// # Errors
    /// As with [`load`](Self::load).
    fn find_request(&self, cart: CartId, key: u128) -> Reply<'_, Option<Logged>> {
        Box::pin(async move {
            let mut after = 0;
            loop {
                let page = self.log(cart, after, LOG_PAGE).await?;
                let Some(last) = page.last() else { return Ok(None) };
                after = last.revision;
                let found = page.into_iter().find(|one| one.key.is_some_and(|k| k.key == key));
                if found.is_some() {
                    return Ok(found);
                }
            }
        })
    }

    /// What the folded part of a cart's log came to: the revision through which it was folded, and the
    /// state then. `None`: nothing was folded, the log begins at revision 1.
    ///
    /// # Errors
    /// As with [`load`](Self::load).
    fn base_state(&self, cart: CartId) -> Reply<'_, Option<(u64, Vec<u8>)>>;

    /// Lets go of a cart's log up to a revision, and of the request keys in it, and keeps what it came to. Says
    /// how many appends went: none, and nothing was changed, if that revision is after the cart's own or was folded
    /// before.
    ///
    /// # Errors
    /// As with [`append`](Self::append).
    fn compact(&self, fold: Compaction) -> Reply<'_, u64>;

    /// Removes a cart that is still at a revision, with everything of it, as if it had never been. Says whether it was.
    /// Slots are no part of a cart and stay.
    ///
    /// # Errors
    /// As with [`append`](Self::append).
    fn remove(&self, cart: CartId, revision: u64) -> Reply<'_, bool>;

    /// Erases a cart: header, snapshot, log, keys and journal go, and a marker without personal data stays as its
    /// base, at the next revision and in [`Class::Erased`]. A cart that is not there gets a marker too. Erasing again
    /// changes nothing.
    ///
    /// # Errors
    /// As with [`append`](Self::append).
    fn erase(&self, cart: CartId, marker: Vec<u8>, at_ms: u64) -> Reply<'_, Erased>;

    /// Has somebody hear of carts that other processes over the same store have changed, for as long as the store is open. A store may do so late, twice or
    /// not at all, and most have no other processes; who has to know looks at the [`revision`](Self::revision).
    fn listen(&self, hear: Hear) {
        let _ = hear;
    }

    /// A rendered view of a cart at exactly this revision, if a cache keeps views in front of the store and has this one. Whoever
    /// asks has just been told the [`revision`](Self::revision), so that what is shown is no older than that. Nothing that happens to the
    /// cache is an error.
    ///
    /// # Errors
    /// None of the cache's.
    fn view(&self, cart: CartId, revision: u64) -> Reply<'_, Option<Vec<u8>>> {
        let _ = (cart, revision);
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Gives a view of a cart at a revision to the cache, if there is one. It may keep it or not.
    ///
    /// # Errors
    /// As with [`revision`](Self::revision).
    fn keep_view(&self, cart: CartId, revision: u64, view: Vec<u8>) -> Reply<'_, ()> {
        let _ = (cart, revision, view);
        Box::pin(std::future::ready(Ok(())))
    }

    /// Waits until all that was taken in is durable, and takes in no more: every later call is
    /// [`StoreError::Closed`], a second `close` too.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn close(&self) -> Reply<'_, ()>;
}
