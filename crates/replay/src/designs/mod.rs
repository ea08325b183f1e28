//! The designs that live through a schedule: this library's, and those that people use.
//!
//! A rival is an honest implementation of its idea, as good as the idea allows: stamps that never
//! go backwards, ties broken alike everywhere, replication that loses nothing. Each has one known
//! flaw, and a test that it is right when the network is. None is a straw man with bugs of our own.

mod design;
mod entries;
mod evicting_cache;
mod holdall;
mod login_sum;
mod lww_cart;
mod lww_line;
mod retry_add;
mod tally;
#[cfg(test)]
mod tests;

pub(crate) use design::{Design, TrafficCounts, play};
pub(crate) use entries::{DESIGNS, DesignEntry, OURS};
