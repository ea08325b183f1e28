//! Accounts: their carts, signing in with a guest cart in hand, taking that back, erasure.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Authenticated;
use super::cart_answer::CartAnswer;
use super::cart_body::CartBody;
use super::explain_json::{DeviceNames, ExplainedBody, explained_body};
use super::extract::{AccountPath, CartPath, GuestPath, JsonBody, PathParams};
use super::problem::Problem;
use super::problem_type::ProblemType;
use super::service::Service;
use holdall::id::CartId;
use holdall_authority::{AccountId, GuestToken, Principal, Receipt, SignedIn, Situation};

impl Authenticated {
    /// The account, if it is the caller's own.
    pub(super) fn own(&self, account: &AccountId) -> Result<(), Problem> {
        match &self.0.principal {
            Principal::Account(own) if own == account => Ok(()),
            Principal::Account(_) => {
                Err(Problem::new(ProblemType::NotForYou, "this is another account's"))
            }
            Principal::Guest(_) => Err(Problem::new(ProblemType::AccountOnly, "sign in first")),
            Principal::Staff(_) | Principal::Server => {
                Err(Problem::new(ProblemType::NotForYou, "only the shopper who signed in may"))
            }
        }
    }
}

/// The cart of an account. It is opened at its first use.
#[utoipa::path(put, path = "/accounts/{account}/cart", tag = "accounts", params(AccountPath),
    responses((status = 200, description = "The cart", body = CartBody)))]
pub(super) async fn home(
    service: Service,
    caller: Authenticated,
    PathParams(AccountPath { account }): PathParams<AccountPath>,
) -> Result<CartAnswer, Problem> {
    caller.own(&account)?;
    let cart = service.authority().account_cart(service.now_ms(), &account).await?;
    Ok(service.authority().read(&caller.0, cart).await?.into())
}

/// A guest cart to merge.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeBody {
    /// The guest cart's id.
    #[schema(pattern = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
    guest: String,
    /// Its token.
    #[schema(pattern = "^hdg_[0-9a-f]{64}$")]
    guest_token: String,
    /// Where the shopper was when they signed in; the shop may have a policy for each.
    #[serde(default)]
    situation: SituationName,
}

/// Where a shopper was.
#[derive(Deserialize, ToSchema, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum SituationName {
    /// Looking around.
    #[default]
    Browsing,
    /// About to pay.
    Checkout,
}

impl MergeBody {
    pub(super) fn guest(&self) -> Result<(CartId, GuestToken), Problem> {
        let guest = self
            .guest
            .parse()
            .map_err(|_| Problem::new(ProblemType::Invalid, "guest: an id is a UUID"))?;
        let token = self.guest_token.parse::<GuestToken>();
        Ok((guest, token.map_err(|error| Problem::new(ProblemType::Invalid, error.to_string()))?))
    }
}

/// A guest cart was merged.
#[derive(Serialize, ToSchema)]
pub(super) struct MergedBody {
    /// The account's cart, with the guest's.
    cart: CartBody,
    /// The claim's number: how often the guest cart was claimed.
    claim: u32,
    /// What happened to each line. Empty if it had been merged before.
    lines: Vec<ExplainedBody>,
}

impl From<SignedIn> for MergedBody {
    fn from(signed_in: SignedIn) -> Self {
        let names = DeviceNames(std::collections::BTreeMap::new());
        Self {
            cart: signed_in.snapshot.into(),
            claim: signed_in.claim.number,
            lines: signed_in.lines.iter().map(|line| explained_body(line, &names)).collect(),
        }
    }
}

/// Merges a guest cart into the account's, by the shop's policy. Again is the same merge. The guest's token ends with it.
#[utoipa::path(post, path = "/accounts/{account}/merge", tag = "accounts", params(AccountPath),
    request_body = MergeBody, responses((status = 200, description = "The account's cart with it", body = MergedBody)))]
pub(super) async fn merge(
    service: Service,
    caller: Authenticated,
    PathParams(AccountPath { account }): PathParams<AccountPath>,
    JsonBody(body): JsonBody<MergeBody>,
) -> Result<axum::Json<MergedBody>, Problem> {
    caller.own(&account)?;
    let (guest, token) = body.guest()?;
    let situation = match body.situation {
        SituationName::Browsing => Situation::Browsing,
        SituationName::Checkout => Situation::Checkout,
    };
    let now_ms = service.now_ms();
    let signed_in = service.authority().sign_in(now_ms, &account, guest, token, situation).await?;
    Ok(axum::Json(signed_in.into()))
}

/// Takes a mistaken merge back. What the account wrote since stays, and the guest's token opens the guest cart again.
#[utoipa::path(delete, path = "/accounts/{account}/merge/{guest}", tag = "accounts", params(GuestPath),
    responses((status = 200, description = "The account's cart without it", body = CartBody)))]
pub(super) async fn unmerge(
    service: Service,
    caller: Authenticated,
    PathParams(GuestPath { account, guest }): PathParams<GuestPath>,
) -> Result<CartAnswer, Problem> {
    caller.own(&account)?;
    Ok(service.authority().unmerge(service.now_ms(), &account, guest).await?.into())
}

/// That a shopper, or a guest cart, was erased.
#[derive(Serialize, ToSchema)]
pub(super) struct ReceiptBody {
    /// When, in milliseconds since 1970.
    at_ms: u64,
    /// The carts that are gone.
    carts: Vec<String>,
    /// Requests that are gone, with their keys and what the journal said of them.
    requests: u64,
    /// Bytes that are gone.
    bytes: u64,
}

impl From<Receipt> for ReceiptBody {
    fn from(receipt: Receipt) -> Self {
        let carts = receipt.carts.iter().map(ToString::to_string).collect();
        Self { at_ms: receipt.at_ms, carts, requests: receipt.appends, bytes: receipt.bytes }
    }
}

/// Erases a shopper: the account's cart, and the guest carts that were merged into it. For the shopper and the shop's own systems.
#[utoipa::path(delete, path = "/shoppers/{account}", tag = "accounts", params(AccountPath),
    responses((status = 200, description = "A receipt", body = ReceiptBody)))]
pub(super) async fn erase(
    service: Service,
    caller: Authenticated,
    PathParams(AccountPath { account }): PathParams<AccountPath>,
) -> Result<axum::Json<ReceiptBody>, Problem> {
    let receipt = service.authority().erase(service.now_ms(), &caller.0, &account).await?;
    for cart in &receipt.carts {
        service.rendered_carts().forget(*cart);
    }
    Ok(axum::Json(receipt.into()))
}

/// Erases a guest cart that nobody has claimed.
#[utoipa::path(delete, path = "/carts/{cart}", tag = "carts", params(CartPath),
    responses((status = 200, description = "A receipt", body = ReceiptBody)))]
pub(super) async fn erase_guest(
    service: Service,
    caller: Authenticated,
    PathParams(CartPath { cart }): PathParams<CartPath>,
) -> Result<axum::Json<ReceiptBody>, Problem> {
    let receipt = service.authority().erase_guest(service.now_ms(), &caller.0, cart).await?;
    service.rendered_carts().forget(cart);
    Ok(axum::Json(receipt.into()))
}
