//! Dots that a Set replaced, in a small form: most sets are a few dots of one writer.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use smallvec::SmallVec;

use crate::dots::{Dot, Dots, Run};
use crate::id::ReplicaId;
use crate::leb128::{self, CONTINUES};
use crate::limits;

/// Set of dots that is written once and read seldom.
///
/// ```
/// use holdall::cart::ReplacedDots;
/// use holdall::dots::Dots;
/// use holdall::{Dot, ReplicaId};
/// let dots: Dots = [1, 2, 7].map(|seq| Dot::new(ReplicaId::from_u128(1), seq)).into_iter().collect();
/// let covers = ReplacedDots::from(&dots);
/// assert!(covers.contains(Dot::new(ReplicaId::from_u128(1), 7)));
/// assert_eq!(covers.to_dots(), dots);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ReplacedDots(DotStorage);

/// DotStorage of a set of dots: in place, or boxed.
#[derive(Clone, PartialEq, Eq)]
enum DotStorage {
    /// Runs of one writer that fit: the number after the last dot, then steps as in [`PackedRuns`].
    /// The bytes after them are zero. The empty set has writer 0 and no bytes.
    Inline { bytes: u8, text: [u8; INLINE_BYTES], writer: ReplicaId },
    /// Every other set.
    Boxed(Box<Dots>),
}

/// Bytes that are stored in place.
const INLINE_BYTES: usize = 14;

// Each Set is one allocation of a fixed size, and many carts have some.
const _: () = assert!(size_of::<ReplacedDots>() <= 32);

/// Runs of one writer, from the latest to the first, disjoint and not adjacent.
pub(crate) struct WriterRuns {
    writer: ReplicaId,
    runs: SmallVec<[Run; 8]>,
}

/// Builder of a set from runs in any order.
pub(crate) struct RunsBuilder {
    own: WriterRuns,
    /// Runs of other writers, and runs that do not end below all earlier ones.
    others: Vec<(ReplicaId, Run)>,
}

/// Runs of one writer, borrowed from a set in the form in which the wire writes the replaced dots
/// of a Set's own writer.
#[derive(Clone, Copy)]
pub(crate) struct PackedRuns<'a> {
    /// Number after the last dot.
    end: u64,
    /// Steps from the latest run to the first, in LEB128. Each step is one number, and a second one
    /// for runs longer than 1: the count of numbers between this run and the one above, shifted
    /// left by one, with bit 0 set if the second number follows; then the length less one. The
    /// latest run has no gap above it.
    steps: &'a [u8],
}

/// Runs with their writers, in an order that the function that returns them states.
pub(crate) type WriterRunList = SmallVec<[(ReplicaId, Run); 8]>;

/// Writes a number at `at` and advances `at` past it. Bytes beyond the end of `text` are dropped,
/// so that `at` tells the length that would be needed.
#[inline]
fn put(text: &mut [u8; INLINE_BYTES], at: &mut usize, number: u64) {
    leb128::write(number, |byte| {
        if let Some(place) = text.get_mut(*at) {
            *place = byte;
        }
        *at += 1;
    });
}

impl WriterRuns {
    /// Makes an empty list of runs of `writer`.
    pub(crate) const fn of(writer: ReplicaId) -> Self {
        Self { writer, runs: SmallVec::new_const() }
    }

    /// Appends a run. It must end at least two below the first number of the last run.
    pub(crate) fn push(&mut self, run: Run) {
        self.runs.push(run);
    }

    /// Iterates over the runs from the first to the latest.
    fn ascending(&self) -> impl Iterator<Item = (ReplicaId, Run)> {
        self.runs.iter().rev().map(|run| (self.writer, *run))
    }

    /// Returns the set of these runs and `others`, which ascend and are disjoint. Returns `None` if
    /// a run of one list overlaps or touches a run of the other.
    pub(crate) fn with_others(&self, others: &[(ReplicaId, Run)]) -> Option<ReplacedDots> {
        // Insert these runs where their writer belongs, so that the whole ascends.
        let (before, after) =
            others.split_at(others.partition_point(|(writer, _)| *writer < self.writer));
        let all = before.iter().copied().chain(self.ascending()).chain(after.iter().copied());
        // `of_runs` joins runs that touch, which shows in the number of runs.
        let dots = Dots::of_runs(all);
        let apart = sabotage!(
            "replaced-dots-may-overlap",
            dots.runs().len() == self.runs.len() + others.len(),
            true
        );
        apart.then(|| ReplacedDots::holding(dots))
    }

    /// Returns the form in place, or `None` if it does not fit.
    fn to_inline(&self) -> Option<DotStorage> {
        let mut above = self.runs.first()?.last + 1;
        let (mut text, mut at) = ([0; INLINE_BYTES], 0);
        put(&mut text, &mut at, above);
        // From the latest run down: the gap above the run, then its length if it is longer than 1.
        for Run { first, last } in &self.runs {
            let longer = last - first;
            put(&mut text, &mut at, (above - 1 - last) << 1 | u64::from(longer > 0));
            if longer > 0 {
                put(&mut text, &mut at, longer);
            }
            above = *first;
        }
        if at > INLINE_BYTES {
            return None;
        }
        Some(DotStorage::Inline { bytes: at as u8, text, writer: self.writer })
    }
}

impl RunsBuilder {
    pub(crate) const fn new() -> Self {
        Self { own: WriterRuns::of(ReplicaId::from_u128(0)), others: Vec::new() }
    }

    /// Adds a run. Fastest for runs of one writer in descending order.
    #[inline]
    pub(crate) fn push(&mut self, writer: ReplicaId, run: Run) {
        let WriterRuns { writer: own, runs } = &mut self.own;
        // The first run decides which writer is kept in place.
        match runs.last_mut() {
            None => {
                *own = writer;
                runs.push(run);
            }
            Some(above) if writer != *own || run.last >= above.first => {
                self.others.push((writer, run));
            }
            Some(above)
                if sabotage!(
                    "replaced-dots-have-no-gaps",
                    run.last + 1 == above.first,
                    run.last < above.first
                ) =>
            {
                above.first = run.first
            }
            Some(_) => runs.push(run),
        }
    }

    /// Returns the set of the runs. For a writer with more than [`limits::COVERED_RUNS`] runs, the
    /// gaps between the oldest are filled.
    pub(crate) fn covers(&mut self) -> ReplacedDots {
        let (Self { own, others }, most) = (self, limits::COVERED_RUNS);
        // Several writers, or out of order: sort everything.
        if !others.is_empty() {
            others.extend(own.ascending());
            others.sort_unstable();
            let all = Dots::of_runs(others.iter().copied());
            return ReplacedDots::holding(all.with_runs_at_most(most));
        }
        // One writer: all runs beyond the limit become part of the last that stays.
        if let Some(oldest) = own.runs.get(most..).and_then(<[Run]>::last) {
            own.runs[most - 1].first = oldest.first;
            own.runs.truncate(most);
        }
        (&*own).into()
    }
}

impl<'a> PackedRuns<'a> {
    /// Returns the number of runs.
    pub(crate) fn len(self) -> usize {
        let (mut runs, mut bytes) = (0, self.steps.iter());
        // Bit 0 of the first byte of a step tells whether a second number follows. Each number ends
        // with its first byte below `CONTINUES`.
        while let Some(first) = bytes.next() {
            runs += 1;
            let mut ends = if first & 1 == 1 { 2 } else { 1 } - usize::from(*first < CONTINUES);
            while ends > 0 {
                ends -= usize::from(bytes.next().is_none_or(|byte| *byte < CONTINUES));
            }
        }
        runs
    }

    /// Returns the runs as the Set with number `seq` of their writer encodes them: the first number
    /// and the bytes that follow it. Returns `None` if there is no run.
    pub(crate) fn written(self, seq: u64) -> Option<(u64, &'a [u8])> {
        let (first, rest) = self.steps.split_first()?;
        Some(((seq - self.end) << 1 | u64::from(*first), rest))
    }
}

impl From<&WriterRuns> for ReplacedDots {
    fn from(own: &WriterRuns) -> Self {
        if own.runs.is_empty() {
            return Self::default();
        }
        let many = || DotStorage::Boxed(Box::new(Dots::of_runs(own.ascending())));
        Self(own.to_inline().unwrap_or_else(many))
    }
}

impl Default for ReplacedDots {
    fn default() -> Self {
        let writer = ReplicaId::from_u128(0);
        Self(DotStorage::Inline { bytes: 0, text: [0; INLINE_BYTES], writer })
    }
}

impl ReplacedDots {
    /// Returns the runs if all dots belong to the writer of `dot` and precede it.
    pub(crate) fn own(&self, dot: Dot) -> Option<PackedRuns<'_>> {
        let DotStorage::Inline { writer, .. } = &self.0 else { return None };
        let own = self.held();
        let before = *writer == dot.replica
            && sabotage!("later-replaced-dots-are-written-as-earlier", own.end <= dot.seq, true);
        (before || own.steps.is_empty()).then_some(own)
    }

    /// Returns the runs that are stored in place; none for a boxed set.
    #[inline]
    fn held(&self) -> PackedRuns<'_> {
        let DotStorage::Inline { bytes, text, .. } = &self.0 else {
            return PackedRuns { end: 0, steps: &[] };
        };
        let mut steps = &text[..usize::from(*bytes)];
        let end = leb128::take(&mut steps).unwrap_or_default();
        PackedRuns { end, steps }
    }

    /// Returns whether the set has no dots.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, DotStorage::Inline { bytes: 0, .. })
    }

    /// Returns whether `dot` is in the set.
    #[must_use]
    pub fn contains(&self, dot: Dot) -> bool {
        self.runs().any(|(writer, run)| {
            writer == dot.replica && run.first <= dot.seq && dot.seq <= run.last
        })
    }

    /// Iterates over the runs in an unspecified order.
    pub fn runs(&self) -> impl Iterator<Item = (ReplicaId, Run)> + Clone + '_ {
        self.walk()
    }

    /// Iterates over the runs: descending if they are in place, ascending if they are boxed.
    #[inline]
    fn walk(&self) -> RunIter<'_> {
        let (writer, many): (_, &[_]) = match &self.0 {
            DotStorage::Inline { writer, .. } => (*writer, &[]),
            DotStorage::Boxed(dots) => (ReplicaId::from_u128(0), dots.as_runs()),
        };
        let PackedRuns { end, steps } = self.held();
        RunIter { writer, steps, above: end, many }
    }

    /// Iterates over the writers, some of them more than once.
    pub(crate) fn writers(&self) -> impl Iterator<Item = ReplicaId> + '_ {
        let (one, many): (_, &[_]) = match &self.0 {
            DotStorage::Inline { bytes, writer, .. } => ((*bytes > 0).then_some(*writer), &[]),
            DotStorage::Boxed(dots) => (None, dots.as_runs()),
        };
        one.into_iter().chain(many.iter().map(|(writer, _)| *writer))
    }

    /// Returns the runs by writer, then by number.
    pub(crate) fn ascending(&self) -> WriterRunList {
        match &self.0 {
            DotStorage::Boxed(dots) => dots.as_runs().into(),
            DotStorage::Inline { .. } => {
                let mut runs: WriterRunList = self.walk().collect();
                runs.reverse();
                runs
            }
        }
    }

    /// Returns the set of `dots` if they belong to one writer and are not empty.
    fn of_one_writer(dots: &Dots) -> Option<Self> {
        let (first, _) = *dots.as_runs().first()?;
        if dots.runs().any(|(writer, _)| writer != first) {
            return None;
        }
        let runs = dots.runs().rev().map(|(_, run)| run).collect();
        Some(Self::from(&WriterRuns { writer: first, runs }))
    }

    /// Returns the set of `dots`, which are not empty.
    fn holding(dots: Dots) -> Self {
        Self::of_one_writer(&dots).unwrap_or_else(|| Self(DotStorage::Boxed(Box::new(dots))))
    }

    /// Returns an ordinary set with equal dots.
    #[must_use]
    pub fn to_dots(&self) -> Dots {
        match &self.0 {
            DotStorage::Boxed(dots) => (**dots).clone(),
            DotStorage::Inline { .. } => Dots::of_runs(self.ascending().into_iter()),
        }
    }
}

impl From<&Dots> for ReplacedDots {
    fn from(dots: &Dots) -> Self {
        if dots.is_empty() {
            return Self::default();
        }
        Self::of_one_writer(dots).unwrap_or_else(|| Self(DotStorage::Boxed(Box::new(dots.clone()))))
    }
}

impl FromIterator<Dot> for ReplacedDots {
    fn from_iter<I: IntoIterator<Item = Dot>>(dots: I) -> Self {
        Self::from(&dots.into_iter().collect::<Dots>())
    }
}

impl fmt::Debug for ReplacedDots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_dots(), f)
    }
}

/// Iterator over the runs that are stored in place, then over the runs of a boxed set.
#[derive(Clone)]
struct RunIter<'a> {
    writer: ReplicaId,
    steps: &'a [u8],
    above: u64,
    many: &'a [(ReplicaId, Run)],
}

impl Iterator for RunIter<'_> {
    type Item = (ReplicaId, Run);

    #[inline]
    fn next(&mut self) -> Option<(ReplicaId, Run)> {
        // A step counts down from the run above it.
        if let Some(tagged) = leb128::take(&mut self.steps) {
            let last = self.above - 1 - (tagged >> 1);
            self.above = if tagged & 1 == 1 { last - leb128::take(&mut self.steps)? } else { last };
            return Some((self.writer, Run { first: self.above, last }));
        }
        let (run, rest) = self.many.split_first()?;
        self.many = rest;
        Some(*run)
    }
}
