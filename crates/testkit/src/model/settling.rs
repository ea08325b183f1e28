//! What an action that takes something out has to take along, and to leave where it was: an action
//! changes nothing but what was asked.

use std::collections::{BTreeMap, BTreeSet};

use super::action::ModelList;
use super::fact::{PinnedRow, PreservedUnits};
use super::fact_set::FactId;
use super::part::LinePart;
use super::reading::{LineReading, StateReader};
use holdall::id::CartId;

/// List, side and deductions of each contribution that shows.
type UnitPlacement = BTreeMap<FactId, (ModelList, CartId, BTreeMap<FactId, u64>)>;

impl<L: Ord + Clone> StateReader<'_, L> {
    /// Returns the facts that an action covers which takes `shown` out of some lines, and what the
    /// action preserves.
    pub(super) fn settle(
        &self,
        lines: &[LineReading<L>],
        shown: impl IntoIterator<Item = FactId>,
    ) -> (BTreeSet<FactId>, PreservedUnits) {
        let parts = || lines.iter().flat_map(|reading| &reading.parts);
        // What is there on a line and does not show goes with whatever is taken out of it.
        let hidden = parts().filter(|part| !part.is_shown()).map(|part| part.fact);
        let gone: BTreeSet<FactId> = shown.into_iter().chain(hidden).collect();
        let (mut gone, stays) = if self.merges.is_empty() && self.words().next().is_none() {
            (gone, PreservedUnits::default()) // nothing hangs on anything else
        } else {
            self.undisturbed(gone, lines)
        };
        // Moves and preserving facts that are about gone facts alone have no use any more.
        for reading in lines {
            gone.extend(self.moves_of_nothing_but(&reading.line, &gone));
        }
        let spent: Vec<FactId> = self.spent_words(&gone);
        gone.extend(spent);
        (gone, stays)
    }

    /// Moves of a line that place nothing but `gone`. To take another out would move what nobody
    /// here has seen, or what is over here and not yet everywhere.
    pub(super) fn moves_of_nothing_but(&self, line: &L, gone: &BTreeSet<FactId>) -> Vec<FactId> {
        let moves = self.on_line(line).filter(|(_, fact)| fact.is_move());
        moves.filter(|(_, fact)| fact.is_about_nothing_but(gone)).map(|(id, _)| id).collect()
    }

    /// Returns the facts that preserve something only about facts that are gone.
    fn spent_words(&self, gone: &BTreeSet<FactId>) -> Vec<FactId> {
        let others = self.known.others().iter().copied();
        let spent = |id: &FactId| {
            let fact = self.model.fact(*id);
            let is_word = matches!(fact.what, super::fact::FactKind::Nothing);
            is_word && self.is_ours(fact.cart) && fact.is_about_nothing_but(gone)
        };
        others.filter(spent).collect()
    }

    /// Extends `gone` by the facts that would come to show without it, and preserves what it would
    /// hide or move, and the units that a Set lacks.
    fn undisturbed(
        &self,
        gone: BTreeSet<FactId>,
        lines: &[LineReading<L>],
    ) -> (BTreeSet<FactId>, PreservedUnits) {
        let here: BTreeSet<FactId> =
            lines.iter().flat_map(|reading| &reading.parts).map(|part| part.fact).collect();
        // What a rule makes of one line does not depend on another, unless it is a rule that
        // decides on whole carts; nor does what a word says, but one word may be about several.
        let alone = !self.is_cartwide() && self.words().next().is_none();
        let before = self.picture(lines, alone);
        // A reader of the state as it would be, with more and more facts gone or pinned.
        let mut what_if = Self { gone, ..StateReader::new(self.model, self.known, self.cart) };
        // Each round settles something, or pins something past one more merge; so this ends.
        loop {
            let after = what_if.picture(lines, alone);
            // Facts that show only now: another fact hid them.
            let risen: Vec<FactId> =
                after.keys().filter(|fact| !before.contains_key(fact)).copied().collect();
            // Facts that show in another list or on another side: they are pinned to where they were.
            let mut pinned = false;
            for (fact, (shelf, side, _)) in &before {
                let same = after.get(fact).is_some_and(|(now, whose, _)| {
                    now == shelf && (whose == side || here.contains(fact))
                });
                // As early as will do, so that the merges after that find what they found.
                let past = what_if.pinned.get(fact).map_or(0, |(_, past)| past + 1);
                if !same && !what_if.gone.contains(fact) && past <= self.merges.len() {
                    what_if.pinned.insert(*fact, (*shelf, past));
                    pinned = true;
                }
            }
            // Nothing changes any more: what was pinned, and what Sets lacked, is preserved.
            if risen.is_empty() && !pinned {
                let pin = |(fact, (shelf, past)): (&FactId, &(ModelList, usize))| {
                    let until = self.merges.get(*past).map(|merge| merge.guest);
                    (*fact, PinnedRow { shelf: *shelf, until })
                };
                let pins = what_if.pinned.iter().map(pin).collect();
                return (what_if.gone, PreservedUnits { pins, lacks: lacks(&before, &after) });
            }
            what_if.gone.extend(risen);
        }
    }

    /// Returns how all lines show, or some lines alone.
    fn picture(&self, lines: &[LineReading<L>], alone: bool) -> UnitPlacement {
        let readings =
            if alone { self.read(lines.iter().map(|reading| &reading.line)) } else { self.lines() };
        let shown = readings.into_iter().flat_map(|reading| reading.parts);
        let how = |part: LinePart| (part.fact, (part.shelf, part.side, part.cuts));
        shown.filter(LinePart::is_shown).map(how).collect()
    }
}

/// Returns the units that Sets lacked before and would not lack after.
fn lacks(before: &UnitPlacement, after: &UnitPlacement) -> Vec<(FactId, FactId, u64)> {
    let mut lacks = Vec::new();
    for (set, (_, _, now)) in after {
        let Some((_, _, was)) = before.get(set) else { continue };
        for (whose, units) in was.iter().filter(|(whose, units)| now.get(whose) != Some(units)) {
            lacks.push((*set, *whose, *units));
        }
    }
    lacks
}
