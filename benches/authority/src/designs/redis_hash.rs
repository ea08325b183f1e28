//! The other design in the field: a Redis hash a cart, `HINCRBY` and `EXPIRE` in one round trip. No keys, no versions, no journal:
//! an add that is sent again is added again.

use std::sync::atomic::{AtomicU64, Ordering};

use redis::aio::MultiplexedConnection;

use super::subject::{Subject, Work};

const THIRTY_DAYS_S: i64 = 30 * 24 * 60 * 60;

pub struct RedisHash {
    /// `appendfsync`.
    sync: &'static str,
    /// One connection a client.
    connections: Vec<MultiplexedConnection>,
    answered: AtomicU64,
}

impl RedisHash {
    pub async fn open(url: &str, sync: &'static str, clients: usize) -> Result<Self, String> {
        let said = |error: redis::RedisError| error.to_string();
        let client = redis::Client::open(url).map_err(said)?;
        let mut connections = Vec::new();
        for _ in 0..clients {
            connections.push(client.get_multiplexed_async_connection().await.map_err(said)?);
        }
        Ok(Self { sync, connections, answered: AtomicU64::new(0) })
    }

    fn cart(&self, client: usize, cart: usize) -> String {
        format!("bench:{}:{}:{client}:{cart}", std::process::id(), self.sync)
    }
}

impl Subject for RedisHash {
    fn name(&self) -> &'static str {
        if self.sync == "always" { "Redis hash, AOF always" } else { "Redis hash, AOF everysec" }
    }

    fn prepare(&self) -> Work<'_> {
        Box::pin(async move {
            let mut connection = self.connections[0].clone();
            for (name, value) in [("appendonly", "yes"), ("appendfsync", self.sync)] {
                redis::cmd("CONFIG")
                    .arg("SET")
                    .arg(name)
                    .arg(value)
                    .exec_async(&mut connection)
                    .await
                    .map_err(|error| error.to_string())?;
            }
            // A first rewrite of the log is under way when it has just been switched on.
            loop {
                let info: String = redis::cmd("INFO")
                    .arg("persistence")
                    .query_async(&mut connection)
                    .await
                    .map_err(|error| error.to_string())?;
                if info.contains("aof_rewrite_in_progress:0") && info.contains("aof_enabled:1") {
                    return Ok(());
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
    }

    fn add(&self, client: usize, cart: usize, _: u128) -> Work<'_> {
        Box::pin(async move {
            let name = self.cart(client, cart);
            redis::pipe()
                .cmd("HINCRBY")
                .arg(&name)
                .arg("TEE|size=M")
                .arg(1)
                .cmd("EXPIRE")
                .arg(&name)
                .arg(THIRTY_DAYS_S)
                .exec_async(&mut self.connections[client].clone())
                .await
                .map_err(|error| error.to_string())?;
            self.answered.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
    }

    fn check(&self) -> Work<'_> {
        Box::pin(async move {
            let mut there = 0;
            for client in 0..self.connections.len() {
                for cart in 0.. {
                    let name = self.cart(client, cart);
                    let units: Option<u64> = redis::cmd("HGET")
                        .arg(&name)
                        .arg("TEE|size=M")
                        .query_async(&mut self.connections[0].clone())
                        .await
                        .map_err(|error| error.to_string())?;
                    let Some(units) = units else { break };
                    there += units;
                    redis::cmd("DEL")
                        .arg(&name)
                        .exec_async(&mut self.connections[0].clone())
                        .await
                        .map_err(|error| error.to_string())?;
                }
            }
            let meant = self.answered.load(Ordering::Relaxed);
            if there == meant { Ok(()) } else { Err(format!("{there} units of {meant}")) }
        })
    }
}
