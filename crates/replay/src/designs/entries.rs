//! The list of all designs.

use super::design::Design;
use super::evicting_cache::EvictingCache;
use super::holdall::Holdall;
use super::login_sum::LoginSum;
use super::lww_cart::LwwCart;
use super::lww_line::LwwLine;
use super::retry_add::RetryAdd;
use crate::event::NameTable;
use crate::schedule::Schedule;

/// A design that can be replayed.
pub(crate) struct DesignEntry {
    /// Its name in tables and data.
    pub(crate) name: &'static str,
    /// What it is, in a few words.
    pub(crate) about: &'static str,
    /// Starts it for one party, given the names of products.
    pub(crate) open: for<'a> fn(&'a Schedule, &'a NameTable) -> Box<dyn Design + 'a>,
}

/// The name of this library's design.
pub(crate) const OURS: &str = "holdall";

/// Every design, this library's first.
pub(crate) const DESIGNS: &[DesignEntry] = &[
    DesignEntry {
        name: OURS,
        about: "this library",
        open: |schedule, names| Box::new(Holdall::new(schedule, names)),
    },
    DesignEntry {
        name: "lww-cart",
        about: "last write wins on the whole cart",
        open: |schedule, _| Box::new(LwwCart::new(schedule)),
    },
    DesignEntry {
        name: "lww-line",
        about: "last write wins on each line",
        open: |schedule, _| Box::new(LwwLine::new(schedule)),
    },
    DesignEntry {
        name: "retry-add",
        about: "adds without idempotency under retries",
        open: |schedule, _| Box::new(RetryAdd::new(schedule)),
    },
    DesignEntry {
        name: "login-sum",
        about: "guest cart added again at every login",
        open: |schedule, _| Box::new(LoginSum::new(schedule)),
    },
    DesignEntry {
        name: "evicting-cache",
        about: "cart in a cache that evicts before it writes",
        open: |schedule, _| Box::new(EvictingCache::new(schedule)),
    },
];
