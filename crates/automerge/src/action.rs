//! The value of a key as text: JSON that a person can write. This is its shape, and nothing
//! more; what it says is [`decode`](super::decode)'s business.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::Refused;

/// An entry as text: one verb, and what goes with it. What is empty or false is left out.
#[derive(Serialize, Deserialize, Default, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields, default)]
pub(super) struct EntryText {
    // The verbs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) add: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) set: Option<i64>,
    #[serde(skip_serializing_if = "no")]
    pub(super) remove: bool,
    #[serde(rename = "move", skip_serializing_if = "Option::is_none")]
    pub(super) move_to: Option<ListName>,
    #[serde(skip_serializing_if = "no")]
    pub(super) stay: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) gift: Option<GiftText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attribute: Option<AttributeText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shipping: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) coupon: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) consent: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) merge: Option<MergeText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unmerge: Option<UnmergeText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) order: Option<OrderText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expired: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unknown: Option<UnknownText>,
    // What goes with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<LineText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<u64>,
    #[serde(skip_serializing_if = "zero")]
    pub(super) tick: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scope: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) after: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) list: Option<ListName>,
    #[serde(skip_serializing_if = "no")]
    pub(super) sided: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) dots: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) seen: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) covers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) took: Vec<TakenText>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) pins: Vec<PinText>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) lacks: Vec<LackText>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) dead: Vec<String>,
}

impl EntryText {
    /// The verb's name.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub(super) fn verb(&self) -> Result<&'static str, Refused> {
        let verbs = [
            ("add", self.add.is_some()),
            ("set", self.set.is_some()),
            ("remove", self.remove),
            ("move", self.move_to.is_some()),
            ("stay", self.stay),
            ("note", self.note.is_some()),
            ("gift", self.gift.is_some()),
            ("attribute", self.attribute.is_some()),
            ("shipping", self.shipping.is_some()),
            ("coupon", self.coupon.is_some()),
            ("consent", self.consent.is_some()),
            ("merge", self.merge.is_some()),
            ("unmerge", self.unmerge.is_some()),
            ("order", self.order.is_some()),
            ("expired", self.expired.is_some()),
            ("unknown", self.unknown.is_some()),
        ];
        let mut there = verbs.iter().filter(|(_, there)| *there);
        match (there.next(), there.count()) {
            (Some((verb, _)), 0) => Ok(verb),
            (first, more) => Err(Refused::Verbs { verbs: usize::from(first.is_some()) + more }),
        }
    }
}

/// What is known to be dead, and what of it a reader must know first.
#[derive(Serialize, Deserialize, Default, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct DeadText {
    pub(super) dead: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) needs: Vec<String>,
}

#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(super) enum ListName {
    Active,
    Saved,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct LineText {
    pub(super) sku: String,
    #[serde(default, skip_serializing_if = "Pairs::is_empty")]
    pub(super) options: Pairs,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) bundle: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tag: Option<String>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct GiftText {
    #[serde(default)]
    pub(super) wrap: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct AttributeText {
    pub(super) key: String,
    pub(super) value: String,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeText {
    pub(super) guest: String,
    pub(super) account: String,
    pub(super) claim: u32,
    pub(super) policy: PolicyText,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyText {
    pub(super) rule: RuleText,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) overrides: Vec<OverrideText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ceiling: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) loser: Option<LoserName>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleText {
    pub(super) name: String,
    pub(super) version: u32,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct OverrideText {
    pub(super) lines: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rule: Option<RuleText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ceiling: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) loser: Option<LoserName>,
}

#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "kebab-case")]
pub(super) enum LoserName {
    Hide,
    SaveForLater,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct UnmergeText {
    pub(super) guest: String,
    pub(super) claim: u32,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderText {
    pub(super) id: String,
    #[serde(default)]
    pub(super) bought: Vec<BoughtText>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct BoughtText {
    pub(super) line: LineText,
    pub(super) taken: TakenText,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct TakenText {
    pub(super) dot: String,
    pub(super) units: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) scope: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) set: Option<ListName>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct PinText {
    pub(super) dot: String,
    pub(super) list: ListName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<String>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct LackText {
    pub(super) set: String,
    pub(super) taken: String,
    pub(super) units: u32,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct UnknownText {
    pub(super) kind: u32,
    /// Two hexadecimal digits a byte.
    pub(super) payload: String,
}

/// An object of texts, as it stands: a key that is there twice is there twice.
#[derive(PartialEq, Eq, Debug, Default)]
pub(super) struct Pairs(pub(super) Vec<(String, String)>);

impl Pairs {
    const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Pairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Visit)
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn no(flag: &bool) -> bool {
    !*flag
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn zero(number: &u16) -> bool {
    *number == 0
}
