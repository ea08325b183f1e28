//! The tables: made, brought up to date, or refused.

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Row};

use super::fault;
use crate::StoreError;

/// Each brings the tables from the form before to its own: the first makes form 1.
const STEPS: [&str; 1] = [include_str!("schema/1.sql")];

/// The form that this version reads and writes.
const FORM: i32 = STEPS.len() as i32;

/// Among the advisory locks of a database: who brings tables up to date is alone.
const LOCK: i64 = 0x686f_6c64_616c_6c00;

/// What the store says of itself.
pub(super) struct About {
    pub(super) incarnation: u128,
    pub(super) durable: bool,
}

/// Finds the tables, makes or mends them if need be, and reads what they say. Tables that are up to date
/// are only read, so that a role without the right to change them will do. A client on which this failed or which
/// had something to mend is in no state for other use.
pub(super) async fn settle(client: &Client) -> Result<(About, Mended), StoreError> {
    let mended = Mended(form(client).await? < FORM);
    if mended.0 {
        // Not a lock of the transaction: who waits for one in a transaction keeps, when it comes, what the
        // catalogue was when it began to wait, and makes the tables once more.
        let wait = format!("SET statement_timeout = 0; SELECT pg_advisory_lock({LOCK})");
        client.batch_execute(&wait).await.map_err(fault::unsent)?;
        client.batch_execute("BEGIN").await.map_err(fault::unsent)?;
        mend(client).await?;
        // Lost in the middle of the commit: opening again finds out.
        client.batch_execute("COMMIT").await.map_err(fault::unsent)?;
    }
    Ok((about(client).await?, mended))
}

/// Whether there was something to mend.
pub(super) struct Mended(pub(super) bool);

async fn mend(client: &Client) -> Result<(), StoreError> {
    // Somebody else may have done it meanwhile.
    let form = form(client).await?;
    for step in STEPS.iter().skip(usize::try_from(form).unwrap_or(0)) {
        client.batch_execute(step).await.map_err(fault::unsent)?;
    }
    let moved = client.execute("UPDATE holdall_store SET form = $1", &[&FORM]).await;
    moved.map_err(fault::unsent)?;
    Ok(())
}

/// The form of the tables that are there; 0 for none.
async fn form(client: &Client) -> Result<i32, StoreError> {
    let there = client.query_one("SELECT to_regclass('holdall_store') IS NOT NULL", &[]).await;
    if !there.and_then(|row| row.try_get(0)).map_err(fault::unsent)? {
        return Ok(0);
    }
    let form = client.query_opt("SELECT form FROM holdall_store", &[]).await;
    let form = form.and_then(|row| row.map(|row| row.try_get(0)).transpose());
    let form = form.map_err(|error| match error.code() {
        Some(code) if *code == SqlState::UNDEFINED_COLUMN => foreign("holdall_store has no form"),
        _ => fault::unsent(error),
    })?;
    match form {
        Some(form) if (1..=FORM).contains(&form) => Ok(form),
        Some(form) => Err(StoreError::Foreign {
            what: format!("the tables are of form {form}, this version knows forms 1 to {FORM}"),
        }),
        None => Err(foreign("holdall_store is empty")),
    }
}

fn foreign(what: &str) -> StoreError {
    StoreError::Foreign { what: what.to_owned() }
}

/// Also whether the server syncs at all: without that, its word for a commit is worth nothing.
async fn about(client: &Client) -> Result<About, StoreError> {
    let row = client
        .query_one(
            "SELECT incarnation, current_setting('fsync')::boolean \
             AND current_setting('synchronous_commit') <> 'off' FROM holdall_store",
            &[],
        )
        .await;
    let read = |row: Row| {
        let incarnation: uuid::Uuid = row.try_get(0)?;
        Ok(About { incarnation: incarnation.as_u128(), durable: row.try_get(1)? })
    };
    row.and_then(read).map_err(fault::unsent)
}
