//! The models that are run.

use super::model::Retirements;
use super::protocol::Flaw;

/// The short mode runs models with no more actions than that.
pub const SHORT_ACTIONS: u64 = 2;

/// The models that are run.
pub fn models() -> [(&'static str, Retirements); 2] {
    let of = |actions| Retirements { actions, flaw: Flaw::None };
    [("three regions, two actions", of(2)), ("three regions, three actions", of(3))]
}
