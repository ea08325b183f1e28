//! What a change feed must keep.

use std::sync::{Arc, Mutex, PoisonError};

use crate::ChangeFeed;
use holdall::id::CartId;

/// Holds a change feed to its contract within this process.
///
/// It asks that each subscriber hears of a change before `publish` returns, of the cart that was
/// published, and from its subscription on. Changes of other carts, from elsewhere, are ignored.
///
/// # Panics
/// If the feed breaks its contract, with a sentence that says what was seen.
pub fn certify_change_feed(feed: &dyn ChangeFeed) {
    let carts = [1, 2, 3].map(|number| CartId::from_u128(0xfeed << 64 | number));
    let heard: Arc<Mutex<Vec<(usize, CartId)>>> = Arc::default();
    for (name, cart) in carts.into_iter().enumerate() {
        let list = heard.clone();
        feed.subscribe(Arc::new(move |cart| {
            if carts.contains(&cart) {
                list.lock().unwrap_or_else(PoisonError::into_inner).push((name, cart));
            }
        }));
        feed.publish(cart);
        let mut list = heard.lock().unwrap_or_else(PoisonError::into_inner);
        for subscriber in 0..=name {
            assert!(list.contains(&(subscriber, cart)), "a subscriber did not hear of a change");
        }
        assert!(list.iter().all(|(_, of)| *of == cart), "a change of a cart that did not change");
        list.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChangeListener, LocalFeed};

    #[test]
    fn the_feed_of_one_process_keeps_the_contract() {
        certify_change_feed(&LocalFeed::default());
    }

    /// A feed that tells its first subscriber alone.
    #[derive(Debug, Default)]
    struct FirstAlone(LocalFeed, Mutex<bool>);

    impl ChangeFeed for FirstAlone {
        fn publish(&self, cart: CartId) {
            self.0.publish(cart);
        }

        fn subscribe(&self, listener: ChangeListener) {
            let mut has_one = self.1.lock().expect("a flag");
            if !std::mem::replace(&mut *has_one, true) {
                self.0.subscribe(listener);
            }
        }
    }

    #[test]
    #[should_panic(expected = "did not hear")]
    fn a_flaw_is_caught() {
        certify_change_feed(&FirstAlone::default());
    }
}
