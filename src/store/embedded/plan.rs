//! What a call writes, within a transaction.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use rusqlite::{CachedStatement, Connection, OptionalExtension};

use super::file::{record, set_meta};
use super::format::{self, Kind, Lead};
use super::index::{Head, Index, Place, Staged};
use crate::id::CartId;
use crate::store::{
    Append, Appended, Class, Erased, Fold, Held, Logged, Slot, StoreError, Swapped,
};

/// A call that may write.
#[derive(Debug)]
pub(super) enum Ask {
    /// In a box: it is handed on several times.
    Append(Box<Append>),
    Swap {
        slot: Slot,
        expected: Option<u64>,
        value: Option<Vec<u8>>,
    },
    Fold(Fold),
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
    Swapped(Swapped),
    Folded(u64),
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
    connection: &'a Connection,
    index: &'a RwLock<Index>,
    pub(super) staged: HashMap<CartId, Staged>,
    /// The last position that was given.
    pub(super) position: u64,
    /// The last version that was given.
    pub(super) version: u64,
    /// Whether anything was written.
    pub(super) has_written: bool,
    /// What writes a record, once one was written.
    insert: Option<CachedStatement<'a>>,
}

pub(super) fn damaged(cart: CartId, what: impl Into<String>) -> StoreError {
    StoreError::Damaged { cart, what: what.into() }
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        index: &'a RwLock<Index>,
        position: u64,
        version: u64,
        calls: usize,
    ) -> Self {
        let (staged, has_written, insert) = (HashMap::with_capacity(calls), false, None);
        Self { connection, index, staged, position, version, has_written, insert }
    }

    pub(super) fn carry_out(&mut self, ask: &Ask) -> Result<Told, Failure> {
        match ask {
            Ask::Append(append) => self.append(append).map(Told::Appended),
            Ask::Swap { slot, expected, value } => {
                self.swap(*slot, *expected, value.as_deref()).map(Told::Swapped)
            }
            Ask::Fold(fold) => self.fold(fold).map(Told::Folded),
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
        match self.staged.entry(cart) {
            Entry::Occupied(staged) => staged.into_mut(),
            Entry::Vacant(empty) => empty.insert(index.stage(cart)),
        }
    }

    fn whole(&mut self, cart: CartId) -> Result<&mut Staged, Failure> {
        if self.stage(cart).damaged {
            let index = self.index();
            let what = index.get(cart).and_then(|cart| cart.damage.as_ref());
            let what = what.map_or_else(String::new, |damage| damage.0.clone());
            return Err(Failure::Call(damaged(cart, what)));
        }
        Ok(self.stage(cart))
    }

    /// The log as it will be.
    fn log(&mut self, cart: CartId) -> Vec<Place> {
        let index = self.index();
        let staged = self.stage(cart);
        let kept = index.get(cart).map_or(&[][..], |cart| &cart.log[staged.gone..]);
        kept.iter().chain(&staged.more).copied().collect()
    }

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

    fn answered(&mut self, append: &Append) -> Result<Option<Logged>, Failure> {
        let Some(asked) = append.key else { return Ok(None) };
        let part = Place::part(append.key);
        let index = self.index();
        let staged = self.stage(append.cart);
        let kept = index.get(append.cart).map_or(&[][..], |cart| &cart.log[staged.gone..]);
        let alike = kept.iter().chain(&staged.more).filter(|place| place.key == part);
        let alike: Vec<u64> = alike.map(|place| place.position).collect();
        drop(index);
        for position in alike {
            let bytes = record(self.connection, position)?.unwrap_or_default();
            let read = format::read(&bytes).and_then(|(lead, body)| format::logged(lead, body));
            let logged = read.map_err(|what| Failure::Call(damaged(append.cart, what)))?;
            if logged.key.is_some_and(|key| key.key == asked.key) {
                return Ok(Some(logged));
            }
        }
        Ok(None)
    }

    fn append(&mut self, append: &Append) -> Result<Appended, Failure> {
        let cart = append.cart;
        let before = self.whole(cart)?.head;
        if let Some(then) = self.answered(append)? {
            return Ok(Appended::Answered { then });
        }
        if before.revision != append.expected {
            return Ok(Appended::Conflict { revision: before.revision });
        }
        let Append { at_ms, class, .. } = *append;
        let revision = before.revision + 1;
        let header = match append.header {
            Some(_) => revision,
            None => before.header_revision(),
        };
        let lead = Lead { kind: Kind::Entry, class, cart, revision, at_ms, header };
        let position = self.write(cart, &lead.entry(append))?;
        let mut head = Head { revision, at_ms, class, ..before };
        if let Some(header) = &append.header {
            self.delete_all(before.header.map(|(_, position)| position))?;
            let lead = Lead { kind: Kind::Header, ..lead };
            head.header = Some((revision, self.write(cart, &lead.record(header))?));
        }
        if let Some(snapshot) = &append.snapshot {
            self.delete_all(before.snapshot.map(|(_, position)| position))?;
            let lead = Lead { kind: Kind::Snapshot, ..lead };
            head.snapshot = Some((revision, self.write(cart, &lead.record(snapshot))?));
        }
        let staged = self.stage(cart);
        staged.more.push(Place { position, key: Place::part(append.key) });
        (staged.head, staged.there) = (head, true);
        Ok(Appended::Done { revision })
    }

    fn delete_all(&mut self, positions: impl IntoIterator<Item = u64>) -> rusqlite::Result<u64> {
        positions.into_iter().map(|position| self.delete(position)).sum()
    }

    fn fold(&mut self, fold: &Fold) -> Result<u64, Failure> {
        let Fold { cart, through, .. } = *fold;
        let before = self.whole(cart)?.head;
        if through > before.revision || through <= before.folded() {
            return Ok(0);
        }
        let count = (through - before.folded()) as usize;
        let log = self.log(cart);
        self.delete_all(log[..count].iter().map(|place| place.position))?;
        // A snapshot that is no later says nothing any more.
        let old = before.snapshot.filter(|(revision, _)| *revision <= through);
        let states = before.base.into_iter().chain(old).map(|(_, position)| position);
        self.delete_all(states.collect::<Vec<_>>())?;
        let Head { at_ms, class, .. } = before;
        let header = before.header_revision();
        let lead = Lead { kind: Kind::Base, class, cart, revision: through, at_ms, header };
        let base = Some((through, self.write(cart, &lead.record(&fold.base))?));
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
        let bytes = self.delete_all(positions.collect::<Vec<_>>())?;
        let staged = self.stage(cart);
        staged.drop_first(log.len(), &log);
        (staged.head, staged.there, staged.damaged) = (Head::NONE, false, false);
        Ok(Erased { appends: log.len() as u64, bytes })
    }

    fn remove(&mut self, cart: CartId, revision: u64) -> Result<bool, Failure> {
        let staged = self.stage(cart);
        if !staged.there || staged.head.revision != revision {
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
        let lead = Lead { kind: Kind::Base, class, cart, revision, at_ms, header: 0 };
        let base = Some((revision, self.write(cart, &lead.record(marker))?));
        let staged = self.stage(cart);
        staged.head = Head { revision, at_ms, class, base, ..Head::NONE };
        staged.there = true;
        Ok(erased)
    }

    fn swap(
        &mut self,
        slot: Slot,
        expected: Option<u64>,
        value: Option<&[u8]>,
    ) -> Result<Swapped, Failure> {
        let held = match held(self.connection, slot)? {
            Some(Ok(held)) => Some(held),
            Some(Err(error)) => return Err(Failure::Call(error)),
            None => None,
        };
        if held.as_ref().map(|held| held.version) != expected {
            return Ok(Swapped::Conflict { held });
        }
        let name = slot_name(slot);
        let Some(value) = value else {
            if held.is_some() {
                self.has_written = true;
                let sql = "DELETE FROM slots WHERE name = ?1";
                self.connection.prepare_cached(sql)?.execute([name])?;
            }
            return Ok(Swapped::Done { version: None });
        };
        self.version += 1;
        self.has_written = true;
        let version = self.version;
        let sql =
            "INSERT OR REPLACE INTO slots (name, version, value, sum) VALUES (?1, ?2, ?3, ?4)";
        let sum = slot_sum(&name, version, value);
        let mut insert = self.connection.prepare_cached(sql)?;
        insert.execute((name, version as i64, value, sum))?;
        set_meta(self.connection, "version", &version.to_be_bytes())?;
        Ok(Swapped::Done { version: Some(version) })
    }
}

impl Staged {
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
) -> rusqlite::Result<Option<Result<Held, StoreError>>> {
    let sql = "SELECT version, value, sum FROM slots WHERE name = ?1";
    let name = slot_name(slot);
    let row = connection.prepare_cached(sql)?.query_row([&name], |row| {
        Ok((row.get::<_, i64>(0)? as u64, row.get::<_, Vec<u8>>(1)?, row.get::<_, u32>(2)?))
    });
    Ok(row.optional()?.map(|(version, value, sum)| {
        if slot_sum(&name, version, &value) == sum {
            return Ok(Held { version, value });
        }
        Err(match slot {
            Slot::Claim(cart) | Slot::Lease(cart) => damaged(cart, "the checksum of its slot"),
            Slot::Account(_) => {
                StoreError::unavailable("the checksum of an account's slot is wrong")
            }
        })
    }))
}
