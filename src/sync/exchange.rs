//! How a replica answers the messages of an exchange.

use super::message::Message;
use crate::cart::{Fingerprint, JoinReport, WrongCart};
use crate::replica::Replica;

/// Equal contexts with different entries: a bug, or a writer that gave one dot two contents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Diverged {
    /// This replica's fingerprint.
    pub ours: Fingerprint,
    /// The peer's.
    pub theirs: Fingerprint,
}

/// What a message led to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[must_use = "the reply has to be sent"]
pub struct Response {
    /// What to send back, if anything.
    pub message: Option<Message>,
    /// What joining its delta found.
    pub joined: JoinReport,
    /// An alarm to raise.
    pub diverged: Option<Diverged>,
}

/// The first message of an exchange.
#[must_use]
pub fn probe(replica: &Replica) -> Message {
    Message::Probe { cart: replica.cart().id(), fingerprint: replica.fingerprint() }
}

/// Takes a message and says what to send back.
///
/// # Errors
/// It is about another cart; nothing has changed then.
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

fn diverged(replica: &Replica, theirs: Fingerprint) -> Option<Diverged> {
    let ours = replica.fingerprint();
    let differs = sabotage!(
        "divergence-is-not-reported",
        ours.context == theirs.context && ours.live != theirs.live,
        false
    );
    differs.then_some(Diverged { ours, theirs })
}

fn all(replica: &Replica, reply: bool) -> Message {
    let delta = replica.cart().to_delta();
    Message::All { delta, fingerprint: replica.fingerprint(), reply }
}
