//! A world: machines, carts, an authority, a bad network, and virtual time. One seed decides all of
//! it.
//!
//! Two accounts' carts are at both regions and at their devices, guests' carts at both regions and
//! at a phone each. Devices send what they write to their region, keep it until it is acknowledged,
//! and exchange in full now and then; regions pass on what they get, and exchange. Packets are
//! lost, come twice, late or spoiled; machines are cut off, crash and come back from the bytes they
//! saved, are copied with their disks, and have clocks that are hours off. Each action is held to
//! its exact effect when it is done; in the end all replicas are compared with the join of all that
//! was written.
//!
//! ```
//! use holdall_testkit::soak::SoakWorld;
//!
//! let mut world = SoakWorld::new(7, 0, None); // world 0 of seed 7
//! world.live();
//! assert!(world.findings().is_empty(), "{:?}", world.findings());
//! assert!(world.actions() >= 20 && world.hours() > 0.0);
//! ```

mod act;
mod action;
mod judge;
mod message;
mod network;
mod node;
mod receive;
mod story;
#[cfg(test)]
mod tests;
mod world;

pub use world::{Finding, InjectedBug, SoakWorld};
