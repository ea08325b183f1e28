//! What a view cache must keep.

use crate::{ViewCache, ViewKey};
use holdall::id::CartId;

const KEY: ViewKey =
    ViewKey { incarnation: 0xca5e << 64, cart: CartId::from_u128(0xca5e), revision: 7 };

/// Holds a view cache to its contract. Run it on a cache that nobody else uses.
///
/// It asks that a view is returned under its own key alone, whole, and not after its cart was
/// forgotten. A cache may lose views, so a view that is not found breaks nothing.
///
/// # Panics
/// If the cache breaks its contract, with a sentence that says what was seen.
pub async fn certify_view_cache(cache: &dyn ViewCache) {
    let other_store = ViewKey { incarnation: KEY.incarnation + 1, ..KEY };
    let other_cart = ViewKey { cart: CartId::from_u128(0xca5f), ..KEY };
    let other_revision = ViewKey { revision: KEY.revision + 1, ..KEY };
    assert_eq!(cache.get(KEY).await, None, "a view that nobody put");
    for view in [&b"one"[..], b"", &[0xff; 70_000]] {
        let taken = cache.put(KEY, view.to_vec()).await;
        for key in [other_store, other_cart, other_revision] {
            assert_eq!(cache.get(key).await, None, "a view under another key: {key:?}");
        }
        let found = cache.get(KEY).await;
        assert!(!taken || found.is_none_or(|found| found == view), "another view than was put");
    }
    // Another cart's view stays or goes; this cart's goes.
    cache.put(other_cart, b"other".to_vec()).await;
    cache.forget(KEY.incarnation, KEY.cart).await;
    assert_eq!(cache.get(KEY).await, None, "a view of a forgotten cart");
    let other = cache.get(other_cart).await;
    assert!(other.is_none_or(|found| found == b"other"), "another view than was put");
    cache.forget(KEY.incarnation, other_cart.cart).await;
}

#[cfg(test)]
mod tests {
    use super::super::MemoryViewCache;
    use super::*;
    use crate::{CacheReply, NoViewCache};
    use futures_lite::future::block_on;

    #[test]
    fn caches_of_this_crate_keep_the_contract() {
        block_on(certify_view_cache(&NoViewCache));
        let cache = MemoryViewCache::default();
        block_on(certify_view_cache(&cache));
        assert!(cache.is_empty());
    }

    /// A cache with one flaw.
    #[derive(Debug)]
    struct Flawed {
        inner: MemoryViewCache,
        ignores_revision: bool,
    }

    impl ViewCache for Flawed {
        fn get(&self, key: ViewKey) -> CacheReply<'_, Option<Vec<u8>>> {
            let revision = if self.ignores_revision { 0 } else { key.revision };
            self.inner.get(ViewKey { revision, ..key })
        }

        fn put(&self, key: ViewKey, view: Vec<u8>) -> CacheReply<'_, bool> {
            let revision = if self.ignores_revision { 0 } else { key.revision };
            self.inner.put(ViewKey { revision, ..key }, view)
        }

        fn forget(&self, incarnation: u128, cart: CartId) -> CacheReply<'_, ()> {
            if self.ignores_revision {
                self.inner.forget(incarnation, cart)
            } else {
                Box::pin(std::future::ready(()))
            }
        }
    }

    #[test]
    fn a_flaw_is_caught() {
        for ignores_revision in [true, false] {
            let flawed = Flawed { inner: MemoryViewCache::default(), ignores_revision };
            let asked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                block_on(certify_view_cache(&flawed));
            }));
            assert!(asked.is_err(), "ignores_revision: {ignores_revision}");
        }
    }
}
