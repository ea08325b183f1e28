//! Clauses about one append, and about what is loaded after it.

use super::clause::Clause;
use super::stage::{NOON_MS, Stage, Verdict, cart, delta, key, same};
use crate::{Append, Appended, Class, Loaded, Logged, RequestKey, StoreError};
use holdall::limits;

pub(super) const CLAUSES: [Clause; 13] = [
    Clause::new("nothing-yet", "A cart that nobody wrote is not there, for any call.", nothing_yet),
    Clause::new("counted", "Each append is at the next revision, from 1 on.", counted),
    Clause::new("loaded", "What was appended is loaded, in order.", loaded),
    Clause::new(
        "condition",
        "An append that builds on another revision than the cart's changes nothing, and is told where the cart is.",
        condition,
    ),
    Clause::new(
        "latest-wins",
        "Class, last activity and header are those of the last append that says them.",
        latest_wins,
    ),
    Clause::new(
        "snapshot",
        "A snapshot takes the place of all that was appended before and with it.",
        snapshot,
    ),
    Clause::new(
        "empty-deltas",
        "An empty delta counts as an append, is in the log, and is not in the tail.",
        empty_deltas,
    ),
    Clause::new(
        "key-answered",
        "A request key that was used in this cart is answered with what was appended then.",
        key_answered,
    ),
    Clause::new("key-first", "The request key is looked at before the revision.", key_first),
    Clause::new(
        "key-other-body",
        "Another request under a used key gets the first one's answer, with the first one's digest.",
        key_other_body,
    ),
    Clause::new(
        "key-of-a-cart",
        "Request keys of one cart are nothing to another; what was refused uses up no key.",
        key_of_a_cart,
    ),
    Clause::new("apart", "An append to one cart is nothing to another.", apart),
    Clause::new(
        "large",
        "Values up to the limit come back byte for byte, and longer ones are refused, changing nothing.",
        large,
    ),
];

fn nothing_yet(stage: Stage<'_>) -> Verdict {
    let nobody = cart(1);
    same("load", &stage.load(nobody)?, &None)?;
    same("revision", &stage.revision(nobody)?, &None)?;
    same("base", &stage.base_state(nobody)?, &None)?;
    same("log", &stage.log(nobody, 0, 10)?, &Vec::new())?;
    same("carts", &stage.carts(None, 10)?, &Vec::new())?;
    same("fold", &stage.compact(nobody, 1, b"base")?, &0)?;
    same("remove at revision 0", &stage.remove(nobody, 0)?, &false)?;
    let conflict = Appended::Conflict { revision: 0 };
    same("an append that builds on 3", &stage.append(delta(nobody, 3, b"d"))?, &conflict)?;
    same("load after all that", &stage.load(nobody)?, &None)
}

fn counted(stage: Stage<'_>) -> Verdict {
    for expected in 0..20 {
        stage.done(delta(cart(1), expected, b"d"))?;
        same("revision", &stage.revision(cart(1))?, &Some(expected + 1))?;
    }
    same("revisions in the log", &stage.revisions(cart(1), 0)?, &(1..=20).collect())
}

fn loaded(stage: Stage<'_>) -> Verdict {
    let append = delta(cart(1), 0, b"one").with_header(b"header".to_vec()).with_key(key(7));
    stage.done(append.with_note(b"note".to_vec()))?;
    stage.done(delta(cart(1), 1, b"two"))?;
    let wanted = Loaded {
        revision: 2,
        at_ms: NOON_MS + 1,
        class: Class::Guest,
        header: b"header".to_vec(),
        snapshot: None,
        tail: vec![b"one".to_vec(), b"two".to_vec()],
    };
    same("load", &stage.loaded(cart(1))?, &wanted)?;
    let logged = |revision: u64, delta: &[u8], key, note: &[u8]| Logged {
        revision,
        at_ms: NOON_MS + revision - 1,
        delta: delta.to_vec(),
        key,
        note: note.to_vec(),
    };
    let wanted = vec![logged(1, b"one", Some(key(7)), b"note"), logged(2, b"two", None, b"")];
    same("log", &stage.log(cart(1), 0, 10)?, &wanted)
}

fn condition(stage: Stage<'_>) -> Verdict {
    stage.done(delta(cart(1), 0, b"one"))?;
    stage.done(delta(cart(1), 1, b"two"))?;
    let before = stage.loaded(cart(1))?;
    let loud = |expected| {
        let append = Append::new(cart(1), expected, 1, Class::Account).with_delta(b"loud".to_vec());
        append.with_snapshot(b"loud".to_vec()).with_header(b"loud".to_vec())
    };
    for expected in [0, 1, 3, u64::MAX] {
        let what = format!("an append that builds on {expected}, of a cart at 2");
        let seen = stage.append(loud(expected))?;
        same(&what, &seen, &Appended::Conflict { revision: 2 })?;
    }
    same("load after refused appends", &stage.loaded(cart(1))?, &before)?;
    same("log after refused appends", &stage.revisions(cart(1), 0)?, &vec![1, 2])
}

fn latest_wins(stage: Stage<'_>) -> Verdict {
    let at = |expected, at_ms, class| Append::new(cart(1), expected, at_ms, class);
    stage.done(at(0, 50, Class::Guest).with_header(b"first".to_vec()))?;
    stage.done(at(1, 90, Class::Account))?;
    let seen = stage.loaded(cart(1))?;
    same("header, not said again", &seen.header, &b"first".to_vec())?;
    same("class", &seen.class, &Class::Account)?;
    stage.done(at(2, 70, Class::Empty).with_header(Vec::new()))?;
    let seen = stage.loaded(cart(1))?;
    same("header, said to be empty", &seen.header, &Vec::new())?;
    same("last activity, said to be earlier", &seen.at_ms, &70)?;
    for (expected, class) in (3..).zip(Class::ALL) {
        stage.done(at(expected, 70, class))?;
        same("class", &stage.loaded(cart(1))?.class, &class)?;
    }
    Ok(())
}

fn snapshot(stage: Stage<'_>) -> Verdict {
    stage.done(delta(cart(1), 0, b"one"))?;
    stage.done(delta(cart(1), 1, b"two").with_snapshot(b"all of it".to_vec()))?;
    let seen = stage.loaded(cart(1))?;
    same("snapshot", &seen.snapshot, &Some(b"all of it".to_vec()))?;
    same("tail behind a snapshot", &seen.tail, &Vec::new())?;
    stage.done(delta(cart(1), 2, b"three"))?;
    let seen = stage.loaded(cart(1))?;
    same("snapshot", &seen.snapshot, &Some(b"all of it".to_vec()))?;
    same("tail behind a snapshot", &seen.tail, &vec![b"three".to_vec()])?;
    stage.done(delta(cart(1), 3, b"four").with_snapshot(Vec::new()))?;
    let seen = stage.loaded(cart(1))?;
    same("a later snapshot, of no bytes", &seen.snapshot, &Some(Vec::new()))?;
    same("tail behind it", &seen.tail, &Vec::new())?;
    same("the log keeps all", &stage.revisions(cart(1), 0)?, &vec![1, 2, 3, 4])?;
    same("a snapshot is no base", &stage.base_state(cart(1))?, &None)
}

fn empty_deltas(stage: Stage<'_>) -> Verdict {
    for (expected, bytes) in (0..).zip([&b""[..], b"one", b"", b"", b"two", b""]) {
        stage.done(delta(cart(1), expected, bytes).with_note(vec![expected as u8]))?;
    }
    let seen = stage.loaded(cart(1))?;
    same("revision", &seen.revision, &6)?;
    same("tail", &seen.tail, &vec![b"one".to_vec(), b"two".to_vec()])?;
    let notes: Vec<_> = stage.log(cart(1), 0, 10)?.into_iter().map(|one| one.note).collect();
    same("notes in the log", &notes, &(0..6).map(|n| vec![n]).collect())
}

fn key_answered(stage: Stage<'_>) -> Verdict {
    let first = delta(cart(1), 0, b"one").with_key(key(7)).with_note(b"note".to_vec());
    stage.done(first.clone())?;
    let then = stage.log(cart(1), 0, 1)?.remove(0);
    same("the log's key", &then.key, &Some(key(7)))?;
    same("the same again", &stage.append(first)?, &Appended::Answered { then: then.clone() })?;
    stage.done(delta(cart(1), 1, b"two").with_key(key(8)))?;
    let again = delta(cart(1), 2, b"three").with_key(key(7));
    let seen = stage.append(again)?;
    same("a used key, after another append", &seen, &Appended::Answered { then })?;
    same("revision", &stage.revision(cart(1))?, &Some(2))?;
    let again = delta(cart(1), 2, b"three").with_key(key(8)).with_snapshot(b"s".to_vec());
    let seen = stage.append(again)?;
    same("the other used key", &matches!(seen, Appended::Answered { .. }), &true)?;
    same("the tail after answers", &stage.loaded(cart(1))?.tail.len(), &2)
}

fn key_first(stage: Stage<'_>) -> Verdict {
    stage.done(delta(cart(1), 0, b"one").with_key(key(7)))?;
    for expected in 1..5 {
        stage.done(delta(cart(1), expected, b"more"))?;
    }
    let then = stage.log(cart(1), 0, 1)?.remove(0);
    for expected in [0, 3, 99] {
        let what = format!("a used key on an append that builds on {expected}, of a cart at 5");
        let seen = stage.append(delta(cart(1), expected, b"one").with_key(key(7)))?;
        same(&what, &seen, &Appended::Answered { then: then.clone() })?;
    }
    Ok(())
}

fn key_other_body(stage: Stage<'_>) -> Verdict {
    let first = RequestKey { key: 7, body: [1; 32] };
    stage.done(delta(cart(1), 0, b"one").with_key(first))?;
    let other = RequestKey { key: 7, body: [2; 32] };
    match stage.append(delta(cart(1), 1, b"two").with_key(other))? {
        Appended::Answered { then } => same("the key answered with", &then.key, &Some(first)),
        seen => Err(format!("another request under a used key: {seen:?}")),
    }
}

fn key_of_a_cart(stage: Stage<'_>) -> Verdict {
    stage.done(delta(cart(1), 0, b"one").with_key(key(7)))?;
    stage.done(delta(cart(2), 0, b"two").with_key(key(7)))?;
    let refused = stage.append(delta(cart(1), 5, b"x").with_key(key(8)))?;
    same("an append that builds on 5", &refused, &Appended::Conflict { revision: 1 })?;
    stage.done(delta(cart(1), 1, b"y").with_key(key(8)))
}

fn apart(stage: Stage<'_>) -> Verdict {
    stage.done(delta(cart(1), 0, b"one").with_header(b"h1".to_vec()))?;
    let before = stage.loaded(cart(1))?;
    stage.done(delta(cart(2), 0, b"two").with_snapshot(b"s2".to_vec()))?;
    stage.done(delta(cart(2), 1, b"three").with_header(b"h2".to_vec()))?;
    same("the other cart", &stage.loaded(cart(1))?, &before)?;
    same("its log", &stage.revisions(cart(1), 0)?, &vec![1])?;
    same("this cart's log", &stage.revisions(cart(2), 0)?, &vec![1, 2])
}

fn large(stage: Stage<'_>) -> Verdict {
    // A period that is no page's, so that a page out of place shows.
    let bytes = |n: usize| {
        let mut bytes = (0..251).collect::<Vec<u8>>().repeat(n / 251 + 1);
        bytes.truncate(n);
        bytes
    };
    let (most, some) = (bytes(limits::MESSAGE_BYTES), bytes(70_000));
    let append = delta(cart(1), 0, &some).with_header(some.clone()).with_note(some.clone());
    stage.done(append.with_snapshot(most.clone()))?;
    stage.done(delta(cart(1), 1, &most))?;
    let seen = stage.loaded(cart(1))?;
    same("a long header", &(seen.header == some), &true)?;
    same("a snapshot at the limit", &(seen.snapshot.as_ref() == Some(&most)), &true)?;
    same("a delta at the limit", &(seen.tail == std::slice::from_ref(&most)), &true)?;
    same("a long note", &(stage.log(cart(1), 0, 1)?[0].note == some), &true)?;
    let over = bytes(limits::MESSAGE_BYTES + 1);
    let append = delta(cart(1), 2, b"");
    for append in [
        append.clone().with_delta(over.clone()),
        append.clone().with_snapshot(over.clone()),
        append.clone().with_header(over.clone()),
        append.with_note(over),
    ] {
        match stage.wait(stage.store.append(append)) {
            Err(StoreError::TooLarge { .. }) => {}
            seen => return Err(format!("an append over the limit: {seen:?}")),
        }
    }
    same("revision after refused appends", &stage.revision(cart(1))?, &Some(2))
}
