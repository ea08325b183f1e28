//! What an author sees before acting: the values that the cart's verbs take.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::bearing::Words;
use super::merged::{Merged, after, merged};
use super::reading::{AS_IT_IS, Contribution, Reading, Source, State, WhatIf};
use super::rows::{ViewOptions, clamp};
use super::worth::Cut;
use crate::cart::{
    After, Body, Bought, Cart, Fact, Kind, Lack, List, Pin, Place, RegisterKey, Seen, Snapshot,
    Stays, Taken,
};
use crate::context::{Dot, Dots};
use crate::id::{CartId, CouponCode, LineKey, OrderId};
use crate::policy::Registry;

/// One side of a line that a merge shows as two rows.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The account's.
    Account,
    /// That guest's.
    Guest(CartId),
}

/// A row to act on.
///
/// ```
/// use holdall::{LineKey, List, RowRef};
/// let row = RowRef::active(LineKey::sku("TEE")?);
/// assert_eq!(row.list, List::Active);
/// # Ok::<(), holdall::LineError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RowRef {
    /// The line.
    pub line: LineKey,
    /// The list.
    pub list: List,
    /// One side of a split line; `None` is the line as a whole.
    pub side: Option<Side>,
}

impl RowRef {
    /// The line as a whole, in the active list.
    #[must_use]
    pub const fn active(line: LineKey) -> Self {
        Self { line, list: List::Active, side: None }
    }

    /// The line as a whole, in the saved list.
    #[must_use]
    pub const fn saved(line: LineKey) -> Self {
        Self { line, list: List::Saved, side: None }
    }

    /// One side of it.
    #[must_use]
    pub const fn on(mut self, side: Side) -> Self {
        self.side = Some(side);
        self
    }
}

/// Lines that a checkout cannot buy, because this replica cannot say how many they are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line} cannot be bought here: this replica lacks what its merge or an entry needs; upgrade it"
)]
pub struct Unreadable {
    /// The first such line.
    pub line: LineKey,
}

/// A cart as its author sees it at one moment.
pub struct Look<'a> {
    cart: &'a Cart,
    rules: &'a Registry,
    merges: Vec<Merged<'a>>,
    words: Words<'a>,
}

impl<'a> Look<'a> {
    /// Looks at a cart with the rules at hand.
    #[must_use]
    pub fn at(cart: &'a Cart, rules: &'a Registry) -> Self {
        Self { cart, rules, merges: merged(cart), words: Words::of(cart) }
    }

    pub(super) fn source(&self) -> Source<'_> {
        self.source_if(&AS_IT_IS)
    }

    fn source_if<'s>(&'s self, what_if: &'s WhatIf) -> Source<'s> {
        let bearing = self.words.bearing();
        Source { cart: self.cart, rules: self.rules, merges: &self.merges, bearing, what_if }
    }

    /// The guests whose merge the author sees.
    #[must_use]
    pub fn after(&self) -> After {
        after(&self.merges)
    }

    /// Whether a scope is this cart's own or a merged guest's.
    pub(super) fn is_ours(&self, scope: CartId) -> bool {
        scope == self.cart.id() || self.merges.iter().any(|merge| merge.claim.guest == scope)
    }

    /// Whether nothing in the cart says anything about another entry than its own.
    pub(super) fn is_simple(&self) -> bool {
        self.merges.is_empty() && self.words.bearing().is_empty() && !self.cart.has(Kind::Order)
    }

    fn scope_of(&self, side: Option<Side>) -> CartId {
        match side {
            Some(Side::Guest(guest)) => guest,
            Some(Side::Account) | None => self.cart.id(),
        }
    }

    /// Where an action on `row` writes. `None` if its side is not a row of its own there.
    #[must_use]
    pub fn place(&self, row: &RowRef) -> Option<Place> {
        let whole = Self::whole(self.cart, row);
        let Some(side) = row.side else { return Some(whole) };
        let reading = self.source().line(&row.line);
        let scope = self.scope_of(Some(side));
        let sides = reading.sides_in(row.list);
        let apart = sides.len() > 1 && sides.contains(&scope);
        apart.then_some(Place { scope, sided: true, ..whole })
    }

    /// Where an action on a whole row writes.
    pub(crate) fn whole(cart: &Cart, row: &RowRef) -> Place {
        Place { line: row.line.clone(), list: row.list, scope: cart.id(), sided: false }
    }

    /// What adding to `line` makes dead: on a line that shows nothing, what is left there.
    #[must_use]
    pub fn leftovers(&self, line: &LineKey) -> Vec<Dot> {
        if !self.shows_nothing(line) {
            return Vec::new();
        }
        let left = self.cart.live().on_line(line).filter(|fact| {
            use Body::{Move, Order, Unknown};
            let stays = matches!(fact.body(), Unknown { .. } | Order(_) | Move { .. });
            !stays && self.is_ours(fact.scope())
        });
        let mut dots: BTreeSet<Dot> = left.map(Fact::dot).collect();
        let moves = self.inert(line, &dots);
        dots.extend(moves);
        dots.into_iter().collect()
    }

    fn shows_nothing(&self, line: &LineKey) -> bool {
        // An Add of the cart's own counts unless a merge hides it, and a Set unless an order took
        // of it: no need to read the line.
        let orders = self.cart.has(Kind::Order);
        let counts = |fact: Fact<'_>| {
            fact.scope() == self.cart.id()
                && match fact.body() {
                    Body::Add { .. } => true,
                    Body::Set(_) => !orders,
                    _ => false,
                }
        };
        if self.merges.is_empty() && self.cart.live().on_line(line).any(counts) {
            return false;
        }
        self.source().line(line).shows_nothing()
    }

    /// What the author sees of a row; nothing of it may be shown.
    #[must_use]
    pub fn row(&self, row: &RowRef) -> Seen {
        let side = row.side.map(|side| self.scope_of(Some(side)));
        let reading = self.source().line(&row.line);
        let shown: Vec<Taken> = reading.shown(row.list, side).map(taken).collect();
        let before = [reading];
        let (settled, stays) = self.settle(&before, &shown);
        let [reading] = &before;
        let mut covers = Dots::default();
        // An order of a Set that lost bought units of the row all the same.
        let lost = reading.parts.iter().filter(|part| match part.state {
            State::Lost { to } => shown.iter().any(|taken| taken.dot == to),
            _ => false,
        });
        let replaced: Vec<&Contribution<'_>> = reading.shown(row.list, side).chain(lost).collect();
        for part in &replaced {
            if let Body::Set(set) = part.entry.body() {
                covers.extend(&set.covers.to_dots());
            }
        }
        for part in replaced {
            covers.insert(part.dot);
        }
        Seen { shown, settled, took: took(reading), covers, stays }
    }

    /// What the author sees of a whole list.
    #[must_use]
    pub fn list(&self, list: List) -> Seen {
        let readings: Vec<Reading<'_>> = self
            .source()
            .all()
            .into_iter()
            .filter(|reading| reading.shown(list, None).next().is_some())
            .collect();
        let shown: Vec<Taken> =
            readings.iter().flat_map(|reading| reading.shown(list, None).map(taken)).collect();
        let (settled, stays) = self.settle(&readings, &shown);
        Seen { shown, settled, stays, ..Seen::default() }
    }

    /// The active list, frozen: rows as they are shown, under the ceiling.
    ///
    /// # Errors
    /// A line there is one this replica cannot read.
    pub fn snapshot(&self, options: &ViewOptions) -> Result<Snapshot, Unreadable> {
        let mut bought = Vec::new();
        let mut readings = self.source().all();
        readings.retain(|reading| reading.shown(List::Active, None).next().is_some());
        let mut shown = Vec::new();
        for reading in &readings {
            if reading.unavailable.is_some() || reading.needs_upgrade {
                return Err(Unreadable { line: reading.line.clone() });
            }
            for side in reading.sides_in(List::Active) {
                let mut left = clamp(reading, options, u64::MAX);
                for part in reading.shown(List::Active, Some(side)) {
                    let mut taken = taken(part);
                    shown.push(taken);
                    taken.units = left.min(u64::from(taken.units)) as u32;
                    left -= u64::from(taken.units);
                    if taken.units > 0 {
                        bought.push(Bought { line: reading.line.clone(), taken });
                    }
                }
            }
        }
        let (mut settled, stays) = self.settle(&readings, &shown);
        // What the ceiling cut off entirely goes with the row it was cut off from.
        let whole: BTreeSet<Dot> = bought.iter().map(|bought| bought.taken.dot).collect();
        settled.extend(shown.iter().map(|taken| taken.dot).filter(|dot| !whole.contains(dot)));
        bought.sort();
        let seen = self.cart.context().clone();
        Ok(Snapshot { cart: self.cart.id(), bought, settled, seen, stays })
    }

    /// Older Moves that one which names `dots` would cover. A Move by somebody who had seen fewer
    /// merges stays: those merges go by where it put things.
    #[must_use]
    pub fn covered(&self, line: &LineKey, dots: &[Taken]) -> Vec<Dot> {
        let named: BTreeSet<Dot> = dots.iter().map(|taken| taken.dot).collect();
        let after = self.after();
        let as_wise =
            |dot: &Dot| self.cart.live().fact(*dot).is_some_and(|fact| *fact.after() == *after);
        let mut moves = self.inert(line, &named);
        moves.retain(as_wise);
        moves
    }

    /// Moves of the line that place nothing but `gone`. One that places what is dead already stays: who
    /// takes a Move out has to say in the same breath that what it placed is dead, or where that
    /// is not known yet the row would go back to the list it came from.
    fn inert(&self, line: &LineKey, gone: &BTreeSet<Dot>) -> Vec<Dot> {
        if self.words.bearing().is_empty() {
            return Vec::new();
        }
        let moves =
            self.cart.live().on_line(line).filter(|fact| {
                matches!(fact.body(), Body::Move { .. }) && self.is_inert(*fact, gone)
            });
        moves.map(Fact::dot).collect()
    }

    /// Moves of the line that place nothing any more, as far as is known here. What is seen is the
    /// same without them; but while others know less, they are not to be taken out.
    #[must_use]
    pub fn spent(&self, line: &LineKey) -> Vec<Dot> {
        let dead =
            |dot: Dot| self.cart.context().contains(dot) && !self.cart.live().contains_key(&dot);
        let moves = self.cart.live().on_line(line).filter(|fact| {
            let named = matches!(fact.body(), Body::Move { .. });
            named && self.is_ours(fact.scope()) && fact.body().bears_on().all(dead)
        });
        moves.map(Fact::dot).collect()
    }

    /// Whether an entry of ours places nothing but `gone`.
    fn is_inert(&self, fact: Fact<'_>, gone: &BTreeSet<Dot>) -> bool {
        self.is_ours(fact.scope()) && fact.body().bears_on().all(|dot| gone.contains(&dot))
    }

    /// What else must die, and what must stay where it is, so that an action which makes `shown` dead
    /// changes just that: hidden contributions of the lines, Moves that place nothing any more,
    /// and whatever would otherwise come up because something else is gone.
    fn settle(&self, lines: &[Reading<'_>], shown: &[Taken]) -> (Vec<Dot>, Stays) {
        let parts = lines.iter().flat_map(|reading| &reading.parts);
        let hidden = parts.filter(|part| part.is_ours() && !part.is_shown()).map(|part| part.dot);
        if self.merges.is_empty() && self.words.bearing().is_empty() {
            // Nothing hangs on anything else.
            return (hidden.collect(), Stays::default());
        }
        let mut gone: BTreeSet<Dot> = shown.iter().map(|taken| taken.dot).chain(hidden).collect();
        let mut stays = Stays::default();
        let word = |dot: &Dot| self.cart.live().fact(*dot).and_then(|fact| fact.body().stays());
        let takes_a_word = gone.iter().filter_map(word).any(|stays| !stays.is_empty());
        if !self.merges.is_empty() || takes_a_word {
            let here: BTreeSet<Dot> =
                lines.iter().flat_map(|reading| &reading.parts).map(|part| part.dot).collect();
            (gone, stays) = self.settle_merged(gone, &here);
        }
        for reading in lines {
            let inert = self.inert(reading.line, &gone);
            gone.extend(inert);
        }
        let words = self.cart.live().of_kind(Kind::Stay).filter(|fact| self.is_inert(*fact, &gone));
        let words: Vec<Dot> = words.map(Fact::dot).collect();
        gone.extend(words);
        shown.iter().for_each(|taken| {
            gone.remove(&taken.dot);
        });
        (gone.into_iter().collect(), stays)
    }

    /// What `gone` brings up on a cart with merges goes with it; what it would hide or move stays.
    fn settle_merged(&self, gone: BTreeSet<Dot>, here: &BTreeSet<Dot>) -> (BTreeSet<Dot>, Stays) {
        let before = shown_in(self.source().all());
        let mut what_if = WhatIf { gone, pinned: BTreeMap::new() };
        // Each round settles something, or pins something past one more merge; so this ends.
        loop {
            let after = shown_in(self.source_if(&what_if).all());
            let risen: Vec<Dot> =
                after.keys().filter(|dot| !before.contains_key(dot)).copied().collect();
            let mut pinned = false;
            for (dot, was) in before.iter().filter(|(dot, _)| !what_if.gone.contains(dot)) {
                let same = after.get(dot).is_some_and(|is| {
                    is.list == was.list && (is.side == was.side || here.contains(dot))
                });
                // As early as will do, so that the merges after that find what they found.
                let next = what_if.pinned.get(dot).map_or(0, |(_, past)| past + 1);
                if !same && next <= self.merges.len() {
                    what_if.pinned.insert(*dot, (was.list, next));
                    pinned = true;
                }
            }
            if risen.is_empty() && !pinned {
                let pin = |(dot, (list, past)): (&Dot, &(List, usize))| {
                    let until = self.merges.get(*past).map(|merge| merge.claim.guest);
                    Pin { dot: *dot, list: *list, until }
                };
                let pins = what_if.pinned.iter().map(pin).collect();
                return (what_if.gone, Stays { pins, lacks: lacks(&before, &after) });
            }
            what_if.gone.extend(risen);
        }
    }

    /// On a split line, the scope whose registers a row shows: its side's, or that of the one side
    /// which its list shows, else the account's. `None` where the line is one.
    #[must_use]
    pub fn register_scope(&self, row: &RowRef) -> Option<CartId> {
        let reading = self.source().line(&row.line);
        let sides = reading.sides_in(row.list);
        match (reading.split, row.side, sides.len()) {
            (false, ..) => None,
            (true, None, 1) => sides.first().copied(),
            (true, side, _) => Some(self.scope_of(side)),
        }
    }

    /// The sides that the line of a row has apart.
    fn apart(&self, row: &RowRef) -> BTreeSet<CartId> {
        let reading = self.source().line(&row.line);
        reading.parts.iter().map(|part| part.side).collect()
    }

    /// The live entries of a register the author sees: of a row, or of the cart.
    #[must_use]
    pub fn registers(&self, row: Option<&RowRef>, key: &RegisterKey) -> Vec<Dot> {
        let of = |fact: Fact<'_>| match fact.body() {
            Body::Register { value, .. } => value.key() == *key,
            _ => false,
        };
        match row {
            Some(row) => {
                let only = self.register_scope(row);
                let apart = self.apart(row);
                // The account's row has the registers of guests who have no row of their own, too.
                let on_row = |scope: CartId, side: CartId| {
                    scope == side || side == self.cart.id() && !apart.contains(&scope)
                };
                self.cart
                    .live()
                    .on_line(&row.line)
                    .filter(|fact| of(*fact) && self.is_ours(fact.scope()))
                    .filter(|fact| only.is_none_or(|side| on_row(fact.scope(), side)))
                    .map(Fact::dot)
                    .collect()
            }
            None => self.general(Kind::Register, of),
        }
    }

    /// The live entries of a coupon code the author sees.
    #[must_use]
    pub fn coupon(&self, code: &CouponCode) -> Vec<Dot> {
        self.general(Kind::Coupon, |fact| matches!(fact.body(), Body::Coupon(c) if **c == *code))
    }

    /// The live consent entries the author sees.
    #[must_use]
    pub fn consent(&self) -> Vec<Dot> {
        self.general(Kind::Consent, |_| true)
    }

    /// Whether an order of that id is known.
    #[must_use]
    pub fn knows_order(&self, id: &OrderId) -> bool {
        let same = |fact: Fact<'_>| matches!(fact.body(), Body::Order(order) if order.id == *id);
        !self.general(Kind::Order, same).is_empty()
    }

    /// The valid merge of a guest.
    #[must_use]
    pub fn claim(&self, guest: CartId) -> Option<crate::cart::Claim> {
        self.merges.iter().map(|merge| merge.claim).find(|claim| claim.guest == guest)
    }

    fn general(&self, kind: Kind, of: impl Fn(Fact<'_>) -> bool) -> Vec<Dot> {
        self.cart
            .live()
            .of_kind(kind)
            .filter(|fact| self.is_ours(fact.scope()) && of(*fact))
            .map(Fact::dot)
            .collect()
    }

    /// Every live dot of a scope.
    #[must_use]
    pub fn scope(&self, scope: CartId) -> Vec<Dot> {
        let live = self.cart.live().facts();
        live.filter(|fact| fact.scope() == scope).map(Fact::dot).collect()
    }

    /// Everything a server lets expire: all the author sees but orders and merges.
    #[must_use]
    pub fn perishable(&self) -> Vec<Dot> {
        let lasting = |body: &Body| {
            matches!(
                body,
                Body::Order(_) | Body::Merge(_) | Body::Unmerge(_) | Body::Unknown { .. }
            )
        };
        let is_move = |fact: &Fact<'_>| matches!(fact.body(), Body::Move { .. });
        let live = self.cart.live().facts();
        let ours = live.filter(|fact| !lasting(fact.body()) && self.is_ours(fact.scope()));
        let (moves, rest): (Vec<_>, Vec<_>) = ours.partition(is_move);
        let mut dots: BTreeSet<Dot> = rest.into_iter().map(Fact::dot).collect();
        // As ever, a Move goes with what it placed.
        let within = moves.into_iter().filter(|fact| self.is_inert(*fact, &dots));
        let within: Vec<Dot> = within.map(Fact::dot).collect();
        dots.extend(within);
        dots.into_iter().collect()
    }
}

fn taken(part: &Contribution<'_>) -> Taken {
    let set = match part.entry.body() {
        Body::Set(set) => Some(set.list),
        _ => None,
    };
    Taken { dot: part.dot, units: part.units, scope: part.entry.scope(), set }
}

/// How a contribution shows.
struct Shown {
    list: List,
    side: CartId,
    cuts: Vec<Cut>,
}

fn shown_in(readings: Vec<Reading<'_>>) -> BTreeMap<Dot, Shown> {
    let parts = readings.into_iter().flat_map(|reading| reading.parts);
    let shown = parts.filter(Contribution::is_shown);
    shown
        .map(|part| (part.dot, Shown { list: part.list, side: part.side, cuts: part.cuts }))
        .collect()
}

/// Units that Sets lacked before and would not lack after.
fn lacks(before: &BTreeMap<Dot, Shown>, after: &BTreeMap<Dot, Shown>) -> Vec<Lack> {
    let mut lacks = Vec::new();
    for (dot, is) in after {
        for Cut { taken, units, .. } in before.get(dot).map_or(&[][..], |was| &was.cuts) {
            if !is.cuts.iter().any(|cut| cut.taken == *taken && cut.units == *units) {
                lacks.push(Lack { set: *dot, taken: *taken, units: *units });
            }
        }
    }
    lacks.sort_unstable();
    lacks
}

/// Guests' units that a Set on this line settles besides those it shows: what a rule had hidden,
/// and what the Sets it replaces had taken.
fn took(reading: &Reading<'_>) -> Vec<Taken> {
    let ours = || reading.parts.iter().filter(|part| part.is_ours());
    let hidden = ours().filter(|part| matches!(part.state, State::Hidden { .. })).map(taken);
    let before = ours().filter_map(|part| match part.entry.body() {
        Body::Set(set) => Some(set.took().iter().copied()),
        _ => None,
    });
    before.flatten().chain(hidden).collect()
}
