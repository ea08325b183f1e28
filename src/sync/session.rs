//! The initiator of an exchange, with its timer as data.

use super::exchange::{Response, probe, respond};
use super::message::Message;
use crate::cart::WrongCart;
use crate::replica::Replica;

/// The intervals between the probes of a session, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    /// The wait for the first answer.
    pub first_ms: u64,
    /// The longest wait. Each further probe doubles the wait up to this limit.
    pub longest_ms: u64,
}

impl Default for Timing {
    /// Returns waits from one second to one minute.
    fn default() -> Self {
        Self { first_ms: 1_000, longest_ms: 60_000 }
    }
}

/// The initiator's side of an exchange, which probes until the peer is known to have equal state.
///
/// The wall clock is an argument. The caller sleeps until [`deadline`](Self::deadline) or the next
/// message, whichever comes first.
///
/// ```
/// use holdall::sync::{Message, Session};
/// use holdall::{CartId, Replica, ReplicaId};
/// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(1));
/// let mut session = Session::default();
/// let first = session.start(&phone, 0);
/// assert!(matches!(first, Message::Probe { .. }));
/// // Without an answer, the session repeats the probe, with longer and longer waits.
/// assert!(session.handle_timeout(&phone, 999).is_none());
/// assert!(session.handle_timeout(&phone, 1_000).is_some());
/// assert_eq!(session.deadline(), Some(3_000));
/// let cart = CartId::from_u128(1);
/// session.handle(&mut phone, &Message::Same { cart }, 1_100)?;
/// assert!(session.is_quiet());
/// # Ok::<(), holdall::cart::WrongCart>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Session {
    timing: Timing,
    /// Time of the next probe, or `None` without an open exchange.
    deadline: Option<u64>,
    /// The current wait.
    wait_ms: u64,
}

impl Session {
    /// Creates a session with other waits than the default.
    #[must_use]
    pub const fn new(timing: Timing) -> Self {
        Self { timing, deadline: None, wait_ms: 0 }
    }

    /// Starts an exchange and returns the probe to send.
    pub fn start(&mut self, replica: &Replica, now_ms: u64) -> Message {
        self.wait_ms = self.timing.first_ms;
        self.deadline = Some(now_ms.saturating_add(self.wait_ms));
        probe(replica)
    }

    /// Handles a message of the peer. The caller must send the reply, if there is one.
    ///
    /// # Errors
    /// Returns an error for a message about another cart.
    pub fn handle(
        &mut self,
        replica: &mut Replica,
        message: &Message,
        now_ms: u64,
    ) -> Result<Response, WrongCart> {
        let response = respond(replica, message)?;
        let last = matches!(
            message,
            Message::Same { .. }
                | Message::Answer { have: None, .. }
                | Message::All { reply: false, .. }
        );
        // The last message ends the exchange. Any other resets the timer.
        if last && response.message.is_none() {
            self.deadline = None;
        } else if self.deadline.is_some() {
            self.wait_ms = self.timing.first_ms;
            self.deadline = Some(now_ms.saturating_add(self.wait_ms));
        }
        Ok(response)
    }

    /// Returns the probe to send again if the deadline has passed, or `None`.
    pub fn handle_timeout(&mut self, replica: &Replica, now_ms: u64) -> Option<Message> {
        if self.deadline.is_none_or(|deadline| now_ms < deadline) {
            return None;
        }
        // Each probe without an answer doubles the wait.
        self.wait_ms = self.wait_ms.saturating_mul(2).min(self.timing.longest_ms);
        self.deadline = Some(now_ms.saturating_add(self.wait_ms));
        sabotage!("probe-is-not-repeated", Some(probe(replica)), None)
    }

    /// Returns the time to call [`handle_timeout`](Self::handle_timeout), in the caller's
    /// milliseconds, or `None` without an open exchange.
    #[must_use]
    pub const fn deadline(&self) -> Option<u64> {
        self.deadline
    }

    /// Returns whether no exchange is open.
    #[must_use]
    pub const fn is_quiet(&self) -> bool {
        self.deadline.is_none()
    }
}
