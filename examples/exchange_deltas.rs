//! A phone and a region exchange bytes: deltas through outbox and inbox while the line is good,
//! an exact exchange after it was not.
//!
//! `cargo run --example exchange_deltas`

use std::collections::VecDeque;

use holdall::sync::{Inbox, Message, Outbox, Received, probe, respond};
use holdall::{CartId, LineKey, Quantity, Replica, ReplicaId, RowRef, wire};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cart = CartId::from_u128(7);
    let mut phone = Replica::new(cart, ReplicaId::from_u128(1));
    let mut region = Replica::new(cart, ReplicaId::from_u128(2));
    let (tee, mug) = (LineKey::sku("TEE")?, LineKey::sku("MUG")?);

    // Each action gives a delta. The outbox keeps it until the region has applied it.
    let mut outbox = Outbox::default();
    outbox.push(phone.add(1_000, &tee, Quantity::new(2)?, None)?);
    outbox.push(phone.set(2_000, &RowRef::active(tee.clone()), 5, None)?);
    outbox.push(phone.add(3_000, &mug, Quantity::ONE, None)?);

    // The network delivers the second before the first. It waits for what it makes dead.
    let mut inbox = Inbox::default();
    let bytes: Vec<Vec<u8>> = outbox.pending().iter().map(wire::encode_delta).collect();
    for at in [1, 0, 2] {
        match inbox.receive(&mut region, wire::decode_delta(&bytes[at])?)? {
            Received::Waits { missing, .. } => {
                println!("delta {}, {} bytes: waits for {missing:?}", at + 1, bytes[at].len());
            }
            Received::Joined { released, .. } => {
                println!(
                    "delta {}, {} bytes: joined, {released} released",
                    at + 1,
                    bytes[at].len()
                );
            }
        }
    }
    let dropped = outbox.acknowledge(&region.cart().have());
    println!("the region has {dropped} of 3; {} wait in the outbox", outbox.len());
    assert!(outbox.is_empty() && inbox.waiting().is_empty());
    assert_eq!(region.view().quantity(&tee), 5);

    // The line was down and both went on. One exchange makes them equal.
    phone.add(4_000, &tee, Quantity::ONE, None)?;
    region.remove(5_000, &RowRef::active(mug.clone()))?;
    let (messages, sent) = exchange(&mut phone, &mut region)?;
    println!("apart: {messages} messages, {sent} bytes");
    assert_eq!(phone.fingerprint(), region.fingerprint());
    assert_eq!((region.view().quantity(&tee), region.view().quantity(&mug)), (6, 0));

    // Equal replicas say so, and nothing else.
    let (messages, sent) = exchange(&mut phone, &mut region)?;
    println!("equal: {messages} messages, {sent} bytes");
    assert_eq!(messages, 2);

    // Damaged bytes are an error. The state is untouched.
    let mut damaged = bytes[0].clone();
    damaged[10] ^= 1;
    println!("damaged: {}", wire::decode_delta(&damaged).expect_err("it is damaged"));
    Ok(())
}

/// Runs an exchange to its end, through bytes: how many messages, how many bytes.
fn exchange(
    a: &mut Replica,
    b: &mut Replica,
) -> Result<(usize, usize), Box<dyn std::error::Error>> {
    let mut to_b = true;
    let mut wire_out: VecDeque<Vec<u8>> = VecDeque::from([wire::encode_message(&probe(a))]);
    let (mut messages, mut sent) = (0, 0);
    while let Some(bytes) = wire_out.pop_front() {
        messages += 1;
        sent += bytes.len();
        let message: Message = wire::decode_message(&bytes)?;
        let response = respond(if to_b { &mut *b } else { &mut *a }, &message)?;
        assert!(response.diverged.is_none());
        wire_out.extend(response.message.as_ref().map(wire::encode_message));
        to_b = !to_b;
    }
    Ok((messages, sent))
}
