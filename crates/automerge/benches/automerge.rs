//! A cart in an Automerge document beside the same cart in its native form: bytes and times. And
//! what documents that somebody made up do to Automerge.
//!
//! `cargo bench --bench automerge --features automerge [-- hostile CASES SEED]`. Sizes are exact; times are
//! medians, to be compared within a row. What it said is in the manual's page about Automerge.

use std::env;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use automerge::AutoCommit;
use holdall::{
    Cart, CartId, Delta, LineKey, Quantity, Replica, ReplicaId, RowRef, ViewOptions, view, wire,
};
use holdall_automerge::{CartDocument, DocumentError};
use sha2::{Digest, Sha256};

const CART: CartId = CartId::from_u128(0x5eed_0000_0000_4000_8000_0000_0000_0001);
const ROUNDS: usize = 15;

fn main() -> ExitCode {
    let given: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
    let number = |at: usize| given.get(at).and_then(|word| word.parse::<u64>().ok());
    match given.first().map(String::as_str) {
        None => tables(),
        Some("hostile") => hostile(number(1).unwrap_or(10_000), number(2).unwrap_or(1)),
        Some("hostile-part") => {
            part(number(1).unwrap_or(0), number(2).unwrap_or(0), number(3).unwrap_or(0));
        }
        Some(other) => {
            eprintln!("{other}: say nothing, or hostile CASES SEED");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// Numbers from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % n as u64) as usize
    }
}

fn line(at: usize) -> LineKey {
    LineKey::sku(&format!("SKU-{at:04}")).expect("a line")
}

/// A cart after so many edits (70 % add, 20 % set, 10 % remove) by two devices that know of each
/// other, and the deltas.
fn edited(lines: usize, edits: usize, then_removed: bool) -> (Replica, Vec<Delta>) {
    let mut dice = Dice(7);
    let mut writers = [1, 2].map(|at| {
        let id = 0x1111_2222_3333_4444_5555_6666_7777_8880_u128 * at;
        Replica::new(CART, ReplicaId::from_u128(id))
    });
    let mut deltas = Vec::new();
    let mut now = 1_700_000_000_000_u64;
    let mut edit = |writers: &mut [Replica; 2], at: usize, what: usize, of: usize| {
        now += 1_000;
        let (line, row) = (line(of), RowRef::active(line(of)));
        let [a, b] = writers;
        let (writer, other) = if at == 0 { (a, b) } else { (b, a) };
        let delta = match what {
            0..70 => writer.add(now, &line, Quantity::ONE, None),
            70..90 => writer.set(now, &row, 1 + (what % 5) as u32, None),
            _ => match writer.remove(now, &row) {
                Err(_) => writer.add(now, &line, Quantity::ONE, None),
                removed => removed,
            },
        };
        let delta = delta.expect("an edit");
        let _ = other.join(&delta).expect("the same cart");
        deltas.push(delta);
    };
    for at in 0..edits {
        let of = if at < lines { at } else { dice.below(lines) };
        let what = if at < lines { 0 } else { dice.below(100) };
        edit(&mut writers, dice.below(2), what, of);
    }
    if then_removed {
        for _ in 0..950 {
            let of = dice.below(lines);
            edit(&mut writers, dice.below(2), 0, of);
        }
        for of in 0..lines {
            edit(&mut writers, 0, 99, of);
            edit(&mut writers, 0, 0, of);
        }
    }
    let [first, _] = writers;
    (first, deltas)
}

fn micros(mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            run();
            began.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

fn tables() {
    println!(
        "| cart | native | document | document of the state alone | a delta | a change | load and show, native | document | load, add, save, native | document |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for (name, lines, edits, removed) in [
        ("1 line", 1, 1, false),
        ("10 lines, 40 edits", 10, 40, false),
        ("50 lines, 1,000 edits", 50, 1_000, false),
        ("the same, 950 more, all removed", 50, 1_000, true),
    ] {
        let (writer, deltas) = edited(lines, edits, removed);
        let mut document = CartDocument::new(CART);
        for delta in &deltas {
            document.apply(delta).expect("a change");
        }
        assert_eq!(document.cart().fingerprint(), writer.fingerprint());
        let changes = document.automerge().get_changes(&[]);
        let each = |bytes: usize, of: usize| bytes / of;
        let change = each(changes.iter().map(|it| it.raw_bytes().len()).sum(), changes.len());
        let delta = each(deltas.iter().map(|it| wire::encode_delta(it).len()).sum(), deltas.len());
        let mut alone = CartDocument::new(CART);
        alone.write(writer.cart()).expect("a change");
        let (native, bytes) = (wire::encode_cart(writer.cart()), document.save());
        println!(
            "| {name} | {} B | {} B | {} B | {delta} B | {change} B | {:.0} us | {:.0} us | {:.0} us | {:.0} us |",
            native.len(),
            bytes.len(),
            alone.save().len(),
            micros(|| shown(&wire::decode_cart(&native).expect("a cart"))),
            micros(|| shown(CartDocument::load(CART, &bytes).expect("a document").0.cart())),
            micros(|| native_request(&native)),
            micros(|| document_request(&bytes)),
        );
    }
}

fn shown(cart: &Cart) {
    black_box(view(cart, &holdall::Registry::default(), &ViewOptions::default()));
}

const NEW: ReplicaId = ReplicaId::from_u128(0xabcd_ef01_2345_6789_abcd_ef01_2345_6789);

fn native_request(bytes: &[u8]) {
    let cart = wire::decode_cart(bytes).expect("a cart");
    let mut writer = Replica::resume(NEW, cart.latest(), cart);
    writer.add(1_800_000_000_000, &line(0), Quantity::ONE, None).expect("an add");
    black_box(wire::encode_cart(writer.cart()));
}

fn document_request(bytes: &[u8]) {
    let (mut document, _) = CartDocument::load(CART, bytes).expect("a document");
    let mut writer = document.replica(NEW);
    let add = writer.add(1_800_000_000_000, &line(0), Quantity::ONE, None).expect("an add");
    document.apply(&add).expect("a change");
    black_box(document.save());
}

/// How many cases a child takes.
const PART: u64 = 250;

/// Documents with random damage and checksums that fit, each read in a child process: what was
/// refused, what was read, what panicked, and how often the process died.
fn hostile(cases: u64, seed: u64) {
    let me = env::current_exe().expect("this program");
    let (mut refused, mut read, mut panics, mut later, mut deaths) = (0, 0, 0, 0, 0);
    let mut from = 0;
    while from < cases {
        let to = (from + PART).min(cases);
        let words = ["hostile-part".into(), from.to_string(), to.to_string(), seed.to_string()];
        let out = Command::new(&me).args(words).stderr(Stdio::null()).output().expect("a child");
        let text = String::from_utf8_lossy(&out.stdout);
        let count = |mark: char| text.chars().filter(|it| *it == mark).count() as u64;
        refused += count('r');
        read += count('o');
        panics += count('p');
        later += count('l');
        let done = text.chars().filter(|it| "ropl".contains(*it)).count() as u64;
        if done < to - from {
            deaths += 1;
            println!("case {} of seed {seed} ended the process: {}", from + done, out.status);
            from += done + 1;
        } else {
            from = to;
        }
    }
    println!(
        "{cases} documents of seed {seed}: {refused} refused, {read} read, {panics} panics caught in loading, {later} in later use, {deaths} ended the process"
    );
}

fn part(from: u64, to: u64, seed: u64) {
    use std::io::Write;
    let (_, deltas) = edited(5, 30, false);
    let mut document = CartDocument::new(CART);
    for delta in &deltas {
        document.apply(delta).expect("a change");
    }
    // Without compression, so that damage is not all found by that.
    let plain = document.automerge().save_nocompress();
    let packed = document.save();
    for case in from..to {
        let mut dice = Dice(seed.wrapping_mul(1_000_003).wrapping_add(case));
        let bytes = damaged(if dice.below(4) == 0 { &packed } else { &plain }, &mut dice);
        let mark = match CartDocument::load(CART, &bytes) {
            Err(DocumentError::Panicked) => 'p',
            Err(_) => 'r',
            Ok((document, _)) => match catch_unwind(AssertUnwindSafe(|| used(document))) {
                Ok(()) => 'o',
                Err(_) => 'l',
            },
        };
        print!("{mark}");
        std::io::stdout().flush().expect("standard output");
    }
}

/// What one does with a document.
fn used(mut document: CartDocument) {
    shown(document.cart());
    let mut writer = document.replica(NEW);
    let add = |cart: &mut Replica| cart.add(1_800_000_000_000, &line(0), Quantity::ONE, None);
    let _ = document.act(&mut writer, add);
    let mut other = AutoCommit::new();
    let _ = other.merge(document.automerge());
    black_box((document.save(), other.save()));
}

/// Where the content of a chunk begins: magic, checksum.
const CONTENT_AT: usize = 8;
const CHECKSUM_AT: usize = 4;

fn damaged(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..1 + dice.below(4) {
        let at = CONTENT_AT + dice.below(bytes.len() - CONTENT_AT);
        match dice.below(6) {
            0 => bytes[at] ^= 1 << dice.below(8),
            1 => bytes[at] = dice.below(256) as u8,
            2 => bytes[at] = [0, 0x7f, 0x80, 0xff][dice.below(4)],
            3 => drop(bytes.remove(at)),
            4 => bytes.insert(at, dice.below(256) as u8),
            _ => {
                let from = CONTENT_AT + dice.below(bytes.len() - CONTENT_AT);
                let length = dice.below(16).min(bytes.len() - at).min(bytes.len() - from);
                bytes.copy_within(from..from + length, at);
            }
        }
    }
    // The length of the chunk, so that it is all looked at, unless that is what was damaged.
    if dice.below(8) > 0 {
        let (old, width) = leb128(&bytes[CONTENT_AT + 1..]);
        let rest = bytes.len() - CONTENT_AT - 1 - width;
        if old != rest {
            let mut length = Vec::new();
            let mut left = rest;
            loop {
                let more = left >= 0x80;
                length.push((left & 0x7f) as u8 | if more { 0x80 } else { 0 });
                left >>= 7;
                if !more {
                    break;
                }
            }
            bytes.splice(CONTENT_AT + 1..CONTENT_AT + 1 + width, length);
        }
    }
    let digest = Sha256::digest(&bytes[CONTENT_AT..]);
    bytes[CHECKSUM_AT..CONTENT_AT].copy_from_slice(&digest[..4]);
    bytes
}

/// A number of variable length, and how many bytes it takes.
fn leb128(bytes: &[u8]) -> (usize, usize) {
    let mut number = 0;
    for (at, byte) in bytes.iter().enumerate().take(5) {
        number |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return (number, at + 1);
        }
    }
    (number, 5.min(bytes.len()))
}
