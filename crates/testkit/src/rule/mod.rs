//! The laws of merge rules, each a function of a rule and a scenario.
//!
//! None of them needs proptest: whoever has a scenario can ask. What each compares is rows of the
//! real library, which asks the rule as a shop's replicas would.

mod asked;
mod check;
mod claimed;
mod merged;
mod verdict;
mod wanted_rows;

pub(super) use asked::fickle;
pub use asked::{delivery_order, order_in_side, pure, total};
pub use claimed::{monotone, order_free, time_free};
pub use merged::{edit_is_exact, empty_side, explained, line_local, merge_again, unmerge};

pub use super::counterexample::Verdict;
