//! Stores with one flaw each, over the store in memory.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use futures_lite::future::block_on;
use holdall::CartId;
use holdall_store::conformance::Opener;
use holdall_store::{
    Append, Appended, Class, Compaction, Erased, Idle, Loaded, Logged, MemoryStore, Reply, Slot,
    SlotOutcome, SlotValue, Store, StoreError,
};

/// What is wrong with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flaw {
    MakesCartsByLooking,
    SkipsARevision,
    LosesTheCondition,
    LosesTheNote,
    DropsTheHeader,
    KeepsTheTail,
    ShowsEmptyDeltas,
    ForgetsKeys,
    RevisionBeforeKey,
    ComparesBodies,
    KeysOfAllCarts,
    OneHeaderForAll,
    CutsLongValues,
    TruncatesSlots,
    SwapsAnything,
    NeverClears,
    ReusesVersions,
    OneSlotACart,
    LimitsSlots,
    ListsBackwards,
    IdleBackwards,
    IdleInclusive,
    IdleOfAnyClass,
    LogFromTheEnd,
    MiscountsFolds,
    BaseBeforeSnapshot,
    FoldsTooFar,
    FoldingIsActivity,
    KeepsFoldedKeys,
    LosesBigBases,
    RemovesAnything,
    RemovesTheClaims,
    ErasesAsRemoval,
    ErasesForFree,
    ErasesTwice,
    NothingAfterErasure,
    StaysOpen,
    ChecksThenActs,
    CountsItself,
    KeyThenRevision,
    SwapsThenChecks,
    LosesUnderLoad,
    RemovesThenChecks,
    ReadsInTwoSteps,
    NewIncarnation,
    HeadersInMemory,
    AcknowledgesEarly,
    KeysInMemory,
    VersionsFromLiveSlots,
    RestoresRemoved,
    ClosesForEver,
    ForgetsKeysOfEmptyDeltas,
}

impl Flaw {
    /// Each, and the clause that names it.
    pub(crate) const ALL: [(Self, &str); 52] = [
        (Self::MakesCartsByLooking, "nothing-yet"),
        (Self::SkipsARevision, "counted"),
        (Self::LosesTheCondition, "condition"),
        (Self::LosesTheNote, "loaded"),
        (Self::DropsTheHeader, "latest-wins"),
        (Self::KeepsTheTail, "snapshot"),
        (Self::ShowsEmptyDeltas, "empty-deltas"),
        (Self::ForgetsKeys, "key-answered"),
        (Self::RevisionBeforeKey, "key-first"),
        (Self::ComparesBodies, "key-other-body"),
        (Self::KeysOfAllCarts, "key-of-a-cart"),
        (Self::OneHeaderForAll, "apart"),
        (Self::CutsLongValues, "large"),
        (Self::TruncatesSlots, "slot-set"),
        (Self::SwapsAnything, "slot-condition"),
        (Self::NeverClears, "slot-clear"),
        (Self::ReusesVersions, "slot-versions"),
        (Self::OneSlotACart, "slots-apart"),
        (Self::LimitsSlots, "slot-limit"),
        (Self::ListsBackwards, "carts"),
        (Self::IdleBackwards, "idle-order"),
        (Self::IdleInclusive, "idle-bounds"),
        (Self::IdleOfAnyClass, "idle-moves"),
        (Self::LogFromTheEnd, "log-pages"),
        (Self::MiscountsFolds, "fold"),
        (Self::BaseBeforeSnapshot, "fold-tail"),
        (Self::FoldsTooFar, "fold-again"),
        (Self::KeepsFoldedKeys, "fold-keys"),
        (Self::FoldingIsActivity, "fold-quiet"),
        (Self::LosesBigBases, "fold-limit"),
        (Self::RemovesAnything, "remove-condition"),
        (Self::RemovesTheClaims, "slots-apart"),
        (Self::RestoresRemoved, "remove"),
        (Self::ErasesAsRemoval, "erase"),
        (Self::ErasesForFree, "erase-counts"),
        (Self::ErasesTwice, "erase-again"),
        (Self::NothingAfterErasure, "after-erasure"),
        (Self::StaysOpen, "close"),
        (Self::ChecksThenActs, "race-one-winner"),
        (Self::CountsItself, "race-all-counted"),
        (Self::KeyThenRevision, "race-one-key"),
        (Self::SwapsThenChecks, "race-swap"),
        (Self::LosesUnderLoad, "race-carts"),
        (Self::RemovesThenChecks, "race-remove"),
        (Self::ReadsInTwoSteps, "race-readers"),
        (Self::NewIncarnation, "again-incarnation"),
        (Self::HeadersInMemory, "again-appends"),
        (Self::AcknowledgesEarly, "again-each"),
        (Self::KeysInMemory, "again-keys"),
        (Self::VersionsFromLiveSlots, "again-slots"),
        (Self::ClosesForEver, "again-closed"),
        (Self::ForgetsKeysOfEmptyDeltas, "as-the-model"),
    ];
}

/// What is on the bad store's disk.
#[derive(Debug)]
struct Disk {
    carts: MemoryStore,
    /// For those whose flaw is in the slots.
    slots: Mutex<HashMap<Slot, SlotValue>>,
    closed: AtomicBool,
}

pub(crate) struct BadOpener {
    flaw: Option<Flaw>,
    made: AtomicU64,
    disk: Mutex<Option<Arc<Disk>>>,
}

impl BadOpener {
    pub(crate) fn new(flaw: Option<Flaw>) -> Self {
        Self { flaw, made: AtomicU64::new(1), disk: Mutex::default() }
    }

    fn open(&self, disk: Arc<Disk>) -> Arc<dyn Store> {
        let mut store = Bad {
            flaw: self.flaw,
            incarnation: disk.carts.incarnation(),
            version: AtomicU64::new(0),
            late: Mutex::default(),
            keys: Mutex::default(),
            closed: AtomicBool::new(false),
            busy: AtomicU64::new(0),
            disk,
        };
        if self.flaw == Some(Flaw::NewIncarnation) {
            store.incarnation = self.made.fetch_add(1, Ordering::Relaxed).into();
        }
        let live = store.disk.slots.lock().unwrap();
        let last = live.values().map(|held| held.version).max();
        store.version.store(last.unwrap_or_default(), Ordering::Relaxed);
        drop(live);
        Arc::new(store)
    }
}

impl Opener for BadOpener {
    fn create(&self) -> Result<Arc<dyn Store>, StoreError> {
        let carts = MemoryStore::new(self.made.fetch_add(1, Ordering::Relaxed).into());
        let disk =
            Arc::new(Disk { carts, slots: Mutex::default(), closed: AtomicBool::new(false) });
        *self.disk.lock().unwrap() = Some(disk.clone());
        Ok(self.open(disk))
    }

    fn reopen(&self) -> Result<Arc<dyn Store>, StoreError> {
        let disk = self.disk.lock().unwrap().clone().expect("one was made");
        if self.flaw == Some(Flaw::ClosesForEver) && disk.closed.load(Ordering::Relaxed) {
            return Err(StoreError::unavailable("locked"));
        }
        Ok(self.open(disk))
    }
}

/// A store that is durable, but for its flaw.
#[derive(Debug)]
struct Bad {
    flaw: Option<Flaw>,
    incarnation: u128,
    disk: Arc<Disk>,
    version: AtomicU64,
    /// What was acknowledged and not yet done.
    late: Mutex<Option<Append>>,
    keys: Mutex<HashSet<(CartId, u128)>>,
    closed: AtomicBool,
    busy: AtomicU64,
}

/// Between a look and what is done about it, in which others act. A yield gives them a turn on an
/// idle machine only.
fn gap() {
    thread::sleep(Duration::from_micros(200));
}

type Plain<T> = Result<T, StoreError>;

impl Bad {
    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn reply<T: Send + 'static>(
        &self,
        work: impl FnOnce(&MemoryStore) -> Plain<T>,
    ) -> Reply<'_, T> {
        let closed = self.closed.load(Ordering::Relaxed) && !self.has(Flaw::StaysOpen);
        let late = self.late.lock().unwrap().take();
        let done = late.map(|append| block_on(self.disk.carts.append(append)));
        let result = match done {
            _ if closed => Err(StoreError::Closed),
            Some(Err(error)) => Err(error),
            _ => work(&self.disk.carts),
        };
        Box::pin(std::future::ready(result))
    }

    fn revision_now(&self, cart: CartId) -> u64 {
        block_on(self.disk.carts.revision(cart)).ok().flatten().unwrap_or_default()
    }

    fn log_now(&self, cart: CartId) -> Vec<Logged> {
        block_on(self.disk.carts.log(cart, 0, usize::MAX)).unwrap_or_default()
    }

    fn key_now(&self, cart: CartId, key: u128) -> Option<Logged> {
        self.log_now(cart).into_iter().find(|one| one.key.is_some_and(|one| one.key == key))
    }

    fn change(&self, append: &mut Append) -> Option<Appended> {
        let revision = self.revision_now(append.cart);
        let conflict = (revision != append.expected).then_some(Appended::Conflict { revision });
        let then = append.key.and_then(|key| self.key_now(append.cart, key.key));
        match self.flaw? {
            Flaw::LosesTheCondition => append.expected = revision,
            Flaw::LosesTheNote => append.note.clear(),
            Flaw::DropsTheHeader => append.header = Some(append.header.take().unwrap_or_default()),
            Flaw::ForgetsKeys => append.key = None,
            Flaw::ForgetsKeysOfEmptyDeltas if append.delta.is_empty() => append.key = None,
            Flaw::RevisionBeforeKey => return conflict,
            Flaw::ComparesBodies if then.as_ref().is_some_and(|one| one.key != append.key) => {
                append.key = None;
            }
            Flaw::KeysOfAllCarts => {
                let carts = block_on(self.disk.carts.carts(None, usize::MAX)).unwrap_or_default();
                let key = append.key?.key;
                let then = carts.into_iter().find_map(|cart| self.key_now(cart, key))?;
                return Some(Appended::Answered { then });
            }
            Flaw::CutsLongValues => append.note.truncate(65_536),
            Flaw::NothingAfterErasure => {
                let loaded = block_on(self.disk.carts.load(append.cart)).ok().flatten()?;
                return (loaded.class == Class::Erased)
                    .then_some(Appended::Conflict { revision: loaded.revision });
            }
            Flaw::ChecksThenActs if conflict.is_none() && then.is_none() => {
                gap();
                append.expected = self.revision_now(append.cart);
            }
            Flaw::KeyThenRevision if then.is_none() => {
                gap();
                let revision = self.revision_now(append.cart);
                return (revision != append.expected).then_some(Appended::Conflict { revision });
            }
            Flaw::CountsItself if conflict.is_none() => {
                gap();
                let revision = append.expected + 1;
                append.expected = self.revision_now(append.cart);
                let _ = block_on(self.disk.carts.append(append.clone()));
                return Some(Appended::Done { revision });
            }
            Flaw::LosesUnderLoad => {
                let others = self.busy.fetch_add(1, Ordering::Relaxed);
                gap();
                self.busy.fetch_sub(1, Ordering::Relaxed);
                let revision = append.expected + 1;
                return (others > 0).then_some(Appended::Done { revision });
            }
            Flaw::KeysInMemory => {
                let key = append.key?;
                let known = self.keys.lock().unwrap().contains(&(append.cart, key.key));
                if then.is_some() && !known {
                    append.key = None;
                } else {
                    self.keys.lock().unwrap().insert((append.cart, key.key));
                }
            }
            Flaw::KeepsFoldedKeys => {
                let key = append.key?;
                let new = self.keys.lock().unwrap().insert((append.cart, key.key));
                if new || then.is_some() {
                    return None;
                }
                let Append { at_ms, delta, key, note, .. } = append.clone();
                let then = Logged { revision: 1, at_ms, delta, key, note };
                return Some(Appended::Answered { then });
            }
            Flaw::HeadersInMemory => {
                self.keys.lock().unwrap().insert((append.cart, 0));
            }
            Flaw::AcknowledgesEarly => {
                if then.is_some() || conflict.is_some() || append.within_limits().is_err() {
                    return None;
                }
                *self.late.lock().unwrap() = Some(append.clone());
                return Some(Appended::Done { revision: append.expected + 1 });
            }
            _ => {}
        }
        None
    }

    fn own_slots(&self) -> bool {
        self.has(Flaw::ReusesVersions) || self.has(Flaw::VersionsFromLiveSlots)
    }

    fn own_swap(&self, slot: Slot, expected: Option<u64>, value: Option<Vec<u8>>) -> SlotOutcome {
        let mut slots = self.disk.slots.lock().unwrap();
        let held = slots.get(&slot).cloned();
        if held.as_ref().map(|held| held.version) != expected {
            return SlotOutcome::Conflict { held };
        }
        let Some(value) = value else {
            slots.remove(&slot);
            return SlotOutcome::Done { version: None };
        };
        let version = match self.flaw {
            Some(Flaw::ReusesVersions) => expected.unwrap_or_default() + 1,
            _ => self.version.fetch_add(1, Ordering::Relaxed) + 1,
        };
        slots.insert(slot, SlotValue { version, value });
        SlotOutcome::Done { version: Some(version) }
    }

    fn place(&self, slot: Slot) -> Slot {
        match slot {
            Slot::Lease(cart) if self.has(Flaw::OneSlotACart) => Slot::Claim(cart),
            _ => slot,
        }
    }
}

impl Store for Bad {
    fn incarnation(&self) -> u128 {
        self.incarnation
    }

    fn is_durable(&self) -> bool {
        true
    }

    fn load(&self, cart: CartId) -> Reply<'_, Option<Loaded>> {
        self.reply(|carts| {
            if self.has(Flaw::MakesCartsByLooking) && self.revision_now(cart) == 0 {
                let _ = block_on(carts.append(Append::new(cart, 0, 0, Class::Empty)))?;
            }
            let Some(mut loaded) = block_on(carts.load(cart))? else { return Ok(None) };
            let log = self.log_now(cart);
            let deltas = log.iter().map(|one| one.delta.clone());
            match self.flaw {
                Some(Flaw::KeepsTheTail) => {
                    loaded.tail = deltas.filter(|delta| !delta.is_empty()).collect();
                }
                Some(Flaw::ShowsEmptyDeltas) => loaded.tail = deltas.collect(),
                Some(Flaw::BaseBeforeSnapshot) => {
                    if let Some((_, base)) = block_on(carts.base_state(cart))? {
                        loaded.snapshot = Some(base);
                        loaded.tail = deltas.collect();
                    }
                }
                Some(Flaw::ReadsInTwoSteps) => {
                    thread::sleep(Duration::from_micros(50));
                    loaded.revision = self.revision_now(cart);
                }
                Some(Flaw::HeadersInMemory) if !self.keys.lock().unwrap().contains(&(cart, 0)) => {
                    loaded.header.clear();
                }
                Some(Flaw::OneHeaderForAll) => {
                    let all = block_on(carts.carts(None, usize::MAX))?;
                    let last = block_on(carts.load(*all.last().expect("this one")))?;
                    loaded.header = last.expect("listed").header;
                    if let Some(first) = all.first().filter(|_| all.len() > 1) {
                        let first = block_on(carts.load(*first))?;
                        loaded.header.extend(first.expect("listed").header);
                    }
                }
                _ => {}
            }
            Ok(Some(loaded))
        })
    }

    fn revision(&self, cart: CartId) -> Reply<'_, Option<u64>> {
        self.reply(|carts| block_on(carts.revision(cart)))
    }

    fn append(&self, mut append: Append) -> Reply<'_, Appended> {
        self.reply(|carts| {
            if let Some(appended) = self.change(&mut append) {
                return Ok(appended);
            }
            let fifth = append.expected == 4;
            match block_on(carts.append(append))? {
                Appended::Done { revision } if self.has(Flaw::SkipsARevision) && fifth => {
                    Ok(Appended::Done { revision: revision + 1 })
                }
                appended => Ok(appended),
            }
        })
    }

    fn slot(&self, slot: Slot) -> Reply<'_, Option<SlotValue>> {
        self.reply(|carts| {
            if self.own_slots() {
                return Ok(self.disk.slots.lock().unwrap().get(&slot).cloned());
            }
            block_on(carts.slot(self.place(slot)))
        })
    }

    fn compare_and_set(
        &self,
        slot: Slot,
        mut expected: Option<u64>,
        mut value: Option<Vec<u8>>,
    ) -> Reply<'_, SlotOutcome> {
        self.reply(|carts| {
            let slot = self.place(slot);
            let held = block_on(carts.slot(slot))?.map(|held| held.version);
            match self.flaw {
                Some(Flaw::SwapsAnything) => expected = held,
                Some(Flaw::SwapsThenChecks) if held == expected => {
                    gap();
                    expected = block_on(carts.slot(slot))?.map(|held| held.version);
                }
                Some(Flaw::NeverClears) if value.is_none() => value = Some(Vec::new()),
                Some(Flaw::TruncatesSlots) => value = value.map(|_| Vec::new()),
                Some(Flaw::LimitsSlots) => {
                    value = value.map(|value| value[..value.len().min(255)].to_vec());
                }
                Some(Flaw::ReusesVersions | Flaw::VersionsFromLiveSlots) => {
                    return Ok(self.own_swap(slot, expected, value));
                }
                _ => {}
            }
            block_on(carts.compare_and_set(slot, expected, value))
        })
    }

    fn idle(&self, class: Class, before_ms: u64, limit: usize) -> Reply<'_, Vec<Idle>> {
        self.reply(|carts| {
            let before_ms = before_ms.saturating_add(self.has(Flaw::IdleInclusive).into());
            if self.has(Flaw::IdleOfAnyClass) {
                let all = Class::ALL.map(|class| block_on(carts.idle(class, before_ms, limit)));
                return all.into_iter().collect::<Plain<Vec<_>>>().map(|all| all.concat());
            }
            let mut idle = block_on(carts.idle(class, before_ms, limit))?;
            if self.has(Flaw::IdleBackwards) {
                idle.reverse();
            }
            Ok(idle)
        })
    }

    fn carts(&self, after: Option<CartId>, limit: usize) -> Reply<'_, Vec<CartId>> {
        self.reply(|carts| {
            let mut ids = block_on(carts.carts(after, limit))?;
            if self.has(Flaw::ListsBackwards) {
                ids.reverse();
            }
            Ok(ids)
        })
    }

    fn log(&self, cart: CartId, after: u64, limit: usize) -> Reply<'_, Vec<Logged>> {
        self.reply(|carts| {
            if self.has(Flaw::LogFromTheEnd) {
                let all = block_on(carts.log(cart, after, usize::MAX))?;
                return Ok(all[all.len() - limit.min(all.len())..].to_vec());
            }
            block_on(carts.log(cart, after, limit))
        })
    }

    fn base_state(&self, cart: CartId) -> Reply<'_, Option<(u64, Vec<u8>)>> {
        self.reply(|carts| block_on(carts.base_state(cart)))
    }

    fn compact(&self, mut fold: Compaction) -> Reply<'_, u64> {
        self.reply(|carts| {
            let (cart, through) = (fold.cart, fold.through);
            match self.flaw {
                Some(Flaw::FoldsTooFar) => fold.through = through.min(self.revision_now(cart)),
                Some(Flaw::LosesBigBases) if fold.within_limits().is_err() => {
                    fold.base.truncate(1 << 20);
                }
                _ => {}
            }
            let folded = block_on(carts.compact(fold))?;
            if self.has(Flaw::FoldingIsActivity) {
                let loaded = block_on(carts.load(cart))?.expect("it was folded");
                let append = Append::new(cart, loaded.revision, loaded.at_ms + 1, loaded.class);
                let _ = block_on(carts.append(append))?;
            }
            Ok(if self.has(Flaw::MiscountsFolds) { through } else { folded })
        })
    }

    fn remove(&self, cart: CartId, revision: u64) -> Reply<'_, bool> {
        self.reply(|carts| {
            let now = self.revision_now(cart);
            match self.flaw {
                Some(Flaw::RemovesAnything) => return block_on(carts.remove(cart, now)),
                Some(Flaw::RemovesThenChecks) if now == revision => {
                    // Until the other has acted, or will not.
                    for _ in 0..50 {
                        if self.revision_now(cart) == revision {
                            gap();
                        }
                    }
                    return block_on(carts.remove(cart, self.revision_now(cart)));
                }
                Some(Flaw::RemovesTheClaims) => {
                    let slot = Slot::Claim(cart);
                    let held = block_on(carts.slot(slot))?.map(|held| held.version);
                    let _ = block_on(carts.compare_and_set(slot, held, None))?;
                }
                _ => {}
            }
            let header = block_on(carts.load(cart))?.map(|loaded| loaded.header);
            let removed = block_on(carts.remove(cart, revision))?;
            if self.has(Flaw::RestoresRemoved) && removed {
                let append = Append::new(cart, 0, 0, Class::Empty);
                let _ = block_on(carts.append(Append { header, ..append }))?;
            }
            Ok(removed)
        })
    }

    fn erase(&self, cart: CartId, marker: Vec<u8>, at_ms: u64) -> Reply<'_, Erased> {
        self.reply(|carts| {
            let revision = self.revision_now(cart);
            match self.flaw {
                Some(Flaw::ErasesAsRemoval) => {
                    block_on(carts.remove(cart, revision))?;
                    return Ok(Erased::default());
                }
                Some(Flaw::ErasesTwice) => {
                    let append = Append::new(cart, revision, at_ms, Class::Guest);
                    let _ = block_on(carts.append(append))?;
                }
                _ => {}
            }
            let erased = block_on(carts.erase(cart, marker, at_ms))?;
            Ok(if self.has(Flaw::ErasesForFree) { Erased::default() } else { erased })
        })
    }

    fn close(&self) -> Reply<'_, ()> {
        self.reply(|_| {
            self.closed.store(true, Ordering::Relaxed);
            self.disk.closed.store(true, Ordering::Relaxed);
            Ok(())
        })
    }
}
