//! What the laws of the library share: runs of histories, and verdicts.

use crate::counterexample::Counterexample;
use crate::counterexample::Verdict;
use crate::history::{History, HistoryWorld};
use crate::law::Law;
use holdall::cart::Cart;
use holdall::id::ReplicaId;
use holdall::replica::Replica;

/// Runs a history without a check.
pub(super) fn world(history: &History) -> Result<HistoryWorld, Counterexample> {
    HistoryWorld::run(history, |_| Ok(()))
}

/// Returns a verdict: if the law does not hold, a counterexample without a story.
pub(crate) fn holds(law: Law, holds: bool, what: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(Counterexample::bare(law, what())) }
}

/// Returns a new writer with a state, to try an action that another writer did.
pub(super) fn twin(cart: &Cart) -> Replica {
    Replica::resume(ReplicaId::from_u128(9_000), cart.latest(), cart.clone())
}
