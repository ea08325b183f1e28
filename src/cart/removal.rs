//! The set of dots that an action removes.

use super::packed::EntryIndices;
use super::state::Cart;
use crate::dots::{Dot, Dots, Run};

/// Dots that an action removes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Removal {
    pub(crate) dots: Dots,
    /// Indices of the rows of all these dots, if they are known.
    pub(crate) places: Option<EntryIndices>,
}

impl Removal {
    /// Removes the live entries whose rows are at `places`, which ascend.
    pub(crate) fn at(cart: &Cart, places: EntryIndices) -> Self {
        let mut dots = Dots::default();
        if places.len() > 1 {
            // One more, since a removal inserts its own dot too.
            dots.reserve(places.len() + 1);
        }
        for at in &places {
            let Dot { replica, seq } = cart.live.ref_at(*at).dot();
            // Rows are sorted by dot, so the runs can be appended.
            dots.push_run(replica, Run { first: seq, last: seq });
        }
        Self { dots, places: Some(places) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.dots.is_empty()
    }
}

impl FromIterator<Dot> for Removal {
    fn from_iter<I: IntoIterator<Item = Dot>>(dots: I) -> Self {
        Self { dots: dots.into_iter().collect(), places: None }
    }
}
