//! Lines that need no reading: in a cart without merges, moves and orders, a line of Adds and at
//! most one Set shows their sum. That is what most lines of most carts are; all others are read.

use alloc::vec::Vec;

use crate::cart::{
    Body, Cart, EntryIndices, EntryKind, EntryRef, List, NONE, Removal, ReplacedDots, RunsBuilder,
};
use crate::dots::{Dot, Run};
use crate::id::{CartId, LineKey};
use crate::money::Money;

/// Whether nothing in a cart says anything about another entry than its own.
pub(crate) fn is_plain(cart: &Cart) -> bool {
    !cart.has(EntryKind::Merge) && !cart.has(EntryKind::Order) && !cart.live().bears()
}

/// What adding to a line of such a cart makes dead: nothing if the line shows something, as it does
/// with any Add or Set of the cart's own. The line by its place in the table.
pub(crate) fn leftovers(cart: &Cart, at: u32) -> Vec<Dot> {
    if sabotage!(
        "add-leaves-leftovers",
        cart.live().count(EntryKind::Contribution) == cart.live().len(),
        !cart.has(EntryKind::LineRegister) && !cart.has(EntryKind::Other)
    ) {
        return Vec::new(); // each line shows something
    }
    let ours = || cart.live().written_on(at).filter(|fact| fact.scope() == cart.id());
    if ours().any(|fact| fact.body().is_contribution()) {
        return Vec::new();
    }
    let left = ours().filter(|fact| !matches!(fact.body(), Body::Unknown { .. }));
    left.map(EntryRef::dot).collect()
}

/// What an action on a row of such a line makes dead.
pub(crate) struct Replaced {
    pub(crate) kills: Removal,
    /// Where the line is in its table.
    pub(crate) at: u32,
}

/// What the author of an action sees of a row of such a cart; `None` if its line has to be read.
pub(crate) fn row(cart: &Cart, line: &LineKey, list: List) -> Option<Replaced> {
    let at = cart.live().line_at(line).unwrap_or(NONE);
    let (mut sets, mut readable) = (0, true);
    let mut places = if at == NONE { EntryIndices::new() } else { cart.live().indices_on(at) };
    places.retain(|place| {
        let fact = cart.live().ref_at(*place);
        let home = match fact.body() {
            Body::Add { .. } => List::Active,
            Body::Set(set) => {
                sets += 1;
                // Two may clash, and one may have taken units.
                readable &= sets == 1 && set.settled.is_none();
                set.list
            }
            _ => return false,
        };
        home == list && fact.scope() == cart.id()
    });
    readable.then(|| Replaced { kills: Removal::at(cart, places), at })
}

/// What a Set in place of those would cover: them, and what is in the number of one that is a Set.
pub(crate) fn covered(cart: &Cart, kills: &Removal) -> ReplacedDots {
    let mut covers = RunsBuilder::new();
    // The latest first, as a Set has them.
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

/// What a list shows of such a line.
#[derive(Clone, Copy, Default)]
pub(super) struct ListSum<'a> {
    pub(super) units: u64,
    /// The latest with a price.
    priced: Option<EntryRef<'a>>,
    pub(super) shown: bool,
}

impl ListSum<'_> {
    /// The latest price seen.
    pub(super) fn seen_price(&self) -> Option<Money> {
        self.priced.and_then(EntryRef::price)
    }
}

/// What each list shows of a line; `None` if it has to be read.
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
            return None; // they may clash
        }
        if sabotage!("unmerged-guest-counts", fact.scope() != cart, false) {
            continue; // a guest's who is not merged
        }
        let sum = &mut sums[list as usize];
        sum.shown = true;
        sabotage!("last-writer-of-simple-line-wins", { sum.units = 0 });
        sum.units += u64::from(units);
        // They come by dot, and of equal times the larger dot is the later.
        if fact.is_priced() && sum.priced.is_none_or(|latest| latest.time() <= fact.time()) {
            sum.priced = Some(fact);
        }
    }
    Some(sums)
}
