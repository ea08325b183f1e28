//! The JSON of requests.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, SchemaType, Type};

use super::cart_body::{GiftBody, ListName, PriceBody};
use super::problem::Problem;
use holdall::id::{Bundle, LineKey, OptionKey, OptionValue, Sku, Tag, TextError};
use holdall::limits;
use holdall_authority::Lease;

/// A name has no control characters, a text no others than newline and tab.
const NAME: &str = r"^[^\x00-\x1f\x7f-\x9f]+$";
const TEXT: &str = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]+$";

/// More of a line.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddBody {
    /// The product.
    #[schema(
        min_length = 1,
        max_length = 256,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]+$",
        example = "TEE"
    )]
    sku: String,
    /// What tells variants apart: at most 32.
    #[serde(default)]
    #[schema(schema_with = options)]
    options: BTreeMap<String, String>,
    /// The bundle it belongs to.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    bundle: Option<String>,
    /// What keeps it separate from an equal line.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    tag: Option<String>,
    /// How many more; 1 if it is not said.
    #[serde(default = "one", deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub(super) quantity: u32,
    /// The price that the shopper saw.
    pub(super) seen_price: Option<PriceBody>,
}

/// The largest whole number that every reader of JSON has.
const WHOLE_MAX: f64 = 9_007_199_254_740_991.0;

/// A whole number, however it is written: JSON knows no difference between 2 and 2.0.
fn whole<'de, D: Deserializer<'de>, T: TryFrom<u64>>(from: D) -> Result<T, D::Error> {
    let number = f64::deserialize(from)?;
    let is_whole = number.fract() == 0.0 && (0.0..=WHOLE_MAX).contains(&number);
    let found = is_whole.then(|| T::try_from(number as u64).ok()).flatten();
    found.ok_or_else(|| serde::de::Error::custom("not a whole number within the limits"))
}

fn options() -> Object {
    names_and(string(NAME))
}

fn attributes() -> Object {
    let mut value = string(TEXT);
    value.schema_type = SchemaType::from_iter([Type::String, Type::Null]);
    names_and(value)
}

fn names_and(value: Object) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .max_properties(Some(limits::OPTIONS))
        .property_names(Some(string(NAME)))
        .additional_properties(Some(Schema::Object(value)))
        .build()
}

fn string(pattern: &str) -> Object {
    let most = if pattern == NAME { limits::NAME_BYTES } else { limits::TEXT_BYTES };
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(most))
        .pattern(Some(pattern))
        .build()
}

const fn one() -> u32 {
    1
}

impl AddBody {
    pub(super) fn line(&self) -> Result<LineKey, Problem> {
        let option = |(key, value)| Ok((OptionKey::new(key)?, OptionValue::new(value)?));
        let options: Result<Vec<_>, TextError> = self.options.iter().map(option).collect();
        let bundle = self.bundle.as_ref().map(Bundle::new).transpose()?;
        let tag = self.tag.as_ref().map(Tag::new).transpose()?;
        Ok(LineKey::new(Sku::new(&self.sku)?, options?, bundle, tag)?)
    }
}

/// How many of a line there are to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetBody {
    /// How many; 0 removes it.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub(super) quantity: u32,
    /// The price that the shopper saw.
    pub(super) seen_price: Option<PriceBody>,
}

/// Where a line is to go.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MoveBody {
    /// The list.
    pub(super) to: ListName,
}

/// What is to be written on a line. What is not there stays as it is; what is null is cleared.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PatchBody {
    /// The note.
    #[serde(default, deserialize_with = "there")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4096, pattern = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]+$")]
    pub(super) note: Option<Option<String>>,
    /// The gift option.
    #[serde(default, deserialize_with = "there")]
    #[schema(value_type = Option<GiftBody>)]
    pub(super) gift: Option<Option<GiftBody>>,
    /// Other attributes: at most 32.
    #[serde(default)]
    #[schema(schema_with = attributes)]
    pub(super) attributes: BTreeMap<String, Option<String>>,
}

/// Reads a required field that may be null.
pub(super) fn said<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(from)
}

/// Tells what is null from what is not there.
fn there<'de, D, T>(from: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(from).map(Some)
}

/// The right to end a checkout.
#[derive(Serialize, Deserialize, ToSchema, Debug, Clone, Copy)]
#[serde(deny_unknown_fields)]
pub(super) struct LeaseBody {
    /// Which checkout.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    number: u64,
    /// The version of the cart that was frozen.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    version: u64,
    /// Until when it is held, in milliseconds since 1970.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    until_ms: u64,
}

impl From<Lease> for LeaseBody {
    fn from(Lease { number, revision, until_ms }: Lease) -> Self {
        Self { number, version: revision, until_ms }
    }
}

impl From<LeaseBody> for Lease {
    fn from(LeaseBody { number, version, until_ms }: LeaseBody) -> Self {
        Self { number, revision: version, until_ms }
    }
}
