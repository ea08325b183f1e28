//! Laws that a rule keeps if its author claims them.

use super::verdict::{broken, same};
use crate::action::{ACCOUNT, ScenarioAction, line};
use crate::counterexample::Verdict;
use crate::law::Law;
use crate::merge_scenario::MergeScenario;
use crate::rule_under_test::RuleUnderTest;
use crate::runner::{RunVariant, ScenarioRunner, VisibleRows, total, words};

/// Checks [`Law::Monotone`]: one Add more makes no line show fewer units, in both lists together.
///
/// # Errors
/// The line that shows fewer units.
pub fn monotone(subject: &RuleUnderTest, scenario: &MergeScenario) -> Verdict {
    let scenario = scenario.plain();
    let mut whole = ScenarioRunner::tell(subject, &scenario, RunVariant::default());
    let seen = whole.final_rows(ACCOUNT);
    for (at, step) in scenario.before.iter().chain(&scenario.late).enumerate() {
        if !matches!(step.action, ScenarioAction::Add { .. }) {
            continue;
        }
        let how = RunVariant { without: Some(at), ..RunVariant::default() };
        let fewer = ScenarioRunner::tell(subject, &scenario, how).final_rows(ACCOUNT);
        let mut wanted: VisibleRows = Vec::new();
        let mut shrunk = Vec::new();
        for key in scenario.lines().into_iter().map(line) {
            let (was, is) = (total(&fewer, &key), total(&seen, &key));
            let better = if is < was { &fewer } else { &seen };
            wanted.extend(better.iter().filter(|row| row.line == key).cloned());
            if is < was {
                shrunk.push(format!("{is} {key} with one step more, {was} without it"));
            }
        }
        if !shrunk.is_empty() {
            wanted.sort();
            let what = format!("{}; at least {} should show.", shrunk.join(", "), words(&wanted));
            return Err(broken(Law::Monotone, what, subject, &whole, &wanted));
        }
    }
    Ok(())
}

/// Checks [`Law::OrderFree`]: the order in which two guests are merged does not change the rows.
///
/// # Errors
/// The numbers or rows that differ.
pub fn order_free(subject: &RuleUnderTest, scenario: &MergeScenario) -> Verdict {
    let scenario = MergeScenario { second_guest: true, ..scenario.plain() };
    let wanted =
        ScenarioRunner::tell(subject, &scenario, RunVariant::default()).final_rows(ACCOUNT);
    let mut runner = ScenarioRunner::tell(
        subject,
        &scenario,
        RunVariant { turned: true, ..RunVariant::default() },
    );
    let seen = runner.final_rows(ACCOUNT);
    same(Law::OrderFree, subject, &runner, &seen, &wanted)
}

/// Checks [`Law::TimeFree`]: wrong clocks lead to the rows that right clocks lead to.
///
/// # Errors
/// The rows that wrong clocks change.
pub fn time_free(subject: &RuleUnderTest, scenario: &MergeScenario) -> Verdict {
    // The order of two merges is by time, whatever the rule.
    let scenario = scenario.plain().of_one_guest();
    let right = RunVariant { right_clocks: true, ..RunVariant::default() };
    let wanted = ScenarioRunner::tell(subject, &scenario, right).final_rows(ACCOUNT);
    let mut runner = ScenarioRunner::tell(subject, &scenario, RunVariant::default());
    let seen = runner.final_rows(ACCOUNT);
    same(Law::TimeFree, subject, &runner, &seen, &wanted)
}
