//! Index of entries by line, built by a counting sort for each evaluation of a whole cart. An order
//! concerns many lines and shows on none, so orders are left out.

use alloc::vec::Vec;

use super::entries::Entries;
use super::row::EntryRef;
use super::tables::NONE;
use crate::id::LineKey;

/// Entries by line.
pub(crate) struct ByLine<'a> {
    entries: &'a Entries,
    /// Indices of rows, sorted by line and then by dot.
    places: Vec<u32>,
    /// For each line of the table, the end of its part of `places`.
    ends: Vec<u32>,
}

impl<'a> ByLine<'a> {
    /// Sorts the rows by line with a counting sort, which keeps the order of dots on each line.
    fn of(entries: &'a Entries) -> Self {
        let table = &entries.tables().lines;
        // Count the rows of each line.
        let mut ends = alloc::vec![0_u32; table.len()];
        let own = entries.rows().iter().filter(|row| row.line != NONE);
        own.for_each(|row| ends[row.line as usize] += 1);
        // Turn the counts into starts.
        let mut sum = 0;
        for end in &mut ends {
            // Each element holds the start of its line until the rows are placed.
            sum += core::mem::replace(end, sum);
        }
        // Place the rows. Each start moves to the end of its line, which is the start of the next.
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

    /// Returns an upper bound of the number of lines with entries.
    pub(crate) fn most(&self) -> usize {
        self.ends.len()
    }

    /// Iterates over the lines that have entries, sorted, each with its entries by dot.
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
    /// Indexes the entries by line. Orders are left out.
    pub(crate) fn by_line(&self) -> ByLine<'_> {
        ByLine::of(self)
    }
}
