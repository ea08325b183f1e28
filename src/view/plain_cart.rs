//! A short cut for carts without merges, moves and orders.
//!
//! A line of such a cart that has only Adds and at most one Set shows their sum. Most lines of most
//! carts are of this kind. Other lines need a full evaluation.

use alloc::vec::Vec;

use crate::cart::{
    Body, Cart, EntryIndices, EntryKind, EntryRef, List, NONE, Removal, ReplacedDots, RunsBuilder,
};
use crate::dots::{Dot, Run};
use crate::id::{CartId, LineKey};
use crate::money::Money;

/// Returns whether a cart is plain: no entry affects the evaluation of an entry outside its line.
pub(crate) fn is_plain(cart: &Cart) -> bool {
    !cart.has(EntryKind::Merge) && !cart.has(EntryKind::Order) && !cart.live().bears()
}

/// Returns the dots that an Add to a line of a plain cart makes dead. `at` is the line's place in
/// its table.
///
/// The result is empty if the line shows anything, as it does with any Add or Set of the cart's
/// own.
pub(crate) fn leftovers(cart: &Cart, at: u32) -> Vec<Dot> {
    if sabotage!(
        "add-leaves-leftovers",
        cart.live().count(EntryKind::Contribution) == cart.live().len(),
        !cart.has(EntryKind::LineRegister) && !cart.has(EntryKind::Other)
    ) {
        return Vec::new(); // every line shows something
    }
    let ours = || cart.live().written_on(at).filter(|fact| fact.scope() == cart.id());
    if ours().any(|fact| fact.body().is_contribution()) {
        return Vec::new();
    }
    let left = ours().filter(|fact| !matches!(fact.body(), Body::Unknown { .. }));
    left.map(EntryRef::dot).collect()
}

/// The entries of a row in a plain cart that an action on the row makes dead.
pub(crate) struct ReplacedRow {
    /// The entries that the action makes dead.
    pub(crate) kills: Removal,
    /// Place of the line in its table, or [`NONE`].
    pub(crate) at: u32,
}

/// Returns the entries that an author sees in a row of a plain cart, or `None` if the line needs a
/// full evaluation.
pub(crate) fn row(cart: &Cart, line: &LineKey, list: List) -> Option<ReplacedRow> {
    let at = cart.live().line_at(line).unwrap_or(NONE);
    let (mut sets, mut readable) = (0, true);
    let mut places = if at == NONE { EntryIndices::new() } else { cart.live().indices_on(at) };
    places.retain(|place| {
        let fact = cart.live().ref_at(*place);
        let home = match fact.body() {
            Body::Add { .. } => List::Active,
            Body::Set(set) => {
                sets += 1;
                // Two Sets may clash, and a Set may have taken units.
                readable &= sets == 1 && set.settled.is_none();
                set.list
            }
            _ => return false,
        };
        home == list && fact.scope() == cart.id()
    });
    readable.then(|| ReplacedRow { kills: Removal::at(cart, places), at })
}

/// Returns the dots that a Set which replaces `kills` covers: their dots, and the dots that a Set
/// among them covers.
pub(crate) fn covered(cart: &Cart, kills: &Removal) -> ReplacedDots {
    let mut covers = RunsBuilder::new();
    // A Set stores its covered dots from the latest to the earliest.
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

/// The sum of one line in one list.
#[derive(Clone, Copy, Default)]
pub(super) struct ListSum<'a> {
    /// The sum, in units.
    pub(super) units: u64,
    /// The latest entry with a price.
    priced: Option<EntryRef<'a>>,
    /// Whether the list has a contribution.
    pub(super) shown: bool,
}

impl ListSum<'_> {
    /// Returns the latest price seen.
    pub(super) fn seen_price(&self) -> Option<Money> {
        self.priced.and_then(EntryRef::price)
    }
}

/// Returns the sums of a line in the active and the saved list, or `None` if the line needs a full
/// evaluation.
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
        if sabotage!("clashing-sets-take-the-short-way", sets > 1, false) {
            return None; // two Sets may clash
        }
        if sabotage!("unmerged-guest-counts", fact.scope() != cart, false) {
            continue; // an entry of a guest that is not merged
        }
        let sum = &mut sums[list as usize];
        sum.shown = true;
        sabotage!("last-writer-of-simple-line-wins", { sum.units = 0 });
        sum.units += u64::from(units);
        // Entries come in the order of dots, and among equal times the larger dot is the later.
        if fact.is_priced() && sum.priced.is_none_or(|latest| latest.time() <= fact.time()) {
            sum.priced = Some(fact);
        }
    }
    Some(sums)
}
