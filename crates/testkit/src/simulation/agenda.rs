//! Agenda: what is going to happen, in order of virtual time.

use std::collections::BTreeMap;

/// Position of an event: its time in milliseconds, whether it comes after the other events of that
/// time, and its number, which keeps the order of planning.
type Position = (u64, bool, u64);

/// Events in order of virtual time.
#[derive(Clone, Debug)]
pub(super) struct Agenda<E> {
    events: BTreeMap<Position, E>,
    planned: u64,
}

impl<E> Agenda<E> {
    /// Makes an agenda without events.
    pub(super) const fn new() -> Self {
        Self { events: BTreeMap::new(), planned: 0 }
    }

    /// Adds an event; `last` puts it after all events of its time that are not last.
    pub(super) fn add(&mut self, at_ms: u64, last: bool, event: E) {
        self.events.insert((at_ms, last, self.planned), event);
        self.planned += 1;
    }

    /// Returns how many events were added so far.
    pub(super) const fn planned(&self) -> u64 {
        self.planned
    }

    /// Takes out the first event, with its time.
    pub(super) fn pop(&mut self) -> Option<(u64, E)> {
        self.events.pop_first().map(|((at_ms, ..), event)| (at_ms, event))
    }
}
