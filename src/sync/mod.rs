//! An exchange between two replicas as a value: messages in, messages out, without sockets, threads
//! or a clock.
//!
//! One side probes with its fingerprint. If the fingerprints are equal, the exchange ends after a
//! few dozen bytes. Otherwise each side says which dots it has and sends exactly what the other
//! lacks:
//!
//! ```text
//! A                              B
//! probe(fingerprint)  ------->
//!                     <-------   same, or have(context, live)
//! answer(delta, have) ------->
//!                     <-------   answer(delta)
//! ```
//!
//! Every answer depends on the state alone. A message that is lost, late or delivered twice does no
//! harm: a side that wants to continue probes again.
//!
//! Equal contexts with different entries indicate a bug, or a writer that gave one dot two
//! contents. Both sides then send their whole states, so that they become equal, and report
//! [`Diverged`].
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
