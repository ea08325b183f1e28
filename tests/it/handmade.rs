//! Deltas made by hand: what a writer could not have written is refused where it is made, and not when somebody else reads the bytes.

use holdall::cart::{Body, Entry};
use holdall::cart::{
    ConsumedUnits, DeltaError, OrderPlaced, OrderedUnits, Preserved, PreservedDeduction,
    PreservedPlacement, SetQuantity, SetSideEffects,
};
use holdall::dots::Dots;
use holdall::{
    CartId, Delta, Dot, LineKey, List, Money, OrderId, Quantity, ReplicaId, Time, limits, wire,
};

use super::devices::{ACCOUNT, tee};

fn dot(seq: u64) -> Dot {
    Dot::new(ReplicaId::from_u128(9), seq)
}

fn entry(body: Body) -> Entry {
    let (scope, after) = (ACCOUNT, [].into());
    Entry {
        time: Time::from_ms(7),
        scope,
        seen_merges: after,
        line: Some(tee()),
        price: None,
        body,
    }
}

fn delta(seq: u64, entry: Entry) -> Result<Delta, DeltaError> {
    Delta::new(ACCOUNT, [(dot(seq), entry)], Dots::default(), Dots::default())
}

fn taken(seq: u64) -> ConsumedUnits {
    ConsumedUnits { dot: dot(seq), units: 2, scope: CartId::from_u128(2), set: None }
}

fn add() -> Body {
    Body::Add { quantity: Quantity::new(2).expect("a quantity"), sided: false }
}

fn set(settled: SetSideEffects) -> Body {
    Body::Set(
        SetQuantity {
            quantity: Quantity::new(2).expect("a quantity"),
            list: List::Active,
            sided: false,
            seen: Dots::default().into(),
            covers: (&Dots::default()).into(),
            settled: Some(settled.into()),
        }
        .into(),
    )
}

fn stay(pins: &[u64], lacks: &[u64]) -> Preserved {
    let pin = |seq: &u64| PreservedPlacement { dot: dot(*seq), list: List::Saved, until: None };
    let lack = |seq: &u64| PreservedDeduction { set: dot(*seq), taken: dot(1), units: 1 };
    Preserved { pins: pins.iter().map(pin).collect(), lacks: lacks.iter().map(lack).collect() }
}

fn order(lines: &[&str]) -> Body {
    let line = |sku: &&str| LineKey::sku(sku).expect("a SKU");
    let bought = lines.iter().map(|sku| OrderedUnits { line: line(sku), taken: taken(1) });
    let id = OrderId::new("o-1").expect("an id");
    let (bought, seen, preserved) =
        (bought.collect(), Dots::default().into(), Preserved::default());
    Body::Order(OrderPlaced { id, bought, seen, preserved }.into())
}

fn moved(dots: &[u64]) -> Body {
    Body::Move {
        to: List::Saved,
        dots: dots.iter().map(|seq| dot(*seq)).collect::<Vec<_>>().into(),
    }
}

/// Of each list one that is as it should be, which comes back from its bytes, and two that are not.
#[test]
fn lists_that_do_not_ascend_are_refused_where_they_are_made() {
    let took = |seqs: &[u64]| {
        let replaced_guest_units = seqs.iter().map(|seq| taken(*seq)).collect();
        set(SetSideEffects { replaced_guest_units, preserved: Preserved::default() })
    };
    let pinned = |seqs: &[u64]| Body::Stay(stay(seqs, &[]).into());
    let lacking = |seqs: &[u64]| {
        set(SetSideEffects { replaced_guest_units: Vec::new(), preserved: stay(&[], seqs) })
    };
    let sold = |seqs: &[u64]| {
        order(&seqs.iter().map(|seq| ["A", "B"][*seq as usize - 1]).collect::<Vec<_>>())
    };
    let all = |seqs: &[u64]| [moved(seqs), took(seqs), pinned(seqs), lacking(seqs), sold(seqs)];
    for (which, body) in all(&[1, 2]).into_iter().enumerate() {
        let right = delta(5, entry(body)).expect("a delta");
        assert_eq!(wire::decode_delta(&wire::encode_delta(&right)).as_ref(), Ok(&right), "{which}");
        for wrong in [[2, 1], [1, 1]] {
            let body = all(&wrong)[which].clone();
            let refused = delta(5, entry(body)).expect_err("its bytes would be refused");
            let DeltaError::Malformed { dot: of, what } = refused else { panic!("{refused:?}") };
            assert_eq!((of, what.contains("list")), (dot(5), true), "{which}: {what}");
        }
    }
}

#[test]
fn facts_that_no_action_states_are_refused_where_they_are_made() {
    let price = Some(Money::parse("1.00", "EUR").expect("a price"));
    let bare = Body::Stay(stay(&[1], &[]).into());
    let unknown = |kind| Body::Unknown { kind, payload: vec![1].into() };
    for (told, seq, odd) in [
        ("no action has", 0, entry(add())),
        ("no action has", limits::SEQ_MAX + 1, entry(add())),
        ("no action has", 5, entry(moved(&[0, 1]))),
        ("no action has", 5, entry(moved(&[1, limits::SEQ_MAX + 1]))),
        ("no action has", 5, entry(Body::Stay(stay(&[0], &[]).into()))),
        ("no action has", 5, entry(Body::Stay(stay(&[], &[u64::MAX]).into()))),
        (
            "no action has",
            5,
            entry(set(SetSideEffects {
                replaced_guest_units: vec![taken(0)],
                ..SetSideEffects::default()
            })),
        ),
        ("names no line", 5, Entry { line: None, ..entry(add()) }),
        (
            "names no line",
            5,
            Entry {
                line: None,
                ..entry(set(SetSideEffects {
                    replaced_guest_units: vec![taken(1)],
                    ..SetSideEffects::default()
                }))
            },
        ),
        ("seen price", 5, Entry { price, ..entry(bare.clone()) }),
        ("settled", 5, entry(set(SetSideEffects::default()))),
        ("unknown", 5, entry(unknown(11))),
    ] {
        let refused = delta(seq, odd).expect_err("no action writes that");
        assert!(refused.to_string().contains(told), "{refused}");
    }
    for right in [
        Entry { price, ..entry(add()) },
        Entry { line: None, ..entry(bare) },
        entry(unknown(12)),
        Entry { line: None, ..entry(unknown(12)) },
    ] {
        let delta = delta(5, right).expect("a delta");
        assert_eq!(wire::decode_delta(&wire::encode_delta(&delta)), Ok(delta));
    }
}

/// What a log shows of a delta: what it says, by name, and nothing of how it is held.
#[test]
fn a_delta_is_shown_by_what_it_says() {
    let shown = format!("{:?}", Delta::erasure(CartId::from_u128(2)));
    let cart = format!("{:?}", CartId::from_u128(2));
    let parts = format!("cart: {cart}, live: {{}}, dead: {{}}, needs: {{}}, erased: true");
    assert_eq!(shown, format!("Delta {{ {parts} }}"));
}
