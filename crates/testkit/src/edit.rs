//! What an edit owes its author.

use std::collections::BTreeMap;

use super::action::ScenarioAction;
use super::runner::{VisibleRow, VisibleRows, rows};
use crate::scenario::story::SideName;
use holdall::cart::List;
use holdall::id::LineKey;
use holdall::view::{Row, RowRef, View};

/// The units of a row before any ceiling; of all sides, if it names none.
pub(super) fn asked(view: &View, row: &RowRef) -> u64 {
    let same = |other: &&Row| {
        other.line == row.line
            && other.list == row.list
            && (row.side.is_none() || other.side == row.side)
    };
    view.rows().filter(same).map(|row| row.asked).sum()
}

/// What should be seen after a action on a row: `before` with exactly that done. How the rows of the
/// line itself are divided is as it is seen after.
pub(super) fn wanted_after(
    action: ScenarioAction,
    row: Option<&RowRef>,
    before: &View,
    after: &View,
) -> VisibleRows {
    let mut units: BTreeMap<(LineKey, List), u64> = BTreeMap::new();
    for row in before.rows() {
        *units.entry((row.line.clone(), row.list)).or_default() += row.asked;
    }
    if let Some(row) = row {
        let was = asked(before, row);
        let here = units.entry((row.line.clone(), row.list)).or_default();
        match action {
            ScenarioAction::Add { units, .. } => *here += u64::from(units),
            ScenarioAction::Set { units, .. } => *here = *here - was + u64::from(units),
            ScenarioAction::Remove { .. } => *here -= was,
            ScenarioAction::Move { .. } => {
                *here -= was;
                *units.entry((row.line.clone(), row.list.other())).or_default() += was;
            }
            ScenarioAction::Note { .. }
            | ScenarioAction::Attribute { .. }
            | ScenarioAction::Order
            | ScenarioAction::Meet => {}
        }
    }
    if action == ScenarioAction::Order {
        units.retain(|(_, list), _| *list == List::Saved);
    }
    let of_line = |line: &LineKey| row.is_some_and(|row| row.line == *line);
    let (was, is) = (rows(before), rows(after));
    let mut wanted: VisibleRows = Vec::new();
    for ((line, list), units) in units {
        let here = |shown: &&VisibleRow| shown.line == line && shown.list == list;
        if of_line(&line) {
            let seen: Vec<VisibleRow> = is.iter().filter(here).cloned().collect();
            wanted.extend(divided(seen, &line, list, units));
        } else {
            wanted.extend(was.iter().filter(here).cloned());
        }
    }
    wanted.sort();
    wanted
}

/// Rows that come to so many units. What is wrong with those seen is put on the account's side.
fn divided(mut seen: VisibleRows, line: &LineKey, list: List, units: u64) -> VisibleRows {
    let sum: u64 = seen.iter().map(|row| row.units).sum();
    if sum == units {
        return seen;
    }
    let own = seen.iter().position(|row| row.side != Some(SideName::Guest)).unwrap_or_default();
    if units == 0 {
        return Vec::new();
    }
    match seen.get_mut(own).filter(|row| sum - row.units <= units) {
        Some(row) => row.units = units - (sum - row.units),
        None => seen = vec![VisibleRow { line: line.clone(), list, side: None, units }],
    }
    seen.retain(|row| row.units > 0);
    seen
}
