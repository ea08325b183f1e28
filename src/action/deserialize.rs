//! How serde reads and writes the parts of an action. Each is read with its own constructor, which
//! checks it.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::cart::Gift;
use crate::id::{
    AttributeKey, Bundle, CartId, CouponCode, LineKey, OptionKey, OptionValue, ShippingOption, Sku,
    Tag, Text,
};
use crate::limits;
use crate::money::Money;
use crate::quantity::Quantity;

/// Reads names and texts with their `new`.
macro_rules! from_text {
    ($($name:ty),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Self::new(Cow::<str>::deserialize(from)?).map_err(de::Error::custom)
            }
        }
    )*};
}

from_text!(
    AttributeKey,
    Bundle,
    CouponCode,
    OptionKey,
    OptionValue,
    ShippingOption,
    Sku,
    Tag,
    Text
);

impl<'de> Deserialize<'de> for CartId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(from)?.parse().map_err(de::Error::custom)
    }
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

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(from)?;
        let (amount, currency) =
            text.split_once(' ').ok_or_else(|| de::Error::custom("a price is such as 2.60 EUR"))?;
        Self::parse(amount, currency).map_err(de::Error::custom)
    }
}

/// Leaves out a message that is not there, in formats that name the fields.
impl Serialize for Gift {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let says = self.message.is_some() || !to.is_human_readable();
        let mut gift = to.serialize_struct("Gift", 1 + usize::from(says))?;
        gift.serialize_field("wrap", &self.wrap)?;
        if says {
            gift.serialize_field("message", &self.message)?;
        }
        gift.end()
    }
}

/// Reads a line from its parts in formats for people, from its descriptor in others.
impl<'de> Deserialize<'de> for LineKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if !from.is_human_readable() {
            let descriptor = Cow::<str>::deserialize(from)?;
            return Self::from_descriptor(&descriptor).map_err(de::Error::custom);
        }
        let LineParts { sku, options, bundle, tag } = LineParts::deserialize(from)?;
        Self::new(sku, options.0, bundle, tag).map_err(de::Error::custom)
    }
}

/// The parts of a line.
#[derive(Deserialize)]
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

/// The options of a line, as they come: a key that is there twice is there twice.
#[derive(Default)]
struct LineOptions(Vec<(OptionKey, OptionValue)>);

impl<'de> Deserialize<'de> for LineOptions {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(OptionsVisitor)
    }
}

struct OptionsVisitor;

impl<'de> Visitor<'de> for OptionsVisitor {
    type Value = LineOptions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} options by name", limits::OPTIONS)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LineOptions, A::Error> {
        let mut options = Vec::new();
        while let Some(option) = map.next_entry()? {
            // One more than allowed is enough to know; the rest is not read.
            if options.len() == limits::OPTIONS {
                return Err(de::Error::custom("too many options"));
            }
            options.push(option);
        }
        Ok(LineOptions(options))
    }
}
