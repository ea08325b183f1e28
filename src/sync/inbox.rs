//! Deltas that arrived before the entries that they remove.

use alloc::vec::Vec;

use crate::cart::{Delta, JoinReport, WrongCart};
use crate::dots::Dots;
use crate::limits;
use crate::replica::Replica;

/// Outcome of receiving a delta.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use = "a gap has to be asked for"]
pub enum Received {
    /// The delta was joined, together with waiting deltas that it made ready.
    Joined {
        /// Report of the joins.
        joined: JoinReport,
        /// Number of waiting deltas that were joined with it.
        released: usize,
    },
    /// The delta waits until these dots are known through their own deltas: request those.
    Waits {
        /// Dots that are missing.
        missing: Dots,
        /// Report of joining waiting deltas that an exchange had made ready meanwhile.
        joined: JoinReport,
        /// Number of those deltas.
        released: usize,
    },
}

/// Reason why a delta was not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InboxError {
    /// [`limits::WAITING_DELTAS`] deltas wait already.
    #[error("{limit} deltas wait for others: exchange in full instead", limit = limits::WAITING_DELTAS)]
    Full,
    /// The delta is about another cart.
    #[error(transparent)]
    WrongCart(#[from] WrongCart),
}

/// Deltas that wait for others. A delta is joined only when every dot that it makes dead is known
/// through its own delta.
///
/// So a dot in the context means that its whole delta has been applied, and a duplicate is
/// harmless. The number of waiting deltas is bounded by [`limits::WAITING_DELTAS`].
///
/// ```
/// use holdall::sync::{Inbox, Received};
/// use holdall::{CartId, LineKey, Quantity, Replica, ReplicaId, RowRef};
/// let cart = CartId::from_u128(1);
/// let mut phone = Replica::new(cart, ReplicaId::from_u128(2));
/// let mut region = Replica::new(cart, ReplicaId::from_u128(3));
/// let tee = LineKey::sku("TEE")?;
/// let add = phone.add(0, &tee, Quantity::ONE, None)?;
/// let set = phone.set(1_000, &RowRef::active(tee), 4, None)?;
///
/// let mut inbox = Inbox::default();
/// assert!(matches!(inbox.receive(&mut region, set)?, Received::Waits { .. }));
/// assert!(matches!(inbox.receive(&mut region, add)?, Received::Joined { released: 1, .. }));
/// assert_eq!(region.view(), phone.view());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    waiting: Vec<Delta>,
}

impl Inbox {
    /// Receives a delta: joins it, or keeps it until what it needs has arrived.
    ///
    /// # Errors
    /// Fails if [`limits::WAITING_DELTAS`] deltas wait already, or if the delta is about another
    /// cart. Nothing has changed then.
    pub fn receive(&mut self, replica: &mut Replica, delta: Delta) -> Result<Received, InboxError> {
        let cart = replica.cart();
        if delta.cart() != cart.id() {
            return Err(WrongCart { ours: cart.id(), theirs: delta.cart() }.into());
        }
        let missing = missing(replica, &delta);
        // A duplicate of a waiting delta takes no second place.
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
        // This delta may release others, and with them itself.
        let ready = self.take_ready(replica);
        let mut joined = JoinReport::default();
        for delta in &ready {
            let more = replica.join(delta)?;
            joined.changed |= more.changed;
            joined.equivocations.extend(more.equivocations);
        }
        // Count only deltas that had waited before.
        let new = !again && ready.contains(&delta);
        let released = ready.len() - usize::from(new);
        Ok(if self.waiting.contains(&delta) {
            Received::Waits { missing, joined, released }
        } else {
            Received::Joined { joined, released }
        })
    }

    /// Removes the largest set of deltas that can be joined together: every dot that one of them
    /// needs is known here, or another of them brings it. Batches can need each other, so they
    /// cannot be released one by one.
    fn take_ready(&mut self, replica: &Replica) -> Vec<Delta> {
        let mut ready: Vec<Delta> = core::mem::take(&mut self.waiting);
        loop {
            // Assume that all of them are joined, and drop those that still lack something. Repeat
            // until none drops out: that is the largest such set.
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

    /// Returns the deltas that wait.
    #[must_use]
    pub fn waiting(&self) -> &[Delta] {
        &self.waiting
    }

    /// Returns every dot that a waiting delta needs and `replica` does not know.
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

/// Returns the dots that a delta needs and a replica does not know. An erased cart needs nothing.
fn missing(replica: &Replica, delta: &Delta) -> Dots {
    if replica.cart().is_erased() {
        return Dots::default();
    }
    delta.needs().minus(replica.cart().context())
}
