//! One line, an account's cart and two guests', and devices with replicas of them: what tests of single
//! actions begin with.

use holdall::cart::Entries;
use holdall::cart::{Body, Entry};
use holdall::dots::Dots;
use holdall::{
    CartId, Claim, Delta, Dot, LineKey, MergePolicy, OrderId, Quantity, Replica, ReplicaId, RowRef,
    Time,
};

pub(crate) const ACCOUNT: CartId = CartId::from_u128(1);
pub(crate) const GUEST: CartId = CartId::from_u128(12);
pub(crate) const OTHER: CartId = CartId::from_u128(11);

pub(crate) fn tee() -> LineKey {
    LineKey::sku("TEE").expect("a SKU")
}

pub(crate) fn row() -> RowRef {
    RowRef::active(tee())
}

pub(crate) fn units(n: u32) -> Quantity {
    Quantity::new(n).expect("a quantity")
}

pub(crate) fn replica(cart: CartId, id: u128) -> Replica {
    Replica::new(cart, ReplicaId::from_u128(id))
}

/// A replica of the cart with that many of the line.
pub(crate) fn with(cart: CartId, id: u128, n: u32) -> Replica {
    let mut replica = replica(cart, id);
    replica.add(1, &tee(), units(n), None).expect("an add");
    replica
}

pub(crate) fn join(replica: &mut Replica, delta: &Delta) {
    let _ = replica.join(delta).expect("the same cart");
}

pub(crate) fn tell(from: &Replica, to: &mut Replica) {
    join(to, &from.cart().to_delta());
}

/// A delta of one entry in the account's cart, as somebody could write it.
pub(crate) fn forged(dot: Dot, time_ms: u64, line: Option<LineKey>, body: Body) -> Delta {
    let (time, after) = (Time::from_ms(time_ms), [].into());
    let entry = Entry { time, scope: ACCOUNT, seen_merges: after, line, price: None, body };
    Delta::new(ACCOUNT, [(dot, entry)], Dots::default(), Dots::default()).expect("one live dot")
}

/// A delta of the account's cart with entries that may have been written elsewhere.
pub(crate) fn carried(live: &Entries) -> Delta {
    Delta::new(ACCOUNT, live, Dots::default(), Dots::default()).expect("live dots")
}

pub(crate) fn shown(replica: &Replica) -> u64 {
    replica.view().quantity(&tee())
}

pub(crate) fn saved(replica: &Replica) -> u64 {
    replica.view().saved.iter().map(|row| row.quantity).sum()
}

pub(crate) fn claim(guest: CartId) -> Claim {
    Claim { guest, account: ACCOUNT, number: 1 }
}

pub(crate) fn rule(name: &str) -> MergePolicy {
    MergePolicy::rule(name).expect("a name")
}

pub(crate) fn buy(replica: &mut Replica, now: u64, id: &str) -> Delta {
    replica.order_all(now, OrderId::new(id).expect("an id")).expect("something to buy")
}
