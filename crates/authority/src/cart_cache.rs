//! Carts at hand: read from the store once, and kept while they are in use.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;
use tokio::sync::Mutex as Seat;

use super::caller::{Caller, Digest, Kind as Digested, Principal};
use super::ownership::Ownership;
use super::settings::Settings;
use super::written::Kept;
use holdall::cart::{Body, Cart, EntryKind, EntryRef, List};
use holdall::clock::Time;
use holdall::id::{CartId, ReplicaId};
use holdall::replica::Replica;
use holdall::sabotage;
use holdall::view::View;
use holdall::wire;
use holdall_store::{Class, Loaded, StoreError};

/// A cart as the store has it, ready to be written to by this server.
#[derive(Debug)]
pub(super) struct LoadedCart {
    pub(super) revision: u64,
    pub(super) header: Ownership,
    pub(super) replica: Replica,
    /// Appends since the last snapshot.
    pub(super) tail: usize,
    pub(super) kept: Option<Kept>,
    /// Who asked last, and the digest that stands for them here.
    asked: Option<(Principal, Digest)>,
    /// The device that wrote last, and its writer here.
    wrote: Option<(u128, ReplicaId)>,
}

impl LoadedCart {
    /// A cart that is not in the store yet.
    pub(super) fn new(cart: CartId, owner: Ownership, incarnation: u128, set: &Settings) -> Self {
        let replica = server_replica(Cart::new(cart), incarnation, set);
        Self { revision: 0, header: owner, replica, tail: 0, kept: None, asked: None, wrote: None }
    }

    pub(super) fn open(
        cart: CartId,
        loaded: &Loaded,
        incarnation: u128,
        set: &Settings,
    ) -> Result<Self, StoreError> {
        let state = state_of(cart, loaded)?;
        // An erased cart has no header: it is nobody's.
        let header = if state.is_erased() {
            Ownership::of(super::ownership::Owner::Guest {
                tokens: Vec::new(),
                revoked: Vec::new(),
            })
        } else {
            Ownership::decode(cart, &loaded.header)?
        };
        let replica = server_replica(state, incarnation, set);
        let tail = loaded.tail.len();
        let revision = loaded.revision;
        Ok(Self { revision, header, replica, tail, kept: None, asked: None, wrote: None })
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
        } else if self.header.is_guest()
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

    pub(super) fn view(&self) -> View {
        self.replica.view()
    }

    /// The digest that stands for a caller here. Mostly it is who asked last.
    pub(super) fn principal(&mut self, caller: &Caller) -> Digest {
        if let Some((who, digest)) = &self.asked
            && *who == caller.principal
        {
            return *digest;
        }
        let digest = caller.principal(self.cart().id());
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

/// The state in a record.
pub(super) fn state_of(cart: CartId, loaded: &Loaded) -> Result<Cart, StoreError> {
    let mut state = match &loaded.snapshot {
        Some(bytes) => decoded(cart, bytes)?,
        None => Cart::new(cart),
    };
    for bytes in &loaded.tail {
        join(&mut state, bytes)?;
    }
    Ok(state)
}

/// A state from a store.
pub(super) fn decoded(cart: CartId, bytes: &[u8]) -> Result<Cart, StoreError> {
    let state = wire::decode_cart(bytes)
        .map_err(|error| StoreError::Damaged { cart, what: format!("state: {error}") })?;
    if state.id() == cart {
        return Ok(state);
    }
    Err(StoreError::Damaged { cart, what: format!("the state of cart {} is there", state.id()) })
}

/// Joins a delta from a store.
pub(super) fn join(state: &mut Cart, bytes: &[u8]) -> Result<(), StoreError> {
    let cart = state.id();
    let damaged = |what: String| StoreError::Damaged { cart, what };
    let delta = wire::decode_delta(bytes).map_err(|error| damaged(format!("a delta: {error}")))?;
    state.join(&delta).map(|_| ()).map_err(|error| damaged(format!("a delta: {error}")))
}

static SERVER: Digested = Digested::new("holdall server writer v1");
static DEVICE: Digested = Digested::new("holdall device writer v1");

/// This store's writer in a cart. Who writes is decided by the store's condition on revisions, so
/// all processes over one store write as one; a store made anew has another incarnation, and so
/// other writers.
pub(super) fn server_writer(cart: CartId, incarnation: u128) -> ReplicaId {
    let parts = [incarnation.to_be_bytes(), cart.as_u128().to_be_bytes()];
    ReplicaId::from_u128(Digest::of(&SERVER, &[&parts[0], &parts[1]]).first())
}

/// The writer that stands for a device of a plain client. Its actions are written by this server, in the device's order.
pub(super) fn device_writer(cart: CartId, incarnation: u128, device: u128) -> ReplicaId {
    let parts = [incarnation, cart.as_u128(), device].map(u128::to_be_bytes);
    let parts = [&parts[0][..], &parts[1], &parts[2]];
    ReplicaId::from_u128(Digest::of(&DEVICE, &parts).first())
}

fn server_replica(state: Cart, incarnation: u128, set: &Settings) -> Replica {
    Replica::resume(server_writer(state.id(), incarnation), Time::default(), state)
        .with_rules(set.rules.clone())
        .with_options(set.options)
}

/// The carts at hand, each behind a lock of its own: a cart's commands take turns. Which of them
/// stay is a matter of speed alone, since the store holds to its conditions.
#[derive(Debug)]
pub(super) struct CartCache {
    shards: Vec<Mutex<LruCache<CartId, Place>>>,
}

/// Where a cart is while it is at hand, and nobody writes to it. In a box: it is taken out and put back by every command.
type Place = Arc<Seat<Option<Box<LoadedCart>>>>;

const SHARDS: usize = 16;

impl CartCache {
    pub(super) fn new(carts: usize) -> Self {
        let each = NonZeroUsize::new(carts.div_ceil(SHARDS)).unwrap_or(NonZeroUsize::MIN);
        let shard = || Mutex::new(LruCache::new(each));
        Self { shards: (0..SHARDS).map(|_| shard()).collect() }
    }

    /// A cart's place. It may be empty.
    pub(super) fn seat(&self, cart: CartId) -> Place {
        let shard = &self.shards[(cart.as_u128() % SHARDS as u128) as usize];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.get_or_insert(cart, Arc::default).clone()
    }
}
