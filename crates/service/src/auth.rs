//! Verifiers of bearer tokens: the embedder's, JSON Web Tokens, and the accounts of a demonstration.

use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use holdall_authority::{AccountId, Principal};

/// A check of bearer tokens that identifies their owners.
pub trait TokenVerifier: Send + Sync + fmt::Debug + 'static {
    /// Returns the owner of a token, at a time in milliseconds since 1970.
    ///
    /// # Errors
    /// The token is forged, malformed, or not valid at this time.
    fn verify(&self, token: &str, now_ms: u64) -> Result<Principal, TokenError>;
}

/// The refusal of a token. The reason is written to the log and not sent to the client.
#[derive(Debug, thiserror::Error)]
#[error("the token was not accepted: {0}")]
pub struct TokenError(String);

impl TokenError {
    /// Makes a refusal with a reason for the log.
    pub fn new(why: impl fmt::Display) -> Self {
        Self(why.to_string())
    }
}

/// The error of reading a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a public key in PEM: give one of RSA, P-256 or Ed25519")]
pub struct PublicKeyError;

/// A verifier that refuses every token, for a service of guest carts only.
#[derive(Debug, Clone, Copy)]
pub struct GuestsOnly;

impl TokenVerifier for GuestsOnly {
    fn verify(&self, _: &str, _: u64) -> Result<Principal, TokenError> {
        Err(TokenError::new("this service has no accounts"))
    }
}

/// The claims of a token. `sub` is the account, or the name of a member of staff.
#[derive(Serialize, Deserialize)]
struct TokenClaims {
    sub: String,
    /// The end of the token, in seconds since 1970.
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

/// A verifier of JSON Web Tokens that the shop's sign-in signs.
///
/// The claim `sub` is the account, `exp` is required, and `holdall_role` marks a token of `staff`
/// or of a `server`.
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
    /// Makes a verifier from a public key in PEM: RSA (RS256), P-256 (ES256) or Ed25519 (EdDSA).
    ///
    /// `audience` is the required value of the claim `aud`. Without an audience, tokens that name
    /// one are refused.
    ///
    /// # Errors
    /// `pem` is not such a key.
    pub fn public_key(pem: &[u8], audience: Option<&str>) -> Result<Self, PublicKeyError> {
        // The key determines the algorithm. A token must not choose it.
        let (key, algorithm) = DecodingKey::from_ed_pem(pem)
            .map(|key| (key, Algorithm::EdDSA))
            .or_else(|_| DecodingKey::from_ec_pem(pem).map(|key| (key, Algorithm::ES256)))
            .or_else(|_| DecodingKey::from_rsa_pem(pem).map(|key| (key, Algorithm::RS256)))
            .map_err(|_| PublicKeyError)?;
        Ok(Self::of(key, algorithm, audience))
    }

    fn of(key: DecodingKey, algorithm: Algorithm, audience: Option<&str>) -> Self {
        let mut validation = Validation::new(algorithm);
        // `verify` checks the expiry by the clock it is given.
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
            return Err(TokenError::new("the token has expired"));
        }
        match claims.holdall_role {
            Some(TokenRole::Server) => Ok(Principal::Server),
            Some(TokenRole::Staff) => Ok(Principal::Staff(claims.sub)),
            None => AccountId::new(&claims.sub).map(Principal::Account).map_err(TokenError::new),
        }
    }
}

/// Accounts for demo mode, which issues tokens to anyone. The secret lives as long as the process.
#[derive(Clone, Debug)]
pub struct DemoAccounts {
    verifier: JwtVerifier,
    secret: [u8; 32],
}

impl DemoAccounts {
    const LASTING_MS: u64 = 12 * 60 * 60 * 1_000;

    /// Makes accounts whose tokens are signed with 256 random bits.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        let key = DecodingKey::from_secret(&secret);
        Self { verifier: JwtVerifier::of(key, Algorithm::HS256, None), secret }
    }

    /// Returns a token of an account. It is valid for 12 hours from `now_ms`, which is in
    /// milliseconds since 1970.
    ///
    /// # Errors
    /// `account` is not a valid account name.
    pub fn token(&self, account: &str, now_ms: u64) -> Result<String, TokenError> {
        AccountId::new(account).map_err(TokenError::new)?;
        self.sign(account, None, now_ms)
    }

    /// Returns a token of the shop's own systems. It is valid for 12 hours from `now_ms`, which is
    /// in milliseconds since 1970.
    ///
    /// # Errors
    /// The token cannot be signed, which does not happen with a secret of this length.
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
