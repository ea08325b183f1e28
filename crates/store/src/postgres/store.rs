//! The store: each call is one command of the pool.

use tokio_postgres::Config;
use tokio_postgres::tls::NoTls;

use super::link::{self, Link, Tls};
use super::options::PostgresOptions;
use super::{append, read, schema, slots, sweep};
use crate::{
    Append, Appended, Class, Compaction, Erased, Idle, Loaded, Logged, Reply, Slot, SlotOutcome,
    SlotValue, Store, StoreError,
};
use holdall::id::CartId;

/// A store on PostgreSQL. See the [module](super).
#[derive(Debug)]
pub struct PostgresStore {
    link: Link,
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
        let link = Link::new(config, tls, options)?;
        let client = link.client().await?;
        let settled = schema::settle(&client).await;
        if !matches!(settled, Ok((_, schema::Mended(false)))) {
            // Its lock, its timeout and perhaps its transaction go with it.
            link::give_up(client);
        }
        let (about, _) = settled?;
        Ok(Self { link, incarnation: about.incarnation, durable: about.durable })
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
        self.run(append::append(&self.link, append))
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
        self.run(sweep::remove(&self.link, cart, revision))
    }

    fn erase(&self, cart: CartId, marker: Vec<u8>, at_ms: u64) -> Reply<'_, Erased> {
        self.run(sweep::erase(&self.link, cart, marker, at_ms))
    }

    fn close(&self) -> Reply<'_, ()> {
        Box::pin(self.link.close())
    }
}
