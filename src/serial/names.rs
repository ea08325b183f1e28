//! Serde for ids, names, texts, prices, times and lines.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use uuid::Uuid;

use super::bounded::parsed;
use crate::cart::{OrderKey, SkuPattern};
use crate::clock::Time;
use crate::id::{
    AttributeKey, Bundle, CartId, CouponCode, LineKey, OptionKey, OptionValue, OrderId, ReplicaId,
    RuleName, ShippingOption, Sku, Tag, Text, TextError,
};
use crate::limits;
use crate::money::{Currency, Money, MoneyError};
use crate::quantity::Quantity;

/// Implements serde for ids: hyphenated text in formats for people, 16 bytes in binary formats, the
/// most significant byte first.
macro_rules! ids {
    ($($name:ident),+) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                let uuid = Uuid::from_u128(self.as_u128());
                if to.is_human_readable() {
                    let mut text = Uuid::encode_buffer();
                    to.serialize_str(uuid.hyphenated().encode_lower(&mut text))
                } else {
                    uuid.into_bytes().serialize(to)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                if from.is_human_readable() {
                    parsed(from, "an id", |text| text.parse::<Self>())
                } else {
                    Ok(Self::from_u128(u128::from_be_bytes(<[u8; 16]>::deserialize(from)?)))
                }
            }
        }
    )+};
}

ids!(CartId, ReplicaId);

/// A hash: 32 hexadecimal digits in formats for people, 16 bytes in binary formats, the most
/// significant byte first.
pub(super) struct HexDigest(pub(super) u128);

impl From<HexDigest> for u128 {
    fn from(digest: HexDigest) -> Self {
        digest.0
    }
}

impl Serialize for HexDigest {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            to.collect_str(&format_args!("{:032x}", self.0))
        } else {
            self.0.to_be_bytes().serialize(to)
        }
    }
}

impl<'de> Deserialize<'de> for HexDigest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if !from.is_human_readable() {
            return Ok(Self(u128::from_be_bytes(<[u8; 16]>::deserialize(from)?)));
        }
        parsed(from, "a digest", |text| {
            // Only lower case is accepted, so that equal digests have equal texts.
            let digit = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
            let digits = text.len() == 32 && text.bytes().all(digit);
            let digest = u128::from_str_radix(text, 16).ok().filter(|_| digits);
            digest.map(Self).ok_or("a digest is 32 hexadecimal digits in lower case")
        })
    }
}

impl Serialize for OrderKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        HexDigest(self.as_u128()).serialize(to)
    }
}

impl<'de> Deserialize<'de> for OrderKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self::from_u128(HexDigest::deserialize(from)?.0))
    }
}

/// Implements `Deserialize` for names and texts by their constructors.
macro_rules! texts {
    ($($name:ident: $what:literal),+ $(,)?) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                parsed(from, $what, |text| Self::new(text))
            }
        }
    )+};
}

texts!(
    AttributeKey: "an attribute key",
    Bundle: "a bundle",
    OptionKey: "an option key",
    OptionValue: "an option value",
    OrderId: "an order id",
    RuleName: "a rule name",
    ShippingOption: "a shipping option",
    Sku: "a SKU",
    SkuPattern: "a pattern of SKUs",
    Tag: "a tag",
    Text: "a text",
);

/// Formats for people accept a coupon code in any form, binary formats only its normal form.
impl<'de> Deserialize<'de> for CouponCode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let parse = if from.is_human_readable() { any_code } else { normal_code };
        parsed(from, "a coupon code", parse)
    }
}

/// The reason why a text is not a coupon code.
#[derive(Debug, thiserror::Error)]
enum CouponCodeError {
    /// The text is invalid.
    #[error(transparent)]
    Text(TextError),
    /// The text is not in its normal form.
    #[error("a coupon code is not in its normal form: write it in capital letters, trimmed")]
    NotNormal,
}

/// Parses a coupon code in any form.
fn any_code(text: &str) -> Result<CouponCode, CouponCodeError> {
    CouponCode::new(text).map_err(CouponCodeError::Text)
}

/// Parses a coupon code that must be in its normal form.
fn normal_code(text: &str) -> Result<CouponCode, CouponCodeError> {
    let code = any_code(text)?;
    if code.as_str() == text { Ok(code) } else { Err(CouponCodeError::NotNormal) }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u32(self.get())
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::new(u32::deserialize(from)?).map_err(de::Error::custom)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            to.serialize_str(self.as_str())
        } else {
            self.as_bytes().serialize(to)
        }
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            return parsed(from, "a currency", Self::new);
        }
        let letters = <[u8; 3]>::deserialize(from)?;
        let text = core::str::from_utf8(&letters).map_err(de::Error::custom)?;
        Self::new(text).map_err(de::Error::custom)
    }
}

/// Serializes a price as text such as `2.60 EUR` in formats for people, and as digits, scale and
/// currency in binary formats.
impl Serialize for Money {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            return to.collect_str(self);
        }
        let (digits, scale) = self.parts();
        (digits, scale, self.currency()).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            return parsed(from, "a price such as 2.60 EUR", price);
        }
        let (digits, scale, currency) = Deserialize::deserialize(from)?;
        Self::from_parts(digits, scale, currency).map_err(de::Error::custom)
    }
}

/// Parses a price from the text that its `Display` implementation writes.
fn price(text: &str) -> Result<Money, MoneyError> {
    let (amount, currency) = text.split_once(' ').ok_or(MoneyError::Amount)?;
    let (whole, part) = amount.split_once('.').unwrap_or((amount, ""));
    // `Money::from_parts` accepts more digits before the point than `Money::parse`.
    let number = |digits: &str| digits.parse::<u64>().map_err(|_| MoneyError::Amount);
    let scale = u8::try_from(part.len()).ok().filter(|scale| *scale <= 4);
    let scale = scale.ok_or(MoneyError::Amount)?;
    let above = number(whole)?.checked_mul(10_u64.pow(u32::from(scale)));
    let below = if part.is_empty() { 0 } else { number(part)? };
    let digits = above.and_then(|above| above.checked_add(below)).ok_or(MoneyError::Amount)?;
    let price = Money::from_parts(digits, scale, Currency::new(currency)?)?;
    // Refuse texts that differ from the output, by a sign, a leading zero or a point without
    // digits.
    if price.to_string() == text { Ok(price) } else { Err(MoneyError::Amount) }
}

/// The parts of a time in formats for people. Milliseconds alone would lose the counter.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct TimeParts {
    ms: u64,
    counter: u16,
}

/// Serializes a time as milliseconds and counter in formats for people, and as 64 bits in binary
/// formats.
impl Serialize for Time {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            TimeParts { ms: self.ms(), counter: self.counter() }.serialize(to)
        } else {
            to.serialize_u64(self.bits())
        }
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if !from.is_human_readable() {
            return Ok(Self::from_bits(u64::deserialize(from)?));
        }
        let TimeParts { ms, counter } = TimeParts::deserialize(from)?;
        if ms > Self::MS_MAX {
            return Err(de::Error::custom("a time has more milliseconds than fit into 48 bits"));
        }
        Ok(Self::from_bits(Self::from_ms(ms).bits() | u64::from(counter)))
    }
}

/// Serializes a line as an object in formats for people, and as its descriptor in binary formats.
impl Serialize for LineKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if !to.is_human_readable() {
            return to.serialize_str(self.descriptor());
        }
        let (bundle, tag) = (self.bundle(), self.tag());
        let fields = 2 + usize::from(bundle.is_some()) + usize::from(tag.is_some());
        let mut line = to.serialize_struct("LineKey", fields)?;
        line.serialize_field("sku", self.product())?;
        line.serialize_field("options", &OptionsOf(self))?;
        if let Some(bundle) = bundle {
            line.serialize_field("bundle", bundle)?;
        }
        if let Some(tag) = tag {
            line.serialize_field("tag", tag)?;
        }
        line.end()
    }
}

/// The options of a line, serialized as a map.
struct OptionsOf<'a>(&'a LineKey);

impl Serialize for OptionsOf<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.options())
    }
}

impl<'de> Deserialize<'de> for LineKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if !from.is_human_readable() {
            return parsed(from, "the descriptor of a line", Self::from_descriptor);
        }
        let LineParts { sku, options, bundle, tag } = LineParts::deserialize(from)?;
        Self::new(sku, options.0, bundle, tag).map_err(de::Error::custom)
    }
}

/// The parts of a line in formats for people.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct LineParts {
    sku: Sku,
    #[serde(default)]
    options: LineOptions,
    #[serde(default)]
    bundle: Option<Bundle>,
    #[serde(default)]
    tag: Option<Tag>,
}

/// The options of a line in the order of the input. `LineKey::new` refuses duplicate keys.
#[derive(Default)]
struct LineOptions(Vec<(OptionKey, OptionValue)>);

impl<'de> Deserialize<'de> for LineOptions {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(OptionsVisitor)
    }
}

/// The visitor that reads at most [`limits::OPTIONS`] options.
struct OptionsVisitor;

impl<'de> Visitor<'de> for OptionsVisitor {
    type Value = LineOptions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} options by name", limits::OPTIONS)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LineOptions, A::Error> {
        let mut options = Vec::new();
        while let Some(option) = map.next_entry()? {
            if options.len() == limits::OPTIONS {
                return Err(de::Error::invalid_length(options.len() + 1, &self));
            }
            options.push(option);
        }
        Ok(LineOptions(options))
    }
}
