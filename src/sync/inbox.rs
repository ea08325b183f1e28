//! Deltas that came before what they make dead.

use alloc::vec::Vec;

use crate::cart::{Delta, Joined, WrongCart};
use crate::context::Dots;
use crate::limits;
use crate::replica::Replica;

/// What became of a delta.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use = "a gap has to be asked for"]
pub enum Received {
    /// It was joined, and with it as many that had waited for it.
    Joined {
        /// What the joins found.
        joined: Joined,
        /// How many that had waited were joined after it.
        released: usize,
    },
    /// It waits until these dots are known through their own deltas: ask for them.
    Waits {
        /// What is missing.
        missing: Dots,
    },
}

/// The waiting room is full, or the delta is about another cart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InboxFull {
    /// There are [`limits::WAITING_DELTAS`] already.
    #[error("{limit} deltas wait for others: exchange in full instead", limit = limits::WAITING_DELTAS)]
    Full,
    /// The delta is about another cart.
    #[error(transparent)]
    WrongCart(#[from] WrongCart),
}

/// A waiting room: a delta is joined only when every dot that it makes dead is known through its
/// own delta. So a dot in the context means that its whole delta has been applied, and a
/// duplicate is harmless. Bounded, and listed.
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    waiting: Vec<Delta>,
}

impl Inbox {
    /// Takes a delta in.
    ///
    /// # Errors
    /// The waiting room is full, or it is about another cart; nothing has changed then.
    pub fn receive(&mut self, replica: &mut Replica, delta: Delta) -> Result<Received, InboxFull> {
        let cart = replica.cart();
        if delta.cart() != cart.id() {
            return Err(WrongCart { ours: cart.id(), theirs: delta.cart() }.into());
        }
        let missing = missing(replica, &delta);
        if !missing.is_empty() {
            if !self.waiting.contains(&delta) {
                if self.waiting.len() >= limits::WAITING_DELTAS {
                    return Err(InboxFull::Full);
                }
                self.waiting.push(delta);
            }
            return Ok(Received::Waits { missing });
        }
        let mut joined = replica.join(&delta)?;
        let mut released = 0;
        while let Some(at) = self.waiting.iter().position(|d| missing_none(replica, d)) {
            let more = replica.join(&self.waiting.swap_remove(at))?;
            joined.changed |= more.changed;
            joined.equivocations.extend(more.equivocations);
            released += 1;
        }
        Ok(Received::Joined { joined, released })
    }

    /// What waits.
    #[must_use]
    pub fn waiting(&self) -> &[Delta] {
        &self.waiting
    }

    /// Every dot that something waits for.
    #[must_use]
    pub fn missing(&self, replica: &Replica) -> Dots {
        let mut all = Dots::default();
        self.waiting.iter().for_each(|delta| all.extend(&missing(replica, delta)));
        all
    }
}

fn missing(replica: &Replica, delta: &Delta) -> Dots {
    if replica.cart().is_erased() {
        return Dots::default();
    }
    delta.needs().minus(replica.cart().context())
}

fn missing_none(replica: &Replica, delta: &Delta) -> bool {
    missing(replica, delta).is_empty()
}
