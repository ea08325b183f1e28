//! Opening: every record is read and checked, and the index comes of it.

use std::collections::HashMap;

use rusqlite::Connection;

use super::file::{is_corrupt, meta, refused, set_meta};
use super::format::{self, Kind, RecordHeader};
use super::index::{Cart, Head, Index, Place};
use crate::StoreError;
use holdall::id::CartId;
use holdall::sabotage;

/// What opening found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Opened {
    /// Carts that are there.
    pub carts: usize,
    /// Records that were read and found right.
    pub records: u64,
    /// What was found wrong. The carts are refused as [`StoreError::Damaged`]; the others are not concerned.
    pub damage: Vec<Damage>,
}

/// Something that is not what was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// Whose it is. `None`: it cannot be told. What then is missing in the middle of a cart's log is
    /// found, and that cart is listed too; what was a cart's last append is not.
    pub cart: Option<CartId>,
    /// What is wrong.
    pub what: String,
}

/// A file that was read.
#[derive(Debug)]
pub(super) struct Scanned {
    pub(super) index: Index,
    pub(super) opened: Opened,
    pub(super) incarnation: u128,
    /// The last version that any slot was given.
    pub(super) version: u64,
    /// The last position that any record was given.
    pub(super) position: u64,
}

/// A cart, as far as it was read.
#[derive(Default)]
struct Building {
    /// The latest revision, and the activity and class with it.
    latest: Option<RecordHeader>,
    header: Option<(u64, u64)>,
    snapshot: Option<(u64, u64)>,
    base: Option<(u64, u64)>,
    log: Vec<(u64, Place)>,
    wrong: Option<String>,
    /// Positions of records that are no good.
    bad: Vec<u64>,
}

#[derive(Default)]
struct Scan {
    carts: HashMap<CartId, Building>,
    opened: Opened,
    position: u64,
}

pub(super) fn recover(connection: &Connection, renew: Option<u128>) -> Result<Scanned, StoreError> {
    if let Some(fresh) = renew {
        set_meta(connection, "incarnation", &fresh.to_be_bytes()).map_err(refused)?;
    }
    let missing = || StoreError::Foreign { what: "the file lacks its incarnation".to_owned() };
    let incarnation = meta(connection, "incarnation").map_err(refused)?.ok_or_else(missing)?;
    let version = meta(connection, "version").map_err(refused)?.ok_or_else(missing)?;
    let mut scan = Scan::default();
    let mut after = 0;
    while let Err(error) = scan.pass(connection, &mut after) {
        if !is_corrupt(&error) {
            return Err(refused(error));
        }
        let Some(next) = beyond(connection, after) else {
            scan.lost(format!("nothing behind position {after} can be read: {error}"));
            break;
        };
        scan.lost(format!("positions {} to {next} cannot be read: {error}", after + 1));
        (after, scan.position) = (next, scan.position.max(next));
    }
    let Scan { carts, mut opened, position } = scan;
    let mut index = Index::default();
    for (id, building) in carts {
        index.insert(id, building.done(id, &mut opened));
    }
    opened.carts = index.len();
    let incarnation = u128::from_be_bytes(incarnation);
    Ok(Scanned { index, opened, incarnation, version: u64::from_be_bytes(version), position })
}

/// How far positions are looked for behind what cannot be read.
const FURTHEST: u64 = 1 << 20;

/// The last position, about, that has to be passed over so that what follows can be read.
fn beyond(connection: &Connection, after: u64) -> Option<u64> {
    let reads = |from: u64| {
        let sql =
            "SELECT length(record) FROM records WHERE position > ?1 ORDER BY position LIMIT 1";
        let row = connection
            .prepare_cached(sql)
            .and_then(|mut query| query.query_row([from as i64], |row| row.get::<_, i64>(0)));
        row.is_ok()
    };
    let (mut low, mut step) = (after, 1);
    while !reads(after + step) {
        low = after + step;
        step *= 2;
        if step > FURTHEST {
            return None;
        }
    }
    let mut high = after + step;
    while low + 1 < high {
        let middle = u64::midpoint(low, high);
        if reads(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

impl Scan {
    fn lost(&mut self, what: String) {
        self.opened.damage.push(Damage { cart: None, what });
    }

    fn pass(&mut self, connection: &Connection, after: &mut u64) -> rusqlite::Result<()> {
        let sql =
            "SELECT position, cart, record FROM records WHERE position > ?1 ORDER BY position";
        let mut query = connection.prepare(sql)?;
        let mut rows = query.query([*after as i64])?;
        while let Some(row) = rows.next()? {
            let position = row.get::<_, i64>(0)? as u64;
            let owner = row.get_ref(1)?.as_blob().unwrap_or_default();
            let record = row.get_ref(2)?.as_blob().unwrap_or_default();
            *after = position;
            self.position = self.position.max(position);
            self.take(position, owner, record);
        }
        Ok(())
    }

    fn take(&mut self, position: u64, owner: &[u8], record: &[u8]) {
        let read = format::read(record).and_then(|(lead, body)| {
            let key = if lead.kind == Kind::Entry { format::key(body)?.0 } else { None };
            Ok((lead, key))
        });
        match read {
            Ok((lead, key)) => {
                self.opened.records += 1;
                let place = Place { position, key: Place::part(key) };
                self.carts.entry(lead.cart).or_default().take(lead, place);
            }
            Err(wrong) => {
                // One of the two is right if one thing went wrong; the lead has a checksum.
                let column =
                    || Some(CartId::from_u128(u128::from_be_bytes(owner.try_into().ok()?)));
                let cart = RecordHeader::read(record).ok().map(|lead| lead.cart).or_else(column);
                let what = format!("the record at position {position}: {wrong}");
                let Some(cart) = cart else { return self.lost(what) };
                let building = self.carts.entry(cart).or_default();
                building.bad.push(position);
                building.wrong.get_or_insert(what);
            }
        }
    }
}

impl Building {
    fn take(&mut self, lead: RecordHeader, place: Place) {
        if self.latest.is_none_or(|latest| latest.revision < lead.revision) {
            self.latest = Some(lead);
        }
        let state = Some((lead.revision, place.position));
        let twice = match lead.kind {
            Kind::Entry => {
                self.log.push((lead.revision, place));
                false
            }
            Kind::Header => std::mem::replace(&mut self.header, state).is_some(),
            Kind::Snapshot => std::mem::replace(&mut self.snapshot, state).is_some(),
            Kind::Base => std::mem::replace(&mut self.base, state).is_some(),
        };
        if twice {
            self.wrong.get_or_insert(format!("two of {:?}", lead.kind));
        }
    }

    fn done(mut self, id: CartId, opened: &mut Opened) -> Cart {
        let Self { header, snapshot, base, latest, .. } = self;
        let wanted_header = latest.map_or(0, |lead| lead.header);
        let latest = latest.map_or(Head::NONE, |lead| Head {
            revision: lead.revision,
            at_ms: lead.at_ms,
            class: lead.class,
            ..Head::NONE
        });
        let head = Head { header, snapshot, base, ..latest };
        let wanted = head.folded() + 1..=head.revision;
        if !self.log.iter().map(|(revision, _)| *revision).eq(wanted) {
            let gap = "appends are missing in its log".to_owned();
            self.wrong.get_or_insert(gap);
        }
        if sabotage!("lost-header-is-not-missed", head.header_revision() != wanted_header, false) {
            self.wrong.get_or_insert("its header is missing".to_owned());
        }
        let log: Vec<Place> = self.log.into_iter().map(|(_, place)| place).collect();
        let bad = self.bad;
        let damage = self.wrong.map(|what| {
            opened.damage.push(Damage { cart: Some(id), what: what.clone() });
            Box::new((what, bad))
        });
        Cart { head, log, damage }
    }
}
