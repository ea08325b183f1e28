//! The numbering of the rows of a table to encode.

use smallvec::SmallVec;

use crate::cart::NONE;

/// A list that is short in most messages.
pub(super) type FewRows<T> = SmallVec<[T; 8]>;

/// The rows of a table: built for one message, or borrowed from the tables of a link.
pub(super) enum KnownRows<'a, T> {
    /// Rows built for this message.
    Own(FewRows<T>),
    /// Rows that both ends of a link know.
    Known(&'a [T]),
}

impl<T> core::ops::Deref for KnownRows<'_, T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match self {
            Self::Own(rows) => rows,
            Self::Known(rows) => rows,
        }
    }
}

/// The number of each row of a stored table in the written table.
pub(super) enum RowNumbers {
    /// Every row is written, so its place is its number. The value is the number of rows.
    EntryIndices(usize),
    /// The number of each row by its place. [`NONE`] marks a row that is not written.
    Given(FewRows<u32>),
}

impl RowNumbers {
    /// Numbers the rows marked as used, in order.
    pub(super) fn of_used(used: &[bool]) -> Self {
        // Rows in use get consecutive numbers.
        let mut next = 0;
        let number = |used: &bool| {
            let at = if *used { next } else { NONE };
            next += u32::from(*used);
            at
        };
        Self::Given(used.iter().map(number).collect())
    }

    /// Returns the number of at most one row in a known table, or `None` if the row is unknown or
    /// there are several rows.
    #[inline]
    pub(super) fn in_known<T>(rows: &[T], place: impl FnOnce(&T) -> Option<usize>) -> Option<Self> {
        match rows {
            [] => Some(Self::EntryIndices(0)),
            // The length hides the array's other elements.
            [row] => place(row).map(|at| Self::Given(FewRows::from_buf_and_len([at as u32; 8], 1))),
            _ => None,
        }
    }

    /// Returns the number of the row at a place, which is [`NONE`] for a row that is not written.
    /// Returns `None` for a place outside the table.
    #[inline]
    pub(super) fn get(&self, at: u32) -> Option<u32> {
        match self {
            Self::EntryIndices(rows) => ((at as usize) < *rows).then_some(at),
            Self::Given(numbers) => numbers.get(at as usize).copied(),
        }
    }

    /// Returns the number of the row at a place.
    ///
    /// # Panics
    /// Panics if the row is not written: no bytes are better than wrong bytes.
    #[inline]
    pub(super) fn of_written(&self, at: u32) -> u32 {
        self.get(at).filter(|number| *number != NONE).expect("a row that is named is written")
    }

    /// Returns the number of rows of the stored table.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::EntryIndices(rows) => *rows,
            Self::Given(numbers) => numbers.len(),
        }
    }

    /// Returns whether any row is written.
    pub(super) fn any(&self) -> bool {
        match self {
            Self::EntryIndices(rows) => *rows > 0,
            Self::Given(numbers) => numbers.iter().any(|number| *number != NONE),
        }
    }

    /// Returns the rows that are written.
    pub(super) fn named<'t, T>(&self, rows: &'t [T]) -> FewRows<&'t T> {
        let mut named = FewRows::with_capacity(rows.len());
        match self {
            Self::EntryIndices(_) => named.extend(rows),
            Self::Given(numbers) => {
                let written = rows.iter().zip(numbers).filter(|(_, number)| **number != NONE);
                named.extend(written.map(|(row, _)| row));
            }
        }
        named
    }

    /// Replaces the number of each written row by its place in `known`, which has every written
    /// row.
    pub(super) fn renumber<'t, T: Ord + 't>(
        &mut self,
        rows: impl Iterator<Item = &'t T>,
        known: &[T],
    ) {
        // Look up each written row in the other table.
        let place = |row: &T| known.binary_search(row).map_or(NONE, |at| at as u32);
        let number = |(at, row)| self.get(at).filter(|at| *at != NONE).map_or(NONE, |_| place(row));
        *self = Self::Given((0..).zip(rows).map(number).collect());
    }
}
