//! Rendered views in Redis, beside any store.
//!
//! ```no_run
//! use std::sync::Arc;
//! use holdall_store::{MemoryStore, RedisViewCache, RedisViewOptions, Store, ViewKeeper, cached::redis};
//! # async fn read(cart: holdall::CartId) -> Result<(), Box<dyn std::error::Error>> {
//! # let render = |_: &dyn Store| b"a page".to_vec();
//! let redis = redis::Client::open("redis://cache.internal/0")?;
//! let cache = RedisViewCache::new(redis, RedisViewOptions::default());
//! let store = Arc::new(MemoryStore::new(7));
//! let views = ViewKeeper::new(store.clone(), Arc::new(cache));
//!
//! let Some(revision) = store.revision(cart).await? else { return Ok(()) };
//! let page = match views.get(cart, revision).await {
//!     Some(page) => page,
//!     None => {
//!         let page = render(&*store);
//!         views.put(cart, revision, page.clone()).await?;
//!         page
//!     }
//! };
//! # let _ = page;
//! # Ok(())
//! # }
//! ```
//!
//! The cache is disposable. It may be evicted, flushed, killed or fed with nonsense at any moment; a
//! read is then slower, and nothing else happens. The store alone is asked what is true:
//!
//! - A reader first asks the store for the cart's revision, then the cache for the view of exactly that
//!   revision. So an old view is never shown, whoever failed to delete it, and nothing is invalidated
//!   when a cart is appended to.
//! - Bytes from Redis are a view only if they name the store's incarnation, the cart and the revision
//!   that were asked for, and their checksum is right.
//! - A Redis that fails, or does not answer within a few milliseconds, is left alone for a while
//!   ([`RedisViewOptions::pause`]). Reads go without it meanwhile, and one task tries to connect again.
//! - A view is kept for a limited time ([`RedisViewOptions::keep`]) from when it was rendered.
//!
//! There is one view for a cart. Who renders in several languages keeps what these have in common.
//!
//! # Erasure
//!
//! An erased cart is at another revision, so a view from before is not shown. It is also deleted:
//! [`ViewKeeper::erase`](crate::ViewKeeper::erase) waits for Redis to confirm, connecting anew if it
//! has to. If Redis cannot be reached, the erasure is done nevertheless, since the store has done it;
//! the deletion is owed ([`CacheCounts::owed`]) and carried out with the next connection. If the process
//! ends before that, the time to keep a view ends it, which Redis counts also while nobody is
//! connected. A view that is rendered while its cart is being erased is deleted by
//! [`ViewKeeper::put`](crate::ViewKeeper::put), which asks for the revision once more.
//!
//! A Redis that writes to disk (`appendonly`, `save`) holds the view there until it rewrites that file.
//! The cache needs neither; turn them off.
//!
//! # Removal
//!
//! A cart that was [removed](crate::ViewKeeper::remove) and is then written again counts its revisions
//! from 1, as if it had never been. Its former view is deleted with it, under the same care as in an
//! erasure. Only if that failed, and the process then ended, and the cart came to the very revision it
//! was removed at, all within the time to keep a view, could the former view be shown.
//!
//! # Connections
//!
//! Its calls must be made within a `tokio` runtime. One connection carries all commands. TLS and
//! clusters are features of the `redis` crate; this crate turns none of them on.

mod counts;
mod entry;
mod line;
mod options;
mod view_cache;

pub use counts::CacheCounts;
pub use options::RedisViewOptions;
/// The client library, of the version that is used here.
pub use redis;
pub use view_cache::RedisViewCache;
