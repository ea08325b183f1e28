//! A cart as its shopper sees it.

use std::sync::Arc;

use holdall::id::CartId;
use holdall::view::View;
use serde::Serialize;

/// A cart as its shopper sees it, at one of its revisions. A clone shares the view.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CartSnapshot {
    /// The cart.
    pub cart: CartId,
    /// The [incarnation](holdall_store::Store::incarnation) of the store that it is from. Revisions
    /// of two incarnations cannot be compared.
    #[serde(skip)]
    pub incarnation: u128,
    /// How often the cart had been changed.
    pub revision: u64,
    /// The rows, the coupons, the orders, the notices and the rest of what the shopper sees.
    #[serde(flatten)]
    pub view: Arc<View>,
}
