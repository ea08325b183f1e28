//! Entries by the line they were written about, found by a counting sort when somebody reads a cart: no index is
//! kept. An order is about many lines and shows on none, so it is not here.

use alloc::vec::Vec;

use super::entries::Entries;
use super::row::EntryRef;
use super::tables::NONE;
use crate::id::LineKey;

/// Entries by line.
pub(crate) struct ByLine<'a> {
    entries: &'a Entries,
    /// Places of rows, line by line, and on each line by dot.
    places: Vec<u32>,
    /// Of each line of the table, where its places end.
    ends: Vec<u32>,
}

impl<'a> ByLine<'a> {
    /// A counting sort.
    fn of(entries: &'a Entries) -> Self {
        let table = &entries.tables().lines;
        let mut ends = alloc::vec![0_u32; table.len()];
        let own = entries.rows().iter().filter(|row| row.line != NONE);
        own.for_each(|row| ends[row.line as usize] += 1);
        let mut sum = 0;
        for end in &mut ends {
            // For now where they begin.
            sum += core::mem::replace(end, sum);
        }
        let mut places = alloc::vec![0; sum as usize];
        let mut put = |line: u32, at: u32| {
            let end = &mut ends[line as usize];
            places[*end as usize] = at;
            *end += 1;
        };
        for (at, row) in entries.rows().iter().enumerate() {
            let at = at as u32;
            if row.line != NONE {
                put(row.line, at);
            }
        }
        Self { entries, places, ends }
    }

    /// At least as many as there are lines.
    pub(crate) fn most(&self) -> usize {
        self.ends.len()
    }

    /// Each line that something was written about, sorted, with that.
    pub(crate) fn iter(
        &self,
    ) -> impl Iterator<Item = (&'a LineKey, impl Iterator<Item = EntryRef<'a>> + Clone + use<'_, 'a>)>
    {
        let entries = self.entries;
        let mut from = 0;
        let lines = entries.tables().lines.iter().zip(&self.ends).map(move |(line, end)| {
            let places = &self.places[from..*end as usize];
            from = *end as usize;
            (line, places)
        });
        lines.filter(|(_, places)| !places.is_empty()).map(move |(line, places)| {
            let fact = move |at: &u32| entries.ref_at(*at);
            (line, places.iter().map(fact))
        })
    }
}

impl Entries {
    /// The lines, sorted, each with what was written about it: orders of it are not.
    pub(crate) fn by_line(&self) -> ByLine<'_> {
        ByLine::of(self)
    }
}
