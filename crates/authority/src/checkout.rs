//! One open checkout a cart, and orders of what it froze.

use serde::{Deserialize, Serialize};

use super::authority::Authority;
use super::caller::Caller;
use super::cart_cache::LoadedCart;
use super::commit::{CartChange, Conditions};
use super::history;
use super::outcome::{Accepted, Checkout, Lease, PlaceOrder};
use super::refusal::Refusal;
use super::writer_id::server_writer;
use holdall::cart::Snapshot;
use holdall::clock::Time;
use holdall::id::CartId;
use holdall::replica::Replica;
use holdall::sabotage;
use holdall_store::{Slot, SlotOutcome, SlotValue};

/// What the lease's slot holds.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Open {
    revision: u64,
    until_ms: u64,
}

impl Open {
    fn decode(held: &SlotValue) -> Option<Self> {
        serde_json::from_slice(&held.value).ok()
    }
}

impl Authority {
    /// Begins a checkout: freezes the active list. The cart stays editable. While one is open
    /// another is refused, unless it is begun `instead_of` the open one, as when a page is loaded
    /// again.
    ///
    /// # Errors
    /// Another is open; there is nothing to order, or a line cannot be bought here; as with
    /// [`read`](Self::read).
    pub async fn checkout(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        instead_of: Option<Lease>,
    ) -> Result<Checkout, Refusal> {
        self.observed("checkout", async {
            let frozen = self
                .look(caller, cart, |loaded| {
                    let frozen = loaded.replica.snapshot();
                    frozen.map(|frozen| (loaded.snapshot(), frozen.key()))
                })
                .await?;
            let (snapshot, key) = frozen?;
            let slot = Slot::Lease(cart);
            let held = self.store.slot(slot).await?;
            let ours =
                |held: &SlotValue| instead_of.is_some_and(|lease| lease.number == held.version);
            if let Some(open) = held.as_ref().filter(|held| !ours(held)).and_then(Open::decode)
                && sabotage!("second-checkout-replaces-first", open.until_ms > now_ms, false)
            {
                return Err(Refusal::CheckoutOpen { for_ms: open.until_ms - now_ms });
            }
            let until_ms = now_ms.saturating_add(self.settings.lease_ms);
            let open = Open { revision: snapshot.revision, until_ms };
            let value = serde_json::to_vec(&open).unwrap_or_default();
            let version = held.map(|held| held.version);
            match self.store.compare_and_set(slot, version, Some(value)).await? {
                SlotOutcome::Done { version: Some(number) } => {
                    let lease = Lease { number, revision: snapshot.revision, until_ms };
                    Ok(Checkout { snapshot, lease, key })
                }
                _ => Err(Refusal::Busy),
            }
        })
        .await
    }

    /// States that an order bought exactly what the checkout froze, and ends the checkout. An order
    /// is placed once: its id again is the same. A checkout that has lapsed can still be ended so,
    /// if no other was begun. For the shop's own systems.
    ///
    /// # Errors
    /// The caller is somebody else; the checkout is not open; as with [`submit`](Self::submit).
    pub async fn place(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        placing: &PlaceOrder,
    ) -> Result<Accepted, Refusal> {
        let PlaceOrder { lease, order, only_if_unchanged } = placing;
        self.observed("order", async {
            if !caller.is_server() {
                return Err(Refusal::ServerOnly);
            }
            let known = |loaded: &mut LoadedCart| {
                loaded.snapshot().view.orders.iter().any(|view| view.id == *order)
            };
            let placed = self.look(caller, cart, known).await?;
            let slot = Slot::Lease(cart);
            let held = self.store.slot(slot).await?;
            let open = held.filter(|held| held.version == lease.number);
            if !placed && open.is_none() {
                return Err(Refusal::CheckoutClosed);
            }
            let revision =
                sabotage!("order-takes-present-cart", lease.revision, u64::MAX - lease.revision);
            let snapshot = self.frozen(cart, revision).await?;
            // An order that is known changes nothing, whatever else changed.
            let only_at = (*only_if_unchanged && !placed).then_some(lease.revision);
            let conditions = Conditions { key: None, only_at };
            let accepted = self
                .change(now_ms, caller, cart, conditions, |loaded| {
                    let delta = loaded.replica.order(now_ms, order.clone(), &snapshot)?;
                    Ok(CartChange::of(delta, "order"))
                })
                .await?;
            if open.is_some() {
                // If it was taken over meanwhile, the other checkout goes on.
                let _ = self.store.compare_and_set(slot, Some(lease.number), None).await?;
            }
            Ok(accepted)
        })
        .await
    }

    /// Ends a checkout without an order. Again is the same.
    ///
    /// # Errors
    /// As with [`read`](Self::read).
    pub async fn abandon(
        &self,
        caller: &Caller,
        cart: CartId,
        lease: Lease,
    ) -> Result<(), Refusal> {
        self.look(caller, cart, |_| ()).await?;
        let _ = self.store.compare_and_set(Slot::Lease(cart), Some(lease.number), None).await?;
        Ok(())
    }

    /// What there was to buy at a revision.
    async fn frozen(&self, cart: CartId, revision: u64) -> Result<Snapshot, Refusal> {
        let state = history::state_at(&*self.store, cart, revision).await?;
        let writer = server_writer(cart, self.store.incarnation());
        let then = Replica::resume(writer, Time::default(), state)
            .with_rules(self.settings.rules.clone())
            .with_options(self.settings.options);
        Ok(then.snapshot()?)
    }
}
