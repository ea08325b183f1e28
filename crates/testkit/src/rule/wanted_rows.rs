//! The rows that should be seen after an edit.

use crate::effect::ExactEffect;
use crate::runner::{VisibleRow, VisibleRows, rows};
use crate::scenario::row_name::SideName;
use holdall::cart::List;
use holdall::id::LineKey;
use holdall::view::View;

/// Returns the rows that should be seen after an edit: `before` with exactly the edit done. How
/// the sides of the edited line share its units is taken from `after`, since only the rule knows.
pub(super) fn wanted_after(effect: ExactEffect<'_>, before: &View, after: &View) -> VisibleRows {
    let edited = match effect {
        ExactEffect::Shop(action) => action.row().map(|row| &row.line),
        ExactEffect::Order | ExactEffect::Expire => None,
    };
    let (was, is) = (rows(before), rows(after));
    let mut wanted: VisibleRows = Vec::new();
    for ((line, list), units) in effect.totals_after(before) {
        let here = |row: &&VisibleRow| row.line == line && row.list == list;
        if edited == Some(&line) {
            let seen: Vec<VisibleRow> = is.iter().filter(here).cloned().collect();
            wanted.extend(divided(seen, &line, list, units));
        } else {
            wanted.extend(was.iter().filter(here).cloned());
        }
    }
    wanted.sort();
    wanted
}

/// Returns rows that come to `units` in sum. If the rows seen do not, the account's row differs.
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
