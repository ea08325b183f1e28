//! Live entries in memory: sorted rows of numbers, and tables that explain the numbers.
//!
//! The rest of the crate goes through [`Entries`], the whole set, and [`Fact`], one entry where it
//! is held. Only `wire` also names rows and tables, since its bytes follow their layout.

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
pub(crate) use tables::{Authorship, EntryTables, NONE, Price, Table};
