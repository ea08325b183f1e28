//! What writers that are done weigh on a cart: `cargo bench --bench writers`. Figures:
//! `docs/internals/entries.md`. The budget of each is 25 bytes of the state and 50 ns of a load.

use std::time::{Duration, Instant};

use holdall::{CartId, LineKey, Quantity, Replica, ReplicaId, RowRef, Time, wire};

type Failure = Box<dyn std::error::Error>;

const LINES: u32 = 50;
const ROUNDS: usize = 200;

fn id(kind: u128) -> ReplicaId {
    ReplicaId::from_u128((kind + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

fn line(number: u32) -> Result<LineKey, Failure> {
    Ok(LineKey::sku(&format!("SKU-{:06}", number % LINES))?)
}

fn main() -> Result<(), Failure> {
    for writers in [0, 100, 500, 1_000, 10_000] {
        weigh(writers)?;
    }
    Ok(())
}

/// A cart to which so many each added, and took it out again.
fn weigh(writers: u32) -> Result<(), Failure> {
    let two = Quantity::new(2)?;
    let mut owner = Replica::new(CartId::from_u128(1), id(0));
    for number in 0..LINES {
        owner.add(1_000 + u64::from(number), &line(number)?, two, None)?;
    }
    for number in 0..writers {
        let (line, at) = (line(number)?, 5_000 + u64::from(number));
        let cart = owner.cart().clone();
        let mut guest = Replica::resume(id(1 + u128::from(number)), Time::default(), cart);
        let added = guest.add(at, &line, Quantity::ONE, None)?;
        let removed = guest.set(at + 1, &RowRef::active(line.clone()), 0, None)?;
        let _ = (owner.join(&added)?, owner.join(&removed)?);
        owner.add(at + 2, &line, two, None)?;
    }
    let bytes = wire::encode_cart(owner.cart());
    let mut least = [Duration::MAX; 3];
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let cart = wire::decode_cart(&bytes)?;
        least[0] = least[0].min(began.elapsed());
        let mut server = Replica::resume(id(u128::MAX - 1), Time::default(), cart);
        let began = Instant::now();
        let view = server.view();
        least[1] = least[1].min(began.elapsed());
        assert_eq!(view.lines.len(), LINES as usize);
        let began = Instant::now();
        server.add(1_000_000, &line(3)?, Quantity::ONE, None)?;
        least[2] = least[2].min(began.elapsed());
    }
    let [load, view, add] = least.map(|least| least.as_secs_f64() * 1e6);
    let bytes = bytes.len();
    println!(
        "{writers} writers: {bytes} bytes, load {load:.1} us, view {view:.1} us, an add {add:.1} us"
    );
    Ok(())
}
