//! The journal: who did what, when, with which outcome; for support and audit. It is what a store's log
//! says of each append, with a retention of its own, and apart from the state.

use serde::{Deserialize, Serialize};

use super::caller::{Caller, Digest, Principal};
use holdall_store::Logged;

/// Who did it, without who they are: a guest or an account by the beginning of a digest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// A guest, by the first 8 digits of a digest of the token.
    Guest(String),
    /// An account, by the first 8 digits of a digest of its name.
    Account(String),
    /// Staff, by name.
    Staff(String),
    /// The shop's own systems.
    Server,
}

impl Actor {
    /// A caller, by the digest that stands for them.
    pub(super) fn of(caller: &Caller, principal: Digest) -> Self {
        match &caller.principal {
            Principal::Guest(_) => Self::Guest(principal.short()),
            Principal::Account(_) => Self::Account(principal.short()),
            Principal::Staff(name) => Self::Staff(name.clone()),
            Principal::Server => Self::Server,
        }
    }
}

/// What was done, and what came of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Note {
    /// Who.
    pub by: Actor,
    /// What: `add`, `delta`, `merge`, ...
    pub what: String,
    /// The outcome, if it was not simply done: `rejected`, and by which rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

impl Note {
    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("plain data serializes")
    }
}

/// One accepted command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The cart's revision with it.
    pub revision: u64,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// Who and what. `None`: by a version of this library whose notes this one cannot read.
    pub note: Option<Note>,
    /// The request's key.
    pub key: Option<u128>,
    /// What the state gained, in bytes.
    pub delta_bytes: usize,
}

impl Entry {
    pub(super) fn of(logged: &Logged) -> Self {
        Self {
            revision: logged.revision,
            at_ms: logged.at_ms,
            note: serde_json::from_slice(&logged.note).ok(),
            key: logged.key.map(|key| key.key),
            delta_bytes: logged.delta.len(),
        }
    }
}
