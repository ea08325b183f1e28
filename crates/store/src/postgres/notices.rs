//! Telling other processes over the same database that carts have changed, and hearing it from them.
//!
//! `NOTIFY` within an append would do it too, and cost every append dearly: commits that notify take turns in the whole server, sync
//! and all. So it is said after the commit, on a connection of its own, for all carts at once that have changed while the last such statement
//! was under way, and in the moment after it. What is lost with a process or a connection is not said again: whoever waits looks now and then anyway.

use std::collections::HashSet;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_postgres::{AsyncMessage, Client, Config, Error};

use super::link::Tls;
use super::options::PostgresOptions;
use crate::Hear;
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

/// The connection on which notices go and come.
pub(super) struct Notices {
    /// What begins to listen, once somebody wants to hear.
    begin: Box<dyn Fn(Arc<Pending>, Hear) -> JoinHandle<()> + Send + Sync>,
    pending: Arc<Pending>,
    listening: OnceLock<JoinHandle<()>>,
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notices").finish_non_exhaustive()
    }
}

impl Drop for Notices {
    fn drop(&mut self) {
        self.end();
    }
}

impl Notices {
    /// To be made within a `tokio` runtime.
    pub(super) fn new(config: Config, tls: impl Tls, options: &PostgresOptions) -> Self {
        let (runtime, within) = (Handle::current(), options.connect);
        let begin = move |pending: Arc<Pending>, hear: Hear| {
            let (config, tls) = (config.clone(), tls.clone());
            runtime.spawn(async move {
                loop {
                    // Why it ended is of no use to anybody: commands on other connections meet the same, and tell.
                    let _ = converse(&config, tls.clone(), within, &pending, &hear).await;
                    sleep(PAUSE).await;
                }
            })
        };
        Self { begin: Box::new(begin), pending: Arc::default(), listening: OnceLock::new() }
    }

    /// Has somebody hear of changes from now on. The first alone is heard.
    pub(super) fn listen(&self, hear: Hear) {
        self.listening.get_or_init(|| (self.begin)(self.pending.clone(), hear));
    }

    /// A cart has changed here.
    pub(super) fn changed(&self, cart: CartId) {
        if self.listening.get().is_none() {
            return;
        }
        let mut carts = self.pending.carts.lock().unwrap_or_else(PoisonError::into_inner);
        if carts.len() < limits::CHANGES_UNTOLD {
            carts.insert(cart);
            self.pending.more.notify_one();
        }
    }

    pub(super) fn end(&self) {
        if let Some(listening) = self.listening.get() {
            listening.abort();
        }
    }
}

/// Tells and hears until the connection is lost.
async fn converse(
    config: &Config,
    tls: impl Tls,
    within: Duration,
    pending: &Pending,
    hear: &Hear,
) -> Result<(), Error> {
    let Ok(connected) = timeout(within, config.connect(tls)).await else { return Ok(()) };
    let (client, mut connection) = connected?;
    let own = AtomicI32::new(0);
    let mut hearing = pin!(async {
        while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notification(notice) = message?
                && notice.process_id() != own.load(Ordering::Relaxed)
            {
                heard(notice.payload(), hear);
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

/// Only this crate's processes write there; what is no id is passed over all the same.
fn heard(payload: &str, hear: &Hear) {
    payload.split(' ').filter_map(|cart| cart.parse().ok()).for_each(|cart| hear(cart));
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
