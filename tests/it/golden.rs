//! What must not change: the bytes of version 1, and what each merge rule makes of a line.
//!
//! The files under `tests/data/v1` are bytes in hexadecimal, one value each. They are written once,
//! by `cargo test --test it -- --ignored bless`, which adds files for new samples and refuses to
//! touch one that is there: bytes that somebody has stored cannot be blessed away. A change of the
//! format is a new version with a folder of its own.

use std::fs;
use std::path::PathBuf;

use holdall::id::Text;
use holdall::view::Side;
use holdall::{
    CartId, Claim, LineKey, MergePolicy, Quantity, Replica, ReplicaId, RowRef, View, policy,
};

use super::samples;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/v1")
}

/// Hexadecimal in lines of 32 bytes.
fn hex(bytes: &[u8]) -> String {
    let line = |chunk: &[u8]| chunk.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    bytes.chunks(32).map(|chunk| line(chunk) + "\n").collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    assert!(digits.len().is_multiple_of(2), "half a byte");
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
    digits.chunks(2).map(|pair| byte(pair).expect("hexadecimal")).collect()
}

#[test]
fn golden_files_still_say_what_they_said() {
    for (name, sample) in samples::all() {
        let path = folder().join(format!("{name}.hex"));
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let bytes = unhex(&text);
        let read = sample.decode_like(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read, sample, "{name}");
        assert_eq!(hex(&sample.encode()), text, "{name} is written as other bytes than before");
    }
}

/// No file is left over that no test reads.
#[test]
fn every_golden_file_has_its_sample() {
    let names: Vec<String> = samples::all().into_iter().map(|(name, _)| name).collect();
    let mut files = 0;
    for entry in fs::read_dir(folder()).expect("the folder") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(names.contains(&stem), "{} is read by nobody", path.display());
        files += 1;
    }
    assert_eq!(files, names.len());
}

#[test]
#[ignore = "writes golden files for new samples: cargo test --test it -- --ignored bless"]
fn bless() {
    fs::create_dir_all(folder()).expect("the folder");
    for (name, sample) in samples::all() {
        let path = folder().join(format!("{name}.hex"));
        if !path.exists() {
            fs::write(&path, hex(&sample.encode())).expect("a new file");
        }
    }
}

/// The contract's table. The sides of a split line are account, then guest.
struct Vector {
    rule: &'static str,
    /// Account 2, guest 3.
    merged: &'static [u64],
    /// Then the account, having seen it, adds 1: on the account's side, if there are two.
    plus_one: &'static [u64],
    /// Instead of that, 1 that the guest's device had added before, and that arrives late.
    late_guest: &'static [u64],
    asks: bool,
}

const fn vector(
    rule: &'static str,
    merged: &'static [u64],
    plus_one: &'static [u64],
    late_guest: &'static [u64],
) -> Vector {
    Vector { rule, merged, plus_one, late_guest, asks: false }
}

const VECTORS: [Vector; 9] = [
    vector("sum", &[5], &[6], &[6]),
    vector("max", &[3], &[4], &[4]),
    vector("latest", &[3], &[4], &[4]),
    vector("prefer-account", &[2], &[3], &[2]),
    vector("prefer-guest", &[3], &[4], &[4]),
    // Their notes differ here; where they do not, it is a sum.
    vector("split-variant", &[2, 3], &[3, 3], &[2, 4]),
    Vector { asks: true, ..vector("ask", &[2, 3], &[3, 3], &[2, 4]) },
    vector("replace-with-guest", &[3], &[4], &[4]),
    vector("keep-account", &[2], &[3], &[2]),
];

const ACCOUNT: CartId = CartId::from_u128(1);
const GUEST: CartId = CartId::from_u128(2);

fn tee() -> LineKey {
    LineKey::sku("TEE").expect("a SKU")
}

fn units(units: u32) -> Quantity {
    Quantity::new(units).expect("a quantity")
}

fn shown(view: &View) -> Vec<u64> {
    let mut rows: Vec<_> = view.lines.iter().map(|row| (row.side, row.quantity)).collect();
    rows.sort();
    rows.into_iter().map(|(_, quantity)| quantity).collect()
}

/// An account with 2, a guest with 3 and another note, and the guest merged.
fn scene(rule: &str) -> (Replica, Replica, Replica) {
    let mut account = Replica::new(ACCOUNT, ReplicaId::from_u128(10));
    let mut guest = Replica::new(GUEST, ReplicaId::from_u128(20));
    let mut kiosk = Replica::new(GUEST, ReplicaId::from_u128(21));
    let row = RowRef::active(tee());
    let note = |text| Some(Text::new(text).expect("a text"));
    account.add(1_000, &tee(), units(2), None).expect("an add");
    account.note(1_001, &row, note("for me")).expect("a note");
    guest.add(2_000, &tee(), units(3), None).expect("an add");
    guest.note(2_001, &row, note("for Ada")).expect("a note");
    let _ = kiosk.join(&guest.cart().to_delta()).expect("the same cart");
    // Written before the merge; nobody gets it yet.
    kiosk.add(2_002, &tee(), units(1), None).expect("an add");
    let claim = Claim { guest: GUEST, account: ACCOUNT, number: 1 };
    let policy = MergePolicy::rule(rule).expect("a policy");
    account.merge(3_000, claim, policy, guest.cart()).expect("a merge");
    (account, guest, kiosk)
}

#[test]
fn the_table_has_every_rule() {
    let names: Vec<&str> = VECTORS.iter().map(|vector| vector.rule).collect();
    let rules: Vec<&str> = policy::builtin().map(|rule| rule.name()).collect();
    assert_eq!(names, rules);
    assert!(policy::builtin().all(|rule| rule.version() == 1));
}

#[test]
fn each_rule_merges_two_and_three() {
    for vector in &VECTORS {
        let (account, ..) = scene(vector.rule);
        let view = account.view();
        assert_eq!(shown(&view), vector.merged, "{}", vector.rule);
        assert_eq!(view.lines.iter().any(|row| row.question), vector.asks, "{}", vector.rule);
        let sides = view.lines.iter().filter(|row| row.side.is_some()).count();
        assert_eq!(sides, if vector.merged.len() == 2 { 2 } else { 0 }, "{}", vector.rule);
    }
}

#[test]
fn each_rule_lets_a_later_edit_come_on_top() {
    for vector in &VECTORS {
        let (mut account, ..) = scene(vector.rule);
        let mut row = RowRef::active(tee());
        if vector.merged.len() == 2 {
            row = row.on(Side::Account);
        }
        account.add_to(4_000, &row, units(1), None).expect("an add");
        assert_eq!(shown(&account.view()), vector.plus_one, "{}", vector.rule);
        // An edit of one side that saw both is the answer.
        assert!(!account.view().lines.iter().any(|row| row.question), "{}", vector.rule);
    }
}

#[test]
fn each_rule_counts_a_late_guest_as_if_on_time() {
    for vector in &VECTORS {
        let (mut account, _, kiosk) = scene(vector.rule);
        account.absorb(kiosk.cart()).expect("a merged guest");
        assert_eq!(shown(&account.view()), vector.late_guest, "{}", vector.rule);
    }
}

#[test]
fn each_rule_is_taken_back_whole() {
    for vector in &VECTORS {
        let (mut account, _, kiosk) = scene(vector.rule);
        account.unmerge(5_000, GUEST).expect("a merged guest");
        assert_eq!(shown(&account.view()), [2], "{}", vector.rule);
        // What comes after that from the guest is nobody's here.
        assert_eq!(account.absorb(kiosk.cart()).expect_err("not merged").kind(), "invalid");
    }
}

#[test]
fn split_variant_without_different_notes_is_a_sum() {
    let mut account = Replica::new(ACCOUNT, ReplicaId::from_u128(10));
    let mut guest = Replica::new(GUEST, ReplicaId::from_u128(20));
    account.add(0, &tee(), units(2), None).expect("an add");
    guest.add(0, &tee(), units(3), None).expect("an add");
    let claim = Claim { guest: GUEST, account: ACCOUNT, number: 1 };
    let policy = MergePolicy::rule("split-variant").expect("a policy");
    account.merge(1, claim, policy, guest.cart()).expect("a merge");
    assert_eq!(shown(&account.view()), [5]);
}

/// A tie is the account's: units under max, time under latest.
#[test]
fn ties_are_the_accounts() {
    for rule in ["max", "latest"] {
        let mut account = Replica::new(ACCOUNT, ReplicaId::from_u128(10));
        let mut guest = Replica::new(GUEST, ReplicaId::from_u128(20));
        account.add(7, &tee(), units(2), None).expect("an add");
        guest.add(7, &tee(), units(2), None).expect("an add");
        let claim = Claim { guest: GUEST, account: ACCOUNT, number: 1 };
        let policy = MergePolicy::rule(rule).expect("a policy");
        account.merge(8, claim, policy, guest.cart()).expect("a merge");
        let explained = account.explain();
        let parts = &explained[0].rows[0].parts;
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].guest, None, "{rule}: the account's own counts");
    }
}
