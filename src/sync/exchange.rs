//! Answers of a replica to the messages of an exchange.

use super::message::Message;
use crate::cart::{Fingerprint, JoinReport, WrongCart};
use crate::replica::Replica;

/// Alarm: two replicas have equal contexts and different entries, from a bug or a writer that gave
/// one dot two contents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Diverged {
    /// Fingerprint of this replica.
    pub ours: Fingerprint,
    /// Fingerprint of the peer.
    pub theirs: Fingerprint,
}

/// Outcome of a message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[must_use = "the reply has to be sent"]
pub struct Response {
    /// Message to send back, if any.
    pub message: Option<Message>,
    /// Report of joining the delta of the message.
    pub joined: JoinReport,
    /// Alarm to raise, if any.
    pub diverged: Option<Diverged>,
}

/// Returns the first message of an exchange.
#[must_use]
pub fn probe(replica: &Replica) -> Message {
    Message::Probe { cart: replica.cart().id(), fingerprint: replica.fingerprint() }
}

/// Takes a message in and returns what to send back.
///
/// # Errors
/// Fails if the message is about another cart. Nothing has changed then.
pub fn respond(replica: &mut Replica, message: &Message) -> Result<Response, WrongCart> {
    let cart = replica.cart().id();
    if message.cart() != cart {
        return Err(WrongCart { ours: cart, theirs: message.cart() });
    }
    let mut response = Response::default();
    // Each message needs a fingerprint, so keep the sum.
    replica.track_fingerprint();
    response.message = match message {
        Message::Probe { fingerprint, .. } if *fingerprint == replica.fingerprint() => {
            Some(Message::Same { cart })
        }
        Message::Probe { .. } => Some(Message::Have { cart, have: replica.cart().have() }),
        Message::Same { .. } => None,
        // The peer may lack entries and deaths, and this side may too: answer and ask.
        Message::Have { have, .. } => Some(Message::Answer {
            delta: replica.cart().delta_for(have),
            have: sabotage!("exchange-ends-too-early", Some(replica.cart().have()), None),
            fingerprint: replica.fingerprint(),
        }),
        Message::Answer { delta, have, fingerprint } => {
            // Joining may replace the whole state, and with it the sum.
            response.joined = replica.join(delta)?;
            replica.track_fingerprint();
            match have {
                Some(have) => Some(Message::Answer {
                    delta: replica.cart().delta_for(have),
                    have: None,
                    fingerprint: replica.fingerprint(),
                }),
                // Both sides now have what the other had. Equal contexts with unequal entries never
                // heal by further answers, so send everything.
                None => {
                    response.diverged = diverged(replica, *fingerprint);
                    response.diverged.map(|_| all(replica, true))
                }
            }
        }
        Message::All { delta, fingerprint, reply } => {
            if *reply {
                response.diverged = diverged(replica, *fingerprint);
            }
            // Take this side's state before it joins the other's, so that both see both contents.
            let ours = reply.then(|| all(replica, false));
            response.joined = replica.join(delta)?;
            ours
        }
    };
    Ok(response)
}

/// Compares the fingerprints after an exchange.
fn diverged(replica: &Replica, theirs: Fingerprint) -> Option<Diverged> {
    let ours = replica.fingerprint();
    let differs = sabotage!(
        "divergence-is-not-reported",
        ours.context == theirs.context && ours.live != theirs.live,
        false
    );
    differs.then_some(Diverged { ours, theirs })
}

/// Makes a message with the whole state.
fn all(replica: &Replica, reply: bool) -> Message {
    let delta = replica.cart().to_delta();
    Message::All { delta, fingerprint: replica.fingerprint(), reply }
}
