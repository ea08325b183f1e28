//! Live entries: sorted rows, with tables of the values that rows share.
//!
//! An Add is one row without an allocation. In return, a new line or writer renumbers the rows,
//! which takes less time than one allocation for each entry did.

use alloc::vec::Vec;
use core::fmt;

use smallvec::{Array, SmallVec};

use super::body_slot::BodySlot;
use super::kinds::{EntryKind, KindCounts};
use super::line_filter::LineFilter;
use super::row::{DecodedEntries, EntryIndices, EntryRef, EntryVec, PackedEntry};
use super::tables::{Authorship, EntryTables, NONE, SortedPrice};
use crate::cart::entry::{Body, Entry};
use crate::dots::{Dot, Dots, Run};
use crate::id::{CartId, LineKey, position};

/// Live entries of a cart or delta, sorted by dot.
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
    /// Rows by writer, then by number. A delta of one action has one row.
    pub(super) rows: EntryVec,
    pub(super) kinds: KindCounts,
    pub(super) line_filter: LineFilter,
    /// True if every row of the tables is known to be in use, writers excepted.
    pub(super) tight: bool,
}

impl Entries {
    /// Makes an empty set whose home is a cart.
    pub(in crate::cart) fn new(home: CartId) -> Self {
        let (tables, kinds, line_filter) =
            (EntryTables::new(home), KindCounts::default(), LineFilter::default());
        Self { tables, rows: SmallVec::new(), kinds, line_filter, tight: true }
    }

    /// Changes the home of an empty set.
    pub(in crate::cart) const fn set_home(&mut self, home: CartId) {
        self.tables.home = home;
    }

    /// Makes a set from sorted rows that fit the tables and use every row of them, writers
    /// excepted.
    pub(super) fn counted(tables: EntryTables, rows: EntryVec) -> Self {
        let mut kinds = KindCounts::default();
        // Most sets have nothing to count; the bodies alone show it.
        if tables.bodies.iter().any(KindCounts::notes) {
            for row in rows.iter().filter(|row| row.slot.place().is_some()) {
                kinds.note(row.slot.body(&tables.bodies), row.line);
            }
        }
        Self { tables, rows, kinds, line_filter: LineFilter::default(), tight: true }
    }

    /// Makes a set from decoded rows. The tables must have each writer once and no bodies.
    pub(crate) fn from_rows(mut tables: EntryTables, read: DecodedEntries) -> Self {
        let DecodedEntries { rows, mut bodies } = read;
        bodies.shrink_to_fit();
        tables.bodies = bodies;
        Self::counted(tables, rows)
    }

    /// Makes a set from entries in any order. Of two entries of one dot the first is kept. No
    /// sequence number may be 0.
    pub(in crate::cart) fn collect(
        home: CartId,
        entries: impl IntoIterator<Item = (Dot, Entry)>,
    ) -> Self {
        let mut all: Vec<(Dot, Entry)> = entries.into_iter().collect();
        all.sort_by_key(|(dot, _)| *dot);
        all.dedup_by_key(|(dot, _)| *dot);
        // Collect the values of each table, sorted and without duplicates.
        let mut tables = EntryTables::new(home);
        let lines = |entry: &Entry| {
            let bought = entry.body.bought().iter().map(|bought| bought.line.clone());
            entry.line.iter().cloned().chain(bought).collect::<Vec<_>>()
        };
        tables.writers = sorted(all.iter().map(|(dot, _)| dot.replica).collect());
        tables.lines = sorted(all.iter().flat_map(|(_, entry)| lines(entry)).collect());
        tables.prices = sorted(all.iter().filter_map(|(_, e)| e.price.map(SortedPrice)).collect());
        tables.authorships = sorted(all.iter().filter_map(|(_, e)| authorship(home, e)).collect());
        // Every value is in its table now, so each row finds its numbers.
        let rows = all.into_iter().map(|(dot, entry)| {
            let authorship = authorship(home, &entry);
            PackedEntry {
                seq: dot.seq as u32,
                time: entry.time,
                writer: index(&tables.writers, Some(&dot.replica)),
                line: index(&tables.lines, entry.line.as_ref()),
                price: index(&tables.prices, entry.price.map(SortedPrice).as_ref()),
                authorship: index(&tables.authorships, authorship.as_ref()),
                slot: BodySlot::new(entry.body, &mut tables.bodies),
            }
        });
        let rows = rows.collect();
        Self::counted(tables, rows)
    }

    /// Returns the number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns a copy of the entry of a dot.
    #[must_use]
    pub fn get(&self, dot: &Dot) -> Option<Entry> {
        self.get_ref(*dot).map(EntryRef::entry)
    }

    /// Returns whether the dot has an entry.
    #[must_use]
    pub fn contains_key(&self, dot: &Dot) -> bool {
        self.find(*dot).is_some()
    }

    /// Iterates over copies of the entries with their dots, in the order of the dots.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Dot, Entry)> + '_ {
        self.refs().map(|fact| (fact.dot(), fact.entry()))
    }

    /// Iterates over the dots in ascending order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = Dot> + '_ {
        self.refs().map(EntryRef::dot)
    }

    /// Iterates over copies of the entries, in the order of their dots.
    pub fn values(&self) -> impl ExactSizeIterator<Item = Entry> + '_ {
        self.refs().map(EntryRef::entry)
    }

    /// Returns the dots of the entries as a set.
    pub(crate) fn dots(&self) -> Dots {
        // Consecutive actions of one writer are one run.
        let runs = || self.rows.chunk_by(|before, row| row.follows(before));
        let mut dots = Dots::default();
        dots.reserve(runs().count());
        for run in runs() {
            let [first, last] = [run[0].seq, run[run.len() - 1].seq].map(u64::from);
            dots.push_run(self.tables.writers[run[0].writer as usize], Run { first, last });
        }
        dots
    }

    /// Iterates over the entries in place, in the order of their dots.
    pub fn refs(&self) -> impl ExactSizeIterator<Item = EntryRef<'_>> + Clone {
        self.rows.iter().map(|row| self.ref_of(row))
    }

    /// Returns the entry of a dot in place.
    #[must_use]
    pub fn get_ref(&self, dot: Dot) -> Option<EntryRef<'_>> {
        self.find(dot).map(|at| self.ref_at(at as u32))
    }

    /// Returns the entry of the row at an index.
    pub(crate) fn ref_at(&self, place: u32) -> EntryRef<'_> {
        self.ref_of(&self.rows[place as usize])
    }

    pub(crate) const fn ref_of<'a>(&'a self, row: &'a PackedEntry) -> EntryRef<'a> {
        EntryRef { tables: &self.tables, row }
    }

    /// Returns the cart whose own entries need no authorship.
    pub(crate) const fn home(&self) -> CartId {
        self.tables.home
    }

    pub(crate) const fn tables(&self) -> &EntryTables {
        &self.tables
    }

    pub(crate) fn rows(&self) -> &[PackedEntry] {
        &self.rows
    }

    /// Returns the number of entries of a kind. Takes constant time.
    pub(crate) fn count(&self, kind: EntryKind) -> usize {
        match kind {
            EntryKind::Contribution => self.rows.len() - self.kinds.others(),
            other => self.kinds.count(other),
        }
    }

    /// Iterates over the entries of a kind, by dot. Stops after the last of them.
    pub(crate) fn of_kind(&self, kind: EntryKind) -> impl Iterator<Item = EntryRef<'_>> {
        let of_kind =
            self.refs().filter(move |fact| EntryKind::of(fact.body(), fact.row.line) == kind);
        of_kind.take(self.count(kind))
    }

    /// Iterates over the entries that place others in a list or reduce them, by dot.
    pub(crate) fn bearing(&self) -> impl Iterator<Item = EntryRef<'_>> {
        let bearing = self.refs().filter(|fact| fact.body().bears());
        bearing.take(self.kinds.bearing())
    }

    /// Iterates over the entries that concern a line, by dot, including orders that bought of it.
    pub(crate) fn on_line<'a>(
        &'a self,
        line: &LineKey,
    ) -> impl Iterator<Item = EntryRef<'a>> + Clone + use<'a> {
        let at = self.line_at(line).unwrap_or(NONE);
        let rows = if at == NONE { &[][..] } else { &self.rows[..] };
        // An order has no line of its own, so its list is searched, if there is any order.
        let orders = self.count(EntryKind::Order) > 0;
        let here = rows.iter().filter(move |row| {
            row.line == at
                || orders
                    && matches!(self.ref_of(row).body(), Body::Order(order)
                        if !order.on_line(&self.tables.lines[at as usize]).is_empty())
        });
        here.map(|row| self.ref_of(row))
    }

    /// Returns the index of a line in its table, if the table has it.
    pub(crate) fn line_at(&self, line: &LineKey) -> Option<u32> {
        position(&self.tables.lines, line).map(|at| at as u32)
    }

    /// Iterates over the entries written about the line with index `at`, by dot. Orders are left
    /// out.
    #[inline]
    pub(crate) fn written_on(&self, at: u32) -> impl Iterator<Item = EntryRef<'_>> {
        self.rows.iter().filter(move |row| row.line == at).map(|row| self.ref_of(row))
    }

    /// Returns the indices of the rows written about the line with index `at`, ascending.
    pub(crate) fn indices_on(&self, at: u32) -> EntryIndices {
        self.line_filter.places(&self.rows, at)
    }

    /// Prepares the filter that finds the rows of a line.
    pub(crate) fn build_line_filter(&mut self) {
        self.line_filter.make(&self.rows);
    }

    /// Returns whether any entry places another in a list or reduces it.
    pub(crate) fn bears(&self) -> bool {
        self.kinds.bearing() > 0
    }

    /// Iterates over the lines that entries concern, sorted.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &LineKey> {
        let used = self.used().lines;
        self.tables.lines.iter().zip(used).filter(|(_, used)| *used).map(|(line, _)| line)
    }

    /// Returns the index of the row of a dot.
    fn find(&self, dot: Dot) -> Option<usize> {
        let seq = u32::try_from(dot.seq).ok()?;
        let writer = self.tables.writers.binary_search(&dot.replica).ok()? as u32;
        self.rows.binary_search_by_key(&(writer, seq), PackedEntry::key).ok()
    }

    /// Returns whether every row of the tables is known to be in use, writers excepted.
    pub(crate) const fn is_tight(&self) -> bool {
        self.tight
    }

    /// Returns which rows of the tables are in use.
    pub(crate) fn used(&self) -> UsedRows {
        let mut used = UsedRows {
            writers: RowFlags::from_elem(false, self.tables.writers.len()),
            lines: RowFlags::from_elem(false, self.tables.lines.len()),
            prices: RowFlags::from_elem(false, self.tables.prices.len()),
            authorships: RowFlags::from_elem(false, self.tables.authorships.len()),
        };
        let mark = |table: &mut RowFlags, at: u32| {
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

/// One flag for each row of a table.
type RowFlags = SmallVec<[bool; 16]>;

/// Rows that are in use, for each table.
pub(crate) struct UsedRows {
    pub(crate) writers: RowFlags,
    pub(crate) lines: RowFlags,
    pub(crate) prices: RowFlags,
    pub(crate) authorships: RowFlags,
}

/// Makes a table from values in any order.
fn sorted<A: Array<Item: Ord>>(mut all: Vec<A::Item>) -> SmallVec<A> {
    all.sort_unstable();
    all.dedup();
    all.into()
}

/// Returns the index of a value in a table, or [`NONE`].
fn index<T: Ord>(table: &[T], value: Option<&T>) -> u32 {
    value.and_then(|value| table.binary_search(value).ok()).map_or(NONE, |at| at as u32)
}

/// Returns the authorship that an entry needs, or `None` if it was written in `home` before any
/// merge was seen.
pub(super) fn authorship(home: CartId, entry: &Entry) -> Option<Authorship> {
    let says = entry.scope != home || !entry.seen_merges.is_empty();
    says.then(|| Authorship { scope: entry.scope, seen_merges: entry.seen_merges.clone() })
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
