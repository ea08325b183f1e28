//! The carrier of a story's carts: our own exchange, or Automerge documents.

use super::carrier::{Carrier, Deliveries};
use holdall::id::CartId;

/// Carrier of a story's carts between its sites.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Through {
    /// Our own exchange, through bytes.
    #[default]
    Exchange,
    /// Automerge documents, one for each cart at each site, joined by Automerge's own sync; and
    /// every delta as a change of a document.
    #[cfg(feature = "automerge")]
    Automerge,
}

impl Through {
    /// Returns the carrier, if it is not our own exchange.
    pub(super) fn carrier(self) -> Option<Box<dyn Carrier>> {
        match self {
            Self::Exchange => None,
            #[cfg(feature = "automerge")]
            Self::Automerge => Some(Box::new(super::documents::Documents::default())),
        }
    }

    /// Deliveries to somebody who knows nothing.
    pub(super) fn deliveries(self, _cart: CartId, _name: &str) -> Option<Box<dyn Deliveries>> {
        match self {
            Self::Exchange => None,
            #[cfg(feature = "automerge")]
            Self::Automerge => Some(Box::new(super::documents::IntoDocument::new(_cart, _name))),
        }
    }
}
