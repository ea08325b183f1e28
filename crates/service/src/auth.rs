//! Verifiers of bearer tokens: the embedder's, JSON Web Tokens, and the accounts of a demonstration.

use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use holdall_authority::{AccountId, Principal};

/// Says who somebody is by the bearer token they sent.
pub trait Verifier: Send + Sync + fmt::Debug + 'static {
    /// Whose token it is, at a time in milliseconds since 1970.
    ///
    /// # Errors
    /// Nobody's, or not now.
    fn verify(&self, token: &str, now_ms: u64) -> Result<Principal, Unverified>;
}

/// A token that is nobody's. Why is for the log: whoever sent it learns no more than that.
#[derive(Debug, thiserror::Error)]
#[error("the token was not accepted: {0}")]
pub struct Unverified(String);

impl Unverified {
    /// With the reason.
    pub fn new(why: impl fmt::Display) -> Self {
        Self(why.to_string())
    }
}

/// A text that is no public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no public key in PEM: give one of RSA, P-256 or Ed25519")]
pub struct NoKey;

/// A verifier that knows nobody: guests alone use the service.
#[derive(Debug, Clone, Copy)]
pub struct GuestsOnly;

impl Verifier for GuestsOnly {
    fn verify(&self, _: &str, _: u64) -> Result<Principal, Unverified> {
        Err(Unverified::new("there are no accounts here"))
    }
}

/// What a token says. `sub` is the account, or the name of a member of staff.
#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    /// In seconds since 1970.
    exp: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    holdall_role: Option<Role>,
}

#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Role {
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
    pub fn public_key(pem: &[u8], audience: Option<&str>) -> Result<Self, NoKey> {
        // The key decides on the algorithm, never the token.
        let (key, algorithm) = DecodingKey::from_ed_pem(pem)
            .map(|key| (key, Algorithm::EdDSA))
            .or_else(|_| DecodingKey::from_ec_pem(pem).map(|key| (key, Algorithm::ES256)))
            .or_else(|_| DecodingKey::from_rsa_pem(pem).map(|key| (key, Algorithm::RS256)))
            .map_err(|_| NoKey)?;
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

impl Verifier for JwtVerifier {
    fn verify(&self, token: &str, now_ms: u64) -> Result<Principal, Unverified> {
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation);
        let claims = decoded.map_err(Unverified::new)?.claims;
        if claims.exp.saturating_mul(1_000) <= now_ms {
            return Err(Unverified::new("it has expired"));
        }
        match claims.holdall_role {
            Some(Role::Server) => Ok(Principal::Server),
            Some(Role::Staff) => Ok(Principal::Staff(claims.sub)),
            None => AccountId::new(&claims.sub).map(Principal::Account).map_err(Unverified::new),
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
    pub fn token(&self, account: &str, now_ms: u64) -> Result<String, Unverified> {
        AccountId::new(account).map_err(Unverified::new)?;
        self.sign(account, None, now_ms)
    }

    /// A token of the shop's own systems.
    ///
    /// # Errors
    /// None that is known.
    pub fn server_token(&self, now_ms: u64) -> Result<String, Unverified> {
        self.sign("shop", Some(Role::Server), now_ms)
    }

    fn sign(&self, sub: &str, role: Option<Role>, now_ms: u64) -> Result<String, Unverified> {
        let exp = (now_ms + Self::LASTING_MS) / 1_000;
        let claims = Claims { sub: sub.to_owned(), exp, holdall_role: role };
        let key = EncodingKey::from_secret(&self.secret);
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).map_err(Unverified::new)
    }
}

impl Verifier for DemoAccounts {
    fn verify(&self, token: &str, now_ms: u64) -> Result<Principal, Unverified> {
        self.verifier.verify(token, now_ms)
    }
}
