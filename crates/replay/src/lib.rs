//! `holdall replay`: shopper events over several regions with a bad network, this library and the
//! designs that people use side by side on the very same schedule, and an independent judge.
//!
//! From trace to verdict: `read`, `retail` or `trace` give `event`s; `party` sorts them
//! by whose cart they are about; `world` turns what a party wants into a `schedule` of what
//! happens, with the `model` telling what each device shows; each of the `designs` lives
//! through that schedule; `judge` compares what its regions show with what the model says.

mod args;
mod conditions;
mod designs;
mod error;
mod event;
mod input;
mod judge;
mod model;
mod party;
mod play;
mod read;
mod report;
mod retail;
mod run;
mod schedule;
mod table;
mod trace;
mod world;

pub use args::ReplayArgs;
pub use input::unpack;
pub use run::run;
