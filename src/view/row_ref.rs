//! How an action names a row.

use crate::cart::List;
use crate::id::{CartId, LineKey};

/// One side of a line that a merge shows as two rows.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The account's.
    Account,
    /// That guest's.
    Guest(CartId),
}

/// A row to act on.
///
/// ```
/// use holdall::{LineKey, List, RowRef};
/// let row = RowRef::active(LineKey::sku("TEE")?);
/// assert_eq!(row.list, List::Active);
/// # Ok::<(), holdall::LineError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RowRef {
    /// The line.
    pub line: LineKey,
    /// The list.
    pub list: List,
    /// One side of a split line; `None` is the line as a whole.
    pub side: Option<Side>,
}

impl RowRef {
    /// The line as a whole, in the active list.
    #[must_use]
    pub const fn active(line: LineKey) -> Self {
        Self { line, list: List::Active, side: None }
    }

    /// The line as a whole, in the saved list.
    #[must_use]
    pub const fn saved(line: LineKey) -> Self {
        Self { line, list: List::Saved, side: None }
    }

    /// One side of it.
    #[must_use]
    pub const fn on(mut self, side: Side) -> Self {
        self.side = Some(side);
        self
    }
}

/// Lines that a checkout cannot buy, because this replica cannot say how many they are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line} cannot be bought here: this replica lacks what its merge or an entry needs; upgrade it"
)]
pub struct Unreadable {
    /// The first such line.
    pub line: LineKey,
}
