//! What is measured.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use holdall::authority::{Authority, Rate, Settings};
use holdall::service::{self, DemoAccounts, Service};
use holdall::store::MemoryStore;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

pub const ALL: [&str; 3] = ["floor", "redis-hash", "holdall"];
/// Where a Redis of one's own listens while this runs.
const REDIS_PORT: &str = "17919";

/// A server in a process of its own.
pub struct Server {
    pub address: String,
    pub process: Child,
}

/// Starts one.
pub async fn start(which: &str) -> Server {
    let own = std::env::current_exe().expect("a path");
    let mut process = Command::new(own)
        .args(["serve", which])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("a process");
    let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines();
    let address = lines.next_line().await.expect("a line").expect("an address");
    Server { address, process }
}

pub async fn serve(which: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("an address"));
    match which {
        "holdall" => holdall(listener).await,
        "floor" => axum::serve(listener, floor()).await.expect("it serves"),
        _ => redis_hash(listener).await,
    }
}

async fn holdall(listener: TcpListener) {
    let rate = Rate { burst: u32::MAX, per_minute: u32::MAX };
    let settings = Settings { device_rate: rate, shopper_rate: rate, ..Settings::default() };
    let authority = Authority::new(Arc::new(MemoryStore::new(7)), settings);
    let accounts = DemoAccounts::new([7; 32]);
    let service = Service::builder(Arc::new(authority), Arc::new(accounts.clone())).demo(accounts);
    service::serve(listener, service.build(), std::future::pending()).await;
}

#[derive(Deserialize)]
struct Add {
    sku: String,
    quantity: u32,
}

#[derive(Serialize)]
struct Line {
    sku: String,
    quantity: u32,
}

#[derive(Serialize)]
struct Cart {
    cart: String,
    lines: Vec<Line>,
}

/// Parses what a cart would be asked, and says it back.
fn floor() -> Router {
    let read = |Path(cart): Path<String>| async move {
        Json(Cart { cart, lines: vec![Line { sku: "TEE".to_owned(), quantity: 1 }] })
    };
    let add = |Path(cart): Path<String>, Json(Add { sku, quantity }): Json<Add>| async move {
        Json(Cart { cart, lines: vec![Line { sku, quantity }] })
    };
    Router::new().route("/carts/{cart}", get(read)).route("/carts/{cart}/lines", post(add))
}

async fn redis_hash(listener: TcpListener) {
    let _server = Command::new("redis-server")
        .args(["--port", REDIS_PORT, "--save", "", "--appendonly", "no"])
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("redis-server");
    let client = redis::Client::open(format!("redis://127.0.0.1:{REDIS_PORT}")).expect("a URL");
    let mut connection = client.get_multiplexed_async_connection().await;
    while connection.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        connection = client.get_multiplexed_async_connection().await;
    }
    let read = |State(redis): State<MultiplexedConnection>, Path(cart): Path<String>| async move {
        shown(redis, cart).await
    };
    let add = |State(mut redis): State<MultiplexedConnection>,
               Path(cart): Path<String>,
               Json(add): Json<Add>| async move {
        let _: i64 = redis.hincr(&cart, &add.sku, add.quantity).await.expect("an answer");
        shown(redis, cart).await
    };
    let merge = |State(mut redis): State<MultiplexedConnection>,
                 Path((from, to)): Path<(String, String)>| async move {
        let lines: BTreeMap<String, u32> = redis.hgetall(&from).await.expect("an answer");
        for (sku, quantity) in lines {
            let _: i64 = redis.hincr(&to, sku, quantity).await.expect("an answer");
        }
        let _: i64 = redis.del(&from).await.expect("an answer");
        shown(redis, to).await
    };
    let routes = Router::new()
        .route("/carts/{cart}", get(read))
        .route("/carts/{cart}/lines", post(add))
        .route("/carts/{from}/into/{to}", post(merge))
        .with_state(connection.expect("a connection"));
    axum::serve(listener, routes).await.expect("it serves");
}

async fn shown(mut redis: MultiplexedConnection, cart: String) -> Json<Cart> {
    let lines: BTreeMap<String, u32> = redis.hgetall(&cart).await.expect("an answer");
    let lines = lines.into_iter().map(|(sku, quantity)| Line { sku, quantity }).collect();
    Json(Cart { cart, lines })
}
