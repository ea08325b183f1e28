//! What the authority keeps of a cart beside its state: whose it is, and who may write.

use serde::{Deserialize, Serialize};

use super::caller::{Caller, Digest, Who};
use super::refusal::Refusal;
use crate::id::{CartId, ReplicaId};
use crate::limits;
use crate::store::StoreError;

/// Whose cart it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Owner {
    /// Whoever has one of these tokens.
    Guest {
        /// Digests of the tokens.
        tokens: Vec<Digest>,
        /// Digests of those that a merge has revoked; an unmerge puts them back.
        revoked: Vec<Digest>,
    },
    /// An account, by its digest.
    Account(Digest),
}

/// A replica that somebody registered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Writer {
    #[serde(with = "hex")]
    pub(super) replica: ReplicaId,
    /// Whose it is.
    pub(super) of: Digest,
    /// Whether it writes no more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) retired: bool,
}

/// The header of a cart's record. JSON in the store, so that a later version can add to it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) owner: Owner,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) writers: Vec<Writer>,
}

impl Header {
    pub(super) const fn of(owner: Owner) -> Self {
        Self { owner, writers: Vec::new() }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        // Structs of texts and lists: nothing that has no JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn decode(cart: CartId, bytes: &[u8]) -> Result<Self, StoreError> {
        serde_json::from_slice(bytes)
            .map_err(|error| StoreError::Damaged { cart, what: format!("header: {error}") })
    }

    /// Whether tokens of a guest cart were revoked.
    pub(super) fn is_revoked(&self) -> bool {
        matches!(&self.owner, Owner::Guest { revoked, .. } if !revoked.is_empty())
    }

    pub(super) const fn is_guest(&self) -> bool {
        matches!(self.owner, Owner::Guest { .. })
    }

    /// Whether the caller, for whom `principal` stands, may see and edit the cart. `claimed_by`: the account that has claimed it.
    pub(super) fn admit(
        &self,
        cart: CartId,
        caller: &Caller,
        principal: Digest,
        claimed_by: Option<Digest>,
    ) -> Result<(), Refusal> {
        let yes = match (&self.owner, &caller.who) {
            (_, Who::Server | Who::Staff(_)) => true,
            (Owner::Guest { tokens, revoked }, Who::Guest(_)) => {
                if revoked.contains(&principal) {
                    return Err(Refusal::Merged);
                }
                tokens.contains(&principal)
            }
            (Owner::Guest { .. }, Who::Account(_)) => claimed_by == Some(principal),
            (Owner::Account(owner), Who::Account(_)) => *owner == principal,
            (Owner::Account(_), Who::Guest(_)) => false,
        };
        if yes { Ok(()) } else { Err(Refusal::NotYours { cart }) }
    }

    pub(super) fn writer(&self, replica: ReplicaId) -> Option<&Writer> {
        self.writers.iter().find(|writer| writer.replica == replica)
    }

    /// Registers a replica to somebody. Says whether that is new.
    pub(super) fn register(&mut self, replica: ReplicaId, of: Digest) -> Result<bool, Refusal> {
        match self.writer(replica) {
            Some(writer) if writer.of == of => return Ok(false),
            Some(_) => return Err(Refusal::WriterTaken { replica }),
            None => {}
        }
        if self.writers.len() >= limits::WRITERS {
            return Err(Refusal::Limit { what: "writers of one cart", limit: limits::WRITERS });
        }
        self.writers.push(Writer { replica, of, retired: false });
        Ok(true)
    }

    /// Retires a writer. Says whether it was not.
    pub(super) fn retire(&mut self, replica: ReplicaId) -> bool {
        let writer = self.writers.iter_mut().find(|writer| writer.replica == replica);
        writer.is_some_and(|writer| !std::mem::replace(&mut writer.retired, true))
    }
}

/// Replica ids as text.
mod hex {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::id::ReplicaId;

    pub(super) fn serialize<S: Serializer>(id: &ReplicaId, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ReplicaId, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}
