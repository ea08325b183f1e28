//! Reads: what a cart shows, and what a replicating client lacks. Reads never write.

use super::authority::Authority;
use super::caller::Caller;
use super::outcome::CatchUp;
use super::refusal::Refusal;
use super::snapshot::CartSnapshot;
use holdall::cart::Have;
use holdall::id::CartId;
use holdall::view::Explanation;
use holdall::wire;

impl Authority {
    /// Returns a cart as its shopper sees it.
    ///
    /// # Errors
    /// It is not the caller's, or was erased; the store's.
    pub async fn read(&self, caller: &Caller, cart: CartId) -> Result<CartSnapshot, Refusal> {
        self.look(caller, cart, |loaded| loaded.snapshot()).await
    }

    /// Explains why a cart shows what it shows, line by line.
    ///
    /// # Errors
    /// As with [`read`](Self::read).
    pub async fn explain(
        &self,
        caller: &Caller,
        cart: CartId,
    ) -> Result<Vec<Explanation>, Refusal> {
        self.look(caller, cart, |loaded| loaded.replica.explain()).await
    }

    /// Returns what a replicating client that has `have` lacks, as the bytes of a delta.
    ///
    /// # Errors
    /// As with [`read`](Self::read).
    pub async fn exchange(
        &self,
        caller: &Caller,
        cart: CartId,
        have: &Have,
    ) -> Result<Vec<u8>, Refusal> {
        self.look(caller, cart, |loaded| wire::encode_delta(&loaded.cart().delta_for(have))).await
    }

    /// Returns what a replicating client that has `have` lacks, and what it has with that.
    ///
    /// # Errors
    /// As with [`read`](Self::read).
    pub async fn catch_up(
        &self,
        caller: &Caller,
        cart: CartId,
        have: &Have,
    ) -> Result<CatchUp, Refusal> {
        self.look(caller, cart, |loaded| {
            let delta = loaded.cart().delta_for(have);
            let changed = !delta.is_empty() || delta.is_erasure();
            CatchUp {
                delta: changed.then(|| wire::encode_delta(&delta)),
                have: loaded.cart().have(),
                revision: loaded.revision,
            }
        })
        .await
    }
}
