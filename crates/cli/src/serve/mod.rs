//! `holdall serve`: the reference service on this machine's disk, or on a database.

mod config;
mod policy;
mod run;

pub(crate) use config::with_file;
pub(crate) use run::{ServeArgs, run};
