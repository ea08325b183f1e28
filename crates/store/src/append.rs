//! An append to a cart's record, and its outcome.

use crate::error::within;
use crate::{Class, Logged, StoreError};
use holdall::id::CartId;
use holdall::limits;

/// The name of a request, minted by its client, and what it asked for: the same request again is told
/// from another one under the same name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RequestKey {
    /// The client's name for it: 128 random bits. It is looked up among the keys of one cart.
    pub key: u128,
    /// A digest of what was asked for, and by whom.
    pub body: [u8; 32],
}

/// What to append to a cart's record, and on which condition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Append {
    /// The cart.
    pub cart: CartId,
    /// The revision it builds on; 0 if the cart is not there yet.
    pub expected: u64,
    /// When, in milliseconds since 1970: the cart's last activity.
    pub at_ms: u64,
    /// What the cart counts as from now on.
    pub class: Class,
    /// What the state gains. Empty: nothing.
    pub delta: Vec<u8>,
    /// The whole state with it. The record's tail begins anew then.
    pub snapshot: Option<Vec<u8>>,
    /// The header from now on. `None`: as it was.
    pub header: Option<Vec<u8>>,
    /// The request this carries out.
    pub key: Option<RequestKey>,
    /// What the journal says of it: who, what, with which outcome.
    pub note: Vec<u8>,
}

impl Append {
    /// An append of nothing yet.
    #[must_use]
    pub const fn new(cart: CartId, expected: u64, at_ms: u64, class: Class) -> Self {
        Self {
            cart,
            expected,
            at_ms,
            class,
            delta: Vec::new(),
            snapshot: None,
            header: None,
            key: None,
            note: Vec::new(),
        }
    }

    /// Adds a delta to the append.
    #[must_use]
    pub fn with_delta(mut self, delta: Vec<u8>) -> Self {
        self.delta = delta;
        self
    }

    /// Adds a snapshot of the whole state to the append.
    #[must_use]
    pub fn with_snapshot(mut self, snapshot: Vec<u8>) -> Self {
        self.snapshot = Some(snapshot);
        self
    }

    /// Replaces the header of the record with the append.
    #[must_use]
    pub fn with_header(mut self, header: Vec<u8>) -> Self {
        self.header = Some(header);
        self
    }

    /// Names the request that the append carries out.
    #[must_use]
    pub const fn with_key(mut self, key: RequestKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Adds a note for the journal to the append.
    #[must_use]
    pub fn with_note(mut self, note: Vec<u8>) -> Self {
        self.note = note;
        self
    }

    /// Holds each part to [`limits::MESSAGE_BYTES`]. Every store does so first.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub fn within_limits(&self) -> Result<(), StoreError> {
        let Self { delta, snapshot, header, note, .. } = self;
        let part = |what, bytes: Option<&Vec<u8>>| {
            within(what, bytes.map_or(0, Vec::len), limits::MESSAGE_BYTES)
        };
        part("a delta", Some(delta))?;
        part("a snapshot", snapshot.as_ref())?;
        part("a header", header.as_ref())?;
        part("a note", Some(note))
    }
}

/// What became of an append.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use = "it may not have been done"]
pub enum Appended {
    /// It is durable.
    Done {
        /// The cart's revision with it.
        revision: u64,
    },
    /// The cart is not at the revision that it builds on. Nothing was changed: load it, and decide anew.
    Conflict {
        /// Where it is; 0 if it is not there.
        revision: u64,
    },
    /// Its request key was used in this cart already. Nothing was changed.
    Answered {
        /// What was appended then.
        then: Logged,
    },
}
