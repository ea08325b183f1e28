//! The retirement of a writer, with a region cut off.
//!
//! Hundreds of guests' devices must not weigh on a cart for ever: a writer that is done leaves the
//! context. Regions freeze it, and only when all of them report the same last dot does it go, behind a
//! fence. The library keeps their runs (`DESIGN.md`, "Writers that are done"): the [`protocol`] is a value that could become its
//! own, the [`model`] tries it with three regions, a device that is not done, packets that come late, and a
//! region that is cut off. Each condition is needed: without it the checker finds what goes wrong.

pub mod model;
pub mod protocol;
mod runs;

pub use runs::{SHORT_ACTIONS, models};
