//! Live entries: one sorted run of rows, with tables of what they share.
//!
//! An Add is its row and nothing else. The price of that is that a new line or writer renumbers
//! the rows, which costs less than one allocation for each entry did.

use alloc::vec::Vec;
use core::fmt;

use smallvec::{Array, SmallVec};

use super::body_slot::BodySlot;
use super::kinds::{EntryKind, KindCounts};
use super::line_filter::LineFilter;
use super::row::{DecodedEntries, EntryIndices, EntryRef, EntryVec, PackedEntry};
use super::tables::{Authorship, EntryTables, NONE, Price};
use crate::cart::entry::{Body, Entry};
use crate::dots::{Dot, Dots, Run};
use crate::id::{CartId, LineKey, position};

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
    pub(super) tables: EntryTables,
    /// Sorted by writer, then by number. A delta of one action has one.
    pub(super) rows: EntryVec,
    pub(super) kinds: KindCounts,
    pub(super) line_filter: LineFilter,
    /// Whether it is sure that the tables, but for the writers, have nothing that no row uses.
    pub(super) tight: bool,
}

impl Entries {
    pub(in crate::cart) fn new(home: CartId) -> Self {
        let (tables, kinds, line_filter) =
            (EntryTables::new(home), KindCounts::default(), LineFilter::default());
        Self { tables, rows: SmallVec::new(), kinds, line_filter, tight: true }
    }

    pub(in crate::cart) const fn set_home(&mut self, home: CartId) {
        self.tables.home = home;
    }

    /// From rows that are sorted and fit the tables, and use all of them but for the writers.
    pub(super) fn counted(tables: EntryTables, rows: EntryVec) -> Self {
        let mut kinds = KindCounts::default();
        if tables.bodies.iter().any(KindCounts::notes) {
            for row in rows.iter().filter(|row| row.slot.place().is_some()) {
                kinds.note(row.slot.body(&tables.bodies), row.line);
            }
        }
        Self { tables, rows, kinds, line_filter: LineFilter::default(), tight: true }
    }

    /// The same of rows that were read; the tables have each writer once, and no bodies.
    pub(crate) fn from_rows(mut tables: EntryTables, read: DecodedEntries) -> Self {
        let DecodedEntries { rows, mut bodies } = read;
        bodies.shrink_to_fit();
        tables.bodies = bodies;
        Self::counted(tables, rows)
    }

    /// From entries in any order. Of two of one dot the first is kept; 0 is nobody's number.
    pub(in crate::cart) fn collect(
        home: CartId,
        entries: impl IntoIterator<Item = (Dot, Entry)>,
    ) -> Self {
        let mut all: Vec<(Dot, Entry)> = entries.into_iter().collect();
        all.sort_by_key(|(dot, _)| *dot);
        all.dedup_by_key(|(dot, _)| *dot);
        let mut tables = EntryTables::new(home);
        let lines = |entry: &Entry| {
            let bought = entry.body.bought().iter().map(|bought| bought.line.clone());
            entry.line.iter().cloned().chain(bought).collect::<Vec<_>>()
        };
        tables.writers = sorted(all.iter().map(|(dot, _)| dot.replica).collect());
        tables.lines = sorted(all.iter().flat_map(|(_, entry)| lines(entry)).collect());
        tables.prices = sorted(all.iter().filter_map(|(_, e)| e.price.map(Price)).collect());
        tables.authorships = sorted(all.iter().filter_map(|(_, e)| authorship(home, e)).collect());
        let rows = all.into_iter().map(|(dot, entry)| {
            let authorship = authorship(home, &entry);
            PackedEntry {
                seq: dot.seq as u32,
                time: entry.time,
                writer: index(&tables.writers, Some(&dot.replica)),
                line: index(&tables.lines, entry.line.as_ref()),
                price: index(&tables.prices, entry.price.map(Price).as_ref()),
                authorship: index(&tables.authorships, authorship.as_ref()),
                slot: BodySlot::new(entry.body, &mut tables.bodies),
            }
        });
        let rows = rows.collect();
        Self::counted(tables, rows)
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
        self.get_ref(*dot).map(EntryRef::entry)
    }

    /// Whether a dot is there.
    #[must_use]
    pub fn contains_key(&self, dot: &Dot) -> bool {
        self.find(*dot).is_some()
    }

    /// Each dot with its entry.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Dot, Entry)> + '_ {
        self.refs().map(|fact| (fact.dot(), fact.entry()))
    }

    /// The dots.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = Dot> + '_ {
        self.refs().map(EntryRef::dot)
    }

    /// The entries.
    pub fn values(&self) -> impl ExactSizeIterator<Item = Entry> + '_ {
        self.refs().map(EntryRef::entry)
    }

    /// The set of the dots.
    pub(crate) fn dots(&self) -> Dots {
        let runs = || self.rows.chunk_by(|before, row| row.follows(before));
        let mut dots = Dots::default();
        dots.reserve(runs().count());
        for run in runs() {
            let [first, last] = [run[0].seq, run[run.len() - 1].seq].map(u64::from);
            dots.push_run(self.tables.writers[run[0].writer as usize], Run { first, last });
        }
        dots
    }

    /// Iterates over the entries without copying them, in the order of their dots.
    pub fn refs(&self) -> impl ExactSizeIterator<Item = EntryRef<'_>> + Clone {
        self.rows.iter().map(|row| self.ref_of(row))
    }

    /// Returns the entry of a dot without copying it.
    #[must_use]
    pub fn get_ref(&self, dot: Dot) -> Option<EntryRef<'_>> {
        self.find(dot).map(|at| self.ref_at(at as u32))
    }

    /// The entry of the row at a place.
    pub(crate) fn ref_at(&self, place: u32) -> EntryRef<'_> {
        self.ref_of(&self.rows[place as usize])
    }

    pub(crate) const fn ref_of<'a>(&'a self, row: &'a PackedEntry) -> EntryRef<'a> {
        EntryRef { tables: &self.tables, row }
    }

    /// The cart whose own they are, mostly.
    pub(crate) const fn home(&self) -> CartId {
        self.tables.home
    }

    pub(crate) const fn tables(&self) -> &EntryTables {
        &self.tables
    }

    pub(crate) fn rows(&self) -> &[PackedEntry] {
        &self.rows
    }

    /// How many there are of a kind.
    pub(crate) fn count(&self, kind: EntryKind) -> usize {
        match kind {
            EntryKind::Contribution => self.rows.len() - self.kinds.others(),
            other => self.kinds.count(other),
        }
    }

    /// Those of a kind.
    pub(crate) fn of_kind(&self, kind: EntryKind) -> impl Iterator<Item = EntryRef<'_>> {
        let of_kind =
            self.refs().filter(move |fact| EntryKind::of(fact.body(), fact.row.line) == kind);
        of_kind.take(self.count(kind))
    }

    /// Those that say of others where they show, or what they lack.
    pub(crate) fn bearing(&self) -> impl Iterator<Item = EntryRef<'_>> {
        let bearing = self.refs().filter(|fact| fact.body().bears());
        bearing.take(self.kinds.bearing())
    }

    /// Those that say something about a line, by dot.
    pub(crate) fn on_line<'a>(
        &'a self,
        line: &LineKey,
    ) -> impl Iterator<Item = EntryRef<'a>> + Clone + use<'a> {
        let at = self.line_at(line).unwrap_or(NONE);
        let rows = if at == NONE { &[][..] } else { &self.rows[..] };
        let orders = self.count(EntryKind::Order) > 0;
        let here = rows.iter().filter(move |row| {
            row.line == at
                || orders
                    && matches!(self.ref_of(row).body(), Body::Order(order)
                        if !order.on_line(&self.tables.lines[at as usize]).is_empty())
        });
        here.map(|row| self.ref_of(row))
    }

    /// Where a line is in its table, if it is there.
    pub(crate) fn line_at(&self, line: &LineKey) -> Option<u32> {
        position(&self.tables.lines, line).map(|at| at as u32)
    }

    /// Those that were written about a line, by dot: orders of it are not.
    #[inline]
    pub(crate) fn written_on(&self, at: u32) -> impl Iterator<Item = EntryRef<'_>> {
        self.rows.iter().filter(move |row| row.line == at).map(|row| self.ref_of(row))
    }

    /// Where their rows are, ascending.
    pub(crate) fn indices_on(&self, at: u32) -> EntryIndices {
        self.line_filter.places(&self.rows, at)
    }

    /// Somebody is going to look for lines.
    pub(crate) fn build_line_filter(&mut self) {
        self.line_filter.make(&self.rows);
    }

    /// Whether something is said of other entries: where they show, or what they lack.
    pub(crate) fn bears(&self) -> bool {
        self.kinds.bearing() > 0
    }

    /// The lines that something is said about.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &LineKey> {
        let used = self.used().lines;
        self.tables.lines.iter().zip(used).filter(|(_, used)| *used).map(|(line, _)| line)
    }

    fn find(&self, dot: Dot) -> Option<usize> {
        let seq = u32::try_from(dot.seq).ok()?;
        let writer = self.tables.writers.binary_search(&dot.replica).ok()? as u32;
        self.rows.binary_search_by_key(&(writer, seq), PackedEntry::key).ok()
    }

    /// Whether it is sure that every row of the tables, but for the writers, is in use.
    pub(crate) const fn is_tight(&self) -> bool {
        self.tight
    }

    /// Which rows of the tables are in use.
    pub(crate) fn used(&self) -> UsedRows {
        let mut used = UsedRows {
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
        for bought in self.of_kind(EntryKind::Order).flat_map(|order| order.body().bought()) {
            mark(&mut used.lines, index(&self.tables.lines, Some(&bought.line)));
        }
        used
    }
}

/// A flag for each row of a table.
type Flags = SmallVec<[bool; 16]>;

/// Of each table, which rows are in use.
pub(crate) struct UsedRows {
    pub(crate) writers: Flags,
    pub(crate) lines: Flags,
    pub(crate) prices: Flags,
    pub(crate) authorships: Flags,
}

fn sorted<A: Array<Item: Ord>>(mut all: Vec<A::Item>) -> SmallVec<A> {
    all.sort_unstable();
    all.dedup();
    all.into()
}

fn index<T: Ord>(table: &[T], value: Option<&T>) -> u32 {
    value.and_then(|value| table.binary_search(value).ok()).map_or(NONE, |at| at as u32)
}

/// `None` if it goes without saying.
pub(super) fn authorship(home: CartId, entry: &Entry) -> Option<Authorship> {
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
        self.len() == other.len() && self.refs().zip(other.refs()).all(|(a, b)| a == b)
    }
}

impl Eq for Entries {}

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
