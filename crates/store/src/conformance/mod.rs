//! What every durable store must keep, clause by clause; what a view cache and a change feed must
//! keep; and stores that fail on cue.
//!
//! Whoever writes a [`Store`](crate::Store) says how one is made, and how the same one is opened again, in an
//! [`Opener`], and calls [`certify`] in a test. Every clause of the contract is asked of a store
//! of its own, empty when the clause begins. The report names the clauses that broke, and says in
//! words what was seen.
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU64, Ordering};
//! use holdall_store::{MemoryStore, Store, StoreError};
//! use holdall_store::conformance::{certify, Opener};
//!
//! struct Memory(AtomicU64);
//!
//! impl Opener for Memory {
//!     fn create(&self) -> Result<Arc<dyn Store>, StoreError> {
//!         let incarnation = self.0.fetch_add(1, Ordering::Relaxed);
//!         Ok(Arc::new(MemoryStore::new(incarnation.into())))
//!     }
//! }
//!
//! certify(&Memory(AtomicU64::new(1)));
//! ```

mod again;
mod appends;
mod change_feed;
mod clause;
mod ends;
mod faulty;
mod folds;
mod memory_view_cache;
mod opener;
mod races;
mod random;
mod scans;
mod slots;
mod stage;
mod suite;
mod view_cache;

pub use change_feed::certify_change_feed;
pub use clause::Clause;
pub use faulty::{Call, Fault, Faulty};
pub use memory_view_cache::MemoryViewCache;
pub use opener::{Opener, Work};
pub use suite::{Broken, Conformance, certify, conformance};
pub use view_cache::certify_view_cache;
