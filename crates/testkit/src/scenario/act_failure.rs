//! Why an act of a story failed.

use holdall::id::{LineError, TextError};
use holdall::quantity::QuantityError;
use holdall::replica::ActionError;

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
