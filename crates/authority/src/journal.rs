//! The journal of a cart, for support and audit: who did what, when, with which outcome. Its
//! entries come from the store's log of appends. The log has a retention of its own, apart from the
//! state.

use serde::{Deserialize, Serialize};

use super::caller::{Caller, Principal};
use super::digest::Digest;
use holdall_store::Logged;

/// The pseudonymous author of a command: guests and accounts appear as the start of a digest.
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
    /// Returns the actor of a caller, given the digest of the caller's principal.
    pub(super) fn of(caller: &Caller, principal: Digest) -> Self {
        match &caller.principal {
            Principal::Guest(_) => Self::Guest(principal.short()),
            Principal::Account(_) => Self::Account(principal.short()),
            Principal::Staff(name) => Self::Staff(name.clone()),
            Principal::Server => Self::Server,
        }
    }
}

/// The description of a command in the journal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Note {
    /// The author of the command.
    pub by: Actor,
    /// The kind of command: `add`, `delta`, `merge`, ...
    pub what: String,
    /// The outcome unless the command was carried out: `rejected`, with the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

impl Note {
    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("plain data serializes")
    }
}

/// An accepted command in the journal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The cart's revision after the command.
    pub revision: u64,
    /// The time of the command, in milliseconds since 1970.
    pub at_ms: u64,
    /// The description of the command, or `None` if another version of the library wrote it in an
    /// unknown form.
    pub note: Option<Note>,
    /// The request's key.
    pub key: Option<u128>,
    /// The size of the delta, in bytes.
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
