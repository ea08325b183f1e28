//! Routes of demo mode: tokens of any account, merges by any policy, and orders.

use axum::Router;
use axum::routing::post;
use serde::{Deserialize, Serialize};

use super::accounts::MergedBody;
use super::authenticated::Authenticated;
use super::cart_answer::CartAnswer;
use super::extract::{AccountPath, CartPath, JsonBody, PathParams};
use super::problem::Problem;
use super::problem_type::ProblemType;
use super::service::Service;
use holdall::cart::{LosingUnits, MergePolicy};
use holdall::id::{CartId, OrderId};
use holdall_authority::{Caller, GuestToken, PlaceOrder};

pub(super) fn routes() -> Router<Service> {
    Router::new()
        .route("/demo/accounts/{account}/token", post(token))
        .route("/demo/server/token", post(server_token))
        .route("/demo/accounts/{account}/merge", post(merge))
        .route("/demo/carts/{cart}/orders", post(order))
}

#[derive(Deserialize)]
struct AccountName {
    account: String,
}

#[derive(Serialize)]
struct TokenBody {
    token: String,
}

/// Returns a token of any account.
async fn token(
    service: Service,
    PathParams(AccountName { account }): PathParams<AccountName>,
) -> Result<axum::Json<TokenBody>, Problem> {
    let Some(demo) = service.demo() else { return Err(super::middleware::not_found().await) };
    let token = demo.token(&account, service.now_ms());
    let token = token.map_err(|error| Problem::new(ProblemType::Invalid, error.to_string()))?;
    Ok(axum::Json(TokenBody { token }))
}

/// Returns a token of the shop's own systems, which place orders.
async fn server_token(service: Service) -> Result<axum::Json<TokenBody>, Problem> {
    let Some(demo) = service.demo() else { return Err(super::middleware::not_found().await) };
    let token = demo.server_token(service.now_ms());
    let token = token.map_err(|error| Problem::new(ProblemType::Internal, error.to_string()))?;
    Ok(axum::Json(TokenBody { token }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoMergeBody {
    guest: CartName,
    guest_token: String,
    /// The merge rule's name.
    rule: String,
    /// Whether units that lose the merge are saved for later.
    #[serde(default)]
    save_loser: bool,
}

#[derive(Deserialize)]
struct CartName(String);

/// Merges a guest cart by a policy that the caller chooses.
async fn merge(
    service: Service,
    caller: Authenticated,
    PathParams(AccountPath { account }): PathParams<AccountPath>,
    JsonBody(body): JsonBody<DemoMergeBody>,
) -> Result<axum::Json<MergedBody>, Problem> {
    caller.own(&account)?;
    let invalid =
        |error: &dyn std::fmt::Display| Problem::new(ProblemType::Invalid, error.to_string());
    let guest: CartId = body.guest.0.parse().map_err(|error| invalid(&error))?;
    let token: GuestToken = body.guest_token.parse().map_err(|error| invalid(&error))?;
    let mut policy = MergePolicy::rule(&body.rule).map_err(|error| invalid(&error))?;
    if body.save_loser {
        policy = policy.with_loser(LosingUnits::SaveForLater);
    }
    let now_ms = service.now_ms();
    let merged = service.authority().sign_in_under(now_ms, &account, guest, token, &policy).await?;
    Ok(axum::Json(merged.into()))
}

/// Orders the active list, as the shop's own systems do after payment.
async fn order(
    service: Service,
    caller: Authenticated,
    PathParams(CartPath { cart }): PathParams<CartPath>,
) -> Result<CartAnswer, Problem> {
    let (authority, now_ms) = (service.authority(), service.now_ms());
    let checkout = authority.checkout(now_ms, &caller.0, cart, None).await?;
    let order = OrderId::new(format!("demo-{}", checkout.lease.number))?;
    let placing = PlaceOrder::new(checkout.lease, order);
    Ok(authority.place(now_ms, &Caller::server(), cart, &placing).await?.into())
}
