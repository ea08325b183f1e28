//! How many commands there were, how they ended, and how long they took.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use metrics::{Counter, Histogram};

/// A command's name, and how it ended.
type Series = (&'static str, &'static str);

/// The series of commands. A series is looked up among all of the process's once, and then known
/// here.
#[derive(Default)]
pub(super) struct CommandMetrics(RwLock<BTreeMap<Series, (Counter, Histogram)>>);

impl std::fmt::Debug for CommandMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CommandMetrics").finish_non_exhaustive()
    }
}

impl CommandMetrics {
    /// Counts a command that took so many seconds.
    pub(super) fn count(&self, command: &'static str, outcome: &'static str, seconds: f64) {
        let meters = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((commands, times)) = meters.get(&(command, outcome)) {
            commands.increment(1);
            times.record(seconds);
            return;
        }
        drop(meters);
        let commands =
            metrics::counter!("holdall_commands_total", "command" => command, "outcome" => outcome);
        let times = metrics::histogram!("holdall_command_seconds", "command" => command);
        commands.increment(1);
        times.record(seconds);
        let mut meters = self.0.write().unwrap_or_else(PoisonError::into_inner);
        meters.entry((command, outcome)).or_insert((commands, times));
    }
}
