//! The extractor of the caller: a guest by the cart's token, anybody else by a token that the
//! embedder's verifier accepts.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use uuid::Uuid;

use super::problem::Problem;
use super::problem_type::ProblemType;
use super::service::Service;
use holdall_authority::Caller;

/// The field by which a client names its device.
pub(super) const DEVICE: &str = "cart-device";

/// Whoever sent a request: a [`Caller`] that a middleware of the embedder's has put among the request's extensions, else the
/// bearer of a token.
#[derive(Debug, Clone)]
pub(super) struct Authenticated(pub(super) Caller);

impl FromRequestParts<Service> for Authenticated {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        if let Some(caller) = parts.extensions.get::<Caller>() {
            return Ok(Self(caller.clone()));
        }
        let field = parts.headers.get(AUTHORIZATION).ok_or_else(|| {
            Problem::new(
                ProblemType::Unauthenticated,
                "send the token in the field Authorization, as Bearer",
            )
        })?;
        let token = field.to_str().ok().and_then(bearer).ok_or_else(|| {
            Problem::new(
                ProblemType::Unauthenticated,
                "the field Authorization is to be: Bearer and a token",
            )
        })?;
        let caller = Caller::from(service.identify(token)?);
        Ok(Self(Caller { device: device(parts)?, ..caller }))
    }
}

fn bearer(field: &str) -> Option<&str> {
    let (scheme, token) = field.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The device that a client named, by a UUID.
pub(super) fn device(parts: &Parts) -> Result<Option<u128>, Problem> {
    let Some(field) = parts.headers.get(DEVICE) else { return Ok(None) };
    let uuid = field.to_str().ok().and_then(|text| Uuid::parse_str(text.trim()).ok());
    let malformed =
        || Problem::new(ProblemType::Malformed, "the field Cart-Device is to be a UUID");
    uuid.map(|uuid| Some(uuid.as_u128())).ok_or_else(malformed)
}
