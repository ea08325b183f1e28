//! Damaged and invented input: an error, no panic, and memory that follows the input.

use bincode::config::standard;
use holdall::cart::Preserved;
use holdall::cart::*;
use holdall::dots::*;
use holdall::id::*;
use holdall::money::*;
use holdall::policy::*;
use holdall::quantity::*;
use holdall::sync::Message;
use holdall::view::*;
use holdall::*;
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Value, json, to_value};

use super::cases;
use super::formats::Format;
use super::values::{self, busy, line};
use crate::memory::{alone, growth};
use crate::samples::{self, CART, GUEST, PHONE, dot};

/// What a process may grow by for reasons of its own: an allocator takes address space for an
/// arena, 64 MB at a time.
const SLACK_BYTES: usize = 72 << 20;

fn binary() -> impl Iterator<Item = Format> {
    Format::ALL.iter().copied().filter(|format| *format != Format::Json)
}

#[test]
fn every_truncation_is_an_error() {
    for (name, value) in values::all() {
        for format in Format::ALL {
            let bytes = value.write(*format);
            for end in 0..bytes.len() {
                match value.reads(*format, &bytes[..end]) {
                    Err(error) => assert!(!error.is_empty()),
                    // The beginning of a number in JSON is a number.
                    Ok(equal) => assert!(*format == Format::Json && !equal, "{name} cut at {end}"),
                }
            }
        }
    }
}

#[test]
fn one_byte_more_is_an_error() {
    for (name, value) in values::all() {
        for format in Format::ALL {
            for extra in [0, 1, b'}', 0xff] {
                let longer = [value.write(*format).as_slice(), &[extra]].concat();
                let read = value.reads(*format, &longer);
                assert!(!matches!(read, Ok(true)), "{name}, {format:?} and {extra}");
            }
        }
    }
}

/// What a damaged byte makes of a value is an error, or another value that is sound.
#[test]
fn every_bit_flip_is_an_error_or_another_value() {
    let (mut read, mut refused) = (0, 0);
    for (name, value) in values::all() {
        for format in Format::ALL {
            let bytes = value.write(*format);
            // Of long values every fifth bit, which is another one of each byte.
            let step = if bytes.len() > 200 { 5 } else { 1 };
            for bit in (0..bytes.len() * 8).step_by(step) {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                match value.reads(*format, &flipped) {
                    // Ids are read in capital letters too.
                    Ok(equal) => {
                        assert!(!equal || *format == Format::Json, "{name}, {format:?}, bit {bit}");
                        read += 1;
                    }
                    Err(_) => refused += 1,
                }
            }
        }
    }
    assert!(read > 1_000 && refused > 10_000, "{read} read, {refused} refused");
}

/// A length that is a lie, at every place of every value.
#[test]
fn a_claimed_length_reserves_no_memory() {
    const LIES: [&[u8]; 6] = [
        // postcard: 2^64 - 1, 2^40, 2^24.
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        &[0x80, 0x80, 0x80, 0x80, 0x80, 0x20],
        &[0x80, 0x80, 0x80, 0x08],
        // bincode: the same.
        &[0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0xfd, 0, 0, 0, 0, 0, 1, 0, 0],
        &[0xfc, 0, 0, 0, 1],
    ];
    alone("serial::hostile::a_claimed_length_reserves_no_memory", || {
        let grown = growth(|| {
            for (_, value) in values::all() {
                for format in binary() {
                    let bytes = value.write(format);
                    for at in 0..bytes.len() {
                        for lie in LIES {
                            // In place of what was there, and before it.
                            let instead = [&bytes[..at], lie, &bytes[at + 1..]].concat();
                            let before = [&bytes[..at], lie, &bytes[at..]].concat();
                            let _ = value.reads(format, &instead);
                            let _ = value.reads(format, &before);
                            let _ = value.reads(format, &[&bytes[..at], lie].concat());
                        }
                    }
                }
            }
        });
        assert!(grown < SLACK_BYTES, "{grown}");
    });
}

/// Long lists cost what they are, and end at a limit.
#[test]
fn a_list_ends_at_its_limit() {
    let orders = |count: usize| {
        // A view without rows, then so many coupons of one letter.
        let mut bytes = vec![0, 0];
        bytes.extend(postcard::to_allocvec(&(count as u64)).expect("a number"));
        bytes.extend([1, b'A'].repeat(count));
        bytes
    };
    let refused = |count| postcard::from_bytes::<View>(&orders(count)).expect_err("too long");
    assert_eq!(refused(limits::LIST_ITEMS + 1), postcard::Error::SerdeDeCustom);
    let text = format!("[{}]", vec!["\"A\""; limits::LIST_ITEMS + 1].join(","));
    let json = format!(r#"{{"lines": [], "saved": [], "coupons": {text}}}"#);
    let error = serde_json::from_str::<View>(&json).expect_err("too long").to_string();
    assert!(error.contains("invalid length 1000001"), "{error}");
}

/// A text that is longer than any may be is refused before it is kept.
#[test]
fn a_long_text_is_refused() {
    let long = "x".repeat(limits::TEXT_BYTES + 1);
    for format in binary() {
        let bytes = match format {
            Format::Postcard => postcard::to_allocvec(&long).expect("bytes"),
            _ => bincode::serde::encode_to_vec(&long, standard()).expect("bytes"),
        };
        assert!(format.read::<Text>(&bytes).is_err(), "{format:?}");
        assert!(format.read::<Sku>(&bytes).is_err(), "{format:?}");
    }
}

/// Values that JSON can write and the library could not have made, each with what is said of it.
fn refuse<T: DeserializeOwned + std::fmt::Debug>(json: impl ToString, says: &str) {
    let json = json.to_string();
    let error = serde_json::from_str::<T>(&json).expect_err(&json).to_string();
    assert!(error.contains(says), "{json}: {error}");
}

#[test]
fn numbers_out_of_range() {
    refuse::<Quantity>(0, "quantity 0 is outside");
    refuse::<Quantity>(1_000_001, "quantity 1000001 is outside");
    refuse::<Quantity>(-1, "invalid value");
    refuse::<Quantity>(1.5, "invalid type");
    refuse::<Quantity>("\"3\"", "invalid type");
    refuse::<Quantity>("99999999999999999999999999", "invalid type");
    let phone = PHONE.to_string();
    let beyond = limits::SEQ_MAX + 1;
    assert_eq!(beyond, 4_294_967_296);
    for seq in [0, beyond, u64::MAX] {
        refuse::<Dot>(json!({"replica": phone, "seq": seq}), "outside 1 to 4294967295");
    }
    // A set does not leave out numbers in silence.
    for last in [beyond, u64::MAX] {
        refuse::<Dots>(json!([[phone, 1, last]]), "outside 1 to 4294967295");
    }
    let claim = json!({"guest": GUEST.to_string(), "account": CART.to_string(), "number": 0});
    refuse::<Claim>(claim, "count from 1");
    refuse::<Time>(json!({"ms": 1_u64 << 48, "counter": 0}), "48 bits");
    refuse::<Time>(json!({"ms": 1, "counter": 65_536}), "invalid value");
    refuse::<Time>(1, "invalid type");
}

#[test]
fn texts_that_are_none() {
    refuse::<Sku>(json!(""), "SKU is empty");
    refuse::<Sku>(json!("x".repeat(limits::NAME_BYTES + 1)), "SKU has 257 bytes");
    refuse::<Sku>(json!("a\nb"), "control character");
    refuse::<Text>(json!("x".repeat(limits::TEXT_BYTES + 1)), "text has 4097 bytes");
    refuse::<CouponCode>(json!("  "), "coupon code is empty");
    refuse::<CartId>(json!("not an id"), "invalid");
    refuse::<CartId>(json!(7), "invalid type");
    refuse::<Fingerprint>(json!({"live": "1", "context": "2"}), "32 hexadecimal digits");
    for text in ["2.60", "2.60EUR", "02.60 EUR", "+2.60 EUR", "-2.60 EUR", "2. EUR", ".5 EUR"] {
        refuse::<Money>(json!(text), "a price is");
    }
    for text in ["1.23456 EUR", "1e3 EUR", "10000000000000000000 EUR", "9999999999999999999.9 EUR"]
    {
        refuse::<Money>(json!(text), "a price is");
    }
    refuse::<Money>(json!("2.60 eur"), "a currency is");
    refuse::<Money>(json!("2.60  EUR"), "a currency is");
    refuse::<Money>(json!(2.6), "invalid type");
}

/// Binary formats have coupon codes in their one form, and currencies in capital letters.
#[test]
fn binary_text_is_in_its_one_form() {
    for format in binary() {
        assert!(format.read::<CouponCode>(b"\x06spring").is_err(), "{format:?}");
        assert!(format.read::<CouponCode>(b"\x07SPRING ").is_err(), "{format:?}");
        assert!(format.read::<CouponCode>(b"\x06SPRING").is_ok(), "{format:?}");
        assert!(format.read::<Currency>(b"eur").is_err(), "{format:?}");
        assert!(format.read::<Currency>(b"EU\xff").is_err(), "{format:?}");
        for descriptor in ["TEE\u{1}b\u{2}1\u{1}a\u{2}1", "TEE\u{1}a", "TEE\u{4}t\u{3}b", ""] {
            let length = u8::try_from(descriptor.len()).expect("short");
            let bytes = [&[length], descriptor.as_bytes()].concat();
            assert!(format.read::<LineKey>(&bytes).is_err(), "{format:?} {descriptor:?}");
        }
    }
}

#[test]
fn variants_that_there_are_not() {
    for format in binary() {
        for number in [2, 5, 200] {
            assert!(format.read::<List>(&[number]).is_err(), "{format:?}");
            assert!(format.read::<Side>(&[number]).is_err(), "{format:?}");
            assert!(format.read::<Choice>(&[number.max(5)]).is_err(), "{format:?}");
            assert!(format.read::<Reason>(&[number.max(9)]).is_err(), "{format:?}");
            assert!(format.read::<Notice>(&[number.max(6)]).is_err(), "{format:?}");
            // A flag, and whether there is a message.
            assert!(format.read::<Gift>(&[number, 0]).is_err(), "{format:?}");
            assert!(format.read::<Gift>(&[1, number]).is_err(), "{format:?}");
        }
    }
    refuse::<List>(json!("Active"), "unknown variant");
    refuse::<List>(json!({"active": 1}), "invalid type");
    refuse::<Notice>(json!({"notice": "other"}), "unknown variant");
    refuse::<Notice>(json!({"line": {"sku": "TEE"}}), "missing field `notice`");
    refuse::<Notice>(json!("question"), "invalid type");
    refuse::<Reason>(json!({"reason": "moved", "to": "shelf"}), "unknown variant");
    refuse::<Message>(json!({"message": "other"}), "unknown variant");
}

#[test]
fn fields_twice_missing_and_unknown() {
    refuse::<Gift>(r#"{"wrap": true, "wrap": false}"#, "duplicate field");
    refuse::<Gift>(r#"{"wrap": true, "ribbon": "red"}"#, "unknown field");
    refuse::<Gift>(r#"{}"#, "missing field");
    refuse::<LineKey>(r#"{"sku": "TEE", "sku": "MUG"}"#, "duplicate field");
    refuse::<LineKey>(r#"{"sku": "TEE", "options": {"a": "1", "a": "1"}}"#, "given twice");
    refuse::<LineKey>(r#"{"sku": "TEE", "price": 1}"#, "unknown field");
    refuse::<Notice>(r#"{"notice": "question", "notice": "question"}"#, "duplicate field");
    let two = r#"{"notice": "question", "line": {"sku": "A"}, "line": {"sku": "A"}}"#;
    refuse::<Notice>(two, "duplicate field");
    let more = r#"{"notice": "question", "line": {"sku": "A"}, "to": 1}"#;
    refuse::<Notice>(more, "unknown field");
    let row = row();
    let twice = row.to_string().replace(r#""question""#, r#""quantity":1,"question""#);
    refuse::<Row>(twice, "duplicate field");
    let attributes = r#""attributes":{"a":"1","a":"1"},"question""#;
    refuse::<Row>(row.to_string().replace(r#""question""#, attributes), "given twice");
    refuse::<View>(with(&json!(View::default()), "rows", json!([])), "unknown field");
}

#[test]
fn too_many_of_something() {
    let options: serde_json::Map<String, Value> =
        (0..=limits::OPTIONS).map(|at| (format!("k{at}"), json!("v"))).collect();
    refuse::<LineKey>(json!({"sku": "TEE", "options": options}), "invalid length 33");
    let mut policy = to_value(values::policy()).expect("JSON");
    let one = policy["overrides"][0].clone();
    policy["overrides"] = vec![one; limits::OVERRIDES + 1].into();
    refuse::<MergePolicy>(policy, "more than 256 overrides");
}

#[test]
fn sets_of_dots_in_another_form() {
    let (a, b) = (PHONE.to_string(), samples::LAPTOP.to_string());
    let says = "not in their one form";
    for runs in [
        json!([[a, 0, 1]]),
        json!([[a, 3, 2]]),
        json!([[a, 1, 2], [a, 3, 4]]),
        json!([[a, 1, 2], [a, 2, 4]]),
        json!([[a, 5, 6], [a, 1, 2]]),
        json!([[a, 1, 1], [a, 1, 1]]),
        json!([[b, 1, 1], [a, 1, 1]]),
        json!([[a, 1, limits::SEQ_MAX], [a, 1, 1]]),
    ] {
        refuse::<Dots>(runs, says);
    }
    refuse::<Dots>(json!([[a, 1]]), "invalid length");
    refuse::<Dots>(json!([[a, 1, 2, 3]]), "trailing characters");
    let have = |context: Value, live: Value, erased: bool| json!({"context": context, "live": live, "erased": erased});
    refuse::<Have>(have(json!([[a, 1, 1]]), json!([[a, 2, 2]]), false), "not among those known");
    refuse::<Have>(have(json!([[a, 1, 1]]), json!([]), true), "an erased cart has no dots");
}

#[test]
fn snapshots_that_nobody_took() {
    let mut phone = Replica::new(CART, PHONE);
    drop(phone.add(1, &line("TEE"), Quantity::ONE, None).expect("an add"));
    drop(phone.add(2, &line("MUG"), Quantity::ONE, None).expect("an add"));
    let snapshot = to_value(phone.snapshot().expect("a snapshot")).expect("JSON");
    assert!(serde_json::from_value::<Snapshot>(snapshot.clone()).is_ok());
    let mut other = snapshot.clone();
    other["bought"].as_array_mut().expect("a list").reverse();
    refuse::<Snapshot>(other, "does not ascend");
    refuse::<Snapshot>(with(&snapshot, "seen", json!([])), "had not seen");
    let settled = json!([to_value(dot(PHONE, 9)).expect("JSON")]);
    refuse::<Snapshot>(with(&snapshot, "settled", settled), "had not seen");
    let lack = json!({"set": dot(PHONE, 1), "taken": dot(PHONE, 2), "units": 1});
    refuse::<Preserved>(json!({"lacks": [lack, lack]}), "does not ascend");
}

/// An object with another value in a field.
fn with(object: &Value, field: &str, value: Value) -> Value {
    let mut object = object.clone();
    object[field] = value;
    object
}

/// A sound row.
fn row() -> Value {
    let mut phone = Replica::new(CART, PHONE);
    let price = Money::parse("2.60", "EUR").ok();
    drop(phone.add(1, &line("TEE"), Quantity::ONE, price).expect("an add"));
    to_value(&phone.view().lines[0]).expect("JSON")
}

#[test]
fn rows_and_views_that_no_cart_shows() {
    let row = row();
    assert!(serde_json::from_value::<Row>(row.clone()).is_ok());
    refuse::<Row>(with(&row, "quantity", json!(2)), "shows more units");
    refuse::<Row>(with(&row, "asked", json!(1_u64 << 60)), "more units than a cart can hold");
    refuse::<Row>(with(&row, "question", json!(true)), "has no side");

    let empty = to_value(View::default()).expect("JSON");
    let view = with(&empty, "lines", json!([row]));
    assert!(serde_json::from_value::<View>(view.clone()).is_ok());
    refuse::<View>(with(&empty, "saved", json!([row])), "in the other list");
    refuse::<View>(with(&view, "erased", json!(true)), "an erased cart shows something");
    refuse::<View>(with(&view, "coupons", json!(["B", "A"])), "coupons do not ascend");
    refuse::<View>(with(&view, "coupons", json!(["A", " a "])), "coupons do not ascend");
    refuse::<View>(with(&view, "lines", json!([row, row])), "one is there twice");
    let mug = with(&row, "line", json!({"sku": "MUG"}));
    refuse::<View>(with(&view, "lines", json!([row, mug])), "rows do not ascend");
    let sided = with(&row, "side", json!("account"));
    refuse::<View>(with(&view, "lines", json!([sided])), "one is there twice");
    let cut = with(&row, "asked", json!(2));
    refuse::<View>(with(&view, "lines", json!([cut])), "notices of ceilings");
    let notice = json!({"notice": "ceiling", "line": {"sku": "TEE"}, "asked": 2, "shown": 1});
    refuse::<View>(with(&view, "notices", json!([notice])), "notices of ceilings");
    let dollars = with(&mug, "seen_price", json!("3 USD"));
    refuse::<View>(with(&view, "lines", json!([dollars, row])), "notice of currencies");
    let notice = json!({"notice": "currencies", "currencies": ["EUR", "USD"]});
    refuse::<View>(with(&view, "notices", json!([notice])), "notice of currencies");
    let order = |id: &str| json!({"id": id, "time": {"ms": 1, "counter": 0}, "lines": []});
    refuse::<View>(with(&view, "orders", json!([order("b"), order("a")])), "orders do not");
    refuse::<View>(with(&view, "orders", json!([order("a"), order("a")])), "orders do not");
    let lines = json!([[{"sku": "TEE"}, 1], [{"sku": "MUG"}, 1]]);
    refuse::<OrderView>(with(&order("a"), "lines", lines), "do not ascend");
    let ceiling = json!({"notice": "ceiling", "line": {"sku": "TEE"}, "asked": 1, "shown": 1});
    refuse::<Notice>(ceiling, "cuts nothing off");
    let orders = json!({"notice": "concurrent-orders", "orders": ["a"], "lines": []});
    refuse::<Notice>(orders, "fewer than two");
    refuse::<Notice>(json!({"notice": "currencies", "currencies": ["EUR"]}), "fewer than two");
}

#[test]
fn explanations_that_do_not_add_up() {
    let all = busy().explain();
    let of = |sku: &str| {
        let found = all.iter().find(|explanation| explanation.line.product() == sku);
        to_value(found.expect("a line")).expect("JSON")
    };
    let mug = of("MUG");
    assert!(serde_json::from_value::<Explanation>(mug.clone()).is_ok());
    let edited = |edit: &dyn Fn(&mut Value)| {
        let mut other = mug.clone();
        edit(&mut other);
        other
    };
    let refuse = |edit: &dyn Fn(&mut Value), says| refuse::<Explanation>(edited(edit), says);
    refuse(&|it| it["line"]["sku"] = json!("TEE"), "of another line");
    refuse(&|it| it["rows"][0]["list"] = json!("saved"), "another row");
    refuse(&|it| it["rows"][0]["quantity"] = json!(1), "another row");
    refuse(&|it| it["rows"][0]["over_ceiling"] = json!(1), "what the row lacks");
    refuse(&|it| it["rows"][0]["parts"] = json!([]), "do not add up");
    refuse(&|it| it["rows"][0]["parts"][0]["counts"] = json!(1), "do not add up");
    refuse(&|it| it["rows"][0]["parts"][0]["counts"] = json!(10), "counts for more");
    refuse(&|it| it["rows"][0]["parts"][0]["asked"] = json!(0), "asks for no units");
    refuse(&|it| it["rows"][0]["parts"][0]["asked"] = json!(1_000_001), "or for too many");
    refuse(&|it| it["rows"][0]["parts"][0]["by"] = json!(PHONE), "another writer");
    refuse(&|it| it["hidden"] = json!([it["rows"][0]["parts"][0]]), "hidden contribution counts");
    let hide = |it: &mut Value| {
        let mut part = it["rows"][0]["parts"][0].clone();
        part["counts"] = json!(0);
        it["hidden"] = json!([part]);
    };
    refuse(&hide, "or one is there twice");
    refuse(&|it| it["rows"] = json!([it["rows"][0], it["rows"][0]]), "not in their order");
    refuse(&|it| (it["rows"], it["hidden"]) = (json!([]), json!([])), "no contribution");
    let because = "x".repeat(limits::TEXT_BYTES + 1);
    let kept =
        json!([{"reason": "kept", "rule": {"name": "max", "version": 1}, "because": because}]);
    refuse(&|it| it["rows"][0]["parts"][0]["reasons"] = kept.clone(), "too long");
    let tee = of("TEE");
    assert_eq!(tee["rows"].as_array().map(Vec::len), Some(2), "two sides");
}

#[test]
fn states_that_are_not_in_their_one_form() {
    let cart = to_value(samples::full()).expect("JSON");
    let text = cart.as_str().expect("a text");
    refuse::<Delta>(json!(text), "kind 1, not 2");
    refuse::<Cart>(json!(format!("{text}=")), "not base64");
    refuse::<Cart>(json!(format!(" {text}")), "not base64");
    refuse::<Cart>(json!(text[..text.len() - 4]), "at byte");
    refuse::<Cart>(json!(""), "end too early");
    refuse::<Cart>(json!([104, 100]), "invalid type");
    let long = "A".repeat(limits::MESSAGE_BYTES / 3 * 4 + 8);
    refuse::<Cart>(json!(long), "send less at a time");
    let dots: Dots = [dot(PHONE, 1)].into_iter().collect();
    let have = Have { context: dots.clone(), live: dots, erased: true };
    let erased = wire::encode_message(&Message::Have { cart: CART, have });
    assert!(wire::decode_message(&erased).is_err(), "an erased cart has no dots");
    let delta = to_value(Delta::erasure(CART)).expect("JSON");
    let answer = json!({"message": "answer", "delta": delta, "have": null});
    refuse::<Message>(answer, "missing field `fingerprint`");
    let message = json!({"message": "all", "delta": text, "fingerprint": {}, "reply": true});
    refuse::<Message>(message, "kind 1, not 2");
}

/// JSON in JSON in JSON: the reader gives up before the stack does.
#[test]
fn deep_nesting_is_an_error() {
    let deep = |open: &str, shut: &str| open.repeat(100_000) + &shut.repeat(100_000);
    for json in [
        deep("[", "]"),
        deep("{\"lines\":[", "]}"),
        format!(r#"{{"notice": "question", "line": {}}}"#, deep("[", "]")),
        format!(r#"{{"reason": {}}}"#, deep("{\"reason\":", "}")),
        format!(r#"{{"message": "have", "have": {}}}"#, deep("{\"have\":", "}")),
    ] {
        assert!(serde_json::from_str::<View>(&json).is_err());
        assert!(serde_json::from_str::<Notice>(&json).is_err());
        assert!(serde_json::from_str::<Reason>(&json).is_err());
        assert!(serde_json::from_str::<Message>(&json).is_err());
        assert!(serde_json::from_str::<Explanation>(&json).is_err());
        assert!(serde_json::from_str::<Cart>(&json).is_err());
    }
}

proptest! {
    #![proptest_config(cases(300))]

    /// Bytes that somebody made up, and sound bytes with some of them changed.
    #[test]
    fn made_up_bytes_are_an_error_or_sound(
        which in any::<prop::sample::Index>(), from in any::<prop::sample::Index>(),
        places in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 0..6),
        invented in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let all = values::all();
        let (_, value) = which.get(&all);
        let (_, other) = from.get(&all);
        for format in Format::ALL {
            let mut damaged = value.write(*format);
            for (place, byte) in &places {
                let at = place.index(damaged.len());
                damaged[at] = *byte;
            }
            // Of its own type, of another, and of none.
            for bytes in [&damaged, &other.write(*format), &invented] {
                // A panic fails the case, and is told with what was read.
                let _ = value.reads_everywhere(*format, bytes);
            }
        }
    }
}
