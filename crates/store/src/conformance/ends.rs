//! Clauses about how carts and stores end.

use super::clause::Clause;
use super::stage::{Finding, NOON_MS, Stage, Verdict, cart, delta, key, same};
use crate::{Append, Appended, Class, Compaction, Erased, Loaded, Slot, StoreError};

pub(super) const CLAUSES: [Clause; 7] = [
    Clause::new(
        "remove-condition",
        "A cart that is at another revision is not removed.",
        remove_condition,
    ),
    Clause::new(
        "remove",
        "A removed cart is as if it had never been, its keys and its log too.",
        remove,
    ),
    Clause::new(
        "erase",
        "An erased cart has its marker, at the next revision, and nothing else of it is left.",
        erase,
    ),
    Clause::new(
        "erase-counts",
        "An erasure says how many appends and bytes it took away.",
        erase_counts,
    ),
    Clause::new(
        "erase-again",
        "Erasing again changes nothing; erasing what is not there leaves a marker.",
        erase_again,
    ),
    Clause::new("after-erasure", "An erased cart goes on from its marker.", after_erasure),
    Clause::new("close", "After it was closed, every call says so.", close),
];

/// A cart with all that a cart can have, at revision 4.
fn full(stage: &Stage<'_>) -> Verdict {
    let append = delta(cart(1), 0, b"one").with_header(b"name".to_vec()).with_key(key(7));
    stage.done(append.with_note(b"by".to_vec()))?;
    stage.done(delta(cart(1), 1, b"two").with_snapshot(b"state".to_vec()))?;
    stage.done(delta(cart(1), 2, b"three").with_key(key(8)))?;
    stage.done(delta(cart(1), 3, b"four"))?;
    same("folding", &stage.compact(cart(1), 1, b"base")?, &1)
}

fn remove_condition(stage: Stage<'_>) -> Verdict {
    full(&stage)?;
    let before = stage.loaded(cart(1))?;
    for revision in [0, 3, 5, u64::MAX] {
        let what = format!("removing at {revision} a cart at 4");
        same(&what, &stage.remove(cart(1), revision)?, &false)?;
    }
    same("the cart", &stage.loaded(cart(1))?, &before)
}

fn remove(stage: Stage<'_>) -> Verdict {
    full(&stage)?;
    stage.done(delta(cart(2), 0, b"other"))?;
    same("removing", &stage.remove(cart(1), 4)?, &true)?;
    same("load", &stage.load(cart(1))?, &None)?;
    same("revision", &stage.revision(cart(1))?, &None)?;
    same("base", &stage.base_state(cart(1))?, &None)?;
    same("log", &stage.log(cart(1), 0, 9)?, &Vec::new())?;
    same("carts", &stage.carts(None, 9)?, &vec![cart(2)])?;
    same("removing again", &stage.remove(cart(1), 4)?, &false)?;
    stage.done(delta(cart(1), 0, b"anew").with_key(key(8)))?;
    let seen = stage.loaded(cart(1))?;
    let seen = (seen.revision, seen.header, seen.snapshot, seen.tail);
    same("written anew", &seen, &(1, Vec::new(), None, vec![b"anew".to_vec()]))
}

fn erased(revision: u64, marker: &[u8], at_ms: u64) -> Loaded {
    let (header, snapshot, tail) = (Vec::new(), Some(marker.to_vec()), Vec::new());
    Loaded { revision, at_ms, class: Class::Erased, header, snapshot, tail }
}

fn erase(stage: Stage<'_>) -> Verdict {
    full(&stage)?;
    stage.erase(cart(1), b"marker", NOON_MS + 99)?;
    same("load", &stage.loaded(cart(1))?, &erased(5, b"marker", NOON_MS + 99))?;
    same("log", &stage.log(cart(1), 0, 9)?, &Vec::new())?;
    same("base", &stage.base_state(cart(1))?, &Some((5, b"marker".to_vec())))?;
    same("as a guest's", &stage.idle(Class::Guest, u64::MAX, 9)?, &Vec::new())?;
    same("as erased", &stage.idle(Class::Erased, u64::MAX, 9)?.len(), &1)?;
    let seen = stage.append(delta(cart(1), 3, b"x").with_key(key(8)))?;
    same("a key from before", &seen, &Appended::Conflict { revision: 5 })
}

fn erase_counts(stage: Stage<'_>) -> Verdict {
    full(&stage)?;
    let seen = stage.erase(cart(1), b"marker", NOON_MS)?;
    same("appends: those that were not folded", &seen.appends, &3)?;
    // header 4, snapshot 5, base 4, deltas 3 + 5 + 4; a store may count what it keeps besides.
    same(&format!("at least 25 bytes ({seen:?})"), &(seen.bytes >= 25), &true)
}

fn erase_again(stage: Stage<'_>) -> Verdict {
    same("nothing to erase", &stage.erase(cart(1), b"marker", 50)?, &Erased::default())?;
    same("its marker", &stage.loaded(cart(1))?, &erased(1, b"marker", 50))?;
    same("erasing again", &stage.erase(cart(1), b"other", 90)?, &Erased::default())?;
    same("the marker stays", &stage.loaded(cart(1))?, &erased(1, b"marker", 50))?;
    full_then_twice(&stage)
}

fn full_then_twice(stage: &Stage<'_>) -> Result<(), Finding> {
    stage.done(delta(cart(2), 0, b"one"))?;
    stage.erase(cart(2), b"marker", 50)?;
    same("erasing again", &stage.erase(cart(2), b"other", 90)?, &Erased::default())?;
    same("the marker stays", &stage.loaded(cart(2))?, &erased(2, b"marker", 50))
}

fn after_erasure(stage: Stage<'_>) -> Verdict {
    full(&stage)?;
    stage.erase(cart(1), b"marker", 50)?;
    let late = Append::new(cart(1), 5, 60, Class::Erased).with_delta(b"late".to_vec());
    stage.done(late.with_key(key(7)))?;
    let wanted = Loaded { tail: vec![b"late".to_vec()], ..erased(6, b"marker", 60) };
    same("the record", &stage.loaded(cart(1))?, &wanted)?;
    same("the log", &stage.revisions(cart(1), 0)?, &vec![6])?;
    same("folding to before the marker", &stage.compact(cart(1), 3, b"no")?, &0)?;
    same("folding behind it", &stage.compact(cart(1), 6, b"base 6")?, &1)
}

fn close(stage: Stage<'_>) -> Verdict {
    stage.done(delta(cart(1), 0, b"one"))?;
    let incarnation = stage.store.incarnation();
    stage.close()?;
    same("the incarnation", &stage.store.incarnation(), &incarnation)?;
    let store = &stage.store;
    let lease = Slot::Lease(cart(1));
    let fold = Compaction { cart: cart(1), through: 1, base: Vec::new() };
    let results = [
        ("load", stage.wait(store.load(cart(1))).map(drop)),
        ("revision", stage.wait(store.revision(cart(1))).map(drop)),
        ("append", stage.wait(store.append(delta(cart(1), 1, b"two"))).map(drop)),
        ("slot", stage.wait(store.slot(lease)).map(drop)),
        ("swap", stage.wait(store.compare_and_set(lease, None, None)).map(drop)),
        ("idle", stage.wait(store.idle(Class::Guest, 1, 1)).map(drop)),
        ("carts", stage.wait(store.carts(None, 1)).map(drop)),
        ("log", stage.wait(store.log(cart(1), 0, 1)).map(drop)),
        ("base", stage.wait(store.base_state(cart(1))).map(drop)),
        ("fold", stage.wait(store.compact(fold)).map(drop)),
        ("remove", stage.wait(store.remove(cart(1), 1)).map(drop)),
        ("erase", stage.wait(store.erase(cart(1), Vec::new(), 1)).map(drop)),
        ("close", stage.wait(store.close())),
    ];
    for (call, result) in results {
        if !matches!(result, Err(StoreError::Closed)) {
            return Err(format!("{call} after close: {result:?}"));
        }
    }
    Ok(())
}
