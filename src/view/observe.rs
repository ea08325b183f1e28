//! What an author sees before acting: the values that the cart's verbs take.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::contribution::{Contribution, ContributionState, SetDeduction};
use super::evaluate::{ACTUAL, CartHypothesis, Evaluator, LineEvaluation};
use super::merges::{ValidMerge, after, valid_merges};
use super::options::ViewOptions;
use super::placements::BearingIndex;
use super::row_ref::{RowRef, Side, Unreadable};
use crate::cart::{
    ActionTarget, Body, Cart, ConsumedUnits, EntryKind, EntryRef, List, ObservedRow, OrderedUnits,
    Preserved, PreservedDeduction, PreservedPlacement, RegisterKey, SeenMerges, Snapshot,
};
use crate::dots::{Dot, Dots};
use crate::id::{CartId, CouponCode, LineKey, OrderId};
use crate::policy::Registry;

/// A cart as its author sees it at one moment.
pub struct Observer<'a> {
    cart: &'a Cart,
    rules: &'a Registry,
    merges: Vec<ValidMerge<'a>>,
    words: BearingIndex<'a>,
}

impl<'a> Observer<'a> {
    /// Looks at a cart with the rules at hand.
    #[must_use]
    pub fn at(cart: &'a Cart, rules: &'a Registry) -> Self {
        Self { cart, rules, merges: valid_merges(cart), words: BearingIndex::of(cart) }
    }

    pub(super) fn evaluator(&self) -> Evaluator<'_> {
        self.evaluator_if(&ACTUAL)
    }

    fn evaluator_if<'s>(&'s self, hypothesis: &'s CartHypothesis) -> Evaluator<'s> {
        let bearing = self.words.bearing();
        Evaluator { cart: self.cart, rules: self.rules, merges: &self.merges, bearing, hypothesis }
    }

    /// The guests whose merge the author sees.
    #[must_use]
    pub fn after(&self) -> SeenMerges {
        after(&self.merges)
    }

    /// Whether a scope is this cart's own or a merged guest's.
    pub(super) fn is_ours(&self, scope: CartId) -> bool {
        scope == self.cart.id() || self.merges.iter().any(|merge| merge.claim.guest == scope)
    }

    /// Whether nothing in the cart says anything about another entry than its own.
    pub(super) fn is_simple(&self) -> bool {
        self.merges.is_empty()
            && self.words.bearing().is_empty()
            && !self.cart.has(EntryKind::Order)
    }

    fn scope_of(&self, side: Option<Side>) -> CartId {
        match side {
            Some(Side::Guest(guest)) => guest,
            Some(Side::Account) | None => self.cart.id(),
        }
    }

    /// Where an action on `row` writes. `None` if its side is not a row of its own there.
    #[must_use]
    pub fn place(&self, row: &RowRef) -> Option<ActionTarget> {
        let whole = Self::whole(self.cart, row);
        let Some(side) = row.side else { return Some(whole) };
        let evaluation = self.evaluator().line(&row.line);
        let scope = self.scope_of(Some(side));
        let sides = evaluation.sides_in(row.list);
        let apart = sides.len() > 1 && sides.contains(&scope);
        apart.then_some(ActionTarget { scope, sided: true, ..whole })
    }

    /// Where an action on a whole row writes.
    pub(crate) fn whole(cart: &Cart, row: &RowRef) -> ActionTarget {
        ActionTarget { line: row.line.clone(), list: row.list, scope: cart.id(), sided: false }
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
        let mut dots: BTreeSet<Dot> = left.map(EntryRef::dot).collect();
        let moves = self.inert(line, &dots);
        dots.extend(moves);
        dots.into_iter().collect()
    }

    fn shows_nothing(&self, line: &LineKey) -> bool {
        // An Add of the cart's own counts unless a merge hides it, and a Set unless an order took
        // of it: no need to read the line.
        let orders = self.cart.has(EntryKind::Order);
        let counts = |fact: EntryRef<'_>| {
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
        self.evaluator().line(line).shows_nothing()
    }

    /// What the author sees of a row; nothing of it may be shown.
    #[must_use]
    pub fn row(&self, row: &RowRef) -> ObservedRow {
        let side = row.side.map(|side| self.scope_of(Some(side)));
        let evaluation = self.evaluator().line(&row.line);
        let shown: Vec<ConsumedUnits> = sabotage!(
            "action-takes-other-list",
            evaluation.shown(row.list, side).map(taken).collect(),
            List::ALL
                .into_iter()
                .flat_map(|list| evaluation.shown(list, side).map(taken))
                .collect()
        );
        let before = [evaluation];
        let (settled, stays) = self.settle(&before, &shown);
        let [evaluation] = &before;
        let mut covers = Dots::default();
        // An order of a Set that lost bought units of the row all the same.
        let lost = evaluation.parts.iter().filter(|part| match part.state {
            ContributionState::Lost { to } => shown.iter().any(|taken| taken.dot == to),
            _ => false,
        });
        let replaced: Vec<&Contribution<'_>> =
            evaluation.shown(row.list, side).chain(lost).collect();
        for part in &replaced {
            if let Body::Set(set) = part.entry.body() {
                covers.extend(&set.covers.to_dots());
            }
        }
        for part in replaced {
            covers.insert(part.dot);
        }
        let took = sabotage!("set-drops-inherited-deduction", took(evaluation), Vec::new());
        ObservedRow { shown, settled, took, covers, stays }
    }

    /// What the author sees of a whole list.
    #[must_use]
    pub fn list(&self, list: List) -> ObservedRow {
        let lines: Vec<LineEvaluation<'_>> = self
            .evaluator()
            .all()
            .into_iter()
            .filter(|evaluation| evaluation.shown(list, None).next().is_some())
            .collect();
        let shown: Vec<ConsumedUnits> =
            lines.iter().flat_map(|evaluation| evaluation.shown(list, None).map(taken)).collect();
        let (settled, stays) = self.settle(&lines, &shown);
        ObservedRow { shown, settled, stays, ..ObservedRow::default() }
    }

    /// The active list, frozen: rows as they are shown, under the ceiling.
    ///
    /// # Errors
    /// A line there is one this replica cannot read.
    pub fn snapshot(&self, options: &ViewOptions) -> Result<Snapshot, Unreadable> {
        let mut bought = Vec::new();
        let mut lines = self.evaluator().all();
        lines.retain(|evaluation| evaluation.shown(List::Active, None).next().is_some());
        let mut shown = Vec::new();
        for evaluation in &lines {
            if evaluation.unavailable.is_some() || evaluation.needs_upgrade {
                return Err(Unreadable { line: evaluation.line.clone() });
            }
            for side in evaluation.sides_in(List::Active) {
                let mut left = sabotage!(
                    "order-ignores-ceiling",
                    evaluation.clamp(options, u64::MAX),
                    u64::MAX
                );
                for part in evaluation.shown(List::Active, Some(side)) {
                    let mut taken = taken(part);
                    shown.push(taken);
                    taken.units = left.min(u64::from(taken.units)) as u32;
                    left -= u64::from(taken.units);
                    if taken.units > 0 {
                        bought.push(OrderedUnits { line: evaluation.line.clone(), taken });
                    }
                }
            }
        }
        let (mut settled, stays) = self.settle(&lines, &shown);
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
    pub fn covered(&self, line: &LineKey, dots: &[ConsumedUnits]) -> Vec<Dot> {
        let named: BTreeSet<Dot> = dots.iter().map(|taken| taken.dot).collect();
        let after = self.after();
        let as_wise =
            |dot: &Dot| self.cart.live().get_ref(*dot).is_some_and(|fact| *fact.after() == *after);
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
        moves.map(EntryRef::dot).collect()
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
        moves.map(EntryRef::dot).collect()
    }

    /// Whether an entry of ours places nothing but `gone`.
    fn is_inert(&self, fact: EntryRef<'_>, gone: &BTreeSet<Dot>) -> bool {
        self.is_ours(fact.scope())
            && fact.body().bears_on().all(|dot| {
                sabotage!(
                    "add-removes-inert-move",
                    gone.contains(&dot),
                    gone.contains(&dot) || !self.cart.live().contains_key(&dot)
                )
            })
    }

    /// What else must die, and what must stay where it is, so that an action which makes `shown` dead
    /// changes just that: hidden contributions of the lines, Moves that place nothing any more,
    /// and whatever would otherwise come up because something else is gone.
    fn settle(
        &self,
        lines: &[LineEvaluation<'_>],
        shown: &[ConsumedUnits],
    ) -> (Vec<Dot>, Preserved) {
        let parts = lines.iter().flat_map(|evaluation| &evaluation.parts);
        let hidden = parts.filter(|part| part.is_ours() && !part.is_shown()).map(|part| part.dot);
        if self.merges.is_empty() && self.words.bearing().is_empty() {
            // Nothing hangs on anything else.
            return (hidden.collect(), Preserved::default());
        }
        let mut gone: BTreeSet<Dot> = shown.iter().map(|taken| taken.dot).chain(hidden).collect();
        let mut stays = Preserved::default();
        let word = |dot: &Dot| self.cart.live().get_ref(*dot).and_then(|fact| fact.body().stays());
        let takes_a_word = gone.iter().filter_map(word).any(|stays| !stays.is_empty());
        if !self.merges.is_empty() || takes_a_word {
            let here: BTreeSet<Dot> = lines
                .iter()
                .flat_map(|evaluation| &evaluation.parts)
                .map(|part| part.dot)
                .collect();
            (gone, stays) = self.settle_merged(gone, &here);
        }
        for evaluation in lines {
            let inert = self.inert(evaluation.line, &gone);
            gone.extend(inert);
        }
        let words =
            self.cart.live().of_kind(EntryKind::Stay).filter(|fact| self.is_inert(*fact, &gone));
        let words: Vec<Dot> = words.map(EntryRef::dot).collect();
        gone.extend(words);
        shown.iter().for_each(|taken| {
            gone.remove(&taken.dot);
        });
        (gone.into_iter().collect(), stays)
    }

    /// What `gone` brings up on a cart with merges goes with it; what it would hide or move stays.
    fn settle_merged(
        &self,
        gone: BTreeSet<Dot>,
        here: &BTreeSet<Dot>,
    ) -> (BTreeSet<Dot>, Preserved) {
        let before = shown_in(self.evaluator().all());
        let mut hypothesis = CartHypothesis { gone, pinned: BTreeMap::new() };
        // Each round settles something, or pins something past one more merge; so this ends.
        loop {
            let after = shown_in(self.evaluator_if(&hypothesis).all());
            let risen: Vec<Dot> =
                after.keys().filter(|dot| !before.contains_key(dot)).copied().collect();
            let mut pinned = false;
            for (dot, was) in before.iter().filter(|(dot, _)| !hypothesis.gone.contains(dot)) {
                let same = after.get(dot).is_some_and(|is| {
                    is.list == was.list && (is.side == was.side || here.contains(dot))
                });
                // As early as will do, so that the merges after that find what they found.
                let next = hypothesis.pinned.get(dot).map_or(0, |(_, past)| past + 1);
                if !same && next <= self.merges.len() {
                    hypothesis.pinned.insert(*dot, (was.list, next));
                    pinned = true;
                }
            }
            if risen.is_empty() && !pinned {
                let pin = |(dot, (list, past)): (&Dot, &(List, usize))| {
                    let until = self.merges.get(*past).map(|merge| merge.claim.guest);
                    PreservedPlacement { dot: *dot, list: *list, until }
                };
                let pins = hypothesis.pinned.iter().map(pin).collect();
                return (hypothesis.gone, Preserved { pins, lacks: lacks(&before, &after) });
            }
            sabotage!("resurfaced-units-stay", { return (hypothesis.gone, Preserved::default()) });
            hypothesis.gone.extend(risen);
        }
    }

    /// On a split line, the scope whose registers a row shows: its side's, or that of the one side
    /// which its list shows, else the account's. `None` where the line is one.
    #[must_use]
    pub fn register_scope(&self, row: &RowRef) -> Option<CartId> {
        let evaluation = self.evaluator().line(&row.line);
        let sides = evaluation.sides_in(row.list);
        match (evaluation.split, row.side, sides.len()) {
            (false, ..) => None,
            (true, None, 1) => sides.first().copied(),
            (true, side, _) => Some(self.scope_of(side)),
        }
    }

    /// The sides that the line of a row has apart.
    fn apart(&self, row: &RowRef) -> BTreeSet<CartId> {
        let evaluation = self.evaluator().line(&row.line);
        evaluation.parts.iter().map(|part| part.side).collect()
    }

    /// The live entries of a register the author sees: of a row, or of the cart.
    #[must_use]
    pub fn registers(&self, row: Option<&RowRef>, key: &RegisterKey) -> Vec<Dot> {
        let of = |fact: EntryRef<'_>| match fact.body() {
            Body::Register { value, .. } => value.key() == *key,
            _ => false,
        };
        match row {
            Some(row) => {
                let only = self.register_scope(row);
                let apart = self.apart(row);
                // The account's row has the registers of guests who have no row of their own, too.
                let on_row = |scope: CartId, side: CartId| {
                    sabotage!(
                        "note-of-rowless-guest-stays",
                        scope == side || side == self.cart.id() && !apart.contains(&scope),
                        scope == side
                    )
                };
                self.cart
                    .live()
                    .on_line(&row.line)
                    .filter(|fact| of(*fact) && self.is_ours(fact.scope()))
                    .filter(|fact| only.is_none_or(|side| on_row(fact.scope(), side)))
                    .map(EntryRef::dot)
                    .collect()
            }
            None => self.general(EntryKind::Register, of),
        }
    }

    /// The live entries of a coupon code the author sees.
    #[must_use]
    pub fn coupon(&self, code: &CouponCode) -> Vec<Dot> {
        self.general(
            EntryKind::Coupon,
            |fact| matches!(fact.body(), Body::Coupon(c) if **c == *code),
        )
    }

    /// The live consent entries the author sees.
    #[must_use]
    pub fn consent(&self) -> Vec<Dot> {
        self.general(EntryKind::Consent, |_| true)
    }

    /// Whether an order of that id is known.
    #[must_use]
    pub fn knows_order(&self, id: &OrderId) -> bool {
        let same =
            |fact: EntryRef<'_>| matches!(fact.body(), Body::Order(order) if order.id == *id);
        !self.general(EntryKind::Order, same).is_empty()
    }

    /// The valid merge of a guest.
    #[must_use]
    pub fn claim(&self, guest: CartId) -> Option<crate::cart::Claim> {
        self.merges.iter().map(|merge| merge.claim).find(|claim| claim.guest == guest)
    }

    fn general(&self, kind: EntryKind, of: impl Fn(EntryRef<'_>) -> bool) -> Vec<Dot> {
        self.cart
            .live()
            .of_kind(kind)
            .filter(|fact| self.is_ours(fact.scope()) && of(*fact))
            .map(EntryRef::dot)
            .collect()
    }

    /// Every live dot of a scope.
    #[must_use]
    pub fn scope(&self, scope: CartId) -> Vec<Dot> {
        let live = self.cart.live().refs();
        live.filter(|fact| fact.scope() == scope).map(EntryRef::dot).collect()
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
        let is_move = |fact: &EntryRef<'_>| matches!(fact.body(), Body::Move { .. });
        let live = self.cart.live().refs();
        let ours = live.filter(|fact| !lasting(fact.body()) && self.is_ours(fact.scope()));
        let (moves, rest): (Vec<_>, Vec<_>) = ours.partition(is_move);
        let mut dots: BTreeSet<Dot> = rest.into_iter().map(EntryRef::dot).collect();
        // As ever, a Move goes with what it placed.
        let within = moves.into_iter().filter(|fact| self.is_inert(*fact, &dots));
        let within: Vec<Dot> = within.map(EntryRef::dot).collect();
        dots.extend(within);
        dots.into_iter().collect()
    }
}

fn taken(part: &Contribution<'_>) -> ConsumedUnits {
    let set = match part.entry.body() {
        Body::Set(set) => Some(set.list),
        _ => None,
    };
    ConsumedUnits { dot: part.dot, units: part.units, scope: part.entry.scope(), set }
}

/// How a contribution shows.
struct ShownPlacement {
    list: List,
    side: CartId,
    deductions: Vec<SetDeduction>,
}

fn shown_in(lines: Vec<LineEvaluation<'_>>) -> BTreeMap<Dot, ShownPlacement> {
    let parts = lines.into_iter().flat_map(|evaluation| evaluation.parts);
    let shown = parts.filter(Contribution::is_shown);
    shown
        .map(|part| {
            (
                part.dot,
                ShownPlacement { list: part.list, side: part.side, deductions: part.deductions },
            )
        })
        .collect()
}

/// Units that Sets lacked before and would not lack after.
fn lacks(
    before: &BTreeMap<Dot, ShownPlacement>,
    after: &BTreeMap<Dot, ShownPlacement>,
) -> Vec<PreservedDeduction> {
    let mut lacks = Vec::new();
    for (dot, is) in after {
        for SetDeduction { taken, units, .. } in
            before.get(dot).map_or(&[][..], |was| &was.deductions)
        {
            if !is
                .deductions
                .iter()
                .any(|deduction| deduction.taken == *taken && deduction.units == *units)
            {
                lacks.push(PreservedDeduction { set: *dot, taken: *taken, units: *units });
            }
        }
    }
    lacks.sort_unstable();
    lacks
}

/// Guests' units that a Set on this line settles besides those it shows: what a rule had hidden,
/// and what the Sets it replaces had taken.
fn took(evaluation: &LineEvaluation<'_>) -> Vec<ConsumedUnits> {
    let ours = || evaluation.parts.iter().filter(|part| part.is_ours());
    let hidden =
        ours().filter(|part| matches!(part.state, ContributionState::Hidden { .. })).map(taken);
    let before = ours().filter_map(|part| match part.entry.body() {
        Body::Set(set) => Some(set.took().iter().copied()),
        _ => None,
    });
    before.flatten().chain(hidden).collect()
}
