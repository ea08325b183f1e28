//! Exchange between two replicas as a value: messages in, messages out. No sockets, no threads,
//! no clock of its own.
//!
//! One side probes with its fingerprint. If the other's is the same, that is all, for ever:
//! a few dozen bytes. If not, it says what it has, and each answers with exactly what the other lacks:
//!
//! ```text
//! A                              B
//! probe(fingerprint)  ------->
//!                     <-------   same, or have(context, live)
//! answer(delta, have) ------->
//!                     <-------   answer(delta)
//! ```
//!
//! Every message is answered from the state alone, so a message that is lost, late or delivered twice does no harm:
//! whoever wants to go on probes again.
//!
//! Equal contexts with different entries mean that some writer gave one dot two contents, or a
//! bug. Both sides then send all they have, so that they end equal, and report [`Diverged`].
//!
//! ```
//! use holdall::sync::{probe, respond};
//! use holdall::{CartId, LineKey, Quantity, Replica, ReplicaId};
//! let cart = CartId::from_u128(1);
//! let mut a = Replica::new(cart, ReplicaId::from_u128(1));
//! let mut b = Replica::new(cart, ReplicaId::from_u128(2));
//! a.add(0, &LineKey::sku("TEE")?, Quantity::ONE, None)?;
//! b.add(0, &LineKey::sku("MUG")?, Quantity::ONE, None)?;
//! let mut message = Some(probe(&a));
//! let mut to_b = true;
//! while let Some(sent) = message {
//!     let receiver = if to_b { &mut b } else { &mut a };
//!     message = respond(receiver, &sent)?.message;
//!     to_b = !to_b;
//! }
//! assert_eq!(a.fingerprint(), b.fingerprint());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod inbox;
mod outbox;
mod session;

pub use inbox::{Inbox, InboxError, Received};
pub use outbox::Outbox;
pub use session::{Session, Timing};

use crate::cart::{Delta, Fingerprint, Have, Joined, WrongCart};
use crate::id::CartId;
use crate::replica::Replica;

/// A message between two replicas of one cart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Message {
    /// This is my fingerprint; is yours the same?
    Probe {
        /// The cart.
        cart: CartId,
        /// The sender's.
        fingerprint: Fingerprint,
    },
    /// It is.
    Same {
        /// The cart.
        cart: CartId,
    },
    /// It is not; this is what I have.
    Have {
        /// The cart.
        cart: CartId,
        /// What the sender has.
        have: Have,
    },
    /// This is what you lack.
    Answer {
        /// Exactly that.
        delta: Delta,
        /// What I have, if I would like the same from you.
        have: Option<Have>,
        /// The sender's, with all it had when it sent this.
        fingerprint: Fingerprint,
    },
    /// We know the same dots and hold different entries: this is all I have.
    All {
        /// The sender's whole state.
        delta: Delta,
        /// The sender's.
        fingerprint: Fingerprint,
        /// Whether it would like the same from you.
        reply: bool,
    },
}

impl Message {
    /// The cart it is about.
    #[must_use]
    pub const fn cart(&self) -> CartId {
        match self {
            Self::Probe { cart, .. } | Self::Same { cart } | Self::Have { cart, .. } => *cart,
            Self::Answer { delta, .. } | Self::All { delta, .. } => delta.cart(),
        }
    }
}

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
    pub joined: Joined,
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
    replica.sum_up();
    response.message = match message {
        Message::Probe { fingerprint, .. } if *fingerprint == replica.fingerprint() => {
            Some(Message::Same { cart })
        }
        Message::Probe { .. } => Some(Message::Have { cart, have: replica.cart().have() }),
        Message::Same { .. } => None,
        Message::Have { have, .. } => Some(Message::Answer {
            delta: replica.cart().answer(have),
            have: sabotage!("exchange-ends-too-early", Some(replica.cart().have()), None),
            fingerprint: replica.fingerprint(),
        }),
        Message::Answer { delta, have, fingerprint } => {
            response.joined = replica.join(delta)?;
            replica.sum_up();
            match have {
                Some(have) => Some(Message::Answer {
                    delta: replica.cart().answer(have),
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
