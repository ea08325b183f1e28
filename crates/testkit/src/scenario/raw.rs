//! A story as TOML has it: shapes and keys, nothing checked beyond them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStory {
    pub(super) name: String,
    #[serde(default)]
    pub(super) why: Option<String>,
    pub(super) ceiling: Option<Spanned<i64>>,
    #[serde(default)]
    pub(super) steps: Vec<Spanned<RawStep>>,
    #[serde(default)]
    pub(super) expect: Vec<Spanned<RawExpect>>,
}

/// One step: who, where, and one of the verbs.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawStep {
    pub(super) at: Option<String>,
    pub(super) cart: Option<String>,
    pub(super) fails: Option<String>,
    pub(super) add: Option<RawLine>,
    pub(super) set: Option<RawLine>,
    pub(super) remove: Option<RawLine>,
    pub(super) clear: Option<bool>,
    pub(super) save_for_later: Option<RawLine>,
    pub(super) move_to_cart: Option<RawLine>,
    pub(super) note: Option<RawLine>,
    pub(super) gift: Option<RawLine>,
    pub(super) attribute: Option<RawLine>,
    pub(super) coupon: Option<String>,
    pub(super) drop_coupon: Option<String>,
    pub(super) shipping: Option<String>,
    pub(super) merge: Option<RawMerge>,
    pub(super) unmerge: Option<RawUnmerge>,
    pub(super) order: Option<RawOrder>,
    pub(super) expire: Option<bool>,
    pub(super) erase: Option<bool>,
    pub(super) sync: Option<WordOr<Vec<String>>>,
    pub(super) send: Option<RawRoute>,
    pub(super) resend: Option<RawRoute>,
    pub(super) restart: Option<String>,
    pub(super) lose: Option<String>,
    pub(super) authority: Option<String>,
    pub(super) clock: Option<RawClock>,
    pub(super) advance: Option<String>,
    pub(super) expect: Option<RawExpect>,
}

/// A line, with what some verbs have besides.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLine {
    pub(super) sku: Option<String>,
    pub(super) options: BTreeMap<String, String>,
    pub(super) bundle: Option<WordOr<RawBundle>>,
    pub(super) tag: Option<String>,
    pub(super) side: Option<String>,
    pub(super) quantity: Option<i64>,
    pub(super) price: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) text: Option<String>,
    pub(super) wrap: Option<bool>,
    pub(super) message: Option<String>,
    pub(super) key: Option<String>,
    pub(super) value: Option<String>,
    // Of expectations only:
    pub(super) note: Option<String>,
    pub(super) gift: Option<RawGift>,
    pub(super) attributes: Option<BTreeMap<String, String>>,
    pub(super) question: Option<bool>,
    pub(super) because: Option<String>,
}

/// A value that is written as a string or as a table (or list). Unlike an untagged enum it names
/// the key that is wrong.
#[derive(Debug, Clone)]
pub(super) enum WordOr<T> {
    Word(String),
    Other(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for WordOr<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = WordOr<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string, or a table or list")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Self::Value, E> {
                Ok(WordOr::Word(word.into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(WordOr::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                T::deserialize(SeqAccessDeserializer::new(seq)).map(WordOr::Other)
            }
        }
        deserializer.deserialize_any(Either(std::marker::PhantomData))
    }
}

/// The bundle a line belongs to, as the line it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBundle {
    pub(super) sku: String,
    #[serde(default)]
    pub(super) options: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGift {
    #[serde(default)]
    pub(super) wrap: Option<bool>,
    #[serde(default)]
    pub(super) message: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMerge {
    pub(super) guest: String,
    pub(super) policy: WordOr<RawPolicyTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPolicyTable {
    pub(super) rule: String,
    pub(super) version: Option<u32>,
    pub(super) loser: Option<String>,
    pub(super) ceiling: Option<i64>,
    #[serde(default)]
    pub(super) overrides: Vec<RawOverride>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOverride {
    pub(super) sku: String,
    pub(super) rule: Option<String>,
    pub(super) version: Option<u32>,
    pub(super) loser: Option<String>,
    pub(super) ceiling: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawUnmerge {
    pub(super) guest: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOrder {
    pub(super) id: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRoute {
    pub(super) from: String,
    pub(super) to: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawClock {
    pub(super) at: String,
    pub(super) skew: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawExpect {
    pub(super) at: Option<String>,
    pub(super) cart: Option<String>,
    pub(super) lines: Option<Vec<RawLine>>,
    pub(super) saved: Option<Vec<RawLine>>,
    pub(super) coupons: Option<Vec<String>>,
    pub(super) shipping: Option<String>,
    pub(super) note: Option<String>,
    pub(super) orders: Option<Vec<String>>,
    pub(super) empty: Option<bool>,
}
