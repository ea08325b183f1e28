//! What an author sees before acting, as the values that the verbs of a cart take.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::contribution::{Contribution, ContributionState, Deduction};
use super::evaluate::{ACTUAL, Evaluator, Hypothesis, LineEvaluation};
use super::merges::{ValidMerge, after, valid_merges};
use super::options::ViewOptions;
use super::placements::PlacementIndex;
use super::row_ref::{RowRef, Side, Unreadable};
use crate::cart::{
    ActionTarget, Body, Cart, ConsumedUnits, EntryKind, EntryRef, List, ObservedRow, OrderedUnits,
    Preserved, PreservedDeduction, PreservedPlacement, RegisterKey, SeenMerges, Snapshot,
};
use crate::dots::{Dot, Dots};
use crate::id::{CartId, CouponCode, LineKey, OrderId};
use crate::policy::Registry;

/// Cart as an author sees it at one moment. Its methods return the values that the verbs of
/// [`Cart`] take.
///
/// ```
/// use holdall::{CartId, LineKey, Observer, Quantity, Registry, Replica, ReplicaId, RowRef};
/// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
/// let tee = LineKey::sku("TEE")?;
/// let delta = phone.add(0, &tee, Quantity::new(2)?, None)?;
///
/// let rules = Registry::default();
/// let row = Observer::at(phone.cart(), &rules).row(&RowRef::active(tee));
/// assert_eq!(row.shown[0].units, 2);
/// assert!(row.kills().eq(delta.live().keys()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Observer<'a> {
    cart: &'a Cart,
    rules: &'a Registry,
    merges: Vec<ValidMerge<'a>>,
    placements: PlacementIndex<'a>,
}

impl<'a> Observer<'a> {
    /// Observes a cart with a set of rules.
    #[must_use]
    pub fn at(cart: &'a Cart, rules: &'a Registry) -> Self {
        Self { cart, rules, merges: valid_merges(cart), placements: PlacementIndex::of(cart) }
    }

    pub(super) fn evaluator(&self) -> Evaluator<'_> {
        self.evaluator_if(&ACTUAL)
    }

    fn evaluator_if<'s>(&'s self, hypothesis: &'s Hypothesis) -> Evaluator<'s> {
        let placements = self.placements.lookup();
        Evaluator {
            cart: self.cart,
            rules: self.rules,
            merges: &self.merges,
            placements,
            hypothesis,
        }
    }

    /// Returns the guests whose merges the author sees.
    #[must_use]
    pub fn after(&self) -> SeenMerges {
        after(&self.merges)
    }

    /// Returns whether a scope is this cart's own or that of a merged guest.
    pub(super) fn is_ours(&self, scope: CartId) -> bool {
        scope == self.cart.id() || self.merges.iter().any(|merge| merge.claim.guest == scope)
    }

    /// Returns whether no entry affects what another entry shows.
    pub(super) fn is_simple(&self) -> bool {
        self.merges.is_empty()
            && self.placements.lookup().is_empty()
            && !self.cart.has(EntryKind::Order)
    }

    fn scope_of(&self, side: Option<Side>) -> CartId {
        match side {
            Some(Side::Guest(guest)) => guest,
            Some(Side::Account) | None => self.cart.id(),
        }
    }

    /// Returns where an action on `row` writes, or `None` if its side is not a row of its own
    /// there.
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

    /// Returns where an action on a whole row writes.
    pub(crate) fn whole(cart: &Cart, row: &RowRef) -> ActionTarget {
        ActionTarget { line: row.line.clone(), list: row.list, scope: cart.id(), sided: false }
    }

    /// Returns the dots that adding to `line` removes: on a line that shows nothing, all that is
    /// left there.
    #[must_use]
    pub fn leftovers(&self, line: &LineKey) -> Vec<Dot> {
        if !self.shows_nothing(line) {
            return Vec::new();
        }
        // Registers and hidden contributions go; orders and unknown entries stay. Moves go only if
        // they place nothing else.
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
        // An own Add counts unless a merge hides it, and an own Set unless an order took of it. So
        // the line need not be evaluated.
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

    /// Returns what the author sees of a row, which may show nothing.
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
        // A Set that lost against a shown one is covered too: an order that bought its units bought
        // units of this row.
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
        // The units of the replaced dots are part of the new number too.
        for part in replaced {
            covers.insert(part.dot);
        }
        let took = sabotage!("set-drops-inherited-deduction", took(evaluation), Vec::new());
        ObservedRow { shown, settled, took, covers, stays }
    }

    /// Returns what the author sees of a whole list.
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

    /// Freezes the active list as it is shown, limited by the ceilings.
    ///
    /// # Errors
    /// Fails if this replica cannot read a line of the list.
    pub fn snapshot(&self, options: &ViewOptions) -> Result<Snapshot, Unreadable> {
        let mut bought = Vec::new();
        let mut lines = self.evaluator().all();
        lines.retain(|evaluation| evaluation.shown(List::Active, None).next().is_some());
        let mut shown = Vec::new();
        // Take the units of each row in the order of the dots, up to its ceiling.
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
        // Contributions that the ceiling cut off entirely go with their row.
        let whole: BTreeSet<Dot> = bought.iter().map(|bought| bought.taken.dot).collect();
        settled.extend(shown.iter().map(|taken| taken.dot).filter(|dot| !whole.contains(dot)));
        bought.sort();
        let seen = self.cart.context().clone();
        Ok(Snapshot { cart: self.cart.id(), bought, settled, seen, stays })
    }

    /// Returns the older Moves that a Move of `dots` would cover. A Move by an author who had seen
    /// fewer merges stays, since those merges use where it placed things.
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

    /// Returns the Moves of the line that place nothing but `gone`. A Move of dots that are dead
    /// already stays: a replica that does not know of those deaths would show the row in its former
    /// list if the Move went.
    fn inert(&self, line: &LineKey, gone: &BTreeSet<Dot>) -> Vec<Dot> {
        if self.placements.lookup().is_empty() {
            return Vec::new();
        }
        let moves =
            self.cart.live().on_line(line).filter(|fact| {
                matches!(fact.body(), Body::Move { .. }) && self.is_inert(*fact, gone)
            });
        moves.map(EntryRef::dot).collect()
    }

    /// Returns the Moves of the line that place nothing any more, as far as this replica knows. The
    /// cart shows no difference without them, but replicas that know less still need them.
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

    /// Returns whether an entry of this cart or a merged guest places nothing but `gone`.
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

    /// Returns what an action that removes `shown` must also remove, and what it must preserve, so
    /// that nothing else changes for the shopper. Removed are the hidden contributions of the
    /// lines, Moves that place nothing any more, and contributions that would otherwise appear.
    fn settle(
        &self,
        lines: &[LineEvaluation<'_>],
        shown: &[ConsumedUnits],
    ) -> (Vec<Dot>, Preserved) {
        // Hidden contributions of the lines always go.
        let parts = lines.iter().flat_map(|evaluation| &evaluation.parts);
        let hidden = parts.filter(|part| part.is_ours() && !part.is_shown()).map(|part| part.dot);
        if self.merges.is_empty() && self.placements.lookup().is_empty() {
            // No entry depends on another.
            return (hidden.collect(), Preserved::default());
        }
        let mut gone: BTreeSet<Dot> = shown.iter().map(|taken| taken.dot).chain(hidden).collect();
        let mut stays = Preserved::default();
        // With merges, or if a preserving entry goes, other rows may depend on what goes.
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
        // Moves and preserving entries go if everything they place goes.
        for evaluation in lines {
            let inert = self.inert(evaluation.line, &gone);
            gone.extend(inert);
        }
        let words =
            self.cart.live().of_kind(EntryKind::Stay).filter(|fact| self.is_inert(*fact, &gone));
        let words: Vec<Dot> = words.map(EntryRef::dot).collect();
        gone.extend(words);
        // The caller has what is shown in a list of its own.
        shown.iter().for_each(|taken| {
            gone.remove(&taken.dot);
        });
        (gone.into_iter().collect(), stays)
    }

    /// Finds what else must go and what must be preserved on a cart with merges, by asking what the
    /// cart would show without `gone`.
    fn settle_merged(
        &self,
        gone: BTreeSet<Dot>,
        here: &BTreeSet<Dot>,
    ) -> (BTreeSet<Dot>, Preserved) {
        let before = shown_in(self.evaluator().all());
        let mut hypothesis = Hypothesis { gone, pinned: BTreeMap::new() };
        // Each round removes a contribution or pins one past one more merge, so this ends.
        loop {
            let after = shown_in(self.evaluator_if(&hypothesis).all());
            // Contributions that appear only because of the removal must go as well.
            let risen: Vec<Dot> =
                after.keys().filter(|dot| !before.contains_key(dot)).copied().collect();
            let mut pinned = false;
            for (dot, was) in before.iter().filter(|(dot, _)| !hypothesis.gone.contains(dot)) {
                let same = after.get(dot).is_some_and(|is| {
                    is.list == was.list && (is.side == was.side || here.contains(dot))
                });
                // Pin past as few merges as possible, so that later merges decide on what they
                // decided on.
                let next = hypothesis.pinned.get(dot).map_or(0, |(_, past)| past + 1);
                if !same && next <= self.merges.len() {
                    hypothesis.pinned.insert(*dot, (was.list, next));
                    pinned = true;
                }
            }
            // Nothing changes any more: what was assumed becomes what the action preserves.
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

    /// Returns the scope whose registers a row of a split line shows: that of its side, else that
    /// of the only side which its list shows, else the account's. Returns `None` if the line is not
    /// split.
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

    /// Returns the sides that contributions of the row's line show on.
    fn apart(&self, row: &RowRef) -> BTreeSet<CartId> {
        let evaluation = self.evaluator().line(&row.line);
        evaluation.parts.iter().map(|part| part.side).collect()
    }

    /// Returns the live entries of a register that the author sees, on a row or, without one, on
    /// the cart.
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
                // The account's row also shows the registers of guests that have no row of their
                // own.
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

    /// Returns whether an order of that id is known.
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

    /// Returns the visible entries of a kind for which `of` is true.
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

    /// Returns every entry that a server lets expire: all that the author sees except orders,
    /// merges, unmerges and unknown entries.
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
        // A Move goes with what it placed.
        let within = moves.into_iter().filter(|fact| self.is_inert(*fact, &dots));
        let within: Vec<Dot> = within.map(EntryRef::dot).collect();
        dots.extend(within);
        dots.into_iter().collect()
    }
}

/// Returns the units of a contribution, as an action records them.
fn taken(part: &Contribution<'_>) -> ConsumedUnits {
    let set = match part.entry.body() {
        Body::Set(set) => Some(set.list),
        _ => None,
    };
    ConsumedUnits { dot: part.dot, units: part.units, scope: part.entry.scope(), set }
}

/// How a contribution shows: list, side and deductions.
struct Placement {
    list: List,
    side: CartId,
    deductions: Vec<Deduction>,
}

/// Returns the placement of every contribution that shows.
fn shown_in(lines: Vec<LineEvaluation<'_>>) -> BTreeMap<Dot, Placement> {
    let parts = lines.into_iter().flat_map(|evaluation| evaluation.parts);
    let shown = parts.filter(Contribution::is_shown);
    shown
        .map(|part| {
            (part.dot, Placement { list: part.list, side: part.side, deductions: part.deductions })
        })
        .collect()
}

/// Returns the deductions that Sets had before and would no longer have after.
fn lacks(
    before: &BTreeMap<Dot, Placement>,
    after: &BTreeMap<Dot, Placement>,
) -> Vec<PreservedDeduction> {
    let mut lacks = Vec::new();
    for (dot, is) in after {
        for Deduction { taken, units, .. } in before.get(dot).map_or(&[][..], |was| &was.deductions)
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

/// Returns units of guests that a Set on this line replaces besides the shown ones: hidden
/// contributions, and what the Sets it replaces had replaced.
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
