//! The record of a cart, as a store returns it.

use crate::RequestKey;

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
