//! What is done to carts over time: expiry, the end of journals, erasure, verification.

use super::admission::guests_of;
use super::authority::Authority;
use super::caller::{AccountId, Caller, Principal};
use super::cart_cache::LoadedCart;
use super::claim::GuestClaim;
use super::commit::{CartChange, Conditions};
use super::history;
use super::outcome::{Receipt, Swept};
use super::ownership::Owner;
use super::record_state::state_of;
use super::refusal::Refusal;
use holdall::cart::Cart;
use holdall::id::{CartId, RuleName};
use holdall::sabotage;
use holdall::wire;
use holdall_store::{Class, Compaction, Erased, Idle, Slot, SlotOutcome, StoreError};

/// What a look through the store found.
#[derive(Debug, Default)]
pub struct Verified {
    /// How many carts were looked at.
    pub carts: u64,
    /// How many appends are in their logs.
    pub appends: u64,
    /// Those that are not what they should be, and why. The others are not concerned.
    pub damaged: Vec<(CartId, StoreError)>,
    /// Where to go on; `None`: that was all.
    pub next: Option<CartId>,
}

impl Authority {
    /// Lets what nobody has touched for long expire, by an entry in each cart, and removes carts
    /// that have been empty for long. At most `limit` carts of each kind; call it again while it
    /// does something.
    ///
    /// # Errors
    /// The store's. A cart that cannot be swept is skipped and counted.
    pub async fn sweep(&self, now_ms: u64, limit: usize) -> Result<Swept, Refusal> {
        let retention = self.settings.retention;
        let mut swept = Swept::default();
        for (class, kept_ms) in
            [(Class::Guest, retention.guest_ms), (Class::Account, retention.account_ms)]
        {
            let before_ms = now_ms.saturating_sub(kept_ms);
            for idle in self.store.idle(class, before_ms, limit).await? {
                match self.expire(now_ms, idle, class).await {
                    Ok(()) => swept.expired += 1,
                    Err(refusal) => swept.skip(idle.cart, &refusal),
                }
            }
        }
        // What comes late to an expired cart survives it, so that one waits as long again.
        for (class, kept_ms) in
            [(Class::Empty, retention.empty_ms), (Class::Expired, retention.account_ms)]
        {
            let before_ms = now_ms.saturating_sub(kept_ms);
            for idle in self.store.idle(class, before_ms, limit).await? {
                match self.remove(idle).await {
                    Ok(true) => swept.removed += 1,
                    Ok(false) => swept.skipped += 1,
                    Err(refusal) => swept.skip(idle.cart, &refusal),
                }
            }
        }
        Ok(swept)
    }

    async fn expire(&self, now_ms: u64, idle: Idle, class: Class) -> Result<(), Refusal> {
        let name = if class == Class::Guest { "idle-guest" } else { "idle-account" };
        let rule = RuleName::new(name).map_err(holdall::cart::PolicyError::from);
        let rule = rule.unwrap_or_else(|_| unreachable!("the names above"));
        // On the condition that nothing has happened since: a shopper who comes back is quicker.
        let only_at = sabotage!("expiry-is-unconditional", Some(idle.revision), None);
        let conditions = Conditions { key: None, only_at };
        self.change(now_ms, &Caller::server(), idle.cart, conditions, |loaded| {
            let delta = loaded.replica.expire(now_ms, rule.clone())?;
            Ok(CartChange::of(delta, "expire"))
        })
        .await
        .map(|_| ())
    }

    async fn remove(&self, idle: Idle) -> Result<bool, Refusal> {
        let owner = self.look_inside(idle.cart, |loaded| loaded.ownership.owner.clone()).await?;
        let mut cleared = None;
        if let Owner::Account(digest) = owner {
            // The slot first: whoever comes in between gets another cart, not half of this one.
            let slot = Slot::Account(*digest.as_bytes());
            let held = self.store.slot(slot).await?;
            let ours = |value: &[u8]| value == idle.cart.to_string().as_bytes();
            if let Some(held) = held.filter(|held| ours(&held.value))
                && let SlotOutcome::Done { .. } =
                    self.store.compare_and_set(slot, Some(held.version), None).await?
            {
                cleared = Some((slot, held.value));
            }
        }
        let removed = self.views.remove(idle.cart, idle.revision).await?;
        // The shopper was quicker, and what they put in is to be found again.
        if let Some((slot, value)) =
            cleared.filter(|_| sabotage!("kept-cart-loses-its-account", !removed, false))
        {
            let _ = self.store.compare_and_set(slot, None, Some(value)).await?;
        }
        self.unload(idle.cart).await;
        self.feed.publish(idle.cart);
        Ok(removed)
    }

    /// Lets go of what a cart's journal, and its request keys, have of the time before `before_ms`.
    /// Says how many appends that were.
    ///
    /// # Errors
    /// The store's.
    pub async fn fold(&self, cart: CartId, before_ms: u64) -> Result<u64, Refusal> {
        const PAGE: usize = 256;
        let from = self.store.base_state(cart).await?.map_or(0, |(through, _)| through);
        let mut through = from;
        'old: loop {
            let page = self.store.log(cart, through, PAGE).await?;
            if page.is_empty() {
                break;
            }
            for one in page {
                if one.at_ms >= before_ms {
                    break 'old;
                }
                through = one.revision;
            }
        }
        if through == from {
            return Ok(0);
        }
        let state = history::state_at(&*self.store, cart, through).await?;
        Ok(self
            .store
            .compact(Compaction { cart, through, base: wire::encode_cart(&state) })
            .await?)
    }

    /// Erases a shopper: their account's cart, the guest carts that were merged into it, the
    /// journals, the request keys, the claims. What comes late is absorbed. Again finds nothing
    /// more.
    ///
    /// For the shopper and for the shop's own systems.
    ///
    /// # Errors
    /// The caller is somebody else; the store's, and then trying again goes on.
    pub async fn erase(
        &self,
        now_ms: u64,
        caller: &Caller,
        account: &AccountId,
    ) -> Result<Receipt, Refusal> {
        self.observed("erase", async {
            match &caller.principal {
                Principal::Server => {}
                Principal::Account(own) if own == account => {}
                _ => return Err(Refusal::ServerOnly),
            }
            let digest = account.digest();
            let mut receipt = Receipt { at_ms: now_ms, carts: Vec::new(), appends: 0, bytes: 0 };
            let slot = Slot::Account(*digest.as_bytes());
            let Some(held) = self.store.slot(slot).await? else { return Ok(receipt) };
            let text = String::from_utf8_lossy(&held.value).into_owned();
            let home: CartId = text.parse().map_err(|_| Refusal::Busy)?;
            let guests =
                self.look_inside(home, |one| guests_of(one.cart()).collect::<Vec<_>>()).await;
            let guests = match guests {
                Ok(guests) => guests,
                // Nothing but a slot: the cart was never made.
                Err(Refusal::NotYours { .. }) => Vec::new(),
                Err(refusal) => return Err(refusal),
            };
            for guest in guests {
                let claim = Slot::Claim(guest);
                let held = self.store.slot(claim).await?;
                let claimed = held.as_ref().and_then(|held| GuestClaim::decode(&held.value));
                if claimed.and_then(|claimed| claimed.holder()) != Some(digest) {
                    continue;
                }
                sabotage!(
                    "erasure-forgets-merged-guests",
                    self.erase_cart(now_ms, guest, &mut receipt).await?,
                    ()
                );
                let _ =
                    self.store.compare_and_set(claim, held.map(|held| held.version), None).await?;
            }
            // The account's last: until then a second try finds the guests by it.
            self.erase_cart(now_ms, home, &mut receipt).await?;
            let _ = self.store.compare_and_set(slot, Some(held.version), None).await?;
            tracing::info!(carts = receipt.carts.len(), "a shopper was erased");
            Ok(receipt)
        })
        .await
    }

    /// Erases a guest cart that nobody has claimed, at its guest's wish or the shop's.
    ///
    /// # Errors
    /// As with [`read`](Self::read).
    pub async fn erase_guest(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
    ) -> Result<Receipt, Refusal> {
        let guest = self.look(caller, cart, |loaded| loaded.ownership.is_guest()).await?;
        if !guest || matches!(caller.principal, Principal::Staff(_)) {
            return Err(Refusal::NotYours { cart });
        }
        let mut receipt = Receipt { at_ms: now_ms, carts: Vec::new(), appends: 0, bytes: 0 };
        self.erase_cart(now_ms, cart, &mut receipt).await?;
        Ok(receipt)
    }

    async fn erase_cart(
        &self,
        now_ms: u64,
        cart: CartId,
        receipt: &mut Receipt,
    ) -> Result<(), Refusal> {
        let marker = wire::encode_cart(&Cart::erased(cart));
        let Erased { appends, bytes } = self.views.erase(cart, marker, now_ms).await?;
        if let Some(held) = self.store.slot(Slot::Lease(cart)).await? {
            let _ = self.store.compare_and_set(Slot::Lease(cart), Some(held.version), None).await?;
        }
        self.unload(cart).await;
        self.feed.publish(cart);
        receipt.carts.push(cart);
        receipt.appends += appends;
        receipt.bytes += bytes;
        Ok(())
    }

    /// Looks through the store, at most `limit` carts after one: that every record decodes, and
    /// that its log comes to its state. A damaged one is told of and hinders nothing.
    ///
    /// # Errors
    /// The store's, about something other than one cart.
    pub async fn verify(&self, after: Option<CartId>, limit: usize) -> Result<Verified, Refusal> {
        let carts = self.store.carts(after, limit).await?;
        let mut found = Verified { next: None, ..Verified::default() };
        if carts.len() == limit {
            found.next = carts.last().copied();
        }
        for cart in carts {
            found.carts += 1;
            match self.verify_cart(cart).await {
                Ok(appends) => found.appends += appends,
                Err(Refusal::Store(error @ StoreError::Damaged { .. })) => {
                    tracing::error!(%error, "a damaged record");
                    found.damaged.push((cart, error));
                }
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(found)
    }

    async fn verify_cart(&self, cart: CartId) -> Result<u64, Refusal> {
        let Some(record) = self.store.load(cart).await? else { return Ok(0) };
        let state = state_of(cart, &record)?;
        let set = &self.settings;
        let opened = LoadedCart::open(cart, &record, self.store.incarnation(), set)?;
        if record.class == Class::Erased {
            return Ok(0);
        }
        let then = history::state_at(&*self.store, cart, record.revision).await?;
        if then.fingerprint() != state.fingerprint() {
            let what = "its log does not come to its state".to_owned();
            return Err(StoreError::Damaged { cart, what }.into());
        }
        let base = self.store.base_state(cart).await?.map_or(0, |(through, _)| through);
        Ok(opened.revision - base)
    }
}

impl Swept {
    fn skip(&mut self, cart: CartId, refusal: &Refusal) {
        tracing::warn!(%cart, %refusal, "a cart was not swept");
        self.skipped += 1;
    }
}
