//! Access to a cart: from memory or from the store, for a caller who may.

use super::authority::Authority;
use super::caller::{Caller, Principal};
use super::cart_cache::{CartGuard, LoadedCart};
use super::claim::GuestClaim;
use super::digest::Digest;
use super::ownership::Ownership;
use super::refusal::Refusal;
use holdall::id::CartId;
use holdall::sabotage;
use holdall_store::Slot;

impl Authority {
    /// Reads a cart as the store has it now, for a caller who may see it.
    pub(super) async fn look<T>(
        &self,
        caller: &Caller,
        cart: CartId,
        read: impl FnOnce(&mut LoadedCart) -> T,
    ) -> Result<T, Refusal> {
        let mut guard = self.carts.lock(cart).await;
        if guard.is_some() {
            self.drop_stale(&mut guard, cart).await?;
        }
        let mut loaded = self.get_or_load(&mut guard, cart).await?;
        let admitted = self.admit(caller, &mut loaded).await;
        let value = admitted.map(|()| read(&mut loaded));
        *guard = Some(loaded);
        value
    }

    /// Drops a cart from memory that the store has at another revision: another process changed it.
    /// Returns the store's revision.
    pub(super) async fn drop_stale(
        &self,
        guard: &mut CartGuard,
        cart: CartId,
    ) -> Result<Option<u64>, Refusal> {
        let revision = self.store.revision(cart).await?;
        let is_stale = guard.as_ref().is_some_and(|loaded| Some(loaded.revision) != revision);
        if sabotage!("read-ignores-other-processes", is_stale, false) {
            **guard = None;
        }
        Ok(revision)
    }

    /// Reads a cart that was just written or answered about, for the server's own use.
    pub(super) async fn look_inside<T>(
        &self,
        cart: CartId,
        read: impl FnOnce(&LoadedCart) -> T,
    ) -> Result<T, Refusal> {
        let mut guard = self.carts.lock(cart).await;
        let loaded = self.get_or_load(&mut guard, cart).await?;
        let value = read(&loaded);
        *guard = Some(loaded);
        Ok(value)
    }

    /// Takes a cart from its place, or loads it. The place stays empty until the cart is put back,
    /// so after a future that was dropped half way the next command loads.
    pub(super) async fn get_or_load(
        &self,
        guard: &mut CartGuard,
        cart: CartId,
    ) -> Result<Box<LoadedCart>, Refusal> {
        match guard.take() {
            Some(loaded) => Ok(loaded),
            None => Box::pin(self.load(cart)).await,
        }
    }

    async fn load(&self, cart: CartId) -> Result<Box<LoadedCart>, Refusal> {
        let record = self.store.load(cart).await?.ok_or(Refusal::NotYours { cart })?;
        let incarnation = self.store.incarnation();
        Ok(Box::new(LoadedCart::open(cart, &record, incarnation, &self.settings)?))
    }

    /// Drops a cart from memory: the store has something else.
    pub(super) async fn unload(&self, cart: CartId) {
        *self.carts.lock(cart).await = None;
    }

    /// Refuses a caller who may not see and edit the cart.
    pub(super) async fn admit(
        &self,
        caller: &Caller,
        loaded: &mut LoadedCart,
    ) -> Result<(), Refusal> {
        let digest = loaded.digest_of(caller);
        let cart = loaded.cart().id();
        if loaded.cart().is_erased() {
            return Err(Refusal::Erased);
        }
        let claimed_by = match caller.principal {
            Principal::Account(_) => {
                Box::pin(self.claimed_by(caller, cart, &loaded.ownership)).await?
            }
            _ => None,
        };
        loaded.ownership.admit(cart, caller, digest, claimed_by)
    }

    /// Returns the account that has claimed a guest cart, if an account asks.
    pub(super) async fn claimed_by(
        &self,
        caller: &Caller,
        cart: CartId,
        ownership: &Ownership,
    ) -> Result<Option<Digest>, Refusal> {
        if !ownership.is_guest() || !matches!(caller.principal, Principal::Account(_)) {
            return Ok(None);
        }
        let held = self.store.slot(Slot::Claim(cart)).await?;
        let claim = held.and_then(|held| GuestClaim::decode(&held.value));
        Ok(claim.and_then(|claim| claim.holder()))
    }
}
