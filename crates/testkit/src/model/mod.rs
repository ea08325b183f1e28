//! The obvious model: every action ever with what its author had seen, folded from the first to
//! the last.
//!
//! It is the judge of what is shown, so it shares no code with `cart`, `policy` or `view`: no state,
//! no join, no delta, no rules; numbered facts in a list, and sets of their numbers. A fact is over
//! where another is known that covers it, and an action covers what its author saw of what it
//! concerns. A [`Known`] is what somebody knows, a [`Model`] all that happened to an account's cart and
//! to the guest carts that were ever merged into it.
//!
//! It is generic in what names a line, so that a judge of a million clicks can use plain numbers.
//!
//! ```
//! use holdall::CartId;
//! use holdall_testkit::model::{Did, Known, Model, Policy, Row, Stamp};
//!
//! let (account, guest) = (CartId::from_u128(1), CartId::from_u128(2));
//! let at = |ms, writer| Stamp { ms, count: 0, writer, seq: ms };
//! let add = |units| Did::Add { row: Row::active("TEE"), units, price: None };
//! let (mut model, mut home, mut away) = (Model::default(), Known::default(), Known::default());
//!
//! let two = model.act(&home, account, at(1, 10), add(2));
//! home.learn(&model, two);
//! let three = model.act(&away, guest, at(2, 20), add(3));
//! away.learn(&model, three);
//! // A merge brings along what the guest cart had.
//! let merge = Did::Merge { guest, claim: 1, policy: Policy::rule("max") };
//! let merge = model.act(&home, account, at(3, 30), merge);
//! home.learn(&model, merge);
//! home.learn(&model, three);
//! assert_eq!(model.units(&home, account, &"TEE"), 3);
//! ```

mod acting;
mod action;
mod fact;
mod known;
mod merging;
mod part;
mod policy;
mod reading;
mod settling;
mod shown;

pub use action::{Did, Row, Shelf, Side, Stamp};
pub use known::Known;
pub use policy::Policy;
pub use shown::{Ordered, Shown, ShownRow};

use std::collections::BTreeMap;

use fact::{Fact, What};
use holdall::id::CartId;
use reading::Reader;

/// The number of a fact: facts are numbered in the order in which they happen.
pub type FactId = u32;

/// All that ever happened to one account's cart, and to its guests'.
#[derive(Debug)]
pub struct Model<L> {
    facts: Vec<Fact<L>>,
}

impl<L> Default for Model<L> {
    /// Nothing has happened.
    fn default() -> Self {
        Self { facts: Vec::new() }
    }
}

impl<L: Ord + Clone> Model<L> {
    /// Somebody who knows that does something in a cart; the number of the new fact. They do not
    /// know it themselves before they [learn](Known::learn) it.
    pub fn act(&mut self, author: &Known<L>, cart: CartId, stamp: Stamp, did: Did<L>) -> FactId {
        let fact = Reader::new(self, author, cart).fact(stamp, did);
        self.facts.push(fact);
        self.facts.len() as FactId - 1
    }

    /// The cart that a fact was written in: a guest's, or the account's.
    #[must_use]
    pub fn cart_of(&self, fact: FactId) -> CartId {
        self.fact(fact).cart
    }

    /// The facts that are over where that one is known.
    #[must_use]
    pub fn covers(&self, fact: FactId) -> &[FactId] {
        &self.fact(fact).covers
    }

    /// The lines that an order bought something of; of other facts none.
    #[must_use]
    pub fn bought(&self, fact: FactId) -> Vec<&L> {
        let What::Order(order) = &self.fact(fact).what else { return Vec::new() };
        let mut lines: Vec<&L> = order.bought.iter().map(|(line, _)| line).collect();
        lines.dedup();
        lines
    }

    /// How many units of a line the active list shows where that is known.
    #[must_use]
    pub fn units(&self, known: &Known<L>, cart: CartId, line: &L) -> u64 {
        let reading = Reader::new(self, known, cart).line(line);
        reading.shown(Shelf::Active, None).map(|part| part.units).sum()
    }

    /// The units of each line that the active list shows where that is known.
    #[must_use]
    pub fn cart(&self, known: &Known<L>, cart: CartId) -> BTreeMap<L, u64> {
        let readings = Reader::new(self, known, cart).lines().into_iter();
        let units = readings.map(|reading| {
            let units = reading.shown(Shelf::Active, None).map(|part| part.units).sum();
            (reading.line, units)
        });
        units.filter(|(_, units)| *units > 0).collect()
    }

    fn fact(&self, fact: FactId) -> &Fact<L> {
        &self.facts[fact as usize]
    }
}
