//! Slots: compared and set in one statement.

use tokio_postgres::Row;

use super::link::Link;
use super::rows;
use crate::error::within;
use crate::{Slot, SlotOutcome, SlotValue, StoreError};
use holdall::limits;

const HELD: &str = "SELECT version, value, sum FROM holdall_slot WHERE kind = $1 AND name = $2";

// Each tells what it did, else what the slot held when the statement began.
const SET: &str = "
    WITH done AS (
        UPDATE holdall_slot SET version = nextval('holdall_slot_version'), value = $4, sum = $5
        WHERE kind = $1 AND name = $2 AND version = $3 RETURNING version
    )
    SELECT true AS done, version, NULL::bytea AS value, NULL::integer AS sum FROM done
    UNION ALL
    SELECT false, version, value, sum FROM holdall_slot
    WHERE kind = $1 AND name = $2 AND NOT EXISTS (SELECT FROM done)";
const FILL: &str = "
    WITH done AS (
        INSERT INTO holdall_slot (kind, name, version, value, sum)
        VALUES ($1, $2, nextval('holdall_slot_version'), $3, $4)
        ON CONFLICT (kind, name) DO NOTHING RETURNING version
    )
    SELECT true AS done, version, NULL::bytea AS value, NULL::integer AS sum FROM done
    UNION ALL
    SELECT false, version, value, sum FROM holdall_slot
    WHERE kind = $1 AND name = $2 AND NOT EXISTS (SELECT FROM done)";
const CLEAR: &str = "
    WITH done AS (
        DELETE FROM holdall_slot WHERE kind = $1 AND name = $2 AND version = $3 RETURNING version
    )
    SELECT true AS done, version, NULL::bytea AS value, NULL::integer AS sum FROM done
    UNION ALL
    SELECT false, version, value, sum FROM holdall_slot
    WHERE kind = $1 AND name = $2 AND NOT EXISTS (SELECT FROM done)";

/// How often one swap looks again, when others change the slot in between.
const TRIES: usize = 16;

pub(super) async fn slot(link: &Link, slot: Slot) -> Result<Option<SlotValue>, StoreError> {
    let (kind, name) = name(slot);
    let rows = link.read(None, HELD, &[&kind, &name]).await?;
    rows.first().map(|row| held(slot, row)).transpose()
}

pub(super) async fn compare_and_set(
    link: &Link,
    slot: Slot,
    expected: Option<u64>,
    value: Option<Vec<u8>>,
) -> Result<SlotOutcome, StoreError> {
    let bytes = value.as_ref().map_or(0, Vec::len);
    within("a slot's value", bytes, limits::SLOT_BYTES)?;
    let (kind, name) = name(slot);
    let sum = value.as_ref().map(|value| rows::slot_sum(kind, &name, value));
    // No slot has a version that the server cannot count to.
    let version = expected.map(|version| i64::try_from(version).unwrap_or(-1));
    let sets = value.is_some();
    for _ in 0..TRIES {
        let told = match (&version, &value) {
            (Some(version), Some(value)) => {
                link.write(None, SET, &[&kind, &name, version, value, &sum]).await?
            }
            (Some(version), None) => link.write(None, CLEAR, &[&kind, &name, version]).await?,
            (None, Some(value)) => link.write(None, FILL, &[&kind, &name, value, &sum]).await?,
            (None, None) => Vec::new(),
        };
        if let Some(row) = told.first()
            && row.try_get("done").map_err(StoreError::unavailable)?
        {
            let version = version_of(row)?;
            return Ok(SlotOutcome::Done { version: sets.then_some(version) });
        }
        // Refused. What the statement saw of the slot may have been over by then, if it waited for another swap.
        let seen = told.first().map(|row| held(slot, row)).transpose()?;
        let differs = |held: &Option<SlotValue>| held.as_ref().map(|held| held.version) != expected;
        if differs(&seen) {
            return Ok(SlotOutcome::Conflict { held: seen });
        }
        let now = self::slot(link, slot).await?;
        if differs(&now) {
            return Ok(SlotOutcome::Conflict { held: now });
        }
        if !sets && expected.is_none() {
            return Ok(SlotOutcome::Done { version: None });
        }
    }
    Err(StoreError::unavailable(Restless { slot }))
}

fn name(slot: Slot) -> (i16, Vec<u8>) {
    let (kind, name) = slot.name();
    (i16::from(kind), name)
}

fn version_of(row: &Row) -> Result<u64, StoreError> {
    row.try_get("version").map(i64::cast_unsigned).map_err(StoreError::unavailable)
}

fn held(slot: Slot, row: &Row) -> Result<SlotValue, StoreError> {
    let (kind, name) = name(slot);
    let value: Vec<u8> = row.try_get("value").map_err(StoreError::unavailable)?;
    let sum: i32 = row.try_get("sum").map_err(StoreError::unavailable)?;
    if sum != rows::slot_sum(kind, &name, &value) {
        return Err(match slot {
            Slot::Claim(cart) | Slot::Lease(cart) => {
                StoreError::Damaged { cart, what: format!("the checksum of {slot:?} is wrong") }
            }
            Slot::Account(_) => StoreError::unavailable(Spoiled { slot }),
        });
    }
    Ok(SlotValue { version: version_of(row)?, value })
}

/// An account's slot that is not what was written; no cart is damaged.
#[derive(Debug, thiserror::Error)]
#[error("the checksum of {slot:?} is wrong: restore holdall_slot, or clear this row of it")]
struct Spoiled {
    slot: Slot,
}

/// Others filled and cleared the slot each time this swap looked.
#[derive(Debug, thiserror::Error)]
#[error("{slot:?} was changed each of {TRIES} times that a swap looked at it")]
struct Restless {
    slot: Slot,
}
