//! Deltas that came before what they make dead.

use alloc::vec::Vec;

use crate::cart::{Delta, JoinReport, WrongCart};
use crate::dots::Dots;
use crate::limits;
use crate::replica::Replica;

/// What became of a delta.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use = "a gap has to be asked for"]
pub enum Received {
    /// It was joined, and with it as many that had waited.
    Joined {
        /// What the joins found.
        joined: JoinReport,
        /// How many that had waited were joined with it.
        released: usize,
    },
    /// It waits until these dots are known through their own deltas: ask for them.
    Waits {
        /// What is missing.
        missing: Dots,
        /// What the joins of others found, which an exchange in between had made ready.
        joined: JoinReport,
        /// How many those were.
        released: usize,
    },
}

/// Why a delta was not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InboxError {
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
    pub fn receive(&mut self, replica: &mut Replica, delta: Delta) -> Result<Received, InboxError> {
        let cart = replica.cart();
        if delta.cart() != cart.id() {
            return Err(WrongCart { ours: cart.id(), theirs: delta.cart() }.into());
        }
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
        let ready = self.take_ready(replica);
        let mut joined = JoinReport::default();
        for delta in &ready {
            let more = replica.join(delta)?;
            joined.changed |= more.changed;
            joined.equivocations.extend(more.equivocations);
        }
        let new = !again && ready.contains(&delta);
        let released = ready.len() - usize::from(new);
        Ok(if self.waiting.contains(&delta) {
            Received::Waits { missing, joined, released }
        } else {
            Received::Joined { joined, released }
        })
    }

    /// Takes out the most that can be joined together: every dot that one of them needs is known
    /// here or another of them brings it. Batches can need each other, so one by one would not do.
    fn take_ready(&mut self, replica: &Replica) -> Vec<Delta> {
        let mut ready: Vec<Delta> = core::mem::take(&mut self.waiting);
        loop {
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

    /// What waits.
    #[must_use]
    pub fn waiting(&self) -> &[Delta] {
        &self.waiting
    }

    /// Every dot that something waits for.
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

fn missing(replica: &Replica, delta: &Delta) -> Dots {
    if replica.cart().is_erased() {
        return Dots::default();
    }
    delta.needs().minus(replica.cart().context())
}
