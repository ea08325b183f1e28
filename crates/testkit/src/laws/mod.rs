//! The laws of the library itself, each a function of a [`History`]: whatever the merge rules.

mod effects;
mod modelled;
mod states;

pub use effects::{
    explanation_adds_up, explanations, local_effect, sweep_is_unseen, view_is_of_state,
};
pub use modelled::as_the_model;
pub use states::{deltas_commute, exchange_is_exact, fingerprint_tells, join_is_maximum};

use super::counterexample::Counterexample;
use super::history::{History, HistoryWorld};
use super::law::Law;
use super::rule::Verdict;
use holdall::cart::Cart;
use holdall::id::ReplicaId;
use holdall::replica::Replica;

/// Holds the library to one of its laws in one history. Laws of merge rules hold.
///
/// ```
/// use holdall_testkit::{history::History, laws, Law};
/// let nothing = History { writers: 2, guests: 1, skew: vec![0; 4], steps: Vec::new() };
/// for law in Law::OF_THE_LIBRARY {
///     laws::check(law, &nothing)?;
/// }
/// # Ok::<(), holdall_testkit::Counterexample>(())
/// ```
///
/// # Errors
/// The law does not hold.
pub fn check(law: Law, history: &History) -> Verdict {
    match law {
        Law::JoinIsMaximum => join_is_maximum(history),
        Law::ExchangeIsExact => exchange_is_exact(history),
        Law::DeltasCommute => deltas_commute(history, &[3, 1, 2], 2),
        Law::ExplanationAddsUp => explanation_adds_up(history),
        Law::LocalEffect => local_effect(history),
        Law::ViewIsOfState => view_is_of_state(history),
        Law::SweepIsUnseen => sweep_is_unseen(history),
        Law::FingerprintTells => fingerprint_tells(history),
        Law::AsTheModel => as_the_model(history),
        _ => Ok(()),
    }
}

fn world(history: &History) -> Result<HistoryWorld, Counterexample> {
    HistoryWorld::run(history, |_| Ok(()))
}

/// Holds if it does.
pub(super) fn holds(law: Law, holds: bool, what: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(Counterexample::bare(law, what())) }
}

/// A new writer with a state: it may try what somebody else did.
fn twin(cart: &Cart) -> Replica {
    Replica::resume(ReplicaId::from_u128(9_000), cart.latest(), cart.clone())
}
