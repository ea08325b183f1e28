//! The observation of a cart by an author before an action, in the values that the cart's verbs
//! take.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::contribution::{ContributionState, LineContribution, SetDeduction};
use super::evaluate::{ACTUAL, CartHypothesis, LineEvaluation, LineEvaluator};
use super::merges::{ValidMerge, seen_merges, valid_merges};
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

/// A cart as an author sees it at one moment.
///
/// ```
/// use holdall::{CartId, LineKey, Observer, Quantity, Registry, Replica, ReplicaId, RowRef};
/// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
/// let tee = LineKey::sku("TEE")?;
/// phone.add(0, &tee, Quantity::new(2)?, None)?;
/// let rules = Registry::default();
/// let seen = Observer::at(phone.cart(), &rules).row(&RowRef::active(tee));
/// assert_eq!(seen.shown[0].units, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Observer<'a> {
    cart: &'a Cart,
    rules: &'a Registry,
    merges: Vec<ValidMerge<'a>>,
    words: BearingIndex<'a>,
}

impl<'a> Observer<'a> {
    /// Creates an observer of a cart that knows the rules of a registry.
    #[must_use]
    pub fn at(cart: &'a Cart, rules: &'a Registry) -> Self {
        Self { cart, rules, merges: valid_merges(cart), words: BearingIndex::of(cart) }
    }

    /// Returns an evaluator of the cart as it is.
    pub(super) fn evaluator(&self) -> LineEvaluator<'_> {
        self.evaluator_if(&ACTUAL)
    }

    /// Returns an evaluator of the cart under a hypothesis.
    fn evaluator_if<'s>(&'s self, hypothesis: &'s CartHypothesis) -> LineEvaluator<'s> {
        let bearing = self.words.bearing();
        LineEvaluator {
            cart: self.cart,
            rules: self.rules,
            merges: &self.merges,
            bearing,
            hypothesis,
        }
    }

    /// Returns the guests whose merges the author sees.
    #[must_use]
    pub fn seen_merges(&self) -> SeenMerges {
        seen_merges(&self.merges)
    }

    /// Returns whether a scope belongs to this cart or to a merged guest.
    pub(super) fn is_ours(&self, scope: CartId) -> bool {
        scope == self.cart.id() || self.merges.iter().any(|merge| merge.claim.guest == scope)
    }

    /// Returns whether the cart has no merges, no orders and no entries that bear on others.
    pub(super) fn is_simple(&self) -> bool {
        self.merges.is_empty()
            && self.words.bearing().is_empty()
            && !self.cart.has(EntryKind::Order)
    }

    /// Returns the scope of a side. The whole line has the account's scope.
    fn scope_of(&self, side: Option<Side>) -> CartId {
        match side {
            Some(Side::Guest(guest)) => guest,
            Some(Side::Account) | None => self.cart.id(),
        }
    }

    /// Returns the target of an action on `row`, or `None` if the row names a side that has no row
    /// of its own.
    #[must_use]
    pub fn place(&self, row: &RowRef) -> Option<ActionTarget> {
        // A side is a row of its own only while the list shows several sides.
        let whole = Self::whole(self.cart, row);
        let Some(side) = row.side else { return Some(whole) };
        let evaluation = self.evaluator().line(&row.line);
        let scope = self.scope_of(Some(side));
        let sides = evaluation.sides_in(row.list);
        let apart = sides.len() > 1 && sides.contains(&scope);
        apart.then_some(ActionTarget { scope, sided: true, ..whole })
    }

    /// Returns the target of an action on a whole row.
    pub(crate) fn whole(cart: &Cart, row: &RowRef) -> ActionTarget {
        ActionTarget { line: row.line.clone(), list: row.list, scope: cart.id(), sided: false }
    }

    /// Returns the dots that an Add to `line` makes dead: the remaining entries of a line that
    /// shows nothing. The result is empty if the line shows anything.
    #[must_use]
    pub fn leftovers(&self, line: &LineKey) -> Vec<Dot> {
        if !self.shows_nothing(line) {
            return Vec::new();
        }
        // Collect the entries of the line, except orders, Moves and unknown kinds.
        let left = self.cart.live().on_line(line).filter(|fact| {
            use Body::{Move, Order, Unknown};
            let preserved = matches!(fact.body(), Unknown { .. } | Order(_) | Move { .. });
            !preserved && self.is_ours(fact.scope())
        });
        let mut dots: BTreeSet<Dot> = left.map(EntryRef::dot).collect();
        // A Move whose contributions are all dead goes with them.
        let moves = self.inert(line, &dots);
        dots.extend(moves);
        dots.into_iter().collect()
    }

    /// Returns whether a line shows nothing in either list.
    fn shows_nothing(&self, line: &LineKey) -> bool {
        // Without merges, an Add of the cart's own always counts, and so does a Set unless an order
        // took its units. Such a line needs no evaluation.
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

    /// Returns the author's observation of a row, which may show nothing.
    #[must_use]
    pub fn row(&self, row: &RowRef) -> ObservedRow {
        let side = row.side.map(|side| self.scope_of(Some(side)));
        let evaluation = self.evaluator().line(&row.line);
        // Collect the units shown, then the effects of their death.
        let shown: Vec<ConsumedUnits> = sabotage!(
            "action-takes-other-list",
            evaluation.shown(row.list, side).map(taken).collect(),
            List::ALL
                .into_iter()
                .flat_map(|list| evaluation.shown(list, side).map(taken))
                .collect()
        );
        let before = [evaluation];
        let (settled, preserved) = self.settle(&before, &shown);
        let [evaluation] = &before;
        // A Set covers the dots shown and the Sets that lost against them, since an order may have
        // bought units of those Sets too. It inherits the covered dots of every Set among these.
        let mut covers = Dots::default();
        let lost = evaluation.parts.iter().filter(|part| match part.state {
            ContributionState::Lost { to } => shown.iter().any(|taken| taken.dot == to),
            _ => false,
        });
        let replaced: Vec<&LineContribution<'_>> =
            evaluation.shown(row.list, side).chain(lost).collect();
        for part in &replaced {
            if let Body::Set(set) = part.entry.body() {
                covers.extend(&set.covers.to_dots());
            }
        }
        for part in replaced {
            covers.insert(part.dot);
        }
        let replaced_guest_units = sabotage!(
            "set-drops-inherited-deduction",
            replaced_guest_units(evaluation),
            Vec::new()
        );
        ObservedRow { shown, settled, replaced_guest_units, covers, preserved }
    }

    /// Returns the author's observation of a whole list.
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
        let (settled, preserved) = self.settle(&lines, &shown);
        ObservedRow { shown, settled, preserved, ..ObservedRow::default() }
    }

    /// Returns a frozen copy of the active list for an order. Each row is limited by its ceiling.
    ///
    /// # Errors
    /// Returns the first line that this replica cannot evaluate.
    pub fn snapshot(&self, options: &ViewOptions) -> Result<Snapshot, Unreadable> {
        let mut bought = Vec::new();
        let mut lines = self.evaluator().all();
        lines.retain(|evaluation| evaluation.shown(List::Active, None).next().is_some());
        let mut shown = Vec::new();
        for evaluation in &lines {
            if evaluation.unavailable.is_some() || evaluation.needs_upgrade {
                return Err(Unreadable { line: evaluation.line.clone() });
            }
            // Distribute the ceiling of each row over its contributions.
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
        // A contribution that the ceiling cut off entirely dies with its row.
        let (mut settled, preserved) = self.settle(&lines, &shown);
        let whole: BTreeSet<Dot> = bought.iter().map(|bought| bought.taken.dot).collect();
        settled.extend(shown.iter().map(|taken| taken.dot).filter(|dot| !whole.contains(dot)));
        bought.sort();
        let seen = self.cart.context().clone();
        Ok(Snapshot { cart: self.cart.id(), bought, settled, seen, preserved })
    }

    /// Returns the older Moves that a Move of `dots` makes dead: Moves of no other contributions,
    /// by authors who had seen the same merges. A Move by an author who had seen fewer merges must
    /// stay, because those merges depend on the list that it chose.
    #[must_use]
    pub fn covered(&self, line: &LineKey, dots: &[ConsumedUnits]) -> Vec<Dot> {
        let named: BTreeSet<Dot> = dots.iter().map(|taken| taken.dot).collect();
        let seen_merges = self.seen_merges();
        let as_wise = |dot: &Dot| {
            self.cart.live().get_ref(*dot).is_some_and(|fact| *fact.seen_merges() == *seen_merges)
        };
        let mut moves = self.inert(line, &named);
        moves.retain(as_wise);
        moves
    }

    /// Returns the Moves of a line that place nothing but `gone`.
    ///
    /// A Move that places a contribution which is dead already stays. An action that removes a Move
    /// must also report the death of the contributions that it placed. A replica that does not know
    /// the deaths would otherwise show the row in its former list.
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

    /// Returns the Moves of a line that place no live contribution, as far as this replica knows.
    /// The view is equal without them, but they must not be removed while other replicas know less.
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

    /// Returns whether an entry belongs to this cart or a merged guest and bears on nothing but
    /// `gone`.
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

    /// Returns the further dots that an action must make dead, and the placements and deductions
    /// that it must preserve, so that making `shown` dead changes nothing else.
    ///
    /// The dots are hidden contributions of the lines, Moves that place nothing any more, and
    /// contributions that would otherwise reappear.
    fn settle(
        &self,
        lines: &[LineEvaluation<'_>],
        shown: &[ConsumedUnits],
    ) -> (Vec<Dot>, Preserved) {
        let parts = lines.iter().flat_map(|evaluation| &evaluation.parts);
        let hidden = parts.filter(|part| part.is_ours() && !part.is_shown()).map(|part| part.dot);
        if self.merges.is_empty() && self.words.bearing().is_empty() {
            // No contribution affects another.
            return (hidden.collect(), Preserved::default());
        }
        // With merges or preserved values, the evaluation of further contributions depends on the
        // dead ones.
        let mut gone: BTreeSet<Dot> = shown.iter().map(|taken| taken.dot).chain(hidden).collect();
        let mut preserved = Preserved::default();
        let word =
            |dot: &Dot| self.cart.live().get_ref(*dot).and_then(|fact| fact.body().preserved());
        let takes_a_word = gone.iter().filter_map(word).any(|preserved| !preserved.is_empty());
        if !self.merges.is_empty() || takes_a_word {
            let here: BTreeSet<Dot> = lines
                .iter()
                .flat_map(|evaluation| &evaluation.parts)
                .map(|part| part.dot)
                .collect();
            (gone, preserved) = self.settle_merged(gone, &here);
        }
        // Entries that bear on nothing but dead contributions die too.
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
        (gone.into_iter().collect(), preserved)
    }

    /// Finds the effects of the death of `gone` in a cart with merges. Contributions that would
    /// reappear die too. Contributions that would be hidden or moved are preserved. `here` has the
    /// contributions of the lines of the action, whose side may change.
    fn settle_merged(
        &self,
        gone: BTreeSet<Dot>,
        here: &BTreeSet<Dot>,
    ) -> (BTreeSet<Dot>, Preserved) {
        // Compare the placements before and after the deaths until nothing changes.
        let before = shown_in(self.evaluator().all());
        let mut hypothesis = CartHypothesis { gone, pinned: BTreeMap::new() };
        // Each round adds a dead dot or pins a contribution past one more merge, so the loop ends.
        loop {
            let after = shown_in(self.evaluator_if(&hypothesis).all());
            // Find the contributions that reappear.
            let risen: Vec<Dot> =
                after.keys().filter(|dot| !before.contains_key(dot)).copied().collect();
            // Pin the contributions that show differently.
            let mut pinned = false;
            for (dot, was) in before.iter().filter(|(dot, _)| !hypothesis.gone.contains(dot)) {
                let same = after.get(dot).is_some_and(|is| {
                    is.list == was.list && (is.side == was.side || here.contains(dot))
                });
                // Pin past as few merges as possible, so that later merges decide as before.
                let next = hypothesis.pinned.get(dot).map_or(0, |(_, past)| past + 1);
                if !same && next <= self.merges.len() {
                    hypothesis.pinned.insert(*dot, (was.list, next));
                    pinned = true;
                }
            }
            // Without further effects, return the pins and the deductions to preserve.
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

    /// Returns the scope whose registers a row of a split line shows, or `None` if the line is not
    /// split.
    ///
    /// The scope is that of the row's side, or that of the only side in the row's list, or the
    /// account's.
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

    /// Returns the sides of a row's line.
    fn apart(&self, row: &RowRef) -> BTreeSet<CartId> {
        let evaluation = self.evaluator().line(&row.line);
        evaluation.parts.iter().map(|part| part.side).collect()
    }

    /// Returns the live entries of a register that the author sees on a row, or on the cart for
    /// `None`.
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
                // The account's row also has the registers of guests without a row of their own.
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

    /// Returns the live entries of a coupon code that the author sees.
    #[must_use]
    pub fn coupon(&self, code: &CouponCode) -> Vec<Dot> {
        self.general(
            EntryKind::Coupon,
            |fact| matches!(fact.body(), Body::Coupon(c) if **c == *code),
        )
    }

    /// Returns the live consent entries that the author sees.
    #[must_use]
    pub fn consent(&self) -> Vec<Dot> {
        self.general(EntryKind::Consent, |_| true)
    }

    /// Returns whether the author sees an order with an id.
    #[must_use]
    pub fn knows_order(&self, id: &OrderId) -> bool {
        let same =
            |fact: EntryRef<'_>| matches!(fact.body(), Body::Order(order) if order.id == *id);
        !self.general(EntryKind::Order, same).is_empty()
    }

    /// Returns the claim of the valid merge of a guest.
    #[must_use]
    pub fn claim(&self, guest: CartId) -> Option<crate::cart::Claim> {
        self.merges.iter().map(|merge| merge.claim).find(|claim| claim.guest == guest)
    }

    /// Returns the dots of the entries of a kind that belong to this cart or a merged guest and
    /// match.
    fn general(&self, kind: EntryKind, of: impl Fn(EntryRef<'_>) -> bool) -> Vec<Dot> {
        self.cart
            .live()
            .of_kind(kind)
            .filter(|fact| self.is_ours(fact.scope()) && of(*fact))
            .map(EntryRef::dot)
            .collect()
    }

    /// Returns every live dot of a scope.
    #[must_use]
    pub fn scope(&self, scope: CartId) -> Vec<Dot> {
        let live = self.cart.live().refs();
        live.filter(|fact| fact.scope() == scope).map(EntryRef::dot).collect()
    }

    /// Returns the dots that a server lets expire: everything the author sees except orders,
    /// merges, unmerges and entries of unknown kinds.
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
        // A Move expires with the contributions that it placed.
        let within = moves.into_iter().filter(|fact| self.is_inert(*fact, &dots));
        let within: Vec<Dot> = within.map(EntryRef::dot).collect();
        dots.extend(within);
        dots.into_iter().collect()
    }
}

/// Returns the units of a contribution as an action consumes them.
fn taken(part: &LineContribution<'_>) -> ConsumedUnits {
    let set = match part.entry.body() {
        Body::Set(set) => Some(set.list),
        _ => None,
    };
    ConsumedUnits { dot: part.dot, units: part.units, scope: part.entry.scope(), set }
}

/// The list, the side and the deductions of a contribution that shows.
struct ShownPlacement {
    list: List,
    side: CartId,
    deductions: Vec<SetDeduction>,
}

/// Returns the placement of each contribution that shows.
fn shown_in(lines: Vec<LineEvaluation<'_>>) -> BTreeMap<Dot, ShownPlacement> {
    let parts = lines.into_iter().flat_map(|evaluation| evaluation.parts);
    let shown = parts.filter(LineContribution::is_shown);
    shown
        .map(|part| {
            (
                part.dot,
                ShownPlacement { list: part.list, side: part.side, deductions: part.deductions },
            )
        })
        .collect()
}

/// Returns the deductions that Sets have in `before` and lack in `after`, sorted.
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

/// Returns the units that a Set on a line takes besides the units it shows: contributions that a
/// rule hid, and units that the replaced Sets had taken.
fn replaced_guest_units(evaluation: &LineEvaluation<'_>) -> Vec<ConsumedUnits> {
    let ours = || evaluation.parts.iter().filter(|part| part.is_ours());
    let hidden =
        ours().filter(|part| matches!(part.state, ContributionState::Hidden { .. })).map(taken);
    let before = ours().filter_map(|part| match part.entry.body() {
        Body::Set(set) => Some(set.replaced_guest_units().iter().copied()),
        _ => None,
    });
    before.flatten().chain(hidden).collect()
}
