//! How a party's conflicts are found.

use super::conflicts::ConflictKind;
use super::party_model::PartyModel;
use super::recorded_action::{PartyKnowledge, RecordedAction};
use crate::schedule::{ActionId, LineId};

/// How far back a line is searched for actions that an author had not seen. Without a bound a
/// line that ten thousand people edit would be searched ten thousand times.
const SEARCHED: usize = 64;

const KINDS: [ConflictKind; 4] =
    [ConflictKind::Add, ConflictKind::Set, ConflictKind::Remove, ConflictKind::Order];

impl PartyModel {
    /// Counts what the author of an action did not know about the lines it concerns. Earlier
    /// actions cannot have seen this one, so not to know them is enough.
    pub(super) fn note_conflicts(&mut self, author: &PartyKnowledge, told: &RecordedAction) {
        let Some(own) = told.kind else {
            self.conflicts.guest_merges += 1;
            let brought = told.brings.iter().flat_map(|fact| &self.told[*fact as usize].lines);
            let mut lines: Vec<LineId> = brought.copied().collect();
            lines.sort_unstable();
            lines.dedup();
            self.conflicts.lines_on_both_sides +=
                lines.iter().filter(|line| self.is_anywhere(**line)).count() as u64;
            return;
        };
        for kind in KINDS {
            let recent = told.lines.iter().filter_map(|line| self.lines.get(line));
            let met = recent
                .flat_map(|line| &line.recent)
                .any(|fact| self.told[*fact as usize].kind == Some(kind) && !author.knows(*fact));
            *self.conflicts.pair(own, kind) += u64::from(met);
        }
    }

    /// Remembers what happened to lines.
    pub(super) fn note_past(&mut self, id: ActionId, told: &RecordedAction) {
        for line in &told.lines {
            let past = self.lines.entry(*line).or_default();
            past.orders += usize::from(told.kind == Some(ConflictKind::Order));
            if !told.as_guest {
                if past.recent.len() >= 2 * SEARCHED {
                    past.recent.drain(..SEARCHED);
                }
                past.recent.push(id);
            }
        }
    }
}
