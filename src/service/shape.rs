//! What the service says, and what it is asked, in JSON.

use std::collections::BTreeMap;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, SchemaType, Type};

use super::asked::tag_of;
use super::line_id;
use super::problem::Problem;
use crate::authority::{Accepted, Form, Lease, Shown, Told, Written};
use crate::cart::{Gift, List};
use crate::id::{
    AttributeKey, Bundle, CartId, CouponCode, LineError, LineKey, OptionKey, OptionValue, RuleName,
    ShippingOption, Sku, Tag, Text, TextError,
};
use crate::limits;
use crate::money::{Money, MoneyError};
use crate::view::{Notice, OrderView, Row, Side};

/// A name has no control characters, a text no others than newline and tab.
const NAME: &str = r"^[^\x00-\x1f\x7f-\x9f]+$";
const TEXT: &str = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]+$";

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A list of a cart.
#[derive(Serialize, Deserialize, ToSchema, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum ListName {
    /// What checkout would buy.
    Active,
    /// Saved for later.
    Saved,
}

impl From<ListName> for List {
    fn from(name: ListName) -> Self {
        match name {
            ListName::Active => Self::Active,
            ListName::Saved => Self::Saved,
        }
    }
}

impl From<List> for ListName {
    fn from(list: List) -> Self {
        match list {
            List::Active => Self::Active,
            List::Saved => Self::Saved,
        }
    }
}

/// A price that the shopper saw. Nothing is charged from it.
#[derive(Serialize, Deserialize, ToSchema, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct Price {
    /// A plain decimal number.
    #[schema(pattern = r"^[0-9]{1,15}(\.[0-9]{1,4})?$", example = "2.60")]
    amount: String,
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    currency: String,
}

impl Price {
    fn of(money: Money) -> Self {
        let text = money.to_string();
        let amount = text.split(' ').next().unwrap_or_default().to_owned();
        Self { amount, currency: money.currency().to_string() }
    }

    pub(super) fn money(&self) -> Result<Money, Problem> {
        Ok(Money::parse(&self.amount, &self.currency)?)
    }
}

impl From<MoneyError> for Problem {
    fn from(error: MoneyError) -> Self {
        Self::new("invalid", error.to_string())
    }
}

impl From<TextError> for Problem {
    fn from(error: TextError) -> Self {
        Self::new("invalid", error.to_string())
    }
}

impl From<LineError> for Problem {
    fn from(error: LineError) -> Self {
        Self::new("invalid", error.to_string())
    }
}

/// A gift option.
#[derive(Serialize, Deserialize, ToSchema, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct GiftBody {
    /// Whether to wrap it.
    wrap: bool,
    /// What to write on the card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 4096, pattern = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]+$")]
    message: Option<String>,
}

impl GiftBody {
    pub(super) fn gift(&self) -> Result<Gift, Problem> {
        let message = self.message.as_ref().map(Text::new).transpose()?;
        Ok(Gift { wrap: self.wrap, message })
    }
}

/// What makes a line the same line. A [`LineKey`] is written so; this is for the description alone.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, reason = "for the description alone")]
pub(super) struct Identity {
    /// The product.
    sku: String,
    /// Its identity options.
    options: BTreeMap<String, String>,
    /// The bundle it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<String>,
    /// What keeps it separate.
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
}

/// A row of a cart. It borrows what the row has: a cart is answered with all of its rows, mostly for one that changed.
#[derive(Serialize, ToSchema, Debug)]
struct RowBody<'a> {
    /// Its id, for URLs.
    #[schema(value_type = String)]
    line: line_id::Text<'a>,
    /// Its list.
    list: ListName,
    #[serde(flatten)]
    #[schema(value_type = Identity)]
    identity: &'a LineKey,
    /// While a merge shows the line as two rows: `account` or `guest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<&'static str>,
    /// How many, under the ceiling.
    quantity: u64,
    /// How many its contributions come to.
    asked: u64,
    /// The note.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    note: Option<&'a Text>,
    /// The gift option.
    #[serde(skip_serializing_if = "Option::is_none")]
    gift: Option<GiftBody>,
    /// Other attributes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, String>)]
    attributes: &'a BTreeMap<AttributeKey, Text>,
    /// The price that the shopper saw last.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen_price: Option<Price>,
    /// Whether the shopper is asked which of the rows of this line to keep.
    question: bool,
    /// The merge rule that decided on it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    because: Option<&'a RuleName>,
}

fn rows<S: Serializer>(rows: &[Row], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(rows.iter().map(RowBody::from))
}

pub(super) fn id_of(line: &LineKey, side: Option<Side>) -> String {
    line_id::Text { line, side }.to_string()
}

impl<'a> From<&'a Row> for RowBody<'a> {
    fn from(row: &'a Row) -> Self {
        let gift = |gift: &Gift| GiftBody {
            wrap: gift.wrap,
            message: gift.message.as_ref().map(ToString::to_string),
        };
        Self {
            line: line_id::Text { line: &row.line, side: row.side },
            list: row.list.into(),
            identity: &row.line,
            side: row.side.map(|side| match side {
                Side::Account => "account",
                Side::Guest(_) => "guest",
            }),
            quantity: row.quantity,
            asked: row.asked,
            note: row.note.as_ref(),
            gift: row.gift.as_ref().map(gift),
            attributes: &row.attributes,
            seen_price: row.seen_price.map(Price::of),
            question: row.question,
            because: row.because.as_ref().map(|rule| &rule.name),
        }
    }
}

/// Something the shopper or the shop should know. None of it hinders an action.
#[derive(Serialize, ToSchema, Debug, Clone, Default)]
pub(super) struct NoticeBody {
    /// Which: `ceiling`, `question`, `policy-unavailable`, `needs-upgrade`, `concurrent-orders`, `currencies`.
    notice: &'static str,
    /// The lines it is about, whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lines: Vec<String>,
    /// What the contributions come to.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<u64>,
    /// What is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<u64>,
    /// The merge rule that is not here.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    /// Orders that bought the same units.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    orders: Vec<String>,
    /// The currencies of the prices that were seen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    currencies: Vec<String>,
}

impl From<Notice> for NoticeBody {
    fn from(notice: Notice) -> Self {
        let ids = |lines: &[LineKey]| lines.iter().map(|line| id_of(line, None)).collect();
        let about = |notice, line: LineKey| Self { notice, lines: ids(&[line]), ..Self::default() };
        match notice {
            Notice::Ceiling { line, asked, shown } => {
                Self { asked: Some(asked), shown: Some(shown), ..about("ceiling", line) }
            }
            Notice::Question { line } => about("question", line),
            Notice::PolicyUnavailable { line, rule } => {
                Self { rule: Some(rule.to_string()), ..about("policy-unavailable", line) }
            }
            Notice::NeedsUpgrade { line } => {
                Self { notice: "needs-upgrade", lines: ids(line.as_slice()), ..Self::default() }
            }
            Notice::ConcurrentOrders { orders, lines } => Self {
                notice: "concurrent-orders",
                lines: ids(&lines),
                orders: orders.iter().map(ToString::to_string).collect(),
                ..Self::default()
            },
            Notice::Currencies { currencies } => Self {
                notice: "currencies",
                currencies: currencies.iter().map(ToString::to_string).collect(),
                ..Self::default()
            },
        }
    }
}

/// An order that the cart knows of.
#[derive(Serialize, ToSchema, Debug, Clone)]
pub(super) struct OrderBody {
    /// Its id.
    order: String,
    /// When it was placed, in milliseconds since 1970.
    at_ms: u64,
    /// What it bought.
    lines: Vec<BoughtBody>,
}

/// What an order bought of a line.
#[derive(Serialize, ToSchema, Debug, Clone)]
pub(super) struct BoughtBody {
    /// The line's id.
    line: String,
    #[serde(flatten)]
    #[schema(value_type = Identity)]
    identity: LineKey,
    /// How many.
    quantity: u64,
}

impl From<OrderView> for OrderBody {
    fn from(order: OrderView) -> Self {
        let bought = |(line, quantity): (LineKey, u64)| BoughtBody {
            line: id_of(&line, None),
            identity: line,
            quantity,
        };
        let lines = order.lines.into_iter().map(bought).collect();
        Self { order: order.id.to_string(), at_ms: order.time.ms(), lines }
    }
}

/// A cart as its shopper sees it.
#[derive(Serialize, ToSchema, Debug, Clone)]
pub(super) struct CartBody {
    /// Its id.
    #[schema(value_type = String)]
    cart: CartId,
    /// How often it had been changed: also its entity tag.
    version: u64,
    /// The active list.
    #[serde(serialize_with = "rows")]
    #[schema(value_type = Vec<RowBody>)]
    lines: Vec<Row>,
    /// The saved list.
    #[serde(serialize_with = "rows")]
    #[schema(value_type = Vec<RowBody>)]
    saved: Vec<Row>,
    /// Coupons, each pending until somebody validates it.
    #[schema(value_type = Vec<String>)]
    coupons: Vec<CouponCode>,
    /// The chosen shipping option.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    shipping: Option<ShippingOption>,
    /// The cart's note.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    note: Option<Text>,
    /// Whether the shop may remind the shopper.
    consent: bool,
    /// The orders known, in the order in which they were placed.
    orders: Vec<OrderBody>,
    /// What somebody should know.
    notices: Vec<NoticeBody>,
}

impl From<Shown> for CartBody {
    fn from(Shown { cart, revision, view }: Shown) -> Self {
        Self {
            cart,
            version: revision,
            lines: view.lines,
            saved: view.saved,
            coupons: view.coupons,
            shipping: view.shipping,
            note: view.note,
            consent: view.consent,
            orders: view.orders.into_iter().map(OrderBody::from).collect(),
            notices: view.notices.into_iter().map(NoticeBody::from).collect(),
        }
    }
}

/// About how long the JSON of a cart is without its rows, in bytes.
const CART_JSON_BYTES: usize = 256;
/// About how long the JSON of a row is, in bytes.
const ROW_JSON_BYTES: usize = 192;

/// The entity tag of a version of a cart.
pub(super) fn etag_of(version: u64) -> HeaderValue {
    // Digits in quotes.
    HeaderValue::try_from(tag_of(version)).unwrap_or(HeaderValue::from_static("\"\""))
}

impl CartBody {
    /// The entity tag.
    pub(super) fn etag(&self) -> HeaderValue {
        etag_of(self.version)
    }

    /// Its JSON.
    pub(super) fn json(&self) -> Vec<u8> {
        let rows = self.lines.len() + self.saved.len();
        let mut json = Vec::with_capacity(CART_JSON_BYTES + rows * ROW_JSON_BYTES);
        // Texts and numbers: each has a JSON form, and there is room in memory.
        let _ = serde_json::to_writer(&mut json, self);
        json
    }

    pub(super) const fn version(&self) -> u64 {
        self.version
    }
}

/// A cart as it is answered.
pub(super) const JSON: Form = Form { name: "json 1", write: |shown| CartBody::from(shown).json() };

/// The answer to a read or a command: the whole cart.
pub(super) struct CartAnswer {
    version: u64,
    json: Bytes,
    replayed: bool,
}

impl From<Shown> for CartAnswer {
    fn from(shown: Shown) -> Self {
        let (version, json) = (shown.revision, CartBody::from(shown).json().into());
        Self { version, json, replayed: false }
    }
}

impl From<Accepted> for CartAnswer {
    fn from(accepted: Accepted) -> Self {
        Self { replayed: accepted.repeated, ..accepted.shown.into() }
    }
}

impl From<Written> for CartAnswer {
    fn from(written: Written) -> Self {
        let Written { revision, bytes } = written;
        Self { version: revision, json: Bytes::from_owner(bytes), replayed: false }
    }
}

impl From<Told> for CartAnswer {
    fn from(told: Told) -> Self {
        Self { replayed: told.repeated, ..told.written.into() }
    }
}

impl IntoResponse for CartAnswer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.json));
        let fields = response.headers_mut();
        fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        fields.insert(header::ETAG, etag_of(self.version));
        if self.replayed {
            fields.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

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
    pub(super) seen_price: Option<Price>,
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
    pub(super) seen_price: Option<Price>,
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

/// What may be null and has to be said all the same.
fn said<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
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

/// A text of the whole cart, or none.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoteBody {
    /// The text; null clears it.
    #[serde(deserialize_with = "said")]
    #[schema(
        required,
        min_length = 1,
        max_length = 4096,
        pattern = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]+$"
    )]
    pub(super) text: Option<String>,
}

/// A shipping option, or none.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ShippingBody {
    /// The option; null chooses none.
    #[serde(deserialize_with = "said")]
    #[schema(required, min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    pub(super) option: Option<String>,
}

/// Whether the shop may remind the shopper of this cart.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsentBody {
    /// Whether.
    pub(super) given: bool,
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
