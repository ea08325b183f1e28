//! Step 1 of reading a row: which of clashing Sets counts, and what a counting Set is worth.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::contribution::{Contribution, ContributionState, Deduction};
use super::placements::Bearing;
use crate::cart::{Body, Cart, ConsumedUnits, EntryKind, EntryRef, SetQuantity};
use crate::dots::Dot;
use crate::id::{CartId, LineKey};

fn set_of(entry: EntryRef<'_>) -> Option<&SetQuantity> {
    match entry.body() {
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
    sets.sort_by_key(|at| core::cmp::Reverse((parts[*at].entry.time(), parts[*at].dot)));
    sabotage!("earliest-set-wins", { sets.reverse() });
    let mut counting: Vec<usize> = Vec::new();
    for at in sets {
        let winner = sabotage!(
            "clashing-sets-add-up",
            counting.iter().find(|other| clash(&parts[at], &parts[**other])),
            None
        );
        match winner {
            Some(other) => parts[at].state = ContributionState::Lost { to: parts[*other].dot },
            None => counting.push(at),
        }
    }
}

fn clash(a: &Contribution<'_>, b: &Contribution<'_>) -> bool {
    let (Some(x), Some(y)) = (set_of(a.entry), set_of(b.entry)) else { return false };
    a.entry.scope() == b.entry.scope()
        && x.list == y.list
        && !x.saw(a.dot, b.dot)
        && !y.saw(b.dot, a.dot)
}

/// A counting Set is worth `max(0, n - b)`: b are the units that an order bought, or that the
/// account took from a guest, with neither author having seen the other, out of dots this Set
/// covers or out of Sets it competes with. Orders of guests that are not merged are not ours.
pub(super) fn deduct_from_sets(
    cart: &Cart,
    is_ours: impl Fn(CartId) -> bool,
    bearing: Bearing<'_>,
    line: &LineKey,
    parts: &mut [Contribution<'_>],
    except: &BTreeSet<Dot>,
) {
    for at in 0..parts.len() {
        let part = &parts[at];
        let Some(set) = set_of(part.entry) else { continue };
        if !matches!(part.state, ContributionState::Counts) {
            continue;
        }
        let mut deductions: BTreeMap<Dot, Deduction> = BTreeMap::new();
        let mut deduction = |deduction: Deduction| {
            let known = deductions.entry(deduction.taken).or_insert(deduction);
            if deduction.units > known.units {
                *known = deduction;
            }
        };
        let of = |taken: &ConsumedUnits, by, ordered| {
            let counted = counted_on(part, set, taken);
            counted.then_some(Deduction { taken: taken.dot, by, ordered, units: taken.units })
        };
        for fact in cart.live().of_kind(EntryKind::Order) {
            let Body::Order(order) = fact.body() else { continue };
            let by = fact.dot();
            let neither = !set.saw(part.dot, by)
                && !sabotage!("order-reduces-seen-set", order.seen.contains(part.dot), false);
            if sabotage!("set-ignores-order", is_ours(fact.scope()) && neither, false) {
                let here = order.on_line(line).iter();
                here.filter_map(|bought| of(&bought.taken, by, true)).for_each(&mut deduction);
            }
        }
        // What the account took from a guest's line is in the account's number; the guest's own
        // Set brings only what goes beyond it.
        if part.entry.scope() != cart.id() {
            for other in parts.iter().filter(|other| other.entry.scope() == cart.id()) {
                let Some(theirs) = set_of(other.entry) else { continue };
                let neither = !set.saw(part.dot, other.dot) && !theirs.saw(other.dot, part.dot);
                // A Set that counts, though nothing may be left of it by now.
                let counts =
                    matches!(other.state, ContributionState::Counts | ContributionState::Spent);
                if sabotage!(
                    "account-set-spares-guest-set",
                    counts && neither,
                    counts && neither && other.units == 0
                ) {
                    let took = theirs.took().iter();
                    took.filter_map(|taken| of(taken, other.dot, false)).for_each(&mut deduction);
                }
            }
        }
        // Somebody took such a Set out, and left word that this one stays as it was.
        for word in bearing.on(part.dot).filter(|word| !except.contains(&word.dot())) {
            let lacks = word.body().stays().into_iter().flat_map(|stays| &stays.lacks);
            for lack in lacks.filter(|lack| lack.set == part.dot && is_ours(word.scope())) {
                let by = word.dot();
                let units = sabotage!("removed-set-drops-deduction", lack.units, 0);
                deduction(Deduction { taken: lack.taken, by, ordered: false, units });
            }
        }
        let deductions: Vec<Deduction> =
            deductions.into_values().filter(|deduction| deduction.units > 0).collect();
        let taken =
            deductions.iter().fold(0_u32, |sum, deduction| sum.saturating_add(deduction.units));
        let part = &mut parts[at];
        part.units = part.asked.saturating_sub(taken);
        part.deductions = deductions;
        if part.units == 0 {
            part.state = ContributionState::Spent;
        }
    }
}

/// Whether the units of a dot that somebody took were in a Set's number: it covers the dot, or the
/// dot is a Set that it competes with.
fn counted_on(part: &Contribution<'_>, set: &SetQuantity, taken: &ConsumedUnits) -> bool {
    let rival = taken.scope == part.entry.scope() && taken.set == Some(set.list);
    set.covers.contains(taken.dot) || (rival && !set.saw(part.dot, taken.dot))
}
