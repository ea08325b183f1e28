//! How the rows of a table that are written are numbered.

use smallvec::SmallVec;

use crate::cart::NONE;

/// Mostly there are few.
pub(super) type FewRows<T> = SmallVec<[T; 8]>;

/// Rows of a table, or all that both ends of a link know.
pub(super) enum KnownRows<'a, T> {
    Own(FewRows<T>),
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

/// The numbers of a table's rows.
pub(super) enum RowNumbers {
    /// Of that many rows each is written, so its place is its number.
    EntryIndices(usize),
    /// By place. [`NONE`] is not written.
    Given(FewRows<u32>),
}

impl RowNumbers {
    /// Of the rows of which some are not used.
    pub(super) fn of_used(used: &[bool]) -> Self {
        let mut next = 0;
        let number = |used: &bool| {
            let at = if *used { next } else { NONE };
            next += u32::from(*used);
            at
        };
        Self::Given(used.iter().map(number).collect())
    }

    /// Of at most one row, which is known already; `None` if it is not.
    #[inline]
    pub(super) fn in_known<T>(rows: &[T], place: impl FnOnce(&T) -> Option<usize>) -> Option<Self> {
        match rows {
            [] => Some(Self::EntryIndices(0)),
            // What is behind the first is not in it.
            [row] => place(row).map(|at| Self::Given(FewRows::from_buf_and_len([at as u32; 8], 1))),
            _ => None,
        }
    }

    /// The number of the row at a place. `None` also for the place of nothing.
    #[inline]
    pub(super) fn get(&self, at: u32) -> Option<u32> {
        match self {
            Self::EntryIndices(rows) => ((at as usize) < *rows).then_some(at),
            Self::Given(numbers) => numbers.get(at as usize).copied(),
        }
    }

    /// The number of the row at a place, which is written.
    ///
    /// # Panics
    /// It is not written: no bytes are better than wrong ones.
    #[inline]
    pub(super) fn of_written(&self, at: u32) -> u32 {
        self.get(at).filter(|number| *number != NONE).expect("a row that is named is written")
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::EntryIndices(rows) => *rows,
            Self::Given(numbers) => numbers.len(),
        }
    }

    /// Whether any row is written.
    pub(super) fn any(&self) -> bool {
        match self {
            Self::EntryIndices(rows) => *rows > 0,
            Self::Given(numbers) => numbers.iter().any(|number| *number != NONE),
        }
    }

    /// The rows that are written.
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

    /// Numbers the rows that are written anew, by their places in another table that has them.
    pub(super) fn renumber<'t, T: Ord + 't>(
        &mut self,
        rows: impl Iterator<Item = &'t T>,
        known: &[T],
    ) {
        let place = |row: &T| known.binary_search(row).map_or(NONE, |at| at as u32);
        let number = |(at, row)| self.get(at).filter(|at| *at != NONE).map_or(NONE, |_| place(row));
        *self = Self::Given((0..).zip(rows).map(number).collect());
    }
}
