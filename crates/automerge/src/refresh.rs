//! Reading a document again, after it was changed from outside.

use super::assemble::assemble;
use super::document::CartDocument;
use super::reading::Reading;
use super::scan::Scan;
use holdall::cart::Cart;
use holdall::dots::{Dot, Dots};

impl CartDocument {
    /// Reads the document again.
    pub fn refresh(&mut self) -> Reading {
        let mut reading = self.read();
        reading.equivocations = std::mem::take(&mut self.unreported);
        reading
    }

    /// Reads the document again, and leaves the equivocations to be reported.
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

/// Returns the dots that `cart` knows and `said` does not say.
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
