//! The claim of a guest cart, with a region cut off from the authority.
//!
//! To whom a guest cart belongs is the one thing that needs agreement: a compare-and-set of
//! `owner(guest)` at an authority. The [`protocol`] is a value; the [`model`] has three askers in two regions, two
//! of one account and one of another, over a network that loses and repeats, and joins what it is
//! told into the library's own carts.

pub mod laws;
pub mod model;
pub mod protocol;
pub mod state;

use model::{Claims, Flaw};

/// The models that are run.
pub fn models() -> [(&'static str, Claims); 2] {
    let of = |releases| Claims { releases, flaw: Flaw::None };
    [
        ("two accounts, one region cut off", of(false)),
        ("the same, and the merge may be taken back", of(true)),
    ]
}
