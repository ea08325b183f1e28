//! The encoding of the body of a Set: its quantity and the dots that it covers.

use alloc::boxed::Box;
use alloc::vec::Vec;

use smallvec::SmallVec;

use super::bytes::{ByteReader, ByteWriter};
use super::decode_tables::DecodeTables;
use super::dots;
use super::encode_tables::EncodeTables;
use super::error::{BoxedError, Broken, error_at};
use super::values::{
    read_preserved, read_quantity, read_replaced_guest_units, write_preserved, write_taken,
};
use crate::cart::{
    List, PackedEntry, Preserved, ReplacedDots, SetQuantity, SetSideEffects, WriterRunList,
    WriterRuns,
};
use crate::dots::{Dot, Run};
use crate::id::ReplicaId;
use crate::quantity::Quantity;

/// Head flag of a Set: a byte of flags follows.
const MORE: u8 = 0b0000_0001;
/// Head flag of a Set: its dots seen are not the predicted set.
const SEEN: u8 = 0b0000_0010;
/// Head flag of a Set: covered dots follow that are not own runs.
const OTHERS: u8 = 0b0000_0100;
/// Position of the number of own runs in the head of a Set.
const RUNS_AT: u8 = 3;
/// The most own runs of a Set. With more, all covered dots are written as other dots.
const RUNS_MAX: usize = 7;
/// Position of the quantity in the head of a Set.
const UNITS_AT: u8 = 6;
/// The largest quantity in the head of a Set. 0 there says that the quantity follows.
const UNITS_MAX: u32 = 3;

/// Flag of a Set: it is about the saved list.
const SAVED: u8 = 0b001;
/// Flag of a Set: it took units of other scopes.
const TOOK: u8 = 0b010;
/// Flag of a Set: it preserves placements or deductions.
const STAYS: u8 = 0b100;

/// The covered runs of a Set's own writer, ascending.
type OwnRuns = SmallVec<[Run; RUNS_MAX]>;

/// Returns whether a covered run belongs to the writer of the Set at `dot` and comes before it.
fn is_own(dot: Dot, (writer, run): (ReplicaId, Run)) -> bool {
    writer == dot.replica && run.last < dot.seq
}

/// Splits the covered dots of the Set at `dot` into own runs and other runs. With more than
/// [`RUNS_MAX`] own runs, all are other runs.
fn parted(dot: Dot, covers: &ReplacedDots) -> (OwnRuns, WriterRunList) {
    let (mut own, mut others) = (OwnRuns::new(), WriterRunList::new());
    let all = covers.ascending();
    for covered in &all {
        if !is_own(dot, *covered) {
            others.push(*covered);
        } else if own.len() < RUNS_MAX {
            own.push(covered.1);
        } else {
            return (OwnRuns::new(), all);
        }
    }
    (own, others)
}

/// Writes the body of a Set. `predicted_seen` is the predicted index of its dots seen, and becomes
/// the index written.
pub(super) fn write_set(
    out: &mut ByteWriter,
    tables: &EncodeTables<'_>,
    row: &PackedEntry,
    set: &SetQuantity,
    predicted_seen: &mut u64,
) {
    let flag = |is: bool, flag| if is { flag } else { 0 };
    let dot = tables.dot_of(row);
    // Most Sets store their covered dots in encoded form, which is copied. Others are split here.
    let held = set.covers.own(dot).map(|own| (own, own.len()));
    let held = held.filter(|(_, runs)| *runs <= RUNS_MAX);
    let (own, others) = match held {
        Some(_) => Default::default(),
        None => parted(dot, &set.covers),
    };
    let runs = held.map_or(own.len(), |(_, runs)| runs);
    // Collect the flags.
    let settled = set.settled.as_deref();
    let (replaced_guest_units, preserved) = settled
        .map_or((&[][..], None), |all| (&all.replaced_guest_units[..], Some(&all.preserved)));
    let preserved = preserved.filter(|preserved| !preserved.is_empty());
    let more = flag(set.list == List::Saved, SAVED)
        | flag(!replaced_guest_units.is_empty(), TOOK)
        | flag(preserved.is_some(), STAYS);
    // The head packs the flags, the number of own runs and the quantity.
    let seen = tables.seen(&set.seen);
    let units = set.quantity.get();
    let short_units = if units <= UNITS_MAX { units as u8 } else { 0 };
    out.raw(&[flag(more > 0, MORE)
        | flag(seen != *predicted_seen, SEEN)
        | flag(!others.is_empty(), OTHERS)
        | (runs as u8) << RUNS_AT
        | short_units << UNITS_AT]);
    if more > 0 {
        out.raw(&[more]);
    }
    if short_units == 0 {
        out.number(u64::from(units));
    }
    if seen != *predicted_seen {
        out.number(seen);
        *predicted_seen = seen;
    }
    // The covered dots: own runs, then other dots.
    match held.and_then(|(held, _)| held.written(dot.seq)) {
        Some((first, rest)) => {
            out.number(first);
            out.raw(rest);
        }
        None => write_own(out, dot.seq, &own),
    }
    if !others.is_empty() {
        dots::write_groups(out, &tables.writers, &others);
    }
    // The side effects of the Set.
    if !replaced_guest_units.is_empty() {
        out.count(replaced_guest_units.len());
        replaced_guest_units.iter().for_each(|taken| write_taken(out, tables, taken));
    }
    if let Some(preserved) = preserved {
        write_preserved(out, tables, preserved);
    }
}

/// Writes own runs from the last to the first. Each is the number of sequence numbers left out
/// below the run above, or below the Set's own number, with one bit for a length above one, and the
/// length less one.
fn write_own(out: &mut ByteWriter, seq: u64, runs: &[Run]) {
    let mut above = seq;
    for run in runs.iter().rev() {
        let (left_out, longer) = (above - run.last - 1, run.last - run.first);
        out.number(left_out << 1 | u64::from(longer > 0));
        if longer > 0 {
            out.number(longer);
        }
        above = run.first;
    }
}

/// Reads `count` own runs of the Set at `dot`, from the last to the first.
fn read_own(input: &mut ByteReader<'_>, dot: Dot, count: usize) -> Result<WriterRuns, BoxedError> {
    let mut own = WriterRuns::of(dot.replica);
    let mut above = dot.seq;
    for at in 0..count {
        let here = input.offset();
        let tagged = input.number()?;
        let (left_out, longer) = (tagged >> 1, if tagged & 1 == 1 { input.number()? } else { 0 });
        // A length of one has no second number, and runs are not adjacent.
        if tagged & 1 == 1 && longer == 0 || at > 0 && left_out == 0 {
            return Err(error_at(here, Broken::NotCanonical));
        }
        let last = above.checked_sub(1).and_then(|last| last.checked_sub(left_out));
        let first = last.and_then(|last| last.checked_sub(longer)).filter(|first| *first > 0);
        let (Some(first), Some(last)) = (first, last) else {
            return Err(error_at(here, Broken::Number));
        };
        own.push(Run { first, last });
        above = first;
    }
    Ok(own)
}

/// Reads the covered dots of the Set at `dot`: `count` own runs and, if `others`, other dots.
fn read_covers(
    input: &mut ByteReader<'_>,
    tables: &mut DecodeTables,
    dot: Dot,
    (count, others): (usize, bool),
) -> Result<ReplacedDots, BoxedError> {
    let own = read_own(input, dot, count)?;
    if !others {
        return Ok((&own).into());
    }
    let here = input.offset();
    let others = tables.groups(input)?;
    // Own runs must not be among the other dots, unless they are too many for the first part.
    let among = others.iter().filter(|other| is_own(dot, **other)).count();
    let parted = among == 0
        || count == 0 && sabotage!("own-replaced-dots-may-be-among-others", among > RUNS_MAX, true);
    let covers = if parted { own.with_others(&others) } else { None };
    covers.ok_or_else(|| error_at(here, Broken::NotCanonical))
}

/// Reads the body of the Set at `dot`. `predicted_seen` is the predicted index of its dots seen,
/// and becomes the index read.
pub(super) fn read_set(
    input: &mut ByteReader<'_>,
    tables: &mut DecodeTables,
    dot: Dot,
    sided: bool,
    predicted_seen: &mut u64,
) -> Result<SetQuantity, BoxedError> {
    let here = input.offset();
    let not_canonical = || error_at(here, Broken::NotCanonical);
    let head = input.byte()?;
    let more = if head & MORE != 0 { input.byte()? } else { 0 };
    let has = |flag| more & flag != 0;
    if head & MORE != 0 && (more == 0 || more > SAVED | TOOK | STAYS) {
        return Err(not_canonical());
    }
    // The quantity is in the head, or follows if it is too large for it.
    let quantity = match u32::from(head >> UNITS_AT) {
        0 => read_quantity(input).and_then(|quantity| {
            if quantity.get() > UNITS_MAX { Ok(quantity) } else { Err(not_canonical()) }
        })?,
        units => Quantity::new(units).map_err(|error| error_at(here, error))?,
    };
    // Dots seen that equal the prediction must not be written. A Set has not seen dots of its own
    // writer.
    if head & SEEN != 0 {
        let seen = input.number()?;
        if seen == core::mem::replace(predicted_seen, seen) {
            return Err(not_canonical());
        }
    }
    let seen = tables.seen_at(input, *predicted_seen)?;
    if seen.last(dot.replica) > 0 {
        return Err(not_canonical());
    }
    // The covered dots, then the side effects, which must not be empty if they are present.
    let runs = usize::from(head >> RUNS_AT) & RUNS_MAX;
    let covers = read_covers(input, tables, dot, (runs, head & OTHERS != 0))?;
    let settled = if has(TOOK | STAYS) {
        let replaced_guest_units =
            if has(TOOK) { read_replaced_guest_units(input, tables)? } else { Vec::new() };
        let preserved =
            if has(STAYS) { read_preserved(input, tables)? } else { Preserved::default() };
        if has(TOOK) == replaced_guest_units.is_empty() || has(STAYS) == preserved.is_empty() {
            return Err(not_canonical());
        }
        Some(Box::new(SetSideEffects { replaced_guest_units, preserved }))
    } else {
        None
    };
    let list = if has(SAVED) { List::Saved } else { List::Active };
    Ok(SetQuantity { quantity, list, sided, seen, covers, settled })
}
