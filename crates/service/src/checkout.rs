//! Checkouts and orders.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::authenticated::Authenticated;
use super::cart_answer::CartAnswer;
use super::cart_body::CartBody;
use super::extract::{CartPath, JsonBody, PathParams};
use super::problem::Problem;
use super::schema::LeaseBody;
use super::service::Service;
use holdall::id::OrderId;
use holdall_authority::{Checkout, PlaceOrder};

/// The options of a new checkout.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct BeginBody {
    /// The lease of the open checkout that this one replaces, for a checkout page that is reloaded.
    #[serde(default)]
    instead_of: Option<LeaseBody>,
}

/// An open checkout.
#[derive(Serialize, ToSchema)]
pub(super) struct CheckoutBody {
    /// The cart as it was frozen. The shopper can still edit the cart; the order buys this state.
    cart: CartBody,
    /// The lease that ends the checkout.
    lease: LeaseBody,
    /// The idempotency key for payment and order creation.
    order_key: String,
}

impl From<Checkout> for CheckoutBody {
    fn from(checkout: Checkout) -> Self {
        Self {
            cart: checkout.snapshot.into(),
            lease: checkout.lease.into(),
            order_key: checkout.key.to_string(),
        }
    }
}

/// Begins a checkout: freezes the active list.
#[utoipa::path(
    post,
    path = "/carts/{cart}/checkout",
    tag = "checkout",
    params(CartPath),
    request_body = BeginBody,
    responses((status = 200, description = "The frozen cart", body = CheckoutBody)),
)]
pub(super) async fn begin(
    service: Service,
    caller: Authenticated,
    PathParams(CartPath { cart }): PathParams<CartPath>,
    JsonBody(body): JsonBody<BeginBody>,
) -> Result<axum::Json<CheckoutBody>, Problem> {
    let instead_of = body.instead_of.map(Into::into);
    let now_ms = service.now_ms();
    let checkout = service.authority().checkout(now_ms, &caller.0, cart, instead_of).await?;
    Ok(axum::Json(checkout.into()))
}

/// Ends a checkout without an order. Repeating the request changes nothing.
#[utoipa::path(
    delete,
    path = "/carts/{cart}/checkout",
    tag = "checkout",
    params(CartPath),
    request_body = LeaseBody,
    responses((status = 204, description = "The checkout is closed")),
)]
pub(super) async fn abandon(
    service: Service,
    caller: Authenticated,
    PathParams(CartPath { cart }): PathParams<CartPath>,
    JsonBody(lease): JsonBody<LeaseBody>,
) -> Result<axum::http::StatusCode, Problem> {
    service.authority().abandon(&caller.0, cart, lease.into()).await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}

/// An order of the lines that a checkout froze.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaceBody {
    /// The lease of the checkout that the order ends.
    lease: LeaseBody,
    /// The order's id in the shop's order system.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    order: String,
    /// True to refuse the order if the cart has changed since the checkout began.
    #[serde(default)]
    only_if_unchanged: bool,
}

/// Records an order of exactly the lines that the checkout froze. Only the shop's own systems may
/// call this. Repeating the request with one order id changes nothing.
#[utoipa::path(
    post,
    path = "/carts/{cart}/orders",
    tag = "checkout",
    params(CartPath),
    request_body = PlaceBody,
    responses((status = 200, description = "The cart after the order", body = CartBody)),
)]
pub(super) async fn place(
    service: Service,
    caller: Authenticated,
    PathParams(CartPath { cart }): PathParams<CartPath>,
    JsonBody(body): JsonBody<PlaceBody>,
) -> Result<CartAnswer, Problem> {
    let order = OrderId::new(&body.order)?;
    let only_if_unchanged = body.only_if_unchanged;
    let placing = PlaceOrder { only_if_unchanged, ..PlaceOrder::new(body.lease.into(), order) };
    Ok(service.authority().place(service.now_ms(), &caller.0, cart, &placing).await?.into())
}
