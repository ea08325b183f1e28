//! What replicas compare: a fingerprint hangs on every part of every entry, and an order's key on what it buys.
//!
//! Where a part is left out of a digest, two contents of one dot that differ there alone are held for equal, and
//! two replicas that differ never learn of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use holdall::cart::{
    Body, Entry, Gift, LosingUnits, OrderKey, OrderPlaced, OrderedUnits, Override, Preserved,
    Register, RuleRef, SkuPattern,
};
use holdall::cart::{
    ConsumedUnits, GuestMerge, GuestUnmerge, PreservedDeduction, PreservedPlacement, SetQuantity,
    SetSideEffects,
};
use holdall::dots::Dots;
use holdall::id::{AttributeKey, CouponCode, ShippingOption, Text};
use holdall::{Cart, CartId, Delta, LineKey, List, MergePolicy, Money, OrderId, RuleName, Time};

use super::samples::{CART, GUEST, LAPTOP, OTHER, PHONE, bodies, dot, entry, full, tee, units};

/// The fingerprint of the live entries of a cart that has this one.
fn print(entry: Entry) -> u128 {
    let live = [(dot(PHONE, 9), entry)];
    let delta = Delta::new(CART, live, Dots::default(), Dots::default()).expect("a delta");
    let mut cart = Cart::new(CART);
    let _ = cart.join(&delta).expect("the same cart");
    cart.fingerprint().live
}

fn text(text: &str) -> Text {
    Text::new(text).expect("a text")
}

fn body(name: &str) -> Body {
    let found = bodies().into_iter().find(|(known, ..)| *known == name);
    found.expect("a kind of entries").2
}

fn set() -> SetQuantity {
    match body("02-set") {
        Body::Set(set) => SetQuantity::clone(&set),
        other => unreachable!("{other:?}"),
    }
}

fn merge() -> GuestMerge {
    match body("07-merge") {
        Body::Merge(merge) => GuestMerge::clone(&merge),
        other => unreachable!("{other:?}"),
    }
}

fn order() -> OrderPlaced {
    match body("09-order") {
        Body::Order(order) => OrderPlaced::clone(&order),
        other => unreachable!("{other:?}"),
    }
}

fn stays() -> Preserved {
    order().preserved
}

/// Others that differ from it in one part.
fn other_takings(taken: ConsumedUnits) -> [ConsumedUnits; 5] {
    [
        ConsumedUnits { dot: dot(LAPTOP, 2), ..taken },
        ConsumedUnits { units: taken.units + 1, ..taken },
        ConsumedUnits { scope: CART, ..taken },
        ConsumedUnits { set: Some(List::Active), ..taken },
        ConsumedUnits { set: if taken.set.is_some() { None } else { Some(List::Saved) }, ..taken },
    ]
}

fn other_stays() -> Vec<Preserved> {
    let Preserved { pins, lacks } = stays();
    let (pin, lack) = (pins[0], lacks[0]);
    let pinned = [
        PreservedPlacement { dot: dot(PHONE, 4), ..pin },
        PreservedPlacement { list: List::Active, ..pin },
        PreservedPlacement { until: None, ..pin },
        PreservedPlacement { until: Some(CART), ..pin },
    ];
    let lacking = [
        PreservedDeduction { set: dot(PHONE, 10), ..lack },
        PreservedDeduction { taken: dot(PHONE, 1), ..lack },
        PreservedDeduction { units: 4, ..lack },
    ];
    let mut all = vec![Preserved::default(), Preserved { pins: vec![pin], lacks: lacks.clone() }];
    let sorted = |pin| BTreeSet::from([pin, pins[1]]).into_iter().collect();
    all.extend(pinned.map(|pin| Preserved { pins: sorted(pin), lacks: lacks.clone() }));
    all.extend(lacking.map(|lack| Preserved { pins: pins.clone(), lacks: vec![lack] }));
    all
}

fn other_sets() -> Vec<SetQuantity> {
    let took = set().replaced_guest_units().to_vec();
    let dots = |seq| [dot(OTHER, 1), dot(OTHER, seq)];
    let mut all = vec![
        SetQuantity { quantity: units(7), ..set() },
        SetQuantity { list: List::Active, ..set() },
        SetQuantity { sided: false, ..set() },
        SetQuantity { seen: dots(5).into_iter().collect(), ..set() },
        SetQuantity { covers: dots(5).into_iter().collect(), ..set() },
        SetQuantity { settled: None, ..set() },
    ];
    let settled =
        |taken| SetQuantity { settled: SetSideEffects::of(vec![taken], stays()), ..set() };
    all.extend(other_takings(took[0]).map(settled));
    let stay = |stays| SetQuantity { settled: SetSideEffects::of(took.clone(), stays), ..set() };
    all.extend(other_stays().into_iter().map(stay));
    all
}

fn other_orders() -> Vec<OrderPlaced> {
    let OrderedUnits { line, taken } = order().bought.remove(0);
    let bought = |line: &LineKey, taken| vec![OrderedUnits { line: line.clone(), taken }];
    let other = LineKey::sku("TEE").expect("a line");
    let mut all = vec![
        OrderPlaced { id: OrderId::new("2026-18").expect("an id"), ..order() },
        OrderPlaced { bought: Vec::new(), ..order() },
        OrderPlaced { bought: bought(&other, taken), ..order() },
        OrderPlaced { seen: [dot(PHONE, 1)].into_iter().collect(), ..order() },
    ];
    let took = |taken| OrderPlaced { bought: bought(&line, taken), ..order() };
    all.extend(other_takings(taken).map(took));
    all.extend(other_stays().into_iter().map(|preserved| OrderPlaced { preserved, ..order() }));
    all
}

fn other_policies() -> Vec<MergePolicy> {
    let policy = || merge().policy;
    let over = || policy().overrides.remove(0);
    let rule = |name, version| RuleRef { name: RuleName::new(name).expect("a name"), version };
    let overrides = [
        Override { lines: SkuPattern::new("GIFT-1*").expect("a pattern"), ..over() },
        Override { rule: None, ..over() },
        Override { rule: Some(rule("own", 8)), ..over() },
        Override { ceiling: None, ..over() },
        Override { ceiling: Some(units(6)), ..over() },
        Override { loser: None, ..over() },
        Override { loser: Some(LosingUnits::SaveForLater), ..over() },
    ];
    let mut all = vec![
        MergePolicy { rule: rule("sum", 1), ..policy() },
        MergePolicy { rule: rule("max", 2), ..policy() },
        MergePolicy { ceiling: None, ..policy() },
        MergePolicy { ceiling: Some(units(301)), ..policy() },
        MergePolicy { loser: LosingUnits::Hide, ..policy() },
        MergePolicy { overrides: Vec::new(), ..policy() },
    ];
    all.extend(overrides.map(|over| MergePolicy { overrides: vec![over], ..policy() }));
    all
}

/// Bodies that each differ from one of [`bodies`] in one part, or from each other.
fn other_bodies() -> Vec<Body> {
    let register = |value| Body::Register { value: Arc::new(value), sided: false };
    let gift = |wrap, message: Option<&str>| {
        register(Register::Gift(Gift { wrap, message: message.map(text) }))
    };
    let attribute = |key, value| {
        let key = AttributeKey::new(key).expect("a key");
        register(Register::Attribute(key, text(value)))
    };
    let shipping = ShippingOption::new("doorbell is broken").expect("an option");
    let moved = |to, dots: &[_]| Body::Move { to, dots: dots.to_vec().into() };
    let guest = |guest, claim| Body::Unmerge(GuestUnmerge { guest, claim }.into());
    let unknown = |kind, payload: &[u8]| Body::Unknown { kind, payload: payload.to_vec().into() };
    let mut all = vec![
        Body::Add { quantity: units(301), sided: true },
        Body::Add { quantity: units(300), sided: false },
        moved(List::Active, &[dot(PHONE, 3), dot(LAPTOP, 70_000)]),
        moved(List::Saved, &[dot(PHONE, 3)]),
        moved(List::Saved, &[dot(PHONE, 3), dot(LAPTOP, 70_001)]),
        moved(List::Saved, &[dot(PHONE, 3), dot(PHONE, 70_000)]),
        register(Register::Note(text("x"))),
        register(Register::Shipping(shipping)),
        gift(false, Some("Alles Gute!\nA.")),
        gift(true, Some("Alles Gute!")),
        gift(true, None),
        attribute("engraving", "for B."),
        attribute("print", "for A."),
        Body::Coupon(CouponCode::new("spring11").expect("a code").into()),
        Body::Consent(false),
        Body::Merge(Arc::new(GuestMerge { guest: CART, ..merge() })),
        Body::Merge(Arc::new(GuestMerge { account: GUEST, ..merge() })),
        Body::Merge(Arc::new(GuestMerge { claim: 3, ..merge() })),
        guest(CART, 2),
        guest(GUEST, 3),
        Body::Expired { rule: RuleName::new("idle-91-days").expect("a name").into() },
        unknown(13, &[0, 0xff, b'x']),
        unknown(12, &[0, 0xff]),
    ];
    let policies = other_policies().into_iter();
    all.extend(policies.map(|policy| Body::Merge(Arc::new(GuestMerge { policy, ..merge() }))));
    all.extend(other_sets().into_iter().map(|set| Body::Set(Arc::new(set))));
    all.extend(other_orders().into_iter().map(|order| Body::Order(Arc::new(order))));
    all.extend(other_stays().into_iter().map(|stays| Body::Stay(Arc::new(stays))));
    all
}

/// One entry with other circumstances each time.
fn other_circumstances() -> Vec<Entry> {
    let add = || entry(Some(tee()), body("01-add"));
    vec![
        Entry { time: Time::from_bits(add().time.bits() + 1), ..add() },
        Entry { scope: CART, ..add() },
        Entry { scope: CartId::from_u128(1), ..add() },
        Entry { seen_merges: [CART].into(), ..add() },
        Entry { seen_merges: [CART, GUEST].into(), ..add() },
        Entry { line: Some(LineKey::sku("TEE").expect("a line")), ..add() },
        Entry { price: None, ..add() },
        Entry { price: Money::parse("2.61", "EUR").ok(), ..add() },
        Entry { price: Money::parse("2.600", "EUR").ok(), ..add() },
        Entry { price: Money::parse("2.60", "SEK").ok(), ..add() },
    ]
}

#[test]
fn a_fingerprint_hangs_on_every_part_of_an_entry() {
    let mut all: Vec<Entry> =
        bodies().into_iter().map(|(_, line, body)| entry(line, body)).collect();
    all.extend(other_bodies().into_iter().map(|body| entry(Some(tee()), body)));
    // Each body on that line as well, so that those above differ in the body alone.
    all.extend(bodies().into_iter().map(|(_, _, body)| entry(Some(tee()), body)));
    // And without one, if it may be.
    let free = bodies().into_iter().map(|(_, _, body)| body).filter(|body| !body.is_contribution());
    all.extend(free.map(|body| entry(None, body)));
    all.extend(other_circumstances());
    let mut known: BTreeMap<u128, Entry> = BTreeMap::new();
    for entry in all {
        if let Some(other) = known.insert(print(entry.clone()), entry.clone()) {
            assert_eq!(other, entry, "two entries have one fingerprint");
        }
    }
    assert!(known.len() > 90, "{} entries", known.len());
}

/// And so does what a join holds for equal: two contents of one dot that differ in one part are told.
#[test]
fn two_contents_that_differ_in_one_part_are_two() {
    let delta = |body: &Body| {
        let live = [(dot(PHONE, 9), entry(Some(tee()), body.clone()))];
        Delta::new(CART, live, Dots::default(), Dots::default()).expect("a delta")
    };
    let joined = |cart: &mut Cart, body: &Body| cart.join(&delta(body)).expect("the same cart");
    let mut pairs = 0;
    for other in other_bodies() {
        let alike = |body: &Body| std::mem::discriminant(body) == std::mem::discriminant(&other);
        for body in bodies().into_iter().map(|(_, _, body)| body).filter(alike) {
            pairs += 1;
            let (mut cart, mut turned) = (Cart::new(CART), Cart::new(CART));
            assert_eq!(joined(&mut cart, &body).equivocations, []);
            assert_eq!(joined(&mut cart, &other).equivocations, [dot(PHONE, 9)], "{other:?}");
            let _ = (joined(&mut turned, &other), joined(&mut turned, &body));
            assert_eq!(turned, cart);
            // In a batch it is as in a join.
            let (mut batch, mut back) = (delta(&body), delta(&other));
            batch.batch(&delta(&other));
            back.batch(&delta(&body));
            assert_eq!((&batch, batch.live()), (&back, cart.live()));
        }
    }
    assert!(pairs > 70, "{pairs} pairs");
}

/// Replicas of other versions compare it too.
#[test]
fn a_fingerprint_is_what_it_was() {
    let of_all = full().fingerprint();
    assert_eq!(format!("{:032x}", of_all.live), "560af5d14bd7ec5e40ff8e69a5e413b5");
    assert_eq!(format!("{:032x}", of_all.context), "7092450463dd61ba3404e3228be943ff");
}

#[test]
fn an_orders_key_hangs_on_the_cart_and_on_each_dot() {
    let bought = |seqs: &[u64]| -> Vec<OrderedUnits> {
        let taken =
            |seq: &u64| ConsumedUnits { dot: dot(PHONE, *seq), units: 1, scope: CART, set: None };
        seqs.iter().map(|seq| OrderedUnits { line: tee(), taken: taken(seq) }).collect()
    };
    let keys = [
        OrderKey::of(CART, &bought(&[1])),
        OrderKey::of(CART, &bought(&[2])),
        OrderKey::of(CART, &bought(&[1, 2])),
        OrderKey::of(CART, &[]),
        OrderKey::of(GUEST, &bought(&[1])),
    ];
    for (at, key) in keys.iter().enumerate() {
        assert!(!keys[..at].contains(key), "{at}");
    }
    assert_eq!(keys[2], OrderKey::of(CART, &bought(&[2, 1])));
    // Whoever pays under it finds it again.
    assert_eq!(format!("{:032x}", keys[2].as_u128()), keys[2].to_string());
    assert_eq!(format!("{:?}", keys[2]), format!("OrderKey({})", keys[2]));
    assert_ne!(keys[1].as_u128(), keys[2].as_u128());
}
