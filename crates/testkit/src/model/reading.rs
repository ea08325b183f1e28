//! Reading a line: what counts of it, and for how much, before any merge chooses.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::action::ModelList;
use super::fact::{FactKind, ModelFact};
use super::fact_set::FactId;
use super::facts::Model;
use super::known::KnownFacts;
use super::part::{LinePart, PartFate};
use super::policy::ModelPolicy;
use holdall::id::CartId;

/// Reader of a cart: the knowledge of an observer, and the cart.
pub(super) struct StateReader<'a, L> {
    pub(super) model: &'a Model<L>,
    pub(super) known: &'a KnownFacts<L>,
    pub(super) cart: CartId,
    /// The guests that are merged, in the order of (time, guest).
    pub(super) merges: Vec<MergedSides<'a, L>>,
    /// Facts that are read as if they were over.
    pub(super) gone: BTreeSet<FactId>,
    /// Contributions that are read as if somebody had left word of where they stay: the list, and
    /// up to which merge none chooses about them any more.
    pub(super) pinned: BTreeMap<FactId, (ModelList, usize)>,
}

/// A merge that nobody took back.
#[derive(Clone, Copy)]
pub(super) struct MergedSides<'a, L> {
    pub(super) guest: CartId,
    pub(super) policy: &'a ModelPolicy<L>,
}

/// A line as somebody reads it.
pub(super) struct LineReading<L> {
    pub(super) line: L,
    pub(super) parts: Vec<LinePart>,
    pub(super) split: bool,
    pub(super) question: bool,
    /// Whether a rule decided on it that nobody has.
    pub(super) undecided: bool,
    pub(super) ceiling: Option<u64>,
}

impl<L> LineReading<L> {
    /// Returns the contributions that a list shows, of one side if one is named.
    pub(super) fn shown(
        &self,
        shelf: ModelList,
        side: Option<CartId>,
    ) -> impl Iterator<Item = &LinePart> + '_ {
        let here =
            move |part: &&LinePart| part.shelf == shelf && side.is_none_or(|s| part.side == s);
        self.parts.iter().filter(|part| part.is_shown()).filter(here)
    }

    /// Returns the sides that a list shows.
    pub(super) fn sides(&self, shelf: ModelList) -> BTreeSet<CartId> {
        self.shown(shelf, None).map(|part| part.side).collect()
    }
}

impl<'a, L: Ord + Clone> StateReader<'a, L> {
    pub(super) fn new(model: &'a Model<L>, known: &'a KnownFacts<L>, cart: CartId) -> Self {
        let others = || known.others().iter().map(|fact| model.fact(*fact));
        let taken_back: BTreeSet<(CartId, u32)> = others()
            .filter_map(|fact| match fact.what {
                FactKind::Unmerge { guest, claim } => Some((guest, claim)),
                _ => None,
            })
            .collect();
        let mut merges = BTreeMap::new();
        for fact in others().filter(|fact| fact.cart == cart) {
            let FactKind::Merge(merge) = &fact.what else { continue };
            let this = (merge.claim, fact.stamp, &merge.policy);
            if taken_back.contains(&(merge.guest, merge.claim)) {
                continue;
            }
            // Of two claims of a guest the later one is the authority's last word.
            let last = merges.entry(merge.guest).or_insert(this);
            if last.0 < merge.claim {
                *last = this;
            }
        }
        let mut merges: Vec<_> = merges.into_iter().collect();
        merges.sort_by_key(|(guest, (_, stamp, _))| ((stamp.ms, stamp.count), *guest));
        let merges = merges
            .into_iter()
            .map(|(guest, (_, _, policy))| MergedSides { guest, policy })
            .collect();
        Self { model, known, cart, merges, gone: BTreeSet::new(), pinned: BTreeMap::new() }
    }

    /// Returns the facts of a line that the reader reads.
    pub(super) fn on_line(
        &self,
        line: &L,
    ) -> impl Iterator<Item = (FactId, &'a ModelFact<L>)> + '_ {
        let live = self.known.on_line(line).iter().filter(|fact| !self.gone.contains(fact));
        let facts = live.map(|fact| (*fact, self.model.fact(*fact)));
        facts.filter(|(_, fact)| self.is_ours(fact.cart))
    }

    pub(super) fn is_ours(&self, cart: CartId) -> bool {
        cart == self.cart || self.merge_of(cart).is_some()
    }

    pub(super) fn merge_of(&self, guest: CartId) -> Option<usize> {
        self.merges.iter().position(|merge| merge.guest == guest)
    }

    /// Returns the number, from 1, of the last merge that the author of a fact had seen; 0 if none.
    pub(super) fn last_seen_merge(&self, fact: &ModelFact<L>) -> usize {
        let seen = self.merges.iter().rposition(|merge| fact.after.contains(&merge.guest));
        seen.map_or(0, |at| at + 1)
    }

    /// Reads a line.
    pub(super) fn line(&self, line: &L) -> LineReading<L> {
        if self.is_cartwide() {
            let all = self.lines().into_iter().find(|reading| reading.line == *line);
            return all.unwrap_or_else(|| self.gather(line));
        }
        self.read([line]).remove(0)
    }

    /// Reads every line.
    pub(super) fn lines(&self) -> Vec<LineReading<L>> {
        self.read(self.known.lines())
    }

    /// Reads some lines; every line if a rule decides on whole carts.
    pub(super) fn read<'l>(&self, lines: impl IntoIterator<Item = &'l L>) -> Vec<LineReading<L>>
    where
        L: 'l,
    {
        let mut readings: Vec<_> = lines.into_iter().map(|line| self.gather(line)).collect();
        for merge in 0..self.merges.len() {
            self.merge(merge, &mut readings);
        }
        for part in readings.iter_mut().flat_map(|reading| &mut reading.parts) {
            part.shelf = self.shelf(part, None);
        }
        readings
    }

    /// Reads a line before any merge.
    fn gather(&self, line: &L) -> LineReading<L> {
        let contributions = self.on_line(line).filter(|(_, fact)| fact.is_contribution());
        let mut parts: Vec<LinePart> =
            contributions.map(|(id, fact)| self.part(id, fact)).collect();
        // Ties of what an order buys under a ceiling go by the name of the action.
        parts.sort_by_key(|part| {
            let stamp = self.model.fact(part.fact).stamp;
            (stamp.writer, stamp.seq)
        });
        self.clashes(&mut parts);
        for at in 0..parts.len() {
            self.weigh(&mut parts, at, line);
        }
        let (split, question, undecided) = (false, false, false);
        LineReading { line: line.clone(), parts, split, question, undecided, ceiling: None }
    }

    fn part(&self, id: FactId, fact: &ModelFact<L>) -> LinePart {
        let units = match &fact.what {
            FactKind::Add(units) => *units,
            FactKind::Set(set) => set.units,
            _ => 0,
        };
        let pinned = self.pinned_past(id);
        let seen_merge = self.last_seen_merge(fact).max(pinned);
        let (competes_in, enters) = match self.merge_of(fact.cart) {
            // A guest's own, by somebody who knew of the merge: it comes on top.
            Some(merge) if fact.after.contains(&fact.cart) || pinned > merge => {
                (None, seen_merge.max(merge + 1))
            }
            Some(merge) => (Some(merge), merge + 1),
            None => (None, seen_merge),
        };
        LinePart {
            fact: id,
            units,
            fate: PartFate::Counts,
            shelf: ModelList::Active,
            side: self.cart,
            competes_in,
            enters,
            parked: None,
            decided: None,
            cuts: BTreeMap::new(),
        }
    }

    /// Hides all but the latest of the Sets of one cart and row that had not seen each other.
    fn clashes(&self, parts: &mut [LinePart]) {
        let mut sets: Vec<usize> = (0..parts.len())
            .filter(|at| self.model.fact(parts[*at].fact).set().is_some())
            .collect();
        sets.sort_by_key(|at| Reverse(self.model.fact(parts[*at].fact).stamp));
        let mut winners: Vec<FactId> = Vec::new();
        for at in sets {
            let id = parts[at].fact;
            match winners.iter().find(|other| self.clash(id, **other)) {
                Some(winner) => parts[at].fate = PartFate::Lost { to: *winner },
                None => winners.push(id),
            }
        }
    }

    fn clash(&self, a: FactId, b: FactId) -> bool {
        let (one, other) = (self.model.fact(a), self.model.fact(b));
        let (Some(x), Some(y)) = (one.set(), other.set()) else { return false };
        one.cart == other.cart && x.shelf == y.shelf && !x.seen.has(b) && !y.seen.has(a)
    }

    /// Computes the units of a Set: its number, less the units that others took without the
    /// author's knowledge from the facts in that number or from competing Sets. Orders take, the
    /// account's Sets take from a guest's, and so do removed Sets whose deduction was preserved.
    fn weigh(&self, parts: &mut [LinePart], at: usize, line: &L) {
        let id = parts[at].fact;
        let fact = self.model.fact(id);
        let (Some(set), PartFate::Counts) = (fact.set(), parts[at].fate) else { return };
        // A Set of this row and cart whose author had not seen the other: the two compete.
        let rival = |other: FactId| {
            let theirs = self.model.fact(other);
            let same_row = theirs.set().is_some_and(|theirs| theirs.shelf == set.shelf);
            same_row && theirs.cart == fact.cart && other != id && !set.seen.has(other)
        };
        // Units taken, by the fact they are taken from. If several facts take from one, the largest
        // number counts, since all of them mean the units of that one fact.
        let mut cuts: BTreeMap<FactId, u64> = BTreeMap::new();
        let mut cut = |whose: FactId, units: u64| {
            let most = cuts.entry(whose).or_default();
            *most = units.max(*most);
        };
        let mut cut_counted_on = |whose: FactId, units: u64| {
            if set.counts_on.contains(&whose) || rival(whose) {
                cut(whose, units);
            }
        };
        // Orders that had not seen the Set, and that the Set had not seen.
        for (by, other) in self.on_line(line) {
            let Some(order) = other.order() else { continue };
            if !set.seen.has(by) && !order.seen.has(id) {
                let here = order.bought.iter().filter(|(of, _)| of == line);
                here.for_each(|(_, (whose, units))| cut_counted_on(*whose, *units));
            }
        }
        // A guest's Set: Sets of the account that took units of the guest's line, unseen either way.
        if fact.cart != self.cart {
            for part in parts.iter().filter(|part| !matches!(part.fate, PartFate::Lost { .. })) {
                let other = self.model.fact(part.fact);
                let Some(theirs) = other.set().filter(|_| other.cart == self.cart) else {
                    continue;
                };
                if !set.seen.has(part.fact) && !theirs.seen.has(id) {
                    theirs.took.iter().for_each(|(whose, units)| cut_counted_on(*whose, *units));
                }
            }
        }
        // Deductions that were preserved when the Set that made them was removed.
        for word in self.words() {
            let lacks = word.stays.lacks.iter().filter(|(set, ..)| *set == id);
            lacks.for_each(|(_, whose, units)| cut(*whose, *units));
        }
        cuts.retain(|_, units| *units > 0);
        let part = &mut parts[at];
        part.units = set.units.saturating_sub(cuts.values().sum());
        part.cuts = cuts;
        if part.units == 0 {
            part.fate = PartFate::Spent;
        }
    }

    /// Returns the facts that preserve something.
    pub(super) fn words(&self) -> impl Iterator<Item = &'a ModelFact<L>> + '_ {
        let live = self.known.others().iter().filter(|fact| !self.gone.contains(fact));
        let facts = live.map(|fact| self.model.fact(*fact));
        facts.filter(|fact| !fact.stays.is_empty() && self.is_ours(fact.cart))
    }
}
