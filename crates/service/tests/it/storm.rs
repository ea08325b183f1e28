//! The idempotency storm over real connections, on the store in a folder.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use holdall_authority::{AuthoritySettings, Rate};
use holdall_store::EmbeddedStore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use holdall_service as service;

use super::live::Open;
use super::{Guest, Shop, quantity};
use crate::folder::Folder;

const CLIENTS: u64 = 64;
const COMMANDS: u64 = 3;
const CARTS: usize = 4;
/// A client that has waited so long breaks off and sends it again.
const PATIENCE: Duration = Duration::from_millis(40);

/// A request as it travels.
#[derive(Clone)]
struct Sent {
    guest: Guest,
    method: &'static str,
    path: String,
    key: String,
    body: String,
}

/// How one of the copies of a request fares.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    /// It is answered, and somebody reads that.
    Answered,
    /// The connection ends as soon as it is sent.
    Dropped,
    /// The connection ends in the middle of it.
    Cut,
    /// The client waits for a while.
    GivenUp,
}

/// 64 clients, each command 1 to 5 times over as many connections, that break before the answer or
/// in the middle of the request, in any order. What there is in the end is exactly what was meant.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn q_over_broken_connections_everything_is_done_exactly_once() {
    let seed =
        std::env::var("HOLDALL_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1_u64);
    println!("HOLDALL_SEED={seed}");
    let folder = Folder::new();
    let store = Arc::new(EmbeddedStore::open(&folder.0, 7).expect("a store"));
    let free = Rate { burst: u32::MAX, per_minute: u32::MAX };
    let settings =
        AuthoritySettings { device_rate: free, shopper_rate: free, ..AuthoritySettings::default() };
    let shop = Shop::over(store.clone(), settings, service::ServiceSettings::default());
    let open = Open::of(shop).await;
    let mut guests = Vec::new();
    for _ in 0..CARTS {
        guests.push(open.shop.guest().await);
    }
    let mut meant = [0_u64; CARTS];
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let mut chance = fastrand::Rng::with_seed(seed * 7_919 + client);
        let mut copies = Vec::new();
        for number in 0..COMMANDS {
            let (cart, units) = (chance.usize(..CARTS), chance.u64(1..=5));
            meant[cart] += units;
            let guest = guests[cart].clone();
            let sent = Sent {
                method: "POST",
                path: format!("/carts/{}/lines", guest.cart),
                key: format!("{client}-{number}"),
                body: format!(r#"{{"sku":"TEE","quantity":{units}}}"#),
                guest,
            };
            let times = chance.usize(1..=5);
            for time in 0..times {
                // One of them is heard out: until then nobody knows.
                let broken = [Fate::Answered, Fate::Dropped, Fate::Cut, Fate::GivenUp];
                let fate = if time == 0 { Fate::Answered } else { broken[chance.usize(..4)] };
                copies.push((sent.clone(), fate, Duration::from_micros(chance.u64(..60_000))));
            }
        }
        chance.shuffle(&mut copies);
        let address = open.address;
        clients.spawn(async move {
            let mut under_way = JoinSet::new();
            for (sent, fate, after) in copies {
                under_way.spawn(async move {
                    sleep(after).await;
                    travel(address, &sent, fate).await
                });
            }
            under_way.join_all().await.into_iter().filter(|repeated| *repeated).count()
        });
    }
    let repeated: usize = clients.join_all().await.into_iter().sum();
    assert!(repeated > 50, "{repeated} answers were repeated: the test tests little");
    for (guest, meant) in guests.iter().zip(meant) {
        let there = open.shop.read(&guest.token, &guest.cart).await.done();
        assert_eq!(quantity(&there, "TEE"), meant);
    }
    open.end().await;
    // And so it is on the disk.
    drop(store);
    let store = Arc::new(EmbeddedStore::open(&folder.0, 7).expect("opened again"));
    let shop = Shop::over(store, AuthoritySettings::default(), service::ServiceSettings::default());
    for (guest, meant) in guests.iter().zip(meant) {
        let there = shop.read(&guest.token, &guest.cart).await.done();
        assert_eq!(quantity(&there, "TEE"), meant);
    }
}

/// Sends a copy. Says whether it was answered as one that had been carried out before.
async fn travel(address: SocketAddr, sent: &Sent, fate: Fate) -> bool {
    let Sent { guest, method, path, key, body } = sent;
    let text = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Idempotency-Key: \"{key}\"\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        guest.token,
        body.len()
    );
    loop {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let bytes = text.as_bytes();
        let bytes = if fate == Fate::Cut { &bytes[..bytes.len() - 5] } else { bytes };
        stream.write_all(bytes).await.expect("sent");
        if matches!(fate, Fate::Dropped | Fate::Cut) {
            return false;
        }
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        let in_time = if fate == Fate::GivenUp {
            match timeout(PATIENCE, read).await {
                Ok(read) => read,
                Err(_) => return false,
            }
        } else {
            read.await
        };
        let answer = String::from_utf8_lossy(&answer).to_ascii_lowercase();
        if in_time.is_ok() && answer.starts_with("http/1.1 200") {
            return answer.contains("\r\nidempotency-replayed: true\r\n");
        }
        // Too many at once on one cart, or the connection broke: it is sent again.
        assert!(answer.is_empty() || answer.starts_with("http/1.1 503"), "{answer}");
    }
}
