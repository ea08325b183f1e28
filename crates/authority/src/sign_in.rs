//! Guests and accounts: opening carts, signing in with a guest cart in hand, taking that back,
//! signing out.

use super::authority::Authority;
use super::caller::{AccountId, Caller, GuestToken, Principal};
use super::cart_cache::LoadedCart;
use super::claim::GuestClaim;
use super::commit::{CartChange, Conditions};
use super::outcome::{Opened, SignedIn};
use super::ownership::{Owner, Ownership};
use super::refusal::Refusal;
use super::settings::Situation;
use super::snapshot::CartSnapshot;
use holdall::cart::{Cart, Claim, MergePolicy};
use holdall::id::{CartId, ReplicaId};
use holdall::limits;
use holdall::replica::ActionError;
use holdall::sabotage;
use holdall_store::{Slot, SlotOutcome, SlotValue};

impl Authority {
    fn mint(&self) -> u128 {
        let bits = self.entropy.bits();
        // A version 4 UUID, so that it looks like what it is.
        let random = bits[..16].iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
        (random & !(0xf << 76 | 0x3 << 62)) | 0x4 << 76 | 0x2 << 62
    }

    /// Opens a guest cart.
    ///
    /// # Errors
    /// The store's.
    pub async fn open_guest(&self, now_ms: u64) -> Result<Opened, Refusal> {
        self.observed("open-guest", async {
            let cart = CartId::from_u128(self.mint());
            let token = GuestToken::from_bytes(self.entropy.bits());
            let tokens = vec![token.digest(cart)];
            let header = Ownership::of(Owner::Guest { tokens, revoked: Vec::new() });
            self.create(now_ms, &token.into(), cart, header, "open-guest").await?;
            Ok(Opened { cart, token })
        })
        .await
    }

    /// Gives a guest another token and ends the one that was shown.
    ///
    /// # Errors
    /// As with [`read`](Self::read).
    pub async fn rotate(
        &self,
        now_ms: u64,
        token: GuestToken,
        cart: CartId,
    ) -> Result<GuestToken, Refusal> {
        self.observed("rotate", async {
            let new = GuestToken::from_bytes(self.entropy.bits());
            let (from, to) = (token.digest(cart), new.digest(cart));
            self.change(now_ms, &token.into(), cart, Conditions::default(), |loaded| {
                let header = &mut loaded.ownership;
                if let Owner::Guest { tokens, .. } = &mut header.owner {
                    tokens.retain(|digest| *digest != from);
                    tokens.push(to);
                }
                // What the guest registered stays the guest's.
                for writer in header.writers.iter_mut().filter(|writer| writer.of == from) {
                    writer.of = to;
                }
                Ok(CartChange::of_ownership(cart, "rotate"))
            })
            .await?;
            Ok(new)
        })
        .await
    }

    /// The cart of an account, opened at its first use.
    ///
    /// # Errors
    /// The store's.
    pub async fn account_cart(&self, now_ms: u64, account: &AccountId) -> Result<CartId, Refusal> {
        let digest = account.digest();
        let slot = Slot::Account(*digest.as_bytes());
        for _ in 0..limits::ATTEMPTS {
            let mut held = self.store.slot(slot).await?;
            if held.is_none() {
                let minted = CartId::from_u128(self.mint()).to_string().into_bytes();
                held = match self.store.compare_and_set(slot, None, Some(minted.clone())).await? {
                    SlotOutcome::Done { version } => {
                        version.map(|version| SlotValue { version, value: minted })
                    }
                    SlotOutcome::Conflict { held } => held,
                };
            }
            let cart = held
                .as_ref()
                .and_then(|held| std::str::from_utf8(&held.value).ok())
                .and_then(|text| text.parse().ok());
            let Some(cart) = cart else { continue };
            if self.store.revision(cart).await?.is_some() {
                return Ok(cart);
            }
            let header = Ownership::of(Owner::Account(digest));
            self.create(now_ms, &account.clone().into(), cart, header, "open-account").await?;
            if self.store.slot(slot).await? == held {
                return Ok(cart);
            }
            // A sweeper has removed it, and cleared the slot before: what was just made is a second
            // life of it that is nobody's.
            let _ =
                sabotage!("removed-cart-is-made-anew", self.views.remove(cart, 1).await?, false);
            self.unload(cart).await;
        }
        Err(Refusal::Busy)
    }

    /// Merges a guest cart into the account's of somebody who signed in, by the deployment's policy
    /// for the situation. Asking again is the same merge. The guest's token is revoked.
    ///
    /// The steps are: claim, revoke, merge. A crash after any of them leaves it to the next try,
    /// which an account alone can make that holds the claim; until then the guest cart is where it
    /// was.
    ///
    /// # Errors
    /// The guest cart is somebody else's, or not the caller's to give; the caller is no account; as
    /// with [`submit`](Self::submit).
    pub async fn sign_in(
        &self,
        now_ms: u64,
        account: &AccountId,
        guest: CartId,
        token: GuestToken,
        situation: Situation,
    ) -> Result<SignedIn, Refusal> {
        let policy = self.settings.policies.at(situation);
        self.sign_in_under(now_ms, account, guest, token, policy).await
    }

    /// Signs an account in with a guest cart in hand, as [`sign_in`](Self::sign_in) does, under a
    /// policy that the embedder chose for this one merge. A guest cart that is merged already stays
    /// under the policy that it was merged by.
    ///
    /// # Errors
    /// As with [`sign_in`](Self::sign_in).
    pub async fn sign_in_under(
        &self,
        now_ms: u64,
        account: &AccountId,
        guest: CartId,
        token: GuestToken,
        policy: &MergePolicy,
    ) -> Result<SignedIn, Refusal> {
        self.observed("merge", async {
            let caller = Caller::from(account.clone());
            self.rates.take(now_ms, &caller, guest, &self.settings)?;
            let home = self.account_cart(now_ms, account).await?;
            let claim = self.claim(account, home, guest, token).await?;
            let guest_state = self.revoke(now_ms, &caller, guest).await?;
            let (_, lines) = self
                .change_and(now_ms, &caller, home, |loaded| {
                    let replica = &mut loaded.replica;
                    let delta = replica.merge(now_ms, claim, policy.clone(), &guest_state)?;
                    Ok((CartChange::of(delta, "merge"), replica.explain()))
                })
                .await?;
            let snapshot = self.read(&caller, home).await?;
            Ok(SignedIn { snapshot, claim, lines: lines.unwrap_or_default() })
        })
        .await
    }

    /// The one step that needs agreement: the guest cart belongs to this account.
    async fn claim(
        &self,
        account: &AccountId,
        home: CartId,
        guest: CartId,
        token: GuestToken,
    ) -> Result<Claim, Refusal> {
        let slot = Slot::Claim(guest);
        let digest = account.digest();
        for _ in 0..limits::ATTEMPTS {
            let held = self.store.slot(slot).await?;
            let claimed = held.as_ref().and_then(|held| GuestClaim::decode(&held.value));
            match claimed.as_ref().and_then(GuestClaim::holder) {
                Some(holder) if sabotage!("last-claimant-wins", holder == digest, true) => {
                    let number = claimed.map_or(1, |claimed| claimed.number);
                    return Ok(Claim { guest, account: home, number });
                }
                Some(_) => {
                    // Only who has the guest's token learns that it was claimed.
                    self.look(&token.into(), guest, |_| ()).await.or_else(|refusal| {
                        if matches!(refusal, Refusal::Merged) { Ok(()) } else { Err(refusal) }
                    })?;
                    return Err(Refusal::AlreadyClaimed);
                }
                None => {}
            }
            // Whoever holds the token may give the cart away, and nobody else.
            let is_guest = sabotage!(
                "guest-cart-id-suffices-to-claim",
                self.look(&token.into(), guest, |one| one.ownership.is_guest()).await?,
                self.look_inside(guest, |one| one.ownership.is_guest()).await?
            );
            if !is_guest {
                return Err(Refusal::NotYours { cart: guest });
            }
            let number = claimed.map_or(0, |claimed| claimed.number) + 1;
            let account_cart = home.to_string();
            let new = GuestClaim { account_cart, account: digest, number, released: false };
            let version = held.map(|held| held.version);
            let swapped = self.store.compare_and_set(slot, version, Some(new.encode())).await?;
            if matches!(swapped, SlotOutcome::Done { .. }) {
                return Ok(Claim { guest, account: home, number });
            }
        }
        Err(Refusal::Busy)
    }

    /// Ends a claimed guest cart's tokens, and says what is in it. What its devices still have they
    /// can send under the account.
    async fn revoke(&self, now_ms: u64, caller: &Caller, guest: CartId) -> Result<Cart, Refusal> {
        let account = caller.digest(guest);
        let (_, state) = self
            .change_and(now_ms, caller, guest, |loaded| {
                let state = loaded.cart().clone();
                let Ownership { owner, writers, .. } = &mut loaded.ownership;
                match owner {
                    Owner::Guest { tokens, revoked } if !tokens.is_empty() => {
                        // What the guest registered is the account's now.
                        let theirs = writers.iter_mut().filter(|one| tokens.contains(&one.of));
                        theirs.for_each(|one| one.of = account);
                        sabotage!("merge-keeps-guest-token", revoked.append(tokens), ());
                        Ok((CartChange::of_ownership(guest, "claimed"), state))
                    }
                    _ => Ok((CartChange::nothing(guest), state)),
                }
            })
            .await?;
        state.ok_or(Refusal::Busy)
    }

    /// Hands on what was written to a guest cart that an account has claimed. For any other cart it
    /// does nothing.
    pub(super) async fn absorb(&self, now_ms: u64, guest: CartId) -> Result<(), Refusal> {
        let server = Caller::server();
        let revoked = |one: &LoadedCart| one.ownership.is_revoked().then(|| one.cart().clone());
        // Almost every cart is at hand now, and is no such cart: no word with the store.
        let Some(state) = self.look_inside(guest, revoked).await? else { return Ok(()) };
        let held = self.store.slot(Slot::Claim(guest)).await?;
        let claimed = held.and_then(|held| GuestClaim::decode(&held.value));
        let Some(home) = claimed.as_ref().and_then(GuestClaim::holder_cart) else { return Ok(()) };
        self.change(now_ms, &server, home, Conditions::default(), |loaded| {
            match loaded.replica.absorb(&state) {
                Ok(delta) => Ok(CartChange::of(delta, "late-guest")),
                // The merge is still to come, and will bring it.
                Err(ActionError::NotMerged { .. }) => Ok(CartChange::nothing(home)),
                Err(error) => Err(error.into()),
            }
        })
        .await
        .map(|_| ())
    }

    /// Takes a mistaken merge back: the guest's lines go from the account's cart, what was written
    /// there since stays. The guest cart opens to its tokens again, and may be claimed again.
    ///
    /// # Errors
    /// The account has not claimed that guest cart; as with [`submit`](Self::submit).
    pub async fn unmerge(
        &self,
        now_ms: u64,
        account: &AccountId,
        guest: CartId,
    ) -> Result<CartSnapshot, Refusal> {
        self.observed("unmerge", async {
            let caller = Caller::from(account.clone());
            let home = self.account_cart(now_ms, account).await?;
            let slot = Slot::Claim(guest);
            let held = self.store.slot(slot).await?.ok_or(Refusal::NotYours { cart: guest })?;
            let claimed = GuestClaim::decode(&held.value)
                .filter(|claimed| claimed.holder() == Some(account.digest()))
                .ok_or(Refusal::NotYours { cart: guest })?;
            let accepted = self
                .change(now_ms, &caller, home, Conditions::default(), |loaded| {
                    match loaded.replica.unmerge(now_ms, guest) {
                        Ok(delta) => Ok(CartChange::of(delta, "unmerge")),
                        // An earlier try came this far.
                        Err(ActionError::NotMerged { .. }) => Ok(CartChange::nothing(home)),
                        Err(error) => Err(error.into()),
                    }
                })
                .await?;
            self.change(now_ms, &caller, guest, Conditions::default(), |loaded| {
                let Ownership { owner, writers, .. } = &mut loaded.ownership;
                match owner {
                    Owner::Guest { tokens, revoked } if !revoked.is_empty() => {
                        let of = account.digest();
                        let theirs = writers.iter_mut().filter(|one| one.of == of);
                        theirs.for_each(|one| one.of = revoked[0]);
                        tokens.append(revoked);
                        Ok(CartChange::of_ownership(guest, "released"))
                    }
                    _ => Ok(CartChange::nothing(guest)),
                }
            })
            .await?;
            let released = GuestClaim { released: true, ..claimed };
            // If somebody else was quicker, it was this account on another device.
            let _ = self
                .store
                .compare_and_set(slot, Some(held.version), Some(released.encode()))
                .await?;
            Ok(accepted.snapshot)
        })
        .await
    }

    /// Ends a session on a device: the writer it had in the account's cart is retired, and a new
    /// guest cart is opened.
    ///
    /// # Errors
    /// As with [`submit`](Self::submit).
    pub async fn sign_out(
        &self,
        now_ms: u64,
        account: &AccountId,
        writer: Option<ReplicaId>,
    ) -> Result<Opened, Refusal> {
        let caller = Caller::from(account.clone());
        if let Some(replica) = writer {
            let home = self.account_cart(now_ms, account).await?;
            self.retire(now_ms, &caller, home, replica).await?;
        }
        self.open_guest(now_ms).await
    }

    /// Who may merge: nobody but a shopper who signed in.
    ///
    /// # Errors
    /// The caller is somebody else.
    pub fn account_of(caller: &Caller) -> Result<&AccountId, Refusal> {
        match &caller.principal {
            Principal::Account(account) => Ok(account),
            Principal::Guest(_) => Err(Refusal::AccountOnly),
            Principal::Staff(_) | Principal::Server => Err(Refusal::NotForYou),
        }
    }
}
