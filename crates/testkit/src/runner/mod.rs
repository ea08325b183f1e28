//! A scenario, told with a rule: every step is noted as a story has it, so that what was run is what
//! is printed.

mod look;
mod scenario_runner;
mod variant;
mod visible_row;

pub(super) use variant::RunVariant;
pub(super) use visible_row::{VisibleRow, VisibleRows, rows, total, words};

pub(crate) use scenario_runner::ScenarioRunner;
