//! The JSON that embedders see, letter by letter, and what people may leave out of it.

use holdall::cart::*;
use holdall::dots::*;
use holdall::id::*;
use holdall::money::*;
use holdall::sync::Message;
use holdall::view::*;
use holdall::*;
use serde_json::{Value, json, to_value};

use super::values::{ODD, line, policy, text};
use crate::samples::{self, CART, GUEST, LAPTOP, PHONE, dot, units};

fn json<T: serde::Serialize>(value: &T) -> Value {
    to_value(value).expect("JSON")
}

#[test]
fn small_values_are_text_and_numbers() {
    let id = "01234567-89ab-cdef-fedc-ba9876543210";
    assert_eq!(json(&CartId::from_u128(ODD)), id);
    assert_eq!(json(&ReplicaId::from_u128(ODD)), id);
    assert_eq!(json(&units(3)), 3);
    assert_eq!(json(&Money::parse("2.60", "EUR").expect("a price")), "2.60 EUR");
    assert_eq!(json(&CouponCode::new(" spring10 ").expect("a code")), "SPRING10");
    assert_eq!(json(&text("a\nb")), "a\nb");
    assert_eq!(json(&Time::from_bits((7 << 16) | 2)), json!({"ms": 7, "counter": 2}));
    let replica = ReplicaId::from_u128(ODD);
    assert_eq!(json(&Dot::new(replica, 3)), json!({"replica": id, "seq": 3}));
    let dots: Dots = [1, 2, 5].map(|seq| Dot::new(replica, seq)).into_iter().collect();
    assert_eq!(json(&dots), json!([[id, 1, 2], [id, 5, 5]]));
    let print = Fingerprint { live: 1, context: ODD };
    assert_eq!(
        json(&print),
        json!({
            "live": "00000000000000000000000000000001",
            "context": "0123456789abcdeffedcba9876543210",
        })
    );
    assert_eq!(json(&List::Saved), "saved");
    assert_eq!(json(&Side::Account), "account");
    assert_eq!(json(&LosingUnits::SaveForLater), "save-for-later");
    assert_eq!(json(&Gift::default()), json!({"wrap": false}));
}

#[test]
fn a_line_is_its_parts() {
    assert_eq!(json(&line("TEE")), json!({"sku": "TEE", "options": {}}));
    let whole = json!({
        "sku": "TEE",
        "options": {"colour": "grün", "size": "M"},
        "bundle": "outfit",
        "tag": "for Ada",
    });
    assert_eq!(json(&samples::tee()), whole);
}

#[test]
fn a_view_says_what_there_is() {
    let mut phone = Replica::new(CART, PHONE);
    let price = Money::parse("2.60", "EUR").ok();
    drop(phone.add(1_000, &line("TEE"), units(3), price).expect("an add"));
    let row = json!({
        "line": {"sku": "TEE", "options": {}},
        "list": "active",
        "quantity": 3,
        "asked": 3,
        "seen_price": "2.60 EUR",
        "question": false,
    });
    let view = json!({
        "lines": [row],
        "saved": [],
        "coupons": [],
        "consent": false,
        "orders": [],
        "notices": [],
        "erased": false,
    });
    assert_eq!(json(&phone.view()), view);
    let explanation = json!({
        "line": {"sku": "TEE", "options": {}},
        "rows": [{
            "list": "active",
            "quantity": 3,
            "over_ceiling": 0,
            "parts": [{
                "dot": {"replica": PHONE.to_string(), "seq": 1},
                "by": PHONE.to_string(),
                "time": {"ms": 1_000, "counter": 0},
                "set": false,
                "asked": 3,
                "counts": 3,
            }],
            "row": row,
        }],
        "hidden": [],
    });
    assert_eq!(json(&phone.explain()), json!([explanation]));
}

#[test]
fn notices_and_reasons_name_their_kind() {
    let notice = Notice::Ceiling { line: line("TEE"), asked: 12, shown: 10 };
    let tee = json!({"sku": "TEE", "options": {}});
    assert_eq!(json(&notice), json!({"notice": "ceiling", "line": tee, "asked": 12, "shown": 10}));
    assert_eq!(json(&Reason::NotMerged), json!({"reason": "not-merged"}));
    assert_eq!(
        json(&Reason::Covered { by: dot(PHONE, 2), units: 3 }),
        json!({"reason": "covered", "by": json(&dot(PHONE, 2)), "units": 3})
    );
}

#[test]
fn a_policy_says_what_it_decides() {
    let plain = json!({"rule": {"name": "max", "version": 1}, "loser": "hide"});
    assert_eq!(json(&MergePolicy::rule("max").expect("a rule")), plain);
    let whole = json!({
        "rule": {"name": "max", "version": 1},
        "overrides": [
            {
                "lines": "GIFT-*",
                "rule": {"name": "own", "version": 7},
                "ceiling": 5,
                "loser": "hide",
            },
            {"lines": "GIFT-*", "ceiling": 1},
        ],
        "ceiling": 300,
        "loser": "save-for-later",
    });
    assert_eq!(json(&policy()), whole);
}

#[test]
fn states_are_their_wire_bytes() {
    let cart = Cart::new(CART);
    assert_eq!(json(&cart), "aGQRAAAAAAAAAAAAAAAAAADKJwAAAAB6D-p8");
    let bytes = wire::encode_cart(&cart);
    let length = u8::try_from(bytes.len()).expect("few bytes");
    let whole = [&[length][..], &bytes].concat();
    assert_eq!(postcard::to_allocvec(&cart).expect("bytes"), whole);
    let standard = bincode::config::standard();
    assert_eq!(bincode::serde::encode_to_vec(&cart, standard).expect("bytes"), whole);
}

#[test]
fn a_message_names_its_kind_and_cart() {
    let cart = CART.to_string();
    assert_eq!(json(&Message::Same { cart: CART }), json!({"message": "same", "cart": cart}));
    let phone = Replica::new(CART, PHONE);
    let fingerprint = phone.fingerprint();
    let message = Message::All { delta: Delta::empty(CART), fingerprint, reply: true };
    assert_eq!(
        json(&message),
        json!({
            "message": "all",
            "delta": json(&Delta::empty(CART)),
            "fingerprint": json(&fingerprint),
            "reply": true,
        })
    );
}

/// Ids are 16 bytes in binary formats, a line is its descriptor, and nothing has a name.
#[test]
fn binary_forms_are_short() {
    fn bytes<T: serde::Serialize>(value: &T) -> usize {
        postcard::to_allocvec(value).expect("bytes").len()
    }
    assert_eq!(bytes(&CartId::from_u128(ODD)), 16);
    assert_eq!(bytes(&dot(LAPTOP, 1)), 17);
    assert_eq!(bytes(&line("TEE")), 4);
    assert_eq!(bytes(&Money::parse("2.60", "EUR").expect("a price")), 6);
    let row = RowRef::active(line("TEE")).on(Side::Guest(GUEST));
    assert_eq!(bytes(&row), 4 + 1 + 1 + 1 + 16);
}

/// A person can write these: what is usual may be left out, and a coupon is written as one likes.
#[test]
fn what_people_may_leave_out() {
    fn read<T: serde::de::DeserializeOwned>(json: &str) -> T {
        serde_json::from_str(json).expect(json)
    }
    assert_eq!(read::<LineKey>(r#"{"sku": "TEE"}"#), line("TEE"));
    assert_eq!(read::<RowRef>(r#"{"line": {"sku": "TEE"}}"#), RowRef::active(line("TEE")));
    assert_eq!(read::<Gift>(r#"{"wrap": true, "message": null}"#).message, None);
    assert_eq!(read::<CouponCode>(r#"" spring10 ""#).as_str(), "SPRING10");
    let braced = r#""{01234567-89AB-CDEF-FEDC-BA9876543210}""#;
    assert_eq!(read::<CartId>(braced), CartId::from_u128(ODD));
    let view = r#"{"lines": [], "saved": [], "coupons": [], "shipping": null, "consent": false,
        "orders": [], "notices": [], "erased": false}"#;
    assert_eq!(read::<View>(view), View::default());
}
