//! Reading a document, and telling what was found.

use super::assemble::assemble;
use super::document::CartDocument;
use super::error::{Skipped, Waiting};
use super::scan::Scan;
use holdall::cart::Cart;
use holdall::dots::{Dot, Dots};
use holdall::id::CartId;

/// What reading a document found.
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
    /// written over. [`write`](CartDocument::write) with the cart says it again.
    pub lost: Dots,
    /// Keys of other programs under the root.
    pub foreign_keys: usize,
    /// Other carts in the same document.
    pub other_carts: Vec<CartId>,
}

impl CartDocument {
    /// Reads the document again.
    pub fn refresh(&mut self) -> Reading {
        let mut reading = self.read();
        reading.equivocations = std::mem::take(&mut self.unreported);
        reading
    }

    /// The same, with the equivocations still to be reported.
    pub(super) fn read(&mut self) -> Reading {
        self.heads = self.doc.get_heads();
        let id = self.cart.id();
        let scan = Scan::of(&self.doc, id);
        let said = scan.actions.values().flatten();
        let times = said.filter_map(|said| said.entry.as_ref().map(|entry| entry.time));
        self.latest = times.max().unwrap_or_default().max(self.latest);
        let here = assemble(id, &scan, self.cart.context());
        let mut equivocations = here.equivocations;
        let mut reading = Reading {
            skipped: scan.skipped,
            waiting: here.waiting,
            gaps: here.gaps,
            foreign_keys: scan.foreign_keys,
            other_carts: scan.other_carts.into_iter().collect(),
            ..Reading::default()
        };
        if let Ok(joined) = self.cart.join(&here.cart.to_delta()) {
            reading.changed = joined.changed;
            equivocations.extend(joined.equivocations);
        }
        self.waits = !reading.waiting.is_empty();
        self.lost = lost(&self.cart, &here.cart, &equivocations);
        reading.lost = self.lost.clone();
        self.report(equivocations);
        reading
    }

    pub(super) fn report(&mut self, equivocations: Vec<Dot>) {
        self.unreported.extend(equivocations);
        self.unreported.sort_unstable();
        self.unreported.dedup();
    }
}

/// What `cart` knows and `said` does not say.
fn lost(cart: &Cart, said: &Cart, equivocations: &[Dot]) -> Dots {
    if said.is_erased() {
        return Dots::default();
    }
    let mut lost = cart.context().minus(said.context());
    // Dead here and alive there.
    lost.extend(&cart.dead().intersection(&said.live_dots()));
    let other = |dot: &&Dot| cart.live().get_ref(**dot) != said.live().get_ref(**dot);
    equivocations.iter().filter(other).for_each(|dot| {
        lost.insert(*dot);
    });
    lost
}
