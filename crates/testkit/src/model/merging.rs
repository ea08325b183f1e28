//! What merges choose, and where everything shows.

use std::collections::BTreeMap;

use super::action::ModelList;
use super::fact::{FactKind, ModelFact, PinnedRow};
use super::fact_set::FactId;
use super::part::{LinePart, PartFate};
use super::policy::{ChosenSide, SideOfLine, choice, is_cartwide};
use super::reading::{LineReading, StateReader};
use holdall::id::CartId;

/// The places of parts of the account's side, and of the guest's.
type SidesOfLine = [Vec<usize>; 2];

impl<L: Ord + Clone> StateReader<'_, L> {
    /// Returns true if a rule decides on whole carts.
    pub(super) fn is_cartwide(&self) -> bool {
        self.merges.iter().any(|merge| merge.policy.is_cartwide())
    }

    /// Lets a merge choose, on every line, between what counts so far and the guest's.
    pub(super) fn merge(&self, merge: usize, readings: &mut [LineReading<L>]) {
        // Asked before anything is chosen: whether each cart has anything at all in a list.
        let has = ModelList::ALL.map(|shelf| {
            let mut has = [false; 2];
            for reading in &*readings {
                let sides = self.sides(reading, merge, shelf);
                (0..2).for_each(|side| has[side] |= !sides[side].is_empty());
            }
            has == [true; 2]
        });
        for reading in readings {
            let mut concerned = false;
            for (shelf, both_carts) in ModelList::ALL.into_iter().zip(has) {
                concerned |= !self.sides(reading, merge, shelf)[1].is_empty();
                self.choose(reading, merge, shelf, both_carts);
            }
            if let Some(ceiling) = self.merges[merge].policy.ceiling.filter(|_| concerned) {
                reading.ceiling = Some(reading.ceiling.map_or(ceiling, |other| other.min(ceiling)));
            }
        }
    }

    fn choose(
        &self,
        reading: &mut LineReading<L>,
        merge: usize,
        shelf: ModelList,
        both_carts: bool,
    ) {
        let guest = self.merges[merge].guest;
        let rule = self.merges[merge].policy.on(&reading.line);
        let mut sides = self.sides(reading, merge, shelf);
        let here = sides.iter().filter(|side| !side.is_empty()).count();
        let competes = if is_cartwide(rule) { both_carts && here > 0 } else { here == 2 };
        if !competes {
            // Rows that were edited apart stay apart, though nothing is left to choose between.
            for (side, edited) in sides.iter_mut().zip(self.edited_apart(reading, merge, shelf)) {
                side.extend(edited);
            }
            if sides.iter().any(Vec::is_empty) {
                return;
            }
        }
        // The rule sees each side's units, latest time and registers.
        let [account_side, guest_side] = [(0, self.cart), (1, guest)].map(|(side, cart)| {
            let facts = || sides[side].iter().map(|at| self.model.fact(reading.parts[*at].fact));
            SideOfLine {
                units: sides[side].iter().map(|at| reading.parts[*at].units).sum(),
                latest: facts().map(|f| (f.stamp.ms, f.stamp.count)).max().unwrap_or_default(),
                registers: self.registers(&reading.line, cart),
            }
        });
        let chosen = choice(rule, &account_side, &guest_side);
        let apart = matches!(chosen, None | Some(ChosenSide::Apart { .. }));
        if !competes && !apart {
            return;
        }
        // The decision: the losing side is saved for later or hidden.
        reading.undecided |= chosen.is_none();
        sides.iter().flatten().for_each(|at| reading.parts[*at].decided = Some(merge));
        let loser = match chosen {
            Some(ChosenSide::Account) => &sides[1][..],
            Some(ChosenSide::Guest) => &sides[0],
            _ => &[],
        };
        for at in loser {
            if self.merges[merge].policy.save_loser {
                reading.parts[*at].parked = Some(merge);
            } else {
                reading.parts[*at].fate = PartFate::Hidden;
            }
        }
        // Two rows: the guest's contributions show on a side of their own.
        if apart {
            reading.split = true;
            let theirs = |part: &&mut LinePart| self.model.fact(part.fact).cart == guest;
            reading.parts.iter_mut().filter(theirs).for_each(|part| part.side = guest);
        }
        if chosen == Some(ChosenSide::Apart { asked: true }) {
            // An edit of one of the two rows answers it: its author had seen both.
            let answers = |part: &LinePart| {
                let fact = self.model.fact(part.fact);
                fact.sided && fact.after.contains(&guest)
            };
            reading.question |= !reading.parts.iter().any(answers);
        }
    }

    /// Returns the two sides that compete in a merge: the facts that count so far, and the facts
    /// that the guest's devices wrote without knowing of the merge. Each is in the list where those
    /// who had not seen the merge put it.
    fn sides(&self, reading: &LineReading<L>, merge: usize, shelf: ModelList) -> SidesOfLine {
        let mut sides = SidesOfLine::default();
        for (at, part) in reading.parts.iter().enumerate() {
            let side = match part.competes_in {
                Some(of) if of == merge => 1,
                _ if part.enters <= merge => 0,
                _ => continue,
            };
            if part.is_shown() && self.shelf(part, Some(merge)) == shelf {
                sides[side].push(at);
            }
        }
        sides
    }

    /// Edits of one row by those who had seen the merge.
    fn edited_apart(
        &self,
        reading: &LineReading<L>,
        merge: usize,
        shelf: ModelList,
    ) -> SidesOfLine {
        let guest = self.merges[merge].guest;
        let mut sides = SidesOfLine::default();
        for (at, part) in reading.parts.iter().enumerate() {
            let fact = self.model.fact(part.fact);
            let edited = part.is_shown() && fact.sided && fact.after.contains(&guest);
            if edited && self.shelf(part, None) == shelf {
                if fact.cart == self.cart {
                    sides[0].push(at);
                } else if fact.cart == guest {
                    sides[1].push(at);
                }
            }
        }
        sides
    }

    /// Returns the list that the latest fact about a contribution states. With `before`, only facts
    /// by authors who had not seen that merge count.
    pub(super) fn shelf(&self, part: &LinePart, before: Option<usize>) -> ModelList {
        let in_time = |seen: usize| {
            before.is_none_or(|merge| seen <= merge)
                // Whoever had not seen the merge could not move what it parked.
                && part.parked.is_none_or(|merge| seen > merge)
        };
        if let Some((shelf, past)) = self.pinned.get(&part.fact)
            && in_time(*past)
        {
            return *shelf;
        }
        let fact = self.model.fact(part.fact);
        let moves = fact.line.iter().flat_map(|line| self.on_line(line)).filter_map(|(_, by)| {
            match &by.what {
                FactKind::Move { to, which } if which.contains(&part.fact) => {
                    Some((self.last_seen_merge(by), by.stamp, *to))
                }
                _ => None,
            }
        });
        let pins = self.words().filter_map(|by| {
            let pin = by.stays.pins.get(&part.fact)?;
            Some((self.past(by, pin), by.stamp, pin.shelf))
        });
        let latest = moves.chain(pins).filter(|(seen, ..)| in_time(*seen));
        if let Some((_, _, shelf)) = latest.max_by_key(|(_, stamp, _)| *stamp) {
            return shelf;
        }
        match fact.set() {
            _ if part.parked.is_some() => ModelList::Saved,
            Some(set) => set.shelf,
            None => ModelList::Active,
        }
    }

    /// Returns the number, from 1, of the last merge that does not decide about a contribution any
    /// more.
    pub(super) fn pinned_past(&self, part: FactId) -> usize {
        if let Some((_, past)) = self.pinned.get(&part) {
            return *past;
        }
        let past = |by: &ModelFact<L>| Some(self.past(by, by.stays.pins.get(&part)?));
        self.words().filter_map(past).max().unwrap_or_default()
    }

    fn past(&self, by: &ModelFact<L>, pin: &PinnedRow) -> usize {
        let seen = self.last_seen_merge(by);
        pin.until.and_then(|guest| self.merge_of(guest)).map_or(seen, |at| seen.min(at))
    }

    /// Returns the registers of a line in one cart. A register that was written for the line as a
    /// whole by an author who had seen a guest's merge is the guest's too, and wins over those of
    /// authors who had not.
    pub(super) fn registers(&self, line: &L, cart: CartId) -> BTreeMap<String, String> {
        let mut latest = BTreeMap::new();
        for (_, fact) in self.on_line(line) {
            let FactKind::Register { key, value } = &fact.what else { continue };
            let saw = fact.after.contains(&cart);
            if fact.cart == cart || saw && !fact.sided && fact.cart == self.cart {
                let this = ((saw, fact.stamp), value);
                let last = latest.entry(key).or_insert(this);
                *last = this.max(*last);
            }
        }
        latest.into_iter().map(|(key, (_, value))| (key.clone(), value.clone())).collect()
    }
}
