//! What the shopper sees, and why: pure functions of a cart's state and the registered rules.
//!
//! A line is evaluated in four steps:
//!
//! `set_value`: which of clashing Sets count, and how many units each is worth;
//! `evaluate`: which side of each merge counts;
//! `evaluate`: which list shows each contribution;
//! `rows`: the sum of what is left, limited by the ceiling.
//!
//! `plain_cart` is a shortcut for carts without merges, orders and moves.

mod cartwide;
mod contribution;
mod evaluate;
mod explain;
mod incremental;
mod merges;
mod observe;
mod options;
mod placements;
pub(crate) mod plain_cart;
mod row_ref;
mod rows;
mod sentence;
mod set_value;

pub use explain::{ExplainedContribution, Explanation, Reason, RowExplanation, explain};
pub(crate) use incremental::put_add;
pub(crate) use merges::after_here;
pub use observe::Observer;
pub use options::ViewOptions;
pub use row_ref::{RowRef, Side, Unreadable};
pub use rows::{Notice, OrderView, Row, View, view};
pub use sentence::{Phrasing, PlainPhrasing};
