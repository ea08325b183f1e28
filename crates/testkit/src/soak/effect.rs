//! That an action did exactly what its author asked, and nothing else.

use crate::effect::{self, Effect};
use holdall::{Replica, View};

use super::action::SoakAction;

/// What is wrong with what an action did, if anything is.
pub(super) fn check(action: &SoakAction, before: &View, after: &View) -> Result<(), String> {
    let effect = match action {
        SoakAction::Shop(action) => Effect::Shop(action),
        SoakAction::Order(_) => Effect::Order,
        SoakAction::Expire | SoakAction::Erase => Effect::Expire,
        // What an unmerge gives back is the account's own view, which nobody else knows.
        SoakAction::Unmerge(_) => return Ok(()),
    };
    effect::check(effect, before, after)
}

/// That the reasons add up to the numbers shown.
pub(super) fn explained(replica: &Replica, view: &View) -> Result<(), String> {
    let mut rows = 0;
    for line in replica.explain() {
        for row in &line.rows {
            let sum: u64 = row.parts.iter().map(|part| u64::from(part.counts)).sum();
            if sum != row.quantity + row.over_ceiling {
                return Err(format!("{}: {sum} are explained of {}", line.line, row.quantity));
            }
            if !view.rows().any(|seen| *seen == row.row) {
                return Err(format!("{}: a row is explained that is not shown", line.line));
            }
            rows += 1;
        }
        if line.hidden.iter().any(|part| part.counts > 0 || part.reasons.is_empty()) {
            return Err(format!("{}: something is hidden for no reason", line.line));
        }
    }
    if rows == view.rows().count() { Ok(()) } else { Err("a row is not explained".into()) }
}
