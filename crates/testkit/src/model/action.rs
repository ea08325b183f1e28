//! What somebody does, in the words of the shopper's actions.

use super::policy::ModelPolicy;
use holdall::id::CartId;
use holdall::money::Money;

/// One of the two lists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ModelList {
    /// What checkout would buy.
    Active,
    /// Saved for later.
    Saved,
}

impl ModelList {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Active, Self::Saved];

    /// Returns the other list.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Active => Self::Saved,
            Self::Saved => Self::Active,
        }
    }
}

/// One side of a line that a merge shows as two rows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ModelSide {
    /// The account's.
    Account,
    /// That guest's.
    Guest(CartId),
}

/// A row to act on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ModelRowRef<L> {
    /// The line.
    pub line: L,
    /// The list.
    pub shelf: ModelList,
    /// One side of a split line; `None` is the line as a whole.
    pub side: Option<ModelSide>,
}

impl<L> ModelRowRef<L> {
    /// Names the line as a whole, in the active list.
    pub const fn active(line: L) -> Self {
        Self { line, shelf: ModelList::Active, side: None }
    }
}

/// When an action says that it happened, and what breaks ties: its writer, and the writer's count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct ActionStamp {
    /// Milliseconds.
    pub ms: u64,
    /// A count inside them.
    pub count: u32,
    /// The writer.
    pub writer: u128,
    /// The writer's count of its actions.
    pub seq: u64,
}

/// Action of a shopper or a server, in the terms of the model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ModelAction<L> {
    /// Put so many more on a row.
    Add {
        /// The row.
        row: ModelRowRef<L>,
        /// How many.
        units: u64,
        /// The price that was seen.
        price: Option<Money>,
    },
    /// Made a row so many, at least 1.
    Set {
        /// The row.
        row: ModelRowRef<L>,
        /// How many.
        units: u64,
        /// The price that was seen.
        price: Option<Money>,
    },
    /// Took a row out.
    Remove(ModelRowRef<L>),
    /// Took out a whole list.
    Clear(ModelList),
    /// Moved a row to the other list.
    Move(ModelRowRef<L>),
    /// Wrote a register, or cleared it.
    Write {
        /// The row that shows it; `None` is the cart.
        row: Option<ModelRowRef<L>>,
        /// Its name: a note, a gift option, an attribute.
        key: String,
        /// What it says.
        value: Option<String>,
    },
    /// Noted a coupon.
    Coupon(String),
    /// Dropped a coupon.
    Drop(String),
    /// Gave consent, or revoked it.
    Consent(bool),
    /// Bought the active list, under this id.
    Order {
        /// The id.
        id: String,
        /// The most units a row shows.
        ceiling: u64,
    },
    /// Let everything expire.
    Expire,
    /// Merged a guest cart.
    Merge {
        /// The guest cart.
        guest: CartId,
        /// The number of the claim.
        claim: u32,
        /// The policy.
        policy: ModelPolicy<L>,
    },
    /// Took a merge back.
    Unmerge(CartId),
}
