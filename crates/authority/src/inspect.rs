//! A cart as an operator sees it.

use serde::Serialize;

use super::Authority;
use super::cart_cache::LoadedCart;
use super::outcome::Shown;
use super::refusal::Refusal;
use super::sign_in::Claimed;
use holdall::id::CartId;
use holdall::view::view;
use holdall_store::{Class, Slot};

/// A cart's record, in numbers, and what its shopper sees.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Inspected {
    /// What the shopper sees.
    #[serde(flatten)]
    pub shown: Shown,
    /// Whose it is: `guest` or `account`; `nobody` if it was erased.
    pub owner: &'static str,
    /// Whether an account has claimed it, if it is a guest's.
    pub claimed: bool,
    /// What the sweeper takes it for.
    pub class: &'static str,
    /// Its last activity, in milliseconds since 1970.
    pub at_ms: u64,
    /// Replicas of clients that are registered, and those that are retired.
    pub writers: (usize, usize),
    /// Live entries in its state.
    pub entries: usize,
    /// Appends that its log still has.
    pub appends: u64,
    /// Bytes of header, snapshot and what was appended since.
    pub bytes: usize,
    /// Its fingerprint, to compare with another store's.
    pub fingerprint: String,
}

impl Authority {
    /// Looks at a cart's record, for operators: past its owner, and without touching it.
    ///
    /// # Errors
    /// There is no such cart; it is damaged; the store's.
    pub async fn inspect(&self, cart: CartId) -> Result<Inspected, Refusal> {
        let loaded = self.store.load(cart).await?.ok_or(Refusal::NotYours { cart })?;
        let incarnation = self.store.incarnation();
        let one = LoadedCart::open(cart, &loaded, incarnation, &self.settings)?;
        let claim = self.store.slot(Slot::Claim(cart)).await?;
        let claimed = claim.and_then(|held| Claimed::decode(&held.value));
        let base = self.store.base_state(cart).await?.map_or(0, |(through, _)| through);
        let tail: usize = loaded.tail.iter().map(Vec::len).sum();
        let snapshot = loaded.snapshot.as_ref().map_or(0, Vec::len);
        let erased = loaded.class == Class::Erased;
        let print = one.cart().fingerprint();
        Ok(Inspected {
            shown: Shown {
                cart,
                revision: loaded.revision,
                view: view(one.cart(), &self.settings.rules, &self.settings.options),
            },
            owner: match (erased, one.header.is_guest()) {
                (true, _) => "nobody",
                (false, true) => "guest",
                (false, false) => "account",
            },
            claimed: claimed.is_some_and(|claimed| claimed.holder().is_some()),
            class: match loaded.class {
                Class::Empty => "empty",
                Class::Guest => "guest",
                Class::Account => "account",
                Class::Expired => "expired",
                Class::Erased => "erased",
            },
            at_ms: loaded.at_ms,
            writers: (one.header.writers.len(), one.header.retired()),
            entries: one.cart().live().len(),
            appends: if erased { 0 } else { loaded.revision - base },
            bytes: loaded.header.len() + snapshot + tail,
            fingerprint: format!("{:032x}-{:032x}", print.live, print.context),
        })
    }
}
