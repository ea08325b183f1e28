//! Values in messages of an embedder's own: what is read from JSON, postcard or bincode is written
//! and read back equal, in all of them; nothing else panics, hangs or grows.

use std::fmt::Debug;
use std::sync::LazyLock;

use bincode::config::standard;
use holdall::cart::{Gift, Snapshot};
use holdall::dots::Dots;
use holdall::id::{CouponCode, Text};
use holdall::sync::{Message, probe};
use holdall::{
    Cart, CartId, Claim, Delta, Explanation, Have, LineKey, MergePolicy, Money, Notice, OrderId,
    Quantity, Replica, ReplicaId, Row, RowRef, View, ViewOptions,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::input::Input;

/// What a value of the library can do.
trait Value:
    Serialize + DeserializeOwned + bincode::Encode + bincode::Decode<()> + PartialEq + Debug
{
}

impl<T> Value for T where
    T: Serialize + DeserializeOwned + bincode::Encode + bincode::Decode<()> + PartialEq + Debug
{
}

/// The formats: JSON, postcard, and bincode by serde and by its own traits.
const FORMATS: u8 = 4;

fn write<T: Value>(format: u8, value: &T) -> Vec<u8> {
    match format {
        0 => serde_json::to_vec(value).expect("JSON"),
        1 => postcard::to_allocvec(value).expect("bytes"),
        2 => bincode::serde::encode_to_vec(value, standard()).expect("bytes"),
        _ => bincode::encode_to_vec(value, standard()).expect("bytes"),
    }
}

fn read<T: Value>(format: u8, bytes: &[u8]) -> Option<T> {
    match format {
        0 => serde_json::from_slice(bytes).ok(),
        1 => postcard::from_bytes(bytes).ok(),
        2 => Some(bincode::serde::decode_from_slice(bytes, standard()).ok()?.0),
        _ => Some(bincode::decode_from_slice(bytes, standard()).ok()?.0),
    }
}

/// Reads bytes as a value, and holds a value to what a sound one does.
fn check<T: Value>(format: u8, bytes: &[u8]) -> bool {
    let Some(value) = read::<T>(format, bytes) else { return false };
    for other in 0..FORMATS {
        let back = read(other, &write(other, &value));
        assert_eq!(back.as_ref(), Some(&value), "format {other}");
    }
    true
}

type Check = fn(u8, &[u8]) -> bool;

/// A check of one type, and a sample of it in each format.
type Sample = (Check, [Vec<u8>; FORMATS as usize]);

/// Reads bytes as one of the types, in one of the formats. True if it took them.
pub fn messages(data: &[u8]) -> bool {
    let mut input = Input(data);
    let (which, format) = (usize::from(input.byte()), input.below(FORMATS));
    let (check, samples) = &SAMPLES[which % SAMPLES.len()];
    let bytes = match input.below(4) {
        0 => input.0.to_vec(),
        _ => input.change(samples[usize::from(format)].clone(), 4),
    };
    check(format, &bytes)
}

/// Of each type how it is read, and a sound value in each format.
static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| samples().expect("the samples are sound"));

fn sample<T: Value>(value: &T) -> Sample {
    (check::<T>, [0, 1, 2, 3].map(|format| write(format, value)))
}

fn samples() -> Result<Vec<Sample>, Box<dyn std::error::Error>> {
    let (account, guest) = (CartId::from_u128(0xa), CartId::from_u128(0xb));
    let tee = LineKey::parse("TEE", [("size", "M"), ("colour", "red")])?;
    let row = RowRef::active(tee.clone());
    let mut phone = Replica::new(guest, ReplicaId::from_u128(0xb1));
    phone.add(1, &tee, Quantity::new(3)?, Some(Money::parse("2.60", "EUR")?))?;
    phone.note(2, &row, Some(Text::new("a note")?))?;
    let options = ViewOptions { ceiling: 4 };
    let mut laptop = Replica::new(account, ReplicaId::from_u128(0xa1)).with_options(options);
    let delta = laptop.add(1, &tee, Quantity::new(2)?, None)?;
    laptop.add(3, &LineKey::sku("MUG")?, Quantity::new(9)?, Some(Money::parse("3", "USD")?))?;
    let snapshot = laptop.snapshot()?;
    laptop.order(4, OrderId::new("O-1")?, &snapshot)?;
    laptop.add(5, &tee, Quantity::new(2)?, None)?;
    laptop.add(5, &LineKey::sku("MUG")?, Quantity::new(9)?, Some(Money::parse("3", "USD")?))?;
    laptop.gift(6, &row, Some(Gift { wrap: true, message: Some(Text::new("hi")?) }))?;
    laptop.coupon(7, CouponCode::new("SPRING")?)?;
    let policy = MergePolicy::rule("ask")?.with_override("M*", "sum")?;
    let claim = Claim { guest, account, number: 1 };
    laptop.merge(10, claim, policy.clone(), phone.cart())?;
    let (view, all, have) = (laptop.view(), laptop.explain(), laptop.cart().have());
    let answer = Message::Answer {
        delta: delta.clone(),
        have: Some(have.clone()),
        fingerprint: laptop.fingerprint(),
    };
    let mut samples = vec![
        sample::<View>(&view),
        sample::<Row>(&view.lines[0]),
        sample::<Snapshot>(&snapshot),
        sample::<Cart>(laptop.cart()),
        sample::<Delta>(&delta),
        sample::<Message>(&answer),
        sample::<Message>(&probe(&phone)),
        sample::<Have>(&have),
        sample::<Dots>(&have.context),
        sample::<MergePolicy>(&policy),
        sample::<RowRef>(&row),
    ];
    samples.extend(view.notices.iter().map(sample::<Notice>));
    samples.extend(all.iter().map(sample::<Explanation>));
    Ok(samples)
}
