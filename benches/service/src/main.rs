//! Load on the service over loopback, 64 connections, beside two others served by the same axum: one that only parses and echoes
//! (the floor), and a cart in a Redis hash, which keeps no keys and no history and gives no answer twice.
//!
//! `service-bench [SECONDS] [ROUNDS] [ONLY...]` measures reads, adds and merges in interleaved rounds, and prints requests a second and quantiles;
//! only the kinds and servers that are named, if any are. Each
//! server is a process of its own. `service-bench idle N` holds N idle WebSockets and prints what the server's memory grew by.

mod idle;
mod load;
mod servers;

use std::time::Duration;

/// All three servers have the allocator of the `holdall` command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let texts: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match texts[..] {
        ["serve", which, folder] => servers::serve(which, folder.as_ref()).await,
        ["idle", number] => idle::run(number.parse().expect("a number")).await,
        _ => {
            let number = |at: usize, default| {
                texts.get(at).map_or(default, |text| text.parse().expect("a number"))
            };
            let only = texts.get(2..).unwrap_or_default();
            load::run(Duration::from_secs(number(0, 3)), number(1, 3), only).await;
        }
    }
}
