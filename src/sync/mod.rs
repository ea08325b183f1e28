//! Exchange between two replicas as a value: messages in, messages out. The module has no sockets,
//! no threads and no clock.
//!
//! One side probes with its fingerprint. If the fingerprint of the other side is equal, the
//! exchange ends after a few dozen bytes. If not, the other side sends a summary of what it has,
//! and each side answers with exactly what the other lacks:
//!
//! ```text
//! A                              B
//! probe(fingerprint)  ------->
//!                     <-------   same, or have(context, live)
//! answer(delta, have) ------->
//!                     <-------   answer(delta)
//! ```
//!
//! A replica answers every message from its state alone. So a message that is lost, late or
//! delivered twice does no harm: the side that wants to go on probes again.
//!
//! Equal contexts with different entries mean that a writer gave one dot two contents, or a bug.
//! Both sides then send their whole state, so that they end equal, and report [`Diverged`].
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

mod exchange;
mod inbox;
mod message;
mod outbox;
mod session;

pub use exchange::{Diverged, Response, probe, respond};
pub use inbox::{Inbox, InboxError, Received};
pub use message::Message;
pub use outbox::Outbox;
pub use session::{Session, Timing};
