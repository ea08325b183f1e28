//! The way to the server: connections, deadlines, one statement and its rows.

use std::fmt;
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime,
};
use tokio::sync::{RwLock, RwLockReadGuard};
use tokio::time::timeout;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, Row, Socket};

use super::fault::{self, Effect};
use super::options::PostgresOptions;
use crate::StoreError;
use holdall::id::CartId;

/// The parameters of a statement.
pub(super) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

pub(super) struct Link {
    pool: Pool,
    options: PostgresOptions,
    /// Whether it was closed. Commands hold it for reading, so that closing waits for them.
    gate: RwLock<bool>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("options", &self.options).finish_non_exhaustive()
    }
}

/// What every connection is told first. Conditions on rows are looked at again after waiting for a lock
/// only in `read committed`; a commit that is not synced is not durable. Stronger settings stay.
fn greeting(options: &PostgresOptions) -> String {
    format!(
        "SET statement_timeout = {}; SET default_transaction_isolation = 'read committed'; \
         SELECT set_config('synchronous_commit', 'on', false) \
         WHERE current_setting('synchronous_commit') = 'off'",
        options.statement.as_millis().max(1)
    )
}

/// What a connector of `tokio-postgres` for TLS is, if connections may be made from any thread. It is one by being that.
pub trait Tls:
    MakeTlsConnect<
        Socket,
        Stream: Send + Sync,
        TlsConnect: TlsConnect<Socket, Future: Send> + Send + Sync,
    > + Clone
    + Send
    + Sync
    + 'static
{
}

impl<T> Tls for T where
    T: MakeTlsConnect<
            Socket,
            Stream: Send + Sync,
            TlsConnect: TlsConnect<Socket, Future: Send> + Send + Sync,
        > + Clone
        + Send
        + Sync
        + 'static
{
}

impl Link {
    pub(super) fn new(
        config: Config,
        tls: impl Tls,
        options: PostgresOptions,
    ) -> Result<Self, StoreError> {
        // A connection that was closed is noticed without asking the server.
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(config, tls, recycling);
        let greeting = greeting(&options);
        let greet = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
            let greeting = greeting.clone();
            Box::pin(
                async move { client.batch_execute(&greeting).await.map_err(HookError::Backend) },
            )
        });
        let pool = Pool::builder(manager)
            .max_size(options.connections.max(1))
            .runtime(Runtime::Tokio1)
            .post_create(greet)
            .build()
            .map_err(StoreError::unavailable)?;
        Ok(Self { pool, options, gate: RwLock::new(false) })
    }

    /// Lets a command in, until the guard is dropped.
    pub(super) async fn enter(&self) -> Result<RwLockReadGuard<'_, bool>, StoreError> {
        let gate = self.gate.read().await;
        if *gate { Err(StoreError::Closed) } else { Ok(gate) }
    }

    /// Waits for the commands that are in, and lets in no more.
    pub(super) async fn close(&self) -> Result<(), StoreError> {
        let mut gate = self.gate.write().await;
        if *gate {
            return Err(StoreError::Closed);
        }
        *gate = true;
        self.pool.close();
        Ok(())
    }

    /// A connection, within its time.
    pub(super) async fn client(&self) -> Result<Object, StoreError> {
        match timeout(self.options.connect, self.pool.get()).await {
            Ok(Ok(client)) => Ok(client),
            Ok(Err(error)) => Err(StoreError::unavailable(error)),
            Err(late) => {
                Err(StoreError::unavailable(Late::new("connection", self.options.connect, late)))
            }
        }
    }

    /// Asks for what changes nothing.
    pub(super) async fn read(
        &self,
        cart: Option<CartId>,
        sql: &'static str,
        values: Values<'_>,
    ) -> Result<Vec<Row>, StoreError> {
        self.ask(sql, values, Effect::Reads, cart).await
    }

    /// Sends one statement that writes: wholly or not at all.
    pub(super) async fn write(
        &self,
        cart: Option<CartId>,
        sql: &'static str,
        values: Values<'_>,
    ) -> Result<Vec<Row>, StoreError> {
        self.ask(sql, values, Effect::Writes, cart).await
    }

    /// One statement, in one round trip once this connection knows it.
    async fn ask(
        &self,
        sql: &'static str,
        values: Values<'_>,
        effect: Effect,
        cart: Option<CartId>,
    ) -> Result<Vec<Row>, StoreError> {
        let client = self.client().await?;
        let time = self.options.statement + PostgresOptions::GRACE;
        let statement = match timeout(time, client.prepare_cached(sql)).await {
            Ok(prepared) => prepared.map_err(fault::unsent)?,
            Err(late) => {
                give_up(client);
                return Err(StoreError::unavailable(Late::new("answer", time, late)));
            }
        };
        if client.is_closed() {
            return Err(StoreError::unavailable(Gone));
        }
        // The rows end with the server's word that the transaction is over: the commit is in it.
        match timeout(time, client.query(&statement, values)).await {
            Ok(rows) => rows.map_err(|error| fault::sent(error, effect, cart)),
            Err(late) => {
                give_up(client);
                Err(fault::lost(Late::new("answer", time, late), effect))
            }
        }
    }
}

/// Takes a connection that does not answer out of the pool: the next command would wait behind this one.
pub(super) fn give_up(client: Object) {
    drop(Object::take(client));
}

/// What did not come in its time.
#[derive(Debug, thiserror::Error)]
#[error("no {what} from the server within {} ms", within.as_millis())]
struct Late {
    what: &'static str,
    within: Duration,
    #[source]
    source: tokio::time::error::Elapsed,
}

impl Late {
    const fn new(
        what: &'static str,
        within: Duration,
        source: tokio::time::error::Elapsed,
    ) -> Self {
        Self { what, within, source }
    }
}

/// The server hung up before anything was asked.
#[derive(Debug, thiserror::Error)]
#[error("the connection was closed by the server")]
struct Gone;
