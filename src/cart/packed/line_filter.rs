//! One byte of each row's line, so that who looks for the rows of a line in a long cart need not read all rows.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::row::{EntryIndices, PackedEntry};

/// Fewer rows are read one by one.
const MANY: usize = 64;

/// Of each row the lowest byte of its line's number, if somebody looked. What moves lines forgets them.
#[derive(Default)]
pub(super) struct LineFilter(Option<Box<FilterBytes>>);

struct FilterBytes(Vec<u8>);

/// A copy makes its own: most are never looked through.
impl Clone for LineFilter {
    fn clone(&self) -> Self {
        Self::default()
    }
}

const EACH_LOW: u64 = 0x0101_0101_0101_0101;
const EACH_HIGH: u64 = 0x8080_8080_8080_8080;

impl LineFilter {
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }

    /// Those of rows, if they are many.
    pub(super) fn make(&mut self, rows: &[PackedEntry]) {
        if self.0.is_none() && rows.len() >= MANY {
            self.0 = Some(Box::new(FilterBytes(rows.iter().map(|row| row.line as u8).collect())));
        }
    }

    /// A row is put in at a place.
    #[inline]
    pub(super) fn insert(&mut self, at: usize, row: &PackedEntry) {
        if let Some(held) = &mut self.0 {
            held.0.insert(at, row.line as u8);
        }
    }

    /// Rows are moved.
    #[inline]
    pub(super) fn copy_within(&mut self, from: core::ops::Range<usize>, to: usize) {
        if let Some(held) = &mut self.0 {
            held.0.copy_within(from, to);
        }
    }

    #[inline]
    pub(super) fn truncate(&mut self, rows: usize) {
        if let Some(held) = &mut self.0 {
            held.0.truncate(rows);
        }
    }

    /// Where the rows of a line are, ascending.
    pub(super) fn places(&self, rows: &[PackedEntry], line: u32) -> EntryIndices {
        let mut places = EntryIndices::new();
        let Some(held) = &self.0 else {
            let of_line = (0..).zip(rows).filter(|(_, row)| row.line == line);
            places.extend(of_line.map(|(at, _)| at));
            return places;
        };
        debug_assert!(rows.iter().map(|row| row.line as u8).eq(held.0.iter().copied()));
        let mut look = |at: usize| {
            if sabotage!(
                "lines-are-told-apart-by-one-byte",
                rows[at].line == line,
                rows[at].line as u8 == line as u8
            ) {
                places.push(at as u32);
            }
        };
        let (words, rest) = held.0.as_chunks();
        let wanted = EACH_LOW * u64::from(line as u8);
        for (at, word) in words.iter().enumerate() {
            let unlike = u64::from_le_bytes(*word) ^ wanted;
            // The highest bit of each byte that is 0, and perhaps of some above it.
            let mut alike = unlike.wrapping_sub(EACH_LOW) & !unlike & EACH_HIGH;
            while alike != 0 {
                look(8 * at + alike.trailing_zeros() as usize / 8);
                alike &= alike - 1;
            }
        }
        (8 * words.len()..8 * words.len() + rest.len()).for_each(look);
        places
    }
}
