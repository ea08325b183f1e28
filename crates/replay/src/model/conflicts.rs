//! Which actions met on a line without having seen each other.

use serde::Serialize;

use crate::schedule::{ActionId, ActionKind};

/// Counts of actions that met another action of a kind, where neither had seen the other.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct ConflictCounts {
    /// Two adds: both count.
    pub(crate) add_add: u64,
    /// An add and a set: the add comes on top.
    pub(crate) add_set: u64,
    /// An add and a remove: the add stays.
    pub(crate) add_remove: u64,
    /// An add and an order: the add is not part of the order.
    pub(crate) add_order: u64,
    /// Two sets: the later one counts.
    pub(crate) set_set: u64,
    /// A set and a remove: the set stays.
    pub(crate) set_remove: u64,
    /// A set and an order: the set brings what it asks for beyond what was bought.
    pub(crate) set_order: u64,
    /// Two removes: gone once.
    pub(crate) remove_remove: u64,
    /// A remove and an order: gone, and bought.
    pub(crate) remove_order: u64,
    /// Two orders of one line.
    pub(crate) order_order: u64,
    /// Guest carts that were merged.
    pub(crate) guest_merges: u64,
    /// Lines that both carts of a merge had.
    pub(crate) lines_on_both_sides: u64,
}

impl ConflictCounts {
    /// Lists every count with its description.
    pub(crate) fn each(&mut self) -> [(&mut u64, &'static str); 12] {
        [
            (&mut self.add_add, "add and add"),
            (&mut self.add_set, "add and set"),
            (&mut self.add_remove, "add and remove"),
            (&mut self.add_order, "add and order"),
            (&mut self.set_set, "set and set"),
            (&mut self.set_remove, "set and remove"),
            (&mut self.set_order, "set and order"),
            (&mut self.remove_remove, "remove and remove"),
            (&mut self.remove_order, "remove and order"),
            (&mut self.order_order, "order and order"),
            (&mut self.guest_merges, "guest carts merged"),
            (&mut self.lines_on_both_sides, "lines on both sides of a merge"),
        ]
    }

    /// Adds another count, field by field.
    pub(crate) fn add(&mut self, mut other: Self) {
        for ((mine, _), (theirs, _)) in self.each().into_iter().zip(other.each()) {
            *mine += *theirs;
        }
    }

    pub(super) fn pair(&mut self, one: ConflictKind, two: ConflictKind) -> &mut u64 {
        use ConflictKind::{Add, Order, Remove, Set};
        match (one.min(two), one.max(two)) {
            (Add, Add) => &mut self.add_add,
            (Add, Set) => &mut self.add_set,
            (Add, Remove) => &mut self.add_remove,
            (Add, Order) => &mut self.add_order,
            (Set, Set) => &mut self.set_set,
            (Set, Remove) => &mut self.set_remove,
            (Set, Order) => &mut self.set_order,
            (Remove, Remove) => &mut self.remove_remove,
            (Remove, Order) => &mut self.remove_order,
            _ => &mut self.order_order,
        }
    }
}

/// Kind of an action, for counts of conflicts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ConflictKind {
    Add,
    Set,
    Remove,
    Order,
}

/// Actions on one line so far.
#[derive(Default)]
pub(super) struct LineHistory {
    /// How many orders bought of it.
    pub(super) orders: usize,
    /// The latest actions on it in the party's cart.
    pub(super) recent: Vec<ActionId>,
}

impl ConflictKind {
    pub(super) const fn of(verb: &ActionKind) -> Option<Self> {
        match verb {
            ActionKind::Add(..) => Some(Self::Add),
            ActionKind::Set(..) => Some(Self::Set),
            ActionKind::Remove(_) => Some(Self::Remove),
            ActionKind::Order => Some(Self::Order),
            ActionKind::SignIn(_) => None,
        }
    }
}
