//! A store that fails on cue.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use crate::{
    Append, Appended, Class, Compaction, Erased, Idle, Loaded, Logged, Reply, Slot, SlotOutcome,
    SlotValue, Store, StoreError,
};
use holdall::id::CartId;

/// A call of [`Store`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
#[allow(missing_docs, reason = "they are the calls of Store, by name")]
pub enum Call {
    Load,
    Revision,
    Append,
    Slot,
    CompareAndSet,
    Idle,
    Carts,
    Log,
    BaseState,
    Compact,
    Remove,
    Erase,
    Close,
}

/// What goes wrong with a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// [`StoreError::Unavailable`], and nothing happened.
    Unavailable,
    /// [`StoreError::Full`], and nothing happened.
    Full,
    /// [`StoreError::Unknown`], and nothing happened.
    LostBefore,
    /// [`StoreError::Unknown`], and it happened.
    LostAfter,
    /// It happens after this time, and is answered rightly.
    Slow(Duration),
}

/// A store around another one. It does what that one does, but for the calls that were named.
///
/// ```
/// use holdall_store::{Append, Class, MemoryStore, Store, StoreError};
/// use holdall_store::conformance::{Call, Fault, Faulty};
/// use holdall::CartId;
/// # futures_lite::future::block_on(async {
/// let store = Faulty::new(MemoryStore::new(1));
/// store.fail(Call::Append, 1, Fault::LostAfter); // the first append's answer is lost
/// let append = Append::new(CartId::from_u128(1), 0, 0, Class::Empty);
/// assert!(matches!(store.append(append).await, Err(StoreError::Unknown { .. })));
/// assert_eq!(store.revision(CartId::from_u128(1)).await?, Some(1)); // it was done all the same
/// assert_eq!(store.calls(Call::Append), 1);
/// # Ok::<(), StoreError>(())
/// # })?;
/// # Ok::<(), holdall_store::StoreError>(())
/// ```
#[derive(Debug)]
pub struct Faulty<S> {
    inner: S,
    script: Mutex<Script>,
}

#[derive(Debug, Default)]
struct Script {
    calls: BTreeMap<Call, u64>,
    at: BTreeMap<(Call, u64), Fault>,
    always: BTreeMap<Call, Fault>,
    /// What happens elsewhere right after a call.
    then: BTreeMap<(Call, u64), Then>,
    /// Calls that happened, and of which nobody was told.
    untold: BTreeSet<(Call, u64)>,
}

/// Something that happens elsewhere between two of a caller's steps.
struct Then(Box<dyn FnOnce() + Send>);

impl fmt::Debug for Then {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Then")
    }
}

impl<S: Store> Faulty<S> {
    /// A store without faults yet.
    pub fn new(inner: S) -> Self {
        Self { inner, script: Mutex::default() }
    }

    /// The store inside.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// What goes wrong with a call: the `number`th of its kind from the beginning, which is number 1.
    pub fn fail(&self, call: Call, number: u64, fault: Fault) {
        self.script().at.insert((call, number), fault);
    }

    /// What goes wrong with all calls of a kind that were not named, until it is [mended](Self::mend).
    pub fn fail_all(&self, call: Call, fault: Fault) {
        self.script().always.insert(call, fault);
    }

    /// What happens elsewhere right after a call and before its caller goes on: the `number`th of its kind from the beginning, which is
    /// number 1.
    pub fn then(&self, call: Call, number: u64, happens: impl FnOnce() + Send + 'static) {
        self.script().then.insert((call, number), Then(Box::new(happens)));
    }

    /// Nothing goes wrong any more.
    pub fn mend(&self) {
        let mut script = self.script();
        script.at.clear();
        script.always.clear();
    }

    /// How many calls of a kind there were.
    pub fn calls(&self, call: Call) -> u64 {
        self.script().calls.get(&call).copied().unwrap_or_default()
    }

    /// The calls whose effect happened and whose answer was lost, by kind and number.
    pub fn untold(&self) -> Vec<(Call, u64)> {
        self.script().untold.iter().copied().collect()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn play<'a, T: Send + 'a>(
        &'a self,
        call: Call,
        act: impl FnOnce(&'a S) -> Reply<'a, T> + Send + 'a,
    ) -> Reply<'a, T> {
        let (number, fault) = {
            let mut script = self.script();
            let number = script.calls.entry(call).or_default();
            *number += 1;
            let number = *number;
            let fault = script.at.get(&(call, number)).or_else(|| script.always.get(&call));
            (number, fault.copied())
        };
        Box::pin(async move {
            let why = move || format!("{call:?} number {number} was made to fail");
            match fault {
                Some(Fault::Unavailable) => return Err(StoreError::unavailable(why())),
                Some(Fault::Full) => return Err(StoreError::full(why())),
                Some(Fault::LostBefore) => return Err(StoreError::unknown(why())),
                Some(Fault::Slow(time)) => sleep(time).await,
                Some(Fault::LostAfter) | None => {}
            }
            let result = act(&self.inner).await;
            let then = self.script().then.remove(&(call, number));
            if let Some(Then(happens)) = then {
                happens();
            }
            if fault == Some(Fault::LostAfter) {
                result?;
                self.script().untold.insert((call, number));
                return Err(StoreError::unknown(why()));
            }
            result
        })
    }
}

/// Needs no runtime: a thread wakes it.
async fn sleep(time: Duration) {
    let mut until = None;
    std::future::poll_fn(|context| match until {
        Some(until) if Instant::now() >= until => Poll::Ready(()),
        _ => {
            let until = *until.get_or_insert_with(|| Instant::now() + time);
            let waker = context.waker().clone();
            thread::spawn(move || {
                thread::sleep(until.saturating_duration_since(Instant::now()));
                waker.wake();
            });
            Poll::Pending
        }
    })
    .await;
}

impl<S: Store> Store for Faulty<S> {
    fn incarnation(&self) -> u128 {
        self.inner.incarnation()
    }

    fn is_durable(&self) -> bool {
        self.inner.is_durable()
    }

    fn load(&self, cart: CartId) -> Reply<'_, Option<Loaded>> {
        self.play(Call::Load, move |inner| inner.load(cart))
    }

    fn revision(&self, cart: CartId) -> Reply<'_, Option<u64>> {
        self.play(Call::Revision, move |inner| inner.revision(cart))
    }

    fn append(&self, append: Append) -> Reply<'_, Appended> {
        self.play(Call::Append, move |inner| inner.append(append))
    }

    fn slot(&self, slot: Slot) -> Reply<'_, Option<SlotValue>> {
        self.play(Call::Slot, move |inner| inner.slot(slot))
    }

    fn compare_and_set(
        &self,
        slot: Slot,
        expected: Option<u64>,
        value: Option<Vec<u8>>,
    ) -> Reply<'_, SlotOutcome> {
        self.play(Call::CompareAndSet, move |inner| inner.compare_and_set(slot, expected, value))
    }

    fn idle(&self, class: Class, before_ms: u64, limit: usize) -> Reply<'_, Vec<Idle>> {
        self.play(Call::Idle, move |inner| inner.idle(class, before_ms, limit))
    }

    fn carts(&self, after: Option<CartId>, limit: usize) -> Reply<'_, Vec<CartId>> {
        self.play(Call::Carts, move |inner| inner.carts(after, limit))
    }

    fn log(&self, cart: CartId, after: u64, limit: usize) -> Reply<'_, Vec<Logged>> {
        self.play(Call::Log, move |inner| inner.log(cart, after, limit))
    }

    fn base_state(&self, cart: CartId) -> Reply<'_, Option<(u64, Vec<u8>)>> {
        self.play(Call::BaseState, move |inner| inner.base_state(cart))
    }

    fn compact(&self, fold: Compaction) -> Reply<'_, u64> {
        self.play(Call::Compact, move |inner| inner.compact(fold))
    }

    fn remove(&self, cart: CartId, revision: u64) -> Reply<'_, bool> {
        self.play(Call::Remove, move |inner| inner.remove(cart, revision))
    }

    fn erase(&self, cart: CartId, marker: Vec<u8>, at_ms: u64) -> Reply<'_, Erased> {
        self.play(Call::Erase, move |inner| inner.erase(cart, marker, at_ms))
    }

    fn close(&self) -> Reply<'_, ()> {
        self.play(Call::Close, |inner| inner.close())
    }
}
