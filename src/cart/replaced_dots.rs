//! The dots whose units are in a Set's number, held small: most are a few of one writer's.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use smallvec::SmallVec;

use crate::dots::{Dot, Dots, Run};
use crate::id::ReplicaId;
use crate::leb128::{self, CONTINUES};
use crate::limits;

/// A set of dots that is written once and seldom read.
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
pub struct ReplacedDots(Storage);

#[derive(Clone, PartialEq, Eq)]
enum Storage {
    /// Of one writer, if there is room: the number after the last, and steps, as in [`HeldOwn`]. Behind
    /// them are zeros. Of nobody's dots the writer is 0, and there are none.
    Inline { bytes: u8, text: [u8; INLINE_BYTES], writer: ReplicaId },
    /// All others.
    Boxed(Box<Dots>),
}

const INLINE_BYTES: usize = 14;

// A Set is one allocation, and many carts have some.
const _: () = assert!(size_of::<ReplacedDots>() <= 32);

/// Runs of one writer, from the latest to the first, disjoint and not adjacent.
pub(crate) struct WriterRuns {
    writer: ReplicaId,
    runs: SmallVec<[Run; 8]>,
}

/// Runs on their way into such a set.
pub(crate) struct RunsBuilder {
    own: WriterRuns,
    /// Those that were not of the same writer, or not before all that were there.
    others: Vec<(ReplicaId, Run)>,
}

/// Such runs where they are held, in the form in which a Set's own dots are written.
#[derive(Clone, Copy)]
pub(crate) struct PackedRuns<'a> {
    /// The number after the last.
    end: u64,
    /// Of each run how many numbers are left out before the one above, with one bit that says whether it is
    /// longer than one, and then how much longer. None is left out after the latest.
    steps: &'a [u8],
}

/// Runs in an order that whoever gives them says.
pub(crate) type WriterRunList = SmallVec<[(ReplicaId, Run); 8]>;

/// Writes a number where `at` is, and moves `at` behind it. What has no room is not written.
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
    /// None yet.
    pub(crate) const fn of(writer: ReplicaId) -> Self {
        Self { writer, runs: SmallVec::new_const() }
    }

    /// Puts a run in, which is before all that are there and touches none.
    pub(crate) fn push(&mut self, run: Run) {
        self.runs.push(run);
    }

    /// From the first to the latest.
    fn ascending(&self) -> impl Iterator<Item = (ReplicaId, Run)> {
        self.runs.iter().rev().map(|run| (self.writer, *run))
    }

    /// The set of these runs and of others, which ascend and are apart from each other. `None` if one of these is
    /// in one of those, or touches it.
    pub(crate) fn with_others(&self, others: &[(ReplicaId, Run)]) -> Option<ReplacedDots> {
        let (before, after) =
            others.split_at(others.partition_point(|(writer, _)| *writer < self.writer));
        let all = before.iter().copied().chain(self.ascending()).chain(after.iter().copied());
        let dots = Dots::of_runs(all);
        let apart = sabotage!(
            "replaced-dots-may-overlap",
            dots.runs().len() == self.runs.len() + others.len(),
            true
        );
        apart.then(|| ReplacedDots::holding(dots))
    }

    /// As it is held, if there is room.
    fn to_inline(&self) -> Option<Storage> {
        let mut above = self.runs.first()?.last + 1;
        let (mut text, mut at) = ([0; INLINE_BYTES], 0);
        put(&mut text, &mut at, above);
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
        Some(Storage::Inline { bytes: at as u8, text, writer: self.writer })
    }
}

impl RunsBuilder {
    pub(crate) const fn new() -> Self {
        Self { own: WriterRuns::of(ReplicaId::from_u128(0)), others: Vec::new() }
    }

    /// Puts a run in. It is quickest if they are one writer's, the latest first.
    #[inline]
    pub(crate) fn push(&mut self, writer: ReplicaId, run: Run) {
        let WriterRuns { writer: own, runs } = &mut self.own;
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

    /// The set of them, with the gaps filled between the oldest of a writer who has more than
    /// [`limits::COVERED_RUNS`].
    pub(crate) fn covers(&mut self) -> ReplacedDots {
        let (Self { own, others }, most) = (self, limits::COVERED_RUNS);
        if !others.is_empty() {
            others.extend(own.ascending());
            others.sort_unstable();
            let all = Dots::of_runs(others.iter().copied());
            return ReplacedDots::holding(all.with_runs_at_most(most));
        }
        if let Some(oldest) = own.runs.get(most..).and_then(<[Run]>::last) {
            own.runs[most - 1].first = oldest.first;
            own.runs.truncate(most);
        }
        (&*own).into()
    }
}

impl<'a> PackedRuns<'a> {
    /// How many runs there are.
    pub(crate) fn len(self) -> usize {
        let (mut runs, mut bytes) = (0, self.steps.iter());
        // The lowest bit of a first byte says whether a second number follows.
        while let Some(first) = bytes.next() {
            runs += 1;
            let mut ends = if first & 1 == 1 { 2 } else { 1 } - usize::from(*first < CONTINUES);
            while ends > 0 {
                ends -= usize::from(bytes.next().is_none_or(|byte| *byte < CONTINUES));
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

impl From<&WriterRuns> for ReplacedDots {
    fn from(own: &WriterRuns) -> Self {
        if own.runs.is_empty() {
            return Self::default();
        }
        let many = || Storage::Boxed(Box::new(Dots::of_runs(own.ascending())));
        Self(own.to_inline().unwrap_or_else(many))
    }
}

impl Default for ReplacedDots {
    fn default() -> Self {
        let writer = ReplicaId::from_u128(0);
        Self(Storage::Inline { bytes: 0, text: [0; INLINE_BYTES], writer })
    }
}

impl ReplacedDots {
    /// If they are all of the writer of `dot` and from before it.
    pub(crate) fn own(&self, dot: Dot) -> Option<PackedRuns<'_>> {
        let Storage::Inline { writer, .. } = &self.0 else { return None };
        let own = self.held();
        let before = *writer == dot.replica
            && sabotage!("later-replaced-dots-are-written-as-earlier", own.end <= dot.seq, true);
        (before || own.steps.is_empty()).then_some(own)
    }

    /// What is in place.
    #[inline]
    fn held(&self) -> PackedRuns<'_> {
        let Storage::Inline { bytes, text, .. } = &self.0 else {
            return PackedRuns { end: 0, steps: &[] };
        };
        let mut steps = &text[..usize::from(*bytes)];
        let end = leb128::take(&mut steps).unwrap_or_default();
        PackedRuns { end, steps }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, Storage::Inline { bytes: 0, .. })
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
    fn walk(&self) -> RunIter<'_> {
        let (writer, many): (_, &[_]) = match &self.0 {
            Storage::Inline { writer, .. } => (*writer, &[]),
            Storage::Boxed(dots) => (ReplicaId::from_u128(0), dots.as_runs()),
        };
        let PackedRuns { end, steps } = self.held();
        RunIter { writer, steps, above: end, many }
    }

    /// The writers, one or more times.
    pub(crate) fn writers(&self) -> impl Iterator<Item = ReplicaId> + '_ {
        let (one, many): (_, &[_]) = match &self.0 {
            Storage::Inline { bytes, writer, .. } => ((*bytes > 0).then_some(*writer), &[]),
            Storage::Boxed(dots) => (None, dots.as_runs()),
        };
        one.into_iter().chain(many.iter().map(|(writer, _)| *writer))
    }

    /// The runs, by writer and then by number.
    pub(crate) fn ascending(&self) -> WriterRunList {
        match &self.0 {
            Storage::Boxed(dots) => dots.as_runs().into(),
            Storage::Inline { .. } => {
                let mut runs: WriterRunList = self.walk().collect();
                runs.reverse();
                runs
            }
        }
    }

    /// A set of one writer's dots, if it is that.
    fn of_one_writer(dots: &Dots) -> Option<Self> {
        let (first, _) = *dots.as_runs().first()?;
        if dots.runs().any(|(writer, _)| writer != first) {
            return None;
        }
        let runs = dots.runs().rev().map(|(_, run)| run).collect();
        Some(Self::from(&WriterRuns { writer: first, runs }))
    }

    /// A set that has dots.
    fn holding(dots: Dots) -> Self {
        Self::of_one_writer(&dots).unwrap_or_else(|| Self(Storage::Boxed(Box::new(dots))))
    }

    /// The set by itself.
    #[must_use]
    pub fn to_dots(&self) -> Dots {
        match &self.0 {
            Storage::Boxed(dots) => (**dots).clone(),
            Storage::Inline { .. } => Dots::of_runs(self.ascending().into_iter()),
        }
    }
}

impl From<&Dots> for ReplacedDots {
    fn from(dots: &Dots) -> Self {
        if dots.is_empty() {
            return Self::default();
        }
        Self::of_one_writer(dots).unwrap_or_else(|| Self(Storage::Boxed(Box::new(dots.clone()))))
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

/// What is in steps, then what is in a list.
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
