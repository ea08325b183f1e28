//! Reading one line, or all of them: some rules decide on whole carts.

use alloc::vec::Vec;

use super::evaluate::{Presence, Reading, Source};
use super::merges::Merged;
use crate::cart::{Fact, List};
use crate::id::LineKey;
use crate::policy::Reach;

impl<'a> Source<'a> {
    /// Reads one line.
    pub(crate) fn line(&self, line: &'a LineKey) -> Reading<'a> {
        if self.merges.iter().any(|merge| self.is_cartwide(merge)) {
            let all = self.all();
            if let Some(reading) = all.into_iter().find(|reading| reading.line == line) {
                return reading;
            }
        }
        let mut reading = self.gather(line, self.cart.live().on_line(line));
        for merge in 0..self.merges.len() {
            self.choose(&mut reading, merge, None);
        }
        self.place(&mut reading);
        reading
    }

    /// Reads a line of a cart without merges.
    pub(crate) fn alone(
        &self,
        line: &'a LineKey,
        facts: impl Iterator<Item = Fact<'a>> + Clone,
    ) -> Reading<'a> {
        let mut reading = self.gather(line, facts);
        self.place(&mut reading);
        reading
    }

    /// Reads every line, in the order of line keys.
    pub(crate) fn all(&self) -> Vec<Reading<'a>> {
        let by_line = self.cart.live().by_line();
        let mut readings: Vec<Reading<'a>> =
            by_line.iter().map(|(line, facts)| self.gather(line, facts)).collect();
        for (at, merge) in self.merges.iter().enumerate() {
            let presence = self.is_cartwide(merge).then(|| self.presence(&readings, at));
            for reading in &mut readings {
                self.choose(reading, at, presence);
            }
        }
        for reading in &mut readings {
            self.place(reading);
        }
        readings
    }

    fn is_cartwide(&self, merge: &Merged<'_>) -> bool {
        merge
            .policy
            .rules()
            .any(|rule| self.rules.get(rule).is_some_and(|rule| rule.reach() == Reach::Cart))
    }

    fn presence(&self, readings: &[Reading<'a>], merge: usize) -> Presence {
        let mut presence = Presence::default();
        for reading in readings {
            for (at, list) in List::ALL.into_iter().enumerate() {
                let (account, guest) = self.sides(reading, merge, list);
                presence.account[at] |= !account.is_empty();
                presence.guest[at] |= !guest.is_empty();
            }
        }
        presence
    }
}
