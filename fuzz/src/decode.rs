//! Whatever decodes encodes to the very same bytes; nothing else panics, hangs or grows.

use std::sync::LazyLock;

use holdall::cart::{Body, Gift, LosingUnits};
use holdall::cart::{Entries, ReplacedDots};
use holdall::id::{AttributeKey, CouponCode, ShippingOption, Text};
use holdall::sync::{Message, probe};
use holdall::{
    CartId, Claim, LineKey, List, MergePolicy, Money, OrderId, Quantity, Replica, ReplicaId,
    RowRef, wire,
};

use crate::input::Input;

/// Reads bytes with all four decoders. True if one of them took them.
pub fn decode(data: &[u8]) -> bool {
    let mut input = Input(data);
    let kind = input.below(4);
    let bytes = match input.below(4) {
        0 => input.0.to_vec(),
        1 => input.envelope(kind + 1),
        _ => {
            let samples = &SAMPLES[usize::from(kind)];
            let sample = samples[usize::from(input.byte()) % samples.len()].clone();
            input.damage(sample, 4)
        }
    };
    let mut read = false;
    if let Ok(cart) = wire::decode_cart(&bytes) {
        assert_eq!(wire::encode_cart(&cart), bytes);
        in_one_form(cart.live());
        read = true;
    }
    if let Ok(delta) = wire::decode_delta(&bytes) {
        assert_eq!(wire::encode_delta(&delta), bytes);
        in_one_form(delta.live());
        read = true;
    }
    if let Ok(replica) = wire::decode_replica(&bytes) {
        assert_eq!(wire::encode_replica(&replica), bytes);
        // What decodes can be looked at.
        let _ = (replica.view(), replica.explain(), replica.snapshot());
        read = true;
    }
    if let Ok(message) = wire::decode_message(&bytes) {
        assert_eq!(wire::encode_message(&message), bytes);
        read = true;
    }
    read | link(&mut input)
}

/// What Sets cover is held as it was read, so that it is written as it was says nothing: it is as it would be made, too.
fn in_one_form(entries: &Entries) {
    for set in entries.values().filter_map(|entry| match entry.body {
        Body::Set(set) => Some(set),
        _ => None,
    }) {
        assert_eq!(set.covers, ReplacedDots::from(&set.covers.to_dots()));
    }
}

/// A frame of a link, damaged, after those before it.
fn link(input: &mut Input<'_>) -> bool {
    let links = &*LINKS;
    let Frame { sender, receiver, bytes } = &links[usize::from(input.byte()) % links.len()];
    let bytes = input.damage(bytes.clone(), 4);
    let mut receiver = receiver.clone();
    match receiver.decode(&bytes) {
        Ok(delta) => {
            assert_eq!(sender.clone().encode(&delta), bytes);
            in_one_form(delta.live());
            true
        }
        Err(_) => {
            assert!(receiver.decode(&bytes).is_err(), "a link that ended goes on");
            false
        }
    }
}

/// A frame, and what both ends knew before it.
struct Frame {
    sender: wire::LinkSender,
    receiver: wire::LinkReceiver,
    bytes: Vec<u8>,
}

static LINKS: LazyLock<Vec<Frame>> = LazyLock::new(|| {
    let deltas: Vec<_> =
        SAMPLES[1].iter().map(|bytes| wire::decode_delta(bytes).expect("a sound delta")).collect();
    let cart = CartId::from_u128(0xa);
    let (mut sender, mut receiver) = (wire::LinkSender::new(cart), wire::LinkReceiver::new(cart));
    let frame = |delta| {
        let before = (sender.clone(), receiver.clone());
        let bytes = sender.encode(delta);
        assert_eq!(receiver.decode(&bytes).as_ref(), Ok(delta));
        Frame { sender: before.0, receiver: before.1, bytes }
    };
    deltas.iter().map(frame).collect()
});

/// Sound bytes of each kind, with every kind of entry in them.
static SAMPLES: LazyLock<[Vec<Vec<u8>>; 4]> =
    LazyLock::new(|| samples().expect("the samples are sound"));

fn samples() -> Result<[Vec<Vec<u8>>; 4], Box<dyn std::error::Error>> {
    let (account, guest) = (CartId::from_u128(0xa), CartId::from_u128(0xb));
    let tee = LineKey::parse("TEE", [("size", "M"), ("colour", "red")])?;
    let mug = LineKey::sku("MUG")?;
    let row = RowRef::active(tee.clone());

    let mut phone = Replica::new(guest, ReplicaId::from_u128(0xb1));
    phone.add(1, &tee, Quantity::new(3)?, Some(Money::parse("2.60", "EUR")?))?;
    phone.note(2, &row, Some(Text::new("a note")?))?;

    let mut laptop = Replica::new(account, ReplicaId::from_u128(0xa1));
    let mut deltas = vec![
        laptop.add(1, &tee, Quantity::new(2)?, None)?,
        laptop.set(2, &row, 5, Some(Money::parse("3", "USD")?))?,
        laptop.add(3, &mug, Quantity::ONE, None)?,
        laptop.move_to(4, &RowRef::active(mug.clone()), List::Saved)?,
        laptop.gift(5, &row, Some(Gift { wrap: true, message: Some(Text::new("hi")?) }))?,
        laptop.attribute(6, &row, AttributeKey::new("engraving")?, Some(Text::new("A")?))?,
        laptop.coupon(7, CouponCode::new("SPRING")?)?,
        laptop.shipping(8, Some(ShippingOption::new("express")?))?,
        laptop.consent(9, true)?,
    ];
    let policy = MergePolicy::rule("max")?
        .with_override("M*", "sum")?
        .with_ceiling(Quantity::new(10)?)
        .with_loser(LosingUnits::SaveForLater);
    let claim = Claim { guest, account, number: 1 };
    deltas.push(laptop.merge(10, claim, policy, phone.cart())?);
    deltas.push(laptop.set(11, &row, 4, None)?);
    let snapshot = laptop.snapshot()?;
    deltas.push(laptop.order(12, OrderId::new("O-1")?, &snapshot)?);
    deltas.push(laptop.add(13, &tee, Quantity::ONE, None)?);
    let carts = vec![wire::encode_cart(laptop.cart()), wire::encode_cart(phone.cart())];
    let replicas = vec![wire::encode_replica(&laptop), wire::encode_replica(&phone)];
    let have = laptop.cart().have();
    let (delta, fingerprint) = (laptop.cart().to_delta(), laptop.fingerprint());
    let messages = [
        probe(&laptop),
        Message::Same { cart: account },
        Message::Have { cart: account, have: have.clone() },
        Message::Answer { delta: delta.clone(), have: Some(have), fingerprint },
        Message::All { delta, fingerprint, reply: true },
    ];
    deltas.push(laptop.unmerge(14, guest)?);
    deltas.push(laptop.erase());
    let deltas = deltas.iter().map(wire::encode_delta).collect();
    Ok([carts, deltas, replicas, messages.iter().map(wire::encode_message).collect()])
}
