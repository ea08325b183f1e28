//! Live entries: one sorted run of rows, with tables of what they share.
//!
//! An Add is its row and nothing else. The price of that is that a new line or writer renumbers
//! the rows, which costs less than one allocation for each entry did.

use alloc::vec::Vec;
use core::fmt;

use smallvec::SmallVec;

use super::by_line::ByLine;
use super::entry::{Body, Entry};
use super::row::{Fact, Row};
use super::tables::{Authorship, NONE, Price, Table, Tables, Union, place, sweep, unite};
use crate::context::{Dot, Dots, Run};
use crate::id::{CartId, LineKey};

/// Entries by dot, in the order of dots.
///
/// ```
/// use holdall::{CartId, LineKey, Quantity, Replica, ReplicaId};
/// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
/// let delta = phone.add(0, &LineKey::sku("TEE")?, Quantity::ONE, None)?;
/// let (dot, entry) = delta.live().iter().next().expect("one entry");
/// assert_eq!(phone.cart().live().get(&dot), Some(entry));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Entries {
    tables: Tables,
    /// Sorted by writer, then by number. A delta of one action has one.
    rows: HeldRows,
    /// How many there are of each kind.
    kinds: [u32; Kind::COUNT],
    /// How many bear on others.
    bearing: u32,
    /// Whether it is sure that the tables, but for the writers, have nothing that no row uses.
    tight: bool,
}

/// Rows in place, if it is one.
pub(crate) type HeldRows = SmallVec<[Row; 1]>;

/// Kinds of entries, for knowing that there is none without a look.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    Contribution,
    Merge,
    Unmerge,
    Order,
    Coupon,
    /// A register of the cart.
    Register,
    /// A register of a line.
    LineRegister,
    Consent,
    Expired,
    Stay,
    Other,
}

impl Kind {
    const COUNT: usize = Self::Other as usize + 1;

    #[inline]
    const fn of(row: &Row) -> Self {
        match &row.body {
            Body::Add { .. } | Body::Set(_) => Self::Contribution,
            Body::Merge(_) => Self::Merge,
            Body::Unmerge(_) => Self::Unmerge,
            Body::Order(_) => Self::Order,
            Body::Coupon(_) => Self::Coupon,
            Body::Consent(_) => Self::Consent,
            Body::Expired { .. } => Self::Expired,
            Body::Stay(_) => Self::Stay,
            Body::Register { .. } if row.line == NONE => Self::Register,
            Body::Register { .. } => Self::LineRegister,
            Body::Move { .. } | Body::Unknown { .. } => Self::Other,
        }
    }
}

type Column = fn(&mut Row) -> &mut u32;
const WRITER: Column = |row| &mut row.writer;
const LINE: Column = |row| &mut row.line;
const PRICE: Column = |row| &mut row.price;
const AUTHORSHIP: Column = |row| &mut row.authorship;

/// Tables may have so many rows that nothing uses, and as many as there are entries.
const SPARE_ROWS: usize = 64;

impl Entries {
    pub(super) fn new(home: CartId) -> Self {
        Self {
            tables: Tables::new(home),
            rows: SmallVec::new(),
            kinds: [0; Kind::COUNT],
            bearing: 0,
            tight: true,
        }
    }

    /// One entry.
    pub(super) fn one(home: CartId, dot: Dot, entry: Entry) -> Self {
        if !entry.body.bought().is_empty() {
            let mut one = Self::new(home);
            one.put(dot, &entry);
            return one;
        }
        let tables = Tables {
            home,
            writers: one_row(Some(dot.replica)),
            authorships: one_row(authorship(home, &entry)),
            lines: one_row(entry.line),
            prices: one_row(entry.price.map(Price)),
        };
        let number = |rows: usize| if rows == 0 { NONE } else { 0 };
        let row = Row {
            seq: dot.seq,
            time: entry.time,
            body: entry.body,
            writer: 0,
            line: number(tables.lines.len()),
            price: number(tables.prices.len()),
            authorship: number(tables.authorships.len()),
        };
        let (mut kinds, bearing) = ([0; Kind::COUNT], u32::from(row.body.bears()));
        kinds[Kind::of(&row) as usize] = 1;
        Self { tables, rows: SmallVec::from_buf([row]), kinds, bearing, tight: true }
    }

    /// From rows that are sorted and fit the tables, and use all of them but for the writers.
    pub(crate) fn from_rows(tables: Tables, rows: HeldRows) -> Self {
        let mut entries = Self { tables, rows, kinds: [0; Kind::COUNT], bearing: 0, tight: true };
        for row in &entries.rows {
            entries.kinds[Kind::of(row) as usize] += 1;
            entries.bearing += u32::from(row.body.bears());
        }
        entries
    }

    /// From entries in any order. Of two of one dot the first is kept; 0 is nobody's number.
    pub(super) fn collect(home: CartId, entries: impl IntoIterator<Item = (Dot, Entry)>) -> Self {
        let mut all: Vec<(Dot, Entry)> =
            entries.into_iter().filter(|(dot, _)| dot.seq > 0).collect();
        all.sort_by_key(|(dot, _)| *dot);
        all.dedup_by_key(|(dot, _)| *dot);
        let mut tables = Tables::new(home);
        let lines = |entry: &Entry| {
            let bought = entry.body.bought().iter().map(|bought| bought.line.clone());
            entry.line.iter().cloned().chain(bought).collect::<Vec<_>>()
        };
        tables.writers = sorted(all.iter().map(|(dot, _)| dot.replica).collect());
        tables.lines = sorted(all.iter().flat_map(|(_, entry)| lines(entry)).collect());
        tables.prices = sorted(all.iter().filter_map(|(_, e)| e.price.map(Price)).collect());
        let foreign = all.iter().filter_map(|(_, entry)| authorship(home, entry));
        tables.authorships = sorted(foreign.collect());
        let rows = all.into_iter().map(|(dot, entry)| {
            let authorship = authorship(home, &entry);
            Row {
                seq: dot.seq,
                time: entry.time,
                writer: index(&tables.writers, Some(&dot.replica)),
                line: index(&tables.lines, entry.line.as_ref()),
                price: index(&tables.prices, entry.price.map(Price).as_ref()),
                authorship: index(&tables.authorships, authorship.as_ref()),
                body: entry.body,
            }
        });
        let rows = rows.collect();
        Self::from_rows(tables, rows)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The entry of a dot.
    #[must_use]
    pub fn get(&self, dot: &Dot) -> Option<Entry> {
        self.fact(*dot).map(Fact::entry)
    }

    /// Whether a dot is there.
    #[must_use]
    pub fn contains_key(&self, dot: &Dot) -> bool {
        self.find(*dot).is_some()
    }

    /// Each dot with its entry.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Dot, Entry)> + '_ {
        self.facts().map(|fact| (fact.dot(), fact.entry()))
    }

    /// The dots.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = Dot> + '_ {
        self.facts().map(Fact::dot)
    }

    /// The entries.
    pub fn values(&self) -> impl ExactSizeIterator<Item = Entry> + '_ {
        self.facts().map(Fact::entry)
    }

    /// The set of the dots.
    pub(crate) fn dots(&self) -> Dots {
        let mut dots = Dots::default();
        let mut rows = self.rows.iter();
        let Some(first) = rows.next() else { return dots };
        let (mut writer, mut run) = (first.writer, Run { first: first.seq, last: first.seq });
        let mut put = |writer: u32, run| dots.push_run(self.tables.writers[writer as usize], run);
        for row in rows {
            if row.writer == writer && row.seq == run.last + 1 {
                run.last = row.seq;
            } else {
                put(writer, run);
                (writer, run) = (row.writer, Run { first: row.seq, last: row.seq });
            }
        }
        put(writer, run);
        dots
    }

    /// The entries, where they are.
    pub(crate) fn facts(&self) -> impl ExactSizeIterator<Item = Fact<'_>> + Clone {
        self.rows.iter().map(|row| self.fact_of(row))
    }

    /// The entry of a dot, where it is.
    pub(crate) fn fact(&self, dot: Dot) -> Option<Fact<'_>> {
        self.find(dot).map(|at| self.fact_of(&self.rows[at]))
    }

    pub(crate) const fn fact_of<'a>(&'a self, row: &'a Row) -> Fact<'a> {
        Fact { tables: &self.tables, row }
    }

    pub(crate) const fn tables(&self) -> &Tables {
        &self.tables
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// How many there are of a kind.
    pub(crate) const fn count(&self, kind: Kind) -> usize {
        self.kinds[kind as usize] as usize
    }

    /// Those of a kind.
    pub(crate) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = Fact<'_>> {
        let of_kind = self.rows.iter().filter(move |row| Kind::of(row) == kind);
        of_kind.take(self.count(kind)).map(|row| self.fact_of(row))
    }

    /// Those that say of others where they show, or what they lack.
    pub(crate) fn bearing(&self) -> impl Iterator<Item = Fact<'_>> {
        let bearing = self.rows.iter().filter(|row| row.body.bears());
        bearing.take(self.bearing as usize).map(|row| self.fact_of(row))
    }

    /// Those that say something about a line, by dot.
    pub(crate) fn on_line<'a>(
        &'a self,
        line: &LineKey,
    ) -> impl Iterator<Item = Fact<'a>> + Clone + use<'a> {
        let at = index(&self.tables.lines, Some(line));
        let rows = if at == NONE { &[][..] } else { &self.rows[..] };
        let orders = self.count(Kind::Order) > 0;
        let here = rows.iter().filter(move |row| {
            row.line == at
                || orders
                    && matches!(&row.body, Body::Order(order)
                        if !order.on_line(&self.tables.lines[at as usize]).is_empty())
        });
        here.map(|row| self.fact_of(row))
    }

    /// Where a line is in its table, if it is there.
    pub(crate) fn line_at(&self, line: &LineKey) -> Option<u32> {
        self.tables.lines.binary_search(line).ok().map(|at| at as u32)
    }

    /// Those that were written about a line, by dot: orders of it are not.
    #[inline]
    pub(crate) fn written_on(&self, at: u32) -> impl Iterator<Item = Fact<'_>> {
        self.rows.iter().filter(move |row| row.line == at).map(|row| self.fact_of(row))
    }

    /// Whether something is said of other entries: where they show, or what they lack.
    pub(crate) const fn bears(&self) -> bool {
        self.bearing > 0
    }

    /// The lines that something is said about.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &LineKey> {
        let used = self.used().lines;
        self.tables.lines.iter().zip(used).filter(|(_, used)| *used).map(|(line, _)| line)
    }

    /// The lines, sorted, each with the places of the rows that say something about it.
    pub(crate) fn by_line(&self) -> ByLine<'_> {
        ByLine::of(self)
    }

    fn find(&self, dot: Dot) -> Option<usize> {
        let writer = self.tables.writers.binary_search(&dot.replica).ok()? as u32;
        self.rows.binary_search_by_key(&(writer, dot.seq), Row::key).ok()
    }

    fn count_in(&mut self, row: &Row) {
        self.kinds[Kind::of(row) as usize] += 1;
        self.bearing += u32::from(row.body.bears());
    }

    fn renumber(&mut self, column: Column, (at, new): (u32, bool)) -> u32 {
        if new {
            for row in &mut self.rows {
                let number = column(row);
                *number += u32::from(*number >= at && *number != NONE);
            }
        }
        at
    }

    /// The row of an entry all of whose parts the tables have; `line` is where its line might be.
    fn known(&self, dot: Dot, entry: &Entry, line: u32) -> Option<Row> {
        let Tables { writers, lines, prices, home, .. } = &self.tables;
        let writer = match &writers[..] {
            [only] if *only == dot.replica => 0,
            writers => writers.binary_search(&dot.replica).ok()? as u32,
        };
        let line = match &entry.line {
            None => NONE,
            some if lines.get(line as usize) == some.as_ref() => line,
            Some(line) => self.line_at(line)?,
        };
        let price = match entry.price {
            None => NONE,
            Some(price) if prices.len() < FEW_PRICES => {
                prices.iter().position(|Price(other)| *other == price)? as u32
            }
            Some(price) => prices.binary_search(&Price(price)).ok()? as u32,
        };
        let plain = entry.scope == *home && entry.after.is_empty();
        if !plain || !entry.body.bought().is_empty() {
            return None;
        }
        let (time, body) = (entry.time, entry.body.clone());
        Some(Row { seq: dot.seq, time, body, writer, line, price, authorship: NONE })
    }

    /// Puts an entry in, in place of one that is there. `hint` is where its line might be.
    pub(super) fn put_at(&mut self, dot: Dot, entry: &Entry, hint: u32) {
        match self.known(dot, entry, hint) {
            Some(row) => self.put_row(row),
            None => self.put(dot, entry),
        }
    }

    /// The same where the tables may have to grow.
    pub(super) fn put(&mut self, dot: Dot, entry: &Entry) {
        let spare = self.tables.len();
        let placed = place(&mut self.tables.writers, &dot.replica);
        let writer = self.renumber(WRITER, placed);
        for bought in entry.body.bought() {
            let placed = place(&mut self.tables.lines, &bought.line);
            self.renumber(LINE, placed);
        }
        let line = entry.line.as_ref().map_or(NONE, |line| {
            let placed = place(&mut self.tables.lines, line);
            self.renumber(LINE, placed)
        });
        let price = entry.price.map_or(NONE, |price| {
            let placed = place(&mut self.tables.prices, &Price(price));
            self.renumber(PRICE, placed)
        });
        let authorship = authorship(self.tables.home, entry).map_or(NONE, |authorship| {
            let placed = place(&mut self.tables.authorships, &authorship);
            self.renumber(AUTHORSHIP, placed)
        });
        let (time, body) = (entry.time, entry.body.clone());
        self.put_row(Row { seq: dot.seq, time, body, writer, line, price, authorship });
        if self.tables.len() > spare {
            self.tidy();
        }
    }

    fn put_row(&mut self, row: Row) {
        self.count_in(&row);
        // Mostly it is its writer's next, and often there is one writer.
        if self.rows.last().is_none_or(|last| last.key() < row.key()) {
            self.rows.push(row);
            return;
        }
        match self.rows.binary_search_by_key(&row.key(), Row::key) {
            Ok(at) => {
                let old = core::mem::replace(&mut self.rows[at], row);
                self.count_out(&old);
                self.tight = false;
            }
            Err(at) => self.rows.insert(at, row),
        }
    }

    fn count_out(&mut self, row: &Row) {
        self.kinds[Kind::of(row) as usize] -= 1;
        self.bearing -= u32::from(row.body.bears());
    }

    /// Puts in some of another's rows, by their places there, sorted, whose dots are not here.
    pub(super) fn put_all(&mut self, other: &Self, places: &[u32]) {
        let writers = unite(&mut self.tables.writers, &other.tables.writers);
        let lines = unite(&mut self.tables.lines, &other.tables.lines);
        let prices = unite(&mut self.tables.prices, &other.tables.prices);
        let (home, theirs) = (self.tables.home, other.tables.home);
        self.tight &= other.tight && home == theirs && places.len() == other.rows.len();
        let mut foreign = other.tables.authorships.clone();
        if theirs != home {
            let at_home = Authorship { scope: theirs, after: Default::default() };
            let _ = place(&mut foreign, &at_home);
            foreign.retain(|authorship| authorship.scope != home || !authorship.after.is_empty());
        }
        let authorships = unite(&mut self.tables.authorships, &foreign);
        // Of theirs by place, and last of what goes without saying there.
        let as_here = |scope: CartId, after: &[CartId]| {
            let here = &self.tables.authorships;
            let found =
                here.binary_search_by(|here| (here.scope, &*here.after).cmp(&(scope, after)));
            found.map_or(NONE, |at| at as u32)
        };
        let theirs_as_here = other.tables.authorships.iter().map(|a| as_here(a.scope, &a.after));
        let authorship_of: SmallVec<[u32; 4]> =
            theirs_as_here.chain([as_here(theirs, &[])]).collect();
        let moved = |union: &Union, at: u32| union.there.get(at as usize).copied().unwrap_or(NONE);
        let mut here = core::mem::take(&mut self.rows).into_iter().map(|row| Row {
            writer: writers.moves(row.writer),
            line: lines.moves(row.line),
            price: prices.moves(row.price),
            authorship: authorships.moves(row.authorship),
            ..row
        });
        let mut next = here.next();
        self.rows.reserve_exact(here.len() + 1 + places.len());
        for at in places {
            let row = &other.rows[*at as usize];
            let authorship = row.authorship.min(other.tables.authorships.len() as u32);
            let row = Row {
                writer: moved(&writers, row.writer),
                line: moved(&lines, row.line),
                price: moved(&prices, row.price),
                authorship: authorship_of[authorship as usize],
                ..row.clone()
            };
            self.count_in(&row);
            while let Some(before) = next.take_if(|before| before.key() < row.key()) {
                self.rows.push(before);
                next = here.next();
            }
            self.rows.push(row);
        }
        self.rows.extend(next.into_iter().chain(here));
        self.tidy();
    }

    fn remap(&mut self, column: Column, union: &Union) {
        let Some(here) = &union.here else { return };
        for row in &mut self.rows {
            let number = column(row);
            *number = here.get(*number as usize).copied().unwrap_or(NONE);
        }
    }

    /// Takes out those that are in a set, and shows each before it goes.
    pub(super) fn take(&mut self, dots: &Dots, mut gone: impl FnMut(Fact<'_>)) {
        let before = self.rows.len();
        let (tables, mut kinds, mut bearing) = (&self.tables, self.kinds, self.bearing);
        let mut take = |row: &Row| {
            kinds[Kind::of(row) as usize] -= 1;
            bearing -= u32::from(row.body.bears());
            gone(Fact { tables, row });
        };
        if dots.runs().len() <= FEW.max(self.rows.len() / 16) {
            for (replica, run) in dots.runs() {
                let Ok(writer) = tables.writers.binary_search(&replica) else { continue };
                let writer = writer as u32;
                let from = self.rows.partition_point(|row| row.key() < (writer, run.first));
                let is_in = |row: &&Row| row.key() <= (writer, run.last);
                let len = self.rows[from..].iter().take_while(is_in).count();
                self.rows[from..from + len].iter().for_each(&mut take);
                self.rows.drain(from..from + len);
            }
        } else {
            let mut goes = dots.ascent();
            self.rows.retain(|row| {
                let goes = goes.reaches(Fact { tables, row }.dot());
                if goes {
                    take(row);
                }
                !goes
            });
        }
        (self.kinds, self.bearing) = (kinds, bearing);
        self.tight &= self.rows.len() == before;
    }

    /// Takes out the rows at some places, ascending, and shows each before it goes.
    pub(super) fn take_at(&mut self, places: &[u32], mut gone: impl FnMut(Fact<'_>)) {
        let Some(first) = places.first() else { return };
        for at in places {
            let row = &self.rows[*at as usize];
            self.kinds[Kind::of(row) as usize] -= 1;
            self.bearing -= u32::from(row.body.bears());
            gone(Fact { tables: &self.tables, row });
        }
        // What stays moves up over what goes, which is last then.
        let mut to = *first as usize;
        let ends = places[1..].iter().map(|at| *at as usize).chain([self.rows.len()]);
        for (at, end) in places.iter().zip(ends) {
            let from = *at as usize + 1;
            self.rows[to..end].rotate_left(from - to);
            to += end - from;
        }
        self.rows.truncate(to);
        self.tight = false;
    }

    /// A part of them, with the same tables.
    pub(super) fn filtered(&self, mut keep: impl FnMut(Fact<'_>) -> bool) -> Self {
        let kept = self.rows.iter().filter(|row| keep(self.fact_of(row)));
        let mut part = Self::from_rows(self.tables.clone(), kept.cloned().collect());
        part.tight = self.tight && part.rows.len() == self.rows.len();
        part.tidy();
        part
    }

    /// The same with another cart as home.
    pub(crate) fn at_home(&self, home: CartId) -> Self {
        let mut moved = Self::new(home);
        moved.put_all(self, &(0..self.rows.len() as u32).collect::<Vec<_>>());
        moved
    }

    /// Drops rows of the tables that nothing uses, if they are too many.
    fn tidy(&mut self) {
        if self.tables.len() > 4 * self.rows.len() + SPARE_ROWS {
            let used = self.used();
            for (column, moved) in [
                (WRITER, sweep(&mut self.tables.writers, &used.writers)),
                (LINE, sweep(&mut self.tables.lines, &used.lines)),
                (PRICE, sweep(&mut self.tables.prices, &used.prices)),
                (AUTHORSHIP, sweep(&mut self.tables.authorships, &used.authorships)),
            ] {
                self.remap(column, &Union { here: Some(moved), there: Vec::new() });
            }
            self.tight = true;
        }
    }

    /// Whether it is sure that every row of the tables, but for the writers, is in use.
    pub(crate) const fn is_tight(&self) -> bool {
        self.tight
    }

    /// Which rows of the tables are in use.
    pub(crate) fn used(&self) -> Used {
        let mut used = Used {
            writers: Flags::from_elem(false, self.tables.writers.len()),
            lines: Flags::from_elem(false, self.tables.lines.len()),
            prices: Flags::from_elem(false, self.tables.prices.len()),
            authorships: Flags::from_elem(false, self.tables.authorships.len()),
        };
        let mark = |table: &mut Flags, at: u32| {
            if let Some(used) = table.get_mut(at as usize) {
                *used = true;
            }
        };
        for row in &self.rows {
            mark(&mut used.writers, row.writer);
            mark(&mut used.lines, row.line);
            mark(&mut used.prices, row.price);
            mark(&mut used.authorships, row.authorship);
        }
        for bought in self.of_kind(Kind::Order).flat_map(|order| order.body().bought()) {
            mark(&mut used.lines, index(&self.tables.lines, Some(&bought.line)));
        }
        used
    }
}

/// Fewer prices are looked through one by one.
const FEW_PRICES: usize = 8;

/// A flag for each row of a table.
type Flags = SmallVec<[bool; 16]>;

/// Of each table, which rows are in use.
pub(crate) struct Used {
    pub(crate) writers: Flags,
    pub(crate) lines: Flags,
    pub(crate) prices: Flags,
    pub(crate) authorships: Flags,
}

/// So many runs are looked for one by one, and more among many entries; else every entry is
/// looked at.
const FEW: usize = 4;

/// A table with at most one row.
fn one_row<T>(row: Option<T>) -> Table<T> {
    row.map_or_else(Table::new, |row| Table::from_buf([row]))
}

fn sorted<T: Ord>(mut all: Vec<T>) -> Table<T> {
    all.sort_unstable();
    all.dedup();
    all.into()
}

pub(super) fn index<T: Ord>(table: &[T], value: Option<&T>) -> u32 {
    value.and_then(|value| table.binary_search(value).ok()).map_or(NONE, |at| at as u32)
}

/// `None` if it goes without saying.
fn authorship(home: CartId, entry: &Entry) -> Option<Authorship> {
    let says = entry.scope != home || !entry.after.is_empty();
    says.then(|| Authorship { scope: entry.scope, after: entry.after.clone() })
}

impl<'a> IntoIterator for &'a Entries {
    type Item = (Dot, Entry);
    type IntoIter = alloc::boxed::Box<dyn Iterator<Item = (Dot, Entry)> + 'a>;

    fn into_iter(self) -> Self::IntoIter {
        alloc::boxed::Box::new(self.iter())
    }
}

impl PartialEq for Entries {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.facts().zip(other.facts()).all(|(a, b)| a == b)
    }
}

impl Eq for Entries {}

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
