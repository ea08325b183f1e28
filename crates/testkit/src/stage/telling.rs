//! The ways to tell one tale.

/// How a tale is told. What is left out leaves its moment of time behind, so that two tellings of
/// one tale have the same times.
#[derive(Clone, Copy)]
pub(in crate) struct Telling {
    /// Just the deeds on this line.
    pub(in crate) only: Option<u8>,
    /// Without this tap, counted through before and late.
    pub(in crate) without: Option<usize>,
    /// Whether the guests do anything.
    pub(in crate) guests: bool,
    /// Whether they are merged.
    pub(in crate) merge: bool,
    /// The second guest first.
    pub(in crate) turned: bool,
    /// Whether the tablet and the kiosk are heard before the merge, or only after.
    pub(in crate) hear: bool,
    /// Whether the guest's late taps are looked at one by one.
    pub(in crate) look: bool,
    /// Whether all clocks are right.
    pub(in crate) right_clocks: bool,
}

impl Default for Telling {
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
