//! Filter by line: one byte of each row's line number, so that a look-up in a long cart reads an
//! eighth of the memory or less.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::row::{EntryIndices, PackedEntry};

/// Fewest rows for which a filter is worth its memory. Fewer rows are scanned.
const MANY: usize = 64;

/// Lowest byte of each row's line number, once a look-up asked for it. Renumbering lines drops the
/// filter.
#[derive(Default)]
pub(super) struct LineFilter(Option<Box<FilterBytes>>);

struct FilterBytes(Vec<u8>);

/// A clone starts without a filter, since most clones are never searched.
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

    /// Builds the filter if there are enough rows and none exists.
    pub(super) fn make(&mut self, rows: &[PackedEntry]) {
        if self.0.is_none() && rows.len() >= MANY {
            self.0 = Some(Box::new(FilterBytes(rows.iter().map(|row| row.line as u8).collect())));
        }
    }

    /// Follows the insertion of a row.
    #[inline]
    pub(super) fn insert(&mut self, at: usize, row: &PackedEntry) {
        if let Some(held) = &mut self.0 {
            held.0.insert(at, row.line as u8);
        }
    }

    /// Follows a move of rows.
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

    /// Returns the indices of the rows of a line, ascending.
    pub(super) fn places(&self, rows: &[PackedEntry], line: u32) -> EntryIndices {
        let mut places = EntryIndices::new();
        let Some(held) = &self.0 else {
            let of_line = (0..).zip(rows).filter(|(_, row)| row.line == line);
            places.extend(of_line.map(|(at, _)| at));
            return places;
        };
        debug_assert!(rows.iter().map(|row| row.line as u8).eq(held.0.iter().copied()));
        // Rows whose byte matches may still be of another line.
        let mut look = |at: usize| {
            if sabotage!(
                "lines-are-told-apart-by-one-byte",
                rows[at].line == line,
                rows[at].line as u8 == line as u8
            ) {
                places.push(at as u32);
            }
        };
        // Compare eight bytes at once: XOR makes matching bytes zero.
        let (words, rest) = held.0.as_chunks();
        let wanted = EACH_LOW * u64::from(line as u8);
        for (at, word) in words.iter().enumerate() {
            let unlike = u64::from_le_bytes(*word) ^ wanted;
            // Sets the high bit of each zero byte, and perhaps of some byte above one (Mycroft's
            // test).
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
