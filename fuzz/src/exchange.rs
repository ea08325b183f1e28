//! A hostile peer among honest ones: whatever it sends, nobody panics, and the honest converge.

use holdall::cart::Fingerprint;
use holdall::sync::{Message, probe, respond};
use holdall::{
    CartId, Claim, Delta, Have, LineKey, List, MergePolicy, OrderId, Quantity, Replica, ReplicaId,
    RowRef, wire,
};

use crate::input::Input;

const CART: CartId = CartId::from_u128(0xcafe);
const GUEST: CartId = CartId::from_u128(0xbeef);

/// Lets two honest replicas edit and a third lie to them. True if a lie was taken.
pub fn exchange(data: &[u8]) -> bool {
    let mut input = Input(data);
    let mut honest = [1, 2].map(|id| Replica::new(CART, ReplicaId::from_u128(id)));
    // Mallory writes under an honest writer's id, or under its own.
    let id = ReplicaId::from_u128(u128::from(input.below(3)) + 1);
    let mut mallory = Replica::new(CART, id);
    let mut taken = false;
    for now in 0..32 {
        if input.is_empty() {
            break;
        }
        let at = usize::from(input.below(2));
        match input.below(8) {
            0 | 1 => edit(&mut input, now, &mut honest[at]),
            2 | 3 => edit(&mut input, now, &mut mallory),
            4 => {
                let have = mallory.cart().have();
                let _ = mallory.join(&honest[at].cart().delta_for(&have)).expect("the same cart");
            }
            5 => {
                let [a, b] = &mut honest;
                talk(a, b);
            }
            _ => {
                let lie = lie(&mut input, &mallory, &honest[at]);
                let bytes = input.damage(wire::encode_message(&lie), 3);
                if let Ok(message) = wire::decode_message(&bytes)
                    && let Ok(response) = respond(&mut honest[at], &message)
                {
                    taken |= response.joined.changed;
                    // The answer can be sent, whatever the question was.
                    if let Some(answer) = response.message {
                        let bytes = wire::encode_message(&answer);
                        assert_eq!(wire::decode_message(&bytes).as_ref(), Ok(&answer));
                    }
                }
            }
        }
    }
    let [a, b] = &mut honest;
    talk(a, b);
    assert_eq!(a.fingerprint(), b.fingerprint());
    assert_eq!(a.cart(), b.cart());
    assert_eq!(a.view(), b.view());
    assert_eq!(a.explain(), b.explain());
    assert_eq!(wire::encode_cart(a.cart()), wire::encode_cart(b.cart()));
    taken
}

/// What a liar may say, in a form that decodes.
fn lie(input: &mut Input<'_>, mallory: &Replica, victim: &Replica) -> Message {
    let cart = CART;
    let fingerprint = match input.below(3) {
        0 => mallory.fingerprint(),
        1 => victim.fingerprint(),
        _ => Fingerprint { live: victim.fingerprint().live ^ 1, ..victim.fingerprint() },
    };
    let delta = match input.below(8) {
        0 => Delta::empty(cart),
        1 if input.below(8) == 0 => Delta::erasure(cart),
        2 => {
            // Kills what it has not seen, and more.
            let dead = victim.cart().context().clone();
            Delta::new(cart, [], dead, Default::default()).expect("it only kills")
        }
        3 => mallory.cart().delta_for(&Have::default()),
        _ => mallory.cart().to_delta(),
    };
    let have = match input.below(4) {
        0 => None,
        1 => Some(Have::default()),
        2 => Some(victim.cart().have()),
        _ => Some(mallory.cart().have()),
    };
    match input.below(5) {
        0 => Message::Probe { cart, fingerprint },
        1 => Message::Same { cart },
        2 => Message::Have { cart, have: have.unwrap_or_default() },
        3 => Message::Answer { delta, have, fingerprint },
        _ => Message::All { delta, fingerprint, reply: input.below(2) == 0 },
    }
}

/// An edit; that one fails is no matter (a liar may have used up a writer's numbers).
fn edit(input: &mut Input<'_>, now: u64, at: &mut Replica) {
    let sku = ["A", "B"][usize::from(input.below(2))];
    let line = LineKey::sku(sku).expect("a name");
    let row = RowRef::active(line.clone());
    let units = u32::from(input.below(9)) + 1;
    let _ = match input.below(8) {
        0..=2 => at.add(now, &line, Quantity::new(units).expect("a quantity"), None),
        3 => at.set(now, &row, units, None),
        4 => at.remove(now, &row),
        5 => at.move_to(now, &row, row.list.other()),
        6 => match at.snapshot() {
            Ok(snapshot) => at.order(now, OrderId::new("O").expect("an id"), &snapshot),
            Err(_) => at.clear(now, List::Saved),
        },
        _ => {
            let mut guest = Replica::new(GUEST, ReplicaId::from_u128(9));
            guest.add(now, &line, Quantity::ONE, None).expect("an add");
            let claim = Claim { guest: GUEST, account: CART, number: 1 };
            let rule = ["sum", "max", "ask", "nobody-has-this"][usize::from(input.below(4))];
            at.merge(now, claim, MergePolicy::rule(rule).expect("a name"), guest.cart())
        }
    };
}

/// An honest exchange, to its end, and once more.
fn talk(a: &mut Replica, b: &mut Replica) {
    for _ in 0..2 {
        let mut message = Some(probe(a));
        let mut to_b = true;
        for _ in 0..16 {
            let Some(sent) = message else { break };
            let receiver = if to_b { &mut *b } else { &mut *a };
            message = respond(receiver, &sent).expect("the same cart").message;
            to_b = !to_b;
        }
        assert!(message.is_none(), "an exchange that does not end");
    }
}
