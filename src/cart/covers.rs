//! The dots whose units are in a Set's number, held small: most are a few of one writer's.

use alloc::boxed::Box;
use core::fmt;

use smallvec::SmallVec;

use crate::context::{Dot, Dots, Run};
use crate::id::ReplicaId;

/// A set of dots that is written once and seldom read.
///
/// ```
/// use holdall::cart::Covers;
/// use holdall::{Dot, Dots, ReplicaId};
/// let dots: Dots = [1, 2, 7].map(|seq| Dot::new(ReplicaId::from_u128(1), seq)).into_iter().collect();
/// let covers = Covers::from(&dots);
/// assert!(covers.contains(Dot::new(ReplicaId::from_u128(1), 7)));
/// assert_eq!(covers.to_dots(), dots);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Covers(Form);

#[derive(Clone, PartialEq, Eq)]
enum Form {
    /// Of one writer, if there is room: the number after the last, and steps, as in [`Own`]. Behind
    /// them are zeros. Of nobody's dots the writer is 0, and there are none.
    One { bytes: u8, text: [u8; PLACE_BYTES], writer: ReplicaId },
    /// All others.
    Many(Box<Dots>),
}

const PLACE_BYTES: usize = 14;

// A Set is one allocation, and many carts have some.
const _: () = assert!(size_of::<Covers>() <= 32);

/// Of one writer, in the form in which a Set's own dots are written: from the latest run to the
/// first.
pub(crate) struct Own {
    writer: ReplicaId,
    /// The number after the last.
    end: u64,
    /// Of each run how many numbers are left out before the one above, with one bit that says whether it is
    /// longer than one, and then how much longer. None is left out after the latest.
    steps: Steps,
}

/// The same where it is held.
#[derive(Clone, Copy)]
pub(crate) struct HeldOwn<'a> {
    end: u64,
    steps: &'a [u8],
}

/// Runs on their way: in any order and perhaps with doubles, unless whoever gives them says more.
pub(crate) type Gathered = SmallVec<[(ReplicaId, Run); 8]>;

/// Numbers of seven bits a byte, the lowest first.
type Steps = SmallVec<[u8; 16]>;

const LOW: u64 = 0x7f;
const MORE: u8 = 0x80;
/// In numbers that no honest writer gets to there is no room for the bit.
const WIDE: u64 = 1 << 62;

/// Takes a number off the bytes that begin with it.
#[inline]
fn take(bytes: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= (u64::from(*byte) & LOW) << shift;
        if *byte < MORE {
            return Some(number);
        }
        shift += 7;
    }
}

fn push(steps: &mut Steps, mut number: u64) {
    while number > LOW {
        steps.push((number & LOW) as u8 | MORE);
        number >>= 7;
    }
    steps.push(number as u8);
}

impl Own {
    /// Whether a Set of that number can have what is written so.
    pub(crate) const fn has_room(seq: u64) -> bool {
        seq <= WIDE
    }

    /// Of the dots of `writer` before its dot of number `seq`, to which runs are put from the latest to
    /// the first.
    pub(crate) const fn before(writer: ReplicaId, seq: u64) -> Self {
        Self { writer, end: seq, steps: SmallVec::new_const() }
    }

    /// Puts a run in: so many numbers are left out before the one above, or at the end, and it is so much longer than one.
    pub(crate) fn push(&mut self, left_out: u64, longer: u64) {
        let left_out = if self.steps.is_empty() {
            self.end -= left_out;
            0
        } else {
            left_out
        };
        push(&mut self.steps, left_out << 1 | u64::from(longer > 0));
        if longer > 0 {
            push(&mut self.steps, longer);
        }
    }

    fn runs(&self) -> Runs<'_> {
        Runs { writer: self.writer, steps: &self.steps, above: self.end, many: &[] }
    }

    /// The set of these runs and of others, which ascend and are apart from each other. `None` if one of these is
    /// in one of those, or touches it.
    pub(crate) fn with_others(self, others: &[(ReplicaId, Run)]) -> Option<Covers> {
        let own = backwards(self.runs());
        let (before, after) =
            others.split_at(others.partition_point(|(writer, _)| *writer < self.writer));
        let (mut dots, runs) = (Dots::default(), own.len() + others.len());
        dots.reserve(runs);
        for (writer, run) in before.iter().chain(&own).chain(after) {
            dots.push_run(*writer, *run);
        }
        let apart = dots.runs().len() == runs;
        apart.then(|| Covers::holding(dots))
    }
}

impl<'a> HeldOwn<'a> {
    /// How many runs there are.
    pub(crate) fn len(self) -> usize {
        let (mut runs, mut bytes) = (0, self.steps.iter());
        // The lowest bit of a first byte says whether a second number follows.
        while let Some(first) = bytes.next() {
            runs += 1;
            let mut ends = if first & 1 == 1 { 2 } else { 1 } - usize::from(*first < MORE);
            while ends > 0 {
                ends -= usize::from(bytes.next().is_none_or(|byte| *byte < MORE));
            }
        }
        runs
    }

    /// As it is written in the Set of number `seq`: its first number, then the bytes of those that
    /// follow. Nothing if there is no run.
    pub(crate) fn written(self, seq: u64) -> Option<(u64, &'a [u8])> {
        let (first, rest) = self.steps.split_first()?;
        Some(((seq - self.end) << 1 | u64::from(*first), rest))
    }
}

impl From<Own> for Covers {
    fn from(own: Own) -> Self {
        if own.steps.is_empty() {
            return Self::default();
        }
        let (mut held, mut text) = (Steps::new(), [0; PLACE_BYTES]);
        push(&mut held, own.end);
        held.extend_from_slice(&own.steps);
        let Some(place) = text.get_mut(..held.len()) else {
            return Self(Form::Many(Box::new(ascending(own.runs()))));
        };
        place.copy_from_slice(&held);
        Self(Form::One { bytes: held.len() as u8, text, writer: own.writer })
    }
}

impl Default for Covers {
    fn default() -> Self {
        let writer = ReplicaId::from_u128(0);
        Self(Form::One { bytes: 0, text: [0; PLACE_BYTES], writer })
    }
}

/// The set of runs of one writer that come from the latest to the first.
fn ascending(runs: Runs<'_>) -> Dots {
    let (mut dots, runs) = (Dots::default(), backwards(runs));
    dots.reserve(runs.len());
    runs.iter().for_each(|(writer, run)| dots.push_run(*writer, *run));
    dots
}

/// Such runs from the first to the latest.
fn backwards(runs: Runs<'_>) -> Gathered {
    let mut runs: Gathered = runs.collect();
    runs.reverse();
    runs
}

impl Covers {
    /// Runs of one writer, ascending, disjoint and not adjacent.
    fn of(writer: ReplicaId, runs: impl DoubleEndedIterator<Item = Run> + Clone) -> Self {
        let end = runs.clone().next_back().map_or(0, |latest| latest.last.saturating_add(1));
        if end > WIDE {
            let mut dots = Dots::default();
            runs.for_each(|run| dots.push_run(writer, run));
            return Self(Form::Many(Box::new(dots)));
        }
        let (mut own, mut above) = (Own::before(writer, end), end);
        for Run { first, last } in runs.rev() {
            own.push(above - 1 - last, last - first);
            above = first;
        }
        Self::from(own)
    }

    /// If they are all of the writer of `dot` and from before it.
    pub(crate) fn own(&self, dot: Dot) -> Option<HeldOwn<'_>> {
        let Form::One { writer, .. } = &self.0 else { return None };
        let own = self.held();
        let before = *writer == dot.replica && own.end <= dot.seq && Own::has_room(dot.seq);
        (before || own.steps.is_empty()).then_some(own)
    }

    /// What is in place.
    #[inline]
    fn held(&self) -> HeldOwn<'_> {
        let Form::One { bytes, text, .. } = &self.0 else { return HeldOwn { end: 0, steps: &[] } };
        let mut steps = &text[..usize::from(*bytes)];
        let end = take(&mut steps).unwrap_or_default();
        HeldOwn { end, steps }
    }

    /// From runs in any order, with at most `most` of one writer: the gaps between the oldest are
    /// filled.
    pub(crate) fn gathered(mut runs: Gathered, most: usize) -> Self {
        runs.sort_unstable();
        runs.dedup_by(|(next, later), (writer, run)| {
            let touch = next == writer && later.first <= run.last.saturating_add(1);
            if touch {
                run.last = run.last.max(later.last);
            }
            touch
        });
        let (Some((writer, oldest)), Some((last_writer, _))) = (runs.first(), runs.last()) else {
            return Self::default();
        };
        if writer != last_writer {
            let mut dots = Dots::default();
            runs.iter().for_each(|(writer, run)| dots.push_run(*writer, *run));
            return Self::from(&dots.with_runs_at_most(most));
        }
        let filled = runs.len().saturating_sub(most.max(1));
        let oldest = Run { first: oldest.first, last: runs[filled].1.last };
        let rest = runs[filled + 1..].iter().map(|(_, run)| *run);
        Self::of(*writer, core::iter::once(oldest).chain(rest))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, Form::One { bytes: 0, .. })
    }

    /// Whether `dot` is in the set.
    #[must_use]
    pub fn contains(&self, dot: Dot) -> bool {
        self.runs().any(|(writer, run)| {
            writer == dot.replica && run.first <= dot.seq && dot.seq <= run.last
        })
    }

    /// The runs, in no order that means anything.
    pub fn runs(&self) -> impl Iterator<Item = (ReplicaId, Run)> + Clone + '_ {
        self.walk()
    }

    #[inline]
    fn walk(&self) -> Runs<'_> {
        let (writer, many): (_, &[_]) = match &self.0 {
            Form::One { writer, .. } => (*writer, &[]),
            Form::Many(dots) => (ReplicaId::from_u128(0), dots.as_runs()),
        };
        let HeldOwn { end, steps } = self.held();
        Runs { writer, steps, above: end, many }
    }

    /// The writers, one or more times.
    pub(crate) fn writers(&self) -> impl Iterator<Item = ReplicaId> + '_ {
        let (one, many): (_, &[_]) = match &self.0 {
            Form::One { bytes, writer, .. } => ((*bytes > 0).then_some(*writer), &[]),
            Form::Many(dots) => (None, dots.as_runs()),
        };
        one.into_iter().chain(many.iter().map(|(writer, _)| *writer))
    }

    /// The runs, by writer and then by number.
    pub(crate) fn ascending(&self) -> Gathered {
        match &self.0 {
            Form::Many(dots) => dots.as_runs().into(),
            Form::One { .. } => backwards(self.walk()),
        }
    }

    /// A set of one writer's dots, if it is that.
    fn of_one_writer(dots: &Dots) -> Option<Self> {
        let (first, _) = *dots.as_runs().first()?;
        let own = dots.runs().all(|(writer, _)| writer == first);
        own.then(|| Self::of(first, dots.runs().map(|(_, run)| run)))
    }

    /// A set that has dots.
    fn holding(dots: Dots) -> Self {
        Self::of_one_writer(&dots).unwrap_or_else(|| Self(Form::Many(Box::new(dots))))
    }

    /// The set by itself.
    #[must_use]
    pub fn to_dots(&self) -> Dots {
        match &self.0 {
            Form::Many(dots) => (**dots).clone(),
            Form::One { .. } => ascending(self.walk()),
        }
    }
}

impl From<&Dots> for Covers {
    fn from(dots: &Dots) -> Self {
        if dots.is_empty() {
            return Self::default();
        }
        Self::of_one_writer(dots).unwrap_or_else(|| Self(Form::Many(Box::new(dots.clone()))))
    }
}

impl FromIterator<Dot> for Covers {
    fn from_iter<I: IntoIterator<Item = Dot>>(dots: I) -> Self {
        Self::from(&dots.into_iter().collect::<Dots>())
    }
}

impl fmt::Debug for Covers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_dots(), f)
    }
}

/// What is in steps, then what is in a list.
#[derive(Clone)]
struct Runs<'a> {
    writer: ReplicaId,
    steps: &'a [u8],
    above: u64,
    many: &'a [(ReplicaId, Run)],
}

impl Iterator for Runs<'_> {
    type Item = (ReplicaId, Run);

    #[inline]
    fn next(&mut self) -> Option<(ReplicaId, Run)> {
        if let Some(tagged) = take(&mut self.steps) {
            let last = self.above - 1 - (tagged >> 1);
            self.above = if tagged & 1 == 1 { last - take(&mut self.steps)? } else { last };
            return Some((self.writer, Run { first: self.above, last }));
        }
        let (run, rest) = self.many.split_first()?;
        self.many = rest;
        Some(*run)
    }
}
