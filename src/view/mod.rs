//! The view of a cart and its explanation: pure functions of the cart's state and the known rules.
//!
//! A line is evaluated in four steps:
//!
//! 1. `set_value` finds the Sets that count among clashing Sets, and the units that each brings.
//! 2. `evaluate` finds the side of each merge that counts.
//! 3. `evaluate` finds the list in which each contribution shows.
//! 4. `rows` sums the contributions of each row and applies the ceiling.
//!
//! `plain_cart` is a short cut for carts without merges, orders and moves.

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
pub(crate) use merges::seen_merges_here;
pub use observe::Observer;
pub use options::ViewOptions;
pub use row_ref::{RowRef, Side, Unreadable};
pub use rows::{Notice, OrderView, Row, View, view};
pub use sentence::{Phrasing, PlainPhrasing};
