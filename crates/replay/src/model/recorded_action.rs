//! An action of a party, and what somebody knows of a party's actions.

use super::conflicts::ConflictKind;
use crate::schedule::{ActionId, LineId};
use holdall_testkit::model::KnownFacts;

/// Knowledge of a device or a region about a party.
pub(super) type PartyKnowledge = KnownFacts<LineId>;

/// An action, as far as it matters who is told of it.
pub(super) struct RecordedAction {
    /// Whether it was done in a guest cart that nobody had signed in with.
    pub(super) as_guest: bool,
    /// The guest's facts that a sign-in brings along.
    pub(super) brings: Vec<ActionId>,
    pub(super) kind: Option<ConflictKind>,
    /// The lines that it concerns.
    pub(super) lines: Vec<LineId>,
}
