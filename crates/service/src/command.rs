//! Who sends a command, and on which conditions it is to be carried out.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::Service;
use super::auth::Authenticated;
use super::cart_json::{CartAnswer, JSON};
use super::extract::Conditions;
use super::problem::Problem;
use holdall::action::Action;
use holdall::id::CartId;
use holdall_authority::{Request, Told};

/// Who sends a command, and on which conditions it is to be carried out.
pub(super) struct Sender {
    pub(super) service: Service,
    pub(super) caller: Authenticated,
    pub(super) on: Conditions,
}

impl FromRequestParts<Service> for Sender {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let caller = Authenticated::from_request_parts(parts, service).await?;
        let on = Conditions::from_request_parts(parts, service).await?;
        Ok(Self { service: service.clone(), caller, on })
    }
}

impl Sender {
    /// Has an action carried out.
    pub(super) async fn accepted(&self, cart: CartId, action: Action) -> Result<Told, Problem> {
        let Conditions { key, only_at, seen } = self.on;
        let request = Request { action, key, only_at, seen };
        let now_ms = self.service.now_ms();
        let authority = self.service.authority();
        Ok(authority.submit_written(now_ms, &self.caller.0, cart, &request, &JSON).await?)
    }

    /// Has an action carried out, and answers with the cart.
    pub(super) async fn send(&self, cart: CartId, action: Action) -> Result<CartAnswer, Problem> {
        Ok(self.accepted(cart, action).await?.into())
    }
}
