//! How a writer finds what it replaces: lines by their names, and rows by their lines, in carts short and long.

use std::collections::BTreeSet;

use holdall::cart::Body;
use holdall::id::Text;
use holdall::{Delta, LineKey, List, Money, Quantity, Replica, RowRef, wire};
use proptest::prelude::*;

use super::devices::{self, ACCOUNT, row};
use crate::cases::cases;

fn replica(id: u128) -> Replica {
    devices::replica(ACCOUNT, id)
}

fn line(sku: &str) -> LineKey {
    LineKey::sku(sku).expect("a line")
}

/// Names that share nothing, a few bytes, more than eight or more than sixteen, and some too long to be held in place.
fn names() -> impl Strategy<Value = BTreeSet<String>> {
    let beginnings = prop::sample::subsequence(
        vec![
            "",
            "S",
            "SKU-000",
            "SKU-0000",
            "SKU-00000",
            "A-NAME-OF-17-BYTE",
            "A-NAME-OF-THIRTY-ONE-BYTES-LONG",
        ],
        1..=3,
    );
    let name = |beginnings: Vec<&'static str>| {
        (prop::sample::select(beginnings), "[ab]{1,10}")
            .prop_map(|(begins, rest)| format!("{begins}{rest}"))
    };
    beginnings.prop_flat_map(move |beginnings| prop::collection::btree_set(name(beginnings), 1..40))
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn a_line_is_found_by_its_name_and_no_other_is(all in names(), there in any::<u64>()) {
        let (mut phone, mut chance) = (replica(2), fastrand::Rng::with_seed(there));
        let (mut present, absent): (Vec<_>, Vec<_>) = all.iter().partition(|_| chance.bool());
        chance.shuffle(&mut present);
        for name in &present {
            phone.add(1, &line(name), Quantity::ONE, None).expect("an add");
        }
        for (dies, name) in present.iter().map(|name| (1, name)).chain(absent.iter().map(|name| (0, name))) {
            let set = phone.set(2, &RowRef::active(line(name)), 5, None).expect("a set");
            prop_assert_eq!(set.dead().count(), dies, "{} among {:?}", name, &present);
        }
        let view = phone.view();
        let shown: Vec<(&str, u64)> = view.lines.iter().map(|row| (row.line.product(), row.quantity)).collect();
        let right: Vec<(&str, u64)> = all.iter().map(|name| (name.as_str(), 5)).collect();
        prop_assert_eq!(shown, right);
    }
}

/// More lines than a byte tells apart.
const LINES: u32 = 300;

#[test]
fn lines_beyond_a_byte_are_told_apart() {
    let mut phone = replica(2);
    let add = |number| {
        let add = phone.add(1, &sku(number), Quantity::ONE, None).expect("an add");
        add.live().keys().next().expect("an entry")
    };
    let adds: Vec<_> = (0..LINES).map(add).collect();
    for (number, add) in (0..).zip(adds) {
        let row = RowRef::active(sku(number));
        let did = if number % 2 == 0 { phone.set(2, &row, 5, None) } else { phone.remove(2, &row) };
        let dead = did.expect("a row").dead().clone();
        assert!(
            dead.contains(add) && dead.count() == 1 + u64::from(number % 2),
            "{row:?}: {dead:?}"
        );
    }
}

fn sku(number: u32) -> LineKey {
    line(&format!("SKU-{number:03}"))
}

/// What somebody does to a cart in which nothing but Adds, Sets and notes are.
fn act(who: &mut Replica, now_ms: u64, chance: &mut fastrand::Rng) -> Option<Delta> {
    // A line of few, so that it has several rows, or any.
    let number = if chance.bool() { chance.u32(..20) } else { chance.u32(..LINES) };
    let (row, units) = (RowRef::active(sku(number)), chance.u32(1..400));
    let seen = chance.u8(..4) > 0;
    let price =
        seen.then(|| Money::parse(&format!("{}.00", chance.u8(..12)), "EUR").expect("a price"));
    match chance.u8(..10) {
        0..5 => Some(
            who.add(now_ms, &row.line, Quantity::new(units).expect("units"), price)
                .expect("an add"),
        ),
        5..8 => Some(who.set(now_ms, &row, units, price).expect("a set")),
        8 => who.remove(now_ms, &row).ok(),
        _ => who.note(now_ms, &row, Some(Text::new("red").expect("a text"))).ok(),
    }
}

fn join(who: &mut Replica, delta: &Delta) {
    assert!(who.join(delta).expect("the same cart").equivocations.is_empty());
}

/// The same writer with nothing but the bytes of its cart.
fn anew(who: &Replica) -> Replica {
    let cart = wire::decode_cart(&wire::encode_cart(who.cart())).expect("a cart");
    Replica::resume(who.id(), who.latest(), cart)
}

/// What is kept between actions, to find rows by, is what it would be if it were made anew: whatever was put in,
/// taken out, joined or cleared since.
#[test]
fn rows_of_a_line_are_found_in_long_carts() {
    for seed in 0..8 {
        let mut chance = fastrand::Rng::with_seed(seed);
        let mut devices = [3, 2, 4].map(replica);
        let (mut longest, mut found) = (0, 0);
        for now_ms in 0..700 {
            let who = if chance.u8(..4) > 0 { 0 } else { chance.usize(1..3) };
            let (mut again, mut other) = (anew(&devices[who]), chance.clone());
            let did = act(&mut devices[who], now_ms, &mut chance);
            let did_anew = act(&mut again, now_ms, &mut other);
            assert_eq!(did, did_anew, "seed {seed}, action {now_ms} of {who}");
            assert_eq!(devices[who].cart(), again.cart(), "seed {seed}, action {now_ms} of {who}");
            longest = longest.max(devices[0].cart().live().len());
            found += did.map_or(0, |did| did.dead().count());
            match chance.u8(..40) {
                0 => {
                    let theirs = devices[1 + usize::from(chance.bool())].cart().to_delta();
                    join(&mut devices[0], &theirs);
                }
                1..4 => {
                    let ours = devices[0].cart().to_delta();
                    join(&mut devices[chance.usize(1..3)], &ours);
                }
                4 if now_ms % 3 == 0 => {
                    drop(devices[2].clear(now_ms, List::Active).expect("a clearing"))
                }
                _ => {}
            }
        }
        assert!(longest > 100 && found > 150, "seed {seed}: {longest} rows, {found} replaced");
    }
}

/// What a Set covers are the dots it replaces and those that they covered, of each writer in at most four runs: what is
/// between the oldest is filled.
#[test]
fn a_set_covers_what_it_replaces_and_fills_the_oldest_gaps() {
    fn add(who: &mut Replica, skus: &[&str]) -> Vec<Delta> {
        let add = |sku: &&str| who.add(1, &line(sku), Quantity::ONE, None).expect("an add");
        skus.iter().map(add).collect()
    }
    fn covers(who: &mut Replica) -> Vec<(u128, u64, u64)> {
        let set = who.set(1, &row(), 5, None).expect("a set");
        let Some(Body::Set(set)) = set.live().values().next().map(|entry| entry.body) else {
            panic!("{set:?}")
        };
        let covers = set.covers.to_dots();
        covers.runs().map(|(writer, run)| (writer.as_u128(), run.first, run.last)).collect()
    }
    let mut phone = replica(2);
    add(&mut phone, &["TEE", "HAT", "TEE", "HAT", "TEE"]);
    assert_eq!(covers(&mut phone), [(2, 1, 1), (2, 3, 3), (2, 5, 5)]);
    add(&mut phone, &["HAT", "TEE"]);
    assert_eq!(covers(&mut phone), [(2, 1, 1), (2, 3, 3), (2, 5, 6), (2, 8, 8)]);
    add(&mut phone, &["HAT", "TEE"]);
    assert_eq!(covers(&mut phone), [(2, 1, 3), (2, 5, 6), (2, 8, 9), (2, 11, 11)]);
    add(&mut phone, &["HAT", "TEE", "HAT", "TEE"]);
    assert_eq!(covers(&mut phone), [(2, 1, 9), (2, 11, 12), (2, 14, 14), (2, 16, 16)]);
    // Of others it covers what it replaces, whoever is first, and though it heard of the later first.
    for other in [1, 3] {
        let (mut laptop, mut phone) = (replica(other), replica(2));
        let theirs = add(&mut laptop, &["TEE", "HAT", "TEE", "TEE"]);
        join(&mut phone, &theirs[2]);
        add(&mut phone, &["TEE"]);
        assert_eq!(covers(&mut phone), sorted([(2, 1, 1), (other, 3, 3)]));
        for their in &theirs {
            join(&mut phone, their);
        }
        assert_eq!(covers(&mut phone), sorted([(2, 1, 2), (other, 1, 1), (other, 3, 4)]));
    }
}

fn sorted<const N: usize>(mut runs: [(u128, u64, u64); N]) -> [(u128, u64, u64); N] {
    runs.sort_unstable();
    runs
}
