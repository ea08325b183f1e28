//! Carts as lines of text: out of one store, into another.
//!
//! An archived cart is a JSON object with the whole record: whose it is, its log with request keys
//! and journal, and the claim on it. Put into another store it is the same cart, to the same tokens
//! and accounts, and the same requests are known there. It is at the same revision, and each of its
//! revisions is what it was: what a client says it had seen means the same there. The server writes
//! under another id, so that a backup that is behind never gives an old dot to a new action.

use serde::{Deserialize, Serialize};

use super::authority::Authority;
use super::hex;
use super::ownership::{Owner, Ownership};
use super::record_state::{decoded, join};
use super::refusal::Refusal;
use holdall::id::CartId;
use holdall::limits;
use holdall::sabotage;
use holdall::wire;
use holdall_store::{Append, Appended, Class, Compaction, Logged, RequestKey, Slot, SlotOutcome};

/// The version of this form.
const FORMAT: u32 = 1;
/// Appends that are read at once.
const PAGE: usize = 256;

/// A cart's record as a value with a JSON form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archived {
    holdall: u32,
    cart: String,
    class: u8,
    at_ms: u64,
    header: String,
    /// The state before the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base: Option<Base>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    log: Vec<ArchivedAppend>,
    /// What the claim's slot holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claim: Option<String>,
}

/// What the folded part of a log came to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Base {
    /// The revision through which it was folded.
    through: u64,
    /// The state then, in hexadecimal.
    state: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ArchivedAppend {
    at_ms: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    delta: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<(String, String)>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
}

impl Archived {
    /// The cart.
    ///
    /// # Errors
    /// Its id is none.
    pub fn cart(&self) -> Result<CartId, Refusal> {
        self.cart.parse().map_err(|_| wrong("the cart's id is no UUID"))
    }
}

impl Authority {
    /// A cart's record as it is now. `None`: there is no such cart.
    ///
    /// # Errors
    /// The store's; the record is damaged.
    pub async fn export(&self, cart: CartId) -> Result<Option<Archived>, Refusal> {
        let Some(record) = self.store.load(cart).await? else { return Ok(None) };
        let base = match (record.class, self.store.base_state(cart).await?) {
            (Class::Erased, _) => record.snapshot.map(|bytes| (record.revision, bytes)),
            (_, base) => base,
        };
        let mut after = base.as_ref().map_or(0, |(through, _)| *through);
        let mut log = Vec::new();
        loop {
            let page = self.store.log(cart, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.revision;
            log.extend(page.iter().map(ArchivedAppend::of));
        }
        let claim = self.store.slot(Slot::Claim(cart)).await?;
        Ok(Some(Archived {
            holdall: FORMAT,
            cart: cart.to_string(),
            class: record.class as u8,
            at_ms: record.at_ms,
            header: String::from_utf8_lossy(&record.header).into_owned(),
            base: base.map(|(through, bytes)| Base { through, state: hex::encode(&bytes) }),
            log,
            claim: claim.map(|held| String::from_utf8_lossy(&held.value).into_owned()),
        }))
    }

    /// Puts an archived cart in. One that is there already must be the same, or a part of it that
    /// an earlier try came to; then this goes on from there. Says whether anything was missing.
    ///
    /// # Errors
    /// The value is no archived cart, or there is another cart of that id: nothing was changed
    /// then.
    pub async fn import(&self, archived: &Archived) -> Result<bool, Refusal> {
        let cart = archived.cart()?;
        if archived.holdall != FORMAT {
            return Err(wrong("it was written by a later version"));
        }
        let class =
            Class::from_u8(archived.class).ok_or_else(|| wrong("there is no such class"))?;
        let base = match &archived.base {
            Some(Base { through: 0, .. }) => return Err(wrong("nothing is folded through 0")),
            Some(Base { through, .. }) if *through > limits::ARCHIVED_REVISIONS => {
                return Err(wrong(
                    "more revisions are folded than an import takes (limits::ARCHIVED_REVISIONS)",
                ));
            }
            Some(Base { through, state }) => Some((*through, unhex(state)?)),
            None => None,
        };
        // All of it is read before any of it is written.
        let mut state = match &base {
            Some((_, bytes)) => decoded(cart, bytes)?,
            None => holdall::cart::Cart::new(cart),
        };
        let before = state.to_delta();
        let through = base.as_ref().map_or(0, |(through, _)| *through);
        let log: Vec<Logged> = archived
            .log
            .iter()
            .zip(through + 1..)
            .map(|(one, at)| one.logged(at))
            .collect::<Result<_, _>>()?;
        for one in log.iter().filter(|one| !one.delta.is_empty()) {
            join(&mut state, &one.delta)?;
        }
        if class == Class::Erased {
            let (_, marker) = base
                .filter(|_| state.is_erased())
                .ok_or_else(|| wrong("an erased cart has its marker"))?;
            return Ok(self.views.erase(cart, marker, archived.at_ms).await?.appends > 0);
        }
        let header = Ownership::decode(cart, archived.header.as_bytes())?;
        let revision = self.store.revision(cart).await?.unwrap_or(0);
        let folded = self.store.base_state(cart).await?;
        let from = folded.as_ref().map_or(0, |(through, _)| *through);
        let there = self.store.log(cart, from, usize::MAX).await?;
        // What was folded away counts, and says nothing; what it came to is said by the last of it.
        let blank = |revision| Logged {
            revision,
            at_ms: archived.at_ms,
            delta: if revision == through && !before.is_empty() {
                wire::encode_delta(&before)
            } else {
                Vec::new()
            },
            key: None,
            note: Vec::new(),
        };
        let last = through + log.len() as u64;
        let all = |revision: u64| match revision.checked_sub(through + 1) {
            Some(at) => log[at as usize].clone(),
            None => blank(revision),
        };
        let same_base = folded.is_none() || folded == base;
        if !same_base || revision > last || there.iter().any(|one| *one != all(one.revision)) {
            return Err(Refusal::CartTaken { cart });
        }
        for revision in revision + 1..=last {
            let one = all(revision);
            let at_ms = if revision == last { archived.at_ms } else { one.at_ms };
            let mut append = Append::new(cart, revision - 1, one.at_ms.max(at_ms), class);
            if revision == 1 {
                append.header = Some(archived.header.clone().into_bytes());
            }
            (append.delta, append.key, append.note) = (one.delta, one.key, one.note);
            self.appended(append).await?;
        }
        if let Some((through, base)) =
            base.filter(|_| sabotage!("import-does-not-fold", folded.is_none(), false))
        {
            self.store.compact(Compaction { cart, through, base }).await?;
        }
        let missing = revision < last;
        self.claimed_as(Slot::Claim(cart), archived.claim.clone()).await?;
        if let Owner::Account(digest) = header.owner {
            let slot = Slot::Account(*digest.as_bytes());
            self.claimed_as(slot, Some(archived.cart.clone())).await?;
        }
        self.unload(cart).await;
        self.feed.publish(cart);
        Ok(missing)
    }

    async fn appended(&self, append: Append) -> Result<(), Refusal> {
        let cart = append.cart;
        match self.store.append(append).await? {
            Appended::Done { .. } => Ok(()),
            Appended::Conflict { .. } | Appended::Answered { .. } => {
                Err(Refusal::CartTaken { cart })
            }
        }
    }

    /// Sets a slot that is empty.
    async fn claimed_as(&self, slot: Slot, value: Option<String>) -> Result<(), Refusal> {
        let Some(value) = value.map(String::into_bytes) else { return Ok(()) };
        match self.store.compare_and_set(slot, None, Some(value.clone())).await? {
            SlotOutcome::Conflict { held: Some(held) } if held.value != value => {
                Err(wrong("the claim or the account is taken by another cart here"))
            }
            _ => Ok(()),
        }
    }
}

impl ArchivedAppend {
    fn of(logged: &Logged) -> Self {
        let key = logged.key.map(|key| (format!("{:032x}", key.key), hex::encode(&key.body)));
        Self {
            at_ms: logged.at_ms,
            delta: hex::encode(&logged.delta),
            key,
            note: String::from_utf8_lossy(&logged.note).into_owned(),
        }
    }

    fn logged(&self, revision: u64) -> Result<Logged, Refusal> {
        let key = match &self.key {
            None => None,
            Some((key, body)) => Some(RequestKey {
                key: u128::from_str_radix(key, 16).map_err(|_| wrong("a request key"))?,
                body: unhex(body)?.try_into().map_err(|_| wrong("a request's digest"))?,
            }),
        };
        let (delta, note) = (unhex(&self.delta)?, self.note.clone().into_bytes());
        Ok(Logged { revision, at_ms: self.at_ms, delta, key, note })
    }
}

fn wrong(what: &'static str) -> Refusal {
    Refusal::Archive { what }
}

fn unhex(text: &str) -> Result<Vec<u8>, Refusal> {
    hex::decode(text).ok_or_else(|| wrong("bytes in hexadecimal"))
}
