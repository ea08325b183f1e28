//! Going back in time: the cart as it was, from what its log kept.

use super::authority::Authority;
use super::caller::{Caller, Principal};
use super::journal::Entry;
use super::record_state;
use super::refusal::Refusal;
use super::snapshot::CartSnapshot;
use holdall::cart::Cart;
use holdall::id::CartId;
use holdall::view::{Explanation, explain, view};
use holdall_store::Store;

/// Appends that are read at once.
const PAGE: usize = 256;

/// A moment of a cart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// Right after it had been changed so many times.
    Revision(u64),
    /// At a time, in milliseconds since 1970.
    Time(u64),
}

/// A cart's state right after a revision.
pub(super) async fn state_at(
    store: &dyn Store,
    cart: CartId,
    revision: u64,
) -> Result<Cart, Refusal> {
    state_when(store, cart, When::Revision(revision)).await.map(|(_, state)| state)
}

/// A cart's state at a moment, and the revision it was at.
async fn state_when(store: &dyn Store, cart: CartId, when: When) -> Result<(u64, Cart), Refusal> {
    let (mut revision, mut state) = match store.base_state(cart).await? {
        Some((through, bytes)) => (through, record_state::decoded(cart, &bytes)?),
        None => (0, Cart::new(cart)),
    };
    let from = revision;
    let within = |at: u64, at_ms: u64| match when {
        When::Revision(last) => at <= last,
        When::Time(last_ms) => at_ms <= last_ms,
    };
    if matches!(when, When::Revision(last) if last < from) {
        return Err(Refusal::TooLongAgo { from });
    }
    loop {
        let page = store.log(cart, revision, PAGE).await?;
        let Some(last) = page.last() else { return Ok((revision, state)) };
        let next = last.revision;
        for one in &page {
            if !within(one.revision, one.at_ms) {
                if revision == from && from > 0 && matches!(when, When::Time(_)) {
                    return Err(Refusal::TooLongAgo { from });
                }
                return Ok((revision, state));
            }
            if !one.delta.is_empty() {
                record_state::join(&mut state, &one.delta)?;
            }
            revision = one.revision;
        }
        revision = next;
    }
}

impl Authority {
    /// The journal of a cart after a revision, oldest first, at most `limit` entries. For staff and
    /// servers.
    ///
    /// # Errors
    /// The caller is neither; the store's.
    pub async fn journal(
        &self,
        caller: &Caller,
        cart: CartId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, Refusal> {
        insiders(caller)?;
        Ok(self.store.log(cart, after, limit).await?.iter().map(Entry::of).collect())
    }

    /// The cart as it was, and why it showed what it showed. For staff and servers.
    ///
    /// # Errors
    /// The caller is neither; the journal does not go back that far; the store's.
    pub async fn back(
        &self,
        caller: &Caller,
        cart: CartId,
        when: When,
    ) -> Result<(CartSnapshot, Vec<Explanation>), Refusal> {
        insiders(caller)?;
        if self.store.revision(cart).await?.is_none() {
            return Err(Refusal::NotYours { cart });
        }
        let (revision, state) = state_when(&*self.store, cart, when).await?;
        let (rules, options) = (&self.settings.rules, &self.settings.options);
        let incarnation = self.store.incarnation();
        let view = view(&state, rules, options).into();
        let snapshot = CartSnapshot { cart, incarnation, revision, view };
        Ok((snapshot, explain(&state, rules, options)))
    }
}

fn insiders(caller: &Caller) -> Result<(), Refusal> {
    match caller.principal {
        Principal::Staff(_) | Principal::Server => Ok(()),
        Principal::Guest(_) | Principal::Account(_) => Err(Refusal::ServerOnly),
    }
}
