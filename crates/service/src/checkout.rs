//! Checkouts, and the orders that end them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Authenticated;
use super::cart_answer::CartAnswer;
use super::cart_body::CartBody;
use super::extract::{CartPath, JsonBody, PathParams};
use super::problem::Problem;
use super::schema::LeaseBody;
use super::service::Service;
use holdall::id::OrderId;
use holdall_authority::{Checkout, PlaceOrder};

/// How to begin a checkout.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct BeginBody {
    /// The checkout that is open, if this one is to take its place: a page that is loaded again.
    #[serde(default)]
    instead_of: Option<LeaseBody>,
}

/// A checkout was begun.
#[derive(Serialize, ToSchema)]
pub(super) struct CheckoutBody {
    /// The cart as it was frozen. It stays editable; the order is about this.
    cart: CartBody,
    /// What to end it with.
    lease: LeaseBody,
    /// The key under which payment and order creation are idempotent.
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
#[utoipa::path(post, path = "/carts/{cart}/checkout", tag = "checkout", params(CartPath),
    request_body = BeginBody, responses((status = 200, description = "The frozen cart", body = CheckoutBody)))]
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

/// Ends a checkout without an order. Again is the same.
#[utoipa::path(delete, path = "/carts/{cart}/checkout", tag = "checkout", params(CartPath),
    request_body = LeaseBody, responses((status = 204, description = "It is not open any more")))]
pub(super) async fn abandon(
    service: Service,
    caller: Authenticated,
    PathParams(CartPath { cart }): PathParams<CartPath>,
    JsonBody(lease): JsonBody<LeaseBody>,
) -> Result<axum::http::StatusCode, Problem> {
    service.authority().abandon(&caller.0, cart, lease.into()).await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}

/// An order of what a checkout froze.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaceBody {
    /// The checkout that it ends.
    lease: LeaseBody,
    /// The order's id, as the shop's order system names it.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    order: String,
    /// Whether to refuse it if the cart was changed since.
    #[serde(default)]
    only_if_unchanged: bool,
}

/// States that an order bought exactly what the checkout froze. For the shop's own systems. The same order again is placed already.
#[utoipa::path(post, path = "/carts/{cart}/orders", tag = "checkout", params(CartPath),
    request_body = PlaceBody, responses((status = 200, description = "The cart after it", body = CartBody)))]
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
