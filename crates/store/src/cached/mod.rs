//! Rendered views in Redis, in front of any store.
//!
//! ```no_run
//! use holdall_store::{Cached, CachedOptions, MemoryStore, Store, cached::redis};
//! # async fn read(cart: holdall::CartId) -> Result<(), Box<dyn std::error::Error>> {
//! # let render = |_: &dyn Store| b"a page".to_vec();
//! let redis = redis::Client::open("redis://cache.internal/0")?;
//! let store = Cached::new(MemoryStore::new(7), redis, CachedOptions::default());
//!
//! let Some(revision) = store.revision(cart).await? else { return Ok(()) };
//! let page = match store.view(cart, revision).await? {
//!     Some(page) => page,
//!     None => {
//!         let page = render(&store);
//!         store.keep_view(cart, revision, page.clone()).await?;
//!         page
//!     }
//! };
//! # let _ = page;
//! # Ok(())
//! # }
//! ```
//!
//! The cache is disposable. It may be evicted, flushed, killed or fed with nonsense at any moment, and nothing happens but
//! that a read is slower. All other calls go to the store, which alone is asked what is true:
//!
//! - A reader first asks the store for the cart's revision, then the cache for the view of exactly that revision. So an old view is
//!   never shown, whoever failed to delete it; nothing needs to be invalidated when a cart is appended to.
//! - What comes back is a view only if it names this store's incarnation, this cart and this revision, and its checksum is right.
//! - A Redis that does not answer within a few milliseconds, or fails, is left alone for a while ([`CachedOptions::pause`]); reads go
//!   without it meanwhile, and one task tries to connect again.
//! - A view is kept for a limited time ([`CachedOptions::keep`]), from when it was rendered.
//!
//! There is one view for a cart. Who renders in several languages keeps what these have in common.
//!
//! # Erasure
//!
//! An erased cart is at another revision, so a view from before is not shown. It is also deleted: [`Store::erase`]
//! waits for Redis to say so, connecting anew if it has to. If Redis cannot be reached, the erasure is done nevertheless, since the store has
//! done it; the deletion is owed ([`CacheCounts::owed`]) and paid with the next connection. If the process ends before that, the
//! time to keep a view ends it, which Redis counts also while nobody is connected. A view that is rendered while its
//! cart is being erased is deleted by whoever keeps it, who looks at the revision once more.
//!
//! A Redis that writes to disk (`appendonly`, `save`) has the view there until it writes that file anew. The
//! cache needs neither; turn them off.
//!
//! # Removal
//!
//! A cart that was [removed](Store::remove) and is then written again counts its revisions from 1, as if it had never been. Its former
//! view is deleted with it, under the same care as in an erasure. Only if that failed, and the process then ended, and the
//! cart came to the very revision it was removed at, all within the time to keep a view, could the former view be shown.
//!
//! # Connections
//!
//! Its calls are to be made within a `tokio` runtime. One connection carries all commands. TLS and clusters are features of the
//! `redis` crate; this crate turns none of them on.

mod counts;
mod entry;
mod line;
mod options;

use std::sync::Arc;

pub use counts::CacheCounts;
pub use options::CachedOptions;
/// The client library, of the version that is used here.
pub use redis;

use super::{
    Append, Appended, Class, Compaction, Erased, Hear, Idle, Loaded, Logged, Reply, Slot,
    SlotOutcome, SlotValue, Store, StoreError,
};
use counts::one_more;
use entry::{Found, Name};
use holdall::id::CartId;
use holdall::limits;
use line::{Key, Line};

/// A store with rendered views in Redis in front of it. See the [module](self).
#[derive(Debug)]
pub struct Cached<S> {
    store: S,
    line: Arc<Line>,
}

impl<S: Store> Cached<S> {
    /// A cache in front of a store. It connects when it is first asked.
    #[must_use]
    pub fn new(store: S, client: redis::Client, options: CachedOptions) -> Self {
        Self { store, line: Line::new(client, options) }
    }

    /// The store behind it.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// What the cache has done so far.
    #[must_use]
    pub fn counts(&self) -> CacheCounts {
        self.line.counters.read(self.line.owed_keys())
    }

    /// Carts of two stores, or of one store and its restored backup, are apart by the incarnation.
    fn key(&self, cart: CartId) -> Key {
        let (space, incarnation) = (&self.line.options.space, self.store.incarnation());
        format!("{space}:{incarnation:032x}:{:032x}", cart.as_u128())
    }

    fn name(&self, cart: CartId, revision: u64) -> Name {
        Name { incarnation: self.store.incarnation(), cart, revision }
    }

    async fn look(&self, cart: CartId, revision: u64) -> Option<Vec<u8>> {
        let (key, counters) = (self.key(cart), &self.line.counters);
        if self.line.owes(&key) {
            one_more(&counters.skipped);
            return None;
        }
        let mut get = redis::cmd("GET");
        get.arg(key);
        let Some(bytes) = self.line.ask::<Option<Vec<u8>>>(&get).await? else {
            one_more(&counters.misses);
            return None;
        };
        match entry::open(&self.name(cart, revision), bytes) {
            Found::View(view) => {
                one_more(&counters.hits);
                return Some(view);
            }
            Found::Other => one_more(&counters.stale),
            Found::Damaged => one_more(&counters.damaged),
        }
        None
    }

    async fn keep(&self, cart: CartId, revision: u64, view: Vec<u8>) -> Result<(), StoreError> {
        if view.len() > limits::CACHE_VIEW_BYTES {
            return Ok(());
        }
        let key = self.key(cart);
        let mut set = redis::cmd("SET");
        set.arg(&key).arg(entry::seal(&self.name(cart, revision), &view));
        set.arg("PX")
            .arg(u64::try_from(self.line.options.keep.as_millis()).unwrap_or(u64::MAX).max(1));
        if self.line.ask::<()>(&set).await.is_none() {
            return Ok(());
        }
        one_more(&self.line.counters.kept);
        // Whoever erased or removed the cart meanwhile may have deleted the view before it was kept.
        if self.store.revision(cart).await? != Some(revision) {
            let mut delete = redis::cmd("DEL");
            delete.arg(&key);
            let _: Option<u64> = self.line.ask(&delete).await;
        }
        Ok(())
    }
}

impl<S: Store> Store for Cached<S> {
    fn incarnation(&self) -> u128 {
        self.store.incarnation()
    }

    fn is_durable(&self) -> bool {
        self.store.is_durable()
    }

    fn load(&self, cart: CartId) -> Reply<'_, Option<Loaded>> {
        self.store.load(cart)
    }

    fn revision(&self, cart: CartId) -> Reply<'_, Option<u64>> {
        self.store.revision(cart)
    }

    fn append(&self, append: Append) -> Reply<'_, Appended> {
        self.store.append(append)
    }

    fn slot(&self, slot: Slot) -> Reply<'_, Option<SlotValue>> {
        self.store.slot(slot)
    }

    fn compare_and_set(
        &self,
        slot: Slot,
        expected: Option<u64>,
        value: Option<Vec<u8>>,
    ) -> Reply<'_, SlotOutcome> {
        self.store.compare_and_set(slot, expected, value)
    }

    fn idle(&self, class: Class, before_ms: u64, limit: usize) -> Reply<'_, Vec<Idle>> {
        self.store.idle(class, before_ms, limit)
    }

    fn carts(&self, after: Option<CartId>, limit: usize) -> Reply<'_, Vec<CartId>> {
        self.store.carts(after, limit)
    }

    fn log(&self, cart: CartId, after: u64, limit: usize) -> Reply<'_, Vec<Logged>> {
        self.store.log(cart, after, limit)
    }

    fn find_request(&self, cart: CartId, key: u128) -> Reply<'_, Option<Logged>> {
        self.store.find_request(cart, key)
    }

    fn base_state(&self, cart: CartId) -> Reply<'_, Option<(u64, Vec<u8>)>> {
        self.store.base_state(cart)
    }

    fn compact(&self, fold: Compaction) -> Reply<'_, u64> {
        self.store.compact(fold)
    }

    fn remove(&self, cart: CartId, revision: u64) -> Reply<'_, bool> {
        Box::pin(async move {
            let removed = self.store.remove(cart, revision).await?;
            if removed {
                self.line.forget(self.key(cart)).await;
            }
            Ok(removed)
        })
    }

    fn erase(&self, cart: CartId, marker: Vec<u8>, at_ms: u64) -> Reply<'_, Erased> {
        Box::pin(async move {
            let erased = self.store.erase(cart, marker, at_ms).await?;
            self.line.forget(self.key(cart)).await;
            Ok(erased)
        })
    }

    fn view(&self, cart: CartId, revision: u64) -> Reply<'_, Option<Vec<u8>>> {
        Box::pin(async move { Ok(self.look(cart, revision).await) })
    }

    fn listen(&self, hear: Hear) {
        self.store.listen(hear);
    }

    fn keep_view(&self, cart: CartId, revision: u64, view: Vec<u8>) -> Reply<'_, ()> {
        Box::pin(self.keep(cart, revision, view))
    }

    fn close(&self) -> Reply<'_, ()> {
        Box::pin(async move {
            let closed = self.store.close().await;
            self.line.close();
            closed
        })
    }
}
