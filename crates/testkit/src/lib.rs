//! Laws of carts and merge rules, for authors of test suites.
//!
//! [`certify()`] holds a merge rule to every law in one line of a test. It says which law the rule
//! breaks, why that matters, and tells the smallest story in which it does, as the text of a
//! [scenario](mod@scenario) file that can be kept. The manual has
//! [a page about it](manual).
//!
//! | for | see |
//! |---|---|
//! | a rule of your own | [`certify()`], [`Certification`], [`Claims`] |
//! | one law at a time, without random numbers | [`rule`], [`RuleUnderTest::check`], [`MergeScenario`] |
//! | the laws by name, in words | [`Law`] |
//! | generators for proptest | [`strategies`] |
//! | whole histories with a bad network, and the library's own laws | [`history`], [`laws`] |
//! | an action of every verb | [`sample_actions()`] |
//! | virtual time and an unreliable network, from one seed | [`simulation`] |
//! | worlds in which everything goes wrong, from one seed | [`soak`] |
//! | a durable store of your own | `holdall_store::conformance` |
//! | two obvious models: of the state, and of what is seen | [`reference_state`], [`model`] |
//!
//! ```
//! use holdall_testkit::{laws, strategies::histories, Law};
//! use proptest::test_runner::{Config, TestRunner};
//!
//! // A law of the library on random histories, in somebody else's test suite.
//! let config = Config { failure_persistence: None, cases: 8, ..Config::default() };
//! let mut runner = TestRunner::new(config);
//! runner.run(&histories(20), |history| {
//!     laws::check(Law::LocalEffect, &history).map_err(Into::into)
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod action;
mod catch_panic;
mod certify;
mod claim_authority;
mod counterexample;
pub mod dice;
pub mod effect;
pub mod history;
mod law;
pub mod laws;
mod merge_scenario;
pub mod model;
pub mod reference_state;
pub mod rule;
mod rule_under_test;
mod runner;
mod sample_actions;
pub mod scenario;
mod shrink;
pub mod simulation;
pub mod soak;
pub mod strategies;

pub use action::{Device, ScenarioAction, ScenarioStep};
pub use certify::{Certificate, Certification, Claims, LawViolation, certify};
pub use counterexample::Counterexample;
pub use law::Law;
pub use merge_scenario::MergeScenario;
pub use rule::Verdict;
pub use rule_under_test::RuleUnderTest;
pub use sample_actions::sample_actions;
pub use shrink::Shrink;

pub mod manual {
    //! How to test a merge policy of your own.
    #![doc = include_str!("manual.md")]
}
