//! Step 1 of evaluating a line: which of clashing Sets counts, and how many units a counting Set is
//! worth.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::contribution::{Contribution, ContributionState, Deduction};
use super::placements::PlacementLookup;
use crate::cart::{Body, Cart, ConsumedUnits, EntryKind, EntryRef, SetQuantity};
use crate::dots::Dot;
use crate::id::{CartId, LineKey};

/// Returns the Set of an entry that is one.
fn set_of(entry: EntryRef<'_>) -> Option<&SetQuantity> {
    match entry.body() {
        Body::Set(set) => Some(set),
        _ => None,
    }
}

/// Settles clashes. Two live Sets of one scope and list clash if neither author had seen the other;
/// the latest of those that clash counts, and the others are hidden.
pub(super) fn settle_clashes(parts: &mut [Contribution<'_>]) {
    let is_set = |part: &Contribution<'_>| part.is_shown() && set_of(part.entry).is_some();
    let mut sets: Vec<usize> = (0..parts.len()).filter(|at| is_set(&parts[*at])).collect();
    if sets.len() < 2 {
        return;
    }
    // From the latest to the earliest: a Set counts unless it clashes with one that counts.
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

/// Returns whether two Sets clash.
fn clash(a: &Contribution<'_>, b: &Contribution<'_>) -> bool {
    let (Some(x), Some(y)) = (set_of(a.entry), set_of(b.entry)) else { return false };
    a.entry.scope() == b.entry.scope()
        && x.list == y.list
        && !x.saw(a.dot, b.dot)
        && !y.saw(b.dot, a.dot)
}

/// Reduces each counting Set to `max(0, n - b)` units, where `n` is its number. `b` are the units
/// that an order bought, or that the account took from a guest, where neither author had seen the
/// other, out of dots that this Set covers or Sets that it competes with. Orders of guests that are
/// not merged do not count.
pub(super) fn deduct_from_sets(
    cart: &Cart,
    is_ours: impl Fn(CartId) -> bool,
    placements: PlacementLookup<'_>,
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
        // Each dot is deducted once, with the largest number that any entry gives.
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
        // Orders that neither saw the Set nor were seen by it.
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
        // Units that the account took from a guest's line are in the account's number. So the
        // guest's own Set brings only the units beyond them.
        if part.entry.scope() != cart.id() {
            for other in parts.iter().filter(|other| other.entry.scope() == cart.id()) {
                let Some(theirs) = set_of(other.entry) else { continue };
                let neither = !set.saw(part.dot, other.dot) && !theirs.saw(other.dot, part.dot);
                // A Set counts here even if all its units were deducted.
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
        // An entry that removed such a Set may have preserved the deduction.
        for word in placements.on(part.dot).filter(|word| !except.contains(&word.dot())) {
            let lacks = word.body().stays().into_iter().flat_map(|stays| &stays.lacks);
            for lack in lacks.filter(|lack| lack.set == part.dot && is_ours(word.scope())) {
                let by = word.dot();
                let units = sabotage!("removed-set-drops-deduction", lack.units, 0);
                deduction(Deduction { taken: lack.taken, by, ordered: false, units });
            }
        }
        // Sum up, and note a Set of which nothing is left.
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

/// Returns whether the units of a taken dot were in a Set's number: the Set covers the dot, or the
/// dot is a Set that competes with it.
fn counted_on(part: &Contribution<'_>, set: &SetQuantity, taken: &ConsumedUnits) -> bool {
    let rival = taken.scope == part.entry.scope() && taken.set == Some(set.list);
    set.covers.contains(taken.dot) || (rival && !set.saw(part.dot, taken.dot))
}
