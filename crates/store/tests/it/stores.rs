//! Every store of the library keeps the contract, and every clause of it can fail.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use std::time::{Duration, Instant};

use futures_lite::future::block_on;
use holdall::CartId;
use holdall_store::conformance::{Call, Clause, Fault, Faulty, Opener, certify};
use holdall_store::{Append, Appended, Class, MemoryStore, Store, StoreError};

use crate::bad_stores::{BadOpener, Flaw};

struct Memory(AtomicU64);

impl Opener for Memory {
    fn create(&self) -> Result<Arc<dyn Store>, StoreError> {
        let incarnation = self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::new(MemoryStore::new(incarnation.into())))
    }
}

#[test]
fn the_store_in_memory_keeps_the_contract() {
    let report = certify(&Memory(AtomicU64::new(1)));
    println!("{report}");
    assert!(report.skipped.iter().all(|clause| clause.name().starts_with("again-")));
}

#[test]
fn a_store_without_a_flaw_keeps_the_contract() {
    assert_eq!(certify(&BadOpener::new(None)).skipped.len(), 0);
}

#[test]
fn each_flaw_is_caught_by_the_clause_that_names_it() {
    let mut missed = Vec::new();
    for (flaw, name) in Flaw::ALL {
        let clause = Clause::named(name).expect("a clause of that name");
        match clause.ask(&BadOpener::new(Some(flaw))) {
            Some(Err(seen)) => println!("{flaw:?}: {name}: {seen}"),
            other => missed.push(format!("{flaw:?} passed {name}: {other:?}")),
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn clauses_have_names_of_their_own() {
    let names: BTreeSet<_> = Clause::all().map(|clause| clause.name()).collect();
    assert_eq!(names.len(), Clause::all().count());
}

/// A store that fails on cue, and on no other.
struct OnCue(AtomicU64);

impl Opener for OnCue {
    fn create(&self) -> Result<Arc<dyn Store>, StoreError> {
        let incarnation = self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::new(Faulty::new(MemoryStore::new(incarnation.into()))))
    }
}

#[test]
fn a_faulty_store_without_a_cue_keeps_the_contract() {
    certify(&OnCue(AtomicU64::new(1)));
}

#[test]
fn a_faulty_store_fails_as_it_was_told() {
    let store = Faulty::new(MemoryStore::new(1));
    let cart = CartId::from_u128(1);
    let append = |expected| block_on(store.append(Append::new(cart, expected, 0, Class::Guest)));
    let revision = || block_on(store.inner().revision(cart)).expect("read");
    store.fail(Call::Append, 2, Fault::Full);
    store.fail(Call::Append, 3, Fault::LostBefore);
    store.fail(Call::Append, 4, Fault::LostAfter);
    store.fail(Call::Append, 5, Fault::Slow(Duration::from_millis(30)));
    assert_eq!(append(0).expect("done"), Appended::Done { revision: 1 });
    assert!(matches!(append(1), Err(StoreError::Full { .. })));
    assert!(matches!(append(1), Err(StoreError::Unknown { .. })));
    assert_eq!(revision(), Some(1));
    assert!(matches!(append(1), Err(StoreError::Unknown { .. })));
    assert_eq!(revision(), Some(2));
    assert_eq!(store.untold(), [(Call::Append, 4)]);
    let began = Instant::now();
    assert_eq!(append(2).expect("done"), Appended::Done { revision: 3 });
    assert!(began.elapsed() >= Duration::from_millis(30));
    store.fail_all(Call::Append, Fault::Unavailable);
    assert!(matches!(append(3), Err(StoreError::Unavailable { .. })));
    store.mend();
    assert_eq!(append(3).expect("done"), Appended::Done { revision: 4 });
    assert_eq!(store.calls(Call::Append), 7);
}
