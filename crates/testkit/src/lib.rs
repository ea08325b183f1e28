//! Laws of carts and merge rules, for authors of test suites.
//!
//! [`certify`] holds a merge rule to every law in one line of a test. It says which law the rule
//! breaks, why that matters, and tells the smallest story in which it does, as the text of a
//! [scenario](mod@scenario) file that can be kept. The manual has
//! [a page about it](manual).
//!
//! | for | see |
//! |---|---|
//! | a rule of your own | [`certify`], [`Certification`], [`Claims`] |
//! | one law at a time, without random numbers | [`rule`], [`Subject::check`], [`Tale`] |
//! | the laws by name, in words | [`Law`] |
//! | generators for proptest | [`strategies`] |
//! | whole histories with a bad network, and the library's own laws | [`history`], [`library`] |
//! | an action of every verb | [`sample_actions`] |
//! | virtual time and an unreliable network, from one seed | [`simulation`] |
//! | worlds in which everything goes wrong, from one seed | [`world`] |
//! | a durable store of your own | `holdall_store::conformance` |
//! | two obvious models: of the state, and of what is seen | [`naive`], [`model`] |
//!
//! ```
//! use holdall_testkit::{library, strategies::histories, Law};
//! use proptest::test_runner::{Config, TestRunner};
//!
//! // A law of the library on random histories, in somebody else's test suite.
//! let mut runner = TestRunner::new(Config { failure_persistence: None, cases: 8, ..Config::default() });
//! runner.run(&histories(20), |history| {
//!     library::check(Law::LocalEffect, &history).map_err(Into::into)
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod actions;
mod certify;
mod counterexample;
mod deed;
pub mod dice;
mod edit;
mod effect;
pub mod history;
mod law;
pub mod library;
pub mod model;
pub mod naive;
mod quiet;
pub mod rule;
pub mod scenario;
mod simpler;
pub mod simulation;
mod stage;
pub mod strategies;
mod subject;
mod tale;
pub mod world;

pub use actions::sample_actions;
pub use certify::{Breach, Certificate, Certification, Claims, certify};
pub use counterexample::Counterexample;
pub use deed::{Deed, Device, Tap};
pub use law::Law;
pub use rule::Verdict;
pub use simpler::Simpler;
pub use subject::Subject;
pub use tale::Tale;

pub mod manual {
    //! How to test a merge policy of your own.
    #![doc = include_str!("manual.md")]
}
