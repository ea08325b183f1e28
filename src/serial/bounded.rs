//! Lists, maps and texts that are read without trust in the lengths that the input claims.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::limits;

/// A list of at most [`limits::LIST_ITEMS`] items.
pub(super) struct BoundedList<T>(Vec<T>);

impl<T> From<BoundedList<T>> for Vec<T> {
    fn from(list: BoundedList<T>) -> Self {
        list.0
    }
}

impl<T> Default for BoundedList<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for BoundedList<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(BoundedListVisitor(PhantomData))
    }
}

/// The visitor that reads a [`BoundedList`].
struct BoundedListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for BoundedListVisitor<T> {
    type Value = BoundedList<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} items", limits::LIST_ITEMS)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<BoundedList<T>, A::Error> {
        // The claimed length is ignored, so memory follows the input.
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            if list.len() == limits::LIST_ITEMS {
                return Err(de::Error::invalid_length(list.len() + 1, &self));
            }
            list.push(item);
        }
        Ok(BoundedList(list))
    }
}

/// A map of at most [`limits::LIST_ITEMS`] entries. Duplicate keys are refused.
pub(super) struct BoundedMap<K, V>(BTreeMap<K, V>);

impl<K, V> From<BoundedMap<K, V>> for BTreeMap<K, V> {
    fn from(map: BoundedMap<K, V>) -> Self {
        map.0
    }
}

impl<K, V> Default for BoundedMap<K, V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Deserialize<'de> for BoundedMap<K, V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(BoundedMapVisitor(PhantomData))
    }
}

/// The visitor that reads a [`BoundedMap`].
struct BoundedMapVisitor<K, V>(PhantomData<(K, V)>);

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Visitor<'de> for BoundedMapVisitor<K, V> {
    type Value = BoundedMap<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} entries with different keys", limits::LIST_ITEMS)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = BTreeMap::new();
        while let Some((key, value)) = entries.next_entry()? {
            if map.len() == limits::LIST_ITEMS {
                return Err(de::Error::invalid_length(map.len() + 1, &self));
            }
            if map.insert(key, value).is_some() {
                return Err(de::Error::custom("a key is given twice: keep one"));
            }
        }
        Ok(BoundedMap(map))
    }
}

/// Reads a text and converts it with `parse`. `expected` describes the value in errors.
pub(super) fn parsed<'de, D: Deserializer<'de>, T, E: fmt::Display>(
    from: D,
    expected: &'static str,
    parse: fn(&str) -> Result<T, E>,
) -> Result<T, D::Error> {
    from.deserialize_str(TextVisitor { expected, parse })
}

/// The visitor that reads and converts a text.
struct TextVisitor<T, E> {
    expected: &'static str,
    parse: fn(&str) -> Result<T, E>,
}

impl<T, E: fmt::Display> Visitor<'_> for TextVisitor<T, E> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<F: de::Error>(self, text: &str) -> Result<T, F> {
        (self.parse)(text).map_err(F::custom)
    }
}

/// The reason of a merge rule: a text of at most [`limits::TEXT_BYTES`] bytes.
pub(super) struct ReasonText(String);

impl From<ReasonText> for String {
    fn from(text: ReasonText) -> Self {
        text.0
    }
}

impl<'de> Deserialize<'de> for ReasonText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        parsed(from, "the reason of a merge rule", |text| match text.len() {
            0..=limits::TEXT_BYTES => Ok(Self(text.into())),
            _ => Err("the reason of a merge rule is too long: shorten it"),
        })
    }
}
