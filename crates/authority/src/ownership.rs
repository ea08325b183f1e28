//! What the authority keeps of a cart beside its state: whose it is, and who may write.

use serde::{Deserialize, Serialize};

use super::caller::{Caller, Principal};
use super::digest::Digest;
use super::refusal::Refusal;
use holdall::id::{CartId, ReplicaId};
use holdall::limits;
use holdall::sabotage;
use holdall_store::StoreError;

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
    #[serde(with = "id")]
    pub(super) replica: ReplicaId,
    /// Whose it is.
    pub(super) of: Digest,
    /// Whether it writes no more. Older headers say so here.
    #[serde(default, skip_serializing)]
    retired: bool,
}

/// The header of a cart's record. JSON in the store, so that a later version can add to it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Ownership {
    pub(super) owner: Owner,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) writers: Vec<Writer>,
    /// Those that write no more, sorted. Each is an id and nothing else: there may be very many. Up
    /// to where a writer was applied is in the cart's context.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "ids")]
    retired: Vec<ReplicaId>,
}

impl Ownership {
    pub(super) const fn of(owner: Owner) -> Self {
        Self { owner, writers: Vec::new(), retired: Vec::new() }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        // Structs of texts and lists: nothing that has no JSON form.
        serde_json::to_vec(self).expect("plain data serializes")
    }

    pub(super) fn decode(cart: CartId, bytes: &[u8]) -> Result<Self, StoreError> {
        let header: Self = serde_json::from_slice(bytes)
            .map_err(|error| StoreError::Damaged { cart, what: format!("header: {error}") })?;
        let (retired, writers): (Vec<_>, _) =
            header.writers.into_iter().partition(|writer| writer.retired);
        let mut header = Self { writers, ..header };
        for Writer { replica, .. } in retired {
            header.end(replica);
        }
        Ok(header)
    }

    /// Whether tokens of a guest cart were revoked.
    pub(super) fn is_revoked(&self) -> bool {
        matches!(&self.owner, Owner::Guest { revoked, .. } if !revoked.is_empty())
    }

    pub(super) const fn is_guest(&self) -> bool {
        matches!(self.owner, Owner::Guest { .. })
    }

    /// Whether the caller, for whom `principal` stands, may see and edit the cart. `claimed_by`:
    /// the account that has claimed it.
    pub(super) fn admit(
        &self,
        cart: CartId,
        caller: &Caller,
        principal: Digest,
        claimed_by: Option<Digest>,
    ) -> Result<(), Refusal> {
        let yes = match (&self.owner, &caller.principal) {
            (_, Principal::Server | Principal::Staff(_)) => true,
            (Owner::Guest { tokens, revoked }, Principal::Guest(_)) => {
                if revoked.contains(&principal) {
                    return Err(Refusal::Merged);
                }
                sabotage!(
                    "any-token-opens-guest-cart",
                    tokens.contains(&principal),
                    !tokens.is_empty()
                )
            }
            (Owner::Guest { .. }, Principal::Account(_)) => claimed_by == Some(principal),
            (Owner::Account(owner), Principal::Account(_)) => {
                sabotage!("any-account-opens-account-cart", *owner == principal, true)
            }
            (Owner::Account(_), Principal::Guest(_)) => false,
        };
        if yes { Ok(()) } else { Err(Refusal::NotYours { cart }) }
    }

    pub(super) fn writer(&self, replica: ReplicaId) -> Option<&Writer> {
        self.writers.iter().find(|writer| writer.replica == replica)
    }

    /// Whether a writer was retired.
    pub(super) fn is_retired(&self, replica: ReplicaId) -> bool {
        sabotage!("retired-writer-writes-on", self.retired.binary_search(&replica).is_ok(), false)
    }

    /// How many writers were retired.
    pub(super) const fn retired(&self) -> usize {
        self.retired.len()
    }

    /// Registers a replica to somebody. Says whether that is new.
    pub(super) fn register(&mut self, replica: ReplicaId, of: Digest) -> Result<bool, Refusal> {
        match self.writer(replica) {
            Some(writer) if writer.of == of => return Ok(false),
            Some(_) => return Err(Refusal::WriterTaken { replica }),
            None => {}
        }
        let writers = sabotage!(
            "retired-writers-take-room",
            self.writers.len(),
            self.writers.len() + self.retired.len()
        );
        for (what, are, limit) in [
            ("writers of one cart", writers, limits::WRITERS),
            ("retired writers of one cart", self.retired.len(), limits::RETIRED_WRITERS),
        ] {
            if are >= limit {
                return Err(Refusal::Limit { what, limit });
            }
        }
        self.writers.push(Writer { replica, of, retired: false });
        Ok(true)
    }

    /// Retires a writer. Says whether it was one.
    pub(super) fn retire(&mut self, replica: ReplicaId) -> bool {
        let before = self.writers.len();
        self.writers.retain(|writer| writer.replica != replica);
        let was = self.writers.len() < before;
        if was {
            self.end(replica);
        }
        was
    }

    fn end(&mut self, replica: ReplicaId) {
        if let Err(at) = self.retired.binary_search(&replica) {
            self.retired.insert(at, replica);
        }
    }
}

/// Many replica ids as one text, of 32 digits each.
mod ids {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::hex;
    use holdall::id::ReplicaId;

    pub(super) fn serialize<S: Serializer>(ids: &[ReplicaId], to: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = ids.iter().flat_map(|id| id.as_u128().to_be_bytes()).collect();
        to.serialize_str(&hex::encode(&bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<ReplicaId>, D::Error> {
        let bytes = hex::decode(&String::deserialize(from)?).unwrap_or_else(|| vec![0]);
        let (ids, rest) = bytes.as_chunks();
        let ids = ids.iter().map(|id| ReplicaId::from_u128(u128::from_be_bytes(*id)));
        let ids: Vec<ReplicaId> = ids.collect();
        if rest.is_empty() && ids.is_sorted_by(|one, next| one < next) {
            return Ok(ids);
        }
        Err(de::Error::custom("retired writers: ascending ids of 32 digits each"))
    }
}

/// Replica ids as text.
mod id {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use holdall::id::ReplicaId;

    pub(super) fn serialize<S: Serializer>(id: &ReplicaId, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ReplicaId, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}
