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

/// The field with the id of the client's device.
pub(super) const DEVICE: &str = "cart-device";

/// The caller of a request: the [`Caller`] among the request's extensions, if a middleware of the
/// embedder put one there, otherwise the owner of the bearer token.
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
                "the field Authorization must be Bearer and a token",
            )
        })?;
        let caller = Caller::from(service.identify(token)?);
        Ok(Self(Caller { device: device(parts)?, ..caller }))
    }
}

/// Returns the token of a field `Authorization` of the scheme `Bearer`.
fn bearer(field: &str) -> Option<&str> {
    let (scheme, token) = field.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Returns the id of the client's device, from the field `Cart-Device`.
///
/// # Errors
/// The field is not a UUID.
pub(super) fn device(parts: &Parts) -> Result<Option<u128>, Problem> {
    let Some(field) = parts.headers.get(DEVICE) else { return Ok(None) };
    let uuid = field.to_str().ok().and_then(|text| Uuid::parse_str(text.trim()).ok());
    let malformed = || Problem::new(ProblemType::Malformed, "the field Cart-Device must be a UUID");
    uuid.map(|uuid| Some(uuid.as_u128())).ok_or_else(malformed)
}
