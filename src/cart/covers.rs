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
    One(Own),
    Many(Box<Dots>),
}

/// Of one writer, in the form in which a Set's own dots are written: from the latest run to the
/// first.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Own {
    /// Of nobody's dots it is 0.
    writer: ReplicaId,
    /// The number after the last.
    end: u64,
    /// Of each run how many numbers are left out before the one above, with one bit that says whether it is
    /// longer than one, and then how much longer. None is left out after the latest.
    steps: Steps,
}

/// Runs in any order, perhaps with doubles.
pub(crate) type Gathered = SmallVec<[(ReplicaId, Run); 8]>;

/// Numbers of seven bits a byte, the lowest first.
type Steps = SmallVec<[u8; 16]>;

const LOW: u64 = 0x7f;
const MORE: u8 = 0x80;
/// In numbers that no honest writer gets to there is no room for the bit.
const WIDE: u64 = 1 << 62;

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

    const fn none() -> Self {
        Self::before(ReplicaId::from_u128(0), 0)
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

    /// How many runs there are.
    pub(crate) fn len(&self) -> usize {
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
    pub(crate) fn written(&self, seq: u64) -> Option<(u64, &[u8])> {
        let (first, rest) = self.steps.split_first()?;
        Some(((seq - self.end) << 1 | u64::from(*first), rest))
    }
}

impl From<Own> for Covers {
    fn from(own: Own) -> Self {
        Self(Form::One(if own.steps.is_empty() { Own::none() } else { own }))
    }
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
    pub(crate) fn own(&self, dot: Dot) -> Option<&Own> {
        let Form::One(own) = &self.0 else { return None };
        let before = own.writer == dot.replica && own.end <= dot.seq && Own::has_room(dot.seq);
        (before || own.steps.is_empty()).then_some(own)
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
            return Self::from(&Dots::default());
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
        matches!(&self.0, Form::One(own) if own.steps.is_empty())
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
        let (writer, steps, above, many): (_, &[u8], _, &[_]) = match &self.0 {
            Form::One(own) => (own.writer, &own.steps, own.end, &[]),
            Form::Many(dots) => (ReplicaId::from_u128(0), &[], 0, dots.as_runs()),
        };
        Runs { writer, steps, above, many }
    }

    /// The writers, one or more times.
    pub(crate) fn writers(&self) -> impl Iterator<Item = ReplicaId> + '_ {
        let (one, many): (_, &[_]) = match &self.0 {
            Form::One(own) => ((!own.steps.is_empty()).then_some(own.writer), &[]),
            Form::Many(dots) => (None, dots.as_runs()),
        };
        one.into_iter().chain(many.iter().map(|(writer, _)| *writer))
    }

    /// The set by itself.
    #[must_use]
    pub fn to_dots(&self) -> Dots {
        let mut dots = match &self.0 {
            Form::Many(dots) => return (**dots).clone(),
            Form::One(_) => Dots::default(),
        };
        let mut runs: Gathered = self.runs().collect();
        runs.reverse();
        runs.iter().for_each(|(writer, run)| dots.push_run(*writer, *run));
        dots
    }
}

impl From<&Dots> for Covers {
    fn from(dots: &Dots) -> Self {
        let Some((first, _)) = dots.runs().next() else {
            return Self::from(Own::none());
        };
        if dots.runs().all(|(writer, _)| writer == first) {
            Self::of(first, dots.runs().map(|(_, run)| run))
        } else {
            Self(Form::Many(Box::new(dots.clone())))
        }
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

impl Runs<'_> {
    #[inline]
    fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let (byte, rest) = self.steps.split_first()?;
            self.steps = rest;
            number |= (u64::from(*byte) & LOW) << shift;
            if *byte < MORE {
                return Some(number);
            }
            shift += 7;
        }
    }
}

impl Iterator for Runs<'_> {
    type Item = (ReplicaId, Run);

    #[inline]
    fn next(&mut self) -> Option<(ReplicaId, Run)> {
        if let Some(tagged) = self.number() {
            let last = self.above - 1 - (tagged >> 1);
            self.above = if tagged & 1 == 1 { last - self.number()? } else { last };
            return Some((self.writer, Run { first: self.above, last }));
        }
        let (run, rest) = self.many.split_first()?;
        self.many = rest;
        Some(*run)
    }
}
