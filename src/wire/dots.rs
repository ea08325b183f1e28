//! The encoding of sets of dots.

use super::bytes::{ByteReader, ByteWriter};
use super::error::{BoxedError, Broken, error_at};
use crate::cart::WriterRunList;
use crate::dots::{Dots, Run};
use crate::id::ReplicaId;
use crate::limits;

/// Writes a set of dots.
///
/// For each writer, the number of writers skipped in the table and the runs follow. Each run is
/// written as the distance from the run before it, with one bit for a length above one, and the
/// length less one.
pub(super) fn write(out: &mut ByteWriter, writers: &[ReplicaId], dots: &Dots) {
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

/// Writes runs without their number.
fn write_runs(out: &mut ByteWriter, runs: impl Iterator<Item = Run>) {
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

/// Mask of the bit, in the first number of a group, that says whether another group follows.
const ANOTHER: u64 = 0b001;
/// Position of the number of runs less one, in the first number of a group.
const RUNS_AT: u32 = 1;
/// Mask of the number of runs less one. This value says that the number of runs follows.
const RUNS: u64 = 0b11;
/// Position of the number of writers skipped, in the first number of a group.
const SKIPPED_AT: u32 = 3;

/// Writes a short set of dots, which must not be empty. `runs` is ascending.
pub(super) fn write_groups(out: &mut ByteWriter, writers: &[ReplicaId], runs: &[(ReplicaId, Run)]) {
    let mut next = 0;
    let mut groups = runs.chunk_by(|(a, _), (b, _)| a == b).peekable();
    while let Some(group) = groups.next() {
        // Pack the writers skipped, the number of runs and the continuation bit into one number.
        let skipped = skipped_to(&writers[next..], group[0].0);
        next += skipped + 1;
        let short = (group.len() as u64 - 1).min(RUNS);
        let another = if groups.peek().is_some() { ANOTHER } else { 0 };
        out.number((skipped as u64) << SKIPPED_AT | short << RUNS_AT | another);
        // More than three runs have their number written out.
        if short == RUNS {
            out.count(group.len());
        }
        write_runs(out, group.iter().map(|(_, run)| *run));
    }
}

/// Reads a short set of dots as ascending runs, and marks its writers as used.
pub(super) fn read_groups(
    input: &mut ByteReader<'_>,
    writers: &[ReplicaId],
    used: &mut [bool],
) -> Result<WriterRunList, BoxedError> {
    let (mut dots, mut next) = (WriterRunList::new(), 0);
    loop {
        let here = input.offset();
        let head = input.number()?;
        // Find the writer from the number of writers skipped.
        let at = usize::try_from(head >> SKIPPED_AT)
            .ok()
            .and_then(|skipped| skipped.checked_add(next))
            .filter(|at| *at < writers.len())
            .ok_or_else(|| error_at(here, Broken::Index { table: "writers" }))?;
        next = at + 1;
        used[at] = true;
        // Find the number of runs, whose long form must be necessary.
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

/// Reads a set of dots, and marks its writers as used.
pub(super) fn read(
    input: &mut ByteReader<'_>,
    writers: &[ReplicaId],
    used: &mut [bool],
) -> Result<Dots, BoxedError> {
    let mut dots = Dots::default();
    let mut next = 0;
    let groups = input.count(3, "writers", limits::MESSAGE_BYTES)?;
    for _ in 0..groups {
        let here = input.offset();
        // Find the writer from the number of writers skipped.
        let skipped = usize::try_from(input.number()?).unwrap_or(usize::MAX);
        let at = skipped
            .checked_add(next)
            .filter(|at| *at < writers.len())
            .ok_or_else(|| error_at(here, Broken::Index { table: "writers" }))?;
        next = at + 1;
        used[at] = true;
        let here = input.offset();
        // A writer without runs must not be listed.
        let count = input.count(1, "runs", limits::MESSAGE_BYTES)?;
        if count == 0 {
            return Err(error_at(here, Broken::NotCanonical));
        }
        dots.reserve(count);
        read_runs(input, count, |run| dots.push_run(writers[at], run))?;
    }
    Ok(dots)
}

/// Reads `count` runs of one writer and passes each to `put`.
fn read_runs(
    input: &mut ByteReader<'_>,
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

/// Reads one run. `end` is the last number of the run before it, which must not be adjacent.
fn read_run(input: &mut ByteReader<'_>, end: Option<u64>) -> Result<Run, BoxedError> {
    let here = input.offset();
    let tagged = input.number()?;
    // The lowest bit says whether the run has a length.
    let (step, longer) = (tagged >> 1, if tagged & 1 == 1 { input.number()? } else { 0 });
    let adjacent = end.is_some() && step < 2;
    if step == 0 || adjacent || tagged & 1 == 1 && longer == 0 {
        return Err(error_at(here, Broken::NotCanonical));
    }
    // The last number must be a valid sequence number.
    let first = end.unwrap_or_default() + step;
    match first.checked_add(longer).filter(|last| {
        sabotage!("decoder-takes-numbers-beyond-the-last", *last <= limits::SEQ_MAX, true)
    }) {
        Some(last) => Ok(Run { first, last }),
        None => Err(error_at(here, Broken::Number)),
    }
}
