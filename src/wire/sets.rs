//! Sets as bytes: "make it n", and what it covers.

use alloc::vec::Vec;

use smallvec::SmallVec;

use super::bodies::{read_quantity, read_stays, read_took, write_stays, write_taken};
use super::bytes::{Reader, Writer};
use super::error::{Broken, Fault, fault};
use super::numbering::Numbering;
use super::tables::Tables;
use crate::cart::{List, Row, SetTo, Stays};
use crate::context::{Dot, Dots, Run};

/// In the first byte of a Set: that it is about the saved list;
const SAVED: u8 = 0b0000_0001;
/// that it took units of other scopes;
const TOOK: u8 = 0b0000_0010;
/// that something stays by its word;
const STAYS: u8 = 0b0000_0100;
/// that its author had seen dots of others;
const SEEN: u8 = 0b0000_1000;
/// that it covers dots of others, or many.
const COVERS: u8 = 0b0001_0000;
/// Where the number of runs of its writer's own dots is that it covers, and the largest that fits.
const RUNS_AT: u8 = 5;
const RUNS_MAX: usize = 7;

/// The runs of a Set's covers, if they are few, of its own writer and from before it.
fn own_covers(dot: Dot, covers: &Dots) -> Option<usize> {
    let own = |(writer, run): (_, Run)| writer == dot.replica && run.last < dot.seq;
    let runs = covers.runs();
    (runs.len() <= RUNS_MAX && covers.runs().all(own)).then_some(runs.len())
}

pub(super) fn write_set(out: &mut Writer, tables: &Numbering<'_>, row: &Row, set: &SetTo) {
    let flag = |is: bool, flag| if is { flag } else { 0 };
    let dot = Dot::new(tables.writers[tables.writer_of(row) as usize], row.seq);
    let own = own_covers(dot, &set.covers);
    out.raw(&[flag(set.list == List::Saved, SAVED)
        | flag(!set.took.is_empty(), TOOK)
        | flag(!set.stays.is_empty(), STAYS)
        | flag(!set.seen.is_empty(), SEEN)
        | own.map_or(COVERS, |runs| (runs as u8) << RUNS_AT)]);
    out.number(u64::from(set.quantity.get()));
    if !set.seen.is_empty() {
        tables.seen(out, &set.seen);
    }
    match own {
        Some(_) => write_own_covers(out, dot.seq, &set.covers),
        None => tables.dots(out, &set.covers),
    }
    if !set.took.is_empty() {
        out.count(set.took.len());
        set.took.iter().for_each(|taken| write_taken(out, tables, taken));
    }
    if !set.stays.is_empty() {
        write_stays(out, tables, &set.stays);
    }
}

/// From the latest run to the first: how many numbers are left out before the one above, with one
/// bit that says whether it is longer than one, and how much longer.
fn write_own_covers(out: &mut Writer, seq: u64, covers: &Dots) {
    let mut above = seq;
    for (_, run) in covers.runs().rev() {
        let (left_out, longer) = (above - run.last - 1, run.last - run.first);
        out.number(left_out << 1 | u64::from(longer > 0));
        if longer > 0 {
            out.number(longer);
        }
        above = run.first;
    }
}

fn read_own_covers(input: &mut Reader<'_>, dot: Dot, count: usize) -> Result<Dots, Fault> {
    let mut runs: SmallVec<[Run; RUNS_MAX]> = SmallVec::new();
    let mut above = dot.seq;
    for at in 0..count {
        let here = input.offset();
        let tagged = input.number()?;
        let longer = if tagged & 1 == 1 { input.number()? } else { 0 };
        if tagged & 1 == 1 && longer == 0 || at > 0 && tagged >> 1 == 0 {
            return Err(fault(here, Broken::NotCanonical));
        }
        let last = above.checked_sub(1).and_then(|last| last.checked_sub(tagged >> 1));
        let first = last.and_then(|last| last.checked_sub(longer)).filter(|first| *first > 0);
        let (Some(last), Some(first)) = (last, first) else {
            return Err(fault(here, Broken::Number));
        };
        runs.push(Run { first, last });
        above = first;
    }
    let mut covers = Dots::default();
    covers.reserve(count);
    runs.into_iter().rev().for_each(|run| covers.push_run(dot.replica, run));
    Ok(covers)
}

pub(super) fn read_set(
    input: &mut Reader<'_>,
    tables: &mut Tables,
    dot: Dot,
    sided: bool,
) -> Result<SetTo, Fault> {
    let here = input.offset();
    let head = input.byte()?;
    let has = |flag| head & flag != 0;
    let runs = usize::from(head >> RUNS_AT);
    if has(COVERS) && runs > 0 {
        return Err(fault(here, Broken::NotCanonical));
    }
    let quantity = read_quantity(input)?;
    let seen = if has(SEEN) { tables.seen(input)? } else { tables.nothing_seen() };
    if has(SEEN) == seen.is_empty() || seen.last(dot.replica) > 0 {
        return Err(fault(here, Broken::NotCanonical));
    }
    let covers = if has(COVERS) {
        let covers = tables.dots(input)?;
        if own_covers(dot, &covers).is_some() {
            return Err(fault(here, Broken::NotCanonical));
        }
        covers
    } else {
        read_own_covers(input, dot, runs)?
    };
    let took = if has(TOOK) { read_took(input, tables)? } else { Vec::new() };
    let stays = if has(STAYS) { read_stays(input, tables)? } else { Stays::default() };
    if has(TOOK) == took.is_empty() || has(STAYS) == stays.is_empty() {
        return Err(fault(here, Broken::NotCanonical));
    }
    let list = if has(SAVED) { List::Saved } else { List::Active };
    Ok(SetTo { quantity, list, sided, seen, covers, took, stays })
}
