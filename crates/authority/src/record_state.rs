//! The state of a cart, from the bytes of its record.

use holdall::cart::Cart;
use holdall::id::CartId;
use holdall::wire;
use holdall_store::{Loaded, StoreError};

/// Decodes the state in a record.
pub(super) fn state_of(cart: CartId, record: &Loaded) -> Result<Cart, StoreError> {
    let mut state = match &record.snapshot {
        Some(bytes) => decoded(cart, bytes)?,
        None => Cart::new(cart),
    };
    for bytes in &record.tail {
        join(&mut state, bytes)?;
    }
    Ok(state)
}

/// Decodes a whole state from a store.
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
