//! The authority, over the embedded store and over PostgreSQL.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use holdall::{Action, LineKey, Quantity, RowRef};
use holdall_authority::{Authority, AuthoritySettings, Caller, Opened, Rate, Request};
use holdall_store::postgres::tokio_postgres::Config;
use holdall_store::{EmbeddedStore, PostgresOptions, PostgresStore, Store};
use tokio::sync::Mutex;

use super::subject::{Subject, Work};

pub struct Ours {
    name: &'static str,
    shop: Authority,
    /// By client: the carts opened so far.
    carts: Vec<Mutex<Vec<Opened>>>,
    row: RowRef,
    answered: AtomicU64,
}

/// Over a store in a folder.
pub async fn embedded(folder: &Path, clients: usize) -> Result<Ours, String> {
    let fresh = uuid::Uuid::new_v4().as_u128();
    let store = EmbeddedStore::open(folder, fresh).map_err(|error| error.to_string())?;
    open("holdall, embedded store", Arc::new(store), clients)
}

/// Over PostgreSQL.
pub async fn postgres(url: &str, clients: usize) -> Result<Ours, String> {
    let config: Config = url.parse().map_err(|error| format!("{error}"))?;
    // The server has a hundred; the row design has one for each client.
    let options = PostgresOptions { connections: clients.min(30), ..PostgresOptions::default() };
    let store = PostgresStore::open(config, options).await.map_err(|error| error.to_string())?;
    open("holdall, PostgreSQL store", Arc::new(store), clients)
}

fn open(name: &'static str, store: Arc<dyn Store>, clients: usize) -> Result<Ours, String> {
    let free = Rate { burst: u32::MAX, per_minute: u32::MAX };
    let settings =
        AuthoritySettings { device_rate: free, shopper_rate: free, ..AuthoritySettings::default() };
    let shop = Authority::new(store, settings);
    let carts = (0..clients).map(|_| Mutex::default()).collect();
    let line = LineKey::parse("TEE", [("size", "M")]).map_err(|error| error.to_string())?;
    let row = RowRef::active(line);
    Ok(Ours { name, shop, carts, row, answered: AtomicU64::new(0) })
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}

impl Subject for Ours {
    fn name(&self) -> &'static str {
        self.name
    }

    fn add(&self, client: usize, cart: usize, key: u128) -> Work<'_> {
        Box::pin(async move {
            let mut carts = self.carts[client].lock().await;
            if carts.len() == cart {
                // A cart that is opened is one more append, and on the clock.
                carts
                    .push(self.shop.open_guest(now_ms()).await.map_err(|error| error.to_string())?);
            }
            let guest = &carts[cart];
            let action =
                Action::Add { row: self.row.clone(), quantity: Quantity::ONE, price: None };
            let request = Request::new(key, action);
            let caller = Caller::from(guest.token);
            let done = self.shop.acknowledge(now_ms(), &caller, guest.cart, &request).await;
            done.map_err(|error| error.to_string())?;
            self.answered.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
    }

    fn check(&self) -> Work<'_> {
        Box::pin(async move {
            let mut there = 0;
            for carts in &self.carts {
                for guest in carts.lock().await.iter() {
                    let read = self.shop.read(&guest.token.into(), guest.cart).await;
                    let shown = read.map_err(|error| error.to_string())?;
                    there += shown.view.lines.first().map_or(0, |row| row.asked);
                }
            }
            let meant = self.answered.load(Ordering::Relaxed);
            if there == meant { Ok(()) } else { Err(format!("{there} units of {meant}")) }
        })
    }
}
