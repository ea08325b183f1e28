//! The models that are run.

use super::model::{Claims, Flaw};

/// The models that are run.
pub fn models() -> [(&'static str, Claims); 2] {
    let of = |releases| Claims { releases, flaw: Flaw::None };
    [
        ("two accounts, one region cut off", of(false)),
        ("the same, and the merge may be taken back", of(true)),
    ]
}
