//! Changes to a set of entries: put one in, put many in, take some out.

use alloc::vec::Vec;
use core::ops::Range;

use smallvec::SmallVec;

use super::body_slot::{BodyList, BodySlot};
use super::entries::{Entries, authorship};
use super::row::{EntryIndices, EntryRef, EntryVec, PackedEntry};
use super::tables::{
    Authorship, EntryTables, NONE, SortedPrice, TableUnion, grow, place, sweep, unite,
};
use crate::cart::entry::{Body, Entry};
use crate::dots::{Dot, Dots, Run};
use crate::id::{CartId, ReplicaId};

/// Indices of the rows that a part of a set keeps.
type KeptIndices = SmallVec<[u32; 64]>;

/// Access to one number of a row that refers to a table.
type RowColumn = fn(&mut PackedEntry) -> &mut u32;
const WRITER: RowColumn = |row| &mut row.writer;
const LINE: RowColumn = |row| &mut row.line;
const PRICE: RowColumn = |row| &mut row.price;
const AUTHORSHIP: RowColumn = |row| &mut row.authorship;

/// Unused table rows that may accumulate, beyond four for each entry, before they are swept.
const SPARE_ROWS: usize = 64;

/// Most runs for which a removal searches its rows one by one; in a large set, up to a sixteenth of
/// the rows. Above that it scans every row. Either way alone would make a link or an exchange a
/// tenth slower.
const SEARCHED_RUNS: usize = 4;

/// Most rows whose bodies a removal drops one by one, each with a search for the row whose body
/// moves into the free slot. More are dropped in one pass over all rows, which would make an edit
/// of one row a fifth slower.
const SEARCHED_BODIES: usize = 16;

impl Entries {
    /// Counts the kind of a row that is put in.
    #[inline]
    fn count_in(&mut self, row: PackedEntry) {
        if row.slot.place().is_some() {
            self.kinds.note(row.slot.body(&self.tables.bodies), row.line);
        }
    }

    /// Uncounts the kind of a row that is taken out.
    #[inline]
    fn count_out(&mut self, row: PackedEntry) {
        if row.slot.place().is_some() {
            self.kinds.forget(row.slot.body(&self.tables.bodies), row.line);
        }
    }

    /// Stores a body, unless it is a small Add, and returns its slot.
    #[inline]
    fn intern(&mut self, body: &Body) -> BodySlot {
        let bodies = &mut self.tables.bodies;
        BodySlot::small(body).unwrap_or_else(|| {
            if bodies.len() == bodies.capacity() {
                // BodyList are few, and a Set usually replaces another: grow slowly.
                bodies.reserve_exact(bodies.len() / 4 + 1);
            }
            BodySlot::new(body.clone(), bodies)
        })
    }

    /// Drops the body of a row that is gone, and redirects the row whose body moved into its slot.
    fn forget(&mut self, slot: BodySlot) {
        if let Some(moved) = slot.forget(&mut self.tables.bodies)
            // The last body usually belongs to a late row.
            && let Some(other) = self.rows.iter_mut().rev().find(|other| other.slot == moved)
        {
            other.slot = slot;
        }
    }

    /// Drops all bodies that no row refers to, in one pass.
    fn sweep_bodies(&mut self) {
        let mut used = alloc::vec![false; self.tables.bodies.len()];
        self.rows.iter().filter_map(|row| row.slot.place()).for_each(|at| used[at] = true);
        let moved = sweep(&mut self.tables.bodies, &used);
        // The bodies after a dropped one have moved.
        for row in &mut self.rows {
            if let Some(at) = row.slot.place() {
                row.slot = BodySlot::at(moved[at] as usize);
            }
        }
    }

    /// Returns the index of a table row that was just placed. If it is new, the numbers in `column`
    /// at or above it move up by one.
    fn renumber(&mut self, column: RowColumn, (at, new): (u32, bool)) -> u32 {
        if new {
            for row in &mut self.rows {
                let number = column(row);
                *number += u32::from((at..NONE).contains(number));
            }
            sabotage!("marks-survive-renumbering", self.line_filter.forget(), ());
        }
        at
    }

    /// Returns the row of an entry if the tables have all its parts already. `line` is the probable
    /// index of its line.
    fn known(&mut self, dot: Dot, entry: &Entry, line: u32) -> Option<PackedEntry> {
        let EntryTables { writers, lines, prices, home, .. } = &self.tables;
        let (replica, seq) = (dot.replica, dot.seq as u32);
        // Each part must be found; a new one goes the slow way through `put`.
        let writer = match &writers[..] {
            [only] if *only == replica => 0,
            writers => writers.binary_search(&replica).ok()? as u32,
        };
        let line = match &entry.line {
            None => NONE,
            some if lines.get(line as usize) == some.as_ref() => line,
            Some(line) => self.line_at(line)?,
        };
        let price = match entry.price {
            None => NONE,
            Some(price) => prices.binary_search(&SortedPrice(price)).ok()? as u32,
        };
        // Foreign scopes, merges and orders are rare and go the slow way too.
        let plain = entry.scope == *home && entry.seen_merges.is_empty();
        if !plain || !entry.body.bought().is_empty() {
            return None;
        }
        let slot = self.intern(&entry.body);
        Some(PackedEntry { time: entry.time, seq, writer, line, price, authorship: NONE, slot })
    }

    /// Puts an entry into an empty set.
    pub(in crate::cart) fn put_first(&mut self, dot: Dot, entry: Entry) {
        // An order has lines of its own, which the general way handles.
        if !entry.body.bought().is_empty() {
            return self.put(dot, &entry);
        }
        let tables = &mut self.tables;
        let seq = dot.seq as u32;
        tables.writers.push(dot.replica);
        if let Some(authorship) = authorship(tables.home, &entry) {
            tables.authorships.push(authorship);
        }
        // Each table is empty or has one row.
        let number = |is: bool| if is { 0 } else { NONE };
        let (line, price) = (number(entry.line.is_some()), number(entry.price.is_some()));
        if let Some(line) = entry.line {
            tables.lines.push(line);
        }
        if let Some(price) = entry.price {
            tables.prices.push(SortedPrice(price));
        }
        let slot = BodySlot::new(entry.body, &mut tables.bodies);
        let authorship = number(!tables.authorships.is_empty());
        let row = PackedEntry { time: entry.time, seq, writer: 0, line, price, authorship, slot };
        self.count_in(row);
        self.rows.push(row);
    }

    /// Puts an entry in, in place of the one with its dot. `hint` is the probable index of its line
    /// in the table.
    pub(in crate::cart) fn put_at(&mut self, dot: Dot, entry: &Entry, hint: u32) {
        match self.known(dot, entry, hint) {
            Some(row) => self.put_row(row),
            None => self.put(dot, entry),
        }
    }

    /// Puts an entry in, in place of the one with its dot. The tables may have to grow.
    pub(in crate::cart) fn put(&mut self, dot: Dot, entry: &Entry) {
        let spare = self.tables.len();
        let seq = dot.seq as u32;
        // Find or insert each part in its table; an insertion renumbers the rows above it.
        let placed = place(&mut self.tables.writers, &dot.replica);
        let writer = self.renumber(WRITER, placed);
        for bought in entry.body.bought() {
            let placed = place(&mut self.tables.lines, &bought.line);
            self.renumber(LINE, placed);
        }
        let line = entry.line.as_ref().map_or(NONE, |line| {
            let placed = place(&mut self.tables.lines, line);
            sabotage!("new-line-does-not-renumber", self.renumber(LINE, placed), placed.0)
        });
        let price = entry.price.map_or(NONE, |price| {
            let placed = place(&mut self.tables.prices, &SortedPrice(price));
            self.renumber(PRICE, placed)
        });
        let authorship = authorship(self.tables.home, entry).map_or(NONE, |authorship| {
            let placed = place(&mut self.tables.authorships, &authorship);
            self.renumber(AUTHORSHIP, placed)
        });
        let slot = self.intern(&entry.body);
        self.put_row(PackedEntry { time: entry.time, seq, writer, line, price, authorship, slot });
        // Only a put that grew the tables can have passed the limit.
        if self.tables.len() > spare {
            self.tidy();
        }
    }

    /// Puts a row in whose numbers fit the tables.
    fn put_row(&mut self, row: PackedEntry) {
        self.count_in(row);
        grow(&mut self.rows, 1);
        // Most frequent case: the next action of the last writer.
        if self.rows.last().is_none_or(|last| last.key() < row.key()) {
            sabotage!(
                "appended-row-has-no-mark",
                self.line_filter.insert(self.rows.len(), &row),
                ()
            );
            self.rows.push(row);
            return;
        }
        match self.rows.binary_search_by_key(&row.key(), PackedEntry::key) {
            Ok(at) => {
                let old = core::mem::replace(&mut self.rows[at], row);
                self.count_out(old);
                self.forget(old.slot);
                self.line_filter.forget();
                self.tight = false;
            }
            Err(at) => {
                sabotage!("inserted-row-has-no-mark", self.line_filter.insert(at, &row), ());
                self.rows.insert(at, row);
            }
        }
    }

    /// Puts in the rows of `other` at `places`, which ascend. None of their dots may be here
    /// already.
    pub(in crate::cart) fn put_all(&mut self, other: &Self, places: &[u32]) {
        // Unite the tables first, and note where each row of both has gone.
        let writers = unite(&mut self.tables.writers, &other.tables.writers);
        let lines = unite(&mut self.tables.lines, &other.tables.lines);
        let prices = unite(&mut self.tables.prices, &other.tables.prices);
        let (home, theirs) = (self.tables.home, other.tables.home);
        self.tight &= other.tight && home == theirs && places.len() == other.rows.len();
        // A foreign home makes entries without authorship foreign here, and perhaps some of those
        // with authorship native.
        let mut foreign: SmallVec<[Authorship; 4]> =
            other.tables.authorships.iter().cloned().collect();
        if theirs != home {
            let at_home = Authorship { scope: theirs, seen_merges: Default::default() };
            let _ = place(&mut foreign, &at_home);
            foreign.retain(|authorship| {
                authorship.scope != home || !authorship.seen_merges.is_empty()
            });
        }
        let authorships = unite(&mut self.tables.authorships, &foreign);
        sabotage!("marks-survive-join", self.line_filter.forget(), ());
        // New number of each authorship of `other`, by index; the last is that of its entries
        // without authorship.
        let as_here = |scope: CartId, seen_merges: &[CartId]| {
            let here = &self.tables.authorships;
            let found = here.binary_search_by(|here| {
                (here.scope, &*here.seen_merges).cmp(&(scope, seen_merges))
            });
            found.map_or(NONE, |at| sabotage!("guest-entry-forgets-its-cart", at as u32, NONE))
        };
        let theirs_as_here =
            other.tables.authorships.iter().map(|a| as_here(a.scope, &a.seen_merges));
        let authorship_of: SmallVec<[u32; 4]> =
            theirs_as_here.chain([as_here(theirs, &[])]).collect();
        // Renumber the rows that are here, for the tables whose rows have moved.
        for (column, union) in
            [(WRITER, &writers), (LINE, &lines), (PRICE, &prices), (AUTHORSHIP, &authorships)]
        {
            if let Some(here) = &union.here {
                let moves = |at: u32| here.get(at as usize).copied().unwrap_or(NONE);
                self.rows.iter_mut().map(column).for_each(|number| *number = moves(*number));
            }
        }
        let moved =
            |union: &TableUnion, at: u32| union.there.get(at as usize).copied().unwrap_or(NONE);
        let coming = || places.iter().map(|at| &other.rows[*at as usize]);
        let slot = coming().filter(|row| row.slot.place().is_some()).count();
        self.tables.bodies.reserve_exact(slot);
        // Merge the two sorted lists of rows from the end, so that rows that stay where they are
        // need no copy.
        let (mut from, mut to) = (self.rows.len(), self.rows.len() + places.len());
        self.rows.reserve_exact(places.len());
        // Make room. The copied rows are placeholders and are overwritten.
        self.rows.extend_from_slice(&other.rows[..places.len()]);
        for row in coming().rev() {
            // Translate the numbers of the row to the united tables.
            let authorship = row.authorship.min(other.tables.authorships.len() as u32);
            let row = PackedEntry {
                writer: moved(&writers, row.writer),
                line: moved(&lines, row.line),
                price: moved(&prices, row.price),
                authorship: authorship_of[authorship as usize],
                slot: row.slot.copy_into(&other.tables.bodies, &mut self.tables.bodies),
                ..*row
            };
            self.count_in(row);
            // Move the rows that come after it to their final place in one block.
            let rows = &mut self.rows[..to];
            let is_after = |here: &&PackedEntry| {
                sabotage!("joined-rows-are-not-sorted", here.key() > row.key(), false)
            };
            let after = rows[..from].iter().rev().take_while(is_after).count();
            rows.copy_within(from - after..from, to - after);
            (from, to) = (from - after, to - after - 1);
            rows[to] = row;
        }
        self.tidy();
    }

    /// Returns the indices of the rows of a run. All numbers of the run must be at most
    /// [`limits::SEQ_MAX`](crate::limits::SEQ_MAX).
    fn indices_of_run(&self, replica: ReplicaId, run: Run) -> Range<u32> {
        let Ok(writer) = self.tables.writers.binary_search(&replica) else { return 0..0 };
        let [first, last] = [run.first, run.last].map(|seq| (writer as u32, seq as u32));
        let begin = self.rows.partition_point(|row| row.key() < first);
        let len = self.rows[begin..].iter().take_while(|row| row.key() <= last).count();
        begin as u32..(begin + len) as u32
    }

    /// Removes the entries whose dots are in a set. Calls `gone` with each before it goes.
    pub(in crate::cart) fn take(&mut self, dots: &Dots, gone: impl FnMut(EntryRef<'_>)) {
        // Few runs are searched; many are matched in one scan over all rows.
        let mut places = EntryIndices::new();
        if dots.runs().len() <= SEARCHED_RUNS.max(self.rows.len() / 16) {
            for (replica, run) in dots.runs() {
                places.extend(self.indices_of_run(replica, run));
            }
        } else {
            let mut goes = dots.cursor();
            let facts = (0..).zip(self.refs());
            places
                .extend(facts.filter(|(_, fact)| goes.contains_next(fact.dot())).map(|(at, _)| at));
        }
        self.take_at(&places, gone);
    }

    /// Removes the rows at `places`, which ascend. Calls `gone` with each before it goes.
    pub(in crate::cart) fn take_at(&mut self, places: &[u32], mut gone: impl FnMut(EntryRef<'_>)) {
        let Some(first) = places.first() else { return };
        self.tight = false;
        // Report, uncount and drop the bodies.
        for at in places {
            let row = self.rows[*at as usize];
            gone(self.ref_of(&row));
            self.count_out(row);
            if places.len() <= SEARCHED_BODIES && row.slot.place().is_some() {
                // A slot without a body: the search for a moved body must not find this row.
                self.rows[*at as usize].slot = BodySlot::add(0);
                self.forget(row.slot);
            }
        }
        // Close the gaps: each block of rows between two removed ones moves up.
        let mut to = *first as usize;
        let ends = places[1..].iter().map(|at| *at as usize).chain([self.rows.len()]);
        for (at, end) in places.iter().zip(ends) {
            let from = *at as usize + 1;
            self.rows.copy_within(from..end, to);
            sabotage!(
                "marks-do-not-move-with-rows",
                self.line_filter.copy_within(from..end, to),
                ()
            );
            to += end - from;
        }
        self.rows.truncate(to);
        self.line_filter.truncate(to);
        if places.len() > SEARCHED_BODIES {
            sabotage!("bodies-of-dead-entries-stay", self.sweep_bodies(), ());
        }
    }

    /// Returns the entries for which `keep` is true, with equal tables.
    pub(in crate::cart) fn filtered(&self, mut keep: impl FnMut(EntryRef<'_>) -> bool) -> Self {
        let kept = (0..).zip(&self.rows).filter(|(_, row)| keep(self.ref_of(row)));
        let kept: KeptIndices = kept.map(|(at, _)| at).collect();
        // Copy the tables without the bodies, of which only the kept ones are needed.
        let EntryTables { home, writers, lines, prices, authorships, bodies } = &self.tables;
        let mut tables = EntryTables {
            home: *home,
            writers: writers.clone(),
            lines: lines.clone(),
            prices: prices.clone(),
            authorships: authorships.clone(),
            bodies: BodyList::new(),
        };
        let of_kept = || kept.iter().map(|at| &self.rows[*at as usize]);
        let slot = of_kept().filter(|row| row.slot.place().is_some()).count();
        tables.bodies.reserve_exact(slot);
        // Copy the rows; their numbers stay valid, except the slots.
        let mut rows = EntryVec::new();
        rows.reserve_exact(kept.len());
        rows.extend(of_kept().map(|row| PackedEntry {
            slot: row.slot.copy_into(bodies, &mut tables.bodies),
            ..*row
        }));
        let mut part = Self::counted(tables, rows);
        part.tight = self.tight && part.rows.len() == self.rows.len();
        part.tidy();
        part
    }

    /// Returns the entries as another cart holds them: `home` becomes the scope that needs no
    /// authorship.
    pub(crate) fn at_home(&self, home: CartId) -> Self {
        let mut moved = Self::new(home);
        moved.put_all(self, &(0..self.rows.len() as u32).collect::<Vec<_>>());
        moved
    }

    /// Sweeps unused rows out of the tables if there are too many of them.
    fn tidy(&mut self) {
        if self.tables.len() > 4 * self.rows.len() + SPARE_ROWS {
            self.line_filter.forget();
            let used = self.used();
            for (column, moved) in [
                (WRITER, sweep(&mut self.tables.writers, &used.writers)),
                (LINE, sweep(&mut self.tables.lines, &used.lines)),
                (PRICE, sweep(&mut self.tables.prices, &used.prices)),
                (AUTHORSHIP, sweep(&mut self.tables.authorships, &used.authorships)),
            ] {
                for row in &mut self.rows {
                    let number = column(row);
                    *number = moved.get(*number as usize).copied().unwrap_or(NONE);
                }
            }
            self.tight = true;
        }
    }
}
