//! The laws of the library itself, each a function of a [`History`](crate::history::History): whatever the merge rules.

mod check;
mod effects;
mod history_run;
mod modelled;
mod states;

pub use effects::{
    explanation_adds_up, explanations, local_effect, sweep_is_unseen, view_is_of_state,
};
pub use modelled::as_the_model;
pub use states::{deltas_commute, exchange_is_exact, fingerprint_tells, join_is_maximum};

pub use check::check;
