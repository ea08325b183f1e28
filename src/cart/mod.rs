//! The replicated cart: its state, its join, its deltas, and the shopper's verbs.
//!
//! A state maps every [`Dot`](crate::Dot) to `Unseen < Live(entry) < Dead`. [`Cart::join`] takes
//! the maximum for each dot, so it is commutative, associative and idempotent, whatever the entries
//! mean. A state is stored as its live entries and a context, which covers the live and the dead
//! dots; there are no tombstones. [`view`](mod@crate::view) computes what the entries mean for a
//! shopper, and [`sync`](crate::sync) moves them between replicas.

mod delta;
mod digest;
mod entry;
mod exchange;
pub mod kind_numbers;
mod merge_policy;
mod observed;
mod packed;
mod removal;
mod replaced_dots;
mod state;
mod verbs;

pub use delta::{Delta, DeltaError};
pub use digest::Fingerprint;
pub(crate) use entry::ascends;
pub use entry::{
    Body, ConsumedUnits, Entry, Gift, GuestMerge, GuestUnmerge, List, OrderPlaced, OrderedUnits,
    Preserved, PreservedDeduction, PreservedPlacement, Register, RegisterKey, SeenMerges,
    SetQuantity, SetSideEffects,
};
pub use exchange::Have;
pub use merge_policy::{
    LinePolicy, LosingUnits, MergePolicy, Override, PolicyError, RuleRef, SkuPattern,
};
pub(crate) use observed::latest;
pub use observed::{ActionTarget, Claim, ObservedRow, OrderKey, Snapshot};
pub(crate) use packed::{
    Authorship, BodySlot, DecodedEntries, EntryIndices, EntryTables, NONE, PackedEntry, SmallTable,
    SortedPrice,
};
pub use packed::{Entries, EntryKind, EntryRef};
pub(crate) use removal::Removal;
pub use replaced_dots::ReplacedDots;
pub(crate) use replaced_dots::{RunsBuilder, WriterRunList, WriterRuns};
pub use state::{Cart, JoinReport, WrongCart};
pub use verbs::{Stamp, VerbError};
