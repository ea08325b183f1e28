//! Step 1 of reading a row: which of clashing Sets counts, and what a counting Set is worth.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::reading::{Contribution, State};
use crate::cart::{Body, Cart, Entry, SetTo, Taken};
use crate::context::Dot;
use crate::id::{CartId, LineKey};

const fn set_of(entry: &Entry) -> Option<&SetTo> {
    match &entry.body {
        Body::Set(set) => Some(set),
        _ => None,
    }
}

/// Two live Sets of one scope and row clash if neither had seen the other. The latest of those
/// that clash counts, the others are hidden.
pub(super) fn settle_clashes(parts: &mut [Contribution<'_>]) {
    let is_set = |part: &Contribution<'_>| part.is_shown() && set_of(part.entry).is_some();
    let mut sets: Vec<usize> = (0..parts.len()).filter(|at| is_set(&parts[*at])).collect();
    if sets.len() < 2 {
        return;
    }
    sets.sort_by_key(|at| core::cmp::Reverse((parts[*at].entry.time, parts[*at].dot)));
    let mut counting: Vec<usize> = Vec::new();
    for at in sets {
        let winner = counting.iter().find(|other| clash(&parts[at], &parts[**other]));
        match winner {
            Some(other) => parts[at].state = State::Lost { to: parts[*other].dot },
            None => counting.push(at),
        }
    }
}

fn clash(a: &Contribution<'_>, b: &Contribution<'_>) -> bool {
    let (Some(x), Some(y)) = (set_of(a.entry), set_of(b.entry)) else { return false };
    a.entry.scope == b.entry.scope
        && x.list == y.list
        && !x.seen.contains(b.dot)
        && !y.seen.contains(a.dot)
}

/// A counting Set is worth `max(0, n - b)`: b are the units that an order bought, or that the
/// account took from a guest, with neither author having seen the other, out of dots this Set
/// covers or out of Sets it competes with. Orders of guests that are not merged are not ours.
pub(super) fn weigh_sets(
    cart: &Cart,
    is_ours: impl Fn(CartId) -> bool,
    line: &LineKey,
    parts: &mut [Contribution<'_>],
) {
    for at in 0..parts.len() {
        let part = &parts[at];
        let Some(set) = set_of(part.entry) else { continue };
        if !matches!(part.state, State::Counts) {
            continue;
        }
        let mut cuts: BTreeMap<Dot, (Dot, u32)> = BTreeMap::new();
        let mut cut = |by: Dot, taken: &Taken| {
            if counted_on(part.entry.scope, set, taken) {
                let units = cuts.entry(taken.dot).or_insert((by, 0));
                if taken.units > units.1 {
                    *units = (by, taken.units);
                }
            }
        };
        for (by, entry) in cart.on_line(line) {
            let Body::Order { bought, .. } = &entry.body else { continue };
            if is_ours(entry.scope) && !set.seen.contains(by) {
                bought.iter().filter(|b| b.line == *line).for_each(|b| cut(by, &b.taken));
            }
        }
        // What the account took from a guest's line is in the account's number; the guest's own
        // Set brings only what goes beyond it.
        if part.entry.scope != cart.id() {
            for other in parts.iter().filter(|other| other.entry.scope == cart.id()) {
                let Some(theirs) = set_of(other.entry) else { continue };
                let neither = !set.seen.contains(other.dot) && !theirs.seen.contains(part.dot);
                // A Set that counts, though nothing may be left of it by now.
                let counts = matches!(other.state, State::Counts | State::Spent);
                if counts && neither {
                    theirs.took.iter().for_each(|taken| cut(other.dot, taken));
                }
            }
        }
        let cuts: Vec<(Dot, u32)> = cuts.into_values().filter(|(_, units)| *units > 0).collect();
        let taken = cuts.iter().fold(0_u32, |sum, (_, units)| sum.saturating_add(*units));
        let part = &mut parts[at];
        part.units = part.asked.saturating_sub(taken);
        part.cuts = cuts;
        if part.units == 0 {
            part.state = State::Spent;
        }
    }
}

/// Whether the units of a dot that somebody took were in a Set's number: it covers the dot, or the
/// dot is a Set that it competes with.
fn counted_on(scope: CartId, set: &SetTo, taken: &Taken) -> bool {
    let rival = taken.scope == scope && taken.set == Some(set.list);
    set.covers.contains(taken.dot) || (rival && !set.seen.contains(taken.dot))
}
