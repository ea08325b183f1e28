//! Sets of dots as bytes.

use super::bytes::{Reader, Writer};
use super::error::{Broken, Fault, fault};
use crate::context::{Dots, Run};
use crate::id::ReplicaId;
use crate::limits;

/// Steps from here on are written in full.
const WIDE_STEP: u64 = 1 << 62;

/// For each writer, by steps in their table, its runs: how far after the one before each begins,
/// with one bit that says whether it is longer than one, and how much longer.
pub(super) fn write(out: &mut Writer, writers: &[ReplicaId], dots: &Dots) {
    out.count(dots.writers().count());
    let mut next = 0;
    for (writer, runs) in dots.writers() {
        // The table has all writers of what is written, sorted.
        let skipped = writers[next..].partition_point(|other| *other < writer);
        out.count(skipped);
        next += skipped + 1;
        out.count(runs.len());
        let mut end = 0;
        for run in runs {
            let (step, longer) = (run.first - end, run.last - run.first);
            // There is no room for the bit in steps that no honest writer gets to.
            if step >= WIDE_STEP {
                out.number(0);
                out.number(step);
                out.number(longer);
            } else {
                out.number(step << 1 | u64::from(longer > 0));
                if longer > 0 {
                    out.number(longer);
                }
            }
            end = run.last;
        }
    }
}

/// A set of dots; the writers it names are marked as used.
pub(super) fn read(
    input: &mut Reader<'_>,
    writers: &[ReplicaId],
    used: &mut [bool],
) -> Result<Dots, Fault> {
    let mut dots = Dots::default();
    let mut next = 0;
    let groups = input.count(3, "writers", limits::MESSAGE_BYTES)?;
    for _ in 0..groups {
        let here = input.offset();
        let skipped = usize::try_from(input.number()?).unwrap_or(usize::MAX);
        let at = skipped
            .checked_add(next)
            .filter(|at| *at < writers.len())
            .ok_or_else(|| fault(here, Broken::Index { table: "writers" }))?;
        next = at + 1;
        used[at] = true;
        let here = input.offset();
        let count = input.count(1, "runs", limits::MESSAGE_BYTES)?;
        if count == 0 {
            return Err(fault(here, Broken::NotCanonical));
        }
        dots.reserve(count);
        let mut end: Option<u64> = None;
        for _ in 0..count {
            let run = read_run(input, end)?;
            dots.push_run(writers[at], run);
            end = Some(run.last);
        }
    }
    Ok(dots)
}

/// A run after one that ends at `end`, and so not adjacent to it.
fn read_run(input: &mut Reader<'_>, end: Option<u64>) -> Result<Run, Fault> {
    let here = input.offset();
    let (step, longer, wide) = match input.number()? {
        0 => (input.number()?, input.number()?, true),
        tagged if tagged & 1 == 1 => match input.number()? {
            0 => return Err(fault(here, Broken::NotCanonical)),
            longer => (tagged >> 1, longer, false),
        },
        tagged => (tagged >> 1, 0, false),
    };
    let tagged_zero = !wide && step == 0;
    let adjacent = end.is_some() && step < 2;
    if wide != (step >= WIDE_STEP) || tagged_zero || adjacent {
        return Err(fault(here, Broken::NotCanonical));
    }
    let first = end.unwrap_or_default().checked_add(step);
    let last = first.and_then(|first| first.checked_add(longer));
    match (first, last) {
        (Some(first), Some(last)) => Ok(Run { first, last }),
        _ => Err(fault(here, Broken::Number)),
    }
}
