//! Deltas that a peer has not acknowledged.

use alloc::vec::Vec;

use crate::cart::{Delta, Have};

/// Deltas of a writer that a peer has not acknowledged, oldest first. Make a delta durable first,
/// then send it, and drop it only when it is acknowledged.
///
/// An acknowledgement is the peer's context: a dot in it means that the peer has applied the whole
/// delta of the dot, which its [`Inbox`](super::Inbox) ensures. So one comparison tells whether a
/// delta was applied.
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
    /// Keeps a delta until it is acknowledged. An empty delta is left out.
    pub fn push(&mut self, delta: Delta) {
        if !delta.is_empty() {
            self.deltas.push(delta);
        }
    }

    /// Returns the deltas that are not acknowledged, oldest first.
    #[must_use]
    pub fn pending(&self) -> &[Delta] {
        &self.deltas
    }

    /// Drops the deltas that a peer with `have` has applied. Returns how many that were.
    pub fn acknowledge(&mut self, have: &Have) -> usize {
        let before = self.deltas.len();
        // An erased cart absorbs everything.
        if have.erased {
            self.deltas.clear();
        }
        // A delta is applied if the peer knows every dot whose own delta it is.
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

    /// Returns whether everything is acknowledged.
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
