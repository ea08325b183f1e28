//! What is measured.

use std::collections::BTreeMap;
use std::path::{Path as Folder, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use holdall_authority::{Authority, AuthoritySettings, Rate};
use holdall_service::{DemoAccounts, Service};
use holdall_store::EmbeddedStore;
use metrics_exporter_prometheus::PrometheusBuilder;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

/// How long a server may take to end.
const END: Duration = Duration::from_secs(2);
pub const ALL: [&str; 4] = ["floor", "redis-hash", BEFORE, "holdall"];
/// An earlier build of this program, whose `holdall` is measured too. There is one if `BEFORE` names it.
pub const BEFORE: &str = "before";

/// The program of a server, if there is one.
fn program(which: &str) -> Option<PathBuf> {
    if which == BEFORE {
        std::env::var_os("BEFORE").map(PathBuf::from)
    } else {
        Some(std::env::current_exe().expect("a path"))
    }
}

/// Whether a server can be started.
pub fn is_there(which: &str) -> bool {
    program(which).is_some()
}
/// Where a Redis of one's own listens while this runs.
const REDIS_PORT: &str = "17919";
const MONTH_S: i64 = 30 * 24 * 60 * 60;

/// A server in a process of its own, and where it keeps what is durable.
pub struct Server {
    pub address: String,
    pub process: Child,
    folder: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends by itself, and its Redis with it: one that is killed would leave that behind, at the port of the next.
        drop(self.process.stdin.take());
        let began = Instant::now();
        while began.elapsed() < END && matches!(self.process.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(5));
        }
        // It writes there no more, or into files without names.
        let _ = self.process.start_kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Starts one.
pub async fn start(which: &str) -> Server {
    let own = std::env::current_exe().expect("a path");
    // Beside the binary, and not where a file may be memory.
    let folder = own.with_file_name(format!("data-{}-{which}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut process = Command::new(program(which).expect("a program"))
        .args(["serve", if which == BEFORE { "holdall" } else { which }])
        .arg(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("a process");
    let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines();
    let address = lines.next_line().await.expect("a line").expect("an address");
    Server { address, process, folder }
}

pub async fn serve(which: &str, folder: &Folder) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("an address"));
    let serving = async {
        match which {
            "holdall" => holdall(listener, folder).await,
            "floor" => axum::serve(listener, floor()).await.expect("it serves"),
            _ => redis_hash(listener, folder).await,
        }
    };
    let mut input = tokio::io::stdin();
    tokio::select! {
        () = serving => {}
        _ = input.read_u8() => {}
    }
    // Reading the standard input is a thread that nobody waits for.
    std::process::exit(0);
}

/// As the command serves it, on the embedded store and with metrics, but for its limits of rate.
async fn holdall(listener: TcpListener, folder: &Folder) {
    let rate = Rate { burst: u32::MAX, per_minute: u32::MAX };
    let settings =
        AuthoritySettings { device_rate: rate, shopper_rate: rate, ..AuthoritySettings::default() };
    let store = EmbeddedStore::open(folder, 7).expect("a store");
    let authority = Authority::new(Arc::new(store), settings);
    let accounts = DemoAccounts::new([7; 32]);
    let metrics = PrometheusBuilder::new().install_recorder().expect("a recorder");
    let service = Service::builder(Arc::new(authority), Arc::new(accounts.clone()))
        .metrics(metrics)
        .demo(accounts);
    holdall_service::serve(listener, service.build(), std::future::pending()).await;
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

/// A cart is a hash of quantities that ends after a month without use. What is answered is on the disk.
async fn redis_hash(listener: TcpListener, folder: &Folder) {
    let _server = Command::new("redis-server")
        .args(["--port", REDIS_PORT, "--save", "", "--appendonly", "yes"])
        .args(["--appendfsync", "always", "--dir"])
        .arg(folder)
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("redis-server");
    let client = redis::Client::open(format!("redis://127.0.0.1:{REDIS_PORT}")).expect("a URL");
    let mut connection = client.get_multiplexed_async_connection().await;
    while connection.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        connection = client.get_multiplexed_async_connection().await;
    }
    let read = |State(redis): State<MultiplexedConnection>, Path(cart): Path<String>| async move {
        shown(redis, cart).await
    };
    let add = |State(mut redis): State<MultiplexedConnection>,
               Path(cart): Path<String>,
               Json(add): Json<Add>| async move {
        let mut commands = redis::pipe();
        commands.hincr(&cart, &add.sku, add.quantity).ignore().expire(&cart, MONTH_S).ignore();
        let (lines,): (BTreeMap<String, u32>,) =
            commands.hgetall(&cart).query_async(&mut redis).await.expect("an answer");
        cart_of(cart, lines)
    };
    let merge = |State(mut redis): State<MultiplexedConnection>,
                 Path((from, to)): Path<(String, String)>| async move {
        let lines: BTreeMap<String, u32> = redis.hgetall(&from).await.expect("an answer");
        let mut commands = redis::pipe();
        for (sku, quantity) in lines {
            commands.hincr(&to, sku, quantity).ignore();
        }
        commands.del(&from).ignore().expire(&to, MONTH_S).ignore().hgetall(&to);
        let (lines,): (BTreeMap<String, u32>,) =
            commands.query_async(&mut redis).await.expect("an answer");
        cart_of(to, lines)
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
    cart_of(cart, lines)
}

fn cart_of(cart: String, lines: BTreeMap<String, u32>) -> Json<Cart> {
    let lines = lines.into_iter().map(|(sku, quantity)| Line { sku, quantity }).collect();
    Json(Cart { cart, lines })
}
