//! Requests of plain clients: an action each, under the name that the client gave the request.

use super::digest::{Digest, DigestKind};
use holdall::action::Action;
use holdall_store::RequestKey;

/// An action that a client asks for, under the name that the client gave the request, and perhaps
/// on a condition.
///
/// The action's author has seen the cart as it is when the request is carried out, or as
/// [`seen`](Self::seen) says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// The action that is asked for.
    pub action: Action,
    /// The client's name for this request: a UUID it drew. The same request under the same name is carried out once, however often
    /// it comes. Without one, a request that comes twice is two requests.
    pub key: Option<u128>,
    /// Only if the cart is still at this revision. Adds do not need it.
    pub only_at: Option<u64>,
    /// The revision that the client had shown when its shopper acted. Then the command affects exactly what was there, and what the same
    /// device did since. `None`: the cart as it is when the command is carried out.
    pub seen: Option<u64>,
}

impl Request {
    /// A request under a name, without condition.
    #[must_use]
    pub const fn new(key: u128, action: Action) -> Self {
        Self { action, key: Some(key), only_at: None, seen: None }
    }

    /// The same, only if the cart is still at a revision.
    #[must_use]
    pub const fn only_at(mut self, revision: u64) -> Self {
        self.only_at = Some(revision);
        self
    }

    /// The same by an author who had seen a revision.
    #[must_use]
    pub const fn seen(mut self, revision: u64) -> Self {
        self.seen = Some(revision);
        self
    }

    /// The request's name with a digest of its action, so that another action under the same name
    /// is told apart.
    pub(super) fn key(&self) -> Option<RequestKey> {
        let key = self.key?;
        let digest = Digest::of(&REQUEST, &[&self.action.canonical_bytes()]);
        Some(RequestKey { key, body: *digest.as_bytes() })
    }
}

static REQUEST: DigestKind = DigestKind::new("holdall command v2");

/// The time, in milliseconds since 1970, that a key names if it is a UUID of version 7.
pub(super) const fn minted_ms(key: u128) -> Option<u64> {
    let version = (key >> 76) & 0xf;
    if version == 7 { Some((key >> 80) as u64) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stores have these digests: a request that was carried out by an older version has to be
    /// known again.
    #[test]
    fn digests_stay_what_they_are() {
        let consent = Request::new(7, Action::Consent { given: true }).key().expect("a key");
        assert_eq!(
            super::super::hex::encode(&consent.body[..8]),
            PINNED,
            "give the digest another name"
        );
        let revoked = Request::new(7, Action::Consent { given: false }).key().expect("a key");
        assert_eq!(revoked.key, consent.key);
        assert_ne!(revoked.body, consent.body);
    }

    const PINNED: &str = "11d45a421d617874";
}
