//! The command `holdall`, as a process.

#[cfg(unix)]
mod command;
