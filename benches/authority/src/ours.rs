//! The library's own embedded store, through its contract: every call by a thread that waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use futures_lite::future::block_on;
use holdall::CartId;
use holdall_store::{Append, Appended, Class, EmbeddedStore, RequestKey, Store};

use super::{SPELL, file, folder, records};

/// Appends of 200 bytes a second, by so many threads, each to carts of its own.
fn spell(store: &Arc<EmbeddedStore>, threads: usize, shape: Shape, carts: &AtomicU64) -> f64 {
    let (began, done) = (Instant::now(), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut seed = 88_172_645_463_325_252;
                let delta = records(&mut seed, 1).remove(0);
                while began.elapsed() < SPELL {
                    let number = carts.fetch_add(1, Ordering::Relaxed);
                    let cart = CartId::from_u128(
                        u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835),
                    );
                    for expected in 0..20 {
                        let mut append = Append::new(cart, expected, number, Class::Guest)
                            .with_delta(delta.clone());
                        if shape != Shape::Delta {
                            append =
                                append.with_key(RequestKey { key: expected.into(), body: [7; 32] });
                        }
                        if shape == Shape::Header {
                            append = append.with_header(delta[..80].to_vec());
                        }
                        let appended = block_on(store.append(append)).expect("appended");
                        assert!(matches!(appended, Appended::Done { .. }));
                        done.fetch_add(1, Ordering::Relaxed);
                        if began.elapsed() >= SPELL {
                            break;
                        }
                    }
                }
            });
        }
    });
    done.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shape {
    Delta,
    Keyed,
    Header,
}

pub fn rates(rounds: usize) {
    let (base, path) = (folder("base"), folder("ours"));
    let (mut plain, _) = file::open(&base);
    let store = Arc::new(EmbeddedStore::open(&path, 1).expect("opened"));
    let carts = AtomicU64::new(1);
    let cases = [
        ("1 thread, a delta", 1, Shape::Delta),
        ("64 threads, a delta", 64, Shape::Delta),
        ("64 threads, and a request key", 64, Shape::Keyed),
        ("64 threads, and a header each time", 64, Shape::Header),
    ];
    let mut rates = vec![Vec::new(); cases.len()];
    for round in 0..=rounds {
        for (at, (_, threads, shape)) in cases.into_iter().enumerate() {
            let (began, mut n) = (Instant::now(), 0);
            let batch = records(&mut 7, threads);
            while began.elapsed() < SPELL / 3 {
                plain.commit(0, &batch);
                n += threads;
            }
            let base = n as f64 / began.elapsed().as_secs_f64();
            let rate = spell(&store, threads, shape, &carts);
            if round > 0 {
                rates[at].push((rate, rate / base));
            }
        }
    }
    println!(
        "{rounds} rounds: median appends of 200 bytes a second, their range, median ratio to a plain file that writes groups of as many"
    );
    for ((name, ..), mut rates) in cases.iter().zip(rates) {
        rates.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (low, middle, high) = (rates[0].0, rates[rounds / 2], rates[rounds - 1].0);
        println!("  {name:36} {:8.0}/s  ({low:.0} to {high:.0})  {:.2}", middle.0, middle.1);
    }
    drop(store);
    let began = Instant::now();
    let store = EmbeddedStore::open(&path, 1).expect("opened");
    let opened = store.opened();
    println!(
        "  opened again in {:.2} s: {} carts, {} records",
        began.elapsed().as_secs_f64(),
        opened.carts,
        opened.records
    );
    let _ = (std::fs::remove_dir_all(&path), std::fs::remove_dir_all(&base));
}
