//! The bodies of the fuzz targets, as plain functions of bytes. `fuzz_targets/` hands them to
//! libFuzzer; `smoke` hands them seeded inputs on a stable compiler.
//!
//! Each says whether the input reached what it is about, so that a run can see that it tests
//! something.

mod actions;
mod decode;
mod exchange;
mod input;
mod messages;

pub use actions::actions;
pub use decode::decode;
pub use exchange::exchange;
pub use messages::messages;
