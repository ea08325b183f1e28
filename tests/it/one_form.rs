//! What is said has one form in bytes: whatever is near the bytes of a Set is refused, or is the form of another, and tables ascend.

use holdall::cart::{Body, Entry};
use holdall::cart::{ReplacedDots, SetQuantity};
use holdall::dots::Dots;
use holdall::{CartId, Delta, Dot, LineKey, List, Money, Quantity, ReplicaId, Time, wire};

use super::devices::{ACCOUNT, tee};
use super::samples::{self, seal};

/// The number of the Set, and its writer with one before and one after.
const SEQ: u64 = 20;
const BEFORE: u128 = 3;
const OWN: u128 = 5;
const AFTER: u128 = 9;

/// Where the table of writers is behind, so that what follows can be changed.
const BEGINS_AT: usize = 40;

fn runs(writer: u128, runs: &[(u64, u64)]) -> impl Iterator<Item = Dot> {
    let dots = runs.iter().flat_map(|(first, last)| *first..=*last);
    dots.map(move |seq| Dot::new(ReplicaId::from_u128(writer), seq)).collect::<Vec<_>>().into_iter()
}

/// So many runs of one dot each.
fn apart(many: u64) -> Vec<(u64, u64)> {
    (1..=many).map(|at| (2 * at, 2 * at)).collect()
}

fn content(units: u32, covers: Dots) -> Vec<u8> {
    let set = SetQuantity {
        quantity: Quantity::new(units).expect("a quantity"),
        list: List::Active,
        sided: false,
        seen: Dots::default().into(),
        covers: ReplacedDots::from(&covers),
        settled: None,
    };
    let (dot, body) = (Dot::new(ReplicaId::from_u128(OWN), SEQ), Body::Set(set.into()));
    let (time, scope, after) = (Time::from_ms(7), ACCOUNT, [].into());
    let entry = Entry { time, scope, seen_merges: after, line: Some(tee()), price: None, body };
    let none = Dots::default;
    let delta = Delta::new(ACCOUNT, [(dot, entry)], none(), none()).expect("a delta");
    let bytes = wire::encode_delta(&delta);
    assert_eq!(wire::decode_delta(&bytes), Ok(delta));
    samples::content(&bytes).to_vec()
}

/// Whether it is read; then it is the form of what is read.
fn is_read(content: &[u8]) -> bool {
    let bytes = seal(content);
    let read = wire::decode_delta(&bytes);
    if let Ok(delta) = &read {
        assert_eq!(wire::encode_delta(delta), bytes, "read, but not in its one form");
        assert_eq!(
            wire::encode_delta(&anew(delta)),
            bytes,
            "read, and what it says has another form"
        );
    }
    read.is_ok()
}

/// A delta of the same facts. What a Set covers is held as it was read, so to write it once more says nothing.
fn anew(delta: &Delta) -> Delta {
    let entries = delta.live().iter().map(|(dot, entry)| match &entry.body {
        Body::Set(set) => {
            let covers = ReplacedDots::from(&set.covers.to_dots());
            let body = Body::Set(SetQuantity { covers, ..(**set).clone() }.into());
            (dot, Entry { body, ..entry })
        }
        _ => (dot, entry),
    });
    let (dead, needs) = (delta.dead().clone(), delta.needs().clone());
    Delta::new(delta.cart(), entries, dead, needs).expect("the same facts")
}

/// The same with any byte another, and then perhaps with one left out, or there twice.
fn tried(content: &[u8]) -> [usize; 2] {
    let (mut read, mut refused) = (0, 0);
    let mut try_it = |content: &[u8]| {
        if is_read(content) { read += 1 } else { refused += 1 }
    };
    for at in BEGINS_AT..content.len() {
        let byte = content[at];
        let flips = (0..8).map(|bit| byte ^ 1 << bit);
        for other in flips.chain([byte, byte.wrapping_add(1), byte.wrapping_sub(1)]) {
            let mut changed = content.to_vec();
            changed[at] = other;
            try_it(&changed);
            for (from, again) in content.iter().enumerate().skip(at + 1) {
                let mut shorter = changed.clone();
                shorter.remove(from);
                try_it(&shorter);
                let mut longer = changed.clone();
                longer.insert(from, *again);
                try_it(&longer);
            }
        }
    }
    [read, refused]
}

#[test]
fn what_is_near_the_bytes_of_a_set_is_refused_or_another() {
    let others = |own: Vec<(u64, u64)>, later: &[(u64, u64)]| -> Dots {
        let both = runs(OWN, &own).chain(runs(OWN, later));
        both.chain(runs(BEFORE, &[(1, 1)])).chain(runs(AFTER, &[(2, 3), (6, 6)])).collect()
    };
    let [mut read, mut refused] = [0, 0];
    for (units, covers) in [
        (1, runs(OWN, &[(1, 3), (5, 5)]).collect()),
        (4, runs(OWN, &[(19, 19)]).collect()),
        (2, runs(OWN, &apart(7)).collect()),
        (2, runs(OWN, &apart(8)).collect()),
        (3, runs(AFTER, &[(1, 1)]).collect()),
        (1, others(apart(2), &[])),
        (1, others(apart(8), &[])),
        // Dots of the writer's that come after the Set are no honest writer's, and have a form, too.
        (1, others(vec![(18, 18)], &[(20, 21)])),
        (5, runs(OWN, &[(1, 4), (21, 22)]).collect()),
    ] {
        let [more_read, more_refused] = tried(&content(units, covers));
        [read, refused] = [read + more_read, refused + more_refused];
    }
    assert!(read > 1_000 && refused > 10_000, "{read} read, {refused} refused");
}

/// Tables are sorted and have each row once: with two rows the other way round, or one of them twice, a message is none.
#[test]
fn tables_that_do_not_ascend_are_refused() {
    let add = |writer: u128, scope: u128, sku: &str, price: &str| {
        let dot = Dot::new(ReplicaId::from_u128(writer), 1);
        let line = LineKey::sku(sku).expect("a SKU");
        let price = Money::parse(price, "EUR").expect("a price");
        let body = Body::Add { quantity: Quantity::ONE, sided: false };
        let (time, scope, after) = (Time::from_ms(7), CartId::from_u128(scope), [].into());
        (dot, Entry { time, scope, seen_merges: after, line: Some(line), price: Some(price), body })
    };
    let id = |id: u128| id.to_be_bytes().to_vec();
    let price = |cents: u8| [&[cents, 2], &b"EUR"[..]].concat();
    let (low, high) = (0x1111_u128 << 96, 0x2222_u128 << 96);
    let (one, other) = (0x3333_u128 << 96, 0x4444_u128 << 96);
    let entries = [add(low, one, "MUG", "1.00"), add(high, other, "TEE", "1.20")];
    let none = Dots::default;
    let delta = Delta::new(ACCOUNT, entries, none(), none()).expect("a delta");
    let bytes = wire::encode_delta(&delta);
    let content = samples::content(&bytes);
    assert!(is_read(content));
    for (table, first, second) in [
        ("writers", id(low), id(high)),
        ("carts", id(one), id(other)),
        ("prices", price(100), price(120)),
    ] {
        let place =
            |row: &[u8]| content.windows(row.len()).position(|part| part == row).expect(table);
        let (a, b) = (place(&first), place(&second));
        assert_eq!(a + first.len(), b, "{table}");
        let with = |rows: [&[u8]; 2]| {
            let mut changed = content.to_vec();
            changed[a..b + second.len()].copy_from_slice(&rows.concat());
            is_read(&changed)
        };
        assert!(with([&first, &second]), "{table}");
        assert!(!with([&second, &first]), "{table} the other way round");
        assert!(!with([&first, &first]) && !with([&second, &second]), "{table} with one row twice");
    }
}
