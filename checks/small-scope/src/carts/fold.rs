//! What everybody must see: the obvious fold of the actions and of what each author had seen.
//!
//! It follows the contract's text and nothing else: a list of facts, read from the beginning each
//! time, with sets of facts as bits. It shares no code with the library, whose states it judges.
//! One line, at most one merge.

use std::collections::BTreeMap;

use super::script::Rule;

/// A set of facts, by number.
pub type Facts = u32;

/// Whether a fact is in a set.
pub const fn has(facts: Facts, at: usize) -> bool {
    facts >> at & 1 == 1
}

/// The facts of a set.
pub fn each(facts: Facts) -> impl Iterator<Item = usize> {
    (0..Facts::BITS as usize).filter(move |at| has(facts, *at))
}

fn set_of(numbers: impl Iterator<Item = usize>) -> Facts {
    numbers.fold(0, |set, at| set | 1 << at)
}

/// The two lists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum List {
    Cart,
    Saved,
}

/// Whose something is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Whose {
    Account,
    Guest,
}

/// Units that an author took out of a fact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Taken {
    pub of: usize,
    pub units: u32,
}

/// What an action says.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum What {
    Add(u32),
    Set {
        n: u32,
        covers: Facts,
        took: Vec<Taken>,
    },
    Move {
        to: List,
        which: Facts,
    },
    Order(Vec<Taken>),
    Merge(Rule),
    Note,
    /// It only takes out.
    Nothing,
}

/// An action, with all that its author had seen.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Fact {
    /// Time, then writer, then the writer's count: no two are equal.
    pub time: (u64, usize, usize),
    pub whose: Whose,
    /// On one row of a split line.
    pub sided: bool,
    pub seen: Facts,
    pub what: What,
    pub kills: Facts,
    /// Sets that go on lacking what they lacked: the Set, and what was taken.
    pub lacks: Vec<(usize, Taken)>,
}

/// All facts that were ever written, by number.
pub type Story<'a> = &'a [Option<Fact>];

/// What became of an Add or a Set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    pub at: usize,
    pub units: u32,
    pub shown: bool,
    pub lost_to: Option<usize>,
    pub hidden_by_rule: bool,
    pub list: List,
    pub row: Whose,
    pub cuts: BTreeMap<usize, u32>,
}

/// Rows: list, whose row if the list shows two, and how many.
pub type Rows = BTreeMap<(List, Option<Whose>), u64>;

/// A reading of the line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading {
    pub parts: Vec<Part>,
    /// Notes that a reader of this cart sees.
    pub notes: Facts,
}

/// Who reads, and what they know.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    pub story: Story<'a>,
    pub known: Facts,
    /// Whose cart it is.
    pub whose: Whose,
}

impl Reader<'_> {
    fn fact(&self, at: usize) -> &Fact {
        self.story[at].as_ref().expect("a fact that is known was written")
    }

    fn known(&self) -> impl Iterator<Item = (usize, &Fact)> {
        each(self.known).map(|at| (at, self.fact(at)))
    }

    /// The merge, if it is known here.
    fn merge(&self) -> Option<(usize, Rule)> {
        self.known().find_map(|(at, fact)| match fact.what {
            What::Merge(rule) => Some((at, rule)),
            _ => None,
        })
    }

    fn dead(&self) -> Facts {
        self.known().fold(0, |dead, (_, fact)| dead | fact.kills)
    }

    fn saw(&self, author_of: usize, other: usize) -> bool {
        has(self.fact(author_of).seen, other)
    }

    fn neither_saw(&self, a: usize, b: usize) -> bool {
        !self.saw(a, b) && !self.saw(b, a)
    }

    /// Whether the author knew of the merge.
    fn late(&self, at: usize) -> bool {
        self.merge().is_some_and(|(merge, _)| self.saw(at, merge))
    }

    fn is_set(&self, at: usize) -> bool {
        matches!(self.fact(at).what, What::Set { .. })
    }

    /// Where it shows: the latest Move that names it. `early`: going by those who did not know of
    /// the merge.
    fn list(&self, at: usize, early: bool) -> List {
        let dead = self.dead();
        let moves = self.known().filter_map(|(by, fact)| match fact.what {
            What::Move { to, which }
                if !has(dead, by) && has(which, at) && !(early && self.late(by)) =>
            {
                Some((fact.time, to))
            }
            _ => None,
        });
        moves.max_by_key(|(time, _)| *time).map_or(List::Cart, |(_, to)| to)
    }

    /// The line as this reader sees it, if `gone` were dead too.
    pub fn read_without(&self, gone: Facts) -> Reading {
        let dead = self.dead() | gone;
        let merge = self.merge();
        let ours = |fact: &Fact| fact.whose == self.whose || merge.is_some();
        let live = || self.known().filter(|(at, fact)| !has(dead, *at) && ours(fact));
        let mut parts: Vec<Part> = live()
            .filter_map(|(at, fact)| match fact.what {
                What::Add(n) | What::Set { n, .. } => Some(Part {
                    at,
                    units: n,
                    shown: true,
                    lost_to: None,
                    hidden_by_rule: false,
                    list: List::Cart,
                    row: Whose::Account,
                    cuts: BTreeMap::new(),
                }),
                _ => None,
            })
            .collect();
        self.clashes(&mut parts);
        self.worth(&mut parts);
        let notes = set_of(live().filter(|(_, f)| f.what == What::Note).map(|(at, _)| at));
        if let Some((_, rule)) = merge {
            for list in [List::Cart, List::Saved] {
                self.choose(rule, list, notes, &mut parts);
            }
        }
        for part in &mut parts {
            part.list = self.list(part.at, false);
        }
        Reading { parts, notes }
    }

    /// The line as this reader sees it.
    pub fn read(&self) -> Reading {
        self.read_without(0)
    }

    /// Step 1: of Sets that did not see each other the latest counts.
    fn clashes(&self, parts: &mut [Part]) {
        let mut sets: Vec<usize> =
            (0..parts.len()).filter(|part| self.is_set(parts[*part].at)).collect();
        sets.sort_by_key(|part| std::cmp::Reverse(self.fact(parts[*part].at).time));
        let mut counting: Vec<usize> = Vec::new();
        for part in sets {
            let at = parts[part].at;
            let whose = self.fact(at).whose;
            let winner = counting
                .iter()
                .find(|other| self.fact(**other).whose == whose && self.neither_saw(at, **other));
            match winner {
                Some(winner) => {
                    parts[part].lost_to = Some(*winner);
                    parts[part].shown = false;
                }
                None => counting.push(at),
            }
        }
    }

    /// Step 1, on: a Set is worth its number less what others took of what it counted on.
    fn worth(&self, parts: &mut [Part]) {
        let sets: Vec<usize> =
            (0..parts.len()).filter(|p| self.is_set(parts[*p].at) && parts[*p].shown).collect();
        let counting: Vec<usize> = sets.iter().map(|part| parts[*part].at).collect();
        for part in sets {
            let at = parts[part].at;
            let What::Set { n, covers, .. } = &self.fact(at).what else { continue };
            let whose = self.fact(at).whose;
            let counted_on = |taken: &&Taken| {
                let rival = self.is_set(taken.of) && self.fact(taken.of).whose == whose;
                has(*covers, taken.of) || rival && !self.saw(at, taken.of)
            };
            let mut cuts: BTreeMap<usize, u32> = BTreeMap::new();
            let mut cut = |taken: &Taken| {
                let most = cuts.entry(taken.of).or_default();
                *most = taken.units.max(*most);
            };
            for (by, fact) in self.known() {
                if let What::Order(bought) = &fact.what
                    && self.neither_saw(at, by)
                {
                    bought.iter().filter(counted_on).for_each(&mut cut);
                }
                for (set, taken) in &fact.lacks {
                    if *set == at {
                        cut(taken);
                    }
                }
            }
            if whose == Whose::Guest && self.whose == Whose::Account {
                for other in counting.iter().filter(|o| self.fact(**o).whose == Whose::Account) {
                    if let What::Set { took, .. } = &self.fact(*other).what
                        && self.neither_saw(at, *other)
                    {
                        took.iter().filter(counted_on).for_each(&mut cut);
                    }
                }
            }
            cuts.retain(|_, units| *units > 0);
            parts[part].units = n.saturating_sub(cuts.values().sum());
            parts[part].shown = parts[part].units > 0;
            parts[part].cuts = cuts;
        }
    }

    /// The merge chooses among what was written without knowing of it; what was written knowing
    /// of it comes on top.
    fn choose(&self, rule: Rule, list: List, notes: Facts, parts: &mut [Part]) {
        let early = |part: &Part, whose: Whose| {
            part.shown
                && self.fact(part.at).whose == whose
                && !self.late(part.at)
                && self.list(part.at, true) == list
        };
        let apart = |part: &Part, whose: Whose| {
            let fact = self.fact(part.at);
            part.shown
                && fact.whose == whose
                && fact.sided
                && self.late(part.at)
                && self.list(part.at, false) == list
        };
        let units = |whose: Whose| -> u32 {
            parts.iter().filter(|part| early(part, whose)).map(|part| part.units).sum()
        };
        let (account, guest) = (units(Whose::Account), units(Whose::Guest));
        let both = account > 0 && guest > 0;
        match rule {
            Rule::Sum => {}
            Rule::Max if both => {
                let loser = if guest > account { Whose::Account } else { Whose::Guest };
                for part in parts {
                    if early(part, loser) {
                        (part.shown, part.hidden_by_rule) = (false, true);
                    }
                }
            }
            Rule::Max => {}
            Rule::SplitVariant => {
                let there = |whose| {
                    parts.iter().any(|part| early(part, whose) || !both && apart(part, whose))
                };
                // Only the guest ever writes a note here.
                if there(Whose::Account) && there(Whose::Guest) && notes != 0 {
                    for part in parts {
                        if self.fact(part.at).whose == Whose::Guest {
                            part.row = Whose::Guest;
                        }
                    }
                }
            }
        }
    }

    /// What a Set here knows of what it replaces: the facts that its number counts on.
    pub fn covers(&self, shown: &[&Part], parts: &[Part]) -> Facts {
        let winners = set_of(shown.iter().map(|part| part.at));
        let lost = parts.iter().filter(|part| part.lost_to.is_some_and(|to| has(winners, to)));
        let replaced: Vec<usize> = shown.iter().copied().chain(lost).map(|part| part.at).collect();
        replaced.iter().fold(0, |covers, at| match &self.fact(*at).what {
            What::Set { covers: theirs, .. } => covers | theirs | 1 << at,
            _ => covers | 1 << at,
        })
    }

    /// Units of the other side that a Set here settles: shown in its row, hidden by a rule, or
    /// taken by a Set before it.
    pub fn took(&self, whose: Whose, shown: &[&Part], parts: &[Part]) -> Vec<Taken> {
        let others = shown.iter().copied().filter(|part| self.fact(part.at).whose != whose);
        let hidden = parts.iter().filter(|part| part.hidden_by_rule);
        let mut took: BTreeMap<usize, u32> = BTreeMap::new();
        for part in others.chain(hidden) {
            took.insert(part.at, part.units);
        }
        for part in parts {
            if let What::Set { took: before, .. } = &self.fact(part.at).what {
                for taken in before {
                    took.entry(taken.of).or_insert(taken.units);
                }
            }
        }
        took.into_iter().map(|(of, units)| Taken { of, units }).collect()
    }
}

impl Reading {
    /// What a row shows, on one side if one is named.
    pub fn row(&self, list: List, side: Option<Whose>) -> Vec<&Part> {
        let here = |part: &&Part| {
            part.shown && part.list == list && side.is_none_or(|side| part.row == side)
        };
        self.parts.iter().filter(here).collect()
    }

    /// What is kept and not shown.
    pub fn hidden(&self) -> Facts {
        set_of(self.parts.iter().filter(|part| !part.shown).map(|part| part.at))
    }

    /// Whether neither list shows anything.
    pub fn shows_nothing(&self) -> bool {
        !self.parts.iter().any(|part| part.shown)
    }

    /// Whether a list shows two rows.
    pub fn is_apart(&self, list: List) -> bool {
        let rows = self.row(list, None);
        rows.iter().any(|part| part.row != rows[0].row)
    }

    /// The rows with their numbers.
    pub fn rows(&self) -> Rows {
        let mut rows = Rows::new();
        for part in self.parts.iter().filter(|part| part.shown) {
            let side = self.is_apart(part.list).then_some(part.row);
            *rows.entry((part.list, side)).or_default() += u64::from(part.units);
        }
        rows
    }
}
