//! Who is asking, and the tokens by which guests are known.

use std::fmt;
use std::str::FromStr;

use super::digest::{Digest, DigestKind};
use holdall::id::{CartId, TextError};
use holdall::limits;

static TOKEN: DigestKind = DigestKind::new("holdall guest token v1");
static ACCOUNT: DigestKind = DigestKind::new("holdall account v1");
static STAFF: DigestKind = DigestKind::new("holdall staff v1");
static SERVER: DigestKind = DigestKind::new("holdall server v1");

/// The capability to a guest cart: 256 random bits. Whoever has it is the guest. It is shown once,
/// when it is made, and kept nowhere but with the guest: a store has its digest.
///
/// ```
/// use holdall_authority::GuestToken;
/// let token = GuestToken::from_bytes([7; 32]); // random in real life
/// let text = token.reveal();
/// assert!(text.starts_with("hdg_"));
/// assert_eq!(text.parse::<GuestToken>()?, token);
/// assert_eq!(format!("{token:?}"), "GuestToken(..)");
/// # Ok::<(), holdall_authority::TokenError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct GuestToken(blake3::Hash); // compares in constant time

/// A text that is no guest token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a guest token is `hdg_` and 64 hexadecimal digits: send it as it was given")]
pub struct TokenError;

impl GuestToken {
    const PREFIX: &'static str = "hdg_";

    /// From 256 random bits.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(blake3::Hash::from_bytes(bytes))
    }

    /// Its text, for the guest alone.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{}{}", Self::PREFIX, self.0.to_hex())
    }

    /// What is kept of it: it opens this cart and no other.
    pub(super) fn digest(&self, cart: CartId) -> Digest {
        Digest::of(&TOKEN, &[self.0.as_bytes(), &cart.as_u128().to_be_bytes()])
    }
}

impl std::hash::Hash for GuestToken {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.as_bytes().hash(state);
    }
}

impl FromStr for GuestToken {
    type Err = TokenError;
    fn from_str(text: &str) -> Result<Self, TokenError> {
        let digits = text.strip_prefix(Self::PREFIX).ok_or(TokenError)?;
        // One form of each: a cache or a log filter must not take two texts for two tokens.
        super::hex::lower(digits.as_bytes()).map(Self::from_bytes).ok_or(TokenError)
    }
}

impl fmt::Debug for GuestToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GuestToken(..)")
    }
}

/// An account, as the embedder's sign-in names it: opaque, stable, and rather no address of a
/// person. It is kept nowhere; a digest of it is.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AccountId(Box<str>);

impl AccountId {
    /// Parses it.
    ///
    /// # Errors
    /// Empty, longer than [`limits::NAME_BYTES`], or with control characters.
    pub fn new(text: &str) -> Result<Self, TextError> {
        let what = "account";
        if text.is_empty() {
            return Err(TextError::Empty { what });
        }
        if text.len() > limits::NAME_BYTES {
            let (bytes, limit) = (text.len(), limits::NAME_BYTES);
            return Err(TextError::TooLong { what, bytes, limit });
        }
        match text.find(char::is_control) {
            Some(at) => Err(TextError::Control { what, at }),
            None => Ok(Self(text.into())),
        }
    }

    pub(super) fn digest(&self) -> Digest {
        Digest::of(&ACCOUNT, &[self.0.as_bytes()])
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountId(..)")
    }
}

/// Who is asking. The embedder has verified an account and a member of staff; a guest's token is
/// verified here.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Principal {
    /// Whoever holds this token.
    Guest(GuestToken),
    /// Somebody who signed in.
    Account(AccountId),
    /// Somebody who works for the shop, by the name that the journal shall show. They see and edit
    /// any cart and never merge.
    Staff(String),
    /// The shop's own systems: orders, expiry, erasure.
    Server,
}

/// Who is asking, and from where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// Who.
    pub principal: Principal,
    /// The device, by a number of its own: its commands have a writer of their own in a cart, and a
    /// limit of rate. `None`: both go by `principal` alone.
    pub device: Option<u128>,
}

impl From<Principal> for Caller {
    fn from(principal: Principal) -> Self {
        Self { principal, device: None }
    }
}

impl From<GuestToken> for Caller {
    fn from(token: GuestToken) -> Self {
        Principal::Guest(token).into()
    }
}

impl From<AccountId> for Caller {
    fn from(account: AccountId) -> Self {
        Principal::Account(account).into()
    }
}

impl Caller {
    /// The shop's own systems.
    #[must_use]
    pub const fn server() -> Self {
        Self { principal: Principal::Server, device: None }
    }

    /// Names the device that the caller uses, by 128 random bits that the device drew once.
    #[must_use]
    pub const fn on(mut self, device: u128) -> Self {
        self.device = Some(device);
        self
    }

    /// Whether it is the shop's own systems.
    pub(super) const fn is_server(&self) -> bool {
        matches!(self.principal, Principal::Server)
    }

    /// Returns the digest that stands for the caller in a cart: writers are registered to it.
    pub(super) fn digest(&self, cart: CartId) -> Digest {
        match &self.principal {
            Principal::Guest(token) => token.digest(cart),
            Principal::Account(account) => account.digest(),
            Principal::Staff(name) => Digest::of(&STAFF, &[name.as_bytes()]),
            Principal::Server => Digest::of(&SERVER, &[]),
        }
    }
}
