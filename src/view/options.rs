//! What a deployment decides about views.

use crate::limits;

/// What a deployment decides about what is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewOptions {
    /// The most units a row may show. More is kept, and said.
    pub ceiling: u64,
}

impl Default for ViewOptions {
    /// [`limits::CEILING_UNITS`].
    fn default() -> Self {
        Self { ceiling: limits::CEILING_UNITS }
    }
}
