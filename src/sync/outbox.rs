//! What a peer has not acknowledged.

use alloc::vec::Vec;

use crate::cart::{Delta, Have};

/// The deltas of a writer that a peer has not acknowledged, oldest first. Persist first, send,
/// drop only on acknowledgement.
///
/// An acknowledgement is the peer's context: a dot in it means that the dot's whole delta has been applied
/// there ([`Inbox`](super::Inbox) sees to that), so "was mine applied?" is one comparison.
///
/// ```
/// use holdall::sync::Outbox;
/// use holdall::{CartId, LineKey, Quantity, Replica, ReplicaId};
/// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(1));
/// let mut region = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
/// let mut outbox = Outbox::default();
/// outbox.push(phone.add(0, &LineKey::sku("TEE")?, Quantity::ONE, None)?);
/// for delta in outbox.pending() {
///     region.join(delta)?; // perhaps twice, perhaps late
/// }
/// outbox.acknowledge(&region.cart().have());
/// assert!(outbox.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbox {
    deltas: Vec<Delta>,
}

impl Outbox {
    /// Keeps a delta until it is acknowledged.
    pub fn push(&mut self, delta: Delta) {
        if !delta.is_empty() {
            self.deltas.push(delta);
        }
    }

    /// What is not acknowledged, oldest first.
    #[must_use]
    pub fn pending(&self) -> &[Delta] {
        &self.deltas
    }

    /// Drops what a peer that has `have` has applied; says how many that were.
    pub fn acknowledge(&mut self, have: &Have) -> usize {
        let before = self.deltas.len();
        if have.erased {
            self.deltas.clear();
        }
        self.deltas.retain(|delta| {
            delta.is_erasure()
                || sabotage!(
                    "outbox-drops-half-known-delta",
                    !delta.own().minus(&have.context).is_empty(),
                    delta.own().intersection(&have.context).is_empty()
                )
        });
        before - self.deltas.len()
    }

    /// Whether all is acknowledged.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.deltas.is_empty()
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.deltas.len()
    }
}
