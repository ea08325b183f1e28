//! Stories: what shoppers did on which devices, how the network behaved, and what everybody must
//! see in the end. Merchants, support staff and test suites write them, as TOML files.
//!
//! A story is told once as it is written, over the real exchange and through bytes; then the
//! deltas it produced are delivered to fresh replicas reordered, duplicated, split and batched. All
//! of them must end in the same expectation, with equal fingerprints.
//!
#![doc = include_str!("FORMAT.md")]

pub(crate) mod act_failure;
pub(crate) mod acting;
pub(crate) mod carrier;
mod check;
#[cfg(feature = "automerge")]
mod documents;
mod network;
mod parse;
mod raw;
pub(crate) mod row_name;
mod run;
mod schedule;
pub(crate) mod shopping;
pub(crate) mod story;
mod through;
pub(crate) mod world;
mod write;

pub(crate) use check::unexplained;
pub use run::{Mismatch, Options, tell, tell_with};
pub use story::{Story, StoryError};
pub use through::Through;
