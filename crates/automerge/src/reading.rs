//! What reading a document found.

use super::error::{Skipped, Waiting};
use holdall::dots::{Dot, Dots};
use holdall::id::CartId;

/// A report of what reading a document found.
#[derive(Debug, Default)]
#[must_use = "it says what was skipped, and which writer gave one action two contents"]
pub struct Reading {
    /// Whether the cart moved up.
    pub changed: bool,
    /// Actions that came with two contents: a writer that was cloned or lies, or a key that
    /// somebody wrote over. The larger digest stays.
    pub equivocations: Vec<Dot>,
    /// Keys that cannot be read, and why. They say nothing, and stay as they are.
    pub skipped: Vec<Skipped>,
    /// Actions that make others dead which are not here. They say nothing until these come.
    pub waiting: Vec<Waiting>,
    /// Numbers that their writers have left out. Where all is written into documents there are
    /// none: then somebody has deleted keys.
    pub gaps: Dots,
    /// What this cart knows and the document does not say any more, since keys were deleted or
    /// written over. [`write`](crate::CartDocument::write) with the cart says it again.
    pub lost: Dots,
    /// Keys of other programs under the root.
    pub foreign_keys: usize,
    /// Other carts in the same document.
    pub other_carts: Vec<CartId>,
}
