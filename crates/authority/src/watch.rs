//! Being told that a cart has changed, in this process or, if the store hears of it, in another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use holdall::id::CartId;
use holdall_store::ChangeListener;

/// Who waits for which cart.
#[derive(Debug, Clone, Default)]
pub(super) struct Watchers {
    carts: Arc<Mutex<HashMap<CartId, watch::Sender<()>>>>,
}

impl Watchers {
    /// Begins to watch a cart.
    pub(super) fn watch(&self, cart: CartId) -> Watch {
        let mut carts = self.carts.lock().unwrap_or_else(PoisonError::into_inner);
        let told = carts.entry(cart).or_insert_with(|| watch::Sender::new(())).subscribe();
        Watch { told, cart, watchers: self.clone() }
    }

    /// Returns a listener that tells whoever waits for a cart.
    pub(super) fn listener(&self) -> ChangeListener {
        let watchers = self.clone();
        Arc::new(move |cart| watchers.tell(cart))
    }

    /// Tells whoever waits for a cart.
    pub(super) fn tell(&self, cart: CartId) {
        let carts = self.carts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = carts.get(&cart) {
            sender.send_replace(());
        }
    }
}

/// A wait for the changes of one cart. Several changes may be told as one.
#[derive(Debug)]
pub struct Watch {
    told: watch::Receiver<()>,
    cart: CartId,
    watchers: Watchers,
}

impl Watch {
    /// Ends at the next change since the last call, or since the watch began. It may be dropped
    /// half way.
    pub async fn changed(&mut self) {
        // The sender lives as long as somebody watches.
        if self.told.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut carts = self.watchers.carts.lock().unwrap_or_else(PoisonError::into_inner);
        // This one is still counted.
        if carts.get(&self.cart).is_some_and(|sender| sender.receiver_count() <= 1) {
            carts.remove(&self.cart);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_gone_is_forgotten() {
        let (watchers, cart) = (Watchers::default(), CartId::from_u128(1));
        let (a, b) = (watchers.watch(cart), watchers.watch(cart));
        let waiting = || watchers.carts.lock().expect("no panic").len();
        drop(a);
        assert_eq!(waiting(), 1);
        drop(b);
        assert_eq!(waiting(), 0);
        watchers.tell(cart);
    }
}
