//! The messages of an exchange between two replicas.

use crate::cart::{Delta, Fingerprint, Have};
use crate::id::CartId;

/// Message between two replicas of one cart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Message {
    /// Asks whether the receiver's state equals the sender's.
    Probe {
        /// Cart that the message is about.
        cart: CartId,
        /// Fingerprint of the sender.
        fingerprint: Fingerprint,
    },
    /// Answers a probe: both states are equal.
    Same {
        /// Cart that the message is about.
        cart: CartId,
    },
    /// Answers a probe: the states differ, and this is what the sender has.
    Have {
        /// Cart that the message is about.
        cart: CartId,
        /// Summary of what the sender has.
        have: Have,
    },
    /// Brings what the receiver lacks.
    Answer {
        /// Exactly what the receiver lacks.
        delta: Delta,
        /// Summary of what the sender has, if it wants an answer in return.
        have: Option<Have>,
        /// Fingerprint of the sender's state when it sent this.
        fingerprint: Fingerprint,
    },
    /// Brings the whole state, since both sides know equal dots and hold different entries.
    All {
        /// Whole state of the sender.
        delta: Delta,
        /// Fingerprint of the sender.
        fingerprint: Fingerprint,
        /// Whether the sender wants the receiver's whole state in return.
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
