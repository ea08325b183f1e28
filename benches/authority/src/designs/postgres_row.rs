//! The design in the field: a row a cart with its lines as JSON and a version that is checked, and a table of
//! idempotency keys, in one transaction.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;
use tokio_postgres::{Client, NoTls, Statement};

use super::subject::{Subject, Work};

pub struct PostgresRow {
    /// One connection a client.
    connections: Vec<Mutex<Connection>>,
    answered: AtomicU64,
}

struct Connection {
    client: Client,
    key: Statement,
    read: Statement,
    write: Statement,
    insert: Statement,
}

impl PostgresRow {
    pub async fn open(url: &str, clients: usize) -> Result<Self, String> {
        let first = connect(url).await?;
        first
            .batch_execute(
                "DROP TABLE IF EXISTS row_cart, row_key;
                 CREATE TABLE row_cart (id bigint PRIMARY KEY, version bigint NOT NULL, lines text NOT NULL, at timestamptz NOT NULL);
                 CREATE TABLE row_key (key uuid PRIMARY KEY, cart bigint NOT NULL, at timestamptz NOT NULL)",
            )
            .await
            .map_err(|error| error.to_string())?;
        let mut connections = Vec::new();
        for _ in 0..clients {
            let client = connect(url).await?;
            let prepare = |sql: &'static str| client.prepare(sql);
            let key =
                prepare("INSERT INTO row_key VALUES ($1, $2, now()) ON CONFLICT DO NOTHING").await;
            let read = prepare("SELECT version, lines FROM row_cart WHERE id = $1").await;
            let write = prepare("UPDATE row_cart SET version = version + 1, lines = $3, at = now() WHERE id = $1 AND version = $2").await;
            let insert = prepare("INSERT INTO row_cart VALUES ($1, 1, $2, now())").await;
            let said = |error: tokio_postgres::Error| error.to_string();
            let (key, read) = (key.map_err(said)?, read.map_err(said)?);
            let (write, insert) = (write.map_err(said)?, insert.map_err(said)?);
            connections.push(Mutex::new(Connection { client, key, read, write, insert }));
        }
        Ok(Self { connections, answered: AtomicU64::new(0) })
    }
}

async fn connect(url: &str) -> Result<Client, String> {
    let (client, connection) =
        tokio_postgres::connect(url, NoTls).await.map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    Ok(client)
}

impl Subject for PostgresRow {
    fn name(&self) -> &'static str {
        "PostgreSQL, row and keys"
    }

    fn add(&self, client: usize, cart: usize, key: u128) -> Work<'_> {
        Box::pin(async move {
            let said = |error: tokio_postgres::Error| error.to_string();
            let mut connection = self.connections[client].lock().await;
            let Connection { client: session, key: new_key, read, write, insert } =
                &mut *connection;
            let id = (client * 1_000_000 + cart) as i64;
            let transaction = session.transaction().await.map_err(said)?;
            let key = uuid::Uuid::from_u128(key);
            if transaction.execute(new_key, &[&key, &id]).await.map_err(said)? == 0 {
                return Err("a key came twice".to_owned());
            }
            match transaction.query_opt(read, &[&id]).await.map_err(said)? {
                None => {
                    let lines = lines(1);
                    transaction.execute(insert, &[&id, &lines]).await.map_err(said)?;
                }
                Some(row) => {
                    let (version, text): (i64, &str) = (row.get(0), row.get(1));
                    let lines = lines(units(text)? + 1);
                    if transaction.execute(write, &[&id, &version, &lines]).await.map_err(said)?
                        == 0
                    {
                        return Err("a version moved on".to_owned());
                    }
                }
            }
            transaction.commit().await.map_err(said)?;
            self.answered.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
    }

    fn check(&self) -> Work<'_> {
        Box::pin(async move {
            let connection = self.connections[0].lock().await;
            let rows = connection.client.query("SELECT lines FROM row_cart", &[]).await;
            let mut there = 0;
            for row in rows.map_err(|error| error.to_string())? {
                there += units(row.get(0))?;
            }
            let meant = self.answered.load(Ordering::Relaxed);
            if there == meant { Ok(()) } else { Err(format!("{there} units of {meant}")) }
        })
    }
}

fn lines(units: u64) -> String {
    serde_json::json!([{ "sku": "TEE", "options": { "size": "M" }, "quantity": units }]).to_string()
}

fn units(lines: &str) -> Result<u64, String> {
    let lines: serde_json::Value =
        serde_json::from_str(lines).map_err(|error| error.to_string())?;
    lines[0]["quantity"].as_u64().ok_or_else(|| "no quantity".to_owned())
}
