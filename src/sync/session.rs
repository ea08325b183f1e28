//! The initiator's side of an exchange, with its timer as data.

use super::exchange::{Response, probe, respond};
use super::message::Message;
use crate::cart::WrongCart;
use crate::replica::Replica;

/// Times after which a session probes again, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    /// Wait for the first answer, in milliseconds.
    pub first_ms: u64,
    /// Longest wait, in milliseconds. Each try doubles the wait up to this.
    pub longest_ms: u64,
}

impl Default for Timing {
    /// Returns a first wait of one second, and at most one minute.
    fn default() -> Self {
        Self { first_ms: 1_000, longest_ms: 60_000 }
    }
}

/// Exchange that this side wants: it probes until the peer is known to have an equal state.
///
/// The wall clock is an argument. A caller sleeps until [`deadline`](Self::deadline) or the next
/// message, whichever comes first.
///
/// ```
/// use holdall::sync::{Message, Session};
/// use holdall::{CartId, Replica, ReplicaId};
/// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(1));
/// let mut session = Session::default();
/// let first = session.start(&phone, 0);
/// assert!(matches!(first, Message::Probe { .. }));
/// // Nothing came back in time: the same question again, later each time.
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
    deadline: Option<u64>,
    wait_ms: u64,
}

impl Session {
    /// Makes a session with waits other than the default.
    #[must_use]
    pub const fn new(timing: Timing) -> Self {
        Self { timing, deadline: None, wait_ms: 0 }
    }

    /// Starts the exchange. Returns the probe to send.
    pub fn start(&mut self, replica: &Replica, now_ms: u64) -> Message {
        self.wait_ms = self.timing.first_ms;
        self.deadline = Some(now_ms.saturating_add(self.wait_ms));
        probe(replica)
    }

    /// Takes a message of the peer in. If the response has a message, send it.
    ///
    /// # Errors
    /// Fails if the message is about another cart.
    pub fn handle(
        &mut self,
        replica: &mut Replica,
        message: &Message,
        now_ms: u64,
    ) -> Result<Response, WrongCart> {
        let response = respond(replica, message)?;
        // The peer wants nothing more after one of these.
        let last = matches!(
            message,
            Message::Same { .. }
                | Message::Answer { have: None, .. }
                | Message::All { reply: false, .. }
        );
        if last && response.message.is_none() {
            self.deadline = None;
        } else if self.deadline.is_some() {
            // The exchange goes on: start the wait again.
            self.wait_ms = self.timing.first_ms;
            self.deadline = Some(now_ms.saturating_add(self.wait_ms));
        }
        Ok(response)
    }

    /// Returns the probe to send again if the deadline has passed, and doubles the wait.
    pub fn handle_timeout(&mut self, replica: &Replica, now_ms: u64) -> Option<Message> {
        if self.deadline.is_none_or(|deadline| now_ms < deadline) {
            return None;
        }
        self.wait_ms = self.wait_ms.saturating_mul(2).min(self.timing.longest_ms);
        self.deadline = Some(now_ms.saturating_add(self.wait_ms));
        sabotage!("probe-is-not-repeated", Some(probe(replica)), None)
    }

    /// Returns the time at which to call [`handle_timeout`](Self::handle_timeout), in milliseconds
    /// of the caller's clock, or `None` if no exchange is open.
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
