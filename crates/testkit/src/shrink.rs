//! Shrinking by candidates: what is simpler comes first, and the smallest that still fails is kept.

use std::fmt::Debug;

use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// Value that can be made simpler.
pub trait Shrink: Clone + Debug {
    /// Returns simpler values, the boldest simplification first. No value is simpler than itself
    /// through any chain of them.
    fn shrink(&self) -> Vec<Self>;
}

/// The values of another strategy, shrunk by [`Shrink`] in place of that strategy's own way.
#[derive(Clone, Debug)]
pub(super) struct ShrinkStrategy<S>(pub(super) S);

impl<S: Strategy> Strategy for ShrinkStrategy<S>
where
    S::Value: Shrink,
{
    type Tree = Tree<S::Value>;
    type Value = S::Value;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        Ok(Tree::of(self.0.new_tree(runner)?.current()))
    }
}

/// A value on its way to the simplest that fails.
#[derive(Clone, Debug)]
pub(super) struct Tree<T> {
    current: T,
    /// The simplest so far of which it is known that it fails, while another is tried.
    failing: Option<T>,
    /// What is still to be tried in its place, the next one last.
    next: Vec<T>,
}

impl<T> Tree<T> {
    pub(super) const fn of(current: T) -> Self {
        Self { current, failing: None, next: Vec::new() }
    }
}

impl<T: Shrink> ValueTree for Tree<T> {
    type Value = T;

    fn current(&self) -> T {
        self.current.clone()
    }

    /// Moves on to a simpler value, since the current one fails.
    fn simplify(&mut self) -> bool {
        self.next = self.current.shrink();
        self.next.reverse();
        self.failing = Some(self.current.clone());
        self.complicate()
    }

    /// Moves on to the next candidate, since the current value passes.
    fn complicate(&mut self) -> bool {
        let Some(failing) = &self.failing else { return false };
        match self.next.pop() {
            Some(next) => {
                self.current = next;
                true
            }
            None => {
                self.current = failing.clone();
                self.failing = None;
                false
            }
        }
    }
}

/// Returns the list without some of its items: without halves, quarters, and so on to single ones.
pub(super) fn shorter<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    let mut found = Vec::new();
    let mut size = items.len();
    while size > 0 {
        for from in (0..items.len()).step_by(size) {
            let to = items.len().min(from + size);
            found.push([&items[..from], &items[to..]].concat());
        }
        size /= 2;
    }
    found
}

/// Returns smaller numbers: the least first, then less by a half, a quarter, and so on to one.
pub(super) fn smaller(number: u32, least: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut less = number.saturating_sub(least);
    while less > 0 {
        found.push(number - less);
        less /= 2;
    }
    found
}

/// Returns numbers nearer to 0.
pub(super) fn nearer(number: i32) -> Vec<i32> {
    let sizes = smaller(number.unsigned_abs(), 0).into_iter();
    sizes.map(|size| number.signum() * i32::try_from(size).unwrap_or(i32::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::strategy::ValueTree;

    use super::{Shrink, Tree, nearer, shorter, smaller};

    #[derive(Clone, Debug, PartialEq)]
    struct List(Vec<u32>);

    impl Shrink for List {
        fn shrink(&self) -> Vec<Self> {
            let mut found: Vec<Self> = shorter(&self.0).into_iter().map(List).collect();
            for (at, number) in self.0.iter().enumerate() {
                found.extend(smaller(*number, 0).into_iter().map(|less| {
                    let mut list = self.clone();
                    list.0[at] = less;
                    list
                }));
            }
            found
        }
    }

    /// Shrinks a list as proptest does.
    fn least(list: Vec<u32>, fails: impl Fn(&[u32]) -> bool) -> Vec<u32> {
        let mut tree = Tree::of(List(list));
        assert!(fails(&tree.current().0));
        let mut more = tree.simplify();
        let mut best = tree.failing.clone().unwrap_or_else(|| tree.current());
        while more {
            if fails(&tree.current().0) {
                best = tree.current();
                more = tree.simplify();
            } else {
                more = tree.complicate();
            }
        }
        assert_eq!(tree.current(), best);
        best.0
    }

    #[test]
    fn the_least_failing_value_is_found() {
        let large = |list: &[u32]| list.iter().any(|n| *n >= 10);
        assert_eq!(least(vec![7, 1, 90, 3, 8, 2], large), [10]);
        let two = |list: &[u32]| list.iter().filter(|n| **n > 4).count() >= 2;
        assert_eq!(least(vec![7, 1, 90, 3, 8, 2], two), [5, 5]);
    }

    #[test]
    fn nothing_leads_back() {
        assert_eq!(smaller(1, 1), [0_u32; 0]);
        assert_eq!(smaller(9, 1), [1, 5, 7, 8]);
        assert_eq!(nearer(-9), [0, -5, -7, -8]);
        assert_eq!(nearer(0), [0_i32; 0]);
    }
}
