//! A queue for deltas that arrive before the dots that they make dead.

use alloc::vec::Vec;

use crate::cart::{Delta, JoinReport, WrongCart};
use crate::dots::Dots;
use crate::limits;
use crate::replica::Replica;

/// The result of receiving a delta.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use = "a gap has to be asked for"]
pub enum Received {
    /// The delta was joined.
    Joined {
        /// The combined report of the joins.
        joined: JoinReport,
        /// The number of waiting deltas that were joined with it.
        released: usize,
    },
    /// The delta waits until missing dots arrive in their own deltas. The caller should request
    /// them.
    Waits {
        /// The missing dots.
        missing: Dots,
        /// The combined report of joins of other deltas, whose missing dots an exchange had
        /// brought.
        joined: JoinReport,
        /// The number of these other deltas.
        released: usize,
    },
}

/// The reason why an inbox refused a delta.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InboxError {
    /// [`limits::WAITING_DELTAS`] deltas wait already.
    #[error("{limit} deltas wait for others: exchange in full instead", limit = limits::WAITING_DELTAS)]
    Full,
    /// The delta belongs to another cart.
    #[error(transparent)]
    WrongCart(#[from] WrongCart),
}

/// A bounded queue that joins a delta only when every dot that it makes dead is known.
///
/// A dot in the context of the replica then means that the dot's whole delta has been applied, and
/// a duplicate is harmless.
///
/// ```
/// use holdall::sync::{Inbox, Received};
/// use holdall::{CartId, LineKey, Quantity, Replica, ReplicaId};
/// let cart = CartId::from_u128(1);
/// let mut phone = Replica::new(cart, ReplicaId::from_u128(1));
/// let mut region = Replica::new(cart, ReplicaId::from_u128(2));
/// let delta = phone.add(0, &LineKey::sku("TEE")?, Quantity::ONE, None)?;
/// let mut inbox = Inbox::default();
/// assert!(matches!(inbox.receive(&mut region, delta)?, Received::Joined { released: 0, .. }));
/// assert!(inbox.waiting().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    waiting: Vec<Delta>,
}

impl Inbox {
    /// Receives a delta: joins it together with all waiting deltas that are ready, or lets it wait.
    ///
    /// # Errors
    /// Returns an error if the queue is full or the delta belongs to another cart, and changes
    /// nothing.
    pub fn receive(&mut self, replica: &mut Replica, delta: Delta) -> Result<Received, InboxError> {
        let cart = replica.cart();
        if delta.cart() != cart.id() {
            return Err(WrongCart { ours: cart.id(), theirs: delta.cart() }.into());
        }
        // Queue the delta unless an equal delta waits already.
        let missing = missing(replica, &delta);
        let again = self.waiting.contains(&delta);
        if !again {
            if sabotage!(
                "inbox-has-no-limit",
                !missing.is_empty() && self.waiting.len() >= limits::WAITING_DELTAS,
                false
            ) {
                return Err(InboxError::Full);
            }
            self.waiting.push(delta.clone());
        }
        // Join all deltas that are ready now.
        let ready = self.take_ready(replica);
        let mut joined = JoinReport::default();
        for delta in &ready {
            let more = replica.join(delta)?;
            joined.changed |= more.changed;
            joined.equivocations.extend(more.equivocations);
        }
        // Report the delta by whether it still waits.
        let new = !again && ready.contains(&delta);
        let released = ready.len() - usize::from(new);
        Ok(if self.waiting.contains(&delta) {
            Received::Waits { missing, joined, released }
        } else {
            Received::Joined { joined, released }
        })
    }

    /// Removes and returns the largest set of waiting deltas that can be joined together: each dot
    /// that one of them needs is known, or brought by another of them. Deltas may need each other.
    fn take_ready(&mut self, replica: &Replica) -> Vec<Delta> {
        let mut ready: Vec<Delta> = core::mem::take(&mut self.waiting);
        loop {
            // Assume that all remaining deltas are joined, and drop the deltas that still lack a
            // dot.
            let mut known = replica.cart().context().clone();
            sabotage!(
                "inbox-joins-one-at-a-time",
                ready.iter().for_each(|delta| known.extend(&delta.own())),
                ()
            );
            let erased = replica.cart().is_erased();
            let covered = |delta: &Delta| {
                erased
                    || sabotage!(
                        "inbox-does-not-wait",
                        delta.needs().minus(&known).is_empty(),
                        true
                    )
            };
            let before = self.waiting.len();
            let (yes, no) = ready.into_iter().partition(covered);
            ready = yes;
            self.waiting.extend::<Vec<Delta>>(no);
            if self.waiting.len() == before {
                return ready;
            }
        }
    }

    /// Returns the waiting deltas.
    #[must_use]
    pub fn waiting(&self) -> &[Delta] {
        &self.waiting
    }

    /// Returns every dot that a waiting delta needs and the replica lacks.
    #[must_use]
    pub fn missing(&self, replica: &Replica) -> Dots {
        let mut all = Dots::default();
        sabotage!(
            "inbox-names-nothing-missing",
            self.waiting.iter().for_each(|delta| all.extend(&missing(replica, delta))),
            ()
        );
        all
    }
}

/// Returns the dots that a delta needs and the replica lacks. An erased cart needs nothing.
fn missing(replica: &Replica, delta: &Delta) -> Dots {
    if replica.cart().is_erased() {
        return Dots::default();
    }
    delta.needs().minus(replica.cart().context())
}
