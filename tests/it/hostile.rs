//! Bytes by somebody who means harm, or from a bad cable: a typed error, the state untouched, no
//! panic, and no more memory than a small multiple of what was sent.

use holdall::id::{CouponCode, Text, TextError};
use holdall::wire::{Broken, decode_cart, decode_delta, decode_message, encode_cart};
use holdall::{LineError, LineKey, Quantity, Replica, RowRef, Sku, limits};

use super::memory::{alone, growth};
use super::samples::{self, CART, PHONE, Sample, content, seal, tee};

/// Memory for one byte of input. A line is some 90 bytes in memory and may be three in the message,
/// and an Add 56, while a list that grows is held twice for a moment.
const BYTES_PER_BYTE: usize = 48;
/// What a process may grow by for reasons of its own: an allocator takes address space for an
/// arena, 64 MB at a time, and gives most of it back.
const SLACK_BYTES: usize = 72 << 20;

/// Either an error, or a value whose one form these bytes are.
fn try_bytes(name: &str, like: &Sample, bytes: &[u8]) -> bool {
    match like.decode_like(bytes) {
        Ok(value) => {
            assert_eq!(value.encode(), bytes, "{name}: read, but not in its one form");
            true
        }
        Err(error) => {
            assert!(error.offset <= bytes.len(), "{name}: {error}");
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

#[test]
fn every_truncation_is_an_error() {
    for (name, sample) in samples::all() {
        let bytes = sample.encode();
        for end in 0..bytes.len() {
            assert!(!try_bytes(&name, &sample, &bytes[..end]), "{name} cut at {end}");
            if end >= 3 && end < bytes.len() - 4 {
                assert!(!try_bytes(&name, &sample, &seal(&bytes[..end])), "{name} cut at {end}");
            }
        }
    }
}

#[test]
fn one_byte_more_is_an_error() {
    for (name, sample) in samples::all() {
        let bytes = sample.encode();
        for extra in [0, 1, 0xff] {
            let longer = [bytes.as_slice(), &[extra]].concat();
            assert!(!try_bytes(&name, &sample, &longer), "{name}");
            let sealed = seal(&[content(&bytes), &[extra]].concat());
            assert!(!try_bytes(&name, &sample, &sealed), "{name}, sealed");
        }
    }
}

#[test]
fn every_single_bit_flip_is_an_error_or_another_value() {
    let (mut read, mut refused) = (0, 0);
    for (name, sample) in samples::all() {
        let bytes = sample.encode();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!try_bytes(&name, &sample, &flipped), "{name}: the checksum let bit {bit} by");
            if bit / 8 < bytes.len() - 4 {
                let sealed = seal(content(&flipped));
                if try_bytes(&name, &sample, &sealed) {
                    let value = sample.decode_like(&sealed).expect("read before");
                    assert_ne!(value, sample, "{name}: two forms of one value, bit {bit}");
                    read += 1;
                } else {
                    refused += 1;
                }
            }
        }
    }
    assert!(read > 1_000 && refused > 1_000, "{read} read, {refused} refused");
}

/// Lengths and counts are said before what they are of, so two changes near each other may fit together.
#[test]
fn every_two_small_changes_are_an_error_or_another_value() {
    const REACH: usize = 8;
    let (mut read, mut refused) = (0, 0);
    for (name, sample) in samples::all() {
        let bytes = sample.encode();
        let sound = content(&bytes);
        for at in 0..sound.len() {
            for other in [sound[at], sound[at].wrapping_add(1), sound[at].wrapping_sub(1)] {
                let mut changed = sound.to_vec();
                changed[at] = other;
                for (from, byte) in sound.iter().enumerate().skip(at + 1).take(REACH) {
                    let mut try_it = |change: &dyn Fn(&mut Vec<u8>)| {
                        let mut changed = changed.clone();
                        change(&mut changed);
                        let taken = try_bytes(&name, &sample, &seal(&changed));
                        *if taken { &mut read } else { &mut refused } += 1;
                    };
                    try_it(&|bytes| {
                        bytes.remove(from);
                    });
                    try_it(&|bytes| bytes.insert(from, *byte));
                    try_it(&|bytes| bytes[from] = byte.wrapping_add(1));
                    try_it(&|bytes| bytes[from] = byte.wrapping_sub(1));
                }
            }
        }
    }
    assert!(read > 10_000 && refused > 100_000, "{read} read, {refused} refused");
}

/// A replica that refuses bytes is as it was, and goes on.
#[test]
fn a_refused_delta_leaves_the_state_alone() {
    let mut phone = Replica::new(CART, PHONE);
    let add = phone.add(0, &tee(), Quantity::ONE, None).expect("an add");
    let before = encode_cart(phone.cart());
    let mut bytes = holdall::wire::encode_delta(&add);
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    let error = decode_delta(&bytes).expect_err("damaged");
    assert_eq!(error.broken, Broken::Checksum);
    assert_eq!(encode_cart(phone.cart()), before);
    let _ = phone.add(1, &tee(), Quantity::ONE, None).expect("it goes on");
    assert_eq!(phone.view().quantity(&tee()), 2);
}

/// Nothing of all this makes the process grow: no count is believed.
#[test]
fn hostile_bytes_of_a_few_hundred_allocate_little() {
    alone("hostile::hostile_bytes_of_a_few_hundred_allocate_little", || {
        let grown = growth(|| {
            hostile_counts();
            every_truncation_is_an_error();
        });
        assert!(grown <= SLACK_BYTES, "{grown} bytes");
    });
}

/// Counts that promise more than there is, at every place where a count can stand.
#[test]
fn hostile_counts_are_not_believed() {
    hostile_counts();
}

fn hostile_counts() {
    let huge: [&[u8]; 4] = [
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
        &[0xff, 0xff, 0x03],
    ];
    for (name, sample) in samples::all() {
        let bytes = sample.encode();
        for at in 3..content(&bytes).len() {
            // Every place, with one of them in turn.
            for count in &huge[at % huge.len()..=at % huge.len()] {
                let put = [&bytes[..at], count, &bytes[at + 1..bytes.len() - 4]].concat();
                try_bytes(&name, &sample, &seal(&put));
            }
        }
    }
}

/// Tables of as many of the smallest rows as there are bytes: what costs most for its length.
#[test]
fn full_tables_stay_within_the_bound() {
    alone("hostile::full_tables_stay_within_the_bound", || {
        for (name, bytes) in full_tables() {
            let like = Sample::Delta(holdall::Delta::empty(CART));
            let grown = growth(|| assert!(!try_bytes(name, &like, &bytes), "{name}"));
            eprintln!("{name}: at most {} times the input", grown / bytes.len());
            let most = bytes.len() * BYTES_PER_BYTE + SLACK_BYTES;
            assert!(grown <= most, "{name}: {grown} bytes for {} of input", bytes.len());
        }
    });
}

/// Which tables there are, as the format has it.
const CARTS: u8 = 2;
const AUTHORSHIPS: u8 = 4;
const LINES: u8 = 8;
const SEEN: u8 = 32;

fn head(kind: u8, tables: u8) -> Vec<u8> {
    [&b"hd"[..], &[0x10 | kind], &CART.as_u128().to_be_bytes(), &[tables]].concat()
}

/// A number in its shortest form.
fn number(mut n: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n > 0x7f {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}

fn full_tables() -> Vec<(&'static str, Vec<u8>)> {
    let count = number;
    let many = 2_000_000_u32;
    let (no_writers, writer, cart) = (vec![0], [&[1][..], &[1; 16]].concat(), [1_u8; 16]);
    // That many authorships in one other cart, without merges.
    let rows: Vec<u8> = (0..many / 2).flat_map(|_| [1, 0]).collect();
    let tables = head(2, CARTS | AUTHORSHIPS);
    let carts = [&[1][..], &cart].concat();
    let authorships = [tables, no_writers.clone(), carts, count(many / 2), rows].concat();
    // As many of the shortest lines, each with as much of the one before as there may be.
    let first = [&[255, 0, 25][..], &[b'a'; 25]].concat();
    let rows: Vec<u8> = (1..many / 2).flat_map(|at| [240, b'a' + (at % 20) as u8]).collect();
    let lines = [head(2, LINES), no_writers.clone(), count(many / 2), first, rows].concat();
    // One writer's runs, as close to each other as may be.
    let runs: Vec<u8> = (0..many / 2).flat_map(|_| [5, 1]).collect();
    let dots = [vec![1, 0], count(many / 2), runs].concat();
    let runs = [head(2, 0), writer.clone(), dots].concat();
    // Adds of one line, in the three bytes an Add has at least.
    let line = vec![1, 0, b'a'];
    let dots = [vec![1, 0, 1, 3], count(many / 3 - 1)].concat();
    let rows: Vec<u8> = (0..many / 3).flat_map(|_| [8, 2, 0]).collect();
    let live = [vec![1, 0], count(many / 3 - 1), rows].concat();
    let adds = [head(2, LINES), writer, line, dots, live, vec![0]].concat();
    let tables = [("authorships", authorships), ("lines", lines), ("runs", runs), ("adds", adds)];
    let sealed = tables.into_iter().map(|(name, bytes)| (name, seal(&bytes)));
    sealed.chain([("seen", seen_by_many(2, many / 16, true))]).collect()
}

/// As many Sets that had all seen one set of as many runs: it is there once. Perhaps with a line
/// that nothing is about.
fn seen_by_many(kind: u8, many: u32, unused: bool) -> Vec<u8> {
    let (first, second) = ([1_u8; 16], [2_u8; 16]);
    let lines: &[u8] = if unused { &[2, 0, b'a', 0, b'b'] } else { &[1, 0, b'a'] };
    let runs = vec![4_u8; many as usize];
    let seen = [vec![1, 1, 1], number(many), runs].concat();
    let context = [vec![1, 0, 1, 3], number(many - 1)].concat();
    let set = [0xa2, 0, 0, 64];
    let entries: Vec<u8> = (0..many).flat_map(|_| set).collect();
    let live = [vec![1, 0], number(many - 1), entries].concat();
    let tables = [&[2], &first[..], &second, lines].concat();
    seal(&[head(kind, LINES | SEEN), tables, seen, context, live].concat())
}

#[test]
fn one_set_of_dots_that_many_entries_had_seen_is_there_once() {
    let bytes = seen_by_many(1, 1_000, false);
    let cart = decode_cart(&bytes).expect("sound bytes");
    assert_eq!(cart.live().len(), 1_000);
    assert_eq!(encode_cart(&cart), bytes);
}

/// Sequence numbers end at 2^32 - 1, wherever bytes have one.
#[test]
fn numbers_beyond_the_last_are_refused() {
    let number = |mut n: u64| {
        let mut bytes = Vec::new();
        while n > 0x7f {
            bytes.push(n as u8 | 0x80);
            n >>= 7;
        }
        bytes.push(n as u8);
        bytes
    };
    let delta = |parts: &[&[u8]]| {
        let start = [head(2, 0), vec![1], vec![1; 16]].concat();
        decode_delta(&seal(&[start, parts.concat()].concat()))
    };
    const LAST: u64 = limits::SEQ_MAX;
    for (seq, right) in [(1, true), (LAST, true), (LAST + 1, false), (u64::MAX / 2, false)] {
        let dead = delta(&[&[1, 0, 1], &number(2 * seq), &[0]]);
        let run = delta(&[&[1, 0, 1, 3], &number(seq - 1), &[0]]);
        // A consent of that number, and a Move that names one.
        let consent = [&[1, 0, 0, 0x86][..], &number(seq), &[0, 1]].concat();
        let all = number(2 * seq.min(LAST));
        let live = delta(&[&[1, 0, 1], &all, &consent]);
        let moved = [&[1, 0, 0, 0xb3, 8, 0, 0, 1, 0][..], &number(seq)].concat();
        let named = delta(&[&[1, 0, 1, 2], &moved]);
        for (what, read) in [("dead", dead), ("run", run), ("live", live), ("named", named)] {
            match (what, seq) {
                // Its step and a run of more than one number have a shorter form.
                ("run" | "live", 1) => continue,
                _ if right => assert!(read.is_ok(), "{what} {seq}: {read:?}"),
                _ => assert_eq!(read.expect_err(what).broken, Broken::Number, "{what} {seq}"),
            }
        }
    }
}

#[test]
fn other_envelopes_and_versions_are_told_apart() {
    let bytes = encode_cart(&samples::full());
    assert!(matches!(
        decode_delta(&bytes).expect_err("a cart").broken,
        Broken::Kind { expected: 2, found: 1 }
    ));
    let mut newer = content(&bytes).to_vec();
    newer[2] = 0x21;
    assert_eq!(decode_cart(&seal(&newer)).expect_err("newer").broken, Broken::Version { found: 2 });
    assert_eq!(decode_cart(b"HTTP/1.1 200").expect_err("no").broken, Broken::Magic);
    assert_eq!(decode_message(&[]).expect_err("none").broken, Broken::Truncated);
    let large = vec![b'h'; limits::MESSAGE_BYTES + 1];
    assert_eq!(decode_cart(&large).expect_err("too large").broken, Broken::TooLarge);
}

/// What a shopper's browser may send as a name, a text, a number of options or a quantity.
#[test]
fn oversized_names_texts_options_and_quantities() {
    let emoji = "🛒".repeat(10_000);
    let error = Sku::new(&emoji).expect_err("40,000 bytes");
    let want = TextError::TooLong { what: "SKU", bytes: 40_000, limit: limits::NAME_BYTES };
    assert_eq!(error, want);
    assert!(Sku::new("🛒".repeat(limits::NAME_BYTES / 4)).is_ok());
    let text = "a".repeat(10 * 1024 * 1024);
    let error = Text::new(&text).expect_err("10 MB");
    assert!(matches!(error, TextError::TooLong { what: "text", .. }));
    assert!(CouponCode::new(&text).is_err());
    let keys: Vec<String> = (0..100_000).map(|at| format!("k{at}")).collect();
    let options = keys.iter().map(|key| (key.as_str(), "v"));
    let error = LineKey::parse("TEE", options).expect_err("too many");
    assert!(matches!(error, LineError::TooManyOptions { .. }));
    for units in [0, -1, i64::MIN, i64::MAX, i64::from(limits::QUANTITY_UNITS) + 1] {
        assert_eq!(Quantity::new(units).expect_err("outside").given, units);
    }
    assert_eq!(Quantity::new(limits::QUANTITY_UNITS).map(Quantity::get), Ok(1_000_000));
}

/// The largest of what is allowed: sums neither overflow nor wrap.
#[test]
fn the_largest_quantities_add_up() {
    let mut phone = Replica::new(CART, PHONE);
    let most = Quantity::new(limits::QUANTITY_UNITS).expect("the limit itself");
    for now in 0..limits::LINE_ENTRIES as u64 {
        let _ = phone.add(now, &tee(), most, None).expect("within the limits");
    }
    let before = phone.cart().clone();
    let error = phone.add(9, &tee(), most, None).expect_err("one more entry than allowed");
    assert_eq!(error.kind(), "limit");
    assert_eq!(*phone.cart(), before);
    let row = &phone.view().lines[0];
    assert_eq!((row.asked, row.quantity), (1_000_000_000, limits::CEILING_UNITS));
    let _ = phone.set(10, &RowRef::active(tee()), 3, None).expect("a set of a full line");
    assert_eq!(phone.view().quantity(&tee()), 3);
}
