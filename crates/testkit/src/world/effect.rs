//! That an action did exactly what its author asked, and nothing else.

use std::collections::BTreeMap;

use holdall::{LineKey, List, Replica, Row, RowRef, Side, View};

use super::deed::Deed;

type Totals = BTreeMap<(LineKey, List), u64>;

/// Units by line and list, before any ceiling.
fn totals(view: &View) -> Totals {
    let mut totals = Totals::new();
    for row in view.rows() {
        *totals.entry((row.line.clone(), row.list)).or_default() += row.asked;
    }
    totals
}

fn asked(view: &View, row: &RowRef) -> u64 {
    let same = |other: &&Row| {
        other.line == row.line
            && other.list == row.list
            && (row.side.is_none() || other.side == row.side)
    };
    view.rows().filter(same).map(|row| row.asked).sum()
}

fn others(view: &View, line: &LineKey) -> Vec<(LineKey, List, Option<Side>, u64)> {
    let others = view.rows().filter(|row| row.line != *line);
    others.map(|row| (row.line.clone(), row.list, row.side, row.asked)).collect()
}

/// What is wrong with what an action did, if anything is.
pub(super) fn check(deed: &Deed, before: &View, after: &View) -> Result<(), String> {
    let mut want = totals(before);
    let mut line = None;
    match deed {
        Deed::Add { row, units } => {
            *want.entry((row.line.clone(), row.list)).or_default() += u64::from(*units);
            line = Some(&row.line);
        }
        Deed::Set { row, units } => {
            let was = want.entry((row.line.clone(), row.list)).or_default();
            *was = *was - asked(before, row) + u64::from(*units);
            line = Some(&row.line);
        }
        Deed::Remove(row) => {
            *want.entry((row.line.clone(), row.list)).or_default() -= asked(before, row);
            line = Some(&row.line);
        }
        Deed::Relocate(row) => {
            let moved = asked(before, row);
            *want.entry((row.line.clone(), row.list)).or_default() -= moved;
            *want.entry((row.line.clone(), row.list.other())).or_default() += moved;
            line = Some(&row.line);
        }
        Deed::Note { row, text } => {
            let same = |other: &&Row| other.line == row.line && other.list == row.list;
            let note = |row: &Row| row.note.as_ref().map(|note| note.as_str().to_owned());
            if !after.rows().filter(same).any(|row| note(row) == *text) {
                return Err(format!("{deed:?}: no row has that note"));
            }
            line = Some(&row.line);
        }
        Deed::Wrap { row, .. } | Deed::Engrave { row, .. } => line = Some(&row.line),
        Deed::Clear(list) => want.retain(|(_, of), _| of != list),
        Deed::Order(_) => want.retain(|(_, list), _| *list != List::Active),
        Deed::Expire | Deed::Erase => want.clear(),
        Deed::Coupon(code) | Deed::DropCoupon(code) => {
            let there = after.coupons.iter().any(|other| other.as_str() == *code);
            if there != matches!(deed, Deed::Coupon(_)) {
                return Err(format!("{deed:?}: the coupon is there: {there}"));
            }
        }
        Deed::Consent(given) if after.consent != *given => {
            return Err(format!("{deed:?}: consent is {}", after.consent));
        }
        Deed::Consent(_) => {}
        // What an unmerge gives back is the account's own view, which nobody else knows.
        Deed::Unmerge(_) => return Ok(()),
    }
    want.retain(|_, units| *units > 0);
    let found = totals(after);
    if found != want {
        return Err(format!("{deed:?} made {found:?} where {want:?} was asked for"));
    }
    match line.map(|line| others(after, line) == others(before, line)) {
        Some(false) => Err(format!("{deed:?} changed another line")),
        _ => Ok(()),
    }
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
