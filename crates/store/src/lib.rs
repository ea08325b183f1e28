//! The contract of a durable store of carts, and a store in memory.
//!
//! A store keeps bytes and holds to conditions; what the bytes mean is the business of whoever
//! calls it, usually the authority. It keeps, for each cart, a **record**: a revision that counts
//! its appends, a header, a snapshot of the state, and the log of what was appended; and, beside
//! the carts, small **slots** that are compared and set, for claims, leases and who owns which cart.
//!
//! Two words carry the weight:
//!
//! - **Atomic.** An append, a swap, a fold, a removal and an erasure each happen wholly or not at all, also
//!   when the process is killed in the middle, and nobody ever sees a part of one. Of two appends that build on one
//!   revision one is done and the other gets [`Appended::Conflict`].
//! - **Durable.** When the reply says [`Appended::Done`], the append is where a crash of the process, of the machine and a
//!   loss of power leave it: it was synced, or the database said that it was. So with every other reply: what is
//!   loaded, a conflict and an answer tell only of what is durable. A store that cannot promise that
//!   ([`MemoryStore`]) says so in [`Store::is_durable`].
//!
//! At every moment the state of a cart is its [base](Store::base_state) with the deltas of its [log](Store::log), and it is
//! also the snapshot and the tail that [`Store::load`] gives.
//!
//! An error tells what the caller may rely on: after [`StoreError::Unavailable`] and [`StoreError::Full`]
//! nothing has happened; after [`StoreError::Unknown`] it may have, and whoever tries again with the same
//! [`RequestKey`], or the same dots, is told what became of it.
//!
//! The suite that every store has to pass is `conformance` (feature `conformance`).
//!
//! ```
//! use holdall_store::{Append, Appended, Class, MemoryStore, Store};
//! use holdall::CartId;
//! # futures_lite::future::block_on(async {
//! let store = MemoryStore::new(7);
//! let cart = CartId::from_u128(1);
//! let append = Append::new(cart, 0, 1_700_000_000_000, Class::Guest).with_delta(b"a delta".to_vec());
//! assert_eq!(store.append(append.clone()).await?, Appended::Done { revision: 1 });
//! // It builds on revision 0, and that has passed.
//! assert_eq!(store.append(append).await?, Appended::Conflict { revision: 1 });
//! let loaded = store.load(cart).await?.expect("it is there");
//! assert_eq!(loaded.tail, [b"a delta"]);
//! # Ok::<(), holdall_store::StoreError>(())
//! # })?;
//! # Ok::<(), holdall_store::StoreError>(())
//! ```

mod append;
#[cfg(feature = "redis")]
pub mod cached;
mod change_feed;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod checksum;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "embedded")]
pub mod embedded;
mod error;
mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
mod record;
mod retention;
mod slot;
mod store;
mod view_cache;
mod view_keeper;

pub use append::{Append, Appended, RequestKey};
#[cfg(feature = "redis")]
pub use cached::{CacheCounts, RedisViewCache, RedisViewOptions};
pub use change_feed::{ChangeFeed, ChangeListener, LocalFeed};
#[cfg(feature = "embedded")]
pub use embedded::EmbeddedStore;
pub use error::StoreError;
pub use memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use postgres::{PostgresFeed, PostgresOptions, PostgresStore};
pub use record::{Class, Loaded, Logged};
pub use retention::{Compaction, Erased, Idle};
pub use slot::{Slot, SlotOutcome, SlotValue};
pub use store::{Reply, Store};
pub use view_cache::{CacheReply, NoViewCache, ViewCache, ViewKey};
pub use view_keeper::ViewKeeper;
