//! What takes away: folding, removing, erasing.
//!
//! `revision` and `folded` of a cart's row together change with everything of its record. So a statement that
//! holds on to both, as they were read, sees the whole record in its own moment: no row that came later is left behind.

use super::append::Restless;
use super::link::Link;
use super::rows::{self, BASE, Of, SNAPSHOT};
use crate::error::within;
use crate::{Class, Compaction, Erased, StoreError};
use holdall::id::CartId;
use holdall::limits;

/// How often an erasure or removal looks again, when the cart changes in between.
const TRIES: usize = 16;

/// A fold that comes after a later one, or after an erasure, finds `folded` past it.
const FOLD: &str = "
    WITH held AS (
        UPDATE holdall_cart SET folded = $2
        WHERE cart = $1 AND revision >= $2 AND folded < $2 RETURNING cart
    ), kept AS (
        INSERT INTO holdall_state (cart, kind, revision, bytes, sum)
        SELECT cart, $3, $2, $4, $5 FROM held
        ON CONFLICT (cart, kind) DO UPDATE
        SET revision = EXCLUDED.revision, bytes = EXCLUDED.bytes, sum = EXCLUDED.sum
    ), gone AS (
        DELETE FROM holdall_log USING held
        WHERE holdall_log.cart = held.cart AND holdall_log.revision <= $2 RETURNING 1
    )
    SELECT count(*) AS appends FROM gone";

const HEAD: &str = "
    SELECT revision, folded, class, length(header)::bigint AS bytes
    FROM holdall_cart WHERE cart = $1";

const REMOVE: &str = "
    WITH gone AS (
        DELETE FROM holdall_cart WHERE cart = $1 AND revision = $2 AND folded = $3 RETURNING cart
    ), log AS (
        DELETE FROM holdall_log USING gone WHERE holdall_log.cart = gone.cart
    ), state AS (
        DELETE FROM holdall_state USING gone WHERE holdall_state.cart = gone.cart
    )
    SELECT cart FROM gone";

/// The marker is kept as the base, with nothing before it: a late fold of what was erased finds itself overtaken.
const ERASE: &str = "
    WITH states AS MATERIALIZED (
        SELECT COALESCE(sum(length(bytes)), 0)::bigint AS bytes FROM holdall_state WHERE cart = $1
    ), marked AS (
        UPDATE holdall_cart SET revision = $2::bigint + 1, folded = $2::bigint + 1, at_ms = $4,
            class = $5, sum = $6, header = $9, header_sum = $10
        WHERE cart = $1 AND revision = $2 AND folded = $3 RETURNING cart, revision
    ), log AS (
        DELETE FROM holdall_log USING marked WHERE holdall_log.cart = marked.cart
        RETURNING length(delta)::bigint + length(note) AS bytes
    ), snapshot AS (
        DELETE FROM holdall_state USING marked
        WHERE holdall_state.cart = marked.cart AND holdall_state.kind = $12
    ), kept AS (
        INSERT INTO holdall_state (cart, kind, revision, bytes, sum)
        SELECT cart, $11, revision, $7, $8 FROM marked
        ON CONFLICT (cart, kind) DO UPDATE
        SET revision = EXCLUDED.revision, bytes = EXCLUDED.bytes, sum = EXCLUDED.sum
    )
    SELECT (SELECT count(*) FROM log) AS appends,
        (SELECT bytes FROM states) + (SELECT COALESCE(sum(bytes), 0)::bigint FROM log) AS bytes
    FROM marked";

/// Of a cart that is not there.
const MARK: &str = "
    WITH marked AS (
        INSERT INTO holdall_cart (cart, revision, at_ms, class, folded, sum, header, header_sum)
        VALUES ($1, 1, $2, $3, 1, $4, $7, $8) ON CONFLICT (cart) DO NOTHING RETURNING cart
    ), kept AS (
        INSERT INTO holdall_state (cart, kind, revision, bytes, sum)
        SELECT cart, $9, 1, $5, $6 FROM marked
    )
    SELECT cart FROM marked";

/// A cart's row, as far as sweeping goes.
struct Head {
    revision: u64,
    folded: u64,
    erased: bool,
    header_bytes: u64,
}

async fn head(link: &Link, cart: CartId) -> Result<Option<Head>, StoreError> {
    let rows = link.read(Some(cart), HEAD, &[&rows::id(cart)]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let of = Of { cart, row };
    Ok(Some(Head {
        revision: of.number("revision")?,
        folded: of.number("folded")?,
        erased: of.get::<i16>("class")? == i16::from(Class::Erased as u8),
        header_bytes: of.number("bytes")?,
    }))
}

pub(super) async fn compact(link: &Link, fold: Compaction) -> Result<u64, StoreError> {
    fold.within_limits()?;
    let Compaction { cart, through, base } = fold;
    let Ok(last) = i64::try_from(through) else { return Ok(0) };
    let sum = rows::state_sum(cart, BASE, through, &base);
    let rows = link.write(Some(cart), FOLD, &[&rows::id(cart), &last, &BASE, &base, &sum]).await?;
    rows.first().map_or(Ok(0), |row| Of { cart, row }.number("appends"))
}

pub(super) async fn remove(link: &Link, cart: CartId, revision: u64) -> Result<bool, StoreError> {
    for _ in 0..TRIES {
        let Some(head) = head(link, cart).await? else { return Ok(false) };
        if head.revision != revision {
            return Ok(false);
        }
        let (revision, folded) = (rows::most(revision), rows::most(head.folded));
        let gone = link.write(Some(cart), REMOVE, &[&rows::id(cart), &revision, &folded]).await?;
        if !gone.is_empty() {
            return Ok(true);
        }
    }
    Err(StoreError::unavailable(Restless { cart }))
}

pub(super) async fn erase(
    link: &Link,
    cart: CartId,
    marker: Vec<u8>,
    at_ms: u64,
) -> Result<Erased, StoreError> {
    within("a marker", marker.len(), limits::MESSAGE_BYTES)?;
    let (id, at, class) = (rows::id(cart), at_ms.cast_signed(), i16::from(Class::Erased as u8));
    let (header, header_sum): (&[u8], i32) = (&[], rows::header_sum(cart, &[]));
    for _ in 0..TRIES {
        let head = head(link, cart).await?;
        let next = head.as_ref().map_or(0, |head| head.revision) + 1;
        let sum = rows::row_sum(cart, next, at_ms, Class::Erased);
        let marker_sum = rows::state_sum(cart, BASE, next, &marker);
        let Some(head) = head else {
            let marked = link
                .write(
                    Some(cart),
                    MARK,
                    &[&id, &at, &class, &sum, &marker, &marker_sum, &header, &header_sum, &BASE],
                )
                .await?;
            if marked.is_empty() {
                continue;
            }
            return Ok(Erased::default());
        };
        if head.erased {
            return Ok(Erased::default());
        }
        let (revision, folded) = (rows::most(head.revision), rows::most(head.folded));
        let erased = link
            .write(
                Some(cart),
                ERASE,
                &[
                    &id,
                    &revision,
                    &folded,
                    &at,
                    &class,
                    &sum,
                    &marker,
                    &marker_sum,
                    &header,
                    &header_sum,
                    &BASE,
                    &SNAPSHOT,
                ],
            )
            .await?;
        if let Some(row) = erased.first() {
            let of = Of { cart, row };
            let bytes = of.number("bytes")? + head.header_bytes;
            return Ok(Erased { appends: of.number("appends")?, bytes });
        }
    }
    Err(StoreError::unavailable(Restless { cart }))
}
