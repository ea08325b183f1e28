//! Lists, maps and texts that are read without trust in the length that the input claims.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::limits;

/// A list of at most [`limits::LIST_ITEMS`] items.
pub(super) struct Listed<T>(Vec<T>);

impl<T> From<Listed<T>> for Vec<T> {
    fn from(list: Listed<T>) -> Self {
        list.0
    }
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Listed<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Listed<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} items", limits::LIST_ITEMS)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Listed<T>, A::Error> {
        // The claimed length is not used: a list grows as its items arrive.
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            if list.len() == limits::LIST_ITEMS {
                return Err(de::Error::invalid_length(list.len() + 1, &self));
            }
            list.push(item);
        }
        Ok(Listed(list))
    }
}

/// A map of at most [`limits::LIST_ITEMS`] entries, none of whose keys is there twice.
pub(super) struct Unique<K, V>(BTreeMap<K, V>);

impl<K, V> From<Unique<K, V>> for BTreeMap<K, V> {
    fn from(map: Unique<K, V>) -> Self {
        map.0
    }
}

impl<K, V> Default for Unique<K, V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Deserialize<'de> for Unique<K, V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(MapVisitor(PhantomData))
    }
}

struct MapVisitor<K, V>(PhantomData<(K, V)>);

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Visitor<'de> for MapVisitor<K, V> {
    type Value = Unique<K, V>;

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
        Ok(Unique(map))
    }
}

/// Reads a text and parses it. The text itself is not kept.
pub(super) fn parsed<'de, D: Deserializer<'de>, T, E: fmt::Display>(
    from: D,
    expected: &'static str,
    parse: fn(&str) -> Result<T, E>,
) -> Result<T, D::Error> {
    from.deserialize_str(TextVisitor { expected, parse })
}

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

/// A reason that a merge rule gave: at most [`limits::TEXT_BYTES`] bytes.
pub(super) struct Brief(String);

impl From<Brief> for String {
    fn from(text: Brief) -> Self {
        text.0
    }
}

impl<'de> Deserialize<'de> for Brief {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        parsed(from, "the reason of a merge rule", |text| match text.len() {
            0..=limits::TEXT_BYTES => Ok(Self(text.into())),
            _ => Err("the reason of a merge rule is too long: shorten it"),
        })
    }
}
