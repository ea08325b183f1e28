//! The obvious model: every action ever with what its author had seen, folded from the first to
//! the last.
//!
//! It is the judge of what is shown, so it shares no code with `cart`, `policy` or `view`: no state,
//! no join, no delta, no rules; numbered facts in a list, and sets of their numbers. A fact is over
//! where another is known that covers it, and an action covers what its author saw of what it
//! concerns. A [`KnownFacts`] is what somebody knows, a [`Model`] all that happened to an account's cart and
//! to the guest carts that were ever merged into it.
//!
//! It is generic in what names a line, so that a judge of a million clicks can use plain numbers.
//!
//! ```
//! use holdall::CartId;
//! use holdall_testkit::model::{ModelAction, KnownFacts, Model, ModelPolicy, ModelRowRef, ActionStamp};
//!
//! let (account, guest) = (CartId::from_u128(1), CartId::from_u128(2));
//! let at = |ms, writer| ActionStamp { ms, count: 0, writer, seq: ms };
//! let add = |units| ModelAction::Add { row: ModelRowRef::active("TEE"), units, price: None };
//! let (mut model, mut home, mut away) = (Model::default(), KnownFacts::default(), KnownFacts::default());
//!
//! let two = model.act(&home, account, at(1, 10), add(2));
//! home.learn(&model, two);
//! let three = model.act(&away, guest, at(2, 20), add(3));
//! away.learn(&model, three);
//! // A merge brings along what the guest cart had.
//! let merge = ModelAction::Merge { guest, claim: 1, policy: ModelPolicy::rule("max") };
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

pub use action::{ActionStamp, ModelAction, ModelList, ModelRowRef, ModelSide};
pub use known::KnownFacts;
pub use policy::ModelPolicy;
pub use shown::{ModelOrder, ModelRow, ModelView};

use std::collections::BTreeMap;

use fact::{FactKind, ModelFact};
use holdall::id::CartId;
use reading::StateReader;

/// The number of a fact: facts are numbered in the order in which they happen.
pub type FactId = u32;

/// All that ever happened to one account's cart, and to its guests'.
#[derive(Debug)]
pub struct Model<L> {
    facts: Vec<ModelFact<L>>,
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
    pub fn act(
        &mut self,
        author: &KnownFacts<L>,
        cart: CartId,
        stamp: ActionStamp,
        did: ModelAction<L>,
    ) -> FactId {
        let fact = StateReader::new(self, author, cart).fact(stamp, did);
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
        let FactKind::Order(order) = &self.fact(fact).what else { return Vec::new() };
        let mut lines: Vec<&L> = order.bought.iter().map(|(line, _)| line).collect();
        lines.dedup();
        lines
    }

    /// How many units of a line the active list shows where that is known.
    #[must_use]
    pub fn units(&self, known: &KnownFacts<L>, cart: CartId, line: &L) -> u64 {
        let reading = StateReader::new(self, known, cart).line(line);
        reading.shown(ModelList::Active, None).map(|part| part.units).sum()
    }

    /// The units of each line that the active list shows where that is known.
    #[must_use]
    pub fn cart(&self, known: &KnownFacts<L>, cart: CartId) -> BTreeMap<L, u64> {
        let readings = StateReader::new(self, known, cart).lines().into_iter();
        let units = readings.map(|reading| {
            let units = reading.shown(ModelList::Active, None).map(|part| part.units).sum();
            (reading.line, units)
        });
        units.filter(|(_, units)| *units > 0).collect()
    }

    fn fact(&self, fact: FactId) -> &ModelFact<L> {
        &self.facts[fact as usize]
    }
}
