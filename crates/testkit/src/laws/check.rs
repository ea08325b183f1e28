//! Any law of the library, by name.

use super::effects::{explanation_adds_up, local_effect, sweep_is_unseen, view_is_of_state};
use super::modelled::as_the_model;
use super::states::{deltas_commute, exchange_is_exact, fingerprint_tells, join_is_maximum};
use crate::counterexample::Verdict;
use crate::history::History;
use crate::law::Law;

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
