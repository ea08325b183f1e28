//! Sets of dots as bytes.

use super::bytes::{Reader, Writer};
use super::error::{BoxedError, Broken, error_at};
use crate::cart::WriterRunList;
use crate::dots::{Dots, Run};
use crate::id::ReplicaId;
use crate::limits;

/// For each writer, by steps in their table, its runs: how far after the one before each begins,
/// with one bit that says whether it is longer than one, and how much longer.
pub(super) fn write(out: &mut Writer, writers: &[ReplicaId], dots: &Dots) {
    out.count(dots.writers().count());
    let mut next = 0;
    for (writer, runs) in dots.writers() {
        let skipped = skipped_to(&writers[next..], writer);
        out.count(skipped);
        next += skipped + 1;
        out.count(runs.len());
        write_runs(out, runs);
    }
}

/// Returns how many writers of a sorted table stand before one of them.
fn skipped_to(writers: &[ReplicaId], writer: ReplicaId) -> usize {
    writers.binary_search(&writer).expect("the table has every writer that is named")
}

fn write_runs(out: &mut Writer, runs: impl Iterator<Item = Run>) {
    let mut end = 0;
    for run in runs {
        let (step, longer) = (run.first - end, run.last - run.first);
        out.number(step << 1 | u64::from(longer > 0));
        if longer > 0 {
            out.number(longer);
        }
        end = run.last;
    }
}

/// In the first number of a group: whether another follows;
const ANOTHER: u64 = 0b001;
/// where the number of its runs is, less one, and what says that it follows;
const RUNS_AT: u32 = 1;
const RUNS: u64 = 0b11;
/// and where the number of writers left out is.
const SKIPPED_AT: u32 = 3;

/// The same for a small set that is not empty.
pub(super) fn write_groups(out: &mut Writer, writers: &[ReplicaId], runs: &[(ReplicaId, Run)]) {
    let mut next = 0;
    let mut groups = runs.chunk_by(|(a, _), (b, _)| a == b).peekable();
    while let Some(group) = groups.next() {
        let skipped = skipped_to(&writers[next..], group[0].0);
        next += skipped + 1;
        let short = (group.len() as u64 - 1).min(RUNS);
        let another = if groups.peek().is_some() { ANOTHER } else { 0 };
        out.number((skipped as u64) << SKIPPED_AT | short << RUNS_AT | another);
        if short == RUNS {
            out.count(group.len());
        }
        write_runs(out, group.iter().map(|(_, run)| *run));
    }
}

/// The runs of such a set, ascending; the writers it names are marked as used.
pub(super) fn read_groups(
    input: &mut Reader<'_>,
    writers: &[ReplicaId],
    used: &mut [bool],
) -> Result<WriterRunList, BoxedError> {
    let (mut dots, mut next) = (WriterRunList::new(), 0);
    loop {
        let here = input.offset();
        let head = input.number()?;
        let at = usize::try_from(head >> SKIPPED_AT)
            .ok()
            .and_then(|skipped| skipped.checked_add(next))
            .filter(|at| *at < writers.len())
            .ok_or_else(|| error_at(here, Broken::Index { table: "writers" }))?;
        next = at + 1;
        used[at] = true;
        let mut count = (head >> RUNS_AT & RUNS) as usize + 1;
        if count > RUNS as usize {
            count = input.count(1, "runs", limits::MESSAGE_BYTES)?;
            if count <= RUNS as usize {
                return Err(error_at(here, Broken::NotCanonical));
            }
        }
        read_runs(input, count, |run| dots.push((writers[at], run)))?;
        if head & ANOTHER == 0 {
            return Ok(dots);
        }
    }
}

/// A set of dots; the writers it names are marked as used.
pub(super) fn read(
    input: &mut Reader<'_>,
    writers: &[ReplicaId],
    used: &mut [bool],
) -> Result<Dots, BoxedError> {
    let mut dots = Dots::default();
    let mut next = 0;
    let groups = input.count(3, "writers", limits::MESSAGE_BYTES)?;
    for _ in 0..groups {
        let here = input.offset();
        let skipped = usize::try_from(input.number()?).unwrap_or(usize::MAX);
        let at = skipped
            .checked_add(next)
            .filter(|at| *at < writers.len())
            .ok_or_else(|| error_at(here, Broken::Index { table: "writers" }))?;
        next = at + 1;
        used[at] = true;
        let here = input.offset();
        let count = input.count(1, "runs", limits::MESSAGE_BYTES)?;
        if count == 0 {
            return Err(error_at(here, Broken::NotCanonical));
        }
        dots.reserve(count);
        read_runs(input, count, |run| dots.push_run(writers[at], run))?;
    }
    Ok(dots)
}

fn read_runs(
    input: &mut Reader<'_>,
    count: usize,
    mut put: impl FnMut(Run),
) -> Result<(), BoxedError> {
    let mut end: Option<u64> = None;
    for _ in 0..count {
        let run = read_run(input, end)?;
        put(run);
        end = Some(run.last);
    }
    Ok(())
}

/// A run after one that ends at `end`, and so not adjacent to it.
fn read_run(input: &mut Reader<'_>, end: Option<u64>) -> Result<Run, BoxedError> {
    let here = input.offset();
    let tagged = input.number()?;
    let (step, longer) = (tagged >> 1, if tagged & 1 == 1 { input.number()? } else { 0 });
    let adjacent = end.is_some() && step < 2;
    if step == 0 || adjacent || tagged & 1 == 1 && longer == 0 {
        return Err(error_at(here, Broken::NotCanonical));
    }
    let first = end.unwrap_or_default() + step;
    match first.checked_add(longer).filter(|last| {
        sabotage!("decoder-takes-numbers-beyond-the-last", *last <= limits::SEQ_MAX, true)
    }) {
        Some(last) => Ok(Run { first, last }),
        None => Err(error_at(here, Broken::Number)),
    }
}
