//! What the service shows of carts, in JSON.

use std::collections::BTreeMap;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::line_id;
use super::schema::{GiftBody, Identity, ListName, Price};
use holdall::cart::List;
use holdall::id::{AttributeKey, CartId, CouponCode, LineKey, RuleName, ShippingOption, Text};
use holdall::view::{Notice, OrderView, Row, Side, View};
use holdall_authority::{Accepted, Form, Sheet, Shown, Told, Written};

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

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
            gift: row.gift.as_ref().map(GiftBody::of),
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
            // A kind that is newer than this service has its name, and no more.
            _ => base,
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
            orders: view.orders.iter().map(OrderBody::from).collect(),
            notices: view.notices.iter().map(NoticeBody::from).collect(),
        }
    }
}

/// About how long the JSON of a cart is without its rows, in bytes.
const CART_JSON_BYTES: usize = 256;

/// A version of a cart, for its entity tag: the [guard](super::middleware) adds the life of the store.
pub(super) fn etag_of(version: u64) -> HeaderValue {
    HeaderValue::from(version)
}

impl CartBody {
    /// Its version, for the entity tag.
    pub(super) fn etag(&self) -> HeaderValue {
        etag_of(self.version)
    }

    pub(super) const fn version(&self) -> u64 {
        self.version
    }
}

/// A cart as it is answered.
pub(super) const JSON: Form = Form { name: "json 1", write };

/// The JSON of a [`CartBody`], with the rows on the sheet.
fn write(shown: &Shown, sheet: &mut Sheet<'_>) {
    let Shown { cart, revision, view } = shown;
    let View { coupons, shipping, note, consent, orders, notices, .. } = view;
    let before = Before { cart: *cart, version: *revision };
    let behind = Behind {
        coupons,
        shipping: shipping.as_ref(),
        note: note.as_ref(),
        consent: *consent,
        orders: orders.iter().map(OrderBody::from).collect(),
        notices: notices.iter().map(NoticeBody::from).collect(),
    };
    let mut json = Vec::with_capacity(CART_JSON_BYTES);
    // Texts and numbers: each has a JSON form, and there is room in memory.
    let _ = serde_json::to_writer(&mut json, &before);
    json.pop();
    sheet.put(&json);
    for (list, name) in [(List::Active, &b",\"lines\":["[..]), (List::Saved, b"],\"saved\":[")] {
        sheet.put(name);
        sheet.rows(list, b",", |row, json| {
            let _ = serde_json::to_writer(json, &RowBody::from(row));
        });
    }
    json.clear();
    let _ = serde_json::to_writer(&mut json, &behind);
    sheet.put(b"],");
    sheet.put(&json[1..]);
}

/// What a [`CartBody`] has before its rows.
#[derive(Serialize)]
struct Before {
    cart: CartId,
    version: u64,
}

/// What a [`CartBody`] has behind its rows.
#[derive(Serialize)]
struct Behind<'a> {
    coupons: &'a [CouponCode],
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping: Option<&'a ShippingOption>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a Text>,
    consent: bool,
    orders: Vec<OrderBody>,
    notices: Vec<NoticeBody>,
}

/// The answer to a read or a command: the whole cart.
pub(super) struct CartAnswer {
    version: u64,
    json: Bytes,
    replayed: bool,
}

impl From<Shown> for CartAnswer {
    fn from(shown: Shown) -> Self {
        JSON.written(&shown).into()
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

/// How many fields an answer comes to, those of the [guard](super::middleware) too: room is made once.
const FIELDS: usize = 10;

impl IntoResponse for CartAnswer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.json));
        let fields = response.headers_mut();
        fields.reserve(FIELDS);
        fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        fields.insert(header::ETAG, etag_of(self.version));
        if self.replayed {
            fields.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdall::clock::Time;
    use holdall::id::{OrderId, ReplicaId};
    use holdall::money::Money;
    use holdall::replica::Replica;
    use holdall::view::{RowRef, ViewOptions};

    /// The answer is put together of parts. It is the JSON of the whole, byte for byte.
    #[test]
    fn what_is_put_together_is_the_cart() {
        let cart = CartId::from_u128(7);
        let (tee, mug) = ["TEE", "MUG"].map(|sku| LineKey::sku(sku).expect("a SKU")).into();
        let mut replica =
            Replica::new(cart, ReplicaId::from_u128(1)).with_options(ViewOptions { ceiling: 1 });
        let price = Money::parse("19.90", "EUR").ok();
        let text = |text: &str| Text::new(text).expect("a text");
        let mut shown = Vec::new();
        let mut look = |replica: &Replica| {
            let view = replica.view();
            shown.push(Shown { cart, revision: shown.len() as u64, view });
        };
        look(&replica);
        let done = [
            replica.set(1, &RowRef::active(tee.clone()), 2, price),
            replica.set(2, &RowRef::active(mug.clone()), 2, None),
            replica.note(3, &RowRef::active(mug.clone()), Some(text("],\"saved\":["))),
            replica.relocate(4, &RowRef::active(mug)),
            replica.coupon(5, CouponCode::new("TEN").expect("a code")),
            replica.cart_note(6, Some(text("\"ring\""))),
            replica.shipping(7, Some(ShippingOption::new("slow").expect("an option"))),
            replica.consent(8, true),
        ];
        done.into_iter().for_each(|done| drop(done.expect("done")));
        look(&replica);
        let mut whole = shown[1].clone();
        let order = OrderId::new("o-1").expect("an id");
        whole.view.orders = vec![OrderView {
            id: order.clone(),
            time: Time::default(),
            lines: vec![(tee.clone(), 3)],
        }];
        whole.view.notices.push(Notice::ConcurrentOrders { orders: vec![order], lines: vec![tee] });
        shown.push(whole);
        for shown in shown {
            let whole = serde_json::to_string(&CartBody::from(shown.clone())).expect("JSON");
            let parts = JSON.written(&shown).bytes;
            assert_eq!(str::from_utf8(&parts), Ok(&*whole));
        }
    }
}
