//! Shortcut for plain carts, which have no merges, moves and orders. There a line of Adds and at
//! most one Set shows their sum. Most lines of most carts are of this kind; all others are
//! evaluated in full.

use alloc::vec::Vec;

use crate::cart::{
    Body, Cart, EntryIndices, EntryKind, EntryRef, List, NONE, Removal, ReplacedDots, RunsBuilder,
};
use crate::dots::{Dot, Run};
use crate::id::{CartId, LineKey};
use crate::money::Money;

/// Returns whether no entry of a cart affects what another shows.
pub(crate) fn is_plain(cart: &Cart) -> bool {
    !cart.has(EntryKind::Merge) && !cart.has(EntryKind::Order) && !cart.live().bears()
}

/// Returns the dots that adding to a line of a plain cart removes: none if the line shows
/// something, as it does with any own Add or Set. `at` is the index of the line in the table.
pub(crate) fn leftovers(cart: &Cart, at: u32) -> Vec<Dot> {
    if sabotage!(
        "add-leaves-leftovers",
        cart.live().count(EntryKind::Contribution) == cart.live().len(),
        !cart.has(EntryKind::LineRegister) && !cart.has(EntryKind::Other) // Only contributions, so every line shows something.
    ) {
        return Vec::new();
    }
    let ours = || cart.live().written_on(at).filter(|fact| fact.scope() == cart.id());
    if ours().any(|fact| fact.body().is_contribution()) {
        return Vec::new();
    }
    let left = ours().filter(|fact| !matches!(fact.body(), Body::Unknown { .. }));
    left.map(EntryRef::dot).collect()
}

/// Dots that an action on a row of a plain cart removes.
pub(crate) struct ReplacedRow {
    pub(crate) kills: Removal,
    /// Index of the line in its table.
    pub(crate) at: u32,
}

/// Returns what an action on a row of a plain cart removes, or `None` if the line must be evaluated
/// in full.
pub(crate) fn row(cart: &Cart, line: &LineKey, list: List) -> Option<ReplacedRow> {
    let at = cart.live().line_at(line).unwrap_or(NONE);
    let (mut sets, mut readable) = (0, true);
    // Keep the contributions of the row, and look for what makes the shortcut wrong.
    let mut places = if at == NONE { EntryIndices::new() } else { cart.live().indices_on(at) };
    places.retain(|place| {
        let fact = cart.live().ref_at(*place);
        let home = match fact.body() {
            Body::Add { .. } => List::Active,
            Body::Set(set) => {
                sets += 1;
                // Two Sets may clash, and one with side effects may have taken units.
                readable &= sets == 1 && set.settled.is_none();
                set.list
            }
            _ => return false,
        };
        home == list && fact.scope() == cart.id()
    });
    readable.then(|| ReplacedRow { kills: Removal::at(cart, places), at })
}

/// Returns the dots that a Set in place of `kills` covers: those dots, and the dots that replaced
/// Sets covered.
pub(crate) fn covered(cart: &Cart, kills: &Removal) -> ReplacedDots {
    let mut covers = RunsBuilder::new();
    // Runs are fastest in descending order.
    for at in kills.places.iter().flatten().rev() {
        let fact = cart.live().ref_at(*at);
        let Dot { replica, seq } = fact.dot();
        covers.push(replica, Run { first: seq, last: seq });
        if let Body::Set(set) = fact.body() {
            sabotage!(
                "set-drops-inherited-dots",
                set.covers.runs().for_each(|(writer, run)| covers.push(writer, run)),
                ()
            );
        }
    }
    covers.covers()
}

/// Sum of a line in one list of a plain cart.
#[derive(Clone, Copy, Default)]
pub(super) struct ListSum<'a> {
    pub(super) units: u64,
    /// Latest contribution with a price.
    priced: Option<EntryRef<'a>>,
    pub(super) shown: bool,
}

impl ListSum<'_> {
    /// Returns the latest price seen.
    pub(super) fn seen_price(&self) -> Option<Money> {
        self.priced.and_then(EntryRef::price)
    }
}

/// Returns the sum of a line in each list, or `None` if the line must be evaluated in full.
pub(super) fn sums<'a>(
    cart: CartId,
    facts: impl Iterator<Item = EntryRef<'a>>,
) -> Option<[ListSum<'a>; 2]> {
    let mut sums = [ListSum::default(); 2];
    let mut sets = 0;
    for fact in facts {
        let (list, units) = match fact.body() {
            Body::Add { quantity, .. } => (List::Active, quantity.get()),
            Body::Set(set) => {
                sets += 1;
                (set.list, set.quantity.get())
            }
            _ => return None,
        };
        // Two Sets may clash.
        if sabotage!("clashing-sets-take-the-short-way", sets > 1, false) {
            return None;
        }
        // A foreign entry here belongs to a guest that is not merged.
        if sabotage!("unmerged-guest-counts", fact.scope() != cart, false) {
            continue;
        }
        let sum = &mut sums[list as usize];
        sum.shown = true;
        sabotage!("last-writer-of-simple-line-wins", { sum.units = 0 });
        sum.units += u64::from(units);
        // Entries come by dot, so of equal times the larger dot wins.
        if fact.is_priced() && sum.priced.is_none_or(|latest| latest.time() <= fact.time()) {
            sum.priced = Some(fact);
        }
    }
    Some(sums)
}
