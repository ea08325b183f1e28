//! Rendered views of a store's carts, in a cache beside it.

use std::sync::Arc;

use crate::{Erased, Store, StoreError, ViewCache, ViewKey};
use holdall::id::CartId;

/// Keeps the views of a store's carts in a cache, and deletes them with their carts.
///
/// It joins two ports that do not know each other: the [`Store`], which alone says what is true, and
/// the [`ViewCache`], which may be wrong about everything. Carts are erased and removed through it,
/// so that no view outlives its cart.
///
/// ```
/// # use std::sync::Arc;
/// use holdall_store::{Append, Class, MemoryStore, NoViewCache, Store, ViewKeeper};
/// # futures_lite::future::block_on(async {
/// let store = Arc::new(MemoryStore::new(7));
/// let views = ViewKeeper::new(store.clone(), Arc::new(NoViewCache));
/// # let cart = holdall::CartId::from_u128(1);
/// # let _ = store.append(Append::new(cart, 0, 1, Class::Guest)).await?;
/// // A read: first the revision, then the view of exactly that revision.
/// let Some(revision) = store.revision(cart).await? else { return Ok(()) };
/// let page = match views.get(cart, revision).await {
///     Some(page) => page,
///     None => {
///         let page = b"<p>a cart</p>".to_vec();
///         views.put(cart, revision, page.clone()).await?;
///         page
///     }
/// };
/// # assert_eq!(page, b"<p>a cart</p>");
/// # Ok::<(), holdall_store::StoreError>(())
/// # })?;
/// # Ok::<(), holdall_store::StoreError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ViewKeeper {
    store: Arc<dyn Store>,
    cache: Arc<dyn ViewCache>,
}

impl ViewKeeper {
    /// Keeps views of this store's carts in this cache.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, cache: Arc<dyn ViewCache>) -> Self {
        Self { store, cache }
    }

    fn key(&self, cart: CartId, revision: u64) -> ViewKey {
        ViewKey { incarnation: self.store.incarnation(), cart, revision }
    }

    /// Returns the cached view of a cart at a revision, if the cache has it. Pass the revision that
    /// the store has just returned, so that what is shown is no older than that.
    pub async fn get(&self, cart: CartId, revision: u64) -> Option<Vec<u8>> {
        self.cache.get(self.key(cart, revision)).await
    }

    /// Puts a cart's view at a revision into the cache, which may keep it or not.
    ///
    /// # Errors
    /// As with [`Store::revision`].
    pub async fn put(&self, cart: CartId, revision: u64, view: Vec<u8>) -> Result<(), StoreError> {
        let taken = self.cache.put(self.key(cart, revision), view).await;
        // An erasure or a removal may have deleted the view before it was put.
        if taken && self.store.revision(cart).await? != Some(revision) {
            self.cache.forget(self.store.incarnation(), cart).await;
        }
        Ok(())
    }

    /// Erases a cart, as [`Store::erase`] does, and deletes its views.
    ///
    /// # Errors
    /// Those of [`Store::erase`]. A cache that cannot be reached is no error.
    pub async fn erase(
        &self,
        cart: CartId,
        marker: Vec<u8>,
        at_ms: u64,
    ) -> Result<Erased, StoreError> {
        let erased = self.store.erase(cart, marker, at_ms).await?;
        self.cache.forget(self.store.incarnation(), cart).await;
        Ok(erased)
    }

    /// Removes a cart that is still at a revision, as [`Store::remove`] does, and deletes its views.
    /// Returns whether it was removed.
    ///
    /// # Errors
    /// Those of [`Store::remove`]. A cache that cannot be reached is no error.
    pub async fn remove(&self, cart: CartId, revision: u64) -> Result<bool, StoreError> {
        let removed = self.store.remove(cart, revision).await?;
        if removed {
            self.cache.forget(self.store.incarnation(), cart).await;
        }
        Ok(removed)
    }

    /// Ends the cache's work. The store stays open.
    pub fn close(&self) {
        self.cache.close();
    }
}
