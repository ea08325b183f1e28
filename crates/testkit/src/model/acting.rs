//! What an action says and covers, given what its author sees.

use std::collections::{BTreeMap, BTreeSet};

use super::action::{ActionStamp, ModelAction, ModelList, ModelRowRef, ModelSide};
use super::fact::{FactKind, MergeFact, ModelFact, OrderFact, PreservedUnits, SetFact};
use super::fact_set::FactId;
use super::part::{LinePart, PartFate};
use super::reading::{LineReading, StateReader};
use holdall::id::CartId;

impl<L: Ord + Clone> StateReader<'_, L> {
    /// Makes the fact of an action.
    pub(super) fn fact(&self, stamp: ActionStamp, did: ModelAction<L>) -> ModelFact<L> {
        let after = self.merges.iter().map(|merge| merge.guest).collect();
        let blank = ModelFact {
            cart: self.cart,
            stamp,
            after,
            line: None,
            sided: false,
            price: None,
            covers: Vec::new(),
            stays: PreservedUnits::default(),
            what: FactKind::Nothing,
        };
        match did {
            ModelAction::Add { row, units, price } => {
                let covers = self.leftovers(&row.line);
                let (cart, sided) = self.place(row.side);
                let (line, what) = (Some(row.line), FactKind::Add(units));
                ModelFact { cart, sided, line, price, covers, what, ..blank }
            }
            ModelAction::Set { row, units, price } => {
                let (cart, sided) = self.place(row.side);
                let reading = self.line(&row.line);
                let shown: Vec<&LinePart> = self.on_row(&reading, &row);
                let set = SetFact {
                    units,
                    shelf: row.shelf,
                    seen: self.known.bits().clone(),
                    counts_on: self.in_its_number(&reading, &shown),
                    took: self.took(&reading, &shown, cart),
                };
                let shown: Vec<FactId> = shown.iter().map(|part| part.fact).collect();
                let (covers, stays) = self.settle(&[reading], shown);
                let (covers, what) = (covers.into_iter().collect(), FactKind::Set(Box::new(set)));
                ModelFact { cart, sided, line: Some(row.line), price, covers, stays, what, ..blank }
            }
            ModelAction::Remove(row) => {
                let reading = self.line(&row.line);
                let shown: Vec<FactId> = ids(self.on_row(&reading, &row));
                let (covers, stays) = self.settle(&[reading], shown);
                ModelFact { covers: covers.into_iter().collect(), stays, ..blank }
            }
            ModelAction::Clear(shelf) => {
                let (readings, shown) = self.whole_list(shelf);
                let (covers, stays) = self.settle(&readings, shown);
                ModelFact { covers: covers.into_iter().collect(), stays, ..blank }
            }
            ModelAction::Move(row) => {
                let reading = self.line(&row.line);
                let which: BTreeSet<FactId> =
                    ids(self.on_row(&reading, &row)).into_iter().collect();
                let mut covers = self.moves_of_nothing_but(&row.line, &which);
                // One by somebody who had seen fewer merges stays: those merges go by it.
                covers.retain(|fact| self.model.fact(*fact).after == blank.after);
                let (cart, sided) = self.place(row.side);
                let (line, what) =
                    (Some(row.line), FactKind::Move { to: row.shelf.other(), which });
                ModelFact { cart, sided, line, covers, what, ..blank }
            }
            ModelAction::Write { row, key, value } => {
                let (place, covers) = match &row {
                    Some(row) => self.register(row, &key),
                    None => ((self.cart, false), self.general(|what| is_register(what, &key))),
                };
                let line = row.map(|row| row.line);
                match value {
                    Some(value) => {
                        let what = FactKind::Register { key, value };
                        ModelFact { cart: place.0, sided: place.1, line, covers, what, ..blank }
                    }
                    None => ModelFact { covers, ..blank },
                }
            }
            ModelAction::Coupon(code) => {
                let covers = self.general(|what| is_coupon(what, &code));
                ModelFact { covers, what: FactKind::Coupon(code), ..blank }
            }
            ModelAction::Drop(code) => {
                ModelFact { covers: self.general(|what| is_coupon(what, &code)), ..blank }
            }
            ModelAction::Consent(given) => {
                let covers = self.general(|what| matches!(what, FactKind::Consent(_)));
                ModelFact { covers, what: FactKind::Consent(given), ..blank }
            }
            ModelAction::Order { id, ceiling } => {
                let (readings, shown) = self.whole_list(ModelList::Active);
                let bought = self.bought(&readings, ceiling);
                let (covers, stays) = self.settle(&readings, shown);
                let order = OrderFact { id, seen: self.known.bits().clone(), bought };
                let (covers, what) =
                    (covers.into_iter().collect(), FactKind::Order(Box::new(order)));
                ModelFact { covers, stays, what, ..blank }
            }
            ModelAction::Expire => ModelFact { covers: self.perishable(), ..blank },
            ModelAction::Merge { guest, claim, policy } => {
                ModelFact { what: FactKind::Merge(MergeFact { guest, claim, policy }), ..blank }
            }
            ModelAction::Unmerge(guest) => {
                let live = self.known.live().into_iter();
                let covers = live.filter(|fact| self.model.fact(*fact).cart == guest).collect();
                ModelFact {
                    covers,
                    what: FactKind::Unmerge { guest, claim: self.claim(guest) },
                    ..blank
                }
            }
        }
    }

    /// Returns the cart that an action on a row is written in, and true if the row is one side.
    fn place(&self, side: Option<ModelSide>) -> (CartId, bool) {
        (self.whose(side), side.is_some())
    }

    const fn whose(&self, side: Option<ModelSide>) -> CartId {
        match side {
            Some(ModelSide::Guest(guest)) => guest,
            Some(ModelSide::Account) | None => self.cart,
        }
    }

    fn on_row<'r>(&self, reading: &'r LineReading<L>, row: &ModelRowRef<L>) -> Vec<&'r LinePart> {
        reading.shown(row.shelf, row.side.map(|side| self.whose(Some(side)))).collect()
    }

    fn whole_list(&self, shelf: ModelList) -> (Vec<LineReading<L>>, Vec<FactId>) {
        let mut readings = self.lines();
        readings.retain(|reading| reading.shown(shelf, None).next().is_some());
        let shown = readings.iter().flat_map(|reading| reading.shown(shelf, None));
        let shown = shown.map(|part| part.fact).collect();
        (readings, shown)
    }

    /// Returns the facts left of a line that shows nothing. An Add to the line removes them.
    fn leftovers(&self, line: &L) -> Vec<FactId> {
        if self.line(line).parts.iter().any(LinePart::is_shown) {
            return Vec::new();
        }
        let left = self.on_line(line).filter(|(_, fact)| !fact.is_move() && fact.order().is_none());
        let mut left: BTreeSet<FactId> = left.map(|(id, _)| id).collect();
        left.extend(self.moves_of_nothing_but(line, &left));
        left.into_iter().collect()
    }

    /// Returns the facts whose units the number of a Set stands for: the row's, the facts that had
    /// lost against them, and the facts that the Sets among them counted on.
    fn in_its_number(&self, reading: &LineReading<L>, shown: &[&LinePart]) -> BTreeSet<FactId> {
        let mut replaced: BTreeSet<FactId> = ids(shown.iter().copied()).into_iter().collect();
        let lost = reading.parts.iter().filter(|part| match part.fate {
            PartFate::Lost { to } => shown.iter().any(|part| part.fact == to),
            _ => false,
        });
        replaced.extend(lost.map(|part| part.fact));
        let sets = replaced.iter().filter_map(|fact| self.model.fact(*fact).set());
        let before: Vec<FactId> = sets.flat_map(|set| &set.counts_on).copied().collect();
        replaced.extend(before);
        replaced
    }

    /// Returns the units of other carts that a Set settles: those it replaces, those that a rule
    /// had hidden, and those that earlier Sets of the line had settled.
    fn took(
        &self,
        reading: &LineReading<L>,
        shown: &[&LinePart],
        cart: CartId,
    ) -> BTreeMap<FactId, u64> {
        let others = shown.iter().filter(|part| self.model.fact(part.fact).cart != cart).copied();
        let hidden = reading.parts.iter().filter(|part| part.fate == PartFate::Hidden);
        let now = others.chain(hidden).map(|part| (part.fact, part.units));
        let sets = reading.parts.iter().filter_map(|part| self.model.fact(part.fact).set());
        let before = sets.flat_map(|set| &set.took).map(|(fact, units)| (*fact, *units));
        let mut took = BTreeMap::new();
        for (fact, units) in now.chain(before) {
            let least = took.entry(fact).or_insert(units);
            *least = units.min(*least);
        }
        took
    }

    /// Returns where a register of a row is written, and which registers it replaces.
    fn register(&self, row: &ModelRowRef<L>, key: &str) -> ((CartId, bool), Vec<FactId>) {
        let reading = self.line(&row.line);
        let sides = reading.sides(row.shelf);
        let side = match (reading.split, row.side, sides.len()) {
            (false, ..) => None,
            (true, None, 1) => sides.first().copied(),
            (true, side, _) => Some(self.whose(side)),
        };
        let apart: BTreeSet<CartId> = reading.parts.iter().map(|part| part.side).collect();
        // The account's row has the registers of guests who have no row of their own, too.
        let shows = |cart: CartId| {
            side.is_none_or(|side| cart == side || side == self.cart && !apart.contains(&cart))
        };
        let here = self.on_line(&row.line);
        let replaced = here.filter(|(_, fact)| is_register(&fact.what, key) && shows(fact.cart));
        let covers = replaced.map(|(id, _)| id).collect();
        ((side.unwrap_or(self.cart), side.is_some()), covers)
    }

    /// Returns the known facts of a kind that are about no line.
    fn general(&self, of: impl Fn(&FactKind<L>) -> bool) -> Vec<FactId> {
        let ours = |id: &FactId| {
            let fact = self.model.fact(*id);
            fact.line.is_none() && self.is_ours(fact.cart) && of(&fact.what)
        };
        self.known.others().iter().copied().filter(ours).collect()
    }

    /// Returns the units that an order buys: of each row as many as it shows.
    fn bought(&self, readings: &[LineReading<L>], ceiling: u64) -> Vec<(L, (FactId, u64))> {
        let mut bought = Vec::new();
        for reading in readings {
            for side in reading.sides(ModelList::Active) {
                let mut left = reading.ceiling.map_or(ceiling, |other| other.min(ceiling));
                for part in reading.shown(ModelList::Active, Some(side)) {
                    let units = part.units.min(left);
                    left -= units;
                    if units > 0 {
                        bought.push((reading.line.clone(), (part.fact, units)));
                    }
                }
            }
        }
        bought
    }

    /// Returns all facts except orders and merges. A Move is among them only if all that it placed
    /// is.
    fn perishable(&self) -> Vec<FactId> {
        let lasts = |fact: &ModelFact<L>| {
            matches!(fact.what, FactKind::Order(_) | FactKind::Merge(_) | FactKind::Unmerge { .. })
        };
        let live = self.known.live().into_iter().map(|id| (id, self.model.fact(id)));
        let ours = live.filter(|(_, fact)| self.is_ours(fact.cart) && !lasts(fact));
        let (moves, rest): (Vec<_>, Vec<_>) = ours.partition(|(_, fact)| fact.is_move());
        let mut gone: BTreeSet<FactId> = rest.into_iter().map(|(id, _)| id).collect();
        let moves = moves.into_iter().filter(|(_, fact)| fact.is_about_nothing_but(&gone));
        let moves: Vec<FactId> = moves.map(|(id, _)| id).collect();
        gone.extend(moves);
        gone.into_iter().collect()
    }

    /// Returns the number of the claim by which a guest is merged.
    fn claim(&self, guest: CartId) -> u32 {
        let facts = self.known.others().iter().map(|fact| self.model.fact(*fact));
        let claims = facts.filter_map(|fact| match &fact.what {
            FactKind::Merge(merge) if merge.guest == guest => Some(merge.claim),
            _ => None,
        });
        claims.max().unwrap_or_default()
    }
}

fn ids<'p>(parts: impl IntoIterator<Item = &'p LinePart>) -> Vec<FactId> {
    parts.into_iter().map(|part| part.fact).collect()
}

fn is_register<L>(what: &FactKind<L>, of: &str) -> bool {
    matches!(what, FactKind::Register { key, .. } if key == of)
}

fn is_coupon<L>(what: &FactKind<L>, of: &str) -> bool {
    matches!(what, FactKind::Coupon(code) if code == of)
}
