//! A store in which something happens between two of its caller's steps: right after a sweeper has
//! asked who is idle.

use std::fmt;
use std::sync::{Arc, Mutex};

use holdall::CartId;
use holdall::store::{
    Append, Appended, Class, Erased, Fold, Held, Idle, Loaded, Logged, MemoryStore, Reply, Slot,
    Store, Swapped,
};

type Happens = Box<dyn FnOnce() + Send>;

pub(super) struct AfterIdle {
    store: Arc<MemoryStore>,
    happens: Mutex<Option<Happens>>,
}

impl AfterIdle {
    pub(super) fn new(store: Arc<MemoryStore>, happens: impl FnOnce() + Send + 'static) -> Self {
        Self { store, happens: Mutex::new(Some(Box::new(happens))) }
    }
}

impl fmt::Debug for AfterIdle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AfterIdle")
    }
}

impl Store for AfterIdle {
    fn incarnation(&self) -> u128 {
        self.store.incarnation()
    }

    fn is_durable(&self) -> bool {
        self.store.is_durable()
    }

    fn load(&self, cart: CartId) -> Reply<'_, Option<Loaded>> {
        self.store.load(cart)
    }

    fn revision(&self, cart: CartId) -> Reply<'_, Option<u64>> {
        self.store.revision(cart)
    }

    fn append(&self, append: Append) -> Reply<'_, Appended> {
        self.store.append(append)
    }

    fn slot(&self, slot: Slot) -> Reply<'_, Option<Held>> {
        self.store.slot(slot)
    }

    fn swap(&self, slot: Slot, at: Option<u64>, value: Option<Vec<u8>>) -> Reply<'_, Swapped> {
        self.store.swap(slot, at, value)
    }

    fn idle(&self, class: Class, before_ms: u64, limit: usize) -> Reply<'_, Vec<Idle>> {
        Box::pin(async move {
            let found = self.store.idle(class, before_ms, limit).await;
            let happens = (class == Class::Guest)
                .then(|| self.happens.lock().expect("no panic").take())
                .flatten();
            if let Some(happens) = happens {
                happens();
            }
            found
        })
    }

    fn carts(&self, after: Option<CartId>, limit: usize) -> Reply<'_, Vec<CartId>> {
        self.store.carts(after, limit)
    }

    fn log(&self, cart: CartId, after: u64, limit: usize) -> Reply<'_, Vec<Logged>> {
        self.store.log(cart, after, limit)
    }

    fn base(&self, cart: CartId) -> Reply<'_, Option<(u64, Vec<u8>)>> {
        self.store.base(cart)
    }

    fn fold(&self, fold: Fold) -> Reply<'_, u64> {
        self.store.fold(fold)
    }

    fn remove(&self, cart: CartId, revision: u64) -> Reply<'_, bool> {
        self.store.remove(cart, revision)
    }

    fn erase(&self, cart: CartId, marker: Vec<u8>, at_ms: u64) -> Reply<'_, Erased> {
        self.store.erase(cart, marker, at_ms)
    }

    fn close(&self) -> Reply<'_, ()> {
        self.store.close()
    }
}
