//! Actions on a whole cart: coupons, shipping, a note, consent to reminders.

use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::cart_answer::CartAnswer;
use super::cart_body::CartBody;
use super::command::CommandSender;
use super::conditions::CommandFields;
use super::extract::{CartPath, CouponPath, JsonBody, PathParams};
use super::problem::Problem;
use super::schema::nullable;
use super::service::Service;
use holdall::action::Action;
use holdall::id::{ShippingOption, Text};

/// Returns the routes of the actions on a whole cart.
pub(super) fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        .routes(routes!(coupon, drop_coupon))
        .routes(routes!(shipping))
        .routes(routes!(note))
        .routes(routes!(consent))
}

/// The note of a cart, or null.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NoteBody {
    /// The text; null clears it.
    #[serde(deserialize_with = "nullable")]
    #[schema(
        required,
        min_length = 1,
        max_length = 4096,
        pattern = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]+$"
    )]
    text: Option<String>,
}

/// A shipping option, or null.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShippingBody {
    /// The option's name; null clears the choice.
    #[serde(deserialize_with = "nullable")]
    #[schema(required, min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    option: Option<String>,
}

/// The shopper's consent to reminders of this cart.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConsentBody {
    /// True if the shopper agreed to reminders.
    given: bool,
}

/// Adds a coupon code to the cart. The shop validates the code when it prices the cart.
#[utoipa::path(
    put,
    path = "/carts/{cart}/coupons/{code}",
    tag = "intents",
    params(CouponPath, CommandFields),
    responses((status = 200, description = "The cart after the change", body = CartBody)),
)]
async fn coupon(
    by: CommandSender,
    PathParams(CouponPath { cart, code }): PathParams<CouponPath>,
) -> Result<CartAnswer, Problem> {
    by.send(cart, Action::Coupon { code }).await
}

/// Removes a coupon code from the cart. Removing an absent code changes nothing.
#[utoipa::path(
    delete,
    path = "/carts/{cart}/coupons/{code}",
    tag = "intents",
    params(CouponPath, CommandFields),
    responses((status = 200, description = "The cart after the change", body = CartBody)),
)]
async fn drop_coupon(
    by: CommandSender,
    PathParams(CouponPath { cart, code }): PathParams<CouponPath>,
) -> Result<CartAnswer, Problem> {
    by.send(cart, Action::DropCoupon { code }).await
}

/// Chooses a shipping option, or clears the choice.
#[utoipa::path(
    put,
    path = "/carts/{cart}/shipping",
    tag = "intents",
    params(CartPath, CommandFields),
    request_body = ShippingBody,
    responses((status = 200, description = "The cart after the change", body = CartBody)),
)]
async fn shipping(
    by: CommandSender,
    PathParams(CartPath { cart }): PathParams<CartPath>,
    JsonBody(body): JsonBody<ShippingBody>,
) -> Result<CartAnswer, Problem> {
    let option = body.option.map(ShippingOption::new).transpose()?;
    by.send(cart, Action::Shipping { option }).await
}

/// Writes the cart's note, or clears it.
#[utoipa::path(
    put,
    path = "/carts/{cart}/note",
    tag = "intents",
    params(CartPath, CommandFields),
    request_body = NoteBody,
    responses((status = 200, description = "The cart after the change", body = CartBody)),
)]
async fn note(
    by: CommandSender,
    PathParams(CartPath { cart }): PathParams<CartPath>,
    JsonBody(body): JsonBody<NoteBody>,
) -> Result<CartAnswer, Problem> {
    let text = body.text.map(Text::new).transpose()?;
    by.send(cart, Action::CartNote { text }).await
}

/// Records whether the shopper agrees to reminders of this cart.
#[utoipa::path(
    put,
    path = "/carts/{cart}/consent",
    tag = "intents",
    params(CartPath, CommandFields),
    request_body = ConsentBody,
    responses((status = 200, description = "The cart after the change", body = CartBody)),
)]
async fn consent(
    by: CommandSender,
    PathParams(CartPath { cart }): PathParams<CartPath>,
    JsonBody(ConsentBody { given }): JsonBody<ConsentBody>,
) -> Result<CartAnswer, Problem> {
    by.send(cart, Action::Consent { given }).await
}
