//! The obvious model of a cart's own life: every action ever with what its author had seen, folded
//! from the first to the last.
//!
//! It is the judge of what is shown, so it shares no code with `cart` or `view`: no state, no join,
//! no delta; a list of facts, and sets of their names. A fact is over where another is known that
//! covers it, and an action covers what its author saw of what it concerns. It knows nothing of
//! merges: a cart with merged guests is beyond it.

use std::collections::{BTreeMap, BTreeSet};

use crate::clock::Time;
use crate::context::Dot;
use crate::id::LineKey;

/// One of the two lists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Shelf {
    /// What checkout would buy.
    Active,
    /// Saved for later.
    Saved,
}

impl Shelf {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Active => Self::Saved,
            Self::Saved => Self::Active,
        }
    }
}

/// What somebody did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Did {
    /// So many more of a line.
    Add(LineKey, u64),
    /// Made a row so many.
    Set(LineKey, Shelf, u64),
    /// Took a row out.
    Remove(LineKey, Shelf),
    /// Took out a whole list.
    Clear(Shelf),
    /// Moved a row to the other list.
    Move(LineKey, Shelf),
    /// Wrote a note on a line, or cleared it.
    Note(LineKey, Option<String>),
    /// Noted a coupon.
    Coupon(String),
    /// Dropped a coupon.
    Drop(String),
    /// Gave consent, or revoked it.
    Consent(bool),
    /// Bought the active list, under this id.
    Order(String),
    /// Let everything expire.
    Expire,
}

/// Names of facts.
pub type Facts = BTreeSet<Dot>;

/// What is shown.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Shown {
    /// The units and the note of each row.
    pub rows: BTreeMap<(LineKey, Shelf), (u64, Option<String>)>,
    /// Coupons.
    pub coupons: BTreeSet<String>,
    /// Whether there is consent.
    pub consent: bool,
    /// The ids of orders.
    pub orders: BTreeSet<String>,
}

/// An action, with what its author had seen and what follows from that.
#[derive(Debug)]
struct Fact {
    did: Did,
    time: Time,
    seen: Facts,
    /// What is over where this is known.
    covers: Facts,
    /// Of a Set: whose units are in its number. Of a Move: what it moved.
    names: Facts,
    /// Of an order: what it bought.
    bought: BTreeMap<Dot, u64>,
}

/// A contribution that counts.
struct Counts {
    line: LineKey,
    shelf: Shelf,
    units: u64,
}

/// Everything that ever happened to one cart.
#[derive(Debug, Default)]
pub struct Model {
    facts: BTreeMap<Dot, Fact>,
}

impl Model {
    /// Somebody who had seen those facts did something.
    pub fn act(&mut self, dot: Dot, time: Time, did: Did, seen: Facts) {
        let (mut covers, mut names, mut bought) = (Facts::new(), Facts::new(), BTreeMap::new());
        let counts = self.counts(&seen);
        let on_row = |line: &LineKey, shelf: Shelf| -> Facts {
            let here = counts.iter().filter(|(_, part)| part.line == *line && part.shelf == shelf);
            here.map(|(dot, _)| *dot).collect()
        };
        // What is there on a line and does not show goes with whatever is taken out of it.
        let hidden = |line: &LineKey| -> Facts {
            let there = self.live(&seen, |did| did.contributes_to() == Some(line));
            there.into_iter().filter(|dot| !counts.contains_key(dot)).collect()
        };
        let whole = |shelf: Shelf| -> Facts {
            let lines: BTreeSet<&LineKey> =
                counts.values().filter(|part| part.shelf == shelf).map(|part| &part.line).collect();
            let rows = lines.iter().flat_map(|line| on_row(line, shelf));
            rows.chain(lines.iter().flat_map(|line| hidden(line))).collect()
        };
        match &did {
            Did::Add(line, _) => {
                if !counts.values().any(|part| part.line == *line) {
                    covers = self.takeable(&seen, |did| did.is_about(line));
                }
            }
            Did::Set(line, shelf, _) => {
                let row = on_row(line, *shelf);
                covers.extend(row.iter().copied().chain(hidden(line)));
                names = self.in_its_number(&row, &seen);
            }
            Did::Remove(line, shelf) => {
                covers.extend(on_row(line, *shelf).into_iter().chain(hidden(line)))
            }
            Did::Clear(shelf) => covers = whole(*shelf),
            Did::Move(line, shelf) => names = on_row(line, *shelf),
            Did::Note(line, _) => {
                covers = self.live(&seen, |did| matches!(did, Did::Note(of, _) if of == line));
            }
            Did::Coupon(code) | Did::Drop(code) => {
                covers = self.live(&seen, |did| matches!(did, Did::Coupon(of) if of == code));
            }
            Did::Consent(_) => covers = self.live(&seen, |did| matches!(did, Did::Consent(_))),
            Did::Order(_) => {
                covers = whole(Shelf::Active);
                let active = counts.iter().filter(|(_, part)| part.shelf == Shelf::Active);
                bought = active.map(|(dot, part)| (*dot, part.units)).collect();
            }
            Did::Expire => covers = self.takeable(&seen, |did| !matches!(did, Did::Order(_))),
        }
        self.facts.insert(dot, Fact { did, time, seen, covers, names, bought });
    }

    /// What is shown where those facts are known.
    #[must_use]
    pub fn shown(&self, known: &Facts) -> Shown {
        let mut shown = Shown::default();
        for part in self.counts(known).into_values() {
            let note = self.note(known, &part.line);
            shown.rows.entry((part.line, part.shelf)).or_insert((0, note)).0 += part.units;
        }
        let mut revoked = false;
        for dot in self.live(known, |_| true) {
            match &self.facts[&dot].did {
                Did::Coupon(code) => {
                    shown.coupons.insert(code.clone());
                }
                Did::Consent(true) => shown.consent = true,
                Did::Consent(false) => revoked = true,
                Did::Order(id) => {
                    shown.orders.insert(id.clone());
                }
                _ => {}
            }
        }
        shown.consent &= !revoked;
        shown
    }

    /// Known facts of a kind that no known fact covers.
    fn live(&self, known: &Facts, of: impl Fn(&Did) -> bool) -> Facts {
        let facts = || known.iter().filter_map(|dot| Some((*dot, self.facts.get(dot)?)));
        let over: Facts = facts().flat_map(|(_, fact)| &fact.covers).copied().collect();
        facts()
            .filter(|(dot, fact)| !over.contains(dot) && of(&fact.did))
            .map(|(dot, _)| dot)
            .collect()
    }

    /// The same, but of Moves only those of what is among them: to take another out would move what
    /// nobody here has seen, or what is over here and not yet everywhere.
    fn takeable(&self, known: &Facts, of: impl Fn(&Did) -> bool) -> Facts {
        let is_move = |dot: &Dot| matches!(self.facts[dot].did, Did::Move(..));
        let (moves, mut rest): (Facts, Facts) = self.live(known, of).into_iter().partition(is_move);
        let within = |dot: &Dot| self.facts[dot].names.is_subset(&rest);
        let moves: Facts = moves.into_iter().filter(within).collect();
        rest.extend(moves);
        rest
    }

    fn note(&self, known: &Facts, line: &LineKey) -> Option<String> {
        let notes = self.live(known, |did| matches!(did, Did::Note(of, Some(_)) if of == line));
        let latest = notes.into_iter().max_by_key(|dot| (self.facts[dot].time, *dot))?;
        match &self.facts[&latest].did {
            Did::Note(_, text) => text.clone(),
            _ => None,
        }
    }

    /// The contributions that count, with their units and where they show.
    fn counts(&self, known: &Facts) -> BTreeMap<Dot, Counts> {
        let contributions = self.live(known, |did| did.contributes_to().is_some());
        let losers = self.losers(&contributions);
        let mut counts = BTreeMap::new();
        for dot in contributions {
            let (line, units, home) = match &self.facts[&dot].did {
                Did::Add(line, units) => (line, *units, Shelf::Active),
                Did::Set(line, shelf, _) => (line, self.worth(dot, known), *shelf),
                _ => continue,
            };
            if units > 0 && !losers.contains_key(&dot) {
                let shelf = self.moved(dot, known).unwrap_or(home);
                counts.insert(dot, Counts { line: line.clone(), shelf, units });
            }
        }
        counts
    }

    /// Of Sets of one row that had not seen each other the latest counts; each other with the one
    /// it lost to.
    fn losers(&self, contributions: &Facts) -> BTreeMap<Dot, Dot> {
        let set = |dot: &Dot| match &self.facts[dot].did {
            Did::Set(line, shelf, _) => Some((line, *shelf)),
            _ => None,
        };
        let mut sets: Vec<Dot> =
            contributions.iter().copied().filter(|dot| set(dot).is_some()).collect();
        sets.sort_by_key(|dot| (self.facts[dot].time, *dot));
        let (mut winners, mut losers) = (Vec::<Dot>::new(), BTreeMap::new());
        for dot in sets.into_iter().rev() {
            let unaware = |a: &Dot, b: &Dot| !self.facts[a].seen.contains(b);
            let clash = |other: &&Dot| {
                set(&dot) == set(other) && unaware(&dot, other) && unaware(other, &dot)
            };
            match winners.iter().find(clash) {
                Some(winner) => {
                    losers.insert(dot, *winner);
                }
                None => winners.push(dot),
            }
        }
        losers
    }

    /// Whose units are in the number of a Set that replaces a row: the row's, what had lost against
    /// them, and what the Sets among these had replaced.
    fn in_its_number(&self, row: &Facts, seen: &Facts) -> Facts {
        let losers = self.losers(&self.live(seen, |did| did.contributes_to().is_some()));
        let lost = losers.into_iter().filter(|(_, to)| row.contains(to)).map(|(dot, _)| dot);
        let mut names: Facts = row.iter().copied().chain(lost).collect();
        let before: Facts = names
            .iter()
            .filter(|dot| matches!(self.facts[dot].did, Did::Set(..)))
            .flat_map(|dot| &self.facts[dot].names)
            .copied()
            .collect();
        names.extend(before);
        names
    }

    /// A Set's number less what orders bought behind its author's back, out of what is in that
    /// number or out of Sets that it competes with.
    fn worth(&self, dot: Dot, known: &Facts) -> u64 {
        let fact = &self.facts[&dot];
        let Did::Set(line, shelf, units) = &fact.did else { return 0 };
        let mut taken: BTreeMap<Dot, u64> = BTreeMap::new();
        for order in known {
            let Some(order_fact) = self.facts.get(order) else { continue };
            if fact.seen.contains(order) || order_fact.seen.contains(&dot) {
                continue;
            }
            for (bought, units) in &order_fact.bought {
                let rival =
                    matches!(&self.facts[bought].did, Did::Set(l, s, _) if (l, s) == (line, shelf));
                if fact.names.contains(bought) || (rival && !fact.seen.contains(bought)) {
                    let most = taken.entry(*bought).or_default();
                    *most = units.max(most).to_owned();
                }
            }
        }
        units.saturating_sub(taken.values().sum())
    }

    /// Where the latest of the Moves that name it put it.
    fn moved(&self, dot: Dot, known: &Facts) -> Option<Shelf> {
        let moves = self.live(known, |did| matches!(did, Did::Move(..)));
        let naming = moves.into_iter().filter(|by| self.facts[by].names.contains(&dot));
        let latest = naming.max_by_key(|by| (self.facts[by].time, *by))?;
        match &self.facts[&latest].did {
            Did::Move(_, from) => Some(from.other()),
            _ => None,
        }
    }
}

impl Did {
    const fn contributes_to(&self) -> Option<&LineKey> {
        match self {
            Self::Add(line, _) | Self::Set(line, ..) => Some(line),
            _ => None,
        }
    }

    fn is_about(&self, line: &LineKey) -> bool {
        match self {
            Self::Add(of, _) | Self::Set(of, ..) | Self::Move(of, _) | Self::Note(of, _) => {
                of == line
            }
            _ => false,
        }
    }
}
