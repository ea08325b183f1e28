//! The ways to run one scenario.

/// Way to run a scenario. A step that is left out leaves its moment of time behind, so that steps
/// have equal times in all variants.
#[derive(Clone, Copy)]
pub(crate) struct RunVariant {
    /// Just the actions on this line.
    pub(crate) only: Option<u8>,
    /// Without this step, counted through `before` and `late`.
    pub(crate) without: Option<usize>,
    /// Whether the guests do anything.
    pub(crate) guests: bool,
    /// Whether they are merged.
    pub(crate) merge: bool,
    /// The second guest first.
    pub(crate) turned: bool,
    /// Whether the tablet and the kiosk are heard before the merge, or only after.
    pub(crate) hear: bool,
    /// Whether the guest's late steps are looked at one by one.
    pub(crate) look: bool,
    /// Whether all clocks are right.
    pub(crate) right_clocks: bool,
}

impl Default for RunVariant {
    fn default() -> Self {
        Self {
            only: None,
            without: None,
            guests: true,
            merge: true,
            turned: false,
            hear: false,
            look: false,
            right_clocks: false,
        }
    }
}
