//! The name of a row in a story, and the row of a replica that it means.

use std::collections::BTreeMap;

use super::act_failure::ActFailure;
use holdall::cart::List;
use holdall::replica::{ActionError, Replica};
use holdall::view::{RowRef, Side};

/// Which side of a split line a story means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SideName {
    Account,
    Guest,
}

impl From<Side> for SideName {
    fn from(side: Side) -> Self {
        match side {
            Side::Account => Self::Account,
            Side::Guest(_) => Self::Guest,
        }
    }
}

/// A line as a story names it. Whether the names in it are valid shows when the step is told, so
/// that a story can expect the refusal.
#[derive(Debug, Clone)]
pub(crate) struct RowName {
    pub(crate) sku: String,
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) bundle: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) side: Option<SideName>,
    /// The list it is in, if the story says so.
    pub(crate) list: Option<List>,
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
