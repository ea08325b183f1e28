//! Clauses about the log, and about what is left when a part of it goes.

use super::clause::Clause;
use super::stage::{Stage, Verdict, cart, delta, key, same};
use crate::{Appended, Compaction, StoreError};
use holdall::limits;

pub(super) const CLAUSES: [Clause; 7] = [
    Clause::new(
        "log-pages",
        "The log gives what came after a revision, oldest first, at most the limit.",
        log_pages,
    ),
    Clause::new(
        "fold",
        "Folding lets go of the log up to a revision, says how many went, and keeps the base.",
        fold,
    ),
    Clause::new(
        "fold-tail",
        "After a fold the state begins with the later of base and snapshot, and the tail goes on from there.",
        fold_tail,
    ),
    Clause::new(
        "fold-again",
        "Folding to where it was folded, before that, or beyond the cart's revision, changes nothing.",
        fold_again,
    ),
    Clause::new(
        "fold-keys",
        "The keys that were folded are new again, and the others are not.",
        fold_keys,
    ),
    Clause::new(
        "fold-quiet",
        "Folding is no append: revision, class, activity and header stay.",
        fold_quiet,
    ),
    Clause::new("fold-limit", "A base over the limit is refused, changing nothing.", fold_limit),
];

/// A cart of `n` appends, each a delta of its own number.
fn written(stage: &Stage<'_>, n: u64) -> Verdict {
    (0..n).try_for_each(|expected| {
        stage.done(delta(cart(1), expected, &[expected as u8 + 1]).with_key(key(expected.into())))
    })
}

fn log_pages(stage: Stage<'_>) -> Verdict {
    written(&stage, 10)?;
    let page = |after, limit| -> Result<Vec<u64>, String> {
        Ok(stage.log(cart(1), after, limit)?.iter().map(|one| one.revision).collect())
    };
    same("after 0, at most 3", &page(0, 3)?, &vec![1, 2, 3])?;
    same("after 3, at most 3", &page(3, 3)?, &vec![4, 5, 6])?;
    same("after 8, at most 100", &page(8, 100)?, &vec![9, 10])?;
    same("after 10", &page(10, 100)?, &Vec::new())?;
    same("after the last number there is", &page(u64::MAX, 100)?, &Vec::new())?;
    same("at most 0", &page(0, 0)?, &Vec::new())
}

fn fold(stage: Stage<'_>) -> Verdict {
    written(&stage, 10)?;
    same("appends that went", &stage.compact(cart(1), 4, b"base 4")?, &4)?;
    same("base", &stage.base_state(cart(1))?, &Some((4, b"base 4".to_vec())))?;
    same("the log", &stage.revisions(cart(1), 0)?, &(5..=10).collect())?;
    same("the log after 2", &stage.revisions(cart(1), 2)?, &(5..=10).collect())?;
    same("appends that went next", &stage.compact(cart(1), 10, b"base 10")?, &6)?;
    same("base", &stage.base_state(cart(1))?, &Some((10, b"base 10".to_vec())))?;
    same("the log, all folded", &stage.revisions(cart(1), 0)?, &Vec::new())?;
    stage.done(delta(cart(1), 10, b"more"))?;
    same("the log goes on", &stage.revisions(cart(1), 0)?, &vec![11])
}

fn fold_tail(stage: Stage<'_>) -> Verdict {
    written(&stage, 4)?;
    stage.compact(cart(1), 2, b"base 2")?;
    let seen = stage.loaded(cart(1))?;
    let seen = (seen.snapshot, seen.tail);
    same("no snapshot: base and tail", &seen, &(Some(b"base 2".to_vec()), vec![vec![3], vec![4]]))?;

    stage.done(delta(cart(1), 4, &[5]).with_snapshot(b"snapshot 5".to_vec()))?;
    stage.done(delta(cart(1), 5, &[6]))?;
    stage.compact(cart(1), 3, b"base 3")?;
    let seen = stage.loaded(cart(1))?;
    let wanted = (Some(b"snapshot 5".to_vec()), vec![vec![6]]);
    same("a base before the snapshot", &(seen.snapshot, seen.tail), &wanted)?;
    same("base", &stage.base_state(cart(1))?, &Some((3, b"base 3".to_vec())))?;

    stage.done(delta(cart(1), 6, &[7]))?;
    stage.compact(cart(1), 6, b"base 6")?;
    let seen = stage.loaded(cart(1))?;
    let wanted = (Some(b"base 6".to_vec()), vec![vec![7]]);
    same("a base after the snapshot", &(seen.snapshot, seen.tail), &wanted)
}

fn fold_again(stage: Stage<'_>) -> Verdict {
    written(&stage, 6)?;
    same("beyond the cart's revision", &stage.compact(cart(1), 7, b"no")?, &0)?;
    same("base after it", &stage.base_state(cart(1))?, &None)?;
    same("to revision 0", &stage.compact(cart(1), 0, b"no")?, &0)?;
    same("base after it", &stage.base_state(cart(1))?, &None)?;
    stage.compact(cart(1), 4, b"base 4")?;
    for through in [4, 3, 0, 7, u64::MAX] {
        same(&format!("to {through} after 4"), &stage.compact(cart(1), through, b"no")?, &0)?;
    }
    same("base after all that", &stage.base_state(cart(1))?, &Some((4, b"base 4".to_vec())))?;
    same("the log after all that", &stage.revisions(cart(1), 0)?, &vec![5, 6])
}

fn fold_keys(stage: Stage<'_>) -> Verdict {
    written(&stage, 4)?;
    stage.compact(cart(1), 2, b"base 2")?;
    let kept = stage.append(delta(cart(1), 4, b"x").with_key(key(2)))?;
    let answered = matches!(&kept, Appended::Answered { then } if then.revision == 3);
    same(&format!("a key that was not folded is answered ({kept:?})"), &answered, &true)?;
    stage.done(delta(cart(1), 4, b"y").with_key(key(0)))?;
    let again = stage.append(delta(cart(1), 5, b"z").with_key(key(0)))?;
    let answered = matches!(&again, Appended::Answered { then } if then.revision == 5);
    same(&format!("a folded key that was used again ({again:?})"), &answered, &true)
}

fn fold_quiet(stage: Stage<'_>) -> Verdict {
    written(&stage, 4)?;
    stage.done(delta(cart(1), 4, b"five").with_header(b"header".to_vec()))?;
    let mut wanted = stage.loaded(cart(1))?;
    stage.compact(cart(1), 5, b"base 5")?;
    wanted.snapshot = Some(b"base 5".to_vec());
    wanted.tail = Vec::new();
    same("the record", &stage.loaded(cart(1))?, &wanted)?;
    let idle = stage.idle(crate::Class::Guest, u64::MAX, 9)?;
    same("idle since", &idle.iter().map(|idle| idle.at_ms).collect(), &vec![wanted.at_ms])
}

fn fold_limit(stage: Stage<'_>) -> Verdict {
    written(&stage, 2)?;
    let base = vec![0; limits::MESSAGE_BYTES + 1];
    match stage.wait(stage.store.compact(Compaction { cart: cart(1), through: 1, base })) {
        Err(StoreError::TooLarge { .. }) => {}
        seen => return Err(format!("a base over the limit: {seen:?}")),
    }
    same("the log after it", &stage.revisions(cart(1), 0)?, &vec![1, 2])?;
    same("base after it", &stage.base_state(cart(1))?, &None)
}
