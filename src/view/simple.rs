//! Lines that need no reading: in a cart without merges, moves and orders, a line of Adds and at
//! most one Set shows their sum. That is what most lines of most carts are; all others are read.

use crate::cart::{Body, Fact, List};
use crate::clock::Time;
use crate::context::Dot;
use crate::id::CartId;
use crate::money::Money;

/// What a list shows of such a line.
#[derive(Clone, Copy, Default)]
pub(super) struct Sum {
    pub(super) units: u64,
    /// The latest price seen, and by what.
    price: Option<(Time, Dot, Money)>,
    pub(super) shown: bool,
}

impl Sum {
    pub(super) fn seen_price(&self) -> Option<Money> {
        self.price.map(|(_, _, price)| price)
    }
}

/// What each list shows of a line; `None` if it has to be read.
pub(super) fn sums<'a>(cart: CartId, facts: impl Iterator<Item = Fact<'a>>) -> Option<[Sum; 2]> {
    let mut sums = [Sum::default(); 2];
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
        if sets > 1 {
            return None; // they may clash
        }
        if fact.scope() != cart {
            continue; // a guest's who is not merged
        }
        let sum = &mut sums[list as usize];
        sum.shown = true;
        sum.units += u64::from(units);
        if let Some(price) = fact.price() {
            let seen = (fact.time(), fact.dot(), price);
            if sum.price.is_none_or(|(time, dot, _)| (time, dot) < (seen.0, seen.1)) {
                sum.price = Some(seen);
            }
        }
    }
    Some(sums)
}
