//! Dots, and sets of dots: the version vector of a replica, with its gaps.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use crate::id::ReplicaId;

/// The name of one action: who wrote it, and the how-manieth of theirs it is, from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
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

/// A set of dots, as runs of sequence numbers for each writer.
///
/// Runs are sorted, disjoint and not adjacent, and no writer has none, so equal sets are equal
/// values. A set costs what its runs cost: `1..=1_000_000` of one writer is one run, which is why
/// nothing here walks a set dot by dot.
///
/// ```
/// use holdall::{Dot, Dots, ReplicaId};
/// let phone = ReplicaId::from_u128(1);
/// let mut seen = Dots::default();
/// assert!(seen.insert(Dot::new(phone, 1)));
/// assert!(seen.insert(Dot::new(phone, 3))); // 2 is a gap, not a loss
/// assert!(!seen.contains(Dot::new(phone, 2)));
/// assert!(!seen.insert(Dot::new(phone, 3)));
/// ```
#[derive(Clone, PartialEq, Eq, Default, Hash)]
pub struct Dots {
    writers: BTreeMap<ReplicaId, Vec<Run>>,
}

impl Dots {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writers.is_empty()
    }

    /// Whether `dot` is in the set.
    #[must_use]
    pub fn contains(&self, dot: Dot) -> bool {
        self.writers.get(&dot.replica).is_some_and(|runs| {
            let after = runs.partition_point(|run| run.first <= dot.seq);
            after > 0 && dot.seq <= runs[after - 1].last
        })
    }

    /// The highest sequence number of `replica` in the set; 0 if there is none.
    #[must_use]
    pub fn last(&self, replica: ReplicaId) -> u64 {
        self.writers.get(&replica).and_then(|runs| runs.last()).map_or(0, |run| run.last)
    }

    /// Puts a dot in; false if it was there, or is none (they count from 1).
    pub fn insert(&mut self, dot: Dot) -> bool {
        if dot.seq == 0 || self.contains(dot) {
            return false;
        }
        self.insert_run(dot.replica, Run { first: dot.seq, last: dot.seq });
        true
    }

    /// Puts a run in. A run that starts at 0 or ends before it starts names nothing.
    pub fn insert_run(&mut self, replica: ReplicaId, run: Run) {
        if run.first == 0 || run.first > run.last {
            return;
        }
        let runs = self.writers.entry(replica).or_default();
        // All runs that touch or adjoin the new one become one with it.
        let from = runs.partition_point(|old| old.last.saturating_add(1) < run.first);
        let to = runs.partition_point(|old| old.first <= run.last.saturating_add(1));
        if from < to {
            let joined = Run {
                first: run.first.min(runs[from].first),
                last: run.last.max(runs[to - 1].last),
            };
            runs[from] = joined;
            runs.drain(from + 1..to);
        } else {
            runs.insert(from, run);
        }
    }

    /// The same with at most `most` runs a writer: the gaps between the oldest are filled.
    #[must_use]
    pub fn with_runs_at_most(mut self, most: usize) -> Self {
        for runs in self.writers.values_mut().filter(|runs| runs.len() > most.max(1)) {
            let filled = runs.len() - most.max(1);
            runs[filled].first = runs[0].first;
            runs.drain(..filled);
        }
        self
    }

    /// Union: all of `other` too.
    pub fn extend(&mut self, other: &Self) {
        for (replica, run) in other.runs() {
            self.insert_run(replica, run);
        }
    }

    /// The runs, by writer and then by number.
    pub fn runs(&self) -> impl Iterator<Item = (ReplicaId, Run)> + '_ {
        self.writers.iter().flat_map(|(replica, runs)| runs.iter().map(|run| (*replica, *run)))
    }

    /// The writers, each with its runs.
    pub fn writers(&self) -> impl ExactSizeIterator<Item = (ReplicaId, &[Run])> + '_ {
        self.writers.iter().map(|(replica, runs)| (*replica, runs.as_slice()))
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
        self.combine(other, |here, there| {
            let mut rest = Vec::new();
            let mut from = 0;
            for run in here {
                from += there[from..].partition_point(|cut| cut.last < run.first);
                let mut first = Some(run.first);
                for cut in there[from..].iter().take_while(|cut| cut.first <= run.last) {
                    match first {
                        Some(at) if at < cut.first => {
                            rest.push(Run { first: at, last: cut.first - 1 })
                        }
                        _ => {}
                    }
                    first = (cut.last < run.last).then(|| cut.last + 1);
                }
                if let Some(first) = first {
                    rest.push(Run { first, last: run.last });
                }
            }
            rest
        })
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.combine(other, |here, there| {
            let (mut a, mut b) = (0, 0);
            let mut both = Vec::new();
            while let (Some(x), Some(y)) = (here.get(a), there.get(b)) {
                let (first, last) = (x.first.max(y.first), x.last.min(y.last));
                if first <= last {
                    both.push(Run { first, last });
                }
                if x.last < y.last { a += 1 } else { b += 1 }
            }
            both
        })
    }

    fn combine(&self, other: &Self, runs_of: impl Fn(&[Run], &[Run]) -> Vec<Run>) -> Self {
        let writers = self.writers.iter().filter_map(|(replica, here)| {
            let there = other.writers.get(replica).map_or(&[][..], Vec::as_slice);
            let runs = runs_of(here, there);
            (!runs.is_empty()).then_some((*replica, runs))
        });
        Self { writers: writers.collect() }
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
            map.entry(&replica, &runs);
        }
        map.finish()
    }
}
