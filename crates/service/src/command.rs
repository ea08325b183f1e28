//! Commands: the caller, the conditions, and the answer with the cart.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::authenticated::Authenticated;
use super::cart_answer::CartAnswer;
use super::conditions::CommandConditions;
use super::problem::Problem;
use super::service::Service;
use holdall::action::Action;
use holdall::id::CartId;
use holdall_authority::{Accepted, Request};

/// The caller of a command, and the command's conditions.
pub(super) struct CommandSender {
    pub(super) service: Service,
    pub(super) caller: Authenticated,
    pub(super) on: CommandConditions,
}

impl FromRequestParts<Service> for CommandSender {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let caller = Authenticated::from_request_parts(parts, service).await?;
        let on = CommandConditions::from_request_parts(parts, service).await?;
        Ok(Self { service: service.clone(), caller, on })
    }
}

impl CommandSender {
    fn request(&self, action: Action) -> Request {
        let CommandConditions { key, only_at, seen } = self.on;
        Request { action, key, only_at, seen }
    }

    /// Carries out an action, without rendering the cart.
    pub(super) async fn submit(&self, cart: CartId, action: Action) -> Result<Accepted, Problem> {
        let (request, now_ms) = (self.request(action), self.service.now_ms());
        Ok(self.service.authority().submit(now_ms, &self.caller.0, cart, &request).await?)
    }

    /// Carries out an action, and returns the rendered cart.
    pub(super) async fn send(&self, cart: CartId, action: Action) -> Result<CartAnswer, Problem> {
        let (request, now_ms) = (self.request(action), self.service.now_ms());
        let rendered_carts = self.service.rendered_carts();
        let pending =
            self.service.authority().begin(now_ms, &self.caller.0, cart, &request).await?;

        // Render while the store syncs. No answer is sent, and nothing cached, before it has.
        let early = rendered_carts.render_early(pending.snapshot(), pending.updated_line());
        let early_view = Arc::clone(&pending.snapshot().view);
        let Accepted { snapshot, repeated } = pending.finish().await?;

        // The view is shared if the cart came to be as it was going to be. Otherwise another process
        // changed it meanwhile, or the request had been carried out before, at an older revision.
        let is_as_expected = Arc::ptr_eq(&early_view, &snapshot.view) && !repeated;
        if !is_as_expected {
            return Ok(CartAnswer::from(snapshot).replayed(repeated));
        }
        rendered_carts.keep(Arc::clone(&early));
        Ok(CartAnswer::from(&*early))
    }
}
