//! References to rows, by which actions name them.

use crate::cart::List;
use crate::id::{CartId, LineKey};

/// Side of a line that a merge shows as two rows.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Side of the account.
    Account,
    /// Side of the guest with this cart.
    Guest(CartId),
}

/// Reference to the row that an action is about.
///
/// ```
/// use holdall::{LineKey, List, RowRef};
/// let row = RowRef::active(LineKey::sku("TEE")?);
/// assert_eq!(row.list, List::Active);
/// # Ok::<(), holdall::LineError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RowRef {
    /// Line of the row.
    pub line: LineKey,
    /// List of the row.
    pub list: List,
    /// Side of a split line; `None` for the whole line.
    pub side: Option<Side>,
}

impl RowRef {
    /// Refers to a whole line in the active list.
    #[must_use]
    pub const fn active(line: LineKey) -> Self {
        Self { line, list: List::Active, side: None }
    }

    /// Refers to a whole line in the saved list.
    #[must_use]
    pub const fn saved(line: LineKey) -> Self {
        Self { line, list: List::Saved, side: None }
    }

    /// Refers to one side of the line instead of the whole.
    #[must_use]
    pub const fn on(mut self, side: Side) -> Self {
        self.side = Some(side);
        self
    }
}

/// Error for a checkout that includes a line this replica cannot evaluate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line} cannot be bought here: this replica lacks what its merge or an entry needs; upgrade it"
)]
pub struct Unreadable {
    /// First such line.
    pub line: LineKey,
}
