//! The evaluation of one line or of all lines. Rules that decide on whole carts need all lines.

use alloc::vec::Vec;

use super::evaluate::{LineEvaluation, LineEvaluator, ListPresence};
use super::merges::ValidMerge;
use crate::cart::{EntryRef, List};
use crate::id::LineKey;
use crate::policy::RuleScope;

impl<'a> LineEvaluator<'a> {
    /// Evaluates one line.
    pub(crate) fn line(&self, line: &'a LineKey) -> LineEvaluation<'a> {
        if self.merges.iter().any(|merge| self.is_cartwide(merge)) {
            // The decision of a rule for whole carts depends on the other lines.
            let all = self.all();
            if let Some(evaluation) = all.into_iter().find(|evaluation| evaluation.line == line) {
                return evaluation;
            }
        }
        let mut evaluation = self.gather(line, self.cart.live().on_line(line));
        for merge in 0..self.merges.len() {
            self.choose(&mut evaluation, merge, None);
        }
        self.place(&mut evaluation);
        evaluation
    }

    /// Evaluates a line of a cart without merges.
    pub(crate) fn alone(
        &self,
        line: &'a LineKey,
        facts: impl Iterator<Item = EntryRef<'a>> + Clone,
    ) -> LineEvaluation<'a> {
        let mut evaluation = self.gather(line, facts);
        self.place(&mut evaluation);
        evaluation
    }

    /// Evaluates every line, in the order of line keys.
    pub(crate) fn all(&self) -> Vec<LineEvaluation<'a>> {
        let by_line = self.cart.live().by_line();
        let mut lines: Vec<LineEvaluation<'a>> =
            by_line.iter().map(|(line, facts)| self.gather(line, facts)).collect();
        // Apply merge by merge, so that a rule for whole carts finds all lines in the state before
        // its merge.
        for (at, merge) in self.merges.iter().enumerate() {
            let presence = self.is_cartwide(merge).then(|| self.presence(&lines, at));
            for evaluation in &mut lines {
                self.choose(evaluation, at, presence);
            }
        }
        for evaluation in &mut lines {
            self.place(evaluation);
        }
        lines
    }

    /// Returns whether a merge's policy has a rule that decides on whole carts.
    fn is_cartwide(&self, merge: &ValidMerge<'_>) -> bool {
        merge
            .policy
            .rules()
            .any(|rule| self.rules.get(rule).is_some_and(|rule| rule.reach() == RuleScope::Cart))
    }

    /// Returns which sides of a merge have contributions in each list.
    fn presence(&self, lines: &[LineEvaluation<'a>], merge: usize) -> ListPresence {
        let mut presence = ListPresence::default();
        for evaluation in lines {
            for (at, list) in List::ALL.into_iter().enumerate() {
                let (account, guest) = self.sides(evaluation, merge, list);
                presence.account[at] |= !account.is_empty();
                presence.guest[at] |= !guest.is_empty();
            }
        }
        presence
    }
}
