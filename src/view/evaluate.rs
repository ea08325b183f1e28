//! Steps 2 and 3 of reading a row: which contributions the merges let count, and where each shows.
//!
//! An account's entry belongs to a stage: the last merge its author had seen. For each merge in
//! order the rule chooses between what is there so far and the guest's contributions, and then
//! the edits by those who had seen that merge come on top. So the outcome does not depend on when
//! packets arrived.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::contribution::{Contribution, ContributionState};
use super::merges::{ValidMerge, saw, stage};
use super::options::ViewOptions;
use super::placements::Bearing;
use super::set_value::{deduct_from_sets, settle_clashes};
use crate::cart::{
    Body, Cart, EntryKind, EntryRef, List, LosingUnits, PreservedPlacement, Register, RuleRef,
    latest,
};
use crate::clock::Time;
use crate::dots::Dot;
use crate::id::{CartId, LineKey};
use crate::policy::{Choice, MergeInput, MergeSide, Registry, RuleScope};

/// What merging did to a line in one list.
#[derive(Clone, Debug)]
pub(crate) struct MergeDecision<'a> {
    pub(crate) merge: usize,
    pub(crate) rule: &'a RuleRef,
    pub(crate) reason: Option<&'a str>,
}

/// One line, read.
#[derive(Clone, Debug)]
pub(crate) struct LineEvaluation<'a> {
    pub(crate) line: &'a LineKey,
    /// Whether it has registers.
    pub(crate) registers: bool,
    pub(crate) parts: Vec<Contribution<'a>>,
    pub(crate) decisions: Vec<MergeDecision<'a>>,
    pub(crate) split: bool,
    pub(crate) question: bool,
    /// A rule that this replica lacks.
    pub(crate) unavailable: Option<&'a RuleRef>,
    /// An entry of a kind this version does not know.
    pub(crate) needs_upgrade: bool,
    /// The least of the ceilings of merges that had a hand in the line.
    pub(crate) ceiling: Option<u32>,
}

/// Which sides have anything at all in a list of the cart, for rules that decide on whole carts.
#[derive(Clone, Copy, Default)]
pub(super) struct ListPresence {
    pub(super) account: [bool; 2],
    pub(super) guest: [bool; 2],
}

/// How a cart is read that is not as it is: what would be shown if.
#[derive(Clone, Default)]
pub(crate) struct Hypothesis {
    /// Entries that count as dead.
    pub(crate) gone: BTreeSet<Dot>,
    /// Where contributions stay, and up to which merge none chooses about them any more.
    pub(crate) pinned: BTreeMap<Dot, (List, usize)>,
}

pub(crate) static ACTUAL: Hypothesis =
    Hypothesis { gone: BTreeSet::new(), pinned: BTreeMap::new() };

/// A cart with what is needed to read it.
#[derive(Clone, Copy)]
pub(crate) struct Evaluator<'a> {
    pub(crate) cart: &'a Cart,
    pub(crate) rules: &'a Registry,
    pub(crate) merges: &'a [ValidMerge<'a>],
    pub(crate) bearing: Bearing<'a>,
    pub(crate) hypothesis: &'a Hypothesis,
}

impl<'a> Evaluator<'a> {
    /// Step 1 for a line, and its parts before any merge.
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
        settle_clashes(&mut evaluation.parts);
        sabotage!("last-writer-of-line-wins", {
            let last = evaluation.parts.iter().map(|part| part.entry.time()).max();
            evaluation.parts.retain(|part| Some(part.entry.time()) == last);
        });
        let is_ours = |scope| {
            scope == self.cart.id() || self.merges.iter().any(|merge| merge.claim.guest == scope)
        };
        if self.cart.has(EntryKind::Order) || !self.merges.is_empty() {
            let gone = &self.hypothesis.gone;
            deduct_from_sets(self.cart, is_ours, self.bearing, line, &mut evaluation.parts, gone);
        }
        evaluation.enter(0);
        evaluation
    }

    /// Up to which merge, counted from 1, none chooses about a contribution any more, because
    /// somebody left word of where it stays.
    fn pinned(&self, dot: Dot) -> usize {
        if let Some((_, past)) = self.hypothesis.pinned.get(&dot) {
            return *past;
        }
        let words = self.bearing.on(dot).filter(|by| !self.hypothesis.gone.contains(&by.dot()));
        let past = words.filter_map(|entry| Some(self.past(entry, entry.body().pin(dot)?)));
        past.max().unwrap_or_default()
    }

    fn past(&self, entry: EntryRef<'a>, pin: &PreservedPlacement) -> usize {
        let seen = stage(entry, self.merges);
        let until = |guest| self.merges.iter().position(|merge| merge.claim.guest == guest);
        pin.until.and_then(until).map_or(seen, |at| seen.min(at))
    }

    /// Step 2 for a line and one merge.
    pub(super) fn choose(
        &self,
        evaluation: &mut LineEvaluation<'a>,
        merge: usize,
        presence: Option<ListPresence>,
    ) {
        let terms = self.merges[merge].policy.for_line(evaluation.line);
        let guest_scope = self.merges[merge].claim.guest;
        let mut touched = false;
        for (at, list) in List::ALL.into_iter().enumerate() {
            let (account, guest) = self.sides(evaluation, merge, list);
            touched |= !guest.is_empty();
            let rule = self.rules.get(terms.rule);
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
            // Rows that were edited apart stay apart, though nothing is left to choose between.
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
                // Nothing is decided here by a rule that is not here.
                None => sabotage!("unavailable-rule-sums", Choice::Split, Choice::Both),
            };
            let apart = matches!(choice, Choice::Split | Choice::Ask);
            if !competes && !apart {
                continue;
            }
            if rule.is_none() {
                evaluation.unavailable = Some(terms.rule);
            }
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
        if touched && let Some(ceiling) = terms.ceiling {
            let least = evaluation.ceiling.map_or(ceiling.get(), |other| other.min(ceiling.get()));
            evaluation.ceiling = Some(least);
        }
        evaluation.enter(merge + 1);
    }

    /// The parts that compete in a merge: what is there so far, and what the guest's devices
    /// wrote without knowing of it, in the list where those who had not seen the merge put them.
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

    /// Edits by those who had seen the merge, each on one row of the line while it was split.
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

    /// Step 3: the list of the latest entry that places the part. `before` limits it to those
    /// whose authors had seen neither that merge nor a later one.
    fn list_of(&self, part: &Contribution<'a>, before: Option<usize>) -> List {
        let in_time = |stage: usize| {
            before.is_none_or(|merge| stage <= merge)
                // Whoever had not seen the merge could not move what it parked.
                && part.parked.is_none_or(|merge| stage > merge)
        };
        if let Some((list, past)) = self.hypothesis.pinned.get(&part.dot)
            && in_time(*past)
        {
            return *list;
        }
        let default = if part.parked.is_some() { List::Saved } else { part.home() };
        if self.bearing.is_empty() {
            return default;
        }
        let words = self.bearing.on(part.dot);
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

    /// Puts every part in the list where it shows.
    pub(super) fn place(&self, evaluation: &mut LineEvaluation<'a>) {
        for at in 0..evaluation.parts.len() {
            evaluation.parts[at].list = self.list_of(&evaluation.parts[at], None);
        }
    }

    /// The registers of a line in one scope: of each, the latest. What was written for the line as
    /// a whole by somebody who had seen a guest's merge is the guest's side's, too.
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
        here.sort_by(|a, b| (a.0.key(), b.1).cmp(&(b.0.key(), a.1)));
        here.dedup_by_key(|(register, ..)| register.key());
        here.into_iter().map(|(register, ..)| register).collect()
    }
}

fn merge_lists(mut some: Vec<usize>, more: Vec<usize>) -> Vec<usize> {
    some.extend(more);
    some.sort_unstable();
    some.dedup();
    some
}

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
    /// After merge number `stage` (counted from 1): the guest's contributions that were let in
    /// count as the account's from here on, and the edits by those who had seen it come on top.
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

    /// Shows what is in the guest's scope apart, whether its author had seen the merge or not.
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

    /// A question is answered by an edit of one of the two rows: its author had seen both.
    fn is_answered(&self, guest: CartId) -> bool {
        self.parts.iter().any(|part| part.is_sided() && part.is_ours() && saw(part.entry, guest))
    }

    /// What the shopper sees of it in a list, on one side if one is named.
    pub(crate) fn shown(
        &self,
        list: List,
        side: Option<CartId>,
    ) -> impl Iterator<Item = &Contribution<'_>> {
        self.parts.iter().filter(move |part| {
            part.is_shown() && part.list == list && side.is_none_or(|side| part.side == side)
        })
    }

    /// What a row of that sum shows.
    pub(super) fn clamp(&self, options: &ViewOptions, sum: u64) -> u64 {
        sum.min(options.ceiling).min(self.ceiling.map_or(u64::MAX, u64::from))
    }

    /// Whether the line shows nothing in either list.
    pub(crate) fn shows_nothing(&self) -> bool {
        !self.parts.iter().any(Contribution::is_shown)
    }

    /// The sides that a list shows apart: one, unless the line is split there.
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
