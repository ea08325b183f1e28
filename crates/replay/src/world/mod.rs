//! The simulated world: turns what a party wants into what happens to it, step by step.
//!
//! Everything here comes from the party's own dice and the common weather, so a schedule is a
//! function of trace, seed and number of regions. The model is asked what a device shows, because a
//! shopper presses the buttons that are on the screen: a line that is not shown cannot be removed.

mod clicks;
mod mail;
mod party_simulation;
mod recorder;
#[cfg(test)]
mod tests;

pub(crate) use party_simulation::play_out;
#[cfg(test)]
pub(crate) use recorder::ScheduleRecorder;
