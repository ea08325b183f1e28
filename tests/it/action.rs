//! The one list of the shopper's verbs: what an action does is what the method of its name does,
//! and what is written of it is read back.

use std::collections::BTreeSet;

use holdall::cart::Gift;
use holdall::id::Text;
use holdall::{
    Action, ActionError, Delta, LineKey, List, Quantity, Replica, ReplicaId, Row, RowRef, Time,
};
use holdall_testkit::sample_actions;
use holdall_testkit::strategies::carts;
use proptest::prelude::*;

use super::devices::units;

/// The same action by the methods of a replica.
fn by_method(replica: &mut Replica, now: u64, action: &Action) -> Result<Delta, ActionError> {
    match action.clone() {
        Action::Add { row, quantity, price } if row == RowRef::active(row.line.clone()) => {
            replica.add(now, &row.line, quantity, price)
        }
        Action::Add { row, quantity, price } => replica.add_to(now, &row, quantity, price),
        Action::Set { row, quantity, price } => replica.set(now, &row, quantity, price),
        Action::Remove { row } => replica.remove(now, &row),
        Action::Clear { list } => replica.clear(now, list),
        Action::Move { row } => replica.move_to(now, &row, row.list.other()),
        Action::Note { row, text } => replica.note(now, &row, text),
        Action::Gift { row, gift } => replica.gift(now, &row, gift),
        Action::Attribute { row, key, value } => replica.attribute(now, &row, key, value),
        Action::CartNote { text } => replica.cart_note(now, text),
        Action::Shipping { option } => replica.shipping(now, option),
        Action::Coupon { code } => replica.coupon(now, code),
        Action::DropCoupon { code } => replica.drop_coupon(now, &code),
        Action::Consent { given } => replica.consent(now, given),
        other => panic!("{} has no method here", other.name()),
    }
}

/// The action on another row.
fn on(action: Action, to: RowRef) -> Action {
    match action {
        Action::Add { quantity, price, .. } => Action::Add { row: to, quantity, price },
        Action::Set { quantity, price, .. } => Action::Set { row: to, quantity, price },
        Action::Remove { .. } => Action::Remove { row: to },
        Action::Move { .. } => Action::Move { row: to },
        Action::Note { text, .. } => Action::Note { row: to, text },
        Action::Gift { gift, .. } => Action::Gift { row: to, gift },
        Action::Attribute { key, value, .. } => Action::Attribute { row: to, key, value },
        other => other,
    }
}

fn any_action() -> impl Strategy<Value = Action> {
    prop::sample::select(sample_actions())
}

/// A line with all that makes a line, the long form too.
fn any_line() -> impl Strategy<Value = LineKey> {
    let options = prop::collection::btree_map("[a-zé]{1,8}", "[ -~]{1,20}", 0..4);
    (("[!-~ü]{1,40}", options), prop::option::of("[A-Z]{1,9}"), prop::option::of("[a-z ]{1,9}"))
        .prop_map(|((sku, options), bundle, tag)| {
            let option = |(key, value): (String, String)| {
                (key.parse().expect("a key"), value.parse().expect("a value"))
            };
            let bundle = bundle.map(|bundle| bundle.parse().expect("a bundle"));
            let tag = tag.map(|tag| tag.parse().expect("a tag"));
            let sku = sku.parse().expect("a SKU");
            LineKey::new(sku, options.into_iter().map(option), bundle, tag).expect("a line")
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// An action and the method of its verb write one delta, fail alike, and leave one state.
    #[test]
    fn an_action_is_what_the_method_does(
        cart in carts(24), action in any_action(), at in any::<prop::sample::Index>(), now in 0..1_u64 << 40,
    ) {
        let twin = || Replica::resume(ReplicaId::from_u128(0xac7), Time::default(), cart.clone());
        let (mut by_act, mut by_name) = (twin(), twin());
        let view = by_act.view();
        let rows: Vec<&Row> = view.rows().collect();
        let action = if rows.is_empty() { action } else { on(action, at.get(&rows).reference()) };
        prop_assert_eq!(by_act.act(now, &action), by_method(&mut by_name, now, &action));
        prop_assert_eq!(by_act.cart(), by_name.cart());
        prop_assert_eq!(by_act.latest(), by_name.latest());
    }

    /// What is written as JSON or by postcard is read back, on any row.
    #[test]
    fn every_action_goes_there_and_back(
        action in any_action(), line in any_line(), saved in any::<bool>(),
    ) {
        let row = if saved { RowRef::saved(line) } else { RowRef::active(line) };
        let row = RowRef { side: action.row().and_then(|row| row.side), ..row };
        let action = on(action, row);
        let json = serde_json::to_string(&action).expect("JSON");
        prop_assert_eq!(&serde_json::from_str::<Action>(&json).expect("an action"), &action);
        let value = serde_json::to_value(&action).expect("JSON");
        prop_assert!(value.as_object().is_some_and(|verbs| verbs.contains_key(action.name())));
        prop_assert_eq!(&serde_json::from_value::<Action>(value).expect("an action"), &action);
        let bytes = postcard::to_allocvec(&action).expect("bytes");
        prop_assert_eq!(&postcard::from_bytes::<Action>(&bytes).expect("an action"), &action);
    }

    /// Bytes that somebody made up are an action or an error.
    #[test]
    fn foreign_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), verb in 0..16_u8) {
        let bytes: Vec<u8> = std::iter::once(verb).chain(bytes).collect();
        if let Ok(action) = postcard::from_bytes::<Action>(&bytes) {
            prop_assert!(postcard::to_allocvec(&action).is_ok());
        }
    }
}

/// Every verb has a name, a number and a sample.
#[test]
fn every_verb_has_a_number() {
    let samples = sample_actions();
    let mut numbers: Vec<u8> = samples.iter().map(Action::kind).collect();
    numbers.dedup();
    let count = u8::try_from(Action::NAMES.len()).expect("few verbs");
    assert_eq!(numbers, (1..=count).collect::<Vec<u8>>());
    let names: BTreeSet<&str> = Action::NAMES.into();
    assert_eq!(names.len(), Action::NAMES.len());
}

/// A person can write an action: what is usual may be left out.
#[test]
fn json_is_short_where_a_person_writes_it() {
    let tee = LineKey::parse("TEE", [("size", "M")]).expect("a line");
    let json = r#"{"add":{"row":{"line":{"sku":"TEE","options":{"size":"M"}}},"quantity":2}}"#;
    let add = Action::Add { row: RowRef::active(tee), quantity: units(2), price: None };
    assert_eq!(serde_json::from_str::<Action>(json).expect("an action"), add);
    let mug = || RowRef::saved(LineKey::sku("MUG").expect("a SKU"));
    for (json, action) in [
        (r#"{"clear":{"list":"saved"}}"#, Action::Clear { list: List::Saved }),
        (r#"{"move":{"row":{"line":{"sku":"MUG"},"list":"saved"}}}"#, Action::Move { row: mug() }),
        (
            r#"{"note":{"row":{"line":{"sku":"MUG"},"list":"saved"}}}"#,
            Action::Note { row: mug(), text: None },
        ),
        (r#"{"cart-note":{}}"#, Action::CartNote { text: None }),
        (
            r#"{"gift":{"row":{"line":{"sku":"MUG"},"list":"saved"},"gift":{"wrap":true}}}"#,
            Action::Gift { row: mug(), gift: Some(Gift { wrap: true, message: None }) },
        ),
    ] {
        assert_eq!(serde_json::from_str::<Action>(json).expect(json), action);
    }
}

/// What is outside the limits, or no action, is refused when it is read, with what is wrong.
#[test]
fn what_is_no_action_is_refused() {
    let long = "s".repeat(300);
    let options: Vec<String> = (0..40).map(|n| format!(r#""o{n}":"v""#)).collect();
    let add = |line: &str, rest: &str| format!(r#"{{"add":{{"row":{{"line":{line}}},{rest}}}}}"#);
    let tee = r#"{"sku":"TEE"}"#;
    for (json, says) in [
        (add(tee, r#""quantity":0"#), "quantity 0 is outside"),
        (add(tee, r#""quantity":1000001"#), "quantity 1000001 is outside"),
        (add(tee, r#""quantity":-1"#), "invalid value: integer `-1`"),
        (add(tee, r#""quantity":1.5"#), "floating point"),
        (add(tee, r#""quantity":1,"seen_price":null"#), "unknown field `seen_price`"),
        (add(tee, r#""quantity":1,"price":"2.60""#), "a price is"),
        (add(tee, r#""quantity":1,"price":"2.60 eur""#), "three capital letters"),
        (add(r#"{"sku":""}"#, r#""quantity":1"#), "SKU is empty"),
        (add(&format!(r#"{{"sku":"{long}"}}"#), r#""quantity":1"#), "SKU has 300 bytes"),
        (add(r#"{"sku":"T\u0001"}"#, r#""quantity":1"#), "control character"),
        (add(r#"{"sku":"T","options":{"a":"b","a":"c"}}"#, r#""quantity":1"#), "given twice"),
        (
            add(
                &format!(r#"{{"sku":"T","options":{{{}}}}}"#, options.join(",")),
                r#""quantity":1"#,
            ),
            "at most 32 options",
        ),
        (r#"{"set":{"row":{"line":{"sku":"T"}},"quantity":1000001}}"#.into(), "1000001 is outside"),
        (r#"{"coupon":{"code":" "}}"#.into(), "coupon code is empty"),
        (r#"{"clear":{"list":"wishes"}}"#.into(), "unknown variant `wishes`"),
        (r#"{"buy":{}}"#.into(), "unknown variant `buy`"),
        (r#"{"consent":{"given":true},"clear":{"list":"saved"}}"#.into(), "expected value"),
    ] {
        let error = serde_json::from_str::<Action>(&json).expect_err(&json).to_string();
        assert!(error.contains(says), "{json}: {error}");
    }
}

/// A Set of 0 is read and taken as a removal; a number above the limit that was built by hand is
/// refused when it is carried out.
#[test]
fn a_set_has_its_number_checked() {
    let row = RowRef::active(LineKey::sku("TEE").expect("a SKU"));
    let set = |quantity| Action::Set { row: row.clone(), quantity, price: None };
    let mut phone = super::devices::with(super::devices::ACCOUNT, 1, 2);
    let refused = phone.act(2, &set(holdall::limits::QUANTITY_UNITS + 1)).expect_err("too many");
    assert_eq!(refused.kind(), "quantity");
    phone.act(3, &set(5)).expect("a set");
    assert_eq!(phone.view().quantity(&row.line), 5);
    phone.act(4, &set(0)).expect("a removal");
    assert_eq!(phone.view().quantity(&row.line), 0);
}

#[test]
fn no_two_actions_have_the_bytes_of_one() {
    let samples = sample_actions();
    let bytes: BTreeSet<Vec<u8>> = samples.iter().map(Action::canonical_bytes).collect();
    assert_eq!(bytes.len(), samples.len());
    assert!(samples.iter().all(|action| action.canonical_bytes()[0] == action.kind()));
}

/// Stores have digests of these bytes: a request that an older version carried out must be known
/// again.
#[test]
fn canonical_bytes_stay_what_they_are() {
    let digest = |action: &Action| {
        let bytes = action.canonical_bytes();
        let mut hasher = blake3::Hasher::new_derive_key("holdall command v2");
        hasher.update(&(bytes.len() as u64).to_le_bytes()).update(&bytes);
        hasher.finalize()
    };
    let samples = sample_actions();
    let all_of = |wanted: &dyn Fn(&Action) -> bool| {
        let of_each = samples.iter().filter(|action| wanted(action)).map(digest);
        let all: Vec<u8> = of_each.flat_map(|one| *one.as_bytes()).collect();
        blake3::hash(&all).to_hex()[..16].to_owned()
    };
    let found: Vec<(&str, String)> =
        Action::NAMES.iter().map(|&name| (name, all_of(&|action| action.name() == name))).collect();
    let pinned: Vec<(&str, String)> =
        PINNED.iter().map(|&(name, digest)| (name, digest.to_owned())).collect();
    assert_eq!(found, pinned, "a verb's bytes changed, or a new verb has none pinned");
    // As the first version had it, of all the verbs that it knew.
    assert_eq!(all_of(&|action| action.kind() <= 13), "430746312015fe19");
    let note = Action::CartNote { text: Text::new("ring twice").ok() };
    assert_eq!(note.canonical_bytes(), b"\x09\x01\x0a\0\0\0\0\0\0\0ring twice");
    let add = Action::Add {
        row: RowRef::active(LineKey::sku("TEE").expect("a SKU")),
        quantity: Quantity::ONE,
        price: None,
    };
    assert_eq!(add.canonical_bytes(), b"\x01\x03\0\0\0\0\0\0\0TEE\0\0\x01\0\0\0\0");
}

/// The digest of each verb's samples.
const PINNED: [(&str, &str); 13] = [
    ("add", "83685b0b3086765a"),
    ("set", "77781dfe9b2a1064"),
    ("remove", "99be2e4a4213a680"),
    ("clear", "f086d5a5d833b4de"),
    ("move", "ee513f7cfab52a2c"),
    ("note", "c7b3b971cadd5ad9"),
    ("gift", "fd4ecc00de8d109a"),
    ("attribute", "4f365d59b5711392"),
    ("cart-note", "64db86eaeb0afde4"),
    ("shipping", "8aeac8de5f5a1142"),
    ("coupon", "42819a580c306b52"),
    ("drop-coupon", "191352f03a5dea2e"),
    ("consent", "46f71ab3b78c1160"),
];
