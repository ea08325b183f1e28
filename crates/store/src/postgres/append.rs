//! The append: one statement, whose last part says what became of it.
//!
//! The cart's row is the lock. Of two appends to one revision the later waits for the row, sees its condition
//! fail, and writes nothing. What it then reads of the cart is older than that wait, as the whole statement sees one
//! moment; so it may find the revision it had asked for, or nothing to say. Only then a second
//! statement looks again.

use tokio_postgres::Row;

use super::link::{Link, Values};
use super::rows::{self, Of, SNAPSHOT};
use crate::{Append, Appended, StoreError};
use holdall::id::CartId;

/// How often one append looks again, when others change the cart in between.
const TRIES: usize = 16;

macro_rules! append {
    ($moved:literal) => {
        concat!(
            "WITH answered AS MATERIALIZED (
                SELECT revision, at_ms, delta, delta_sum, key, body, note, note_sum
                FROM holdall_log WHERE cart = $1 AND key = $8
            ), moved AS (",
            $moved,
            "), logged AS (
                INSERT INTO holdall_log
                    (cart, revision, at_ms, delta, delta_sum, key, body, note, note_sum)
                SELECT $1, revision, $3, $12, $13, $8, $9, $10, $11 FROM moved
            ), kept AS (
                INSERT INTO holdall_state (cart, kind, revision, bytes, sum)
                SELECT $1, $16, revision, $14, $15 FROM moved WHERE $14::bytea IS NOT NULL
                ON CONFLICT (cart, kind) DO UPDATE
                SET revision = EXCLUDED.revision, bytes = EXCLUDED.bytes, sum = EXCLUDED.sum
            )
            SELECT 0::smallint AS what, revision, NULL::bigint AS at_ms, NULL::bytea AS delta,
                NULL::integer AS delta_sum, NULL::uuid AS key, NULL::bytea AS body,
                NULL::bytea AS note, NULL::integer AS note_sum
            FROM moved
            UNION ALL
            SELECT 1::smallint, revision, at_ms, delta, delta_sum, key, body, note, note_sum
            FROM answered
            UNION ALL
            SELECT 2::smallint, revision, NULL, NULL, NULL, NULL, NULL, NULL, NULL
            FROM holdall_cart WHERE cart = $1
                AND NOT EXISTS (SELECT FROM moved) AND NOT EXISTS (SELECT FROM answered)"
        )
    };
}

/// To a cart that is there, at revision $2.
const NEXT: &str = append!(
    "UPDATE holdall_cart SET revision = revision + 1, at_ms = $3, class = $4, sum = $5,
        header = COALESCE($6, header), header_sum = COALESCE($7, header_sum)
    WHERE cart = $1 AND revision = $2 AND NOT EXISTS (SELECT FROM answered)
    RETURNING revision"
);

/// To a cart that is not there; $2 is 0.
const FIRST: &str = append!(
    "INSERT INTO holdall_cart (cart, revision, at_ms, class, folded, sum, header, header_sum)
    SELECT $1, $2::bigint + 1, $3, $4, 0, $5, $6, $7 WHERE NOT EXISTS (SELECT FROM answered)
    ON CONFLICT (cart) DO NOTHING
    RETURNING revision"
);

/// What became of a key, and where the cart is.
const LOOK: &str = "
    SELECT 1::smallint AS what, revision, at_ms, delta, delta_sum, key, body, note, note_sum
    FROM holdall_log WHERE cart = $1 AND key = $2
    UNION ALL
    SELECT 2::smallint, revision, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM holdall_cart WHERE cart = $1";

const DONE: i16 = 0;
const ANSWERED: i16 = 1;

pub(super) async fn append(link: &Link, append: Append) -> Result<Appended, StoreError> {
    append.within_limits()?;
    let (cart, id) = (append.cart, rows::id(append.cart));
    // A revision that the server cannot count to is none that a cart has: one that builds on it conflicts.
    let expected = i64::try_from(append.expected).unwrap_or(-1);
    let revision = append.expected.wrapping_add(1);
    let key = append.key.as_ref();
    let (name, body) =
        (key.map(|key| uuid::Uuid::from_u128(key.key)), key.map(|key| &key.body[..]));
    let sum = rows::row_sum(cart, revision, append.at_ms, append.class);
    let first = append.expected == 0;
    let header = append.header.as_deref().or(first.then_some(&[][..]));
    let header_sum = header.map(|header| rows::header_sum(cart, header));
    let snapshot = append.snapshot.as_deref();
    let snapshot_sum = snapshot.map(|bytes| rows::state_sum(cart, SNAPSHOT, revision, bytes));
    let values: Values<'_> = &[
        &id,
        &expected,
        &append.at_ms.cast_signed(),
        &i16::from(append.class as u8),
        &sum,
        &header,
        &header_sum,
        &name,
        &body,
        &append.note,
        &rows::note_sum(cart, revision, append.at_ms, key, &append.note),
        &append.delta,
        &rows::delta_sum(cart, revision, &append.delta),
        &snapshot,
        &snapshot_sum,
        &SNAPSHOT,
    ];
    let sql = if first { FIRST } else { NEXT };
    for _ in 0..TRIES {
        let told = link.write(Some(cart), sql, values).await?;
        if let Some(appended) = outcome(cart, append.expected, &told)? {
            return Ok(appended);
        }
        let told = link.read(Some(cart), LOOK, &[&id, &name]).await?;
        if let Some(appended) = outcome(cart, append.expected, &told)? {
            return Ok(appended);
        }
    }
    Err(StoreError::unavailable(Restless { cart }))
}

/// What the rows tell; `None` if what they saw was over before the append was refused.
fn outcome(cart: CartId, expected: u64, rows: &[Row]) -> Result<Option<Appended>, StoreError> {
    let mut at = 0;
    for row in rows {
        let of = Of { cart, row };
        match of.get::<i16>("what")? {
            DONE => return Ok(Some(Appended::Done { revision: of.number("revision")? })),
            ANSWERED => return Ok(Some(Appended::Answered { then: of.logged()? })),
            _ => at = of.number("revision")?,
        }
    }
    Ok((at != expected).then_some(Appended::Conflict { revision: at }))
}

/// Others made and removed the cart each time this append looked.
#[derive(Debug, thiserror::Error)]
#[error("cart {cart} was changed each of {TRIES} times that an append looked at it")]
pub(super) struct Restless {
    pub(super) cart: CartId,
}
