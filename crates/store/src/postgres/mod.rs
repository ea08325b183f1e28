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
//! is older than the tables gets [`StoreError::Foreign`]. Tables that are up to date are only read on opening, so the role that
//! serves needs no right to change them if another has opened the store once.
//!
//! # What is durable
//!
//! An append is done when the server has committed, `synchronous_commit` on: the store turns it on where it was off, and
//! leaves stronger settings. On a server that was told not to sync (`fsync = off`), [`Store::is_durable`] says no. A standby that
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
//! [`Store::erase`] and [`Store::remove`] delete rows; that takes them out of every later query. Their bytes stay in the table's
//! files until `VACUUM` has passed and the pages are used again (`VACUUM FULL` or `pg_repack` write the tables anew), in the
//! write-ahead log and its archive until these are recycled, and in backups and on delayed standbys for as long as those are kept. An
//! erasure that must be complete by a date needs `autovacuum` on and a retention of archive and backups that ends before it.
//!
//! # Other processes
//!
//! A store that somebody [listens](Store::listen) to, as an authority does, keeps one connection more, and says and hears on it which carts have changed, by `LISTEN`
//! and `NOTIFY`, after the fact: no append waits for it. A connection that is lost is made anew after a second, and what was said meanwhile is missed.
//!
//! # Connections
//!
//! TLS is had with a connector: [`PostgresStore::open_with`] takes any that `tokio-postgres` takes, such as that of
//! `tokio-postgres-rustls` or `postgres-native-tls`; this crate brings none. Through a pooler the store needs
//! a session of its own (PgBouncer: `pool_mode = session`), since it sets timeouts and isolation for the session.

mod append;
mod fault;
mod link;
mod notices;
mod options;
mod read;
mod rows;
mod schema;
mod slots;
mod sweep;

pub use link::Tls;
pub use options::PostgresOptions;
/// The client library, for configurations and TLS connectors of its version.
pub use tokio_postgres;

use tokio_postgres::Config;
use tokio_postgres::tls::NoTls;

use super::{
    Append, Appended, Class, Compaction, Erased, Hear, Idle, Loaded, Logged, Reply, Slot,
    SlotOutcome, SlotValue, Store, StoreError,
};
use holdall::id::CartId;
use link::Link;
use notices::Notices;

/// A store on PostgreSQL. See the [module](self).
#[derive(Debug)]
pub struct PostgresStore {
    link: Link,
    notices: Notices,
    incarnation: u128,
    durable: bool,
}

impl PostgresStore {
    /// Opens the store at a server, without TLS, and makes its tables if they are not there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the server cannot be reached or refuses;
    /// [`StoreError::Foreign`] if the tables are a later version's.
    pub async fn open(config: Config, options: PostgresOptions) -> Result<Self, StoreError> {
        Self::open_with(config, NoTls, options).await
    }

    /// Opens the store at a server over TLS, as a connector has it.
    ///
    /// # Errors
    /// As with [`open`](Self::open).
    pub async fn open_with(
        config: Config,
        tls: impl Tls,
        options: PostgresOptions,
    ) -> Result<Self, StoreError> {
        let notices = Notices::new(config.clone(), tls.clone(), &options);
        let link = Link::new(config, tls, options)?;
        let client = link.client().await?;
        let settled = schema::settle(&client).await;
        if !matches!(settled, Ok((_, schema::Mended(false)))) {
            // Its lock, its timeout and perhaps its transaction go with it.
            link::give_up(client);
        }
        let (about, _) = settled?;
        Ok(Self { link, notices, incarnation: about.incarnation, durable: about.durable })
    }

    /// Runs a command, unless the store was closed.
    fn run<'a, T: Send + 'a>(
        &'a self,
        command: impl Future<Output = Result<T, StoreError>> + Send + 'a,
    ) -> Reply<'a, T> {
        Box::pin(async move {
            let _entered = self.link.enter().await?;
            command.await
        })
    }
}

impl Store for PostgresStore {
    fn incarnation(&self) -> u128 {
        self.incarnation
    }

    fn is_durable(&self) -> bool {
        self.durable
    }

    fn load(&self, cart: CartId) -> Reply<'_, Option<Loaded>> {
        self.run(read::load(&self.link, cart))
    }

    fn revision(&self, cart: CartId) -> Reply<'_, Option<u64>> {
        self.run(read::revision(&self.link, cart))
    }

    fn append(&self, append: Append) -> Reply<'_, Appended> {
        self.run(async move {
            let cart = append.cart;
            let appended = append::append(&self.link, append).await?;
            if matches!(appended, Appended::Done { .. }) {
                self.notices.changed(cart);
            }
            Ok(appended)
        })
    }

    fn slot(&self, slot: Slot) -> Reply<'_, Option<SlotValue>> {
        self.run(slots::slot(&self.link, slot))
    }

    fn compare_and_set(
        &self,
        slot: Slot,
        expected: Option<u64>,
        value: Option<Vec<u8>>,
    ) -> Reply<'_, SlotOutcome> {
        self.run(slots::compare_and_set(&self.link, slot, expected, value))
    }

    fn idle(&self, class: Class, before_ms: u64, limit: usize) -> Reply<'_, Vec<Idle>> {
        self.run(read::idle(&self.link, class, before_ms, limit))
    }

    fn carts(&self, after: Option<CartId>, limit: usize) -> Reply<'_, Vec<CartId>> {
        self.run(read::carts(&self.link, after, limit))
    }

    fn log(&self, cart: CartId, after: u64, limit: usize) -> Reply<'_, Vec<Logged>> {
        self.run(read::log(&self.link, cart, after, limit))
    }

    fn find_request(&self, cart: CartId, key: u128) -> Reply<'_, Option<Logged>> {
        self.run(read::find_request(&self.link, cart, key))
    }

    fn base_state(&self, cart: CartId) -> Reply<'_, Option<(u64, Vec<u8>)>> {
        self.run(read::base_state(&self.link, cart))
    }

    fn compact(&self, fold: Compaction) -> Reply<'_, u64> {
        self.run(sweep::compact(&self.link, fold))
    }

    fn remove(&self, cart: CartId, revision: u64) -> Reply<'_, bool> {
        self.run(async move {
            let removed = sweep::remove(&self.link, cart, revision).await?;
            if removed {
                self.notices.changed(cart);
            }
            Ok(removed)
        })
    }

    fn erase(&self, cart: CartId, marker: Vec<u8>, at_ms: u64) -> Reply<'_, Erased> {
        self.run(async move {
            let erased = sweep::erase(&self.link, cart, marker, at_ms).await?;
            self.notices.changed(cart);
            Ok(erased)
        })
    }

    fn listen(&self, hear: Hear) {
        self.notices.listen(hear);
    }

    fn close(&self) -> Reply<'_, ()> {
        Box::pin(async move {
            let closed = self.link.close().await;
            self.notices.end();
            closed
        })
    }
}
