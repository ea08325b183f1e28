//! A view cache in memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{CacheReply, ViewCache, ViewKey};
use holdall::id::CartId;

/// The view that is kept of a cart of a store, by the store's number and the cart.
type Views = HashMap<(u128, CartId), (ViewKey, Vec<u8>)>;

/// A view cache that keeps everything, for tests: the shortest implementation of the contract.
#[derive(Debug, Default)]
pub struct MemoryViewCache {
    views: Mutex<Views>,
}

impl MemoryViewCache {
    fn views(&self) -> MutexGuard<'_, Views> {
        // No call leaves the map half changed.
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how many views it keeps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.views().len()
    }

    /// Returns whether it keeps no view.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.views().is_empty()
    }
}

impl ViewCache for MemoryViewCache {
    fn get(&self, key: ViewKey) -> CacheReply<'_, Option<Vec<u8>>> {
        let views = self.views();
        let kept = views.get(&(key.incarnation, key.cart)).filter(|(of, _)| *of == key);
        let view = kept.map(|(_, view)| view.clone());
        Box::pin(std::future::ready(view))
    }

    fn put(&self, key: ViewKey, view: Vec<u8>) -> CacheReply<'_, bool> {
        self.views().insert((key.incarnation, key.cart), (key, view));
        Box::pin(std::future::ready(true))
    }

    fn forget(&self, incarnation: u128, cart: CartId) -> CacheReply<'_, ()> {
        self.views().remove(&(incarnation, cart));
        Box::pin(std::future::ready(()))
    }
}
