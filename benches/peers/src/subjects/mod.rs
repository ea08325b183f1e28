//! The adapters.

mod automerge;
mod crdts;
mod keys;
mod loro;
mod ours;
mod yrs;
mod yrs_list;

pub use automerge::Automerge;
pub use crdts::Crdts;
pub use loro::Loro;
pub use ours::Ours;
pub use yrs::Yrs;
pub use yrs_list::YrsList;

use crate::subject::Subject;

/// All, in the order of the table's columns.
pub const NAMES: [&str; 6] =
    [Ours::NAME, Crdts::NAME, Yrs::NAME, YrsList::NAME, Loro::NAME, Automerge::NAME];

/// The engines the goals speak of.
pub const ENGINES: [&str; 4] = [Yrs::NAME, YrsList::NAME, Loro::NAME, Automerge::NAME];

/// The same expression for each subject, with its name.
#[macro_export]
macro_rules! for_each_subject {
    ($subject:ident => $value:expr) => {{
        use $crate::{subject::Subject, subjects};
        macro_rules! one {
            ($which:ident) => {{
                type $subject = subjects::$which;
                ($subject::NAME, $value)
            }};
        }
        [one!(Ours), one!(Crdts), one!(Yrs), one!(YrsList), one!(Loro), one!(Automerge)]
    }};
}
