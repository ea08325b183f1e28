//! What the shopper sees, and why: pure functions of a cart's state and the rules at hand.
//!
//! A row is read in four steps, as the contract has them: which of clashing Sets count and what
//! they are worth (`worth`), which side of each merge counts (`reading`), in which list each
//! contribution shows, and the sum of what is left, under the ceiling (`rows`).

mod added;
mod bearing;
mod cartwide;
mod explain;
mod look;
mod merged;
mod reading;
mod rows;
mod sentence;
pub(crate) mod simple;
mod worth;

pub(crate) use added::put_add;
pub use explain::explain;
pub use explain::{Explanation, Part, Reason, RowExplanation};
pub use look::{Look, RowRef, Side, Unreadable};
pub(crate) use merged::after_here;
pub use rows::{Notice, OrderView, Row, View, ViewOptions, view};
pub use sentence::{Names, Plain};
