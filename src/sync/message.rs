//! The messages of an exchange between two replicas.

use crate::cart::{Delta, Fingerprint, Have};
use crate::id::CartId;

/// A message between two replicas of one cart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Message {
    /// This is my fingerprint; is yours the same?
    Probe {
        /// The cart.
        cart: CartId,
        /// The sender's.
        fingerprint: Fingerprint,
    },
    /// It is.
    Same {
        /// The cart.
        cart: CartId,
    },
    /// It is not; this is what I have.
    Have {
        /// The cart.
        cart: CartId,
        /// What the sender has.
        have: Have,
    },
    /// This is what you lack.
    Answer {
        /// Exactly that.
        delta: Delta,
        /// What I have, if I would like the same from you.
        have: Option<Have>,
        /// The sender's, with all it had when it sent this.
        fingerprint: Fingerprint,
    },
    /// We know the same dots and hold different entries: this is all I have.
    All {
        /// The sender's whole state.
        delta: Delta,
        /// The sender's.
        fingerprint: Fingerprint,
        /// Whether it would like the same from you.
        reply: bool,
    },
}

impl Message {
    /// The cart it is about.
    #[must_use]
    pub const fn cart(&self) -> CartId {
        match self {
            Self::Probe { cart, .. } | Self::Same { cart } | Self::Have { cart, .. } => *cart,
            Self::Answer { delta, .. } | Self::All { delta, .. } => delta.cart(),
        }
    }
}
