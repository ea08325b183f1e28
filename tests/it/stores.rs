//! Every store of the library keeps the contract, and every clause of it can fail.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use holdall::store::{MemoryStore, Store, StoreError};
use holdall::testkit::store::{Clause, Opener, certify};

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
