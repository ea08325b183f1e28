//! One author at a time, against a model that a child could write: a number for each line and
//! list. The author sees all that was done before, so every action has exactly its own effect.

use std::collections::BTreeMap;

use holdall::sync::Inbox;
use holdall::{CartId, Delta, LineKey, List, Quantity, Replica, ReplicaId, RowRef, View, wire};

use crate::input::Input;

const CART: CartId = CartId::from_u128(0xcafe);
const LINES: [&str; 4] = ["A", "B", "C", "D"];

type Model = BTreeMap<(&'static str, List), u64>;

/// Plays bytes as actions at two replicas that take turns; a third gets every delta in an order
/// of the input's choosing. True if anything was done.
pub fn actions(data: &[u8]) -> bool {
    let mut input = Input(data);
    let mut model = Model::new();
    let mut pair = [1, 2].map(|id| Replica::new(CART, ReplicaId::from_u128(id)));
    let mut sent: Vec<Delta> = Vec::new();
    for now in 0..200 {
        if input.is_empty() {
            break;
        }
        let turn = usize::from(input.below(2));
        if input.below(16) == 0 {
            let bytes = wire::encode_replica(&pair[turn]); // it stops, and comes back
            pair[turn] = wire::decode_replica(&bytes).expect("its own bytes");
        }
        let Some(delta) = act(&mut input, now, &mut pair[turn], &mut model) else { continue };
        let joined = pair[1 - turn].join(&delta).expect("the same cart");
        assert!(joined.equivocations.is_empty());
        for replica in &pair {
            assert_eq!(shown(&replica.view()), model);
        }
        sent.push(delta);
    }
    let done = !sent.is_empty();
    late(&mut input, sent, &pair[0]);
    done
}

/// One action; none if it has to fail. Then nothing may have changed.
fn act(input: &mut Input<'_>, now: u64, at: &mut Replica, model: &mut Model) -> Option<Delta> {
    let sku = LINES[usize::from(input.below(4))];
    let line = LineKey::sku(sku).expect("a name");
    let list = List::ALL[usize::from(input.below(4) == 0)];
    let row = RowRef { line: line.clone(), list, side: None };
    let here = model.get(&(sku, list)).copied().unwrap_or(0);
    let before = at.fingerprint();
    // Clocks go where they like; time decides nothing here.
    let now = now * u64::from(input.below(3));
    let done = match input.below(6) {
        0 | 1 => {
            let units = u32::from(input.below(9)) + 1;
            *model.entry((sku, List::Active)).or_default() += u64::from(units);
            Some(at.add(now, &line, Quantity::new(units).expect("a quantity"), None))
        }
        2 => {
            let units = u32::from(input.below(9)) + 1;
            model.insert((sku, list), u64::from(units));
            Some(at.set(now, &row, units, None))
        }
        3 => {
            model.retain(|(_, at), _| *at != list);
            Some(at.clear(now, list))
        }
        _ if here == 0 => {
            assert!(
                at.remove(now, &row).is_err() && at.move_to(now, &row, row.list.other()).is_err()
            );
            None
        }
        4 => {
            model.remove(&(sku, list));
            Some(at.remove(now, &row))
        }
        _ => {
            model.remove(&(sku, list));
            *model.entry((sku, list.other())).or_default() += here;
            Some(at.move_to(now, &row, row.list.other()))
        }
    };
    match done {
        Some(done) => Some(done.expect("it is allowed")),
        None => {
            assert_eq!(at.fingerprint(), before);
            None
        }
    }
}

/// Delivers everything to a third replica, out of order and sometimes twice.
fn late(input: &mut Input<'_>, sent: Vec<Delta>, all: &Replica) {
    let mut third = Replica::new(CART, ReplicaId::from_u128(3));
    let mut inbox = Inbox::default();
    let mut left = sent;
    while !left.is_empty() {
        let at = usize::from(input.byte()) % left.len();
        let delta = if input.below(4) == 1 { left[at].clone() } else { left.swap_remove(at) };
        let delta = wire::decode_delta(&wire::encode_delta(&delta)).expect("its own bytes");
        let _ = inbox.receive(&mut third, delta).expect("there is room");
    }
    assert!(inbox.waiting().is_empty());
    assert_eq!(third.fingerprint(), all.fingerprint());
    assert_eq!(third.view(), all.view());
    assert_eq!(wire::encode_cart(third.cart()), wire::encode_cart(all.cart()));
}

fn shown(view: &View) -> Model {
    let sku = |text: &str| *LINES.iter().find(|sku| **sku == text).expect("one of ours");
    let rows = view.rows().map(|row| ((sku(row.line.product()), row.list), row.quantity));
    rows.collect()
}
