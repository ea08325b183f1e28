//! Two devices edit one cart while both are offline, then exchange what the other lacks.
//!
//! `cargo run --example two_devices_offline`

use holdall::{CartId, LineKey, Quantity, Replica, ReplicaId, RowRef};

const MINUTE: u64 = 60_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cart = CartId::from_u128(0x5eed); // 128 random bits in real life
    let mut phone = Replica::new(cart, ReplicaId::from_u128(1));
    let mut tablet = Replica::new(cart, ReplicaId::from_u128(2));
    let tee = LineKey::parse("TEE", [("size", "M")])?;
    let mug = LineKey::sku("MUG")?;

    // Both know of three tees.
    let delta = phone.add(0, &tee, Quantity::new(3)?, None)?;
    let _ = tablet.join(&delta)?;

    // No network. Each affects only what it has seen.
    phone.add(MINUTE, &tee, Quantity::new(2)?, None)?;
    tablet.remove(2 * MINUTE, &RowRef::active(tee.clone()))?;
    tablet.add(2 * MINUTE, &mug, Quantity::ONE, None)?;
    println!("offline  phone: {}   tablet: {}", shown(&phone), shown(&tablet));
    assert_eq!(phone.view().quantity(&tee), 5);
    assert_eq!(tablet.view().quantity(&tee), 0);

    // The network is back. Each answers with what the other lacks.
    let to_phone = tablet.cart().delta_for(&phone.cart().have());
    let to_tablet = phone.cart().delta_for(&tablet.cart().have());
    let _ = phone.join(&to_phone)?;
    let _ = tablet.join(&to_tablet)?;
    let _ = tablet.join(&to_tablet)?; // a second delivery changes nothing

    println!("after    phone: {}   tablet: {}", shown(&phone), shown(&tablet));
    // The tablet took out the three it had seen. The phone's two are news to it, and stay.
    assert_eq!(phone.view().quantity(&tee), 2);
    assert_eq!(phone.view().quantity(&mug), 1);
    assert_eq!(phone.fingerprint(), tablet.fingerprint());
    Ok(())
}

fn shown(replica: &Replica) -> String {
    let view = replica.view();
    let rows: Vec<String> =
        view.lines.iter().map(|row| format!("{} x {}", row.quantity, row.line)).collect();
    rows.join(", ")
}
