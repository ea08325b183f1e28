//! All carts in memory: where their records are, and what conditions are held to.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound::{Excluded, Unbounded};

use crate::{Class, Idle, RequestKey};
use holdall::id::CartId;

/// A state in the file: the revision it is of, and the record's position.
pub(super) type State = (u64, u64);

/// Where an append is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) position: u64,
    /// A part of its request key, 0 for none. The rest is in the record.
    pub(super) key: u64,
}

impl Place {
    /// The part of a key that is kept. Clients choose keys, and may choose ones that are alike; that costs
    /// them a look at the record.
    pub(super) fn part(key: Option<RequestKey>) -> u64 {
        key.map_or(0, |key| (key.key as u64 ^ (key.key >> 64) as u64).max(1))
    }
}

/// What a cart is at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    pub(super) revision: u64,
    pub(super) at_ms: u64,
    pub(super) class: Class,
    pub(super) header: Option<State>,
    pub(super) snapshot: Option<State>,
    pub(super) base: Option<State>,
}

impl Head {
    pub(super) const NONE: Self = Self {
        revision: 0,
        at_ms: 0,
        class: Class::Empty,
        header: None,
        snapshot: None,
        base: None,
    };

    /// The latest of what a state can begin with.
    pub(super) fn start(&self) -> Option<State> {
        self.snapshot.into_iter().chain(self.base).max_by_key(|(revision, _)| *revision)
    }

    /// The revision before the first in the log.
    pub(super) fn folded(&self) -> u64 {
        self.base.map_or(0, |(through, _)| through)
    }

    /// The revision of its header, 0 if it has none.
    pub(super) fn header_revision(&self) -> u64 {
        self.header.map_or(0, |(revision, _)| revision)
    }

    /// Every position that is not of the log.
    pub(super) fn others(&self) -> impl Iterator<Item = u64> {
        let states = self.header.into_iter().chain(self.snapshot).chain(self.base);
        states.map(|(_, position)| position)
    }
}

/// A cart.
#[derive(Debug)]
pub(super) struct Cart {
    pub(super) head: Head,
    /// Its appends that are not folded, in order, without gaps.
    pub(super) log: Vec<Place>,
    /// What is wrong with it, and further positions that are its own.
    pub(super) damage: Option<Box<(String, Vec<u64>)>>,
}

/// A cart as it will be when the transaction that is under way is committed.
#[derive(Debug)]
pub(super) struct Staged {
    /// Whether it will be there.
    pub(super) there: bool,
    pub(super) head: Head,
    /// How many of the log's first appends will have gone.
    pub(super) gone: usize,
    /// Appends that come to the log.
    pub(super) more: Vec<Place>,
    /// Whether it was damaged, and still is.
    pub(super) damaged: bool,
}

impl Staged {
    /// A cart as it is in the index.
    pub(super) fn of(found: Option<&Cart>) -> Self {
        Self {
            there: found.is_some(),
            head: found.map_or(Head::NONE, |cart| cart.head),
            gone: 0,
            more: Vec::new(),
            damaged: found.is_some_and(|cart| cart.damage.is_some()),
        }
    }
}

/// All carts.
#[derive(Debug, Default)]
pub(super) struct Index {
    carts: BTreeMap<CartId, Cart>,
    /// By class and last activity.
    idle: BTreeSet<(Class, u64, CartId)>,
}

impl Index {
    pub(super) fn get(&self, cart: CartId) -> Option<&Cart> {
        self.carts.get(&cart)
    }

    pub(super) fn len(&self) -> usize {
        self.carts.len()
    }

    /// Puts in a cart that opening found.
    pub(super) fn insert(&mut self, id: CartId, cart: Cart) {
        self.idle.insert((cart.head.class, cart.head.at_ms, id));
        self.carts.insert(id, cart);
    }

    /// Makes what was committed seen.
    pub(super) fn publish(&mut self, staged: HashMap<CartId, Staged>) {
        for (id, staged) in staged {
            let entry = self.carts.entry(id);
            if let Entry::Occupied(cart) = &entry {
                let Head { class, at_ms, .. } = cart.get().head;
                self.idle.remove(&(class, at_ms, id));
            }
            if !staged.there {
                if let Entry::Occupied(cart) = entry {
                    cart.remove();
                }
                continue;
            }
            self.idle.insert((staged.head.class, staged.head.at_ms, id));
            let new = || Cart { head: Head::NONE, log: Vec::new(), damage: None };
            let cart = entry.or_insert_with(new);
            cart.head = staged.head;
            cart.log.drain(..staged.gone);
            cart.log.extend(staged.more);
            if !staged.damaged {
                cart.damage = None;
            }
        }
    }

    pub(super) fn after(&self, after: Option<CartId>, limit: usize) -> Vec<CartId> {
        let range = (after.map_or(Unbounded, Excluded), Unbounded);
        self.carts.range(range).map(|(cart, _)| *cart).take(limit).collect()
    }

    pub(super) fn idle(&self, class: Class, before_ms: u64, limit: usize) -> Vec<Idle> {
        let first = CartId::from_u128(0);
        let range = self.idle.range((class, 0, first)..(class, before_ms, first));
        let revision = |cart: &CartId| self.carts.get(cart).map_or(0, |cart| cart.head.revision);
        let idle = |(_, at_ms, cart): &(Class, u64, CartId)| Idle {
            cart: *cart,
            at_ms: *at_ms,
            revision: revision(cart),
        };
        range.take(limit).map(idle).collect()
    }
}
