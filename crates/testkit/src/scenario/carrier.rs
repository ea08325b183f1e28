//! What carries a story's carts between its sites, if it is not our own exchange.

use std::fmt;

use holdall::cart::{Cart, Delta, Fingerprint};
use holdall::clock::Time;
use holdall::id::CartId;

/// Carrier of carts in place of the library's exchange: state that each site keeps beside its
/// replica of each cart, and that is joined by means of its own. Sites and carts go by their names
/// in the story.
pub(crate) trait Carrier: fmt::Debug {
    /// Takes in the delta of an action at a site.
    fn acted(&mut self, at: CarriedCart<'_>, delta: &Delta);
    /// Takes in the state of the replica at a site.
    fn tell(&mut self, at: CarriedCart<'_>, state: &Cart);
    /// Sends all that the first site keeps to the second.
    fn pass(&mut self, from: CarriedCart<'_>, to: CarriedCart<'_>);
    /// Exchanges between two sites.
    fn talk(&mut self, a: CarriedCart<'_>, b: CarriedCart<'_>);
    /// Returns what a site keeps, as a delta.
    fn hear(&mut self, at: CarriedCart<'_>) -> Delta;
    /// Restarts a site from its bytes. Returns the state, and the latest time in it.
    fn restart(&mut self, at: CarriedCart<'_>) -> (Cart, Time);
    /// Drops all that a site keeps.
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
    /// The delivery cannot be taken in.
    fn deliver(&mut self, delta: &Delta) -> Result<(), String>;
    /// Reads the state in the end.
    ///
    /// # Errors
    /// The state cannot be read, or it has parts without a meaning.
    fn end(&mut self, expected: Fingerprint) -> Result<Cart, String>;
}
