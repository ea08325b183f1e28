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
    /// Of one writer. Of nobody's dots the writer is 0.
    One(ReplicaId, Steps),
    Many(Box<Dots>),
}

/// Runs in any order, perhaps with doubles.
pub(crate) type Gathered = SmallVec<[(ReplicaId, Run); 8]>;

/// Of each run how far its first is after the last of the one before, and how far its last is after
/// its first: numbers of seven bits a byte, the lowest first.
type Steps = SmallVec<[u8; 16]>;

const LOW: u64 = 0x7f;
const MORE: u8 = 0x80;

fn push(steps: &mut Steps, mut number: u64) {
    while number > LOW {
        steps.push((number & LOW) as u8 | MORE);
        number >>= 7;
    }
    steps.push(number as u8);
}

impl Covers {
    /// Runs of one writer, ascending, disjoint and not adjacent.
    pub(crate) fn of(writer: ReplicaId, runs: impl Iterator<Item = Run>) -> Self {
        let (mut steps, mut before) = (Steps::new(), 0);
        for Run { first, last } in runs {
            push(&mut steps, first - before);
            push(&mut steps, last - first);
            before = last;
        }
        let writer = if steps.is_empty() { ReplicaId::from_u128(0) } else { writer };
        Self(Form::One(writer, steps))
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
        matches!(&self.0, Form::One(_, steps) if steps.is_empty())
    }

    /// Whether `dot` is in the set.
    #[must_use]
    pub fn contains(&self, dot: Dot) -> bool {
        self.runs().any(|(writer, run)| {
            writer == dot.replica && run.first <= dot.seq && dot.seq <= run.last
        })
    }

    /// The runs, by writer and then by number.
    pub fn runs(&self) -> impl Iterator<Item = (ReplicaId, Run)> + Clone + '_ {
        let (writer, steps, many): (_, &[u8], &[_]) = match &self.0 {
            Form::One(writer, steps) => (*writer, steps, &[]),
            Form::Many(dots) => (ReplicaId::from_u128(0), &[], dots.as_runs()),
        };
        Runs { writer, steps, before: 0, many }
    }

    /// The set by itself.
    #[must_use]
    pub fn to_dots(&self) -> Dots {
        match &self.0 {
            Form::Many(dots) => (**dots).clone(),
            Form::One(..) => {
                let mut dots = Dots::default();
                self.runs().for_each(|(writer, run)| dots.push_run(writer, run));
                dots
            }
        }
    }
}

impl From<&Dots> for Covers {
    fn from(dots: &Dots) -> Self {
        let Some((first, _)) = dots.runs().next() else {
            return Self::of(ReplicaId::from_u128(0), core::iter::empty());
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
    before: u64,
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
        if let Some(step) = self.number() {
            let first = self.before + step;
            self.before = first + self.number()?;
            return Some((self.writer, Run { first, last: self.before }));
        }
        let (run, rest) = self.many.split_first()?;
        self.many = rest;
        Some(*run)
    }
}
