//! A run of a scenario with a rule. Every step is noted as a story has it, so that the printed
//! story is what was run.

mod look;
mod scenario_runner;
mod variant;
mod visible_row;

pub(super) use variant::RunVariant;
pub(super) use visible_row::{VisibleRow, VisibleRows, rows, total, words};

pub(crate) use scenario_runner::ScenarioRunner;
