//! A queue for deltas that a peer has not acknowledged.

use alloc::vec::Vec;

use crate::cart::{Delta, Have};

/// The deltas of a writer that a peer has not acknowledged, from the oldest to the newest. A
/// program stores a delta first, then sends it, and drops it after the acknowledgement.
///
/// An acknowledgement is the context of the peer. A dot in it means that the peer has applied the
/// dot's whole delta, which [`Inbox`](super::Inbox) guarantees, so one comparison tells whether a
/// delta has arrived.
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
    /// Adds a delta, which stays until it is acknowledged. An empty delta is not added.
    pub fn push(&mut self, delta: Delta) {
        if !delta.is_empty() {
            self.deltas.push(delta);
        }
    }

    /// Returns the deltas that are not acknowledged, from the oldest to the newest.
    #[must_use]
    pub fn pending(&self) -> &[Delta] {
        &self.deltas
    }

    /// Removes the deltas that a peer has applied, given its dots, and returns their number.
    pub fn acknowledge(&mut self, have: &Have) -> usize {
        let before = self.deltas.len();
        // A peer with an erased cart needs no further deltas.
        if have.erased {
            self.deltas.clear();
        }
        // Only an erased cart acknowledges an erasure.
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

    /// Returns whether all deltas are acknowledged.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.deltas.is_empty()
    }

    /// Returns the number of deltas that are not acknowledged.
    #[must_use]
    pub fn len(&self) -> usize {
        self.deltas.len()
    }
}
