//! A store under one clause: its calls, waited for, with what went wrong in words.

use std::fmt::Debug;
use std::sync::Arc;

use super::opener::Opener;
use crate::{
    Append, Appended, Class, Compaction, Erased, Idle, Loaded, Logged, Reply, RequestKey, Slot,
    SlotOutcome, SlotValue, Store, StoreError,
};
use holdall::id::CartId;

/// What was seen that breaks a clause.
pub(super) type Finding = String;

/// What a clause comes to.
pub(super) type Verdict = Result<(), Finding>;

/// A time at which things happen, in milliseconds since 1970.
pub(super) const NOON_MS: u64 = 1_700_000_000_000;

/// Longest value that is shown in a finding, in characters.
const SHOWN_CHARS: usize = 400;

pub(super) struct Stage<'a> {
    pub(super) opener: &'a dyn Opener,
    pub(super) store: Arc<dyn Store>,
}

impl<'a> Stage<'a> {
    pub(super) fn new(opener: &'a dyn Opener) -> Result<Self, Finding> {
        let store = opener.create().map_err(|error| failed("a new store", &error))?;
        Ok(Self { opener, store })
    }

    /// Opens the store again, without having closed it.
    pub(super) fn reopened(self) -> Result<Self, Finding> {
        let Self { opener, store } = self;
        drop(store);
        let store = opener.reopen().map_err(|error| failed("opening it again", &error))?;
        Ok(Self { opener, store })
    }

    pub(super) fn wait<T: Send>(&self, reply: Reply<'_, T>) -> Result<T, StoreError> {
        let mut result = None;
        self.opener.block_on(Box::pin(async { result = Some(reply.await) }));
        result.unwrap_or_else(|| Err(StoreError::unavailable("block_on came back too early")))
    }

    fn ask<T: Send>(&self, call: &str, reply: Reply<'_, T>) -> Result<T, Finding> {
        self.wait(reply).map_err(|error| failed(call, &error))
    }

    pub(super) fn append(&self, append: Append) -> Result<Appended, Finding> {
        self.ask("append", self.store.append(append))
    }

    /// An append that has to be done, at the next revision.
    pub(super) fn done(&self, append: Append) -> Verdict {
        let revision = append.expected + 1;
        let what = format!("an append that builds on revision {}", append.expected);
        same(&what, &self.append(append)?, &Appended::Done { revision })
    }

    pub(super) fn load(&self, cart: CartId) -> Result<Option<Loaded>, Finding> {
        self.ask("load", self.store.load(cart))
    }

    /// The record of a cart that has to be there.
    pub(super) fn loaded(&self, cart: CartId) -> Result<Loaded, Finding> {
        self.load(cart)?.ok_or_else(|| format!("load: cart {cart} is not there"))
    }

    pub(super) fn revision(&self, cart: CartId) -> Result<Option<u64>, Finding> {
        self.ask("revision", self.store.revision(cart))
    }

    pub(super) fn slot(&self, slot: Slot) -> Result<Option<SlotValue>, Finding> {
        self.ask("slot", self.store.slot(slot))
    }

    pub(super) fn compare_and_set(
        &self,
        slot: Slot,
        expected: Option<u64>,
        value: Option<&[u8]>,
    ) -> Result<SlotOutcome, Finding> {
        self.ask("swap", self.store.compare_and_set(slot, expected, value.map(<[u8]>::to_vec)))
    }

    /// The version of a swap that has to be done.
    pub(super) fn set(
        &self,
        slot: Slot,
        expected: Option<u64>,
        value: &[u8],
    ) -> Result<u64, Finding> {
        match self.compare_and_set(slot, expected, Some(value))? {
            SlotOutcome::Done { version: Some(version) } => Ok(version),
            other => Err(format!("a swap from {expected:?}, which the slot is at: {other:?}")),
        }
    }

    pub(super) fn idle(
        &self,
        class: Class,
        before_ms: u64,
        limit: usize,
    ) -> Result<Vec<Idle>, Finding> {
        self.ask("idle", self.store.idle(class, before_ms, limit))
    }

    pub(super) fn carts(
        &self,
        after: Option<CartId>,
        limit: usize,
    ) -> Result<Vec<CartId>, Finding> {
        self.ask("carts", self.store.carts(after, limit))
    }

    pub(super) fn log(
        &self,
        cart: CartId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Logged>, Finding> {
        self.ask("log", self.store.log(cart, after, limit))
    }

    /// The revisions in a cart's log.
    pub(super) fn revisions(&self, cart: CartId, after: u64) -> Result<Vec<u64>, Finding> {
        Ok(self.log(cart, after, usize::MAX)?.iter().map(|one| one.revision).collect())
    }

    pub(super) fn base_state(&self, cart: CartId) -> Result<Option<(u64, Vec<u8>)>, Finding> {
        self.ask("base", self.store.base_state(cart))
    }

    pub(super) fn compact(&self, cart: CartId, through: u64, base: &[u8]) -> Result<u64, Finding> {
        let base = base.to_vec();
        self.ask("fold", self.store.compact(Compaction { cart, through, base }))
    }

    pub(super) fn remove(&self, cart: CartId, revision: u64) -> Result<bool, Finding> {
        self.ask("remove", self.store.remove(cart, revision))
    }

    pub(super) fn erase(&self, cart: CartId, marker: &[u8], at_ms: u64) -> Result<Erased, Finding> {
        self.ask("erase", self.store.erase(cart, marker.to_vec(), at_ms))
    }

    pub(super) fn close(&self) -> Verdict {
        self.ask("close", self.store.close())
    }
}

fn failed(call: &str, error: &StoreError) -> Finding {
    let mut text = format!("{call} failed: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

/// Holds what was seen to what was wanted.
pub(super) fn same<T: PartialEq + Debug>(what: &str, seen: &T, wanted: &T) -> Verdict {
    if seen == wanted {
        return Ok(());
    }
    let short = |value: &T| {
        let text = format!("{value:?}");
        match text.char_indices().nth(SHOWN_CHARS) {
            Some((at, _)) => format!("{}... ({} characters)", &text[..at], text.len()),
            None => text,
        }
    };
    Err(format!("{what}: seen {}, wanted {}", short(seen), short(wanted)))
}

pub(super) fn cart(number: u128) -> CartId {
    // Apart in their first bytes, so that no order of arrival is the order of ids.
    CartId::from_u128(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

/// An append of a guest's delta.
pub(super) fn delta(cart: CartId, expected: u64, bytes: &[u8]) -> Append {
    Append::new(cart, expected, NOON_MS + expected, Class::Guest).with_delta(bytes.to_vec())
}

pub(super) const fn key(number: u128) -> RequestKey {
    RequestKey { key: number, body: [number as u8; 32] }
}

/// Returns the first finding of several threads.
pub(super) fn first(findings: impl IntoIterator<Item = Verdict>) -> Result<(), Finding> {
    findings.into_iter().collect()
}
