//! The feed of changes between processes over one database.
//!
//! `NOTIFY` within an append would slow every append: commits that notify take turns in the whole
//! server, sync included. So the feed notifies after the commit, on a connection of its own, for all
//! carts at once that have changed while the last notice was under way and in the 4 ms after it. What
//! is lost with a process or a connection is not sent again; subscribers poll as well.

use std::collections::HashSet;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_postgres::{AsyncMessage, Client, Config, Error, NoTls};

use super::link::Tls;
use super::options::PostgresOptions;
use crate::{ChangeFeed, ChangeListener, LocalFeed};
use holdall::id::CartId;
use holdall::limits;

/// A notice is no more durable than whoever waits for it.
const LISTEN: &str = "SET synchronous_commit = off; LISTEN holdall_changed";
const OWN: &str = "SELECT pg_backend_pid()";
const NOTIFY: &str = "SELECT pg_notify('holdall_changed', $1)";

/// How long a connection that was lost is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// From one notice to the next: a notice is a transaction too. A change after a quiet moment is told at once, and nobody sees
/// the difference of a quarter of a frame.
const BREATH: Duration = Duration::from_millis(4);

/// Carts that one notice names: each is 36 bytes and a space, and a notice of the server's has at most 8,000 bytes.
const CARTS_OF_NOTICE: usize = 200;

/// Carts that are still to be told of.
#[derive(Default)]
struct Pending {
    carts: Mutex<HashSet<CartId>>,
    more: Notify,
}

impl Pending {
    /// As many as go into one notice.
    fn some(&self) -> Vec<String> {
        let mut carts = self.carts.lock().unwrap_or_else(PoisonError::into_inner);
        let some: Vec<CartId> = carts.iter().take(CARTS_OF_NOTICE).copied().collect();
        for cart in &some {
            carts.remove(cart);
        }
        some.iter().map(CartId::to_string).collect()
    }
}

/// The feed of changes over one PostgreSQL database, for any number of processes.
///
/// It keeps one connection for as long as it exists. A publisher needs it as much as a subscriber
/// does.
///
/// ```no_run
/// use std::sync::Arc;
/// use holdall_store::{ChangeFeed, PostgresFeed, PostgresOptions};
/// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
/// let config = "host=db.internal user=carts dbname=shop".parse()?;
/// let feed = PostgresFeed::new(config, &PostgresOptions::default());
/// feed.subscribe(Arc::new(|cart| println!("cart {cart} has changed")));
/// # Ok(())
/// # }
/// ```
pub struct PostgresFeed {
    local: Arc<LocalFeed>,
    pending: Arc<Pending>,
    exchange: JoinHandle<()>,
}

impl fmt::Debug for PostgresFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresFeed").finish_non_exhaustive()
    }
}

impl Drop for PostgresFeed {
    fn drop(&mut self) {
        self.exchange.abort();
    }
}

impl PostgresFeed {
    /// Starts the feed of a database, without TLS. It connects in a task of the current `tokio`
    /// runtime, and connects again a second after the connection is lost.
    ///
    /// # Panics
    /// Outside a `tokio` runtime.
    #[must_use]
    pub fn new(config: Config, options: &PostgresOptions) -> Self {
        Self::new_with(config, NoTls, options)
    }

    /// Starts the feed of a database over TLS, by a connector.
    ///
    /// # Panics
    /// Outside a `tokio` runtime.
    #[must_use]
    pub fn new_with(config: Config, tls: impl Tls, options: &PostgresOptions) -> Self {
        let (local, pending) = (Arc::<LocalFeed>::default(), Arc::<Pending>::default());
        let (heard, queue, within) = (local.clone(), pending.clone(), options.connect);
        let exchange = Handle::current().spawn(async move {
            loop {
                // Why it ended is of no use here: commands on other connections fail for the same
                // reason and report it.
                let _ = converse(&config, tls.clone(), within, &queue, &heard).await;
                sleep(PAUSE).await;
            }
        });
        Self { local, pending, exchange }
    }
}

impl ChangeFeed for PostgresFeed {
    fn publish(&self, cart: CartId) {
        self.local.publish(cart);
        let mut carts = self.pending.carts.lock().unwrap_or_else(PoisonError::into_inner);
        if carts.len() < limits::CHANGES_UNTOLD {
            carts.insert(cart);
            self.pending.more.notify_one();
        }
    }

    fn subscribe(&self, listener: ChangeListener) {
        self.local.subscribe(listener);
    }

    fn close(&self) {
        self.exchange.abort();
    }
}

/// Tells and hears until the connection is lost.
async fn converse(
    config: &Config,
    tls: impl Tls,
    within: Duration,
    pending: &Pending,
    heard: &LocalFeed,
) -> Result<(), Error> {
    let Ok(connected) = timeout(within, config.connect(tls)).await else { return Ok(()) };
    let (client, mut connection) = connected?;
    let own = AtomicI32::new(0);
    let mut hearing = pin!(async {
        while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notification(notice) = message?
                && notice.process_id() != own.load(Ordering::Relaxed)
            {
                deliver(notice.payload(), heard);
            }
        }
        Ok(())
    });
    let mut telling = pin!(telling(&client, pending, &own));
    poll_fn(|cx| match hearing.as_mut().poll(cx) {
        Poll::Pending => telling.as_mut().poll(cx),
        ended => ended,
    })
    .await
}

/// Tells the subscribers of a notice. Only processes of this crate write notices; what is not an id
/// is skipped all the same.
fn deliver(payload: &str, heard: &LocalFeed) {
    payload.split(' ').filter_map(|cart| cart.parse().ok()).for_each(|cart| heard.publish(cart));
}

async fn telling(client: &Client, pending: &Pending, own: &AtomicI32) -> Result<(), Error> {
    own.store(client.query_one(OWN, &[]).await?.try_get(0)?, Ordering::Relaxed);
    client.batch_execute(LISTEN).await?;
    let notify = client.prepare(NOTIFY).await?;
    loop {
        let some = pending.some();
        if some.is_empty() {
            pending.more.notified().await;
        } else {
            client.execute(&notify, &[&some.join(" ")]).await?;
            sleep(BREATH).await;
        }
    }
}
