//! What a cart costs. Each bench states its budget: the most it may take on one core of a small
//! server, in a release build. A budget is a promise to look, not a test that fails.
//!
//! `cargo bench --bench cart`

// The macros of the harness write functions without documentation.
#![allow(missing_docs)]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use holdall::{
    Cart, CartId, Claim, Delta, LineKey, MergePolicy, Quantity, Registry, Replica, ReplicaId,
    RowRef, ViewOptions, view, wire,
};

const ACCOUNT: CartId = CartId::from_u128(0xacc0_0000_0000_0000_0000_0000_0000_0001);
const GUEST: CartId = CartId::from_u128(0x90e5_0000_0000_0000_0000_0000_0000_0002);
const START_MS: u64 = 1_700_000_000_000;

fn line(at: usize) -> LineKey {
    LineKey::parse(&format!("SKU-{at:05}"), [("size", "M")]).expect("a name")
}

fn units(n: u32) -> Quantity {
    Quantity::new(n).expect("a quantity")
}

/// A cart that keeps `lines` lines through `edits` edits: 70 % add, 20 % set, 10 % remove and add.
fn edited(cart: CartId, writer: u128, lines: usize, edits: usize) -> Replica {
    let mut replica = Replica::new(cart, ReplicaId::from_u128(writer << 64 | 0x5eed));
    for edit in 0..edits {
        let (key, now) = (line(edit % lines), START_MS + edit as u64 * 1_000);
        let row = RowRef::active(key.clone());
        let done = match (edit / lines) % 10 {
            2 | 7 => replica.set(now, &row, 3, None),
            4 => replica.remove(now, &row).and_then(|_| replica.add(now, &key, units(2), None)),
            _ => replica.add(now, &key, units(1), None),
        };
        done.expect("an edit");
    }
    replica
}

/// A fresh writer of the same state: a replica cannot be cloned, but it can come back.
fn again(bytes: &[u8]) -> Replica {
    wire::decode_replica(bytes).expect("its own bytes")
}

/// Budget 230 ns: a tenth of the fastest engine's edit of a 50-line cart.
fn add(c: &mut Criterion) {
    let bytes = wire::encode_replica(&edited(ACCOUNT, 1, 50, 200));
    let key = line(7);
    c.bench_function("add, cart of 50 lines", |b| {
        b.iter_batched_ref(
            || again(&bytes),
            |replica| replica.add(START_MS + 9_000_000, &key, units(1), None),
            BatchSize::SmallInput,
        );
    });
}

/// Budget 230 ns, as for an add.
fn set(c: &mut Criterion) {
    let bytes = wire::encode_replica(&edited(ACCOUNT, 1, 50, 200));
    let row = RowRef::active(line(7));
    c.bench_function("set, cart of 50 lines", |b| {
        b.iter_batched_ref(
            || again(&bytes),
            |replica| replica.set(START_MS + 9_000_000, &row, 4, None),
            BatchSize::SmallInput,
        );
    });
}

/// Budgets: encode 100 ns, decode and join together 400 ns; so a fifth of the fastest engine's two.
fn join(c: &mut Criterion) {
    let bytes = wire::encode_replica(&edited(ACCOUNT, 1, 50, 200));
    let delta = one_add(&bytes);
    let sent = wire::encode_delta(&delta);
    println!("delta of one add: {} bytes, whole and alone", sent.len());
    c.bench_function("encode a delta of one add", |b| {
        b.iter(|| wire::encode_delta(black_box(&delta)));
    });
    c.bench_function("join a delta of one add", |b| {
        b.iter_batched_ref(
            || again(&bytes),
            |replica| replica.join(black_box(&delta)),
            BatchSize::SmallInput,
        );
    });
    c.bench_function("decode and join a delta of one add", |b| {
        b.iter_batched_ref(
            || again(&bytes),
            |replica| replica.join(&wire::decode_delta(black_box(&sent)).expect("a delta")),
            BatchSize::SmallInput,
        );
    });
}

fn one_add(bytes: &[u8]) -> Delta {
    let mut peer = Replica::new(ACCOUNT, ReplicaId::from_u128(2 << 64 | 0x5eed));
    let _ = peer.join(&again(bytes).cart().to_delta()).expect("the same cart");
    peer.add(START_MS + 9_000_000, &line(7), units(1), None).expect("an add")
}

/// Load, apply one remote add, read every line, save. Budgets: 2.9 us for 10 lines after 40
/// edits (a tenth of the fastest engine), 17 us for 50 lines after 1,000 (a twenty-fifth).
fn request(c: &mut Criterion) {
    let (rules, options) = (Registry::default(), ViewOptions::default());
    for (lines, edits) in [(10, 40), (50, 1_000), (50, 100_000)] {
        let replica = edited(ACCOUNT, 1, lines, edits);
        let bytes = wire::encode_cart(replica.cart());
        let delta = one_add(&wire::encode_replica(&replica));
        let entries = replica.cart().live().len();
        println!("{lines} lines, {edits} edits: {} bytes, {entries} live entries", bytes.len());
        c.bench_function(&format!("load, apply, view, save: {lines} lines, {edits} edits"), |b| {
            b.iter(|| {
                let mut cart = wire::decode_cart(black_box(&bytes)).expect("a cart");
                let _ = cart.join(&delta).expect("the same cart");
                let shown = view(&cart, &rules, &options);
                (shown, wire::encode_cart(&cart))
            });
        });
    }
}

/// Budget 2.4 us: a third of the fastest engine. 10 lines into 20, 5 of them shared.
fn merge(c: &mut Criterion) {
    let bytes = wire::encode_replica(&edited(ACCOUNT, 1, 20, 20));
    let mut phone = Replica::new(GUEST, ReplicaId::from_u128(3 << 64 | 0x5eed));
    for at in 15..25 {
        phone.add(START_MS, &line(at), units(1), None).expect("an add");
    }
    let guest: &Cart = phone.cart();
    let claim = Claim { guest: GUEST, account: ACCOUNT, number: 1 };
    let policy = MergePolicy::rule("sum").expect("a name");
    c.bench_function("merge a guest of 10 lines into 20", |b| {
        b.iter_batched_ref(
            || (again(&bytes), policy.clone()),
            |(account, policy)| account.merge(START_MS + 9_000_000, claim, policy.clone(), guest),
            BatchSize::SmallInput,
        );
    });
}

/// Budgets of our own, no engine does this: 50 us for 50 lines after 1,000 edits, 100 us with sentences.
fn explain(c: &mut Criterion) {
    let replica = edited(ACCOUNT, 1, 50, 1_000);
    c.bench_function("explain, 50 lines, 1000 edits", |b| {
        b.iter(|| black_box(&replica).explain());
    });
    c.bench_function("explain in sentences, 50 lines, 1000 edits", |b| {
        b.iter(|| {
            let lines = black_box(&replica).explain();
            lines
                .iter()
                .map(|line| line.sentences(&holdall::view::PlainPhrasing).len())
                .sum::<usize>()
        });
    });
}

criterion_group!(benches, add, set, join, request, merge, explain);
criterion_main!(benches);
