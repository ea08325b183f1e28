//! Dots, and sets of dots. The set of the dots a replica knows is its version vector with gaps.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use smallvec::SmallVec;

use crate::id::ReplicaId;
use crate::limits;

/// Name of one action: the writer, and the number of the action among the writer's actions, from 1.
///
/// ```
/// use holdall::{Dot, ReplicaId};
/// let phone = ReplicaId::from_u128(1);
/// let (first, second) = (Dot::new(phone, 1), Dot::new(phone, 2));
/// assert!(first < second); // by writer, then by number
/// assert_eq!(second.seq, 2);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dot {
    /// The writer.
    pub replica: ReplicaId,
    /// The number of the action: 1 for the writer's first.
    pub seq: u64,
}

impl Dot {
    /// Makes the name of the action with number `seq` of `replica`.
    #[must_use]
    pub const fn new(replica: ReplicaId, seq: u64) -> Self {
        Self { replica, seq }
    }

    /// Returns whether an action can have this name: writers count from 1 to [`limits::SEQ_MAX`].
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

/// Run of consecutive sequence numbers of one writer: `first..=last`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Run {
    /// First number of the run, at least 1.
    pub first: u64,
    /// Last number of the run, at least `first`.
    pub last: u64,
}

impl Run {
    /// Returns the part of the run within 1 to [`limits::SEQ_MAX`], or `None` if there is none.
    #[inline]
    fn of_actions(self) -> Option<Self> {
        let last = self.last.min(limits::SEQ_MAX);
        (0 < self.first && self.first <= last).then_some(Self { first: self.first, last })
    }
}

/// Most runs of the other set that a union inserts one by one. Above this number a union merges
/// both sets in one pass, which would make an exchange of small sets a tenth slower.
const INSERTED_RUNS: usize = 4;

type RunVec = SmallVec<[(ReplicaId, Run); 1]>;

/// Set of dots, stored as runs of sequence numbers for each writer.
///
/// Runs are sorted, disjoint and not adjacent, so equal sets are equal values. Memory and time
/// depend on the number of runs: `1..=1_000_000` of one writer is one run. Therefore no method
/// iterates over single dots.
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
    /// Runs by writer, then by number. Most sets, especially those of deltas, have one run.
    runs: RunVec,
}

impl Dots {
    /// Returns whether the set has no dots.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Returns the number of runs that start at or before `dot` in the order of writer and number.
    fn begun(&self, dot: Dot) -> usize {
        self.runs.partition_point(|(replica, run)| (*replica, run.first) <= (dot.replica, dot.seq))
    }

    /// Returns the last run that starts at or before `dot`, if it belongs to the writer of `dot`.
    #[inline]
    fn reaching(&self, dot: Dot) -> Option<Run> {
        let (writer, run) = match &self.runs[..] {
            // A cart of one writer has one run: skip the search.
            [only] => only,
            _ => self.runs[..self.begun(dot)].last()?,
        };
        (*writer == dot.replica && run.first <= dot.seq).then_some(*run)
    }

    /// Returns whether `dot` is in the set.
    #[must_use]
    pub fn contains(&self, dot: Dot) -> bool {
        self.reaching(dot).is_some_and(|run| dot.seq <= run.last)
    }

    /// Returns the highest sequence number of `replica` in the set, or 0 if there is none.
    #[must_use]
    pub fn last(&self, replica: ReplicaId) -> u64 {
        self.reaching(Dot::new(replica, u64::MAX)).map_or(0, |run| run.last)
    }

    /// Inserts a dot. Returns whether it is new. A dot with a number outside 1 to
    /// [`limits::SEQ_MAX`] names no action and is left out.
    pub fn insert(&mut self, dot: Dot) -> bool {
        if !dot.is_of_action() {
            return false;
        }
        // Most frequent case: the next dot of the last writer, who often is the only one.
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
            // The run before the dot may contain it already.
            if dot.seq <= run.last {
                return false;
            }
            // The next number of a writer with no later run: extend the run in place.
            let next = self.runs.get(at).filter(|(replica, _)| *replica == dot.replica);
            if next.is_none() && self.runs[at - 1].1.last + 1 == dot.seq {
                self.runs[at - 1].1.last = dot.seq;
                return true;
            }
        }
        // Everything else may merge two runs or open a new one.
        self.insert_run(dot.replica, Run { first: dot.seq, last: dot.seq });
        true
    }

    /// Inserts a run. Numbers outside 1 to [`limits::SEQ_MAX`], and a run that ends before it
    /// starts, are left out.
    pub fn insert_run(&mut self, replica: ReplicaId, run: Run) {
        let Some(run) = run.of_actions() else { return };
        // All runs that overlap or adjoin the new one become one with it.
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

    /// Returns a copy without the dots of one writer.
    #[must_use]
    pub fn without(&self, replica: ReplicaId) -> Self {
        Self { runs: self.runs.iter().filter(|(writer, _)| *writer != replica).copied().collect() }
    }

    /// Makes a set from runs in ascending order of writer and first number.
    pub(crate) fn of_runs(runs: impl Iterator<Item = (ReplicaId, Run)>) -> Self {
        let mut dots = Self::default();
        dots.reserve(runs.size_hint().0);
        runs.for_each(|(replica, run)| dots.push_run(replica, run));
        dots
    }

    /// Reserves room for `runs` more runs.
    pub(crate) fn reserve(&mut self, runs: usize) {
        self.runs.reserve_exact(runs);
    }

    /// Appends a run that starts no earlier than every run in the set, by writer and then by
    /// number. Numbers outside 1 to [`limits::SEQ_MAX`] are left out. For runs in any order use
    /// [`insert_run`](Self::insert_run).
    pub fn push_run(&mut self, replica: ReplicaId, run: Run) {
        let Some(run) = run.of_actions() else { return };
        match self.runs.last_mut() {
            Some((writer, last)) if *writer == replica && run.first <= last.last + 1 => {
                last.last = last.last.max(run.last);
            }
            _ => self.runs.push((replica, run)),
        }
    }

    /// Returns the set with at most `most` runs for each writer, by filling the gaps between the
    /// oldest runs. A `most` of 0 counts as 1.
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
            // All runs up to the `too_many`th become one, from the first number of the first.
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

    /// Inserts all dots of `other`: set union.
    pub fn extend(&mut self, other: &Self) {
        if self.runs.is_empty() {
            self.runs.clone_from(&other.runs);
        } else if other.runs.len() <= INSERTED_RUNS {
            other.runs().for_each(|(replica, run)| self.insert_run(replica, run));
        } else {
            // Merge both sorted lists of runs; `push_run` joins runs that touch.
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

    /// Iterates over the runs by writer, then by number.
    pub fn runs(
        &self,
    ) -> impl ExactSizeIterator<Item = (ReplicaId, Run)> + DoubleEndedIterator + Clone + '_ {
        self.runs.iter().copied()
    }

    /// Returns the runs by writer, then by number.
    pub(crate) fn as_runs(&self) -> &[(ReplicaId, Run)] {
        &self.runs
    }

    /// Iterates over the writers, each with its runs.
    pub fn writers(
        &self,
    ) -> impl Iterator<Item = (ReplicaId, impl ExactSizeIterator<Item = Run> + '_)> + '_ {
        let of_one = self.runs.chunk_by(|(a, _), (b, _)| a == b);
        of_one.map(|runs| (runs[0].0, runs.iter().map(|(_, run)| *run)))
    }

    /// Returns the number of dots, saturating.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.runs().fold(0, |sum: u64, (_, run)| {
            sum.saturating_add(run.last - run.first).saturating_add(1)
        })
    }

    /// Returns the dots of `self` that are not in `other`: set difference.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut rest = RunVec::with_capacity(self.runs.len());
        let mut from = 0;
        for (replica, run) in self.runs() {
            // Skip what ends before this run. Runs ascend, so `from` never goes back.
            let there = &other.runs[from..];
            from +=
                there.partition_point(|(writer, cut)| (*writer, cut.last) < (replica, run.first));
            // Cut each overlapping run of `other` out; `first` is the start of what is left.
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

    /// Returns a cursor that answers membership of many ascending dots in one pass.
    pub(crate) fn cursor(&self) -> DotCursor<'_> {
        DotCursor { runs: &self.runs }
    }

    /// Returns whether every dot of `other` is in this set.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.runs().all(|(replica, run)| {
            // Runs are not adjacent, so a run is covered by one run or not at all.
            let here = self.reaching(Dot::new(replica, run.first));
            here.is_some_and(|here| run.last <= here.last)
        })
    }

    /// Returns whether the two sets have no dot in common.
    pub(crate) fn covers_none_of(&self, other: &Self) -> bool {
        self.is_empty() || other.is_empty() || self.intersection(other).is_empty()
    }

    /// Returns the dots that are in both sets: set intersection.
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
            // Advance past the run that ends first.
            if (x_of, x.last) < (y_of, y.last) { a += 1 } else { b += 1 }
        }
        Self { runs: both }
    }
}

/// Cursor over a set of dots that answers membership of ascending dots.
pub(crate) struct DotCursor<'a> {
    /// The runs that do not end before the last dot asked for.
    runs: &'a [(ReplicaId, Run)],
}

impl DotCursor<'_> {
    /// Returns whether `dot` is in the set. Each dot must be no smaller than the one before.
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

/// Set of dots that several entries share by reference count. The empty set takes no memory.
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
    /// Returns the address of the shared set, or 0 for the empty set. Equal addresses mean equal
    /// sets.
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
