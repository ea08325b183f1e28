//! Requests of clients without a replica: one action, with an idempotency key and conditions.

use super::digest::{Digest, DigestKind};
use holdall::action::Action;
use holdall_store::RequestKey;

/// A request to carry out an action, with an optional idempotency key and optional conditions.
///
/// The action's author has seen the cart as it is when the request is carried out, or as
/// [`seen`](Self::seen) says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// The action to carry out.
    pub action: Action,
    /// The idempotency key: the bits of a UUID that the client generates. Repetitions of the
    /// request under this key are carried out once. Without a key, every repetition is carried out.
    pub key: Option<u128>,
    /// The revision that the cart must have, otherwise the request is refused. Adds do not need it.
    pub only_at: Option<u64>,
    /// The revision that the shopper saw. The command then affects exactly that cart and the later
    /// changes of this device. `None` means the cart at the time of the command.
    pub seen: Option<u64>,
}

impl Request {
    /// Makes a request with an idempotency key and without conditions.
    #[must_use]
    pub const fn new(key: u128, action: Action) -> Self {
        Self { action, key: Some(key), only_at: None, seen: None }
    }

    /// Sets the revision that the cart must have.
    #[must_use]
    pub const fn only_at(mut self, revision: u64) -> Self {
        self.only_at = Some(revision);
        self
    }

    /// Sets the revision that the shopper saw.
    #[must_use]
    pub const fn seen(mut self, revision: u64) -> Self {
        self.seen = Some(revision);
        self
    }

    /// Returns the key with a digest of the action, so that another action under this key is
    /// recognized and refused.
    pub(super) fn key(&self) -> Option<RequestKey> {
        let key = self.key?;
        let digest = Digest::of(&REQUEST, &[&self.action.canonical_bytes()]);
        Some(RequestKey { key, body: *digest.as_bytes() })
    }
}

static REQUEST: DigestKind = DigestKind::new("holdall command v2");

/// Returns the time in a key that is a UUID of version 7, in milliseconds since 1970.
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
