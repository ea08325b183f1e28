//! What is read: each one statement, so each of one moment.

use tokio_postgres::Row;
use uuid::Uuid;

use super::link::Link;
use super::rows::{self, BASE, Of};
use crate::{Class, Idle, Loaded, Logged, StoreError};
use holdall::id::CartId;

/// The cart's row, the later of its states, and the log since.
pub(super) const LOAD: &str = "
    WITH start AS MATERIALIZED (
        SELECT kind, revision, bytes, sum FROM holdall_state WHERE cart = $1
        ORDER BY revision DESC, kind DESC LIMIT 1
    )
    SELECT 0::smallint AS what, class AS kind, revision, at_ms, header AS bytes, sum, header_sum
    FROM holdall_cart WHERE cart = $1
    UNION ALL
    SELECT 1::smallint, kind, revision, NULL, bytes, sum, NULL FROM start
    UNION ALL
    SELECT 2::smallint, NULL, revision, NULL, delta, delta_sum, NULL
    FROM holdall_log WHERE cart = $1 AND revision > COALESCE((SELECT revision FROM start), 0)";

pub(super) async fn load(link: &Link, cart: CartId) -> Result<Option<Loaded>, StoreError> {
    let rows = link.read(Some(cart), LOAD, &[&rows::id(cart)]).await?;
    rows::loaded(cart, &rows)
}

pub(super) async fn revision(link: &Link, cart: CartId) -> Result<Option<u64>, StoreError> {
    const SQL: &str = "SELECT revision FROM holdall_cart WHERE cart = $1";
    let rows = link.read(Some(cart), SQL, &[&rows::id(cart)]).await?;
    rows.first().map(|row| Of { cart, row }.number("revision")).transpose()
}

/// An answer of the server that is not of the asked form is the server's fault, and no cart's.
fn column<'a, T: tokio_postgres::types::FromSql<'a>>(
    row: &'a Row,
    name: &str,
) -> Result<T, StoreError> {
    row.try_get(name).map_err(StoreError::unavailable)
}

fn cart_of(row: &Row) -> Result<CartId, StoreError> {
    Ok(CartId::from_u128(column::<Uuid>(row, "cart")?.as_u128()))
}

pub(super) async fn idle(
    link: &Link,
    class: Class,
    before_ms: u64,
    limit: usize,
) -> Result<Vec<Idle>, StoreError> {
    const SQL: &str = "
        SELECT cart, at_ms, revision FROM holdall_cart
        WHERE class = $1 AND at_ms < $2 ORDER BY at_ms, cart LIMIT $3";
    let class = i16::from(class as u8);
    let (before, limit) = (rows::most(before_ms), rows::count(limit));
    let rows = link.read(None, SQL, &[&class, &before, &limit]).await?;
    let idle = |row: &Row| {
        let at_ms = column::<i64>(row, "at_ms")?.cast_unsigned();
        let revision = column::<i64>(row, "revision")?.cast_unsigned();
        Ok(Idle { cart: cart_of(row)?, at_ms, revision })
    };
    rows.iter().map(idle).collect()
}

pub(super) async fn carts(
    link: &Link,
    after: Option<CartId>,
    limit: usize,
) -> Result<Vec<CartId>, StoreError> {
    const FIRST: &str = "SELECT cart FROM holdall_cart ORDER BY cart LIMIT $1";
    const NEXT: &str = "SELECT cart FROM holdall_cart WHERE cart > $2 ORDER BY cart LIMIT $1";
    let limit = rows::count(limit);
    let rows = match after {
        None => link.read(None, FIRST, &[&limit]).await?,
        Some(after) => link.read(None, NEXT, &[&limit, &rows::id(after)]).await?,
    };
    rows.iter().map(cart_of).collect()
}

pub(super) async fn log(
    link: &Link,
    cart: CartId,
    after: u64,
    limit: usize,
) -> Result<Vec<Logged>, StoreError> {
    const SQL: &str = "
        SELECT revision, at_ms, delta, delta_sum, key, body, note, note_sum FROM holdall_log
        WHERE cart = $1 AND revision > $2 ORDER BY revision LIMIT $3";
    let (after, limit) = (rows::most(after), rows::count(limit));
    let rows = link.read(Some(cart), SQL, &[&rows::id(cart), &after, &limit]).await?;
    let log = rows.iter().map(|row| Of { cart, row }.logged()).collect::<Result<Vec<_>, _>>()?;
    if let Some(gap) = log.windows(2).find(|pair| pair[0].revision + 1 != pair[1].revision) {
        let what = format!("revision {} is missing", gap[0].revision + 1);
        return Err(StoreError::Damaged { cart, what });
    }
    Ok(log)
}

pub(super) async fn find_request(
    link: &Link,
    cart: CartId,
    key: u128,
) -> Result<Option<Logged>, StoreError> {
    const SQL: &str = "
        SELECT revision, at_ms, delta, delta_sum, key, body, note, note_sum FROM holdall_log
        WHERE cart = $1 AND key = $2";
    let rows = link.read(Some(cart), SQL, &[&rows::id(cart), &Uuid::from_u128(key)]).await?;
    rows.first().map(|row| Of { cart, row }.logged()).transpose()
}

pub(super) async fn base_state(
    link: &Link,
    cart: CartId,
) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
    const SQL: &str =
        "SELECT kind, revision, bytes, sum FROM holdall_state WHERE cart = $1 AND kind = $2";
    let rows = link.read(Some(cart), SQL, &[&rows::id(cart), &BASE]).await?;
    rows.first().map(|row| Of { cart, row }.state()).transpose()
}
