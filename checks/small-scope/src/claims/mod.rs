//! The claim of a guest cart, with a region cut off from the authority.
//!
//! To whom a guest cart belongs is the one thing that needs agreement: a compare-and-set of
//! `owner(guest)` at an authority. The [`protocol`] is a value; the [`model`] has three askers in two regions, two
//! of one account and one of another, over a network that loses and repeats, and joins what it is
//! told into the library's own carts.

pub mod laws;
pub mod model;
pub mod protocol;
mod runs;
pub mod state;

pub use runs::models;
