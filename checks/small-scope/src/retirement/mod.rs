//! The retirement of a writer, with a region cut off.
//!
//! Hundreds of guests' devices must not weigh on a cart for ever: a writer that is done leaves the
//! context. Regions freeze it, and only when all of them report the same last dot does it go, behind a
//! fence. The library keeps their runs (`DESIGN.md`, "Writers that are done"): the [`protocol`] is a value that could become its
//! own, the [`model`] tries it with three regions, a device that is not done, packets that come late, and a
//! region that is cut off. Each condition is needed: without it the checker finds what goes wrong.

pub mod model;
pub mod protocol;

use model::Retirements;
use protocol::Flaw;

/// The short mode runs models with no more actions than that.
pub const SHORT_ACTIONS: u64 = 2;

/// The models that are run.
pub fn models() -> [(&'static str, Retirements); 2] {
    let of = |actions| Retirements { actions, flaw: Flaw::None };
    [("three regions, two actions", of(2)), ("three regions, three actions", of(3))]
}
