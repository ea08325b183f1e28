//! What goes into a store and comes out of it.

use super::StoreError;
use holdall::id::CartId;
use holdall::limits;

/// What a cart counts as when the sweeper looks for idle ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Class {
    /// Nothing is in it.
    Empty = 0,
    /// A guest's, with something in it.
    Guest = 1,
    /// An account's, with something in it.
    Account = 2,
    /// A server let what was in it expire.
    Expired = 3,
    /// It was erased. It stays, as a marker.
    Erased = 4,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 5] =
        [Self::Empty, Self::Guest, Self::Account, Self::Expired, Self::Erased];

    /// The class of a number, as stores write it.
    #[must_use]
    pub fn from_u8(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|class| *class as u8 == number)
    }
}

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

    /// The same with a delta.
    #[must_use]
    pub fn with_delta(mut self, delta: Vec<u8>) -> Self {
        self.delta = delta;
        self
    }

    /// The same with a snapshot.
    #[must_use]
    pub fn with_snapshot(mut self, snapshot: Vec<u8>) -> Self {
        self.snapshot = Some(snapshot);
        self
    }

    /// The same with a header.
    #[must_use]
    pub fn with_header(mut self, header: Vec<u8>) -> Self {
        self.header = Some(header);
        self
    }

    /// The same for a request.
    #[must_use]
    pub const fn with_key(mut self, key: RequestKey) -> Self {
        self.key = Some(key);
        self
    }

    /// The same with a note for the journal.
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

/// Holds a length to its limit.
pub(super) fn within(what: &'static str, bytes: usize, limit: usize) -> Result<(), StoreError> {
    if bytes > limit { Err(StoreError::TooLarge { what, bytes, limit }) } else { Ok(()) }
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

/// One append, as the log keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Logged {
    /// The cart's revision with it.
    pub revision: u64,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// What the state gained.
    pub delta: Vec<u8>,
    /// The request it carried out.
    pub key: Option<RequestKey>,
    /// What the journal says of it.
    pub note: Vec<u8>,
}

/// A cart's record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loaded {
    /// How often it was appended to.
    pub revision: u64,
    /// Its last activity, in milliseconds since 1970.
    pub at_ms: u64,
    /// What it counts as.
    pub class: Class,
    /// Its header; empty if it never got one.
    pub header: Vec<u8>,
    /// The latest snapshot of its state.
    pub snapshot: Option<Vec<u8>>,
    /// What the state gained since, oldest first, without the empty ones.
    pub tail: Vec<Vec<u8>>,
}

/// Something small that is compared and set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Slot {
    /// Which account a guest cart belongs to.
    Claim(CartId),
    /// Who has a checkout of a cart open, and until when.
    Lease(CartId),
    /// Which cart an account has, by a digest of the account's name.
    Account([u8; 32]),
}

impl Slot {
    /// The slot as stores write it: its kind, and 16 or 32 bytes.
    #[must_use]
    pub fn name(&self) -> (u8, Vec<u8>) {
        match self {
            Self::Claim(cart) => (1, cart.as_u128().to_be_bytes().to_vec()),
            Self::Lease(cart) => (2, cart.as_u128().to_be_bytes().to_vec()),
            Self::Account(digest) => (3, digest.to_vec()),
        }
    }
}

/// What a slot holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlotValue {
    /// The version, for the next swap. A slot never has one twice.
    pub version: u64,
    /// The value.
    pub value: Vec<u8>,
}

/// What became of a swap.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use = "it may not have been done"]
pub enum SlotOutcome {
    /// It is durable.
    Done {
        /// The slot's version now; `None` if it was cleared.
        version: Option<u64>,
    },
    /// The slot was not as expected. Nothing was changed.
    Conflict {
        /// What it holds.
        held: Option<SlotValue>,
    },
}

/// A cart that nothing has happened to for a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Idle {
    /// The cart.
    pub cart: CartId,
    /// Its last activity, in milliseconds since 1970.
    pub at_ms: u64,
    /// Its revision.
    pub revision: u64,
}

/// A part of a cart's log to let go of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compaction {
    /// The cart.
    pub cart: CartId,
    /// The last revision to fold. It is no later than the cart's own, and later than what was folded before.
    pub through: u64,
    /// The state as it was at that revision.
    pub base: Vec<u8>,
}

impl Compaction {
    /// Holds the base to [`limits::MESSAGE_BYTES`]. Every store does so first.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub fn within_limits(&self) -> Result<(), StoreError> {
        within("a base", self.base.len(), limits::MESSAGE_BYTES)
    }
}

/// What an erasure took away.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Erased {
    /// Appends, with their keys and what the journal said of them.
    pub appends: u64,
    /// Bytes of header, snapshots, base and log.
    pub bytes: u64,
}
