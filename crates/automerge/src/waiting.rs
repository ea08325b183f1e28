//! Which words of a document are ready, and which wait for others.

use std::collections::BTreeMap;

use holdall::dots::{Dots, Run};
use holdall::id::ReplicaId;

/// What a word needs, and what it makes known.
pub(super) struct Terms {
    pub(super) needs: Dots,
    pub(super) own: Dots,
}

/// For each word whether it waits: the fewest, so that every need of the others is known already or
/// another's own. Batches can need each other, so one by one would not do. It takes time in
/// proportion to what the words name, whatever waits for what.
pub(super) fn waits(words: &[Terms], known: &Dots) -> Vec<bool> {
    // What stays known whatever waits.
    let mut sure = known.clone();
    let safe = words.iter().filter(|word| word.needs.is_empty());
    sure.extend(&union(safe.map(|word| &word.own)));
    let mut there = sure.clone();
    there.extend(&union(words.iter().map(|word| &word.own)));
    let needs: Vec<Dots> = words.iter().map(|word| word.needs.minus(&sure)).collect();
    let mut index = Index::of(&needs);
    let mut waits: Vec<bool> = needs.iter().map(|needs| !there.covers(needs)).collect();
    let mut queue: Vec<usize> = (0..words.len()).filter(|at| waits[*at]).collect();
    while let Some(at) = queue.pop() {
        for (replica, run) in words[at].own.minus(&sure).runs() {
            for other in index.take(replica, run) {
                if !std::mem::replace(&mut waits[other], true) {
                    queue.push(other);
                }
            }
        }
    }
    waits
}

/// All of many sets, in time that their order does not matter for.
pub(super) fn union<'a>(sets: impl Iterator<Item = &'a Dots>) -> Dots {
    let mut runs: Vec<(ReplicaId, Run)> = sets.flat_map(Dots::runs).collect();
    runs.sort_unstable();
    let mut all = Dots::default();
    runs.into_iter().for_each(|(replica, run)| all.push_run(replica, run));
    all
}

/// Who needs what, by writer.
#[derive(Default)]
struct Index(BTreeMap<ReplicaId, Needs>);

/// Runs that are needed, sorted by their first, under a tree of the largest last below each node. A
/// run that was taken has the last 0.
#[derive(Default)]
struct Needs {
    runs: Vec<(u64, u64, usize)>,
    largest: Vec<u64>,
}

impl Index {
    fn of(needs: &[Dots]) -> Self {
        let mut index = Self::default();
        for (at, needs) in needs.iter().enumerate() {
            for (replica, Run { first, last }) in needs.runs() {
                index.0.entry(replica).or_default().runs.push((first, last, at));
            }
        }
        index.0.values_mut().for_each(Needs::grow);
        index
    }

    /// Who needs any of a run. Each need is told once.
    fn take(&mut self, replica: ReplicaId, run: Run) -> Vec<usize> {
        let mut found = Vec::new();
        if let Some(needs) = self.0.get_mut(&replica) {
            let end = needs.runs.partition_point(|(first, ..)| *first <= run.last);
            needs.take(1, 0, needs.leaves(), (end, run.first), &mut found);
        }
        found
    }
}

impl Needs {
    fn leaves(&self) -> usize {
        self.largest.len() / 2
    }

    fn grow(&mut self) {
        self.runs.sort_unstable();
        let leaves = self.runs.len().next_power_of_two();
        self.largest = vec![0; leaves * 2];
        for (at, (_, last, _)) in self.runs.iter().enumerate() {
            self.largest[leaves + at] = *last;
        }
        for node in (1..leaves).rev() {
            self.largest[node] = self.largest[node * 2].max(self.largest[node * 2 + 1]);
        }
    }

    /// Takes out, below a node that stands for some leaves, those before `end` whose last is `from` or more.
    fn take(
        &mut self,
        node: usize,
        begin: usize,
        width: usize,
        (end, from): (usize, u64),
        found: &mut Vec<usize>,
    ) {
        if begin >= end || self.largest[node] < from {
            return;
        }
        if width == 1 {
            self.largest[node] = 0;
            found.push(self.runs[begin].2);
            return;
        }
        let half = width / 2;
        self.take(node * 2, begin, half, (end, from), found);
        self.take(node * 2 + 1, begin + half, half, (end, from), found);
        self.largest[node] = self.largest[node * 2].max(self.largest[node * 2 + 1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdall::dots::Dot;

    fn dots(runs: &[(u128, u64, u64)]) -> Dots {
        let mut dots = Dots::default();
        for (replica, first, last) in runs {
            dots.insert_run(ReplicaId::from_u128(*replica), Run { first: *first, last: *last });
        }
        dots
    }

    /// The obvious way: round by round.
    fn slowly(words: &[Terms], known: &Dots) -> Vec<bool> {
        let mut waits = vec![false; words.len()];
        loop {
            let mut all = known.clone();
            for (word, _) in words.iter().zip(&waits).filter(|(_, waits)| !**waits) {
                all.extend(&word.own);
            }
            let next: Vec<bool> = words.iter().map(|word| !all.covers(&word.needs)).collect();
            let next: Vec<bool> = next.iter().zip(&waits).map(|(a, b)| *a || *b).collect();
            if next == waits {
                return waits;
            }
            waits = next;
        }
    }

    #[test]
    fn it_is_what_rounds_would_find() {
        let mut seed = 7_u64;
        let mut below = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % n
        };
        let mut waited = 0;
        for _ in 0..2_000 {
            let words: Vec<Terms> = (0..below(12))
                .map(|at| {
                    // Each dot is one word's own.
                    let own =
                        dots(&[(u128::from(at % 3), at / 3 * 2 + 1, at / 3 * 2 + 1 + below(2))]);
                    let needs = (0..below(3)).map(|_| {
                        let first = 1 + below(8);
                        (u128::from(below(3)), first, first + below(2))
                    });
                    Terms { needs: dots(&needs.collect::<Vec<_>>()).minus(&own), own }
                })
                .collect();
            let known = dots(&[(u128::from(below(3)), 1, 1 + below(8))]);
            let expected = slowly(&words, &known);
            waited += expected.iter().filter(|waits| **waits).count();
            assert_eq!(waits(&words, &known), expected);
        }
        assert!(waited > 1_000, "{waited}");
    }

    #[test]
    fn a_long_chain_is_no_long_work() {
        let word = |at: u64| Terms {
            needs: dots(&[(1, at + 1, at + 1)]),
            own: [Dot::new(ReplicaId::from_u128(1), at)].into_iter().collect(),
        };
        let words: Vec<Terms> = (1..=100_000).map(word).collect();
        assert!(waits(&words, &Dots::default()).into_iter().all(|waits| waits));
    }
}
