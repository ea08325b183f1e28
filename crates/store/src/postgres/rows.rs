//! Rows: numbers in the server's types, and bytes with checksums, there and back.

use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use uuid::Uuid;

use crate::checksum::checksum;
use crate::{Class, Loaded, Logged, RequestKey, StoreError};
use holdall::id::CartId;

/// Whole states, as `holdall_state.kind` has them. The order is part of the format: of a snapshot and
/// a base at one revision the base is taken.
pub(super) const SNAPSHOT: i16 = 0;
pub(super) const BASE: i16 = 1;

pub(super) const fn id(cart: CartId) -> Uuid {
    Uuid::from_u128(cart.as_u128())
}

/// A number that is compared: beyond what the server can hold, its largest.
pub(super) fn most(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// How many rows at most.
pub(super) fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub(super) fn row_sum(cart: CartId, revision: u64, at_ms: u64, class: Class) -> i32 {
    signed(checksum(&[
        &cart.as_u128().to_be_bytes(),
        &revision.to_be_bytes(),
        &at_ms.to_be_bytes(),
        &[class as u8],
    ]))
}

pub(super) fn header_sum(cart: CartId, header: &[u8]) -> i32 {
    signed(checksum(&[&cart.as_u128().to_be_bytes(), header]))
}

pub(super) fn state_sum(cart: CartId, kind: i16, revision: u64, bytes: &[u8]) -> i32 {
    signed(checksum(&[
        &cart.as_u128().to_be_bytes(),
        &kind.to_be_bytes(),
        &revision.to_be_bytes(),
        bytes,
    ]))
}

pub(super) fn delta_sum(cart: CartId, revision: u64, delta: &[u8]) -> i32 {
    signed(checksum(&[&cart.as_u128().to_be_bytes(), &revision.to_be_bytes(), delta]))
}

pub(super) fn note_sum(
    cart: CartId,
    revision: u64,
    at_ms: u64,
    key: Option<&RequestKey>,
    note: &[u8],
) -> i32 {
    let (name, body) = key.map_or((Vec::new(), Vec::new()), |key| {
        (key.key.to_be_bytes().to_vec(), key.body.to_vec())
    });
    signed(checksum(&[
        &cart.as_u128().to_be_bytes(),
        &revision.to_be_bytes(),
        &at_ms.to_be_bytes(),
        &name,
        &body,
        note,
    ]))
}

pub(super) fn slot_sum(kind: i16, name: &[u8], value: &[u8]) -> i32 {
    signed(checksum(&[&kind.to_be_bytes(), name, value]))
}

const fn signed(sum: u32) -> i32 {
    sum.cast_signed()
}

/// A row of one cart.
pub(super) struct Of<'a> {
    pub(super) cart: CartId,
    pub(super) row: &'a Row,
}

impl<'a> Of<'a> {
    pub(super) fn get<T: FromSql<'a>>(&self, column: &str) -> Result<T, StoreError> {
        self.row.try_get(column).map_err(|error| self.damaged(&error.to_string()))
    }

    /// A number that is never negative: the server's type is signed.
    pub(super) fn number(&self, column: &str) -> Result<u64, StoreError> {
        self.get::<i64>(column).map(i64::cast_unsigned)
    }

    /// Bytes that have the checksum in a column.
    fn whole(&self, what: &str, expected: i32, column: &str) -> Result<(), StoreError> {
        if self.get::<i32>(column)? == expected {
            Ok(())
        } else {
            Err(self.damaged(&format!("the checksum of {what} is wrong")))
        }
    }

    pub(super) fn damaged(&self, what: &str) -> StoreError {
        StoreError::Damaged { cart: self.cart, what: what.to_owned() }
    }

    /// One append of the log, with all columns of it.
    pub(super) fn logged(&self) -> Result<Logged, StoreError> {
        let revision = self.number("revision")?;
        let delta: Vec<u8> = self.get("delta")?;
        let what = format!("the delta of revision {revision}");
        self.whole(&what, delta_sum(self.cart, revision, &delta), "delta_sum")?;
        let key = match (self.get::<Option<Uuid>>("key")?, self.get::<Option<&[u8]>>("body")?) {
            (None, None) => None,
            (Some(key), Some(body)) => {
                let body = body.try_into().map_err(|_| self.damaged("a request's digest"))?;
                Some(RequestKey { key: key.as_u128(), body })
            }
            _ => return Err(self.damaged("half a request key")),
        };
        let (at_ms, note) = (self.number("at_ms")?, self.get::<Vec<u8>>("note")?);
        let what = format!("the note of revision {revision}");
        let expected = note_sum(self.cart, revision, at_ms, key.as_ref(), &note);
        self.whole(&what, expected, "note_sum")?;
        Ok(Logged { revision, at_ms, delta, key, note })
    }

    /// A whole state and its revision.
    pub(super) fn state(&self) -> Result<(u64, Vec<u8>), StoreError> {
        let (kind, revision) = (self.get::<i16>("kind")?, self.number("revision")?);
        let bytes: Vec<u8> = self.get("bytes")?;
        let what = if kind == BASE { "the base" } else { "the snapshot" };
        self.whole(what, state_sum(self.cart, kind, revision, &bytes), "sum")?;
        Ok((revision, bytes))
    }

    /// The cart's own row, as a record without its states.
    fn head(&self) -> Result<Loaded, StoreError> {
        let (revision, at_ms) = (self.number("revision")?, self.number("at_ms")?);
        let class = self.get::<i16>("kind")?;
        let class = u8::try_from(class).ok().and_then(Class::from_u8);
        let class = class.ok_or_else(|| self.damaged("its class is none"))?;
        self.whole("its row", row_sum(self.cart, revision, at_ms, class), "sum")?;
        let header: Vec<u8> = self.get("bytes")?;
        self.whole("the header", header_sum(self.cart, &header), "header_sum")?;
        Ok(Loaded { revision, at_ms, class, header, snapshot: None, tail: Vec::new() })
    }
}

/// What a row of [`LOAD`](super::read::LOAD) is about.
const HEAD: i16 = 0;
const STATE: i16 = 1;

/// The record that the rows of `LOAD` come to. A revision that is missing is found out, since every append has a row.
pub(super) fn loaded(cart: CartId, rows: &[Row]) -> Result<Option<Loaded>, StoreError> {
    let mut head: Option<Loaded> = None;
    let (mut start, mut log) = (None, Vec::new());
    for row in rows {
        let of = Of { cart, row };
        match of.get::<i16>("what")? {
            HEAD => head = Some(of.head()?),
            STATE => start = Some(of.state()?),
            _ => {
                let (revision, delta) = (of.number("revision")?, of.get::<Vec<u8>>("bytes")?);
                let what = format!("the delta of revision {revision}");
                of.whole(&what, delta_sum(cart, revision, &delta), "sum")?;
                log.push((revision, delta));
            }
        }
    }
    let Some(mut loaded) = head else {
        let Some(row) = rows.first() else { return Ok(None) };
        return Err(Of { cart, row }.damaged("its row is missing"));
    };
    log.sort_unstable_by_key(|(revision, _)| *revision);
    let mut through = 0;
    if let Some((revision, bytes)) = start {
        through = revision;
        loaded.snapshot = Some(bytes);
    }
    for (revision, delta) in log {
        through += 1;
        if revision != through {
            return Err(StoreError::Damaged {
                cart,
                what: format!("revision {through} is missing"),
            });
        }
        if !delta.is_empty() {
            loaded.tail.push(delta);
        }
    }
    if through != loaded.revision {
        let what = format!("it is at revision {}, its log ends at {through}", loaded.revision);
        return Err(StoreError::Damaged { cart, what });
    }
    Ok(Some(loaded))
}
