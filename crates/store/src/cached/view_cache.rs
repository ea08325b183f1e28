//! The cache: entries in, entries out, over the line to Redis.

use std::sync::Arc;

use super::counts::{CacheCounts, one_more};
use super::entry::{self, Found};
use super::line::{Key, Line};
use super::options::RedisViewOptions;
use crate::{CacheReply, ViewCache, ViewKey};
use holdall::id::CartId;
use holdall::limits;

/// A cache of rendered views in Redis. The [module's page](super) says what it promises.
#[derive(Debug)]
pub struct RedisViewCache {
    line: Arc<Line>,
}

impl RedisViewCache {
    /// Makes a cache. It connects when it is first asked.
    #[must_use]
    pub fn new(client: redis::Client, options: RedisViewOptions) -> Self {
        Self { line: Line::new(client, options) }
    }

    /// Returns how often what has happened since the cache was made.
    #[must_use]
    pub fn counts(&self) -> CacheCounts {
        self.line.counters.read(self.line.owed_keys())
    }

    /// Returns the key of Redis for a cart's view. The incarnation keeps two stores apart, and a store
    /// from its restored backup.
    fn key(&self, incarnation: u128, cart: CartId) -> Key {
        let space = &self.line.options.space;
        format!("{space}:{incarnation:032x}:{:032x}", cart.as_u128())
    }

    async fn look(&self, name: ViewKey) -> Option<Vec<u8>> {
        let (key, counters) = (self.key(name.incarnation, name.cart), &self.line.counters);
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
        match entry::open(&name, bytes) {
            Found::View(view) => {
                one_more(&counters.hits);
                return Some(view);
            }
            Found::Other => one_more(&counters.stale),
            Found::Damaged => one_more(&counters.damaged),
        }
        None
    }

    async fn keep(&self, name: ViewKey, view: Vec<u8>) -> bool {
        if view.len() > limits::CACHE_VIEW_BYTES {
            return false;
        }
        let keep_ms = self.line.options.keep.as_millis();
        let mut set = redis::cmd("SET");
        set.arg(self.key(name.incarnation, name.cart)).arg(entry::seal(&name, &view));
        set.arg("PX").arg(u64::try_from(keep_ms).unwrap_or(u64::MAX).max(1));
        let taken = self.line.ask::<()>(&set).await.is_some();
        if taken {
            one_more(&self.line.counters.kept);
        }
        taken
    }
}

impl ViewCache for RedisViewCache {
    fn get(&self, key: ViewKey) -> CacheReply<'_, Option<Vec<u8>>> {
        Box::pin(self.look(key))
    }

    fn put(&self, key: ViewKey, view: Vec<u8>) -> CacheReply<'_, bool> {
        Box::pin(self.keep(key, view))
    }

    fn forget(&self, incarnation: u128, cart: CartId) -> CacheReply<'_, ()> {
        let key = self.key(incarnation, cart);
        Box::pin(async move { self.line.forget(key).await })
    }

    fn close(&self) {
        self.line.close();
    }
}
