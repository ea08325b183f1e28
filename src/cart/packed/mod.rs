//! Live entries in memory: sorted rows of numbers, and tables that the numbers refer to.
//!
//! The rest of the crate uses [`Entries`], the whole set, and [`EntryRef`], one entry in place.
//! Only `wire` also uses rows and tables, since its bytes follow their layout.

mod body_slot;
mod by_line;
mod edit;
mod entries;
mod kinds;
mod line_filter;
mod row;
mod tables;

pub(crate) use body_slot::BodySlot;
pub use entries::Entries;
pub use kinds::EntryKind;
pub use row::EntryRef;
pub(crate) use row::{DecodedEntries, EntryIndices, PackedEntry};
pub(crate) use tables::{Authorship, EntryTables, NONE, SmallTable, SortedPrice};
