//! What a call writes, within a transaction.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use rusqlite::{CachedStatement, Connection, OptionalExtension};

use super::file::{record, set_meta};
use super::format::{self, Kind, RecordHeader};
use super::index::{Cart, Head, Index, Place, Staged};
use crate::{
    Append, Appended, Class, Compaction, Erased, Logged, Slot, SlotOutcome, SlotValue, StoreError,
};
use holdall::id::CartId;
use holdall::sabotage;

/// A call that may write.
#[derive(Debug)]
pub(super) enum Ask {
    /// In a box: it is handed on several times.
    Append(Box<Append>),
    CompareAndSet {
        slot: Slot,
        expected: Option<u64>,
        value: Option<Vec<u8>>,
    },
    Compact(Compaction),
    Remove {
        cart: CartId,
        revision: u64,
    },
    Erase {
        cart: CartId,
        marker: Vec<u8>,
        at_ms: u64,
    },
}

/// What became of it.
#[derive(Debug)]
pub(super) enum Told {
    Appended(Appended),
    SlotOutcome(SlotOutcome),
    Compacted(u64),
    Removed(bool),
    Erased(Erased),
}

/// Why it could not be done.
#[derive(Debug)]
pub(super) enum Failure {
    /// This call is refused, and has written nothing.
    Call(StoreError),
    /// The transaction is of no use any more.
    Transaction(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Transaction(error)
    }
}

/// A transaction under way. Calls in it see what those before them have written.
pub(super) struct Plan<'a> {
    index: &'a RwLock<Index>,
    pub(super) records: Records<'a>,
    pub(super) staged: HashMap<CartId, Staged>,
    /// The last version that was given.
    pub(super) version: u64,
}

/// The records, as the transaction has them.
pub(super) struct Records<'a> {
    connection: &'a Connection,
    /// The last position that was given.
    pub(super) position: u64,
    /// Whether anything was written.
    pub(super) has_written: bool,
    /// What writes a record, once one was written.
    insert: Option<CachedStatement<'a>>,
}

pub(super) fn damaged(cart: CartId, what: impl Into<String>) -> StoreError {
    StoreError::Damaged { cart, what: what.into() }
}

/// What to say of a cart that is damaged.
fn damaged_as(cart: CartId, found: Option<&Cart>) -> StoreError {
    let damage = found.and_then(|cart| cart.damage.as_ref());
    damaged(cart, damage.map_or_else(String::new, |damage| damage.0.clone()))
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        index: &'a RwLock<Index>,
        position: u64,
        version: u64,
        calls: usize,
    ) -> Self {
        let records = Records { connection, position, has_written: false, insert: None };
        Self { index, records, staged: HashMap::with_capacity(calls), version }
    }

    pub(super) fn carry_out(&mut self, ask: &Ask) -> Result<Told, Failure> {
        match ask {
            Ask::Append(append) => self.append(append).map(Told::Appended),
            Ask::CompareAndSet { slot, expected, value } => {
                self.compare_and_set(*slot, *expected, value.as_deref()).map(Told::SlotOutcome)
            }
            Ask::Compact(fold) => self.compact(fold).map(Told::Compacted),
            Ask::Remove { cart, revision } => self.remove(*cart, *revision).map(Told::Removed),
            Ask::Erase { cart, marker, at_ms } => {
                self.erase(*cart, marker, *at_ms).map(Told::Erased)
            }
        }
    }

    fn index(&self) -> RwLockReadGuard<'a, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn stage(&mut self, cart: CartId) -> &mut Staged {
        let index = self.index();
        self.staged.entry(cart).or_insert_with(|| Staged::of(index.get(cart)))
    }

    fn whole(&mut self, cart: CartId) -> Result<&mut Staged, Failure> {
        if self.stage(cart).damaged {
            return Err(Failure::Call(damaged_as(cart, self.index().get(cart))));
        }
        Ok(self.stage(cart))
    }

    /// The log as it will be.
    fn log(&mut self, cart: CartId) -> Vec<Place> {
        let index = self.index();
        self.stage(cart).log(index.get(cart)).copied().collect()
    }

    fn append(&mut self, append: &Append) -> Result<Appended, Failure> {
        let cart = append.cart;
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let found = index.get(cart);
        let staged = self.staged.entry(cart).or_insert_with(|| Staged::of(found));
        if staged.damaged {
            return Err(Failure::Call(damaged_as(cart, found)));
        }
        let answered = sabotage!(
            "key-of-own-group-is-not-found",
            self.records.answered(append, staged.log(found))?,
            self.records
                .answered(append, found.map_or(&[][..], |cart| &cart.log[staged.gone..]).iter())?
        );
        if let Some(then) = answered {
            return Ok(Appended::Answered { then });
        }
        let before = staged.head;
        if before.revision != append.expected {
            return Ok(Appended::Conflict { revision: before.revision });
        }
        let Append { at_ms, class, .. } = *append;
        let revision = before.revision + 1;
        let header = match append.header {
            Some(_) => revision,
            None => before.header_revision(),
        };
        let lead = RecordHeader { kind: Kind::Entry, class, cart, revision, at_ms, header };
        let position = self.records.write(cart, &lead.entry(append))?;
        let mut head = Head { revision, at_ms, class, ..before };
        if let Some(header) = &append.header {
            self.records.delete_all(before.header.map(|(_, position)| position))?;
            let lead = RecordHeader { kind: Kind::Header, ..lead };
            head.header = Some((revision, self.records.write(cart, &lead.record(header))?));
        }
        if let Some(snapshot) = &append.snapshot {
            self.records.delete_all(before.snapshot.map(|(_, position)| position))?;
            let lead = RecordHeader { kind: Kind::Snapshot, ..lead };
            head.snapshot = Some((revision, self.records.write(cart, &lead.record(snapshot))?));
        }
        staged.more.push(Place { position, key: Place::part(append.key) });
        (staged.head, staged.there) = (head, true);
        Ok(Appended::Done { revision })
    }

    fn compact(&mut self, fold: &Compaction) -> Result<u64, Failure> {
        let Compaction { cart, through, .. } = *fold;
        let before = self.whole(cart)?.head;
        if through > before.revision || through <= before.folded() {
            return Ok(0);
        }
        let count = (through - before.folded()) as usize;
        let log = self.log(cart);
        self.records.delete_all(log[..count].iter().map(|place| place.position))?;
        // A snapshot that is no later says nothing any more.
        let old = before.snapshot.filter(|(revision, _)| *revision <= through);
        let states = before.base.into_iter().chain(old).map(|(_, position)| position);
        self.records.delete_all(states.collect::<Vec<_>>())?;
        let Head { at_ms, class, .. } = before;
        let header = before.header_revision();
        let lead = RecordHeader { kind: Kind::Base, class, cart, revision: through, at_ms, header };
        let base = Some((through, self.records.write(cart, &lead.record(&fold.base))?));
        let snapshot = before.snapshot.filter(|_| old.is_none());
        let staged = self.stage(cart);
        staged.head = Head { base, snapshot, ..before };
        staged.drop_first(count, &log);
        Ok(count as u64)
    }

    /// Deletes all of a cart. Says how many appends and bytes went.
    fn clear(&mut self, cart: CartId) -> Result<Erased, Failure> {
        let log = self.log(cart);
        let head = self.stage(cart).head;
        let index = self.index();
        let damage = index.get(cart).and_then(|cart| cart.damage.as_ref());
        let bad = damage.map_or_else(Vec::new, |damage| damage.1.clone());
        drop(index);
        let positions = log.iter().map(|place| place.position).chain(head.others()).chain(bad);
        let bytes = self.records.delete_all(positions.collect::<Vec<_>>())?;
        let staged = self.stage(cart);
        staged.drop_first(log.len(), &log);
        (staged.head, staged.there, staged.damaged) = (Head::NONE, false, false);
        Ok(Erased { appends: log.len() as u64, bytes })
    }

    fn remove(&mut self, cart: CartId, revision: u64) -> Result<bool, Failure> {
        let staged = self.stage(cart);
        let has_changed =
            sabotage!("cart-is-removed-at-any-revision", staged.head.revision != revision, false);
        if !staged.there || has_changed {
            return Ok(false);
        }
        self.clear(cart).map(|_| true)
    }

    fn erase(&mut self, cart: CartId, marker: &[u8], at_ms: u64) -> Result<Erased, Failure> {
        let before = self.stage(cart).head;
        if self.stage(cart).there && before.class == Class::Erased {
            return Ok(Erased::default());
        }
        let erased = self.clear(cart)?;
        let (revision, class) = (before.revision + 1, Class::Erased);
        let lead = RecordHeader { kind: Kind::Base, class, cart, revision, at_ms, header: 0 };
        let base = Some((revision, self.records.write(cart, &lead.record(marker))?));
        let staged = self.stage(cart);
        staged.head = Head { revision, at_ms, class, base, ..Head::NONE };
        staged.there = true;
        Ok(erased)
    }

    fn compare_and_set(
        &mut self,
        slot: Slot,
        expected: Option<u64>,
        value: Option<&[u8]>,
    ) -> Result<SlotOutcome, Failure> {
        let held = match held(self.records.connection, slot)? {
            Some(Ok(held)) => Some(held),
            Some(Err(error)) => return Err(Failure::Call(error)),
            None => None,
        };
        if held.as_ref().map(|held| held.version) != expected {
            return Ok(SlotOutcome::Conflict { held });
        }
        let name = slot_name(slot);
        let Some(value) = value else {
            if held.is_some() {
                self.records.has_written = true;
                let sql = "DELETE FROM slots WHERE name = ?1";
                self.records.connection.prepare_cached(sql)?.execute([name])?;
            }
            return Ok(SlotOutcome::Done { version: None });
        };
        self.version += 1;
        self.records.has_written = true;
        let (version, connection) = (self.version, self.records.connection);
        let sql =
            "INSERT OR REPLACE INTO slots (name, version, value, sum) VALUES (?1, ?2, ?3, ?4)";
        let sum = slot_sum(&name, version, value);
        let mut insert = connection.prepare_cached(sql)?;
        insert.execute((name, version as i64, value, sum))?;
        sabotage!(
            "slot-versions-begin-anew",
            set_meta(connection, "version", &version.to_be_bytes())?,
            ()
        );
        Ok(SlotOutcome::Done { version: Some(version) })
    }
}

impl Records<'_> {
    fn write(&mut self, cart: CartId, record: &[u8]) -> rusqlite::Result<u64> {
        self.position += 1;
        self.has_written = true;
        let sql = "INSERT INTO records (position, cart, record) VALUES (?1, ?2, ?3)";
        let owner = cart.as_u128().to_be_bytes();
        let insert = match &mut self.insert {
            Some(insert) => insert,
            none => none.insert(self.connection.prepare_cached(sql)?),
        };
        insert.execute((self.position as i64, owner, record))?;
        Ok(self.position)
    }

    /// Deletes a record, and says how many bytes it had.
    fn delete(&mut self, position: u64) -> rusqlite::Result<u64> {
        self.has_written = true;
        let sql = "DELETE FROM records WHERE position = ?1 RETURNING length(record)";
        let mut delete = self.connection.prepare_cached(sql)?;
        let bytes = delete.query_row([position as i64], |row| row.get::<_, i64>(0)).optional()?;
        Ok(bytes.unwrap_or_default() as u64)
    }

    fn delete_all(&mut self, positions: impl IntoIterator<Item = u64>) -> rusqlite::Result<u64> {
        positions.into_iter().map(|position| self.delete(position)).sum()
    }

    /// What the request's key was used for, if it is in the log.
    fn answered<'p>(
        &self,
        append: &Append,
        log: impl Iterator<Item = &'p Place>,
    ) -> Result<Option<Logged>, Failure> {
        let Some(asked) = append.key else { return Ok(None) };
        let part = Place::part(append.key);
        for place in log.filter(|place| place.key == part) {
            let bytes = record(self.connection, place.position)?.unwrap_or_default();
            let read = format::read(&bytes).and_then(|(lead, body)| format::logged(lead, body));
            let logged = read.map_err(|what| Failure::Call(damaged(append.cart, what)))?;
            if logged.key.is_some_and(|key| key.key == asked.key) {
                return Ok(Some(logged));
            }
        }
        Ok(None)
    }
}

impl Staged {
    /// The log as it will be, of a cart that the index has as this.
    fn log<'s>(&'s self, found: Option<&'s Cart>) -> impl Iterator<Item = &'s Place> {
        let kept = found.map_or(&[][..], |cart| &cart.log[self.gone..]);
        kept.iter().chain(&self.more)
    }

    /// The first of a log go, be they committed or not.
    fn drop_first(&mut self, count: usize, log: &[Place]) {
        let committed = log.len() - self.more.len();
        self.gone += count.min(committed);
        self.more.drain(..count.saturating_sub(committed));
    }
}

fn slot_name(slot: Slot) -> Vec<u8> {
    let (kind, name) = slot.name();
    [vec![kind], name].concat()
}

fn slot_sum(name: &[u8], version: u64, value: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(name);
    sum.update(&version.to_be_bytes());
    sum.update(value);
    sum.finalize()
}

/// What a slot holds, if it is what was written.
pub(super) fn held(
    connection: &Connection,
    slot: Slot,
) -> rusqlite::Result<Option<Result<SlotValue, StoreError>>> {
    let sql = "SELECT version, value, sum FROM slots WHERE name = ?1";
    let name = slot_name(slot);
    let row = connection.prepare_cached(sql)?.query_row([&name], |row| {
        Ok((row.get::<_, i64>(0)? as u64, row.get::<_, Vec<u8>>(1)?, row.get::<_, u32>(2)?))
    });
    Ok(row.optional()?.map(|(version, value, sum)| {
        if slot_sum(&name, version, &value) == sum {
            return Ok(SlotValue { version, value });
        }
        Err(match slot {
            Slot::Claim(cart) | Slot::Lease(cart) => damaged(cart, "the checksum of its slot"),
            Slot::Account(_) => {
                StoreError::unavailable("the checksum of an account's slot is wrong")
            }
        })
    }))
}
