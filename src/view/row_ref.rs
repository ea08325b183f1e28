//! References to rows, for actions.

use crate::cart::List;
use crate::id::{CartId, LineKey};

/// One side of a line that a merge shows as two rows.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The account's side.
    Account,
    /// The side of a guest, named by the guest's cart.
    Guest(CartId),
}

/// A reference to a row that an action is about.
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
    /// The side of a split line, or `None` for the whole line.
    pub side: Option<Side>,
}

impl RowRef {
    /// Returns a reference to a whole line in the active list.
    #[must_use]
    pub const fn active(line: LineKey) -> Self {
        Self { line, list: List::Active, side: None }
    }

    /// Returns a reference to a whole line in the saved list.
    #[must_use]
    pub const fn saved(line: LineKey) -> Self {
        Self { line, list: List::Saved, side: None }
    }

    /// Returns a reference to one side of the row's line.
    #[must_use]
    pub const fn on(mut self, side: Side) -> Self {
        self.side = Some(side);
        self
    }
}

/// The error of a checkout of a line whose quantity this replica cannot determine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line} cannot be bought here: this replica lacks what its merge or an entry needs; upgrade it"
)]
pub struct Unreadable {
    /// The first such line, in the order of line keys.
    pub line: LineKey,
}
