//! The messages of an exchange between two replicas.

use crate::cart::{Delta, Fingerprint, Have};
use crate::id::CartId;

/// A message between two replicas of one cart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Message {
    /// A request to compare fingerprints.
    Probe {
        /// The cart.
        cart: CartId,
        /// The fingerprint of the sender.
        fingerprint: Fingerprint,
    },
    /// The reply to a probe with an equal fingerprint.
    Same {
        /// The cart.
        cart: CartId,
    },
    /// The reply to a probe with a different fingerprint.
    Have {
        /// The cart.
        cart: CartId,
        /// The dots that the sender has.
        have: Have,
    },
    /// The entries and deaths that the receiver lacks.
    Answer {
        /// The delta from the receiver's state to the sender's.
        delta: Delta,
        /// The dots that the sender has, if it wants an answer too.
        have: Option<Have>,
        /// The fingerprint of the sender when it sent the message.
        fingerprint: Fingerprint,
    },
    /// The whole state, sent after equal contexts were found with different entries.
    All {
        /// The whole state of the sender.
        delta: Delta,
        /// The fingerprint of the sender when it sent the message.
        fingerprint: Fingerprint,
        /// Whether the sender wants the receiver's whole state.
        reply: bool,
    },
}

impl Message {
    /// Returns the cart that the message is about.
    #[must_use]
    pub const fn cart(&self) -> CartId {
        match self {
            Self::Probe { cart, .. } | Self::Same { cart } | Self::Have { cart, .. } => *cart,
            Self::Answer { delta, .. } | Self::All { delta, .. } => delta.cart(),
        }
    }
}
