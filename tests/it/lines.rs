//! What makes two lines the same line: descriptors have one form, and all others are refused.

use std::collections::HashSet;

use holdall::{CartId, LineError, LineKey, Quantity, Replica, ReplicaId, limits, wire};

use super::samples::{content, seal};

fn read(descriptor: &str) -> Result<LineKey, LineError> {
    LineKey::from_descriptor(descriptor)
}

/// Longer than what is held in place.
const LONG: &str = "A-SKU-OF-MORE-BYTES-THAN-A-LINE-HOLDS-IN-PLACE";

#[test]
fn a_descriptor_says_all_of_a_line_and_nothing_else() {
    type Options = &'static [(&'static str, &'static str)];
    type Parts = (&'static str, Options, Option<&'static str>, Option<&'static str>, &'static str);
    let right: [Parts; 6] = [
        ("TEE", &[], None, None, "TEE"),
        ("TEE\u{1}size\u{2}M", &[("size", "M")], None, None, "TEE (size M)"),
        (
            "TEE\u{1}colour\u{2}red\u{1}size\u{2}M",
            &[("colour", "red"), ("size", "M")],
            None,
            None,
            "TEE (colour red, size M)",
        ),
        ("TEE\u{3}kit", &[], Some("kit"), None, "TEE in kit"),
        ("TEE\u{4}gift", &[], None, Some("gift"), "TEE #gift"),
        (
            "TEE\u{1}size\u{2}M\u{3}kit\u{4}gift",
            &[("size", "M")],
            Some("kit"),
            Some("gift"),
            "TEE (size M) in kit #gift",
        ),
    ];
    for (descriptor, options, bundle, tag, shown) in right {
        let line = read(descriptor).expect(shown);
        assert_eq!(line.descriptor(), descriptor);
        assert_eq!(line.product(), "TEE");
        assert_eq!(line.options().collect::<Vec<_>>(), options);
        assert_eq!((line.bundle(), line.tag()), (bundle, tag));
        assert_eq!(line.to_string(), shown);
    }
    for wrong in [
        "",
        "\u{1}size\u{2}M",
        "TEE\u{5}",
        "TEE\n",
        "TEE\u{1}",
        "TEE\u{1}size",
        "TEE\u{1}size\u{2}",
        "TEE\u{1}\u{2}M",
        "TEE\u{1}size\u{2}M\u{1}colour\u{2}red",
        "TEE\u{1}size\u{2}M\u{1}size\u{2}M",
        "TEE\u{3}",
        "TEE\u{4}",
        "TEE\u{4}gift\u{3}kit",
        "TEE\u{3}kit\u{3}kit",
        "TEE\u{4}gift\u{4}gift",
        "TEE\u{3}kit\u{1}size\u{2}M",
    ] {
        assert!(read(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_line_in_json_has_the_parts_that_it_has() {
    let json = |descriptor| serde_json::to_value(read(descriptor).expect("a line")).expect("JSON");
    assert_eq!(json("TEE"), serde_json::json!({ "sku": "TEE", "options": {} }));
    assert_eq!(
        json("TEE\u{1}colour\u{2}red\u{1}size\u{2}M\u{3}kit\u{4}gift"),
        serde_json::json!({
            "sku": "TEE", "options": { "colour": "red", "size": "M" }, "bundle": "kit", "tag": "gift",
        })
    );
    assert_eq!(
        json("TEE\u{4}gift"),
        serde_json::json!({ "sku": "TEE", "options": {}, "tag": "gift" })
    );
}

#[test]
fn a_line_has_so_many_options_and_no_more() {
    let with = |options: usize| {
        (0..options).fold("TEE".to_owned(), |all, at| format!("{all}\u{1}k{at:03}\u{2}v"))
    };
    assert_eq!(read(&with(limits::OPTIONS)).expect("a line").options().count(), limits::OPTIONS);
    let options = limits::OPTIONS + 1;
    assert_eq!(read(&with(options)), Err(LineError::TooManyOptions { options }));
}

/// Whether a name is held in place or elsewhere, it is the same name in the same order.
#[test]
fn long_names_and_short_ones_are_told_apart_alike() {
    let boundary = |bytes: usize| "x".repeat(bytes);
    let names =
        ["A", "AB", LONG, &LONG[..30], &LONG[..31], &boundary(29), &boundary(30), &boundary(31)];
    let mut lines = names.map(|name| LineKey::sku(name).expect("a SKU"));
    lines.sort();
    let mut sorted = names;
    sorted.sort_unstable();
    assert_eq!(lines.each_ref().map(|line| line.product()), sorted);
    let all: HashSet<LineKey> = lines.iter().cloned().chain(lines.iter().cloned()).collect();
    assert_eq!(all.len(), names.len());
}

/// A message whose line is no line is refused, wherever the name would be held.
#[test]
fn bytes_of_no_line_are_refused() {
    let long = LONG.to_owned() + LONG;
    for name in ["AB-CD", LONG, &long] {
        let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
        let line = LineKey::sku(name).expect("a SKU");
        let bytes = wire::encode_delta(&phone.add(0, &line, Quantity::ONE, None).expect("an add"));
        let content = content(&bytes);
        let at = content.windows(name.len()).position(|part| part == name.as_bytes()).expect("it");
        let read = |content: &[u8]| wire::decode_delta(&seal(content));
        read(content).expect("its own bytes");
        for marks in [&b"\x01"[..], b"\x05", b"\x03\x03", b"\x04x\x03", b"\xff", b"\x01b\x02"] {
            let mut changed = content.to_vec();
            let end = at + name.len();
            changed[end - marks.len()..end].copy_from_slice(marks);
            assert!(read(&changed).is_err(), "{name} with {marks:?}");
        }
    }
}

/// Names in one message share what they begin with, in place or not, and come back as they were.
#[test]
fn names_of_every_length_come_back() {
    let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
    let mut names = Vec::new();
    for bytes in (1..64).chain([limits::NAME_BYTES]) {
        for end in ["a", "b", "ü"] {
            let name = "x".repeat(bytes - 1) + end;
            if name.len() > limits::NAME_BYTES {
                continue;
            }
            let line = LineKey::sku(&name).expect("a SKU");
            phone.add(0, &line, Quantity::ONE, None).expect("an add");
            names.push(name);
        }
    }
    names.sort_unstable();
    let back = wire::decode_cart(&wire::encode_cart(phone.cart())).expect("its own bytes");
    assert_eq!(back.lines().map(LineKey::product).collect::<Vec<_>>(), names);
    assert_eq!(&back, phone.cart());
}
