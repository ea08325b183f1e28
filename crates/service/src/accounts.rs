//! Accounts: their carts, merging a guest cart at sign-in, undoing the merge, erasure.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::authenticated::Authenticated;
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
    /// Checks that the caller is this account.
    ///
    /// # Errors
    /// The caller is another account, a guest, staff or a server.
    pub(super) fn own(&self, account: &AccountId) -> Result<(), Problem> {
        match &self.0.principal {
            Principal::Account(own) if own == account => Ok(()),
            Principal::Account(_) => {
                Err(Problem::new(ProblemType::NotForYou, "the token is of another account"))
            }
            Principal::Guest(_) => Err(Problem::new(ProblemType::AccountOnly, "sign in first")),
            Principal::Staff(_) | Principal::Server => Err(Problem::new(
                ProblemType::NotForYou,
                "only the shopper who signed in may do this",
            )),
        }
    }
}

/// Returns the cart of an account. The first use opens the cart.
#[utoipa::path(
    put,
    path = "/accounts/{account}/cart",
    tag = "accounts",
    params(AccountPath),
    responses((status = 200, description = "The cart", body = CartBody)),
)]
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
    /// The guest cart's token.
    #[schema(pattern = "^hdg_[0-9a-f]{64}$")]
    guest_token: String,
    /// The situation of the shopper at sign-in. The shop may have a merge policy for each.
    #[serde(default)]
    situation: SituationName,
}

/// The situation of a shopper at sign-in.
#[derive(Deserialize, ToSchema, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum SituationName {
    /// The shopper was browsing.
    #[default]
    Browsing,
    /// The shopper was about to pay.
    Checkout,
}

impl MergeBody {
    pub(super) fn guest(&self) -> Result<(CartId, GuestToken), Problem> {
        let guest = self
            .guest
            .parse()
            .map_err(|_| Problem::new(ProblemType::Invalid, "guest: not a UUID"))?;
        let token = self.guest_token.parse::<GuestToken>();
        Ok((guest, token.map_err(|error| Problem::new(ProblemType::Invalid, error.to_string()))?))
    }
}

/// The result of a merge.
#[derive(Serialize, ToSchema)]
pub(super) struct MergedBody {
    /// The account's cart after the merge.
    cart: CartBody,
    /// The ordinal of this claim among the claims of the guest cart, from 1.
    claim: u32,
    /// An explanation of each line. Empty if the guest cart had been merged before.
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

/// Merges a guest cart into the account's, by the shop's policy, and ends the guest's token.
/// Repeating the request changes nothing.
#[utoipa::path(
    post,
    path = "/accounts/{account}/merge",
    tag = "accounts",
    params(AccountPath),
    request_body = MergeBody,
    responses(
        (status = 200, description = "The account's cart after the merge", body = MergedBody),
    ),
)]
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

/// Undoes a mistaken merge. Later changes of the account stay, and the guest's token opens the
/// guest cart again.
#[utoipa::path(
    delete,
    path = "/accounts/{account}/merge/{guest}",
    tag = "accounts",
    params(GuestPath),
    responses(
        (
            status = 200,
            description = "The account's cart after the merge is undone",
            body = CartBody,
        ),
    ),
)]
pub(super) async fn unmerge(
    service: Service,
    caller: Authenticated,
    PathParams(GuestPath { account, guest }): PathParams<GuestPath>,
) -> Result<CartAnswer, Problem> {
    caller.own(&account)?;
    Ok(service.authority().unmerge(service.now_ms(), &account, guest).await?.into())
}

/// The receipt of an erasure.
#[derive(Serialize, ToSchema)]
pub(super) struct ReceiptBody {
    /// The time of the erasure, in milliseconds since 1970.
    at_ms: u64,
    /// The ids of the erased carts.
    carts: Vec<String>,
    /// The number of erased requests, with their keys and journal entries.
    requests: u64,
    /// The number of erased bytes.
    bytes: u64,
}

impl From<Receipt> for ReceiptBody {
    fn from(receipt: Receipt) -> Self {
        let carts = receipt.carts.iter().map(ToString::to_string).collect();
        Self { at_ms: receipt.at_ms, carts, requests: receipt.appends, bytes: receipt.bytes }
    }
}

/// Erases a shopper: the account's cart, and the guest carts that were merged into it. The shopper
/// and the shop's own systems may call this.
#[utoipa::path(
    delete,
    path = "/shoppers/{account}",
    tag = "accounts",
    params(AccountPath),
    responses((status = 200, description = "A receipt", body = ReceiptBody)),
)]
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

/// Erases a guest cart that no account has claimed.
#[utoipa::path(
    delete,
    path = "/carts/{cart}",
    tag = "carts",
    params(CartPath),
    responses((status = 200, description = "A receipt", body = ReceiptBody)),
)]
pub(super) async fn erase_guest(
    service: Service,
    caller: Authenticated,
    PathParams(CartPath { cart }): PathParams<CartPath>,
) -> Result<axum::Json<ReceiptBody>, Problem> {
    let receipt = service.authority().erase_guest(service.now_ms(), &caller.0, cart).await?;
    service.rendered_carts().forget(cart);
    Ok(axum::Json(receipt.into()))
}
