//! The JSON bodies of requests.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, SchemaType, Type};

use super::cart_body::{GiftBody, ListName, PriceBody};
use super::problem::Problem;
use holdall::id::{Bundle, LineKey, OptionKey, OptionValue, Sku, Tag, TextError};
use holdall::limits;
use holdall_authority::Lease;

/// The pattern of names, which have no control characters.
const NAME: &str = r"^[^\x00-\x1f\x7f-\x9f]+$";
/// The pattern of texts, whose only control characters are newline and tab.
const TEXT: &str = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]+$";

/// Units of a line to add to the cart.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddBody {
    /// The product's SKU.
    #[schema(
        min_length = 1,
        max_length = 256,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]+$",
        example = "TEE"
    )]
    sku: String,
    /// The options that tell variants of the product apart, at most 32.
    #[serde(default)]
    #[schema(schema_with = options)]
    options: BTreeMap<String, String>,
    /// The bundle that the line belongs to.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    bundle: Option<String>,
    /// A tag that keeps the line apart from otherwise equal ones.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    tag: Option<String>,
    /// The number of units to add. The default is 1.
    #[serde(default = "one", deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub(super) quantity: u32,
    /// The price that the shopper saw.
    pub(super) seen_price: Option<PriceBody>,
}

/// The largest whole number that every JSON parser represents exactly: 2^53 - 1.
const WHOLE_MAX: f64 = 9_007_199_254_740_991.0;

/// Reads a whole number. JSON does not distinguish 2 from 2.0, so both are accepted.
fn whole<'de, D: Deserializer<'de>, T: TryFrom<u64>>(from: D) -> Result<T, D::Error> {
    let number = f64::deserialize(from)?;
    let is_whole = number.fract() == 0.0 && (0.0..=WHOLE_MAX).contains(&number);
    let found = is_whole.then(|| T::try_from(number as u64).ok()).flatten();
    found.ok_or_else(|| serde::de::Error::custom("not a whole number within the limits"))
}

/// Returns the schema of options: texts by name.
fn options() -> Object {
    names_and(string(NAME))
}

/// Returns the schema of attributes: texts or null by name.
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

/// The quantity that a line is set to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetBody {
    /// The new quantity; 0 removes the line.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub(super) quantity: u32,
    /// The price that the shopper saw.
    pub(super) seen_price: Option<PriceBody>,
}

/// The list that a line moves to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MoveBody {
    /// The target list.
    pub(super) to: ListName,
}

/// Changes to a line. An absent field stays unchanged; null clears the field.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PatchBody {
    /// The line's note.
    #[serde(default, deserialize_with = "present")]
    #[schema(
        value_type = Option<String>,
        min_length = 1,
        max_length = 4096,
        pattern = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]+$",
    )]
    pub(super) note: Option<Option<String>>,
    /// The gift option.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<GiftBody>)]
    pub(super) gift: Option<Option<GiftBody>>,
    /// Other attributes, at most 32. Null clears an attribute.
    #[serde(default)]
    #[schema(schema_with = attributes)]
    pub(super) attributes: BTreeMap<String, Option<String>>,
}

/// Reads a required field that may be null.
pub(super) fn nullable<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(from)
}

/// Reads a field that may be null, so that null differs from an absent field.
fn present<'de, D, T>(from: D) -> Result<Option<Option<T>>, D::Error>
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
    /// The checkout's number.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    number: u64,
    /// The version of the frozen cart.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    version: u64,
    /// The time when the lease ends, in milliseconds since 1970.
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
