//! Carts at hand: read from the store once, and kept while they are in use.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;
use tokio::sync::OwnedMutexGuard;

use super::caller::{Caller, Principal};
use super::digest::Digest;
use super::ownership::{Owner, Ownership};
use super::record_state::state_of;
use super::settings::AuthoritySettings;
use super::snapshot::CartSnapshot;
use super::writer_id::{device_writer, server_writer};
use holdall::cart::{Body, Cart, EntryKind, EntryRef, List};
use holdall::clock::Time;
use holdall::id::{CartId, LineKey, ReplicaId};
use holdall::replica::Replica;
use holdall::sabotage;
use holdall::view::View;
use holdall_store::{Class, Loaded, StoreError};

/// A cart as the store has it, ready to be written to by this server.
#[derive(Debug)]
pub(super) struct LoadedCart {
    pub(super) revision: u64,
    pub(super) ownership: Ownership,
    pub(super) replica: Replica,
    /// Appends since the last snapshot.
    pub(super) tail: usize,
    incarnation: u128,
    /// What the cart showed when somebody looked last, and at which revision.
    viewed: Option<(u64, Arc<View>)>,
    /// The line of the last Add, if that view differs from the view before only in its rows.
    updated_line: Option<LineKey>,
    /// Who asked last, and the digest that stands for them here.
    asked: Option<(Principal, Digest)>,
    /// The device that wrote last, and its writer here.
    wrote: Option<(u128, ReplicaId)>,
}

impl LoadedCart {
    /// Makes a cart that is not in the store yet.
    pub(super) fn new(
        cart: CartId,
        owner: Ownership,
        incarnation: u128,
        set: &AuthoritySettings,
    ) -> Self {
        Self::of(Cart::new(cart), owner, incarnation, set)
    }

    /// Makes a cart of its record.
    pub(super) fn open(
        cart: CartId,
        record: &Loaded,
        incarnation: u128,
        set: &AuthoritySettings,
    ) -> Result<Self, StoreError> {
        let state = state_of(cart, record)?;
        // An erased cart has no header: it is nobody's.
        let ownership = if state.is_erased() {
            Ownership::of(Owner::Guest { tokens: Vec::new(), revoked: Vec::new() })
        } else {
            Ownership::decode(cart, &record.header)?
        };
        let (revision, tail) = (record.revision, record.tail.len());
        Ok(Self { revision, tail, ..Self::of(state, ownership, incarnation, set) })
    }

    fn of(state: Cart, ownership: Ownership, incarnation: u128, set: &AuthoritySettings) -> Self {
        Self {
            revision: 0,
            ownership,
            replica: server_replica(state, incarnation, set),
            tail: 0,
            incarnation,
            viewed: None,
            updated_line: None,
            asked: None,
            wrote: None,
        }
    }

    pub(super) const fn cart(&self) -> &Cart {
        self.replica.cart()
    }

    /// What the cart counts as for the sweeper.
    pub(super) fn class(&self) -> Class {
        let cart = self.cart();
        if cart.is_erased() {
            Class::Erased
        } else if cart.live().is_empty() {
            Class::Empty
        } else if cart.has(EntryKind::Expired) && !cart.has(EntryKind::Contribution) {
            Class::Expired
        } else if self.ownership.is_guest()
            && sabotage!("saved-lines-expire-early", !self.has_saved(), true)
        {
            Class::Guest
        } else {
            Class::Account
        }
    }

    fn has_saved(&self) -> bool {
        let may_save = |entry: EntryRef<'_>| match entry.body() {
            Body::Move { .. } => true,
            Body::Set(set) => set.list == List::Saved,
            _ => false,
        };
        // Most carts never saved anything, and need no reading.
        self.cart().live().refs().any(may_save) && !self.replica.view().saved.is_empty()
    }

    /// Returns what the cart shows now.
    pub(super) fn snapshot(&mut self) -> CartSnapshot {
        self.snapshot_after(None)
    }

    /// Returns what the cart shows now. `added` is the line of an Add that is all that has come
    /// since the revision before this one; then the view of that revision is brought up to date.
    pub(super) fn snapshot_after(&mut self, added: Option<&LineKey>) -> CartSnapshot {
        let revision = self.revision;
        let view = match self.viewed.take() {
            Some((at, view)) if sabotage!("kept-view-outlives-revision", at == revision, true) => {
                view
            }
            Some((at, mut view)) => {
                self.updated_line = added.filter(|line| self.update(at, &mut view, line)).cloned();
                if self.updated_line.is_none() {
                    view = Arc::new(self.replica.view());
                }
                view
            }
            None => {
                self.updated_line = None;
                Arc::new(self.replica.view())
            }
        };
        self.viewed = Some((revision, view.clone()));
        CartSnapshot { cart: self.cart().id(), incarnation: self.incarnation, revision, view }
    }

    /// Brings the view of a revision up to date with an Add to a line. Returns whether it could.
    fn update(&self, at: u64, view: &mut Arc<View>, line: &LineKey) -> bool {
        let is_before = sabotage!("add-is-shown-over-old-view", at + 1 == self.revision, true);
        // A reader who still has the view of that revision keeps it: then this one is a copy.
        is_before && self.replica.add_to_view(Arc::make_mut(view), line)
    }

    /// Returns the line of the last Add, if the last snapshot differs from that of the revision
    /// before only in the rows of this line.
    pub(super) const fn updated_line(&self) -> Option<&LineKey> {
        self.updated_line.as_ref()
    }

    /// Returns the digest that stands for a caller here. Most callers are who asked last.
    pub(super) fn digest_of(&mut self, caller: &Caller) -> Digest {
        if let Some((who, digest)) = &self.asked
            && *who == caller.principal
        {
            return *digest;
        }
        let digest = caller.digest(self.cart().id());
        self.asked = Some((caller.principal.clone(), digest));
        digest
    }

    /// The writer that stands for a device here.
    pub(super) fn device_writer(&mut self, incarnation: u128, device: u128) -> ReplicaId {
        if let Some((last, writer)) = self.wrote
            && last == device
        {
            return writer;
        }
        let writer = device_writer(self.cart().id(), incarnation, device);
        self.wrote = Some((device, writer));
        writer
    }
}

fn server_replica(state: Cart, incarnation: u128, set: &AuthoritySettings) -> Replica {
    Replica::resume(server_writer(state.id(), incarnation), Time::default(), state)
        .with_rules(set.rules.clone())
        .with_options(set.options)
}

/// The carts in memory, each behind a lock of its own, so a cart's commands take turns. Which carts
/// stay in memory is a matter of speed alone, since the store checks each append's condition.
#[derive(Debug)]
pub(super) struct CartCache {
    shards: Vec<Mutex<LruCache<CartId, CartPlace>>>,
}

/// Where a cart is while nobody writes to it. It is in a box, since every command takes it out and
/// puts it back.
type CartPlace = Arc<tokio::sync::Mutex<Option<Box<LoadedCart>>>>;

/// A cart's place, locked. It may be empty.
pub(super) type CartGuard = OwnedMutexGuard<Option<Box<LoadedCart>>>;

const SHARDS: usize = 16;

impl CartCache {
    pub(super) fn new(carts: usize) -> Self {
        let each = NonZeroUsize::new(carts.div_ceil(SHARDS)).unwrap_or(NonZeroUsize::MIN);
        let shard = || Mutex::new(LruCache::new(each));
        Self { shards: (0..SHARDS).map(|_| shard()).collect() }
    }

    /// Waits for a cart's turn, and locks its place.
    pub(super) async fn lock(&self, cart: CartId) -> CartGuard {
        self.place(cart).lock_owned().await
    }

    fn place(&self, cart: CartId) -> CartPlace {
        let shard = &self.shards[(cart.as_u128() % SHARDS as u128) as usize];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.get_or_insert(cart, Arc::default).clone()
    }
}
