//! The contract of a feed of changes, and the feed within one process.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use holdall::id::CartId;

/// A function that is called with each cart that has changed. It must return at once.
pub type ChangeListener = Arc<dyn Fn(CartId) + Send + Sync>;

/// A feed that tells which carts have changed. Whoever commits a change publishes it.
///
/// The feed says that a cart has changed, not what has changed: the listener reads the store. A feed
/// may deliver late, twice or not at all, except that subscribers of one feed value hear what is
/// published on it before [`publish`](Self::publish) returns. Whoever has to know asks the store for
/// the [`revision`](crate::Store::revision) now and then.
pub trait ChangeFeed: Send + Sync + fmt::Debug + 'static {
    /// Tells the subscribers of this feed, and those in other processes if the feed reaches them,
    /// that a cart has changed. Publish after the change is durable. It does not wait for anybody.
    fn publish(&self, cart: CartId);

    /// Calls `listener` for each change from now on, for as long as the feed exists.
    fn subscribe(&self, listener: ChangeListener);

    /// Ends the exchange with other processes.
    fn close(&self) {}
}

/// The feed within one process, for stores that one process has open: in memory, in a folder.
#[derive(Default)]
pub struct LocalFeed {
    listeners: RwLock<Vec<ChangeListener>>,
}

impl fmt::Debug for LocalFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listeners = self.listeners.read().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("LocalFeed").field("listeners", &listeners).finish()
    }
}

impl ChangeFeed for LocalFeed {
    fn publish(&self, cart: CartId) {
        let listeners = self.listeners.read().unwrap_or_else(PoisonError::into_inner);
        listeners.iter().for_each(|listener| listener(cart));
    }

    fn subscribe(&self, listener: ChangeListener) {
        self.listeners.write().unwrap_or_else(PoisonError::into_inner).push(listener);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn every_subscriber_hears_of_each_change_before_publish_returns() {
        let feed = LocalFeed::default();
        let heard: Arc<Mutex<Vec<(u8, CartId)>>> = Arc::default();
        for name in 0..2 {
            let heard = heard.clone();
            feed.subscribe(Arc::new(move |cart| heard.lock().expect("a list").push((name, cart))));
        }
        let cart = CartId::from_u128(7);
        feed.publish(cart);
        assert_eq!(*heard.lock().expect("a list"), [(0, cart), (1, cart)]);
    }
}
