//! The store on PostgreSQL (13 or later).
//!
//! ```no_run
//! use holdall_store::{PostgresOptions, PostgresStore, Store};
//! # async fn open() -> Result<(), Box<dyn std::error::Error>> {
//! let config = "host=db.internal user=carts dbname=shop".parse()?;
//! let store = PostgresStore::open(config, PostgresOptions::default()).await?;
//! assert!(store.is_durable());
//! # Ok(())
//! # }
//! ```
//!
//! Its calls are to be made within a `tokio` runtime.
//!
//! # One round trip
//!
//! A command is one prepared statement, and so one round trip and one commit: an append is a conditional update of the
//! cart's row, of whose result the log's row and the snapshot are made, and whose answer also says whether the request was
//! answered before, or where the cart is. Only an append or swap that loses a race while it runs takes a second look; a
//! removal and an erasure first read what they are about; and the first use of a statement on a connection
//! prepares it. The server puts the commits of many connections into one sync by itself.
//!
//! # Tables
//!
//! They are made when a store is opened, in the first schema of the role's `search_path`: one store a schema. Later versions
//! bring them up to date when they open the store, one process at a time, under an advisory lock; a version that
//! is older than the tables gets [`StoreError::Foreign`](crate::StoreError::Foreign). Tables that are up to date are only read on opening, so the role that
//! serves needs no right to change them if another has opened the store once.
//!
//! # What is durable
//!
//! An append is done when the server has committed, `synchronous_commit` on: the store turns it on where it was off, and
//! leaves stronger settings. On a server that was told not to sync (`fsync = off`), [`Store::is_durable`](crate::Store::is_durable) says no. A standby that
//! takes over without synchronous replication may lack the last commits; the library cannot see that. Mint a new incarnation then.
//!
//! # Restoring a backup
//!
//! Carts come back as they were, and whoever wrote to them since has given out dots that the backup knows nothing of. So,
//! before anything is served from it, mint a new incarnation, and restart what had the store open:
//!
//! ```sql
//! UPDATE holdall_store SET incarnation = gen_random_uuid();
//! ```
//!
//! # Erasure
//!
//! [`Store::erase`](crate::Store::erase) and [`Store::remove`](crate::Store::remove) delete rows; that takes them out of every later query. Their bytes stay in the table's
//! files until `VACUUM` has passed and the pages are used again (`VACUUM FULL` or `pg_repack` write the tables anew), in the
//! write-ahead log and its archive until these are recycled, and in backups and on delayed standbys for as long as those are kept. An
//! erasure that must be complete by a date needs `autovacuum` on and a retention of archive and backups that ends before it.
//!
//! # Other processes
//!
//! A [`PostgresFeed`] tells other processes which carts have changed, and hears it from them, by
//! `LISTEN` and `NOTIFY` on one connection of its own. It does so after the change is durable, so no
//! append waits for it. A lost connection is made anew after a second; changes of that second may be
//! missed.
//!
//! # Connections
//!
//! TLS is had with a connector: [`PostgresStore::open_with`] takes any that `tokio-postgres` takes, such as that of
//! `tokio-postgres-rustls` or `postgres-native-tls`; this crate brings none. Through a pooler the store needs
//! a session of its own (PgBouncer: `pool_mode = session`), since it sets timeouts and isolation for the session.

mod append;
mod fault;
mod feed;
mod link;
mod options;
mod read;
mod rows;
mod schema;
mod slots;
mod store;
mod sweep;

pub use feed::PostgresFeed;
pub use link::Tls;
pub use options::PostgresOptions;
pub use store::PostgresStore;
/// The client library, for configurations and TLS connectors of its version.
pub use tokio_postgres;
