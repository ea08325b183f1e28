//! The obvious model: a map from every dot to `Live < Dead`, joined dot by dot. It shares no code
//! with the compact state but the digest that decides between two contents of one dot.

use std::collections::BTreeMap;

use holdall::cart::{Cart, Delta, Entry};
use holdall::dots::{Dot, Dots};
use holdall::id::CartId;

/// Status of a dot that was seen.
#[derive(Clone, PartialEq, Debug)]
pub enum DotStatus {
    /// It says this.
    Live(Box<Entry>),
    /// It is over.
    Dead,
}

/// A state, spelled out.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ReferenceState {
    /// What is known of each dot.
    pub dots: BTreeMap<Dot, DotStatus>,
}

impl ReferenceState {
    /// Joins a delta: takes the maximum, dot by dot.
    ///
    /// # Panics
    /// Panics on an erasure, which has no dots.
    pub fn join(&mut self, delta: &Delta) {
        assert!(!delta.is_erasure(), "erasure is tested apart");
        for (dot, entry) in delta.live() {
            match self.dots.get(&dot) {
                Some(DotStatus::Dead) => {}
                Some(DotStatus::Live(here)) if digest(dot, here) >= digest(dot, &entry) => {}
                _ => {
                    self.dots.insert(dot, DotStatus::Live(Box::new(entry)));
                }
            }
        }
        for dot in each(delta.dead()) {
            self.dots.insert(dot, DotStatus::Dead);
        }
    }

    /// Makes the reference state of a cart.
    ///
    /// # Panics
    /// Panics if the cart has a live dot that its context lacks.
    #[must_use]
    pub fn of(cart: &Cart) -> Self {
        let mut dots: BTreeMap<Dot, DotStatus> = BTreeMap::new();
        for dot in each(cart.context()) {
            let known = match cart.live().get(&dot) {
                Some(entry) => DotStatus::Live(Box::new(entry)),
                None => DotStatus::Dead,
            };
            dots.insert(dot, known);
        }
        for dot in cart.live().keys() {
            assert!(dots.contains_key(&dot), "a live dot is not in the context");
        }
        Self { dots }
    }

    /// Returns true if this is at or above `other` in every dot.
    #[must_use]
    pub fn is_above(&self, other: &Self) -> bool {
        other.dots.iter().all(|(dot, there)| match (self.dots.get(dot), there) {
            (Some(DotStatus::Dead), _) => true,
            (Some(DotStatus::Live(here)), DotStatus::Live(there)) => {
                digest(*dot, here) >= digest(*dot, there)
            }
            _ => false,
        })
    }
}

/// Lists every dot of a set.
#[must_use]
pub fn each(dots: &Dots) -> Vec<Dot> {
    dots.runs()
        .flat_map(|(replica, run)| (run.first..=run.last).map(move |seq| Dot::new(replica, seq)))
        .collect()
}

/// Returns the digest of one entry: the fingerprint of a state that holds nothing else.
#[must_use]
pub fn digest(dot: Dot, entry: &Entry) -> u128 {
    let id = CartId::from_u128(1);
    let alone = Delta::new(id, [(dot, entry.clone())], Dots::default(), Dots::default());
    let mut cart = Cart::new(id);
    let _ = cart.join(&alone.expect("one live dot contradicts nothing"));
    cart.fingerprint().live
}
