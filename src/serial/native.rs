//! `Encode` and `Decode` of bincode 2, with the bytes that `bincode::serde` writes.
//!
//! The decoder of bincode allocates the length that a text claims before it reads the text. The
//! decoder here reads texts and bytes in pieces, so memory follows the input.

use alloc::string::String;
use alloc::vec::Vec;

use bincode::de::read::Reader;
use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use bincode::serde::Compat;
use serde::de::value::U32Deserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::cart::{
    Cart, Claim, ConsumedUnits, Delta, Fingerprint, Gift, Have, List, LosingUnits, MergePolicy,
    OrderKey, OrderedUnits, Override, Preserved, PreservedDeduction, PreservedPlacement, RuleRef,
    SkuPattern, Snapshot,
};
use crate::clock::Time;
use crate::dots::{Dot, Dots};
use crate::id::{
    AttributeKey, Bundle, CartId, CouponCode, LineKey, OptionKey, OptionValue, OrderId, ReplicaId,
    RuleName, ShippingOption, Sku, Tag, Text,
};
use crate::limits;
use crate::money::{Currency, Money};
use crate::policy::Choice;
use crate::quantity::Quantity;
use crate::sync::Message;
use crate::view::{
    ExplainedContribution, Explanation, Notice, OrderView, Reason, Row, RowExplanation, RowRef,
    Side, View, ViewOptions,
};

/// Implements `Encode` and `Decode` by serde.
macro_rules! native {
    ($($name:ident),+ $(,)?) => {$(
        impl Encode for $name {
            fn encode<E: Encoder>(&self, to: &mut E) -> Result<(), EncodeError> {
                Compat(self).encode(to)
            }
        }

        impl<C> Decode<C> for $name {
            fn decode<D: Decoder<Context = C>>(from: &mut D) -> Result<Self, DecodeError> {
                Self::deserialize(DecoderSource(from))
            }
        }

        bincode::impl_borrow_decode!($name);
    )+};
}

native!(
    AttributeKey,
    OrderedUnits,
    Bundle,
    Cart,
    CartId,
    Choice,
    Claim,
    CouponCode,
    Currency,
    Delta,
    Dot,
    Dots,
    Explanation,
    Fingerprint,
    Gift,
    Have,
    PreservedDeduction,
    LineKey,
    List,
    LosingUnits,
    MergePolicy,
    Message,
    Money,
    Notice,
    OptionKey,
    OptionValue,
    OrderId,
    OrderKey,
    OrderView,
    Override,
    ExplainedContribution,
    PreservedPlacement,
    Quantity,
    Reason,
    ReplicaId,
    Row,
    RowExplanation,
    RowRef,
    RuleName,
    RuleRef,
    ShippingOption,
    Side,
    Sku,
    SkuPattern,
    Snapshot,
    Preserved,
    Tag,
    ConsumedUnits,
    Text,
    Time,
    View,
    ViewOptions,
);

/// The number of bytes of a text that are read at once.
const PIECE_BYTES: usize = 4_096;

/// Reads a byte string with its length before it, at most [`limits::MESSAGE_BYTES`] long.
fn bytes<D: Decoder>(from: &mut D) -> Result<Vec<u8>, DecodeError> {
    let claimed = u64::decode(from)?;
    let length = usize::try_from(claimed).unwrap_or(usize::MAX);
    if length > limits::MESSAGE_BYTES {
        return Err(DecodeError::LimitExceeded);
    }
    let mut bytes = Vec::new();
    let mut left = length;
    while left > 0 {
        let piece = left.min(PIECE_BYTES);
        // Respect the limit of the program's configuration, if it has one.
        from.claim_bytes_read(piece)?;
        let at = bytes.len();
        bytes.resize(at + piece, 0);
        from.reader().read(&mut bytes[at..])?;
        left -= piece;
    }
    Ok(bytes)
}

/// Reads a UTF-8 text with its length before it.
fn text<D: Decoder>(from: &mut D) -> Result<String, DecodeError> {
    String::from_utf8(bytes(from)?).map_err(|error| DecodeError::Utf8 { inner: error.utf8_error() })
}

/// A bincode decoder as a serde deserializer.
struct DecoderSource<'a, D>(&'a mut D);

/// Implements methods that read a number in bincode's encoding.
macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty),+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            visitor.$visit(<$type>::decode(self.0)?)
        }
    )+};
}

impl<'de, D: Decoder> Deserializer<'de> for DecoderSource<'_, D> {
    type Error = DecodeError;

    numbers!(
        deserialize_bool visit_bool bool, deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64
    );

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_string(text(self.0)?)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_byte_buf(bytes(self.0)?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match u8::decode(self.0)? {
            0 => visitor.visit_none(),
            1 => visitor.visit_some(self),
            _ => Err(DecodeError::Other("an option is neither absent nor there")),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let left = u64::decode(self.0)?;
        visitor.visit_seq(RemainingItems { from: self.0, left })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let left = u64::decode(self.0)?;
        visitor.visit_map(RemainingItems { from: self.0, left })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_seq(RemainingItems { from: self.0, left: length as u64 })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_tuple(fields.len(), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_enum(self)
    }

    // Values of the core use none of the methods from here on.
    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, DecodeError> {
        Err(DecodeError::Other("bincode does not say what comes next"))
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u128 f32 f64 char string byte_buf unit unit_struct tuple_struct
        identifier ignored_any
    }
}

impl<'de, D: Decoder> EnumAccess<'de> for DecoderSource<'_, D> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Self), DecodeError> {
        let number: U32Deserializer<DecodeError> = u32::decode(self.0)?.into_deserializer();
        Ok((seed.deserialize(number)?, self))
    }
}

impl<'de, D: Decoder> VariantAccess<'de> for DecoderSource<'_, D> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, DecodeError> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_tuple(fields.len(), visitor)
    }
}

/// The remaining items of a list, a map or a struct.
struct RemainingItems<'a, D> {
    from: &'a mut D,
    /// The number of items that remain.
    left: u64,
}

impl<'de, D: Decoder> SeqAccess<'de> for RemainingItems<'_, D> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(DecoderSource(&mut *self.from)).map(Some)
    }
}

impl<'de, D: Decoder> MapAccess<'de> for RemainingItems<'_, D> {
    type Error = DecodeError;

    fn next_key_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<T::Value, DecodeError> {
        seed.deserialize(DecoderSource(&mut *self.from))
    }
}
