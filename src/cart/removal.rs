//! What an action makes dead.

use super::packed::EntryIndices;
use super::state::Cart;
use crate::dots::{Dot, Dots, Run};

/// The dots that an action makes dead.
#[derive(Clone, Debug, Default)]
pub(crate) struct Removal {
    pub(crate) dots: Dots,
    /// Where their rows are, all of them, if that is known.
    pub(crate) places: Option<EntryIndices>,
}

impl Removal {
    /// Live entries, by the places of their rows, ascending.
    pub(crate) fn at(cart: &Cart, places: EntryIndices) -> Self {
        let mut dots = Dots::default();
        if places.len() > 1 {
            // With the dot of the action, if that is dead too.
            dots.reserve(places.len() + 1);
        }
        for at in &places {
            let Dot { replica, seq } = cart.live.ref_at(*at).dot();
            // Rows are in the order of their dots.
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
