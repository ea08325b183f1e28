//! What an error of the server or of the way there means for the caller.
//!
//! A statement that the server answers with an error of severity `ERROR` was rolled back: nothing has happened. An
//! error that ends the connection says nothing of the commit, which comes after the statement's rows: a
//! backend that is told to quit (57P01, 57P02) may have committed. So while a write is under way, anything but `ERROR` is
//! [`StoreError::Unknown`].

use tokio_postgres::error::{Severity, SqlState};

use crate::StoreError;
use holdall::id::CartId;

/// What the statement was to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Effect {
    Reads,
    Writes,
}

/// Before any statement that could change something was sent.
pub(super) fn unsent(error: tokio_postgres::Error) -> StoreError {
    sent(error, Effect::Reads, None)
}

/// While a statement was under way.
pub(super) fn sent(
    error: tokio_postgres::Error,
    effect: Effect,
    cart: Option<CartId>,
) -> StoreError {
    let Some(told) = error.as_db_error() else {
        return lost(error, effect);
    };
    if told.parsed_severity() != Some(Severity::Error) {
        return lost(error, effect);
    }
    let code = told.code();
    if *code == SqlState::DISK_FULL {
        return StoreError::full(error);
    }
    if [SqlState::UNDEFINED_TABLE, SqlState::UNDEFINED_COLUMN].contains(code) {
        return StoreError::Foreign {
            what: format!("the tables are not as they should be ({told})"),
        };
    }
    if [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED].contains(code)
        && let Some(cart) = cart
    {
        return StoreError::Damaged { cart, what: told.to_string() };
    }
    StoreError::unavailable(error)
}

/// No answer.
pub(super) fn lost(
    cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    effect: Effect,
) -> StoreError {
    match effect {
        Effect::Reads => StoreError::unavailable(cause),
        Effect::Writes => StoreError::unknown(cause),
    }
}
