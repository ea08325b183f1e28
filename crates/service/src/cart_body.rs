//! The values that are serialized as the JSON of a cart.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use super::entity_tag::EntityTag;
use super::line_id;
use holdall::cart::{Gift, List};
use holdall::id::{
    AttributeKey, CartId, CouponCode, LineKey, RuleName, ShippingOption, Text, TextError,
};
use holdall::money::{Money, MoneyError};
use holdall::view::{Notice, OrderView, Row, Side};
use holdall_authority::CartSnapshot;

/// A list of a cart.
#[derive(Serialize, Deserialize, ToSchema, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum ListName {
    /// The lines that a checkout would order.
    Active,
    /// The lines saved for later.
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

/// A price that the shopper saw, for display only. It is never charged.
#[derive(Serialize, Deserialize, ToSchema, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceBody {
    /// The amount, as a decimal number with at most four places.
    #[schema(pattern = r"^[0-9]{1,15}(\.[0-9]{1,4})?$", example = "2.60")]
    amount: String,
    /// The currency's code, by ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    currency: String,
}

impl PriceBody {
    pub(super) fn of(money: Money) -> Self {
        let text = money.to_string();
        let amount = text.split(' ').next().unwrap_or_default().to_owned();
        Self { amount, currency: money.currency().to_string() }
    }

    pub(super) fn money(&self) -> Result<Money, MoneyError> {
        Money::parse(&self.amount, &self.currency)
    }
}

/// A gift option.
#[derive(Serialize, Deserialize, ToSchema, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct GiftBody {
    /// True if the line is to be wrapped.
    wrap: bool,
    /// The text of the card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 4096, pattern = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]+$")]
    message: Option<String>,
}

impl GiftBody {
    pub(super) fn of(gift: &Gift) -> Self {
        Self { wrap: gift.wrap, message: gift.message.as_ref().map(ToString::to_string) }
    }

    pub(super) fn gift(&self) -> Result<Gift, TextError> {
        let message = self.message.as_ref().map(Text::new).transpose()?;
        Ok(Gift { wrap: self.wrap, message })
    }
}

/// The fields that identify a line. [`LineKey`] serializes itself in this form; the type serves the
/// OpenAPI description alone.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, reason = "for the description alone")]
pub(super) struct LineIdentity {
    /// The product's SKU.
    sku: String,
    /// The options that tell variants of the product apart.
    options: BTreeMap<String, String>,
    /// The bundle that the line belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<String>,
    /// A tag that keeps the line apart from otherwise equal ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
}

/// A row of a cart.
#[derive(Serialize, ToSchema, Debug)]
pub(super) struct RowBody<'a> {
    /// The row's id, for URLs.
    #[schema(value_type = String)]
    line: line_id::LineIdText<'a>,
    /// The list that contains the row.
    list: ListName,
    #[serde(flatten)]
    #[schema(value_type = LineIdentity)]
    identity: &'a LineKey,
    /// While a merge shows the line as two rows: `account` or `guest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<&'static str>,
    /// The quantity, limited by the ceiling.
    quantity: u64,
    /// The sum of all contributions, before the ceiling.
    asked: u64,
    /// The line's note.
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
    /// The last price that the shopper saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen_price: Option<PriceBody>,
    /// True if the shopper should choose which of this line's two rows to keep.
    question: bool,
    /// The name of the merge rule that decided last on this row.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    because: Option<&'a RuleName>,
}

/// Serializes rows as [`RowBody`] values.
fn rows<S: Serializer>(rows: &[Row], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(rows.iter().map(RowBody::from))
}

/// Returns the id of a row as text.
pub(super) fn id_of(line: &LineKey, side: Option<Side>) -> String {
    line_id::LineIdText { line, side }.to_string()
}

impl<'a> From<&'a Row> for RowBody<'a> {
    fn from(row: &'a Row) -> Self {
        Self {
            line: line_id::LineIdText { line: &row.line, side: row.side },
            list: row.list.into(),
            identity: &row.line,
            side: row.side.map(|side| match side {
                Side::Account => "account",
                Side::Guest(_) => "guest",
            }),
            quantity: row.quantity,
            asked: row.asked,
            note: row.note.as_ref(),
            gift: row.gift.as_ref().map(GiftBody::of),
            attributes: &row.attributes,
            seen_price: row.seen_price.map(PriceBody::of),
            question: row.question,
            because: row.because.as_ref().map(|rule| &rule.name),
        }
    }
}

/// A remark for the shopper or the shop. No notice prevents an action.
#[derive(Serialize, ToSchema, Debug, Clone, Default)]
pub(super) struct NoticeBody {
    /// The kind: `ceiling`, `question`, `policy-unavailable`, `needs-upgrade`,
    /// `concurrent-orders` or `currencies`.
    notice: &'static str,
    /// The ids of the lines concerned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lines: Vec<String>,
    /// The sum of the contributions, for `ceiling`.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<u64>,
    /// The quantity shown, for `ceiling`.
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<u64>,
    /// The name of the merge rule that is missing, for `policy-unavailable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    /// The ids of the orders that bought these units twice, for `concurrent-orders`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    orders: Vec<String>,
    /// The codes of the currencies of the prices seen, for `currencies`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    currencies: Vec<String>,
}

impl From<&Notice> for NoticeBody {
    fn from(notice: &Notice) -> Self {
        let ids = |lines: &[LineKey]| lines.iter().map(|line| id_of(line, None)).collect();
        let base = Self { notice: notice.kind(), ..Self::default() };
        match notice {
            Notice::Ceiling { line, asked, shown } => {
                let lines = vec![id_of(line, None)];
                Self { lines, asked: Some(*asked), shown: Some(*shown), ..base }
            }
            Notice::Question { line } => Self { lines: vec![id_of(line, None)], ..base },
            Notice::PolicyUnavailable { line, rule } => {
                Self { lines: vec![id_of(line, None)], rule: Some(rule.to_string()), ..base }
            }
            Notice::NeedsUpgrade { line } => Self { lines: ids(line.as_slice()), ..base },
            Notice::ConcurrentOrders { orders, lines } => Self {
                lines: ids(lines),
                orders: orders.iter().map(ToString::to_string).collect(),
                ..base
            },
            Notice::Currencies { currencies } => {
                Self { currencies: currencies.iter().map(ToString::to_string).collect(), ..base }
            }
            // Of a kind newer than this service only the name is known.
            _ => base,
        }
    }
}

/// An order placed from this cart.
#[derive(Serialize, ToSchema, Debug, Clone)]
pub(super) struct OrderBody {
    /// The order's id.
    order: String,
    /// The time when the order was placed, in milliseconds since 1970.
    at_ms: u64,
    /// The lines that the order bought.
    lines: Vec<BoughtBody>,
}

/// A line of an order.
#[derive(Serialize, ToSchema, Debug, Clone)]
pub(super) struct BoughtBody {
    /// The line's id.
    line: String,
    #[serde(flatten)]
    #[schema(value_type = LineIdentity)]
    identity: LineKey,
    /// The number of units bought.
    quantity: u64,
}

impl From<&OrderView> for OrderBody {
    fn from(order: &OrderView) -> Self {
        let bought = |(line, quantity): &(LineKey, u64)| BoughtBody {
            line: id_of(line, None),
            identity: line.clone(),
            quantity: *quantity,
        };
        let lines = order.lines.iter().map(bought).collect();
        Self { order: order.id.to_string(), at_ms: order.time.ms(), lines }
    }
}

/// A cart as its shopper sees it.
#[derive(Serialize, ToSchema, Debug, Clone)]
pub(super) struct CartBody {
    /// The cart's entity tag, for the field `ETag`.
    #[serde(skip)]
    #[schema(ignore)]
    pub(super) tag: EntityTag,
    /// The cart's id.
    #[schema(value_type = String)]
    cart: CartId,
    /// The number of changes so far, also the first part of the entity tag.
    version: u64,
    /// The active list.
    #[serde(serialize_with = "rows")]
    #[schema(value_type = Vec<RowBody>)]
    lines: Vec<Row>,
    /// The saved list.
    #[serde(serialize_with = "rows")]
    #[schema(value_type = Vec<RowBody>)]
    saved: Vec<Row>,
    /// The codes of coupons, as entered. The shop validates them.
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
    /// True if the shopper agreed to reminders.
    consent: bool,
    /// The orders placed from this cart, oldest first.
    orders: Vec<OrderBody>,
    /// Remarks for the shopper and the shop.
    notices: Vec<NoticeBody>,
}

impl From<CartSnapshot> for CartBody {
    fn from(snapshot: CartSnapshot) -> Self {
        let tag = EntityTag::of(&snapshot);
        let CartSnapshot { cart, revision, view, .. } = snapshot;
        let view = Arc::unwrap_or_clone(view);
        Self {
            tag,
            cart,
            version: revision,
            orders: view.orders.iter().map(OrderBody::from).collect(),
            notices: view.notices.iter().map(NoticeBody::from).collect(),
            lines: view.lines,
            saved: view.saved,
            coupons: view.coupons,
            shipping: view.shipping,
            note: view.note,
            consent: view.consent,
        }
    }
}
