//! A cart as an operator sees it.

use serde::Serialize;

use super::authority::Authority;
use super::cart_cache::LoadedCart;
use super::claim::GuestClaim;
use super::refusal::Refusal;
use super::snapshot::CartSnapshot;
use holdall::id::CartId;
use holdall_store::{Class, Slot};

/// A cart's record, in numbers, and what its shopper sees.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Inspected {
    /// What the shopper sees.
    #[serde(flatten)]
    pub snapshot: CartSnapshot,
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
        let record = self.store.load(cart).await?.ok_or(Refusal::NotYours { cart })?;
        let incarnation = self.store.incarnation();
        let mut one = LoadedCart::open(cart, &record, incarnation, &self.settings)?;
        let claim = self.store.slot(Slot::Claim(cart)).await?;
        let claimed = claim.and_then(|held| GuestClaim::decode(&held.value));
        let base = self.store.base_state(cart).await?.map_or(0, |(through, _)| through);
        let tail: usize = record.tail.iter().map(Vec::len).sum();
        let state = record.snapshot.as_ref().map_or(0, Vec::len);
        let erased = record.class == Class::Erased;
        let print = one.cart().fingerprint();
        Ok(Inspected {
            snapshot: one.snapshot(),
            owner: match (erased, one.ownership.is_guest()) {
                (true, _) => "nobody",
                (false, true) => "guest",
                (false, false) => "account",
            },
            claimed: claimed.is_some_and(|claimed| claimed.holder().is_some()),
            class: match record.class {
                Class::Empty => "empty",
                Class::Guest => "guest",
                Class::Account => "account",
                Class::Expired => "expired",
                Class::Erased => "erased",
            },
            at_ms: record.at_ms,
            writers: (one.ownership.writers.len(), one.ownership.retired()),
            entries: one.cart().live().len(),
            appends: if erased { 0 } else { record.revision - base },
            bytes: record.header.len() + state + tail,
            fingerprint: format!("{:032x}-{:032x}", print.live, print.context),
        })
    }
}
