//! The devices that watch a cart at the moment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tokio::sync::watch;

use holdall::id::CartId;

/// A device that watches a cart.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub(super) struct WatchingDevice {
    /// The number of the connection, unique in this process.
    pub(super) id: u64,
    /// The name that the device gave itself.
    pub(super) name: String,
    /// The start of the connection, in milliseconds since 1970.
    pub(super) since_ms: u64,
}

#[derive(Default)]
struct CartRooms {
    carts: HashMap<CartId, watch::Sender<Vec<WatchingDevice>>>,
    next: u64,
}

/// The devices that watch each cart through this process.
#[derive(Clone, Default)]
pub(super) struct Presence(Arc<Mutex<CartRooms>>);

/// A device's entry in the list of a cart. Dropping the entry removes the device.
pub(super) struct PresenceEntry {
    presence: Presence,
    cart: CartId,
    id: u64,
    pub(super) all: watch::Receiver<Vec<WatchingDevice>>,
}

impl Presence {
    /// Adds a device to the list of a cart. Returns `None` if `most` devices watch the cart
    /// already.
    pub(super) fn enter(
        &self,
        cart: CartId,
        name: String,
        since_ms: u64,
        most: usize,
    ) -> Option<PresenceEntry> {
        let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.next += 1;
        let id = rooms.next;
        let sender = rooms.carts.entry(cart).or_insert_with(|| watch::Sender::new(Vec::new()));
        if sender.borrow().len() >= most {
            return None;
        }
        let mut all = sender.subscribe();
        sender.send_modify(|present| present.push(WatchingDevice { id, name, since_ms }));
        all.mark_changed();
        Some(PresenceEntry { presence: self.clone(), cart, id, all })
    }
}

impl Drop for PresenceEntry {
    fn drop(&mut self) {
        let mut rooms = self.presence.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = rooms.carts.get(&self.cart) else { return };
        sender.send_modify(|present| present.retain(|one| one.id != self.id));
        let empty = sender.borrow().is_empty();
        if empty {
            rooms.carts.remove(&self.cart);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_is_gone() {
        let (presence, cart) = (Presence::default(), CartId::from_u128(1));
        let phone = presence.enter(cart, "phone".to_owned(), 1, 2).expect("room");
        let laptop = presence.enter(cart, "laptop".to_owned(), 2, 2).expect("room");
        assert!(presence.enter(cart, "till".to_owned(), 3, 2).is_none());
        let names = |place: &PresenceEntry| {
            place.all.borrow().iter().map(|one| one.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(&phone), ["phone", "laptop"]);
        drop(laptop);
        assert_eq!(names(&phone), ["phone"]);
        drop(phone);
        assert!(presence.0.lock().expect("no panic").carts.is_empty());
    }
}
