//! Verdicts about a rule.

use crate::counterexample::{Counterexample, Verdict};
use crate::law::Law;
use crate::rule_under_test::RuleUnderTest;
use crate::runner::{ScenarioRunner, VisibleRows, words};

/// Holds if what is seen is what is wanted; else the story so far, with what is wanted.
pub(super) fn same(
    law: Law,
    subject: &RuleUnderTest,
    runner: &ScenarioRunner<'_>,
    seen: &VisibleRows,
    wanted: &VisibleRows,
) -> Verdict {
    if seen == wanted {
        return Ok(());
    }
    let what = format!("{}; it should be {}.", words(seen), words(wanted));
    Err(broken(law, what, subject, runner, wanted))
}

/// Returns the counterexample of a run: its story, with the rows that should be seen.
pub(super) fn broken(
    law: Law,
    what: String,
    subject: &RuleUnderTest,
    runner: &ScenarioRunner<'_>,
    wanted: &VisibleRows,
) -> Counterexample {
    Counterexample::told(law, what, &subject.bare, &runner.story(law, wanted))
}
