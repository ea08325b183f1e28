//! Clauses about many at once, each on a thread of its own.

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use super::clause::Clause;
use super::stage::{Finding, Stage, Verdict, cart, delta, first, key, same};
use crate::{Append, Appended, Slot, SlotOutcome, SlotValue};

pub(super) const CLAUSES: [Clause; 7] = [
    Clause::new(
        "race-one-winner",
        "Of 64 appends that build on one revision at once, one is done.",
        one_winner,
    ),
    Clause::new(
        "race-all-counted",
        "Of many who append to one cart until they are done, each is done as often as it was told, at a revision of its own.",
        all_counted,
    ),
    Clause::new(
        "race-one-key",
        "Of 64 appends at once with one request key, one is done and the others get its answer.",
        one_key,
    ),
    Clause::new(
        "race-swap",
        "Of 64 swaps from one version at once, one is done and the others are told what it set.",
        swaps,
    ),
    Clause::new("race-carts", "Appends to many carts at once are each done.", many_carts),
    Clause::new(
        "race-remove",
        "Of a removal and an append that build on one revision, one is done.",
        removals,
    ),
    Clause::new(
        "race-readers",
        "Principal reads while others append and fold sees all of an append or nothing.",
        readers,
    ),
];

const AT_ONCE: usize = 64;

/// Does a thing on many threads, which begin together.
fn together<T: Send>(
    threads: usize,
    act: impl Fn(usize) -> Result<T, Finding> + Sync,
) -> Result<Vec<T>, Finding> {
    let barrier = Barrier::new(threads);
    let (barrier, act) = (&barrier, &act);
    thread::scope(|scope| {
        let begin = |at| {
            scope.spawn(move || {
                barrier.wait();
                act(at)
            })
        };
        let running: Vec<_> = (0..threads).map(begin).collect();
        let ended = running.into_iter().map(|one| {
            one.join().unwrap_or_else(|_| Err("a thread panicked; the message is above".into()))
        });
        ended.collect()
    })
}

fn named(expected: u64, at: usize) -> Append {
    delta(cart(1), expected, &(at as u32).to_be_bytes())
}

fn one_winner(stage: Stage<'_>) -> Verdict {
    for expected in 0..8 {
        let seen = together(AT_ONCE, |at| stage.append(named(expected, at)))?;
        let done = |one: &&Appended| matches!(one, Appended::Done { .. });
        let what = format!("appends that build on {expected} and were done");
        same(&what, &seen.iter().filter(done).count(), &1)?;
        for one in &seen {
            let revision = expected + 1;
            let wanted = [Appended::Done { revision }, Appended::Conflict { revision }];
            if !wanted.contains(one) {
                return Err(format!("one of the appends that build on {expected}: {one:?}"));
            }
        }
        let winner = seen.iter().position(|one| done(&one)).unwrap_or_default() as u32;
        let last = stage.loaded(cart(1))?.tail.pop();
        same("the winner's delta", &last, &Some(winner.to_be_bytes().to_vec()))?;
    }
    same("revision", &stage.revision(cart(1))?, &Some(8))
}

fn all_counted(stage: Stage<'_>) -> Verdict {
    const EACH: usize = 4;
    let told = together(AT_ONCE / 2, |at| {
        let (mut expected, mut revisions) = (0, Vec::new());
        while revisions.len() < EACH {
            match stage.append(named(expected, at))? {
                Appended::Done { revision } => {
                    same("the next revision", &revision, &(expected + 1))?;
                    revisions.push(revision);
                    expected = revision;
                }
                Appended::Conflict { revision } if revision > expected => expected = revision,
                other => return Err(format!("an append that builds on {expected}: {other:?}")),
            }
        }
        Ok(revisions)
    })?;
    let by: BTreeMap<u64, u32> = (0..)
        .zip(&told)
        .flat_map(|(at, revisions)| revisions.iter().map(move |one| (*one, at)))
        .collect();
    let total = AT_ONCE / 2 * EACH;
    same("revisions that were told, without repetition", &by.len(), &total)?;
    let log = stage.log(cart(1), 0, usize::MAX)?;
    same("the log's length", &log.len(), &total)?;
    first(log.into_iter().map(|one| {
        let wanted = by.get(&one.revision).map(|at| at.to_be_bytes().to_vec());
        same(&format!("delta of revision {}", one.revision), &Some(one.delta), &wanted)
    }))
}

fn one_key(stage: Stage<'_>) -> Verdict {
    for round in 0..4 {
        let request = |at| stage.append(named(round, at).with_key(key(round.into())));
        let seen = together(AT_ONCE, request)?;
        let log = stage.log(cart(1), round, 9)?;
        same("appends in the log", &log.len(), &1)?;
        let done = seen.iter().filter(|one| matches!(one, Appended::Done { .. })).count();
        same("appends with the key that were done", &done, &1)?;
        for one in seen {
            match one {
                Appended::Done { .. } => {}
                Appended::Answered { then } => same("the answer", &then, &log[0])?,
                other => return Err(format!("an append with a used key: {other:?}")),
            }
        }
    }
    Ok(())
}

fn swaps(stage: Stage<'_>) -> Verdict {
    let slot = Slot::Claim(cart(1));
    let mut held: Option<SlotValue> = None;
    for _ in 0..6 {
        let expected = held.as_ref().map(|held| held.version);
        let value = |at: usize| (at as u32).to_be_bytes();
        let seen = together(AT_ONCE, |at| stage.compare_and_set(slot, expected, Some(&value(at))))?;
        let done: Vec<_> = (0..seen.len())
            .filter_map(|at| match seen[at] {
                SlotOutcome::Done { version } => Some((version, value(at).to_vec())),
                SlotOutcome::Conflict { .. } => None,
            })
            .collect();
        same(&format!("swaps from {expected:?} that were done"), &done.len(), &1)?;
        let (version, value) = &done[0];
        held = version.map(|version| SlotValue { version, value: value.clone() });
        for one in &seen {
            if let SlotOutcome::Conflict { held: told } = one {
                same("what the others are told", told, &held)?;
            }
        }
        same("the slot", &stage.slot(slot)?, &held)?;
    }
    Ok(())
}

fn many_carts(stage: Stage<'_>) -> Verdict {
    const EACH: u64 = 8;
    together(AT_ONCE, |at| {
        let own = cart(at as u128 + 1);
        (0..EACH).try_for_each(|n| stage.done(delta(own, n, &[at as u8, n as u8])))
    })?;
    for at in 0..AT_ONCE {
        let wanted: Vec<_> = (0..EACH).map(|n| vec![at as u8, n as u8]).collect();
        same("tail", &stage.loaded(cart(at as u128 + 1))?.tail, &wanted)?;
    }
    same("carts", &stage.carts(None, usize::MAX)?.len(), &AT_ONCE)
}

fn removals(stage: Stage<'_>) -> Verdict {
    for round in 1..=24 {
        let id = cart(round);
        stage.done(delta(id, 0, b"one"))?;
        // On a busy machine the thread that comes last acts first: each has to be it.
        let remover = (round % 2) as usize;
        let seen = together(2, |at| {
            if at == remover {
                Ok((None, Some(stage.remove(id, 1)?)))
            } else {
                Ok((Some(stage.append(delta(id, 1, b"two"))?), None))
            }
        })?;
        let (appended, removed) = (&seen[1 - remover].0, seen[remover].1);
        match (appended, removed) {
            (Some(Appended::Done { revision: 2 }), Some(false)) => {
                same("the cart's revision", &stage.revision(id)?, &Some(2))?;
            }
            (Some(Appended::Conflict { revision: 0 }), Some(true)) => {
                same("the cart", &stage.load(id)?, &None)?;
            }
            other => return Err(format!("an append and a removal of one revision: {other:?}")),
        }
    }
    Ok(())
}

/// The writer's state at revision n is the numbers 1 to n; so whatever is read must be such a list.
/// It goes on until it was read often enough.
fn readers(stage: Stage<'_>) -> Verdict {
    const APPENDS: u64 = 120;
    const MOST_APPENDS: u64 = 2_000;
    const READS: u64 = 300;
    const BREATH: Duration = Duration::from_micros(50);
    let numbers = |from: u64, to: u64| (from..=to).map(|n| n as u8).collect::<Vec<u8>>();
    let (finished, reads) = (AtomicBool::new(false), AtomicU64::new(0));
    let (stage, finished, reads) = (&stage, &finished, &reads);
    let write = || {
        for expected in 0..MOST_APPENDS {
            if expected >= APPENDS {
                if reads.load(Ordering::Relaxed) >= READS {
                    break;
                }
                // A quick store on a busy machine is through before anybody else has had a turn.
                thread::sleep(BREATH);
            }
            let revision = expected + 1;
            let mut append = delta(cart(1), expected, &[revision as u8]);
            append = append.with_header(numbers(1, revision));
            if revision % 7 == 0 {
                append = append.with_snapshot(numbers(1, revision));
            }
            stage.done(append)?;
            if revision % 5 == 0 {
                let through = revision - 2;
                stage.compact(cart(1), through, &numbers(1, through))?;
            }
        }
        Ok(())
    };
    let read = || {
        while !finished.load(Ordering::Relaxed) {
            let Some(seen) = stage.load(cart(1))? else { continue };
            let state = [seen.snapshot.unwrap_or_default(), seen.tail.concat()].concat();
            let wanted = numbers(1, seen.revision);
            same(&format!("state at revision {}", seen.revision), &state, &wanted)?;
            same(&format!("header at revision {}", seen.revision), &seen.header, &wanted)?;
            reads.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    };
    together(4, |at| {
        let verdict: Verdict = if at == 0 { write() } else { read() };
        if at == 0 || verdict.is_err() {
            finished.store(true, Ordering::Relaxed);
        }
        verdict
    })?;
    same("whether it was read meanwhile", &(reads.load(Ordering::Relaxed) > 0), &true)
}
