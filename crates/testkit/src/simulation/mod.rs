//! Simulation kernel: virtual time, clocks that are off, and an unreliable network, from one seed.
//!
//! A [`Simulation`] knows nothing of carts. It keeps an agenda of events in virtual milliseconds,
//! a clock error and a cut for each node, and decides the [`Fate`] of each message by the chances
//! of its [`Link`]: lost, damaged, delayed, repeated, or reordered by different delays. Whoever
//! uses it says what a node and an event are, and handles the events one by one:
//!
//! ```
//! use holdall_testkit::dice::Dice;
//! use holdall_testkit::simulation::{Delay, Fate, Link, Simulation};
//!
//! let delay = Delay::Uniform { least_ms: 20, most_ms: 80 };
//! let link = Link { lost: 100, delay, ..Link::IDEAL };
//! let mut simulation = Simulation::new(Dice::new(7, 0), 1_000);
//! let mut lost = 0;
//! for message in 0..100 {
//!     lost += i32::from(simulation.send(&"phone", &"server", &link, message) == Fate::Lost);
//! }
//! let mut arrived = 0;
//! while let Some(_message) = simulation.next_event() {
//!     assert!((1_020..=1_080).contains(&simulation.now_ms()));
//!     arrived += 1;
//! }
//! assert_eq!(arrived + lost, 100);
//! ```

mod agenda;
mod kernel;
mod link;

pub use kernel::Simulation;
pub use link::{Delay, Fate, Link};
