//! Steps 2 and 3 of evaluating a line: which contributions count after the merges, and where each
//! shows.
//!
//! Each entry of the account belongs to a stage: the last merge that its author had seen. For each
//! merge in order, the rule chooses between what is there so far and the guest's contributions;
//! then the edits by authors who had seen that merge are added. So the outcome does not depend on
//! the order in which packets arrived.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::contribution::{Contribution, ContributionState};
use super::merges::{ValidMerge, saw, stage};
use super::options::ViewOptions;
use super::placements::PlacementLookup;
use super::set_value::{deduct_from_sets, settle_clashes};
use crate::cart::{
    Body, Cart, EntryKind, EntryRef, List, LosingUnits, PreservedPlacement, Register, RuleRef,
    latest,
};
use crate::clock::Time;
use crate::dots::Dot;
use crate::id::{CartId, LineKey};
use crate::policy::{Choice, MergeInput, MergeSide, Registry, RuleScope};

/// Decision of a merge on a line in one list.
#[derive(Clone, Debug)]
pub(crate) struct MergeDecision<'a> {
    pub(crate) merge: usize,
    pub(crate) rule: &'a RuleRef,
    pub(crate) reason: Option<&'a str>,
}

/// Result of evaluating one line.
#[derive(Clone, Debug)]
pub(crate) struct LineEvaluation<'a> {
    pub(crate) line: &'a LineKey,
    /// Whether the line has registers.
    pub(crate) registers: bool,
    pub(crate) parts: Vec<Contribution<'a>>,
    pub(crate) decisions: Vec<MergeDecision<'a>>,
    pub(crate) split: bool,
    pub(crate) question: bool,
    /// A rule of a merge that this replica lacks.
    pub(crate) unavailable: Option<&'a RuleRef>,
    /// Whether the line has an entry of a kind that this version does not know.
    pub(crate) needs_upgrade: bool,
    /// Least ceiling of the merges that contributed to the line, in units.
    pub(crate) ceiling: Option<u32>,
}

/// Which side has units in which list of the cart, for rules that decide on whole carts.
#[derive(Clone, Copy, Default)]
pub(super) struct ListPresence {
    pub(super) account: [bool; 2],
    pub(super) guest: [bool; 2],
}

/// Assumed changes to a cart, for asking what it would show then.
#[derive(Clone, Default)]
pub(crate) struct Hypothesis {
    /// Entries that count as dead.
    pub(crate) gone: BTreeSet<Dot>,
    /// Assumed placement of contributions: the list, and the number of merges that no longer decide
    /// about the contribution.
    pub(crate) pinned: BTreeMap<Dot, (List, usize)>,
}

/// Hypothesis without changes: the cart as it is.
pub(crate) static ACTUAL: Hypothesis =
    Hypothesis { gone: BTreeSet::new(), pinned: BTreeMap::new() };

/// A cart with everything that evaluating it takes.
#[derive(Clone, Copy)]
pub(crate) struct Evaluator<'a> {
    pub(crate) cart: &'a Cart,
    pub(crate) rules: &'a Registry,
    pub(crate) merges: &'a [ValidMerge<'a>],
    pub(crate) placements: PlacementLookup<'a>,
    pub(crate) hypothesis: &'a Hypothesis,
}

impl<'a> Evaluator<'a> {
    /// Does step 1 for a line: collects its contributions as they are before any merge.
    pub(super) fn gather(
        &self,
        line: &'a LineKey,
        facts: impl Iterator<Item = EntryRef<'a>> + Clone,
    ) -> LineEvaluation<'a> {
        let mut evaluation = LineEvaluation {
            line,
            registers: false,
            parts: Vec::with_capacity(facts.clone().count()),
            decisions: Vec::new(),
            split: false,
            question: false,
            unavailable: None,
            needs_upgrade: false,
            ceiling: None,
        };
        for entry in facts {
            let dot = entry.dot();
            let asked = match entry.body() {
                Body::Add { quantity, .. } => quantity.get(),
                Body::Set(set) => set.quantity.get(),
                Body::Unknown { .. } => {
                    evaluation.needs_upgrade = true;
                    continue;
                }
                Body::Register { .. } => {
                    evaluation.registers = true;
                    continue;
                }
                _ => continue,
            };
            if self.hypothesis.gone.contains(&dot) {
                continue;
            }
            // A guest's entry competes in its merge, unless its author had seen that merge or its
            // placement was preserved past it.
            let scope = entry.scope();
            let own = scope == self.cart.id();
            let guest = self.merges.iter().position(|merge| merge.claim.guest == scope);
            let pinned = self.pinned(dot);
            evaluation.parts.push(Contribution {
                dot,
                entry,
                asked,
                units: asked,
                deductions: Vec::new(),
                state: if own || guest.is_some() {
                    ContributionState::Counts
                } else {
                    ContributionState::NotMerged
                },
                list: List::Active,
                parked: None,
                decided: None,
                side: self.cart.id(),
                stage: stage(entry, self.merges).max(pinned),
                guest: guest.map(|at| (at, saw(entry, scope) || pinned > at)),
                joined: false,
            });
        }
        // Of Sets that did not see each other, only the latest counts.
        settle_clashes(&mut evaluation.parts);
        sabotage!("last-writer-of-line-wins", {
            let last = evaluation.parts.iter().map(|part| part.entry.time()).max();
            evaluation.parts.retain(|part| Some(part.entry.time()) == last);
        });
        let is_ours = |scope| {
            scope == self.cart.id() || self.merges.iter().any(|merge| merge.claim.guest == scope)
        };
        // Only orders and merges take units out of Sets.
        if self.cart.has(EntryKind::Order) || !self.merges.is_empty() {
            let gone = &self.hypothesis.gone;
            deduct_from_sets(
                self.cart,
                is_ours,
                self.placements,
                line,
                &mut evaluation.parts,
                gone,
            );
        }
        // Entries of authors who had seen no merge are there from the start.
        evaluation.enter(0);
        evaluation
    }

    /// Returns the number of merges, from the first, that no longer decide about a contribution
    /// because an action preserved its placement.
    fn pinned(&self, dot: Dot) -> usize {
        if let Some((_, past)) = self.hypothesis.pinned.get(&dot) {
            return *past;
        }
        let words = self.placements.on(dot).filter(|by| !self.hypothesis.gone.contains(&by.dot()));
        let past = words.filter_map(|entry| Some(self.past(entry, entry.body().pin(dot)?)));
        past.max().unwrap_or_default()
    }

    /// Returns the number of merges that a preserved placement overrules.
    fn past(&self, entry: EntryRef<'a>, pin: &PreservedPlacement) -> usize {
        let seen = stage(entry, self.merges);
        let until = |guest| self.merges.iter().position(|merge| merge.claim.guest == guest);
        pin.until.and_then(until).map_or(seen, |at| seen.min(at))
    }

    /// Does step 2 for a line and one merge: lets the rule choose, in each list.
    pub(super) fn choose(
        &self,
        evaluation: &mut LineEvaluation<'a>,
        merge: usize,
        presence: Option<ListPresence>,
    ) {
        let terms = self.merges[merge].policy.for_line(evaluation.line);
        let guest_scope = self.merges[merge].claim.guest;
        let mut touched = false;
        // The two lists merge separately.
        for (at, list) in List::ALL.into_iter().enumerate() {
            let (account, guest) = self.sides(evaluation, merge, list);
            touched |= !guest.is_empty();
            let rule = self.rules.get(terms.rule);
            // A rule decides where both sides compete: on the line, or in the whole list of the
            // cart.
            let competes = match (rule.map_or(RuleScope::Line, |rule| rule.reach()), presence) {
                (RuleScope::Cart, Some(has)) => {
                    sabotage!(
                        "empty-cart-wins",
                        has.account[at] && has.guest[at],
                        has.account[at] || has.guest[at]
                    ) && !(account.is_empty() && guest.is_empty())
                }
                _ => !account.is_empty() && !guest.is_empty(),
            };
            // Rows that were edited apart stay apart, although there is nothing left to choose
            // between.
            let (account, guest) = if competes {
                (account, guest)
            } else {
                let edited = self.edited_apart(evaluation, merge, list);
                (merge_lists(account, edited.0), merge_lists(guest, edited.1))
            };
            if account.is_empty() && guest.is_empty()
                || !competes && (account.is_empty() || guest.is_empty())
            {
                continue;
            }
            let choice = match rule {
                Some(rule) => {
                    let own = self.registers(evaluation.line, self.cart.id());
                    let other = self.registers(evaluation.line, guest_scope);
                    rule.choose(&MergeInput {
                        line: evaluation.line,
                        list,
                        account: side(evaluation, &account, &own),
                        guest: side(evaluation, &guest, &other),
                    })
                }
                // A missing rule decides nothing: both sides show, apart.
                None => sabotage!("unavailable-rule-sums", Choice::Split, Choice::Both),
            };
            // Without competition only the split is kept.
            let apart = matches!(choice, Choice::Split | Choice::Ask);
            if !competes && !apart {
                continue;
            }
            if rule.is_none() {
                evaluation.unavailable = Some(terms.rule);
            }
            // Note the decision, and apply it to the contributions.
            let reason = rule.map(|rule| rule.reason(choice));
            evaluation.decisions.push(MergeDecision { merge, rule: terms.rule, reason });
            evaluation.decide(merge, choice, terms.loser, &account, &guest);
            if apart {
                evaluation.split(guest_scope);
            }
            if choice == Choice::Ask {
                evaluation.question |= !evaluation.is_answered(guest_scope);
            }
        }
        // The ceiling applies once the guest has brought anything to the line.
        if touched && let Some(ceiling) = terms.ceiling {
            let least = evaluation.ceiling.map_or(ceiling.get(), |other| other.min(ceiling.get()));
            evaluation.ceiling = Some(least);
        }
        // From here on the guest's contributions are part of the account's side.
        evaluation.enter(merge + 1);
    }

    /// Returns the indices of the contributions that compete in a merge and show in `list` without
    /// it: what is there so far, and what the guest's devices wrote without having seen the merge.
    pub(super) fn sides(
        &self,
        evaluation: &LineEvaluation<'a>,
        merge: usize,
        list: List,
    ) -> (Vec<usize>, Vec<usize>) {
        let (mut account, mut guest) = (Vec::new(), Vec::new());
        for (at, part) in evaluation.parts.iter().enumerate() {
            let side = match part.guest {
                _ if !part.is_shown() => continue,
                Some((of, false)) if of == merge => &mut guest,
                _ if part.joined => &mut account,
                _ => continue,
            };
            if self.list_of(part, Some(merge)) == list {
                side.push(at);
            }
        }
        (account, guest)
    }

    /// Returns the indices of edits, by authors who had seen the merge, on one row of the line
    /// while it was split.
    fn edited_apart(
        &self,
        evaluation: &LineEvaluation<'a>,
        merge: usize,
        list: List,
    ) -> (Vec<usize>, Vec<usize>) {
        let edited = evaluation.parts.iter().enumerate().filter(|(_, part)| {
            part.is_shown()
                && part.is_sided()
                && saw(part.entry, self.merges[merge].claim.guest)
                && self.list_of(part, None) == list
        });
        let ours = self.cart.id();
        let (account, guest): (Vec<_>, Vec<_>) = edited
            .filter(|(_, part)| match part.guest {
                None => part.entry.scope() == ours,
                Some((of, _)) => of == merge,
            })
            .partition(|(_, part)| part.guest.is_none());
        let places = |parts: Vec<(usize, _)>| parts.into_iter().map(|(at, _)| at).collect();
        (places(account), places(guest))
    }

    /// Does step 3: returns the list given by the latest entry that places the contribution. With
    /// `before`, only entries count whose authors had seen neither that merge nor a later one.
    fn list_of(&self, part: &Contribution<'a>, before: Option<usize>) -> List {
        let in_time = |stage: usize| {
            before.is_none_or(|merge| stage <= merge)
                // An author who had not seen the merge cannot have moved what it parked.
                && part.parked.is_none_or(|merge| stage > merge)
        };
        // An assumed placement overrules everything.
        if let Some((list, past)) = self.hypothesis.pinned.get(&part.dot)
            && in_time(*past)
        {
            return *list;
        }
        // Most carts have no placements: the default is enough.
        let default = if part.parked.is_some() { List::Saved } else { part.home() };
        if self.placements.is_empty() {
            return default;
        }
        // Otherwise the latest Move or preserved placement decides.
        let words = self.placements.on(part.dot);
        let placed =
            words.filter(|by| !self.hypothesis.gone.contains(&by.dot())).filter_map(|word| {
                let (stage, list) = match (word.body(), word.body().pin(part.dot)) {
                    (Body::Move { to, .. }, _) => (stage(word, self.merges), *to),
                    (_, Some(pin)) => (self.past(word, pin), pin.list),
                    _ => return None,
                };
                in_time(stage).then_some((word.time(), word.dot(), list))
            });
        latest(placed).unwrap_or(default)
    }

    /// Does step 3 for the line: notes for every contribution the list that shows it.
    pub(super) fn place(&self, evaluation: &mut LineEvaluation<'a>) {
        for at in 0..evaluation.parts.len() {
            evaluation.parts[at].list = self.list_of(&evaluation.parts[at], None);
        }
    }

    /// Returns the registers of a line in one scope, the latest value of each. A value that was
    /// written for the whole line by an author who had seen the guest's merge belongs to the
    /// guest's side too.
    pub(super) fn registers(&self, line: &LineKey, scope: CartId) -> Vec<&'a Register> {
        let mut here: Vec<(&Register, (bool, Time, Dot))> = self
            .cart
            .live()
            .on_line(line)
            .filter(|fact| !self.hypothesis.gone.contains(&fact.dot()))
            .filter_map(|fact| {
                let Body::Register { value, sided } = fact.body() else { return None };
                let saw = saw(fact, scope);
                let whole = sabotage!(
                    "rule-ignores-registers-of-whole-line",
                    !sided && saw && fact.scope() == self.cart.id(),
                    false
                );
                let at = (saw, fact.time(), fact.dot());
                (fact.scope() == scope || whole).then_some((&**value, at))
            })
            .collect();
        // Sort each register's values with the latest first, and keep that one.
        here.sort_by(|a, b| (a.0.key(), b.1).cmp(&(b.0.key(), a.1)));
        here.dedup_by_key(|(register, ..)| register.key());
        here.into_iter().map(|(register, ..)| register).collect()
    }
}

/// Returns the sorted union of two lists of indices.
fn merge_lists(mut some: Vec<usize>, more: Vec<usize>) -> Vec<usize> {
    some.extend(more);
    some.sort_unstable();
    some.dedup();
    some
}

/// Summarises contributions as one side of a merge.
fn side<'r>(
    evaluation: &LineEvaluation<'_>,
    parts: &[usize],
    registers: &'r [&'r Register],
) -> MergeSide<'r> {
    let units = parts.iter().map(|at| u64::from(evaluation.parts[*at].units)).sum();
    let latest =
        parts.iter().map(|at| evaluation.parts[*at].entry.time()).max().unwrap_or_default();
    MergeSide { units, latest, registers }
}

impl LineEvaluation<'_> {
    /// Passes the merge with number `stage`, from 1. The guest's contributions that compete in it
    /// join the account's side, and so do edits by authors who had seen it. Stage 0 lets in what no
    /// merge precedes.
    fn enter(&mut self, stage: usize) {
        for part in &mut self.parts {
            part.joined |= match part.guest {
                Some((merge, false)) => merge + 1 == stage,
                None | Some((_, true)) => {
                    sabotage!("merge-swallows-later-edits", part.stage == stage, false)
                }
            };
        }
    }

    /// Applies the choice of a rule to the contributions of both sides.
    fn decide(
        &mut self,
        merge: usize,
        choice: Choice,
        loser: LosingUnits,
        account: &[usize],
        guest: &[usize],
    ) {
        for at in account.iter().chain(guest) {
            self.parts[*at].decided = Some(merge);
        }
        let loses = match choice {
            Choice::Account => guest,
            Choice::Guest => account,
            Choice::Both | Choice::Split | Choice::Ask => &[],
        };
        for at in loses {
            match loser {
                LosingUnits::Hide => self.parts[*at].state = ContributionState::Hidden { merge },
                LosingUnits::SaveForLater => sabotage!(
                    "saved-loser-is-hidden",
                    self.parts[*at].parked = Some(merge),
                    self.parts[*at].state = ContributionState::Hidden { merge }
                ),
            }
        }
    }

    /// Shows the contributions of the guest's scope on a row of their own, whether their authors
    /// had seen the merge or not.
    fn split(&mut self, guest: CartId) {
        self.split = true;
        for part in self.parts.iter_mut().filter(|part| part.entry.scope() == guest) {
            sabotage!("split-edit-goes-to-account", {
                if part.is_sided() {
                    continue;
                }
            });
            part.side = guest;
        }
    }

    /// Returns whether the shopper has answered the question of a merge: by an edit of one of the
    /// two rows, which shows that its author had seen both.
    fn is_answered(&self, guest: CartId) -> bool {
        self.parts.iter().any(|part| part.is_sided() && part.is_ours() && saw(part.entry, guest))
    }

    /// Iterates over the contributions that a list shows, on one side if one is given.
    pub(crate) fn shown(
        &self,
        list: List,
        side: Option<CartId>,
    ) -> impl Iterator<Item = &Contribution<'_>> {
        self.parts.iter().filter(move |part| {
            part.is_shown() && part.list == list && side.is_none_or(|side| part.side == side)
        })
    }

    /// Returns the units that a row of `sum` units shows under the ceilings.
    pub(super) fn clamp(&self, options: &ViewOptions, sum: u64) -> u64 {
        sum.min(options.ceiling).min(self.ceiling.map_or(u64::MAX, u64::from))
    }

    /// Returns whether the line shows nothing in either list.
    pub(crate) fn shows_nothing(&self) -> bool {
        !self.parts.iter().any(Contribution::is_shown)
    }

    /// Returns the sides that a list shows as rows, sorted: one, unless the line is split there.
    pub(crate) fn sides_in(&self, list: List) -> Vec<CartId> {
        let mut sides: Vec<CartId> = Vec::new();
        for part in self.shown(list, None) {
            if let Err(at) = sides.binary_search(&part.side) {
                sides.insert(at, part.side);
            }
        }
        sides
    }
}
