//! What a story's act is at a replica: which row it means, what it does, and why it failed.

use super::story::{RowName, SideName, StoryAct};
use holdall::cart::{Delta, List};
use holdall::id::{LineError, OrderId, RuleName, TextError};
use holdall::quantity::QuantityError;
use holdall::replica::{ActionError, Replica};
use holdall::view::{RowRef, Side};

/// Failure of an act: its stable kind, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ActFailure {
    pub(crate) kind: &'static str,
    pub(crate) says: String,
}

impl ActFailure {
    pub(super) fn new(kind: &'static str, says: impl ToString) -> Self {
        Self { kind, says: says.to_string() }
    }
}

impl From<ActionError> for ActFailure {
    fn from(error: ActionError) -> Self {
        Self::new(error.kind(), error)
    }
}

impl From<QuantityError> for ActFailure {
    fn from(error: QuantityError) -> Self {
        Self::new("quantity", error)
    }
}

impl From<TextError> for ActFailure {
    fn from(error: TextError) -> Self {
        let kind = if matches!(error, TextError::TooLong { .. }) { "limit" } else { "invalid" };
        Self::new(kind, error)
    }
}

impl From<LineError> for ActFailure {
    fn from(error: LineError) -> Self {
        match error {
            LineError::Text(error) => error.into(),
            LineError::TooManyOptions { .. } => Self::new("limit", error),
            _ => Self::new("invalid", error),
        }
    }
}

/// Finds the row that a story means: in the active list, or in the saved one if it is only there.
pub(crate) fn row_ref(
    replica: &Replica,
    name: &RowName,
    prefer: Option<List>,
) -> Result<RowRef, ActFailure> {
    let line = name.key()?;
    let view = replica.view();
    let shown = |list: List| {
        let rows = if list == List::Active { &view.lines } else { &view.saved };
        rows.iter().any(|row| row.line == line)
    };
    let list = prefer.unwrap_or({
        if !shown(List::Active) && shown(List::Saved) { List::Saved } else { List::Active }
    });
    let side = match name.side {
        None => None,
        Some(SideName::Account) => Some(Side::Account),
        Some(SideName::Guest) => {
            let guest = view.rows().filter(|row| row.line == line).find_map(|row| match row.side {
                Some(side @ Side::Guest(_)) => Some(side),
                _ => None,
            });
            Some(guest.ok_or(ActionError::UnknownRow { line: line.clone() })?)
        }
    };
    Ok(RowRef { line, list, side })
}

/// Does what an act says at a replica.
pub(super) fn act_on(replica: &mut Replica, now: u64, act: &StoryAct) -> Result<Delta, ActFailure> {
    Ok(match act {
        StoryAct::Shop(action) => {
            let action = action.at(replica)?;
            replica.act(now, &action)?
        }
        StoryAct::Order { id } => replica.order_all(now, OrderId::new(id)?)?,
        StoryAct::Expire => replica.expire(now, RuleName::new("story")?)?,
        StoryAct::Erase => replica.erase(),
        // The world does these itself: they need the authority.
        StoryAct::Merge { .. } | StoryAct::Unmerge { .. } => unreachable!("merges are the world's"),
    })
}
