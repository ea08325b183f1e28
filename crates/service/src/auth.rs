//! Who is asking: a guest by the cart's own token, anybody else by a token that the embedder's verifier knows.

use std::fmt;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::problem::Problem;
use super::problem_type::ProblemType;
use super::service::Service;
use holdall_authority::{AccountId, Caller, GuestToken, Principal};

/// The field by which a client names its device.
pub(super) const DEVICE: &str = "cart-device";
const GUEST: &str = "hdg_";

/// Says who somebody is by the bearer token they sent.
pub trait TokenVerifier: Send + Sync + fmt::Debug + 'static {
    /// Whose token it is, at a time in milliseconds since 1970.
    ///
    /// # Errors
    /// Nobody's, or not now.
    fn verify(&self, token: &str, now_ms: u64) -> Result<Principal, TokenError>;
}

/// A token that is nobody's. Why is for the log: whoever sent it learns no more than that.
#[derive(Debug, thiserror::Error)]
#[error("the token was not accepted: {0}")]
pub struct TokenError(String);

impl TokenError {
    /// With the reason.
    pub fn new(why: impl fmt::Display) -> Self {
        Self(why.to_string())
    }
}

/// A text that is no public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no public key in PEM: give one of RSA, P-256 or Ed25519")]
pub struct PublicKeyError;

/// A verifier that knows nobody: guests alone use the service.
#[derive(Debug, Clone, Copy)]
pub struct GuestsOnly;

impl TokenVerifier for GuestsOnly {
    fn verify(&self, _: &str, _: u64) -> Result<Principal, TokenError> {
        Err(TokenError::new("there are no accounts here"))
    }
}

/// What a token says. `sub` is the account, or the name of a member of staff.
#[derive(Serialize, Deserialize)]
struct TokenClaims {
    sub: String,
    /// In seconds since 1970.
    exp: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    holdall_role: Option<TokenRole>,
}

#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum TokenRole {
    Staff,
    Server,
}

/// JSON Web Tokens that the shop's sign-in signed. The claim `sub` is the account, `exp` is required, and
/// `holdall_role` makes it a token of `staff` or of a `server`.
#[derive(Clone)]
pub struct JwtVerifier {
    key: DecodingKey,
    validation: Validation,
}

impl fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifier").field("validation", &self.validation).finish_non_exhaustive()
    }
}

impl JwtVerifier {
    /// By a public key in PEM: RSA (RS256), P-256 (ES256) or Ed25519 (EdDSA). `audience`: what `aud` has to be; without one, a
    /// token that names an audience is refused.
    ///
    /// # Errors
    /// The text is no such key.
    pub fn public_key(pem: &[u8], audience: Option<&str>) -> Result<Self, PublicKeyError> {
        // The key decides on the algorithm, never the token.
        let (key, algorithm) = DecodingKey::from_ed_pem(pem)
            .map(|key| (key, Algorithm::EdDSA))
            .or_else(|_| DecodingKey::from_ec_pem(pem).map(|key| (key, Algorithm::ES256)))
            .or_else(|_| DecodingKey::from_rsa_pem(pem).map(|key| (key, Algorithm::RS256)))
            .map_err(|_| PublicKeyError)?;
        Ok(Self::of(key, algorithm, audience))
    }

    fn of(key: DecodingKey, algorithm: Algorithm, audience: Option<&str>) -> Self {
        let mut validation = Validation::new(algorithm);
        // By the clock that is handed in, below.
        validation.validate_exp = false;
        if let Some(audience) = audience {
            validation.set_audience(&[audience]);
        }
        Self { key, validation }
    }
}

impl TokenVerifier for JwtVerifier {
    fn verify(&self, token: &str, now_ms: u64) -> Result<Principal, TokenError> {
        let decoded = jsonwebtoken::decode::<TokenClaims>(token, &self.key, &self.validation);
        let claims = decoded.map_err(TokenError::new)?.claims;
        if claims.exp.saturating_mul(1_000) <= now_ms {
            return Err(TokenError::new("it has expired"));
        }
        match claims.holdall_role {
            Some(TokenRole::Server) => Ok(Principal::Server),
            Some(TokenRole::Staff) => Ok(Principal::Staff(claims.sub)),
            None => AccountId::new(&claims.sub).map(Principal::Account).map_err(TokenError::new),
        }
    }
}

/// Accounts for trying things out: whoever asks for one gets its token. Its secret lives as long as the process.
#[derive(Clone, Debug)]
pub struct DemoAccounts {
    verifier: JwtVerifier,
    secret: [u8; 32],
}

impl DemoAccounts {
    const LASTING_MS: u64 = 12 * 60 * 60 * 1_000;

    /// With 256 random bits.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        let key = DecodingKey::from_secret(&secret);
        Self { verifier: JwtVerifier::of(key, Algorithm::HS256, None), secret }
    }

    /// A token of an account.
    ///
    /// # Errors
    /// It is no account's name.
    pub fn token(&self, account: &str, now_ms: u64) -> Result<String, TokenError> {
        AccountId::new(account).map_err(TokenError::new)?;
        self.sign(account, None, now_ms)
    }

    /// A token of the shop's own systems.
    ///
    /// # Errors
    /// None that is known.
    pub fn server_token(&self, now_ms: u64) -> Result<String, TokenError> {
        self.sign("shop", Some(TokenRole::Server), now_ms)
    }

    fn sign(&self, sub: &str, role: Option<TokenRole>, now_ms: u64) -> Result<String, TokenError> {
        let exp = (now_ms + Self::LASTING_MS) / 1_000;
        let claims = TokenClaims { sub: sub.to_owned(), exp, holdall_role: role };
        let key = EncodingKey::from_secret(&self.secret);
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).map_err(TokenError::new)
    }
}

impl TokenVerifier for DemoAccounts {
    fn verify(&self, token: &str, now_ms: u64) -> Result<Principal, TokenError> {
        self.verifier.verify(token, now_ms)
    }
}

impl Service {
    /// Who sends a bearer token.
    pub(super) fn identify(&self, token: &str) -> Result<Principal, Problem> {
        let refused = || {
            Problem::new(ProblemType::Unauthenticated, "the token was not accepted: sign in again")
        };
        if token.starts_with(GUEST) {
            return token.parse::<GuestToken>().map(Principal::Guest).map_err(|_| refused());
        }
        self.verifier().verify(token, self.now_ms()).map_err(|error| {
            tracing::debug!(%error, "a token");
            refused()
        })
    }
}

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
