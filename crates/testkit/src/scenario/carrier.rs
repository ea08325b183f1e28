//! What carries a story's carts between its sites, if it is not our own exchange.

use std::fmt;

use holdall::cart::{Cart, Delta, Fingerprint};
use holdall::clock::Time;
use holdall::id::CartId;

/// Something that each site keeps beside its replica of each cart, and that others join by means of
/// their own. Sites and carts go by their names in the story.
pub(crate) trait Carrier: fmt::Debug {
    /// Somebody acted at a site.
    fn acted(&mut self, at: CarriedCart<'_>, delta: &Delta);
    /// What is kept at a site takes in what the replica there knows.
    fn tell(&mut self, at: CarriedCart<'_>, state: &Cart);
    /// One-way: all that is kept at the first reaches the second.
    fn pass(&mut self, from: CarriedCart<'_>, to: CarriedCart<'_>);
    /// Two-way.
    fn talk(&mut self, a: CarriedCart<'_>, b: CarriedCart<'_>);
    /// What is kept at a site says this.
    fn hear(&mut self, at: CarriedCart<'_>) -> Delta;
    /// The site stops, and what is kept there comes back from its bytes: the state, and the latest time in it.
    fn restart(&mut self, at: CarriedCart<'_>) -> (Cart, Time);
    /// What is kept at a site is gone.
    fn lose(&mut self, site: &str);
}

/// A cart at a site.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(feature = "automerge"),
    allow(dead_code, reason = "the plain carrier needs but the site")
)]
pub(crate) struct CarriedCart<'a> {
    pub(crate) site: &'a str,
    pub(crate) name: &'a str,
    pub(crate) cart: CartId,
}

/// A story's deltas as a carrier delivers them to somebody who knows nothing.
pub(crate) trait Deliveries {
    /// Takes in a delivery.
    ///
    /// # Errors
    /// It cannot.
    fn deliver(&mut self, delta: &Delta) -> Result<(), String>;
    /// The state in the end, of somebody who reads what came of it.
    ///
    /// # Errors
    /// It cannot be read, or something is left that says nothing.
    fn end(&mut self, expected: Fingerprint) -> Result<Cart, String>;
}
