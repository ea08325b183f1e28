//! Laws of carts and merge rules, for authors of test suites.
//!
//! [`certify`] holds a merge rule to every law in one line of a test. It says which law the rule
//! breaks, why that matters, and tells the smallest story in which it does, as the text of a
//! [scenario](crate::scenario) file that can be kept.

mod certify;
mod counterexample;
mod edit;
pub mod history;
mod law;
pub mod library;
pub mod model;
pub mod naive;
mod quiet;
pub mod rule;
mod simpler;
mod stage;
pub mod strategies;
mod subject;
mod tale;

pub use certify::{Breach, Certificate, Certification, Claims, certify};
pub use counterexample::Counterexample;
pub use law::Law;
pub use rule::Verdict;
pub use simpler::Simpler;
pub use subject::Subject;
pub use tale::{Deed, Device, Tale, Tap};
