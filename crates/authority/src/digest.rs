//! Digests that stand for secret and personal values.

use std::fmt;
use std::sync::OnceLock;

use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};

/// What digests are of. Its name is hashed once, and not for each of them.
#[derive(Debug)]
pub(super) struct DigestKind {
    name: &'static str,
    key: OnceLock<ContextKey>,
}

impl DigestKind {
    pub(super) const fn new(name: &'static str) -> Self {
        Self { name, key: OnceLock::new() }
    }
}

/// 32 bytes that stand for something secret or personal, and are written in its place.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Digest(blake3::Hash);

impl Digest {
    /// The digest of some parts, each with its length, under a name for what they are.
    pub(super) fn of(what: &DigestKind, parts: &[&[u8]]) -> Self {
        let key = what.key.get_or_init(|| hash_derive_key_context(what.name));
        let mut hasher = blake3::Hasher::new_from_context_key(key);
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self(hasher.finalize())
    }

    /// Its bytes.
    pub(super) const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Its first digits, for people.
    pub(super) fn short(&self) -> String {
        super::hex::encode(&self.0.as_bytes()[..4])
    }

    /// Its first 16 bytes as a number.
    pub(super) fn first(&self) -> u128 {
        let (first, _) = self.0.as_bytes().split_at(16);
        first.iter().fold(0, |number, byte| number << 8 | u128::from(*byte))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        blake3::Hash::from_hex(text).map(Self).map_err(serde::de::Error::custom)
    }
}
