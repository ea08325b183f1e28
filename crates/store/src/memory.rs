//! A store in memory: for tests, for services that keep nothing, and as the plainest reading of the contract.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::error::within;
use super::{
    Append, Appended, Class, Compaction, Erased, Idle, Loaded, Logged, Reply, Slot, SlotOutcome,
    SlotValue, Store, StoreError,
};
use holdall::id::CartId;
use holdall::limits;

/// A store that is gone with the process.
#[derive(Debug)]
pub struct MemoryStore {
    incarnation: u128,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    carts: BTreeMap<CartId, Record>,
    slots: HashMap<Slot, SlotValue>,
    /// The last version that any slot was given.
    version: u64,
    closed: bool,
}

#[derive(Debug)]
struct Record {
    revision: u64,
    at_ms: u64,
    class: Class,
    header: Vec<u8>,
    snapshot: Option<(u64, Vec<u8>)>,
    base: Option<(u64, Vec<u8>)>,
    log: Vec<Logged>,
}

impl MemoryStore {
    /// An empty store. The incarnation is 128 random bits.
    #[must_use]
    pub fn new(incarnation: u128) -> Self {
        Self { incarnation, inner: Mutex::default() }
    }

    fn inner(&self) -> Result<MutexGuard<'_, Inner>, StoreError> {
        // No call leaves the maps half changed, so a panic elsewhere leaves them sound.
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.closed { Err(StoreError::Closed) } else { Ok(inner) }
    }

    fn ready<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Inner) -> Result<T, StoreError>,
    ) -> Reply<'_, T> {
        let result = self.inner().and_then(|mut inner| work(&mut inner));
        Box::pin(std::future::ready(result))
    }
}

impl Record {
    fn new() -> Self {
        let (header, log) = (Vec::new(), Vec::new());
        Self { revision: 0, at_ms: 0, class: Class::Empty, header, snapshot: None, base: None, log }
    }

    fn append(&mut self, append: Append) -> u64 {
        self.revision += 1;
        self.at_ms = append.at_ms;
        self.class = append.class;
        if let Some(header) = append.header {
            self.header = header;
        }
        if let Some(snapshot) = append.snapshot {
            self.snapshot = Some((self.revision, snapshot));
        }
        let Append { at_ms, delta, key, note, .. } = append;
        self.log.push(Logged { revision: self.revision, at_ms, delta, key, note });
        self.revision
    }

    /// The latest of what a state can begin with, and its revision.
    fn start(&self) -> Option<&(u64, Vec<u8>)> {
        self.snapshot.iter().chain(&self.base).max_by_key(|(revision, _)| *revision)
    }

    fn load(&self) -> Loaded {
        let from = self.start().map_or(0, |(revision, _)| *revision);
        let tail = self.log.iter().filter(|one| one.revision > from && !one.delta.is_empty());
        Loaded {
            revision: self.revision,
            at_ms: self.at_ms,
            class: self.class,
            header: self.header.clone(),
            snapshot: self.start().map(|(_, bytes)| bytes.clone()),
            tail: tail.map(|one| one.delta.clone()).collect(),
        }
    }

    fn bytes(&self) -> u64 {
        let states = self.snapshot.iter().chain(&self.base).map(|(_, bytes)| bytes.len());
        let log = self.log.iter().map(|one| one.delta.len() + one.note.len());
        (self.header.len() + states.sum::<usize>() + log.sum::<usize>()) as u64
    }
}

impl Store for MemoryStore {
    fn incarnation(&self) -> u128 {
        self.incarnation
    }

    fn is_durable(&self) -> bool {
        false
    }

    fn load(&self, cart: CartId) -> Reply<'_, Option<Loaded>> {
        self.ready(|inner| Ok(inner.carts.get(&cart).map(Record::load)))
    }

    fn revision(&self, cart: CartId) -> Reply<'_, Option<u64>> {
        self.ready(|inner| Ok(inner.carts.get(&cart).map(|record| record.revision)))
    }

    fn append(&self, append: Append) -> Reply<'_, Appended> {
        self.ready(|inner| {
            append.within_limits()?;
            let record = inner.carts.get(&append.cart);
            let key = append.key.map(|asked| asked.key);
            let then = record.and_then(|record| {
                record.log.iter().find(|one| key.is_some() && one.key.map(|k| k.key) == key)
            });
            if let Some(then) = then {
                return Ok(Appended::Answered { then: then.clone() });
            }
            let revision = record.map_or(0, |record| record.revision);
            if revision != append.expected {
                return Ok(Appended::Conflict { revision });
            }
            let record = inner.carts.entry(append.cart).or_insert_with(Record::new);
            Ok(Appended::Done { revision: record.append(append) })
        })
    }

    fn slot(&self, slot: Slot) -> Reply<'_, Option<SlotValue>> {
        self.ready(|inner| Ok(inner.slots.get(&slot).cloned()))
    }

    fn compare_and_set(
        &self,
        slot: Slot,
        expected: Option<u64>,
        value: Option<Vec<u8>>,
    ) -> Reply<'_, SlotOutcome> {
        self.ready(|inner| {
            let bytes = value.as_ref().map_or(0, Vec::len);
            within("a slot's value", bytes, limits::SLOT_BYTES)?;
            let held = inner.slots.get(&slot);
            if held.map(|held| held.version) != expected {
                return Ok(SlotOutcome::Conflict { held: held.cloned() });
            }
            let Some(value) = value else {
                inner.slots.remove(&slot);
                return Ok(SlotOutcome::Done { version: None });
            };
            inner.version += 1;
            inner.slots.insert(slot, SlotValue { version: inner.version, value });
            Ok(SlotOutcome::Done { version: Some(inner.version) })
        })
    }

    fn idle(&self, class: Class, before_ms: u64, limit: usize) -> Reply<'_, Vec<Idle>> {
        self.ready(|inner| {
            let mut idle: Vec<Idle> = inner
                .carts
                .iter()
                .filter(|(_, record)| record.class == class && record.at_ms < before_ms)
                .map(|(cart, record)| Idle {
                    cart: *cart,
                    at_ms: record.at_ms,
                    revision: record.revision,
                })
                .collect();
            idle.sort_by_key(|idle| (idle.at_ms, idle.cart));
            idle.truncate(limit);
            Ok(idle)
        })
    }

    fn carts(&self, after: Option<CartId>, limit: usize) -> Reply<'_, Vec<CartId>> {
        use std::ops::Bound::{Excluded, Unbounded};
        self.ready(|inner| {
            let range = (after.map_or(Unbounded, Excluded), Unbounded);
            Ok(inner.carts.range(range).map(|(cart, _)| *cart).take(limit).collect())
        })
    }

    fn log(&self, cart: CartId, after: u64, limit: usize) -> Reply<'_, Vec<Logged>> {
        self.ready(|inner| {
            let log = inner.carts.get(&cart).map_or(&[][..], |record| &record.log);
            Ok(log.iter().filter(|one| one.revision > after).take(limit).cloned().collect())
        })
    }

    fn base_state(&self, cart: CartId) -> Reply<'_, Option<(u64, Vec<u8>)>> {
        self.ready(|inner| Ok(inner.carts.get(&cart).and_then(|record| record.base.clone())))
    }

    fn compact(&self, fold: Compaction) -> Reply<'_, u64> {
        self.ready(|inner| {
            fold.within_limits()?;
            let Some(record) = inner.carts.get_mut(&fold.cart) else { return Ok(0) };
            let folded = record.base.as_ref().map_or(0, |(through, _)| *through);
            if fold.through > record.revision || fold.through <= folded {
                return Ok(0);
            }
            let before = record.log.len();
            record.log.retain(|one| one.revision > fold.through);
            record.base = Some((fold.through, fold.base));
            Ok((before - record.log.len()) as u64)
        })
    }

    fn remove(&self, cart: CartId, revision: u64) -> Reply<'_, bool> {
        self.ready(|inner| {
            let there = inner.carts.get(&cart).is_some_and(|record| record.revision == revision);
            if there {
                inner.carts.remove(&cart);
            }
            Ok(there)
        })
    }

    fn erase(&self, cart: CartId, marker: Vec<u8>, at_ms: u64) -> Reply<'_, Erased> {
        self.ready(|inner| {
            within("a marker", marker.len(), limits::MESSAGE_BYTES)?;
            let record = inner.carts.entry(cart).or_insert_with(Record::new);
            if record.class == Class::Erased {
                return Ok(Erased::default());
            }
            let erased = Erased { appends: record.log.len() as u64, bytes: record.bytes() };
            let revision = record.revision + 1;
            let base = Some((revision, marker));
            *record = Record { revision, at_ms, class: Class::Erased, base, ..Record::new() };
            Ok(erased)
        })
    }

    fn close(&self) -> Reply<'_, ()> {
        self.ready(|inner| {
            inner.closed = true;
            Ok(())
        })
    }
}
