//! Steps 2 and 3 of the evaluation of a line: the side of each merge that counts, and the list in
//! which each contribution shows.
//!
//! Each entry of the account has a stage: the number of the last merge that its author had seen.
//! The merges are applied in order. For each merge, the rule chooses between the contributions so
//! far and the guest's contributions; then the entries of the merge's stage are added. The result
//! depends on the entries alone, not on the order in which they arrived.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::contribution::{ContributionState, LineContribution};
use super::merges::{ValidMerge, saw, stage};
use super::options::ViewOptions;
use super::placements::BearingEntries;
use super::set_value::{deduct_from_sets, settle_clashes};
use crate::cart::{
    Body, Cart, EntryKind, EntryRef, List, LosingUnits, PreservedPlacement, Register, RuleRef,
    latest,
};
use crate::clock::Time;
use crate::dots::Dot;
use crate::id::{CartId, LineKey};
use crate::policy::{Choice, MergeInput, MergeSide, Registry, RuleScope};

/// The decision of a merge rule about a line in one list.
#[derive(Clone, Debug)]
pub(crate) struct MergeDecision<'a> {
    /// Place of the merge among the valid merges.
    pub(crate) merge: usize,
    /// The rule that the merge's policy names for the line.
    pub(crate) rule: &'a RuleRef,
    /// The reason that the rule gives, or `None` if this replica lacks the rule.
    pub(crate) reason: Option<&'a str>,
}

/// The result of the evaluation of one line.
#[derive(Clone, Debug)]
pub(crate) struct LineEvaluation<'a> {
    pub(crate) line: &'a LineKey,
    /// Whether the line has registers.
    pub(crate) registers: bool,
    /// All Adds and Sets of the line, whether they count or not.
    pub(crate) parts: Vec<LineContribution<'a>>,
    /// The decisions of merge rules, in the order of merges and lists.
    pub(crate) decisions: Vec<MergeDecision<'a>>,
    /// Whether a merge shows the sides of the line as separate rows.
    pub(crate) split: bool,
    /// Whether a merge asks the shopper which side to keep, without an answer so far.
    pub(crate) question: bool,
    /// A rule that a merge needs for this line and this replica lacks.
    pub(crate) unavailable: Option<&'a RuleRef>,
    /// Whether the line has an entry of a kind that this version does not know.
    pub(crate) needs_upgrade: bool,
    /// The lowest ceiling, in units, of the merges whose guests contributed to the line.
    pub(crate) ceiling: Option<u32>,
}

/// Which sides of a merge have any contribution in each list, for rules that decide on whole carts.
#[derive(Clone, Copy, Default)]
pub(super) struct ListPresence {
    /// Whether the account has contributions, by list.
    pub(super) account: [bool; 2],
    /// Whether the guest has contributions, by list.
    pub(super) guest: [bool; 2],
}

/// A set of assumptions under which a cart is evaluated, to find the effects of an action.
#[derive(Clone, Default)]
pub(crate) struct CartHypothesis {
    /// Entries that are assumed dead.
    pub(crate) gone: BTreeSet<Dot>,
    /// For each contribution assumed pinned, its list and the number of merges that no longer
    /// decide on it.
    pub(crate) pinned: BTreeMap<Dot, (List, usize)>,
}

/// The hypothesis without assumptions: the cart as it is.
pub(crate) static ACTUAL: CartHypothesis =
    CartHypothesis { gone: BTreeSet::new(), pinned: BTreeMap::new() };

/// A cart together with everything needed to evaluate its lines.
#[derive(Clone, Copy)]
pub(crate) struct LineEvaluator<'a> {
    pub(crate) cart: &'a Cart,
    pub(crate) rules: &'a Registry,
    /// The valid merges, in their deciding order.
    pub(crate) merges: &'a [ValidMerge<'a>],
    /// The entries that place other entries or say what they lack.
    pub(crate) bearing: BearingEntries<'a>,
    pub(crate) hypothesis: &'a CartHypothesis,
}

impl<'a> LineEvaluator<'a> {
    /// Performs step 1 for a line and returns its contributions before the first merge.
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
            // Only Adds and Sets contribute units.
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
            // A contribution of a guest counts once the guest is merged.
            let scope = entry.scope();
            let own = scope == self.cart.id();
            let guest = self.merges.iter().position(|merge| merge.claim.guest == scope);
            let pinned = self.pinned(dot);
            evaluation.parts.push(LineContribution {
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
        // Settle clashing Sets, then deduct the units that orders and other Sets took.
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
        // The entries of authors who had seen no merge join first.
        evaluation.enter(0);
        evaluation
    }

    /// Returns the number of merges that no longer decide on a contribution, because an entry pins
    /// it.
    fn pinned(&self, dot: Dot) -> usize {
        // An assumed pin comes before the pins in entries.
        if let Some((_, past)) = self.hypothesis.pinned.get(&dot) {
            return *past;
        }
        let words = self.bearing.on(dot).filter(|by| !self.hypothesis.gone.contains(&by.dot()));
        let past = words.filter_map(|entry| Some(self.past(entry, entry.body().pin(dot)?)));
        past.max().unwrap_or_default()
    }

    /// Returns the number of merges that a pin of an entry overrides: those that the author had
    /// seen, up to the merge that the pin excepts.
    fn past(&self, entry: EntryRef<'a>, pin: &PreservedPlacement) -> usize {
        let seen = stage(entry, self.merges);
        // The pin may except the merges from one guest on.
        let until = |guest| self.merges.iter().position(|merge| merge.claim.guest == guest);
        pin.until.and_then(until).map_or(seen, |at| seen.min(at))
    }

    /// Performs step 2 for a line and one merge. `presence` is given for rules that decide on whole
    /// carts.
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
            // A rule decides if both sides have contributions. A rule for whole carts decides if
            // both carts have contributions and the line has any.
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
            // Rows that were edited separately stay separate, even without contributions to choose
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
            // Ask the rule. Without it, both sides count.
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
                // A rule that this replica lacks decides nothing.
                None => sabotage!("unavailable-rule-sums", Choice::Split, Choice::Both),
            };
            let apart = matches!(choice, Choice::Split | Choice::Ask);
            if !competes && !apart {
                continue;
            }
            // Record the decision and apply it to the contributions.
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
        // The merge's ceiling applies if the guest contributed to the line.
        if touched && let Some(ceiling) = terms.ceiling {
            let least = evaluation.ceiling.map_or(ceiling.get(), |other| other.min(ceiling.get()));
            evaluation.ceiling = Some(least);
        }
        evaluation.enter(merge + 1);
    }

    /// Returns the places of the account's and the guest's contributions that compete in a merge in
    /// a list.
    ///
    /// The account has the contributions so far. The guest has the contributions of authors who had
    /// not seen the merge, in the list where such authors placed them.
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

    /// Returns the places of the contributions that authors who had seen the merge made to one side
    /// of the split line: the account's, then the guest's.
    fn edited_apart(
        &self,
        evaluation: &LineEvaluation<'a>,
        merge: usize,
        list: List,
    ) -> (Vec<usize>, Vec<usize>) {
        // Find the contributions shown that were made to one side, after the merge was seen.
        let edited = evaluation.parts.iter().enumerate().filter(|(_, part)| {
            part.is_shown()
                && part.is_sided()
                && saw(part.entry, self.merges[merge].claim.guest)
                && self.list_of(part, None) == list
        });
        let ours = self.cart.id();
        // Separate the account's contributions from the guest's contributions.
        let (account, guest): (Vec<_>, Vec<_>) = edited
            .filter(|(_, part)| match part.guest {
                None => part.entry.scope() == ours,
                Some((of, _)) => of == merge,
            })
            .partition(|(_, part)| part.guest.is_none());
        let places = |parts: Vec<(usize, _)>| parts.into_iter().map(|(at, _)| at).collect();
        (places(account), places(guest))
    }

    /// Performs step 3 for a contribution: returns the list of the latest entry that places it.
    ///
    /// With `before`, entries by authors who had seen that merge or a later one are ignored.
    fn list_of(&self, part: &LineContribution<'a>, before: Option<usize>) -> List {
        let in_time = |stage: usize| {
            before.is_none_or(|merge| stage <= merge)
                // An author who had not seen the merge cannot move what the merge parked.
                && part.parked.is_none_or(|merge| stage > merge)
        };
        // An assumed pin comes before all entries.
        if let Some((list, past)) = self.hypothesis.pinned.get(&part.dot)
            && in_time(*past)
        {
            return *list;
        }
        // Without an entry that places it, a contribution shows in its home list, or in the saved
        // list if a merge parked it.
        let default = if part.parked.is_some() { List::Saved } else { part.home() };
        if self.bearing.is_empty() {
            return default;
        }
        // A Move or a pin places the contribution. The latest by time and dot wins.
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

    /// Sets the list of every contribution of a line.
    pub(super) fn place(&self, evaluation: &mut LineEvaluation<'a>) {
        for at in 0..evaluation.parts.len() {
            evaluation.parts[at].list = self.list_of(&evaluation.parts[at], None);
        }
    }

    /// Returns the latest value of each register of a line in one scope.
    ///
    /// For a guest's scope, this includes registers that the account wrote for the whole line after
    /// it had seen the guest's merge.
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
        // Sort the latest value of each key first, and keep that.
        here.sort_by(|a, b| (a.0.key(), b.1).cmp(&(b.0.key(), a.1)));
        here.dedup_by_key(|(register, ..)| register.key());
        here.into_iter().map(|(register, ..)| register).collect()
    }
}

/// Returns the union of two lists, sorted.
fn merge_lists(mut some: Vec<usize>, more: Vec<usize>) -> Vec<usize> {
    some.extend(more);
    some.sort_unstable();
    some.dedup();
    some
}

/// Returns the facts about one side of a merge that a rule gets.
fn side<'r>(
    evaluation: &LineEvaluation<'_>,
    parts: &[usize],
    registers: &'r [&'r Register],
) -> MergeSide<'r> {
    // A rule gets the sum of the units and the latest time.
    let units = parts.iter().map(|at| u64::from(evaluation.parts[*at].units)).sum();
    let latest =
        parts.iter().map(|at| evaluation.parts[*at].entry.time()).max().unwrap_or_default();
    MergeSide { units, latest, registers }
}

impl LineEvaluation<'_> {
    /// Adds the contributions of a stage, the number of a merge counted from 1: the merged guest's
    /// contributions, and the entries of authors who had seen that merge and no later one.
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

    /// Applies the choice of a merge's rule to the contributions of both sides.
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
        // Hide the losing side, or park it in the saved list.
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

    /// Shows all contributions of a guest's scope as a separate row, even those of authors who had
    /// seen the merge.
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

    /// Returns whether the question of a guest's merge is answered: an author who had seen the
    /// merge edited one of the rows.
    fn is_answered(&self, guest: CartId) -> bool {
        self.parts.iter().any(|part| part.is_sided() && part.is_ours() && saw(part.entry, guest))
    }

    /// Returns the contributions that show in a list, of all sides or of the side given.
    pub(crate) fn shown(
        &self,
        list: List,
        side: Option<CartId>,
    ) -> impl Iterator<Item = &LineContribution<'_>> {
        self.parts.iter().filter(move |part| {
            part.is_shown() && part.list == list && side.is_none_or(|side| part.side == side)
        })
    }

    /// Returns the units that a row with a sum shows: the sum, limited by the ceilings of the
    /// deployment and of the merges.
    pub(super) fn clamp(&self, options: &ViewOptions, sum: u64) -> u64 {
        sum.min(options.ceiling).min(self.ceiling.map_or(u64::MAX, u64::from))
    }

    /// Returns whether no contribution shows in either list.
    pub(crate) fn shows_nothing(&self) -> bool {
        !self.parts.iter().any(LineContribution::is_shown)
    }

    /// Returns the sides with rows of their own in a list, sorted. Without a split there is at most
    /// one.
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
