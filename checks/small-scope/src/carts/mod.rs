//! Every interleaving of a few replicas of one cart, over the library's own code.
//!
//! A model is a [`Script`](script::Script): up to three replicas of an account's cart with two
//! actions each, and a guest's phone whose cart the third merges. A step is an action, the arrival of a
//! packet, or a full exchange of two replicas. Packets stay in the network for ever, so each
//! order, each omission and each repetition is a path. After each step the replica that changed is
//! held to the [`laws`]; what it must show says the [`fold`], which shares no code with it.

pub mod acting;
pub mod fold;
pub mod laws;
pub mod model;
pub mod script;
pub mod state;
