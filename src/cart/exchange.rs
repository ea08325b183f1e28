//! Exact exchange: what one replica says it has, and what another answers.

use super::delta::{Delta, DeltaParts, NeededDots};
use super::packed::Entries;
use super::state::Cart;
use crate::dots::Dots;

/// What a replica has: its context, and which of those dots are live with it. A version vector
/// alone cannot say which of the peer's live dots were removed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Have {
    /// The dots it knows of.
    pub context: Dots,
    /// Those that are live with it.
    pub live: Dots,
    /// Whether its cart is erased; the rest is empty then.
    pub erased: bool,
}

impl Cart {
    /// What this replica has.
    #[must_use]
    pub fn have(&self) -> Have {
        Have { context: self.context().clone(), live: self.live_dots(), erased: self.is_erased() }
    }

    /// Exactly what a peer that has `have` lacks: every live entry it has not seen, and every dot
    /// dead here that it has not seen or still holds live.
    ///
    /// ```
    /// use holdall::{Cart, CartId};
    /// let cart = Cart::new(CartId::from_u128(1));
    /// assert!(cart.delta_for(&cart.have()).is_empty());
    /// ```
    #[must_use]
    pub fn delta_for(&self, have: &Have) -> Delta {
        if have.erased {
            return Delta::empty(self.id());
        }
        if self.is_erased() {
            return sabotage!(
                "erasure-is-not-answered",
                Delta::erasure(self.id()),
                Delta::empty(self.id())
            );
        }
        let (live, here) = (self.live_beyond(&have.context), self.dead());
        let mut dead = here.minus(&have.context);
        sabotage!("answer-omits-later-deaths", dead.extend(&here.intersection(&have.live)), ());
        Delta::made(DeltaParts {
            cart: self.id(),
            live,
            dead,
            needs: NeededDots::none(),
            erased: false,
        })
    }

    /// The live entries that are not in a context.
    pub(super) fn live_beyond(&self, context: &Dots) -> Entries {
        let unseen = self.context().minus(context);
        if unseen == *self.context() {
            return self.live.clone();
        }
        let mut unseen = unseen.cursor();
        self.live.filtered(|fact| {
            sabotage!(
                "answer-ignores-gaps",
                unseen.contains_next(fact.dot()),
                unseen.contains_next(fact.dot())
                    && fact.dot().seq > context.last(fact.dot().replica)
            )
        })
    }
}
