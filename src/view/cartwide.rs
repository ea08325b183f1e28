//! Reading one line, or all of them: some rules decide on whole carts.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::merged::{Merged, stage};
use super::reading::{Presence, Reading, Source};
use crate::cart::{Body, List};
use crate::context::Dot;
use crate::id::LineKey;
use crate::policy::Reach;

impl<'a> Source<'a> {
    /// Reads one line.
    pub(crate) fn line(&self, line: &LineKey, except: &BTreeSet<Dot>) -> Reading<'a> {
        if self.merges.iter().any(|merge| self.is_cartwide(merge)) {
            let all = self.all(except);
            if let Some(reading) = all.into_iter().find(|reading| reading.line == *line) {
                return reading;
            }
        }
        let mut reading = self.gather(line, except);
        for merge in 0..self.merges.len() {
            self.choose(&mut reading, merge, None, except);
        }
        self.place(&mut reading, except);
        reading
    }

    /// Reads every line, in the order of line keys.
    pub(crate) fn all(&self, except: &BTreeSet<Dot>) -> Vec<Reading<'a>> {
        let mut readings: Vec<Reading<'a>> =
            self.cart.lines().map(|line| self.gather(line, except)).collect();
        for (at, merge) in self.merges.iter().enumerate() {
            let presence = self.is_cartwide(merge).then(|| self.presence(&readings, at, except));
            for reading in &mut readings {
                self.choose(reading, at, presence, except);
            }
        }
        for reading in &mut readings {
            self.place(reading, except);
        }
        readings
    }

    fn is_cartwide(&self, merge: &Merged<'_>) -> bool {
        merge
            .policy
            .rules()
            .any(|rule| self.rules.get(rule).is_some_and(|rule| rule.reach() == Reach::Cart))
    }

    /// Whether somebody who had seen the merge left word that a dot stays in the saved list.
    fn is_kept_saved(&self, dot: Dot, merge: usize, except: &BTreeSet<Dot>) -> bool {
        self.cart.bearing_on(dot).any(|(by, entry)| {
            let word = !matches!(entry.body, Body::Move { .. });
            let saved = entry.places(dot) == Some(List::Saved);
            word && saved && !except.contains(&by) && stage(entry, self.merges) > merge
        })
    }

    fn presence(&self, readings: &[Reading<'a>], merge: usize, except: &BTreeSet<Dot>) -> Presence {
        let mut presence = Presence::default();
        for reading in readings {
            for (at, list) in List::ALL.into_iter().enumerate() {
                let (account, guest) = self.sides(reading, merge, list, except);
                presence.account[at] |= !account.is_empty();
                presence.guest[at] |= !guest.is_empty();
                // Whoever saw the merge and took out the last of the side that won left word of
                // what stays saved: the merge stays decided.
                let kept = |side: &[usize]| {
                    side.iter()
                        .any(|part| self.is_kept_saved(reading.parts[*part].dot, merge, except))
                };
                presence.account[at] |= kept(&guest);
                presence.guest[at] |= kept(&account);
            }
        }
        presence
    }
}
