//! The contract of a cache of rendered views.

use std::future::Future;
use std::pin::Pin;

use holdall::id::CartId;

/// The future of a cache's result. A cache has no errors: what fails is not there.
pub type CacheReply<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The name of a cached view: which cart of which store, at which revision.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ViewKey {
    /// The [incarnation](crate::Store::incarnation) of the store. It keeps two stores apart, and a
    /// store from its restored backup.
    pub incarnation: u128,
    /// The cart.
    pub cart: CartId,
    /// The revision that the view shows.
    pub revision: u64,
}

/// A cache of rendered views beside a store. It may lose anything at any moment; a reader then
/// renders again.
///
/// A cache is not asked what is true. The caller first asks the store for the cart's revision, and
/// then the cache for the view of exactly that revision. [`ViewKeeper`](crate::ViewKeeper) does so.
///
/// No method reports a failure, and none may wait longer than a reader would wait without a cache,
/// except [`forget`](Self::forget).
pub trait ViewCache: Send + Sync + std::fmt::Debug + 'static {
    /// Returns the view that was put under exactly this key, byte for byte, or `None`.
    ///
    /// Atomic: a view is returned whole or not at all.
    fn get(&self, key: ViewKey) -> CacheReply<'_, Option<Vec<u8>>>;

    /// Puts a view under a key. It may replace the view of another revision of the cart. Returns
    /// whether the cache took it; then the caller has to look whether the cart was erased meanwhile.
    ///
    /// Atomic: a concurrent [`get`](Self::get) sees the view before, the view after, or none.
    fn put(&self, key: ViewKey, view: Vec<u8>) -> CacheReply<'_, bool>;

    /// Deletes all views of a cart of a store. When the future is ready, the views are deleted, or
    /// the cache has noted the deletion and carries it out as soon as it can.
    fn forget(&self, incarnation: u128, cart: CartId) -> CacheReply<'_, ()>;

    /// Ends its work. Later calls find nothing and keep nothing.
    fn close(&self) {}
}

/// The cache of a deployment that has none: it keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoViewCache;

impl ViewCache for NoViewCache {
    fn get(&self, _: ViewKey) -> CacheReply<'_, Option<Vec<u8>>> {
        Box::pin(std::future::ready(None))
    }

    fn put(&self, _: ViewKey, _: Vec<u8>) -> CacheReply<'_, bool> {
        Box::pin(std::future::ready(false))
    }

    fn forget(&self, _: u128, _: CartId) -> CacheReply<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
