//! The view of a cart: all who know equal facts see it.

use std::collections::{BTreeMap, BTreeSet};

use super::action::{ModelList, ModelSide};
use super::fact::FactKind;
use super::fact_set::FactId;
use super::facts::Model;
use super::known::KnownFacts;
use super::part::LinePart;
use super::reading::{LineReading, StateReader};
use holdall::id::CartId;
use holdall::money::Money;

/// View of a cart, in the terms of the model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModelView<L> {
    /// Each row, by its line, its list and, while the line is split there, its side.
    pub rows: BTreeMap<(L, ModelList, Option<ModelSide>), ModelRow>,
    /// Coupons.
    pub coupons: BTreeSet<String>,
    /// The cart's own registers.
    pub registers: BTreeMap<String, String>,
    /// Whether there is consent.
    pub consent: bool,
    /// The orders, in the order in which they were placed.
    pub orders: Vec<ModelOrder<L>>,
    /// Ids of orders that bought units twice, and the lines they share.
    pub bought_twice: BTreeMap<BTreeSet<String>, BTreeSet<L>>,
    /// Lines that nobody can buy, since a rule is not there.
    pub undecided: BTreeSet<L>,
}

/// A row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModelRow {
    /// How many its contributions come to.
    pub units: u64,
    /// How many are shown, under the ceilings.
    pub quantity: u64,
    /// Its registers, by name.
    pub registers: BTreeMap<String, String>,
    /// The price seen last.
    pub price: Option<Money>,
    /// Whether the shopper is asked.
    pub question: bool,
    /// The rule that decided on it last.
    pub because: Option<String>,
}

/// An order: its id, and how many of each line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModelOrder<L> {
    /// The id.
    pub id: String,
    /// What it bought.
    pub lines: BTreeMap<L, u64>,
}

impl<L: Ord + Clone> Model<L> {
    /// Returns what a cart shows to an observer, with at most `ceiling` units a row.
    #[must_use]
    pub fn shown(&self, known: &KnownFacts<L>, cart: CartId, ceiling: u64) -> ModelView<L> {
        let reader = StateReader::new(self, known, cart);
        let mut shown = ModelView {
            rows: BTreeMap::new(),
            coupons: BTreeSet::new(),
            registers: reader.cart_registers(),
            consent: false,
            orders: reader.orders(),
            bought_twice: reader.bought_twice(),
            undecided: BTreeSet::new(),
        };
        for reading in reader.lines() {
            for shelf in ModelList::ALL {
                let sides = reading.sides(shelf);
                for side in &sides {
                    let name = reader.side(*side).filter(|_| sides.len() > 1);
                    let row = reader.row(&reading, (shelf, *side), ceiling);
                    shown.rows.insert((reading.line.clone(), shelf, name), row);
                }
            }
            if reading.undecided {
                shown.undecided.insert(reading.line);
            }
        }
        let mut revoked = false;
        for (_, fact) in reader.others() {
            match &fact.what {
                FactKind::Coupon(code) => {
                    shown.coupons.insert(code.clone());
                }
                // It is never imported from a guest; a revocation is.
                FactKind::Consent(true) => shown.consent |= fact.cart == cart,
                FactKind::Consent(false) => revoked = true,
                _ => {}
            }
        }
        shown.consent &= !revoked;
        shown
    }
}

impl<'a, L: Ord + Clone> StateReader<'a, L> {
    fn others(&self) -> impl Iterator<Item = (FactId, &'a super::fact::ModelFact<L>)> + '_ {
        let facts = self.known.others().iter().map(|fact| (*fact, self.model.fact(*fact)));
        facts.filter(|(_, fact)| self.is_ours(fact.cart))
    }

    fn side(&self, cart: CartId) -> Option<ModelSide> {
        Some(if cart == self.cart { ModelSide::Account } else { ModelSide::Guest(cart) })
    }

    fn row(
        &self,
        reading: &LineReading<L>,
        (shelf, side): (ModelList, CartId),
        ceiling: u64,
    ) -> ModelRow {
        let parts: Vec<&LinePart> = reading.shown(shelf, Some(side)).collect();
        let facts = || parts.iter().map(|part| self.model.fact(part.fact));
        let prices = facts().filter_map(|fact| Some((fact.stamp, fact.price?)));
        let decided = parts.iter().filter_map(|part| part.decided).max();
        let rule = decided.map(|merge| self.merges[merge].policy.on(&reading.line).to_owned());
        let units = parts.iter().map(|part| part.units).sum();
        ModelRow {
            units,
            quantity: reading.ceiling.map_or(ceiling, |other| other.min(ceiling)).min(units),
            registers: self.row_registers(reading, side),
            price: prices.max_by_key(|(stamp, _)| *stamp).map(|(_, price)| price),
            question: reading.question && reading.sides(shelf).len() > 1,
            because: rule,
        }
    }

    /// Returns the registers of a row: each is the account's if that is set, else that of the first
    /// guest which has the register and no row of its own. A guest's own row has the guest's
    /// registers.
    fn row_registers(&self, reading: &LineReading<L>, side: CartId) -> BTreeMap<String, String> {
        let mut registers = self.registers(&reading.line, side);
        if side == self.cart {
            let apart: BTreeSet<CartId> = reading.parts.iter().map(|part| part.side).collect();
            for merge in self.merges.iter().filter(|merge| !apart.contains(&merge.guest)) {
                for (key, value) in self.registers(&reading.line, merge.guest) {
                    registers.entry(key).or_insert(value);
                }
            }
        }
        registers
    }

    /// Returns the registers of the cart: each is the account's if that is set, else that of the
    /// first guest which has it.
    fn cart_registers(&self) -> BTreeMap<String, String> {
        let mut registers = BTreeMap::new();
        let guests = self.merges.iter().map(|merge| merge.guest);
        for cart in std::iter::once(self.cart).chain(guests) {
            let mut here: Vec<_> = self.others().filter(|(_, fact)| fact.cart == cart).collect();
            here.sort_by_key(|(_, fact)| std::cmp::Reverse(fact.stamp));
            for (_, fact) in here.iter().filter(|(_, fact)| fact.line.is_none()) {
                if let FactKind::Register { key, value } = &fact.what {
                    registers.entry(key.clone()).or_insert_with(|| value.clone());
                }
            }
        }
        registers
    }

    /// Returns the orders. Of orders with one id the first counts.
    fn orders(&self) -> Vec<ModelOrder<L>> {
        let mut known: Vec<_> = self
            .others()
            .filter_map(|(_, fact)| {
                let order = fact.order()?;
                let mut lines = BTreeMap::new();
                for (line, (_, units)) in &order.bought {
                    *lines.entry(line.clone()).or_default() += units;
                }
                let at = (fact.stamp.ms, fact.stamp.count);
                Some((at, ModelOrder { id: order.id.clone(), lines }))
            })
            .collect();
        known.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
        let mut ids = BTreeSet::new();
        known.retain(|(_, order)| ids.insert(order.id.clone()));
        known.into_iter().map(|(_, order)| order).collect()
    }

    fn bought_twice(&self) -> BTreeMap<BTreeSet<String>, BTreeSet<L>> {
        let mut buyers: BTreeMap<FactId, (BTreeSet<String>, &L)> = BTreeMap::new();
        for order in self.others().filter_map(|(_, fact)| fact.order()) {
            for (line, (fact, _)) in &order.bought {
                let (ids, _) = buyers.entry(*fact).or_insert((BTreeSet::new(), line));
                ids.insert(order.id.clone());
            }
        }
        let mut twice: BTreeMap<_, BTreeSet<L>> = BTreeMap::new();
        for (ids, line) in buyers.into_values().filter(|(ids, _)| ids.len() > 1) {
            twice.entry(ids).or_default().insert(line.clone());
        }
        twice
    }
}
