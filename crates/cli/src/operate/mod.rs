//! The commands of operators: look at carts, take them out and put them in, verify, sweep, erase.
//!
//! An embedded store is opened by one process at a time: these commands say so if the service has
//! it.

mod archive;
mod command;
mod inspect;
mod maintain;
mod store_args;

pub(crate) use command::{OperateCommand, run};
pub(crate) use store_args::now_ms;
