//! Clauses about a store that is opened again. Only durable ones are asked.

use super::clause::Clause;
use super::stage::{Stage, Verdict, cart, delta, key, same};
use crate::{Appended, Class, Slot, StoreError};

pub(super) const CLAUSES: [Clause; 7] = [
    Clause::durable(
        "again-incarnation",
        "A store that is opened again has its incarnation; one that is made anew has another.",
        incarnation,
    ),
    Clause::durable(
        "again-appends",
        "What was acknowledged is there when the store is opened again without having been closed.",
        appends,
    ),
    Clause::durable(
        "again-each",
        "Each append is there when the store is opened again right behind it.",
        each,
    ),
    Clause::durable(
        "again-keys",
        "Request keys are answered when the store was opened again.",
        keys,
    ),
    Clause::durable(
        "again-slots",
        "Slots are there when the store was opened again, and versions go on, also of those that were cleared.",
        slots,
    ),
    Clause::durable(
        "again-ends",
        "What was folded, removed and erased stays so when the store was opened again.",
        ends,
    ),
    Clause::durable(
        "again-closed",
        "A store that was closed can be opened again, and goes on.",
        closed,
    ),
];

fn incarnation(stage: Stage<'_>) -> Verdict {
    let opener = stage.opener;
    let first = stage.store.incarnation();
    stage.done(delta(cart(1), 0, b"one"))?;
    let stage = stage.reopened()?;
    same("incarnation, opened again", &stage.store.incarnation(), &first)?;
    drop(stage);
    let other = Stage::new(opener)?.store.incarnation();
    same("whether one made anew has the same", &(other == first), &false)
}

fn appends(stage: Stage<'_>) -> Verdict {
    for n in 0..40_u64 {
        let id = cart(u128::from(n % 4) + 1);
        let mut append = delta(id, n / 4, &[n as u8]).with_note(vec![n as u8; 3]);
        match n {
            0..4 => append = append.with_header(vec![n as u8; 5]),
            20..24 => append = append.with_snapshot(vec![n as u8; 9]),
            _ => {}
        }
        stage.done(append)?;
    }
    let read = |stage: &Stage<'_>| {
        let one = |n| Ok::<_, String>((stage.loaded(cart(n))?, stage.log(cart(n), 0, 99)?));
        (1..=4).map(one).collect::<Result<Vec<_>, _>>()
    };
    let before = read(&stage)?;
    let stage = stage.reopened()?;
    same("all carts, opened again", &read(&stage)?, &before)?;
    same("carts", &stage.carts(None, 9)?.len(), &4)?;
    same("idle", &stage.idle(Class::Guest, u64::MAX, 9)?.len(), &4)?;
    let stale = stage.append(delta(cart(1), 9, b"stale"))?;
    same("an append that builds on 9", &stale, &Appended::Conflict { revision: 10 })?;
    stage.done(delta(cart(1), 10, b"next"))
}

fn each(mut stage: Stage<'_>) -> Verdict {
    for n in 0..6 {
        stage.done(delta(cart(1), n, &[n as u8]))?;
        stage = stage.reopened()?;
        same("revision, opened again", &stage.revision(cart(1))?, &Some(n + 1))?;
    }
    Ok(())
}

fn keys(stage: Stage<'_>) -> Verdict {
    stage.done(delta(cart(1), 0, b"one").with_key(key(7)))?;
    stage.done(delta(cart(1), 1, b"two").with_snapshot(b"s".to_vec()).with_key(key(8)))?;
    stage.done(delta(cart(1), 2, b"three").with_key(key(9)))?;
    stage.compact(cart(1), 1, b"base")?;
    let log = stage.log(cart(1), 0, 9)?;
    let stage = stage.reopened()?;
    for (number, then) in [(8, &log[0]), (9, &log[1])] {
        let seen = stage.append(delta(cart(1), 3, b"x").with_key(key(number)))?;
        same("a used key", &seen, &Appended::Answered { then: then.clone() })?;
    }
    stage.done(delta(cart(1), 3, b"x").with_key(key(7)))
}

fn slots(stage: Stage<'_>) -> Verdict {
    let (kept, cleared) = (Slot::Account([9; 32]), Slot::Lease(cart(1)));
    let mut seen = vec![stage.set(cleared, None, b"1")?];
    seen.push(stage.set(cleared, Some(seen[0]), b"2")?);
    stage.set(kept, None, b"kept")?;
    let before = stage.slot(kept)?;
    let _ = stage.compare_and_set(cleared, Some(seen[1]), None)?;
    let mut stage = stage.reopened()?;
    same("a slot, opened again", &stage.slot(kept)?, &before)?;
    for _ in 0..3 {
        same("a cleared slot, opened again", &stage.slot(cleared)?, &None)?;
        let version = stage.set(cleared, None, b"3")?;
        if seen.contains(&version) {
            return Err(format!("version {version} came twice; before it: {seen:?}"));
        }
        seen.push(version);
        let _ = stage.compare_and_set(cleared, Some(version), None)?;
        stage = stage.reopened()?;
    }
    Ok(())
}

fn ends(stage: Stage<'_>) -> Verdict {
    for n in 1..=3 {
        for expected in 0..4 {
            stage.done(delta(cart(n), expected, &[expected as u8]).with_key(key(1 << expected)))?;
        }
    }
    stage.compact(cart(1), 3, b"base 3")?;
    same("removing", &stage.remove(cart(2), 4)?, &true)?;
    stage.erase(cart(3), b"marker", 50)?;
    let (folded, erased) = (stage.loaded(cart(1))?, stage.loaded(cart(3))?);
    let stage = stage.reopened()?;
    same("the folded cart", &stage.loaded(cart(1))?, &folded)?;
    same("its base", &stage.base_state(cart(1))?, &Some((3, b"base 3".to_vec())))?;
    same("its log", &stage.revisions(cart(1), 0)?, &vec![4])?;
    same("the removed cart", &stage.load(cart(2))?, &None)?;
    same("its log", &stage.revisions(cart(2), 0)?, &Vec::new())?;
    same("the erased cart", &stage.loaded(cart(3))?, &erased)?;
    same("its log", &stage.revisions(cart(3), 0)?, &Vec::new())?;
    stage.done(delta(cart(2), 0, b"anew").with_key(key(1)))
}

fn closed(stage: Stage<'_>) -> Verdict {
    stage.done(delta(cart(1), 0, b"one"))?;
    stage.close()?;
    match stage.wait(stage.store.load(cart(1))) {
        Err(StoreError::Closed) => {}
        seen => return Err(format!("load after close: {seen:?}")),
    }
    let stage = stage.reopened()?;
    same("revision, opened again", &stage.revision(cart(1))?, &Some(1))?;
    stage.done(delta(cart(1), 1, b"two"))
}
