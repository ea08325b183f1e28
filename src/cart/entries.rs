//! Live entries: one sorted run of rows, with tables of what they share.
//!
//! An Add is its row and nothing else. The price of that is that a new line or writer renumbers
//! the rows, which costs less than one allocation for each entry did.

use alloc::vec::Vec;
use core::fmt;

use smallvec::SmallVec;

mod change;

use super::by_line::ByLine;
use super::entry::{Body, Entry};
use super::row::{Fact, Row};
use super::tables::{Authorship, NONE, Price, Table, Tables};
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

    /// The lines, sorted, each with what was written about it: orders of it are not.
    pub(crate) fn by_line(&self) -> ByLine<'_> {
        ByLine::of(self)
    }

    fn find(&self, dot: Dot) -> Option<usize> {
        let writer = self.tables.writers.binary_search(&dot.replica).ok()? as u32;
        self.rows.binary_search_by_key(&(writer, dot.seq), Row::key).ok()
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

/// A flag for each row of a table.
type Flags = SmallVec<[bool; 16]>;

/// Of each table, which rows are in use.
pub(crate) struct Used {
    pub(crate) writers: Flags,
    pub(crate) lines: Flags,
    pub(crate) prices: Flags,
    pub(crate) authorships: Flags,
}

/// A table with at most one row.
fn one_row<T>(row: Option<T>) -> Table<T> {
    row.map_or_else(Table::new, |row| Table::from_buf([row]))
}

fn sorted<T: Ord>(mut all: Vec<T>) -> Table<T> {
    all.sort_unstable();
    all.dedup();
    all.into()
}

fn index<T: Ord>(table: &[T], value: Option<&T>) -> u32 {
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
