//! Exact exchange: a replica states what it has, and a peer answers with what it lacks.

use super::delta::{Delta, DeltaParts, NeededDots};
use super::packed::Entries;
use super::state::Cart;
use crate::dots::Dots;

/// Summary of what a replica has: the dots it knows of, and which of them are live.
///
/// A version vector alone cannot tell which of the peer's live dots were removed.
///
/// ```
/// use holdall::{Cart, CartId, LineKey, Quantity, Replica, ReplicaId};
/// let id = CartId::from_u128(1);
/// let mut phone = Replica::new(id, ReplicaId::from_u128(2));
/// phone.add(0, &LineKey::sku("TEE")?, Quantity::ONE, None)?;
///
/// let mut laptop = Cart::new(id);
/// laptop.join(&phone.cart().delta_for(&laptop.have()))?;
/// assert_eq!(laptop.have(), phone.cart().have());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Have {
    /// Dots that the replica knows of, live or dead.
    pub context: Dots,
    /// Dots that are live at the replica.
    pub live: Dots,
    /// Whether the cart is erased. The other fields are empty then.
    pub erased: bool,
}

impl Cart {
    /// Returns the summary of this replica that a peer needs to answer exactly.
    #[must_use]
    pub fn have(&self) -> Have {
        Have { context: self.context().clone(), live: self.live_dots(), erased: self.is_erased() }
    }

    /// Returns exactly what a peer that has `have` lacks: every live entry it has not seen, and
    /// every dot dead here that it has not seen or still holds live.
    ///
    /// ```
    /// use holdall::{Cart, CartId};
    /// let cart = Cart::new(CartId::from_u128(1));
    /// assert!(cart.delta_for(&cart.have()).is_empty());
    /// ```
    #[must_use]
    pub fn delta_for(&self, have: &Have) -> Delta {
        // An erased cart is the largest state and lacks nothing.
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
        // Deaths the peer has not seen, and deaths of dots that it still holds live.
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

    /// Returns the live entries whose dots are not in `context`.
    pub(super) fn live_beyond(&self, context: &Dots) -> Entries {
        let unseen = self.context().minus(context);
        // Nothing of this cart is known there: share all tables instead of filtering.
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
