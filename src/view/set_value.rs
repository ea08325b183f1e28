//! Step 1 of the evaluation of a line: the Sets that count among clashing Sets, and the units that
//! each counting Set brings.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::contribution::{ContributionState, LineContribution, SetDeduction};
use super::placements::BearingEntries;
use crate::cart::{Body, Cart, ConsumedUnits, EntryKind, EntryRef, SetQuantity};
use crate::dots::Dot;
use crate::id::{CartId, LineKey};

/// Returns the Set that an entry holds, if it holds one.
fn set_of(entry: EntryRef<'_>) -> Option<&SetQuantity> {
    match entry.body() {
        Body::Set(set) => Some(set),
        _ => None,
    }
}

/// Marks the Sets that lose against clashing Sets. The latest Set of a clash counts.
pub(super) fn settle_clashes(parts: &mut [LineContribution<'_>]) {
    let is_set = |part: &LineContribution<'_>| part.is_shown() && set_of(part.entry).is_some();
    let mut sets: Vec<usize> = (0..parts.len()).filter(|at| is_set(&parts[*at])).collect();
    // A clash takes two Sets.
    if sets.len() < 2 {
        return;
    }
    // From the latest Set to the earliest, each counts unless it clashes with one that counts.
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

/// Returns whether two Sets clash: they are of one scope and one list, and neither author had seen
/// the other Set.
fn clash(a: &LineContribution<'_>, b: &LineContribution<'_>) -> bool {
    let (Some(x), Some(y)) = (set_of(a.entry), set_of(b.entry)) else { return false };
    a.entry.scope() == b.entry.scope()
        && x.list == y.list
        && !x.saw(a.dot, b.dot)
        && !y.saw(b.dot, a.dot)
}

/// Deducts units from the counting Sets of a line. A Set of n units brings `max(0, n - b)` units.
///
/// The number b counts units that an order bought, or that the account took from a guest. Neither
/// author had seen the other's entry, and the units were counted in the Set's number. Orders of
/// guests that are not merged are ignored. Deductions that entries in `except` preserve are ignored
/// too.
pub(super) fn deduct_from_sets(
    cart: &Cart,
    is_ours: impl Fn(CartId) -> bool,
    bearing: BearingEntries<'_>,
    line: &LineKey,
    parts: &mut [LineContribution<'_>],
    except: &BTreeSet<Dot>,
) {
    for at in 0..parts.len() {
        let part = &parts[at];
        let Some(set) = set_of(part.entry) else { continue };
        if !matches!(part.state, ContributionState::Counts) {
            continue;
        }
        // Several entries may report one dot as taken. The largest number counts.
        let mut deductions: BTreeMap<Dot, SetDeduction> = BTreeMap::new();
        let mut deduction = |deduction: SetDeduction| {
            let known = deductions.entry(deduction.taken).or_insert(deduction);
            if deduction.units > known.units {
                *known = deduction;
            }
        };
        let of = |taken: &ConsumedUnits, by, ordered| {
            let counted = counted_on(part, set, taken);
            counted.then_some(SetDeduction { taken: taken.dot, by, ordered, units: taken.units })
        };
        // Deduct the units that concurrent orders bought.
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
        // The account's Sets already include the units that they took from a guest. A concurrent
        // Set of the guest brings only the units beyond these.
        if part.entry.scope() != cart.id() {
            for other in parts.iter().filter(|other| other.entry.scope() == cart.id()) {
                let Some(theirs) = set_of(other.entry) else { continue };
                let neither = !set.saw(part.dot, other.dot) && !theirs.saw(other.dot, part.dot);
                // A Set counts even if nothing of it is left.
                let counts =
                    matches!(other.state, ContributionState::Counts | ContributionState::Spent);
                if sabotage!(
                    "account-set-spares-guest-set",
                    counts && neither,
                    counts && neither && other.units == 0
                ) {
                    let replaced_guest_units = theirs.replaced_guest_units().iter();
                    replaced_guest_units
                        .filter_map(|taken| of(taken, other.dot, false))
                        .for_each(&mut deduction);
                }
            }
        }
        // Deduct the units that an entry preserves after the Set that took them was removed.
        for word in bearing.on(part.dot).filter(|word| !except.contains(&word.dot())) {
            let lacks = word.body().preserved().into_iter().flat_map(|preserved| &preserved.lacks);
            for lack in lacks.filter(|lack| lack.set == part.dot && is_ours(word.scope())) {
                let by = word.dot();
                let units = sabotage!("removed-set-drops-deduction", lack.units, 0);
                deduction(SetDeduction { taken: lack.taken, by, ordered: false, units });
            }
        }
        // Apply the deductions. A Set without units left is spent.
        let deductions: Vec<SetDeduction> =
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

/// Returns whether taken units were counted in a Set's number: the Set covers their dot, or the dot
/// belongs to a Set that it clashes with.
fn counted_on(part: &LineContribution<'_>, set: &SetQuantity, taken: &ConsumedUnits) -> bool {
    let rival = taken.scope == part.entry.scope() && taken.set == Some(set.list);
    set.covers.contains(taken.dot) || (rival && !set.saw(part.dot, taken.dot))
}
