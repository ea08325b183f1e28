//! A cart that a web team keeps in an Automerge document: read here, with everything this library
//! has to say about it, and edited here.
//!
//! Without arguments it tells a story by itself. `show FILE CART` prints a cart of a saved
//! document; `add FILE CART SKU UNITS` and `remove FILE CART SKU` edit it, and make the file if it
//! is not there; `merge FILE CART GUEST RULE` merges a guest's cart of the same document. A test beside
//! `examples/automerge-js` runs these against JavaScript.

use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs};

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ROOT};
use holdall::view::PlainPhrasing;
use holdall::{CartId, Claim, Delta, LineKey, MergePolicy, Quantity, Replica, ReplicaId, RowRef};
use holdall_automerge::CartDocument;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => story(),
        ["show", file, cart] => {
            let (document, _) = open(file, cart)?;
            show(&document, cart.parse()?);
            Ok(())
        }
        ["add", file, cart, sku, units] => {
            let (line, units) = (LineKey::sku(sku)?, Quantity::new(units.parse::<u32>()?)?);
            edit(file, cart, |writer| Ok(writer.add(now_ms()?, &line, units, None)?))
        }
        ["remove", file, cart, sku] => {
            let row = RowRef::active(LineKey::sku(sku)?);
            edit(file, cart, |writer| Ok(writer.remove(now_ms()?, &row)?))
        }
        ["merge", file, cart, guest, rule] => {
            let (guests, _) = open(file, guest)?;
            // Only an authority makes claims; this stands in for one.
            let claim = Claim { guest: guest.parse()?, account: cart.parse()?, number: 1 };
            let policy = MergePolicy::rule(rule)?;
            edit(file, cart, |writer| Ok(writer.merge(now_ms()?, claim, policy, guests.cart())?))
        }
        _ => Err("show FILE CART | add FILE CART SKU UNITS | remove FILE CART SKU | merge FILE CART GUEST RULE".into()),
    }
}

/// What a JavaScript client writes: one key for each action, a text of JSON.
fn story() -> Result<(), Box<dyn Error>> {
    let cart = CartId::from_u128(0x9a8b_7c6d);
    let (phone, tablet) = (ReplicaId::from_u128(1), ReplicaId::from_u128(2));
    let mut on_phone = AutoCommit::new();
    let key = |writer: ReplicaId, number: u32| format!("hd/{cart}/{writer}/{number}");
    on_phone.put(ROOT, key(phone, 1), r#"{"add":2,"line":{"sku":"TEE"},"at":1700000000000}"#)?;
    on_phone.put(ROOT, key(phone, 2), r#"{"add":1,"line":{"sku":"MUG"},"at":1700000001000}"#)?;
    on_phone.commit();

    // Both are offline: the tablet takes out the mug that it sees, the phone puts in another.
    let mut on_tablet = on_phone.fork();
    let gone = format!(r#"{{"remove":true,"dead":["{phone}:2"]}}"#);
    on_tablet.put(ROOT, key(tablet, 1), gone)?;
    on_phone.put(ROOT, key(phone, 3), r#"{"add":1,"line":{"sku":"MUG"},"at":1700000002000}"#)?;
    // And one of them is no action.
    on_phone.put(ROOT, key(phone, 4), r#"{"add":-1,"line":{"sku":"TEE"},"at":1700000003000}"#)?;
    on_phone.merge(&mut on_tablet)?; // Automerge's own merge

    let (mut document, reading) = CartDocument::over(cart, on_phone);
    for skipped in &reading.skipped {
        println!("skipped {}: {}", skipped.key, skipped.why);
    }
    let (tee, mug) = (LineKey::sku("TEE")?, LineKey::sku("MUG")?);
    let mut server = document.replica(ReplicaId::from_u128(3));
    assert_eq!(server.view().quantity(&tee), 2);
    assert_eq!(server.view().quantity(&mug), 1); // the one that the tablet had not seen
    document.act(&mut server, |cart| {
        cart.set(1_700_000_004_000, &RowRef::active(tee.clone()), 5, None)
    })?;
    show(&document, cart);

    // What was written here is a change for every Automerge client.
    let (again, _) = CartDocument::load(cart, &document.save())?;
    assert_eq!(again.cart().fingerprint(), server.fingerprint());
    Ok(())
}

fn open(file: &str, cart: &str) -> Result<(CartDocument, bool), Box<dyn Error>> {
    let cart: CartId = cart.parse()?;
    if !fs::exists(file)? {
        return Ok((CartDocument::new(cart), false));
    }
    let (document, reading) = CartDocument::load(cart, &fs::read(file)?)?;
    for skipped in &reading.skipped {
        eprintln!("skipped {}: {}", skipped.key, skipped.why);
    }
    Ok((document, true))
}

fn edit(
    file: &str,
    cart: &str,
    action: impl FnOnce(&mut Replica) -> Result<Delta, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let (mut document, _) = open(file, cart)?;
    // Each run is a new writer. Automerge's actor ids are random, and as long.
    let actor: [u8; 16] = document.automerge().get_actor().to_bytes().try_into()?;
    let mut writer = document.replica(ReplicaId::from_u128(u128::from_be_bytes(actor)));
    let delta = action(&mut writer)?;
    document.apply(&delta)?;
    fs::write(file, document.save())?;
    Ok(())
}

/// One line a row: quantity and line; then why.
fn show(document: &CartDocument, cart: CartId) {
    let reader = document.replica(ReplicaId::from_u128(0));
    println!("cart {cart}");
    for row in &reader.view().lines {
        println!("{} {}", row.quantity, row.line);
    }
    for explanation in reader.explain() {
        for sentence in explanation.sentences(&PlainPhrasing) {
            println!("  {sentence}");
        }
    }
}

fn now_ms() -> Result<u64, Box<dyn Error>> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis().try_into()?)
}
