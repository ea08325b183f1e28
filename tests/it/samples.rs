//! Fixed values with every field used: what golden files are made of, and what hostile bytes are
//! made from.

use std::sync::Arc;

use holdall::cart::{
    Body, Entry, Fingerprint, Gift, LosingUnits, OrderPlaced, OrderedUnits, Override, Preserved,
    Register, RuleRef, SkuPattern,
};
use holdall::cart::{
    ConsumedUnits, GuestMerge, GuestUnmerge, PreservedDeduction, PreservedPlacement, SetQuantity,
    SetSideEffects,
};
use holdall::dots::Dots;
use holdall::id::{
    AttributeKey, Bundle, CouponCode, OptionKey, OptionValue, ShippingOption, Tag, Text,
};
use holdall::sync::Message;
use holdall::wire::{self, DecodeError};
use holdall::{
    Cart, CartId, Claim, Delta, Dot, Have, LineKey, List, MergePolicy, Money, OrderId, Quantity,
    Replica, ReplicaId, RuleName, Sku, Time,
};

pub(crate) const CART: CartId = CartId::from_u128(0xca27);
pub(crate) const GUEST: CartId = CartId::from_u128(0x60e5);
pub(crate) const PHONE: ReplicaId = ReplicaId::from_u128(0x9402e);
pub(crate) const OTHER: ReplicaId = ReplicaId::from_u128(0x07e5);
pub(crate) const LAPTOP: ReplicaId = ReplicaId::from_u128(0x1a9709);

/// The content with a checksum that fits, so that the decoder has to look at it.
pub(crate) fn seal(content: &[u8]) -> Vec<u8> {
    let mut bytes = content.to_vec();
    bytes.extend_from_slice(&crc32fast::hash(content).to_le_bytes());
    bytes
}

/// Bytes without their checksum.
pub(crate) fn content(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len() - 4]
}

/// A value of one of the four kinds of envelopes.
#[derive(Debug)]
pub(crate) enum Sample {
    Cart(Cart),
    Delta(Delta),
    Replica(Replica),
    Message(Message),
}

impl PartialEq for Sample {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Cart(a), Self::Cart(b)) => a == b,
            (Self::Delta(a), Self::Delta(b)) => a == b,
            (Self::Replica(a), Self::Replica(b)) => {
                (a.id(), a.latest(), a.cart()) == (b.id(), b.latest(), b.cart())
            }
            (Self::Message(a), Self::Message(b)) => a == b,
            _ => false,
        }
    }
}

impl Sample {
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Cart(cart) => wire::encode_cart(cart),
            Self::Delta(delta) => wire::encode_delta(delta),
            Self::Replica(replica) => wire::encode_replica(replica),
            Self::Message(message) => wire::encode_message(message),
        }
    }

    /// Decodes bytes as what this one is.
    pub(crate) fn decode_like(&self, bytes: &[u8]) -> Result<Self, DecodeError> {
        Ok(match self {
            Self::Cart(_) => Self::Cart(wire::decode_cart(bytes)?),
            Self::Delta(_) => Self::Delta(wire::decode_delta(bytes)?),
            Self::Replica(_) => Self::Replica(wire::decode_replica(bytes)?),
            Self::Message(_) => Self::Message(wire::decode_message(bytes)?),
        })
    }
}

pub(crate) fn dot(replica: ReplicaId, seq: u64) -> Dot {
    Dot::new(replica, seq)
}

pub(crate) fn units(units: u32) -> Quantity {
    Quantity::new(units).expect("a quantity")
}

/// A line that has all that a line can have.
pub(crate) fn tee() -> LineKey {
    let option = |key, value| {
        (OptionKey::new(key).expect("a key"), OptionValue::new(value).expect("a value"))
    };
    LineKey::new(
        Sku::new("TEE").expect("a SKU"),
        [option("size", "M"), option("colour", "grün")],
        Some(Bundle::new("outfit").expect("a bundle")),
        Some(Tag::new("for Ada").expect("a tag")),
    )
    .expect("a line")
}

fn text(text: &str) -> Text {
    Text::new(text).expect("a text")
}

fn preserved() -> Preserved {
    Preserved {
        pins: vec![
            PreservedPlacement { dot: dot(PHONE, 3), list: List::Saved, until: Some(GUEST) },
            PreservedPlacement { dot: dot(LAPTOP, 4), list: List::Active, until: None },
        ],
        lacks: vec![PreservedDeduction { set: dot(PHONE, 9), taken: dot(PHONE, 2), units: 3 }],
    }
}

/// Every kind of entry, by its name in the format.
pub(crate) fn bodies() -> Vec<(&'static str, Option<LineKey>, Body)> {
    let taken =
        ConsumedUnits { dot: dot(LAPTOP, 1), units: 3, scope: GUEST, set: Some(List::Saved) };
    let set = SetQuantity {
        quantity: units(1_000_000),
        list: List::Saved,
        sided: true,
        seen: [dot(OTHER, 1), dot(OTHER, 2), dot(OTHER, 5)].into_iter().collect(),
        covers: [dot(PHONE, 1), dot(LAPTOP, 5)].into_iter().collect(),
        settled: SetSideEffects::of(vec![taken], preserved()),
    };
    let gift = Gift { wrap: true, message: Some(text("Alles Gute!\nA.")) };
    let key = AttributeKey::new("engraving").expect("a key");
    let rule = |name, version| RuleRef { name: RuleName::new(name).expect("a name"), version };
    let other = Override {
        lines: SkuPattern::new("GIFT-*").expect("a pattern"),
        rule: Some(rule("own", 7)),
        ceiling: Some(units(5)),
        loser: Some(LosingUnits::Hide),
    };
    let policy = MergePolicy::of(rule("max", 1))
        .with_ceiling(units(300))
        .with_loser(LosingUnits::SaveForLater)
        .with(other)
        .expect("one override");
    let order = OrderId::new("2026-17").expect("an id");
    let shipping = ShippingOption::new("express").expect("an option");
    let register = |value| Body::Register { value: Arc::new(value), sided: false };
    let sided = Body::Register { value: Arc::new(Register::Note(text("x"))), sided: true };
    let merge = GuestMerge { guest: GUEST, account: CART, claim: 2, policy };
    vec![
        ("01-add", Some(tee()), Body::Add { quantity: units(300), sided: true }),
        ("02-set", Some(tee()), Body::Set(Arc::new(set))),
        (
            "03-move",
            Some(tee()),
            Body::Move { to: List::Saved, dots: vec![dot(PHONE, 3), dot(LAPTOP, 70_000)].into() },
        ),
        ("04-note", Some(tee()), register(Register::Note(text("doorbell is broken")))),
        ("04-gift", Some(tee()), register(Register::Gift(gift))),
        ("04-attribute", Some(tee()), register(Register::Attribute(key, text("for A.")))),
        ("04-sided", Some(tee()), sided),
        ("04-shipping", None, register(Register::Shipping(shipping))),
        ("05-coupon", None, Body::Coupon(CouponCode::new("spring10").expect("a code").into())),
        ("06-consent", None, Body::Consent(true)),
        ("07-merge", None, Body::Merge(Arc::new(merge))),
        ("08-unmerge", None, Body::Unmerge(GuestUnmerge { guest: GUEST, claim: 2 }.into())),
        (
            "09-order",
            None,
            Body::Order(Arc::new(OrderPlaced {
                id: order,
                bought: vec![OrderedUnits {
                    line: tee(),
                    taken: ConsumedUnits { set: None, ..taken },
                }],
                seen: [dot(PHONE, 1), dot(LAPTOP, 5)].into_iter().collect(),
                preserved: preserved(),
            })),
        ),
        (
            "10-expired",
            None,
            Body::Expired { rule: RuleName::new("idle-90-days").expect("a name").into() },
        ),
        ("11-stay", None, Body::Stay(Arc::new(preserved()))),
        (
            "12-unknown",
            Some(tee()),
            Body::Unknown { kind: 12, payload: vec![0, 0xff, b'x'].into() },
        ),
    ]
}

/// A Set that covers dots of its own writer alone, which are written from the latest back.
fn set_of_own() -> Body {
    Body::Set(Arc::new(SetQuantity {
        quantity: units(2),
        list: List::Active,
        sided: false,
        seen: [dot(OTHER, 1)].into_iter().collect(),
        covers: [3, 4, 7].map(|seq| dot(PHONE, seq)).into_iter().collect(),
        settled: None,
    }))
}

/// An entry at a known place and time, by an author who had seen the guest's merge.
pub(crate) fn entry(line: Option<LineKey>, body: Body) -> Entry {
    Entry {
        time: Time::from_bits((1_700_000_000_123 << 16) | 7),
        scope: GUEST,
        seen_merges: [GUEST].into(),
        line,
        price: if body.is_contribution() { Money::parse("2.60", "EUR").ok() } else { None },
        body,
    }
}

/// A cart that has one entry, and a dead dot before it and a gap.
pub(crate) fn cart_with(line: Option<LineKey>, body: Body) -> Cart {
    let at = match &body {
        Body::Merge(merge) => {
            Claim { guest: merge.guest, account: merge.account, number: merge.claim }.dot()
        }
        _ => dot(PHONE, 9),
    };
    let dead: Dots = (1..=6).map(|seq| dot(PHONE, seq)).collect();
    let delta = Delta::new(CART, [(at, entry(line, body))], dead, Dots::default());
    let mut cart = Cart::new(CART);
    let _ = cart.join(&delta.expect("a delta")).expect("the same cart");
    cart
}

/// A cart with everything.
pub(crate) fn full() -> Cart {
    let mut cart = Cart::new(CART);
    for (seq, (_, line, body)) in bodies().into_iter().enumerate() {
        let at = dot(LAPTOP, seq as u64 * 2 + 1);
        let mut entry = entry(line, body);
        entry.time = Time::from_ms(1_700_000_000_000 - seq as u64 * 1_000);
        let delta = Delta::new(CART, [(at, entry)], Dots::default(), Dots::default());
        let _ = cart.join(&delta.expect("a delta")).expect("the same cart");
    }
    cart
}

/// Every sample, by the name of its golden file.
pub(crate) fn all() -> Vec<(String, Sample)> {
    let mut all = vec![("cart-empty".to_owned(), Sample::Cart(Cart::new(CART)))];
    for (name, line, body) in bodies() {
        all.push((format!("cart-{name}"), Sample::Cart(cart_with(line, body))));
    }
    all.push(("cart-02-own".to_owned(), Sample::Cart(cart_with(Some(tee()), set_of_own()))));
    all.push(("cart-every-kind".to_owned(), Sample::Cart(full())));
    let mut phone = Replica::new(CART, PHONE);
    let add = phone.add(1_700_000_000_000, &tee(), units(2), None).expect("an add");
    let row = holdall::RowRef::active(tee());
    let remove = phone.remove(1_700_000_000_001, &row).expect("a remove");
    let _ = phone.add(1_700_000_000_002, &tee(), units(3), None).expect("an add");
    let have: Have = phone.cart().have();
    let fingerprint: Fingerprint = phone.fingerprint();
    let delta = add.clone();
    let erased = Have { erased: true, ..Have::default() };
    let messages = [
        ("probe", Message::Probe { cart: CART, fingerprint }),
        ("same", Message::Same { cart: CART }),
        ("have", Message::Have { cart: CART, have: have.clone() }),
        ("have-erased", Message::Have { cart: CART, have: erased }),
        ("answer", Message::Answer { delta: delta.clone(), have: Some(have), fingerprint }),
        ("answer-last", Message::Answer { delta: delta.clone(), have: None, fingerprint }),
        ("all", Message::All { delta, fingerprint, reply: true }),
    ];
    all.push(("delta-add".to_owned(), Sample::Delta(add)));
    all.push(("delta-remove".to_owned(), Sample::Delta(remove)));
    all.push(("delta-erasure".to_owned(), Sample::Delta(Delta::erasure(CART))));
    all.push(("replica".to_owned(), Sample::Replica(phone)));
    let messages = messages.map(|(name, message)| (format!("message-{name}"), message));
    all.extend(messages.map(|(name, message)| (name, Sample::Message(message))));
    all
}
