//! A story as TOML has it: shapes and keys, nothing checked beyond them.

use std::collections::BTreeMap;

use serde::de::value::{Error as ValueError, MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::shopping::StoryVerb;

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
#[derive(Debug, Default)]
pub(super) struct RawStep {
    /// The shopper's verbs, each with its value.
    pub(super) shopping: Vec<(&'static StoryVerb, RawValue)>,
    pub(super) rest: RawRest,
}

/// Keys of a step beside the shopper's verbs.
#[derive(Debug, Default)]
pub(super) struct RawRest {
    pub(super) at: Option<String>,
    pub(super) cart: Option<String>,
    pub(super) fails: Option<String>,
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

/// A key of a step.
enum StepKey {
    Shopping(&'static StoryVerb),
    Rest(RestKey),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum RestKey {
    At,
    Cart,
    Fails,
    Merge,
    Unmerge,
    Order,
    Expire,
    Erase,
    Sync,
    Send,
    Resend,
    Restart,
    Lose,
    Authority,
    Clock,
    Advance,
    Expect,
}

impl<'de> Deserialize<'de> for StepKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let key = String::deserialize(from)?;
        if let Some(verb) = StoryVerb::of(&key) {
            return Ok(Self::Shopping(verb));
        }
        let rest: Result<RestKey, ValueError> = RestKey::deserialize((&*key).into_deserializer());
        rest.map(Self::Rest).map_err(|_| de::Error::custom(format!("a step has no key {key:?}")))
    }
}

impl<'de> Deserialize<'de> for RawStep {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Step;
        impl<'de> Visitor<'de> for Step {
            type Value = RawStep;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a step")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawStep, A::Error> {
                let RawStep { mut shopping, mut rest } = RawStep::default();
                while let Some(key) = map.next_key()? {
                    match key {
                        StepKey::Shopping(verb) => shopping.push((verb, map.next_value()?)),
                        StepKey::Rest(RestKey::At) => rest.at = map.next_value()?,
                        StepKey::Rest(RestKey::Cart) => rest.cart = map.next_value()?,
                        StepKey::Rest(RestKey::Fails) => rest.fails = map.next_value()?,
                        StepKey::Rest(RestKey::Merge) => rest.merge = map.next_value()?,
                        StepKey::Rest(RestKey::Unmerge) => rest.unmerge = map.next_value()?,
                        StepKey::Rest(RestKey::Order) => rest.order = map.next_value()?,
                        StepKey::Rest(RestKey::Expire) => rest.expire = map.next_value()?,
                        StepKey::Rest(RestKey::Erase) => rest.erase = map.next_value()?,
                        StepKey::Rest(RestKey::Sync) => rest.sync = map.next_value()?,
                        StepKey::Rest(RestKey::Send) => rest.send = map.next_value()?,
                        StepKey::Rest(RestKey::Resend) => rest.resend = map.next_value()?,
                        StepKey::Rest(RestKey::Restart) => rest.restart = map.next_value()?,
                        StepKey::Rest(RestKey::Lose) => rest.lose = map.next_value()?,
                        StepKey::Rest(RestKey::Authority) => rest.authority = map.next_value()?,
                        StepKey::Rest(RestKey::Clock) => rest.clock = map.next_value()?,
                        StepKey::Rest(RestKey::Advance) => rest.advance = map.next_value()?,
                        StepKey::Rest(RestKey::Expect) => rest.expect = map.next_value()?,
                    }
                }
                Ok(RawStep { shopping, rest })
            }
        }
        from.deserialize_map(Step)
    }
}

/// Formats the value of one of the shopper's verbs.
#[derive(Debug, Clone)]
pub(super) enum RawValue {
    Word(String),
    Flag(bool),
    Line(Box<RawLine>),
}

impl<'de> Deserialize<'de> for RawValue {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Value;
        impl<'de> Visitor<'de> for Value {
            type Value = RawValue;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string, true or false, or a table")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<RawValue, E> {
                Ok(RawValue::Word(word.into()))
            }

            fn visit_bool<E: de::Error>(self, flag: bool) -> Result<RawValue, E> {
                Ok(RawValue::Flag(flag))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawValue, A::Error> {
                RawLine::deserialize(MapAccessDeserializer::new(map))
                    .map(|line| RawValue::Line(Box::new(line)))
            }
        }
        from.deserialize_any(Value)
    }
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
    pub(super) list: Option<String>,
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
