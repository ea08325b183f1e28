//! The pages that show bytes show those that the library writes.

use std::fs;
use std::path::Path;

use holdall::wire::{LinkSender, encode_delta};
use holdall::{CartId, Delta, LineKey, Quantity, Replica, ReplicaId};

/// Reads the bytes that stand in the first column of a page's tables, in order.
fn shown(page: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/internals").join(page);
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    // A row that shows bytes begins with a code span of two-digit groups.
    let cell = |row: &str| Some(row.strip_prefix("| `")?.split_once('`')?.0.to_owned());
    let bytes = |cell: String| {
        let byte = |pair: &str| u8::from_str_radix(pair, 16).ok().filter(|_| pair.len() == 2);
        cell.split(' ').map(byte).collect::<Option<Vec<u8>>>()
    };
    text.lines().filter_map(cell).filter_map(bytes).flatten().collect()
}

/// Writes the actions of the pages: two of one line, then one each second.
fn adds() -> (CartId, Vec<Delta>) {
    let cart = CartId::from_u128(0x00c0_ffee);
    let mut writer = Replica::new(cart, ReplicaId::from_u128(7));
    let tee = LineKey::sku("TEE").expect("a SKU");
    let mut add = |(second, units): (u64, u32)| {
        let quantity = Quantity::new(units).expect("a quantity");
        let now_ms = 1_767_261_600_000 + 1_000 * second;
        writer.add(now_ms, &tee, quantity, None).expect("an add")
    };
    (cart, [(0, 2), (1, 1), (2, 1)].map(&mut add).into())
}

#[test]
fn the_page_about_bytes_takes_a_real_delta_apart() {
    let (_, deltas) = adds();
    assert_eq!(shown("wire.md"), encode_delta(&deltas[0]));
}

#[test]
fn the_page_about_links_shows_a_real_frame() {
    let (cart, deltas) = adds();
    let mut link = LinkSender::new(cart);
    let _ = link.encode(&deltas[1]);
    assert_eq!(shown("links.md"), link.encode(&deltas[2]));
}
