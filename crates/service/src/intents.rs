//! What a shopper means to do with a cart at the end: coupons, shipping, a note, being reminded.

use super::asked::{At, CommandFields, Json, OnCart, OnCoupon};
use super::problem::Problem;
use super::sender::Sender;
use super::shape::{ConsentBody, NoteBody, ShippingBody};
use super::shown::{CartAnswer, CartBody};
use holdall::action::Action;
use holdall::id::{ShippingOption, Text};

/// Notes the intent to use a coupon. Whether it is good is found out when the cart is priced.
#[utoipa::path(put, path = "/carts/{cart}/coupons/{code}", tag = "intents", params(OnCoupon, CommandFields),
    responses((status = 200, description = "The cart with it", body = CartBody)))]
pub(super) async fn coupon(
    by: Sender,
    At(OnCoupon { cart, code }): At<OnCoupon>,
) -> Result<CartAnswer, Problem> {
    by.send(cart, Action::Coupon { code }).await
}

/// Drops a coupon. One that is not there is dropped already.
#[utoipa::path(delete, path = "/carts/{cart}/coupons/{code}", tag = "intents", params(OnCoupon, CommandFields),
    responses((status = 200, description = "The cart without it", body = CartBody)))]
pub(super) async fn drop_coupon(
    by: Sender,
    At(OnCoupon { cart, code }): At<OnCoupon>,
) -> Result<CartAnswer, Problem> {
    by.send(cart, Action::DropCoupon { code }).await
}

/// Chooses a shipping option, or none.
#[utoipa::path(put, path = "/carts/{cart}/shipping", tag = "intents", params(OnCart, CommandFields),
    request_body = ShippingBody, responses((status = 200, description = "The cart with it", body = CartBody)))]
pub(super) async fn shipping(
    by: Sender,
    At(OnCart { cart }): At<OnCart>,
    Json(body): Json<ShippingBody>,
) -> Result<CartAnswer, Problem> {
    let option = body.option.map(ShippingOption::new).transpose()?;
    by.send(cart, Action::Shipping { option }).await
}

/// Writes the cart's note, or clears it.
#[utoipa::path(put, path = "/carts/{cart}/note", tag = "intents", params(OnCart, CommandFields),
    request_body = NoteBody, responses((status = 200, description = "The cart with it", body = CartBody)))]
pub(super) async fn note(
    by: Sender,
    At(OnCart { cart }): At<OnCart>,
    Json(body): Json<NoteBody>,
) -> Result<CartAnswer, Problem> {
    let text = body.text.map(Text::new).transpose()?;
    by.send(cart, Action::CartNote { text }).await
}

/// Notes whether the shop may remind the shopper of this cart.
#[utoipa::path(put, path = "/carts/{cart}/consent", tag = "intents", params(OnCart, CommandFields),
    request_body = ConsentBody, responses((status = 200, description = "The cart with it", body = CartBody)))]
pub(super) async fn consent(
    by: Sender,
    At(OnCart { cart }): At<OnCart>,
    Json(ConsentBody { given }): Json<ConsentBody>,
) -> Result<CartAnswer, Problem> {
    by.send(cart, Action::Consent { given }).await
}
