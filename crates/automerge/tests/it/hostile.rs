//! Documents by other programs, malformed values, made-up bytes: skipped by key or refused, never
//! a panic, never a quantity that nobody asked for.

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ObjType, ROOT, ScalarValue};
use holdall::{Cart, CartId, LineKey, ReplicaId, limits, wire};
use holdall_automerge::{CartDocument, DocumentError, Reading, Refused};
use proptest::prelude::*;

use crate::laws::cases;
use crate::samples::{self, Sample};

const CART: CartId = CartId::from_u128(0xca27);
const PHONE: ReplicaId = ReplicaId::from_u128(1);

fn key(seq: u64) -> String {
    format!("hd/{CART}/{PHONE}/{seq}")
}

fn add(units: u32) -> String {
    format!(r#"{{"add":{units},"line":{{"sku":"TEE"}},"at":5}}"#)
}

/// A document in which each of these values is under a key, from number 2 on, after an add of 4.
fn with<V: Into<ScalarValue>>(values: impl IntoIterator<Item = V>) -> (CartDocument, Reading) {
    let mut doc = AutoCommit::new();
    doc.put(ROOT, key(1), add(4)).expect("a value");
    for (at, value) in values.into_iter().enumerate() {
        doc.put(ROOT, key(at as u64 + 2), value).expect("a value");
    }
    CartDocument::over(CART, doc)
}

fn tees(document: &CartDocument) -> u64 {
    let tee = LineKey::sku("TEE").expect("a SKU");
    document.replica(ReplicaId::from_u128(99)).view().quantity(&tee)
}

/// Why the only value that is wrong was refused.
fn refusal(text: &str) -> Refused {
    let (document, mut reading) = with([text]);
    assert_eq!(tees(&document), 4, "{text}");
    let skipped = reading.skipped.pop().unwrap_or_else(|| panic!("{text} was read"));
    assert_eq!(skipped.key, key(2), "{text}");
    assert_eq!(skipped.dot.map(|dot| dot.seq), Some(2));
    assert!(reading.skipped.is_empty() && !skipped.why.to_string().is_empty());
    skipped.why
}

#[test]
fn what_is_wrong_is_said() {
    let line = r#""line":{"sku":"TEE"},"at":5"#;
    let me = PHONE;
    macro_rules! refused {
        ($($text:expr => $why:pat),* $(,)?) => {
            $({
                let text = $text.replace("LINE", line).replace("ME", &me.to_string());
                let why = refusal(&text);
                assert!(matches!(why, $why), "{text}: {why:?}");
            })*
        };
    }
    refused! {
        "" => Refused::NotAnObject,
        "2" => Refused::NotAnObject,
        "[]" => Refused::NotAnObject,
        "{" => Refused::Json(_),
        "{}" => Refused::Verbs { verbs: 0 },
        r#"{"subtract":1,LINE}"# => Refused::Json(_),
        r#"{"add":1,"add":2,LINE}"# => Refused::Json(_),
        r#"{"add":1,"set":2,LINE}"# => Refused::Verbs { verbs: 2 },
        r#"{"add":1,"remove":true,LINE}"# => Refused::Verbs { verbs: 2 },
        r#"{"add":0,LINE}"# => Refused::Quantity(_),
        r#"{"add":-1,LINE}"# => Refused::Quantity(_),
        r#"{"add":1000001,LINE}"# => Refused::Quantity(_),
        r#"{"add":1.5,LINE}"# => Refused::Json(_),
        r#"{"add":"1",LINE}"# => Refused::Json(_),
        r#"{"add":1e99,LINE}"# => Refused::Json(_),
        r#"{"add":99999999999999999999,LINE}"# => Refused::Json(_),
        r#"{"add":null,LINE}"# => Refused::Verbs { verbs: 0 },
        r#"{"add":1,"at":5}"# => Refused::Lacks { what: "a line", .. },
        r#"{"add":1,"line":{"sku":"TEE"}}"# => Refused::Lacks { .. },
        r#"{"add":1,"line":{"sku":""},"at":5}"# => Refused::Text(_),
        r#"{"add":1,"line":{"sku":"a\u0001b"},"at":5}"# => Refused::Text(_),
        r#"{"add":1,"line":{"sku":"T","options":{"a":"1","a":"2"}},"at":5}"# => Refused::Line(_),
        r#"{"add":1,"line":{"sku":"T","size":"M"},"at":5}"# => Refused::Json(_),
        r#"{"add":1,"line":{"sku":"TEE"},"at":-5}"# => Refused::Json(_),
        r#"{"add":1,"line":{"sku":"TEE"},"at":281474976710656}"# => Refused::Range { .. },
        r#"{"add":1,"tick":65536,LINE}"# => Refused::Json(_),
        r#"{"add":1,"price":"2.60",LINE}"# => Refused::Money(_),
        r#"{"add":1,"price":"-2.60 EUR",LINE}"# => Refused::Money(_),
        r#"{"add":1,"scope":"guest",LINE}"# => Refused::Id { what: "scope", .. },
        r#"{"add":1,"after":["x"],LINE}"# => Refused::Id { what: "after", .. },
        r#"{"add":1,"list":"saved",LINE}"# => Refused::Superfluous { verb: "add" },
        r#"{"add":1,"seen":["ME:1"],LINE}"# => Refused::Superfluous { verb: "add" },
        r#"{"add":1,"dead":["ME"],LINE}"# => Refused::Dots { what: "dead" },
        r#"{"add":1,"dead":["ME:0"],LINE}"# => Refused::Dots { what: "dead" },
        r#"{"add":1,"dead":["ME:4-2"],LINE}"# => Refused::Dots { what: "dead" },
        r#"{"add":1,"dead":["ME:1-2"],LINE}"# => Refused::Itself { what: "dead" },
        r#"{"remove":true,"line":{"sku":"TEE"}}"# => Refused::Superfluous { verb: "remove" },
        r#"{"remove":false}"# => Refused::Verbs { verbs: 0 },
        r#"{"set":0,LINE}"# => Refused::Quantity(_),
        r#"{"set":1,"list":"wishes",LINE}"# => Refused::Json(_),
        r#"{"set":1,"seen":["ME:1"],LINE}"# => Refused::Itself { what: "seen" },
        r#"{"set":1,"took":[{"dot":"ME:1-2","units":1}],LINE}"# => Refused::Dots { .. },
        r#"{"move":"saved","dots":["x"],LINE}"# => Refused::Dots { what: "dots" },
        r#"{"coupon":"","at":5}"# => Refused::Text(_),
        r#"{"note":"","at":5}"# => Refused::Text(_),
        r#"{"unmerge":{"guest":"x","claim":1},"at":5}"# => Refused::Id { what: "guest", .. },
        r#"{"unknown":{"kind":1,"payload":""},"at":5}"# => Refused::Superfluous { .. },
        r#"{"unknown":{"kind":12,"payload":"abc"},"at":5}"# => Refused::Payload,
        r#"{"unknown":{"kind":12,"payload":"+1"},"at":5}"# => Refused::Payload,
    }
    let deep = format!("{{\"line\":{}", "[".repeat(100_000));
    assert!(matches!(refusal(&deep), Refused::Json(_)));
    let long = format!(r#"{{"note":"{}","at":5}}"#, "x".repeat(limits::TEXT_BYTES + 1));
    assert!(matches!(refusal(&long), Refused::Text(_)));
    let huge = " ".repeat(limits::MESSAGE_BYTES + 1);
    assert!(matches!(refusal(&huge), Refused::TooLong { .. }));
}

#[test]
fn what_is_no_text_is_skipped() {
    let values: Vec<ScalarValue> = vec![
        ScalarValue::Int(2),
        ScalarValue::Uint(2),
        ScalarValue::F64(f64::NAN),
        ScalarValue::counter(2),
        ScalarValue::Timestamp(2),
        ScalarValue::Boolean(true),
        ScalarValue::Null,
        ScalarValue::Bytes(add(1).into_bytes()),
        ScalarValue::Unknown { type_code: 14, bytes: vec![1] },
    ];
    let count = values.len();
    let (document, reading) = with(values);
    assert_eq!(tees(&document), 4);
    assert_eq!(reading.skipped.len(), count);
    assert!(reading.skipped.iter().all(|it| matches!(it.why, Refused::NotText { .. })));
    for kind in [ObjType::Map, ObjType::List, ObjType::Table] {
        let mut doc = AutoCommit::new();
        doc.put(ROOT, key(1), add(4)).expect("a value");
        doc.put_object(ROOT, key(2), kind).expect("an object");
        let (document, reading) = CartDocument::over(CART, doc);
        assert_eq!((tees(&document), reading.skipped.len()), (4, 1));
    }
}

#[test]
fn other_programs_keys_are_theirs() {
    let mut doc = AutoCommit::new();
    doc.put(ROOT, key(1), add(4)).expect("a value");
    for key in ["", "cart", "items", "hd", "HD/x", "\u{0}", "🛒"] {
        doc.put(ROOT, key, add(1)).ok();
    }
    let theirs = doc.put_object(ROOT, "lines", ObjType::List).expect("a list");
    doc.insert(&theirs, 0, "TEE").expect("a line");
    let (document, reading) = CartDocument::over(CART, doc);
    assert_eq!(tees(&document), 4);
    assert!(reading.skipped.is_empty() && reading.foreign_keys >= 6, "{reading:?}");
    for bad in ["hd/", "hd/x/y/1", &format!("hd/{CART}/{PHONE}/01"), &format!("hd/{CART}/")] {
        let mut doc = AutoCommit::new();
        doc.put(ROOT, bad, add(1)).expect("a value");
        let (document, reading) = CartDocument::over(CART, doc);
        assert_eq!((tees(&document), reading.skipped.len()), (0, 1), "{bad}");
        assert!(matches!(reading.skipped[0].why, Refused::Key));
    }
    let mut doc = AutoCommit::new();
    doc.put(ROOT, format!("hd/{CART}/erased"), "yes").expect("a value");
    let (document, reading) = CartDocument::over(CART, doc);
    assert!(!document.cart().is_erased());
    assert!(matches!(reading.skipped[0].why, Refused::NotTrue { .. }));
}

/// A removal is not held up by a line that cannot be read among those it takes out.
#[test]
fn what_cannot_be_read_holds_nothing_up() {
    let remove = format!(r#"{{"remove":true,"dead":["{PHONE}:1-2"]}}"#);
    let (document, reading) = with([r#"{"add":-5}"#, &remove]);
    assert_eq!((tees(&document), reading.skipped.len()), (0, 1));
    assert!(reading.waiting.is_empty());
}

/// Nobody kills the future: what is not here yet is waited for.
#[test]
fn what_makes_dead_what_nobody_knows_waits() {
    let remove = format!(r#"{{"remove":true,"dead":["{PHONE}:1","{PHONE}:9"]}}"#);
    let (document, reading) = with([remove]);
    assert_eq!(tees(&document), 4);
    assert_eq!(reading.waiting.len(), 1);
    assert_eq!(
        reading.waiting[0].missing.runs().map(|(_, run)| run.first).collect::<Vec<_>>(),
        [9]
    );
}

/// A chain of actions each of which waits for the next, and the last for ever, is no work without end.
#[test]
fn a_long_chain_of_what_waits_ends() {
    let links = 4_000;
    let set = |at: u64| {
        format!(r#"{{"set":1,"line":{{"sku":"TEE"}},"at":5,"dead":["{PHONE}:{}"]}}"#, at + 1)
    };
    let (document, reading) = with((2..links + 2).map(set));
    assert_eq!((tees(&document), reading.waiting.len() as u64), (4, links));
}

/// Whatever is read can be written in our own bytes, and comes back the same.
fn is_whole(cart: &Cart) {
    let again = wire::decode_cart(&wire::encode_cart(cart)).expect("its own bytes");
    assert_eq!(&again, cart);
    let all = holdall::Registry::default();
    let options = holdall::ViewOptions::default();
    let _ = (holdall::view(cart, &all, &options), holdall::explain(cart, &all, &options));
}

/// The texts of every kind of entry.
fn every_text() -> Vec<String> {
    let mut texts = Vec::new();
    for (_, sample) in samples::all() {
        let Sample::Cart(cart) = sample else { continue };
        let mut document = CartDocument::new(CART);
        document.write(&cart).expect("a change");
        let doc = document.automerge();
        use automerge::ReadDoc;
        for key in doc.keys(ROOT) {
            let (value, _) = doc.get(ROOT, key.as_str()).expect("a key").expect("a value");
            texts.push(value.as_str().expect("a text").to_owned());
        }
    }
    assert!(texts.len() > 20);
    texts
}

/// A text with something wrong: letters changed, or values moved from one place to another.
fn spoil(text: &str, edits: &[(usize, u8)], other: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let pool: Vec<char> = "\"{}[],:-0123456789abcdefnul ".chars().collect();
    for (at, what) in edits {
        let at = at % letters.len().max(1);
        match what % 4 {
            0 if !letters.is_empty() => {
                letters.remove(at);
            }
            1 => letters.insert(at, pool[usize::from(*what) % pool.len()]),
            2 if !letters.is_empty() => letters[at] = pool[usize::from(*what) % pool.len()],
            _ => {
                // The fields of another action, too.
                let inner = other.trim_start_matches('{').trim_end_matches('}');
                let fields: Vec<&str> = inner.split(",\"").collect();
                let field = fields[usize::from(*what) % fields.len()].trim_start_matches('"');
                let more: String = letters.iter().collect();
                let more = more.replacen('{', &format!("{{\"{field},"), 1);
                letters = more.chars().collect();
            }
        }
    }
    letters.into_iter().collect()
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn spoiled_texts_are_read_whole_or_refused(
        edits in prop::collection::vec(
            (any::<usize>(), prop::collection::vec((any::<usize>(), any::<u8>()), 0..3)), 1..40,
        ),
    ) {
        let texts = every_text();
        let spoiled = edits.iter().enumerate().map(|(at, (other, edits))| {
            spoil(&texts[at % texts.len()], edits, &texts[other % texts.len()])
        });
        let (document, _) = with(spoiled);
        is_whole(document.cart());
        // What was read says the same when it is written elsewhere.
        let mut again = CartDocument::new(CART);
        again.write(document.cart()).expect("a change");
        let (again, reading) = CartDocument::load(CART, &again.save()).expect("a document");
        prop_assert!(reading.skipped.is_empty(), "{:?}", reading.skipped);
        prop_assert_eq!(again.cart(), document.cart());
    }
}

/// Damaged bytes: Automerge's checksums find it.
#[test]
fn damaged_bytes_are_refused() {
    let mut document = CartDocument::new(CART);
    document.write(&samples::full()).expect("a change");
    let bytes = document.save();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(CartDocument::load(CART, &damaged).is_err(), "byte {at}");
        if at % 7 == 0 && at > 0 {
            assert!(CartDocument::load(CART, &bytes[..at]).is_err(), "cut at {at}");
        }
    }
    let mut receiver = CartDocument::new(CART);
    assert!(receiver.receive(&bytes[..bytes.len() - 1]).is_err());
    assert_eq!(receiver.cart(), &Cart::new(CART));
    assert!(receiver.receive(&bytes).expect("a document").changed);
    assert_eq!(receiver.cart(), document.cart());
    let large = vec![0; limits::DOCUMENT_BYTES + 1];
    let refused = CartDocument::load(CART, &large);
    assert!(matches!(refused, Err(DocumentError::TooLarge { .. })));
}
