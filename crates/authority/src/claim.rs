//! The claim on a guest cart: which account it belongs to.

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use holdall::id::CartId;

/// A claim on a guest cart, as the claim's slot holds it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct GuestClaim {
    pub(super) account_cart: String,
    pub(super) account: Digest,
    pub(super) number: u32,
    /// Whether it was taken back. The number goes on counting.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) released: bool,
}

impl GuestClaim {
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("plain data serializes")
    }

    /// Returns the account that holds the guest cart.
    pub(super) fn holder(&self) -> Option<Digest> {
        (!self.released).then_some(self.account)
    }

    /// Returns the cart of the account that holds the guest cart.
    pub(super) fn holder_cart(&self) -> Option<CartId> {
        if self.released { None } else { self.account_cart.parse().ok() }
    }
}
