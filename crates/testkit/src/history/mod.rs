//! Histories: what shoppers and servers do, and what the network does to it, as plain data, so that
//! a failing history shrinks to a short one.

mod history_plan;
mod perform;
mod pick;
mod values;
mod world;

pub use pick::{Pick, PickedRow};
pub(super) use pick::{picks, picks_weight};
pub use values::{
    ENGRAVING, GUESTS, OWN_RULE, RULES, gift, line, policy, price, quantity, shipping, text,
};
pub use world::{ACCOUNT, ActionTaken, HistoryNode, HistoryWorld, converse};

pub use history_plan::{History, HistoryAction, HistoryStep, name_of};
