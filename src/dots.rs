//! Dots, and sets of dots: the version vector of a replica, with its gaps.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use smallvec::SmallVec;

use crate::id::ReplicaId;
use crate::limits;

/// The name of one action: who wrote it, and its number among theirs, from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dot {
    /// The writer.
    pub replica: ReplicaId,
    /// 1 for the writer's first action.
    pub seq: u64,
}

impl Dot {
    /// The `seq`-th action of `replica`.
    #[must_use]
    pub const fn new(replica: ReplicaId, seq: u64) -> Self {
        Self { replica, seq }
    }

    /// Whether an action can have this name: writers count from 1 to [`limits::SEQ_MAX`].
    pub(crate) fn is_of_action(self) -> bool {
        (1..=limits::SEQ_MAX).contains(&self.seq)
    }
}

impl fmt::Debug for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.replica, self.seq)
    }
}

impl fmt::Display for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Sequence numbers `first..=last`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Run {
    /// The first of the run, at least 1.
    pub first: u64,
    /// The last of the run, at least `first`.
    pub last: u64,
}

impl Run {
    /// Returns the part of the run that actions have numbers of: from 1 to [`limits::SEQ_MAX`].
    #[inline]
    fn of_actions(self) -> Option<Self> {
        let last = self.last.min(limits::SEQ_MAX);
        (0 < self.first && self.first <= last).then_some(Self { first: self.first, last })
    }
}

/// A union inserts at most so many runs one by one. For more it makes one pass over both sets, which
/// for few would cost a tenth more of an exchange.
const INSERTED_RUNS: usize = 4;

type RunVec = SmallVec<[(ReplicaId, Run); 1]>;

/// A set of dots, as runs of sequence numbers for each writer.
///
/// Runs are sorted, disjoint and not adjacent, and no writer has none, so equal sets are equal
/// values. A set costs what its runs cost: `1..=1_000_000` of one writer is one run, which is why
/// nothing here walks a set dot by dot.
///
/// ```
/// use holdall::dots::Dots;
/// use holdall::{Dot, ReplicaId};
/// let phone = ReplicaId::from_u128(1);
/// let mut seen = Dots::default();
/// assert!(seen.insert(Dot::new(phone, 1)));
/// assert!(seen.insert(Dot::new(phone, 3))); // 2 is a gap, not a loss
/// assert!(!seen.contains(Dot::new(phone, 2)));
/// assert!(!seen.insert(Dot::new(phone, 3)));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Dots {
    /// Sorted by writer, then by number. Most sets, those of deltas above all, are one run.
    runs: RunVec,
}

impl Dots {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// How many runs begin at `dot` or before it, those of writers before its own too.
    fn begun(&self, dot: Dot) -> usize {
        self.runs.partition_point(|(replica, run)| (*replica, run.first) <= (dot.replica, dot.seq))
    }

    /// The last run that begins at `dot` or before it, if it is of the same writer.
    #[inline]
    fn reaching(&self, dot: Dot) -> Option<Run> {
        let (writer, run) = match &self.runs[..] {
            // Often it is one writer's.
            [only] => only,
            _ => self.runs[..self.begun(dot)].last()?,
        };
        (*writer == dot.replica && run.first <= dot.seq).then_some(*run)
    }

    /// Whether `dot` is in the set.
    #[must_use]
    pub fn contains(&self, dot: Dot) -> bool {
        self.reaching(dot).is_some_and(|run| dot.seq <= run.last)
    }

    /// The highest sequence number of `replica` in the set; 0 if there is none.
    #[must_use]
    pub fn last(&self, replica: ReplicaId) -> u64 {
        self.reaching(Dot::new(replica, u64::MAX)).map_or(0, |run| run.last)
    }

    /// Puts a dot in. Returns whether it is new. A dot with a number outside 1 to
    /// [`limits::SEQ_MAX`] names no action, and is left out.
    pub fn insert(&mut self, dot: Dot) -> bool {
        if !dot.is_of_action() {
            return false;
        }
        // The most frequent case: the next dot of the last writer, who often is the only one.
        if let Some((writer, run)) = self.runs.last()
            && *writer == dot.replica
            && run.last < dot.seq
        {
            self.push_run(dot.replica, Run { first: dot.seq, last: dot.seq });
            return true;
        }
        let at = self.begun(dot);
        if let Some((replica, run)) = self.runs[..at].last_mut()
            && *replica == dot.replica
        {
            if dot.seq <= run.last {
                return false;
            }
            // The next dot of another writer.
            let next = self.runs.get(at).filter(|(replica, _)| *replica == dot.replica);
            if next.is_none() && self.runs[at - 1].1.last + 1 == dot.seq {
                self.runs[at - 1].1.last = dot.seq;
                return true;
            }
        }
        self.insert_run(dot.replica, Run { first: dot.seq, last: dot.seq });
        true
    }

    /// Puts a run in. A run that starts at 0 or ends before it starts names nothing, and numbers
    /// above [`limits::SEQ_MAX`] are left out.
    pub fn insert_run(&mut self, replica: ReplicaId, run: Run) {
        let Some(run) = run.of_actions() else { return };
        // All runs that touch or adjoin the new one become one with it.
        let before =
            |(writer, old): &(ReplicaId, Run)| (*writer, old.last + 1) < (replica, run.first);
        let within =
            |(writer, old): &(ReplicaId, Run)| (*writer, old.first) <= (replica, run.last + 1);
        let from = self.runs.partition_point(before);
        let to = from + self.runs[from..].partition_point(within);
        if from < to {
            let joined = Run {
                first: run.first.min(self.runs[from].1.first),
                last: run.last.max(self.runs[to - 1].1.last),
            };
            self.runs[from].1 = joined;
            self.runs.drain(from + 1..to);
        } else {
            self.runs.insert(from, (replica, run));
        }
    }

    /// The same without the dots of one writer.
    #[must_use]
    pub fn without(&self, replica: ReplicaId) -> Self {
        Self { runs: self.runs.iter().filter(|(writer, _)| *writer != replica).copied().collect() }
    }

    /// From runs that begin in their order.
    pub(crate) fn of_runs(runs: impl Iterator<Item = (ReplicaId, Run)>) -> Self {
        let mut dots = Self::default();
        dots.reserve(runs.size_hint().0);
        runs.for_each(|(replica, run)| dots.push_run(replica, run));
        dots
    }

    /// Makes room for so many more runs.
    pub(crate) fn reserve(&mut self, runs: usize) {
        self.runs.reserve_exact(runs);
    }

    /// Appends a run that begins no earlier than every run that is there: writers ascend, and so
    /// do the runs of one writer. Use [`insert_run`](Self::insert_run) for runs in any order; what
    /// it leaves out is left out here.
    pub fn push_run(&mut self, replica: ReplicaId, run: Run) {
        let Some(run) = run.of_actions() else { return };
        match self.runs.last_mut() {
            Some((writer, last)) if *writer == replica && run.first <= last.last + 1 => {
                last.last = last.last.max(run.last);
            }
            _ => self.runs.push((replica, run)),
        }
    }

    /// The same with at most `most` runs a writer: the gaps between the oldest are filled.
    #[must_use]
    pub fn with_runs_at_most(self, most: usize) -> Self {
        let most = most.max(1);
        if self.writers().all(|(_, runs)| runs.len() <= most) {
            return self;
        }
        let mut filled = Self::default();
        for (replica, runs) in self.writers() {
            let too_many = runs.len().saturating_sub(most);
            let mut first = None;
            for (at, run) in runs.enumerate() {
                first = first.or(Some(run.first));
                if at >= too_many {
                    let first = first.take().unwrap_or(run.first);
                    filled.runs.push((replica, Run { first, last: run.last }));
                }
            }
        }
        filled
    }

    /// Union: all of `other` too.
    pub fn extend(&mut self, other: &Self) {
        if self.runs.is_empty() {
            self.runs.clone_from(&other.runs);
        } else if other.runs.len() <= INSERTED_RUNS {
            other.runs().for_each(|(replica, run)| self.insert_run(replica, run));
        } else {
            let mut both = Self::default();
            both.reserve(self.runs.len() + other.runs.len());
            let mut theirs = other.runs().peekable();
            for (replica, run) in self.runs() {
                while let Some((of, run)) =
                    theirs.next_if(|(of, theirs)| (*of, theirs.first) < (replica, run.first))
                {
                    both.push_run(of, run);
                }
                both.push_run(replica, run);
            }
            theirs.for_each(|(of, run)| both.push_run(of, run));
            *self = both;
        }
    }

    /// The runs, by writer and then by number.
    pub fn runs(
        &self,
    ) -> impl ExactSizeIterator<Item = (ReplicaId, Run)> + DoubleEndedIterator + Clone + '_ {
        self.runs.iter().copied()
    }

    pub(crate) fn as_runs(&self) -> &[(ReplicaId, Run)] {
        &self.runs
    }

    /// The writers, each with its runs.
    pub fn writers(
        &self,
    ) -> impl Iterator<Item = (ReplicaId, impl ExactSizeIterator<Item = Run> + '_)> + '_ {
        let of_one = self.runs.chunk_by(|(a, _), (b, _)| a == b);
        of_one.map(|runs| (runs[0].0, runs.iter().map(|(_, run)| *run)))
    }

    /// How many dots there are, saturating.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.runs().fold(0, |sum: u64, (_, run)| {
            sum.saturating_add(run.last - run.first).saturating_add(1)
        })
    }

    /// What is in `self` and not in `other`.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut rest = RunVec::with_capacity(self.runs.len());
        let mut from = 0;
        for (replica, run) in self.runs() {
            let there = &other.runs[from..];
            from +=
                there.partition_point(|(writer, cut)| (*writer, cut.last) < (replica, run.first));
            let cuts = other.runs[from..]
                .iter()
                .take_while(|(writer, cut)| *writer == replica && cut.first <= run.last);
            let mut first = Some(run.first);
            for (_, cut) in cuts {
                match first {
                    Some(at) if at < cut.first => {
                        rest.push((replica, Run { first: at, last: cut.first - 1 }));
                    }
                    _ => {}
                }
                first = (cut.last < run.last).then(|| cut.last + 1);
            }
            if let Some(first) = first {
                rest.push((replica, Run { first, last: run.last }));
            }
        }
        Self { runs: rest }
    }

    /// To be asked about many dots, in their order.
    pub(crate) fn cursor(&self) -> DotCursor<'_> {
        DotCursor { runs: &self.runs }
    }

    /// Whether all of `other` is in it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.runs().all(|(replica, run)| {
            let here = self.reaching(Dot::new(replica, run.first));
            here.is_some_and(|here| run.last <= here.last)
        })
    }

    /// Whether there is nothing in both.
    pub(crate) fn covers_none_of(&self, other: &Self) -> bool {
        self.is_empty() || other.is_empty() || self.intersection(other).is_empty()
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let (mut a, mut b) = (0, 0);
        let mut both = RunVec::with_capacity(self.runs.len().min(other.runs.len()));
        while let (Some((x_of, x)), Some((y_of, y))) = (self.runs.get(a), other.runs.get(b)) {
            if x_of == y_of {
                let (first, last) = (x.first.max(y.first), x.last.min(y.last));
                if first <= last {
                    both.push((*x_of, Run { first, last }));
                }
            }
            if (x_of, x.last) < (y_of, y.last) { a += 1 } else { b += 1 }
        }
        Self { runs: both }
    }
}

/// A cursor over a set of dots, which tells of ascending dots whether the set has them.
pub(crate) struct DotCursor<'a> {
    /// The runs that do not end before the last dot asked for.
    runs: &'a [(ReplicaId, Run)],
}

impl DotCursor<'_> {
    /// Whether `dot` is in the set. Each dot must be no smaller than the one before.
    #[inline]
    pub(crate) fn contains_next(&mut self, dot: Dot) -> bool {
        while let [(replica, run), rest @ ..] = self.runs {
            if *replica == dot.replica && dot.seq <= run.last {
                return run.first <= dot.seq;
            }
            if *replica > dot.replica {
                return false;
            }
            self.runs = rest;
        }
        false
    }
}

/// A set of dots that several entries share. To share nothing costs nothing.
///
/// ```
/// use holdall::dots::{Dots, SharedDots};
/// assert!(SharedDots::default().is_empty());
/// assert_eq!(SharedDots::from(Dots::default()), SharedDots::default());
/// ```
#[derive(Clone, Default)]
pub struct SharedDots(Option<Arc<Dots>>);

static NO_DOTS: Dots = Dots { runs: SmallVec::new_const() };

impl SharedDots {
    /// Where in memory the set is: what is at one place is equal. 0 is the empty set.
    pub(crate) fn address(&self) -> usize {
        self.0.as_ref().map_or(0, |dots| Arc::as_ptr(dots).addr())
    }
}

impl From<Dots> for SharedDots {
    fn from(dots: Dots) -> Self {
        Self((!dots.is_empty()).then(|| Arc::new(dots)))
    }
}

impl FromIterator<Dot> for SharedDots {
    fn from_iter<I: IntoIterator<Item = Dot>>(dots: I) -> Self {
        dots.into_iter().collect::<Dots>().into()
    }
}

impl core::ops::Deref for SharedDots {
    type Target = Dots;

    fn deref(&self) -> &Dots {
        self.0.as_deref().unwrap_or(&NO_DOTS)
    }
}

impl PartialEq for SharedDots {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address() || **self == **other
    }
}

impl Eq for SharedDots {}

impl PartialOrd for SharedDots {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SharedDots {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl fmt::Debug for SharedDots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl FromIterator<Dot> for Dots {
    fn from_iter<I: IntoIterator<Item = Dot>>(dots: I) -> Self {
        let mut set = Self::default();
        for dot in dots {
            set.insert(dot);
        }
        set
    }
}

impl fmt::Debug for Dots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (replica, runs) in self.writers() {
            map.entry(&replica, &runs.collect::<Vec<_>>());
        }
        map.finish()
    }
}
