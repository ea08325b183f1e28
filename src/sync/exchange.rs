//! The answers of a replica to the messages of an exchange.

use super::message::Message;
use crate::cart::{Fingerprint, JoinReport, WrongCart};
use crate::replica::Replica;

/// A report of equal contexts with different entries. The cause is a bug, or a writer that gave one
/// dot two contents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Diverged {
    /// The fingerprint of this replica.
    pub ours: Fingerprint,
    /// The fingerprint of the peer.
    pub theirs: Fingerprint,
}

/// The result of a message: the reply and a report of the join.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[must_use = "the reply has to be sent"]
pub struct Response {
    /// The reply to send, if there is one.
    pub message: Option<Message>,
    /// The report of the join of the message's delta.
    pub joined: JoinReport,
    /// A divergence found, which should raise an alarm.
    pub diverged: Option<Diverged>,
}

/// Returns the first message of an exchange.
#[must_use]
pub fn probe(replica: &Replica) -> Message {
    Message::Probe { cart: replica.cart().id(), fingerprint: replica.fingerprint() }
}

/// Handles a message and returns the reply.
///
/// # Errors
/// Returns an error for a message about another cart, and changes nothing.
pub fn respond(replica: &mut Replica, message: &Message) -> Result<Response, WrongCart> {
    let cart = replica.cart().id();
    if message.cart() != cart {
        return Err(WrongCart { ours: cart, theirs: message.cart() });
    }
    let mut response = Response::default();
    replica.track_fingerprint();
    response.message = match message {
        Message::Probe { fingerprint, .. } if *fingerprint == replica.fingerprint() => {
            Some(Message::Same { cart })
        }
        Message::Probe { .. } => Some(Message::Have { cart, have: replica.cart().have() }),
        Message::Same { .. } => None,
        Message::Have { have, .. } => Some(Message::Answer {
            delta: replica.cart().delta_for(have),
            have: sabotage!("exchange-ends-too-early", Some(replica.cart().have()), None),
            fingerprint: replica.fingerprint(),
        }),
        // After the last answer both sides have joined all dots, so a difference is a divergence.
        Message::Answer { delta, have, fingerprint } => {
            response.joined = replica.join(delta)?;
            replica.track_fingerprint();
            match have {
                Some(have) => Some(Message::Answer {
                    delta: replica.cart().delta_for(have),
                    have: None,
                    fingerprint: replica.fingerprint(),
                }),
                None => {
                    response.diverged = diverged(replica, *fingerprint);
                    response.diverged.map(|_| all(replica, true))
                }
            }
        }
        // Compare and reply before the join changes the state.
        Message::All { delta, fingerprint, reply } => {
            if *reply {
                response.diverged = diverged(replica, *fingerprint);
            }
            let ours = reply.then(|| all(replica, false));
            response.joined = replica.join(delta)?;
            ours
        }
    };
    Ok(response)
}

/// Returns a report if the contexts are equal and the live entries differ.
fn diverged(replica: &Replica, theirs: Fingerprint) -> Option<Diverged> {
    let ours = replica.fingerprint();
    let differs = sabotage!(
        "divergence-is-not-reported",
        ours.context == theirs.context && ours.live != theirs.live,
        false
    );
    differs.then_some(Diverged { ours, theirs })
}

/// Returns a message with the whole state. With `reply`, the peer answers with its own.
fn all(replica: &Replica, reply: bool) -> Message {
    let delta = replica.cart().to_delta();
    Message::All { delta, fingerprint: replica.fingerprint(), reply }
}
