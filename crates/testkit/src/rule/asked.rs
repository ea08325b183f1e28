//! Laws of a rule as a function: it answers every question, and always alike.

use super::verdict::{broken, same};
use crate::action::{ACCOUNT, ScenarioAction, ScenarioStep};
use crate::counterexample::{Counterexample, Verdict};
use crate::law::Law;
use crate::merge_scenario::MergeScenario;
use crate::rule_under_test::RuleUnderTest;
use crate::runner::{RunVariant, ScenarioRunner, VisibleRows};

/// How often a question is repeated.
const REPEATED: usize = 4;

/// Checks [`Law::Total`]: a rule answers every question, and has a reason for each answer.
///
/// # Errors
/// The panic.
pub fn total(subject: &RuleUnderTest, scenario: &MergeScenario) -> Verdict {
    let _ = subject.panic();
    let (runner, rows) = full(subject, scenario);
    let Some(panic) = subject.panic() else { return Ok(()) };
    let what = format!("the rule panics: {panic}.");
    Err(broken(Law::Total, what, subject, &runner, &rows))
}

/// Checks [`Law::Pure`]: a question that is asked again at once, and on another thread, has the
/// answer of the first time.
///
/// # Errors
/// The question with two answers.
pub fn pure(subject: &RuleUnderTest, scenario: &MergeScenario) -> Verdict {
    subject.forget();
    let (runner, rows) = full(subject, scenario);
    for (at, question) in subject.questions().iter().enumerate() {
        // What it says after it was asked about something else is the matter of other laws.
        let _ = subject.ask(question);
        let mut answers: Vec<_> = (0..REPEATED).map(|_| subject.ask(question)).collect();
        if at == 0 {
            let elsewhere =
                || std::thread::scope(|s| s.spawn(|| subject.ask(question)).join().ok());
            answers.push(elsewhere().flatten());
        }
        if let Some(other) = answers.iter().find(|answer| **answer != answers[0]) {
            let what = format!(
                "asked about {} it says {:?}, and then {:?}.",
                question.words(),
                answers[0],
                other
            );
            return Err(broken(Law::Pure, what, subject, &runner, &rows));
        }
    }
    Ok(())
}

/// Checks [`Law::OrderInSide`]: two steps of one side may come in either order.
///
/// # Errors
/// The order that shows other rows.
pub fn order_in_side(subject: &RuleUnderTest, scenario: &MergeScenario) -> Verdict {
    let scenario = scenario.adds();
    let how = RunVariant { look: true, ..RunVariant::default() };
    let told = |scenario: &MergeScenario| {
        let mut runner = ScenarioRunner::tell(subject, scenario, how);
        let rows = runner.final_rows(ACCOUNT);
        (runner, rows)
    };
    for part in [late, before] {
        let steps = part(&mut scenario.clone()).clone();
        for at in 1..steps.len() {
            let (Some(turned), true) =
                (turned(&steps[at - 1], &steps[at]), scenario.steps() < LONG)
            else {
                continue;
            };
            let mut other = scenario.clone();
            part(&mut other).splice(at - 1..=at, turned);
            // Twice: a rule that remembers has by then forgotten what it was asked before.
            let _ = told(&scenario);
            let (straight, wanted) = told(&scenario);
            let (mut runner, seen) = told(&other);
            if scenario.is_looked_at()
                && let (Some(wanted), Some(seen)) = (straight.last_look(), runner.last_look())
            {
                runner.expect_at_last_look(&wanted);
                same(Law::OrderInSide, subject, &runner, &seen, &wanted)?;
            }
            same(Law::OrderInSide, subject, &runner, &seen, &wanted)?;
        }
    }
    Ok(())
}

fn late(scenario: &mut MergeScenario) -> &mut Vec<ScenarioStep> {
    &mut scenario.late
}

fn before(scenario: &mut MergeScenario) -> &mut Vec<ScenarioStep> {
    &mut scenario.before
}

/// Longer scenarios have many pairs, and are no better.
const LONG: usize = 14;

/// Swaps the units of two steps of one side.
fn turned(one: &ScenarioStep, two: &ScenarioStep) -> Option<[ScenarioStep; 2]> {
    let (ScenarioAction::Add { line: a, units: m }, ScenarioAction::Add { line: b, units: n }) =
        (one.action, two.action)
    else {
        return None;
    };
    let turn = a == b && m != n && one.device.cart() == two.device.cart();
    let with = |step: &ScenarioStep, units| ScenarioStep {
        action: ScenarioAction::Add { line: a, units },
        ..*step
    };
    turn.then(|| [with(one, n), with(two, m)])
}

/// Checks [`Law::DeliveryOrder`]: it does not matter whether the steps of the tablet and the kiosk
/// from before the merge are heard before or after it. The deltas may come in other orders, and
/// twice.
///
/// # Errors
/// The delivery that shows other rows.
pub fn delivery_order(subject: &RuleUnderTest, scenario: &MergeScenario) -> Verdict {
    // Whoever hears of more has a later clock, and may write notes on more lines.
    let adds = scenario.adds();
    let told = |how: RunVariant| {
        let mut runner = ScenarioRunner::tell(subject, &adds, how);
        let rows = runner.final_rows(ACCOUNT);
        (runner, rows)
    };
    let late = RunVariant { right_clocks: true, ..RunVariant::default() };
    // Twice, as above.
    let _ = told(RunVariant { hear: true, ..late });
    let (_, wanted) = told(RunVariant { hear: true, ..late });
    let (mut runner, _) = told(RunVariant { look: true, ..late });
    if let Some(seen) = runner.last_look().filter(|_| adds.is_looked_at()) {
        runner.expect_at_last_look(&wanted);
        same(Law::DeliveryOrder, subject, &runner, &seen, &wanted)?;
    }
    let (runner, seen) = told(late);
    same(Law::DeliveryOrder, subject, &runner, &seen, &wanted)?;
    let (runner, rows) = full(subject, scenario);
    for seen in runner.delivered() {
        same(Law::DeliveryOrder, subject, &runner, &seen, &rows)?;
    }
    Ok(())
}

/// Runs the whole scenario, and returns what is seen in the end.
pub(super) fn full<'a>(
    subject: &'a RuleUnderTest,
    scenario: &MergeScenario,
) -> (ScenarioRunner<'a>, VisibleRows) {
    let mut runner = ScenarioRunner::tell(subject, scenario, RunVariant::default());
    for step in &scenario.after {
        runner.aware(step);
    }
    let rows = runner.final_rows(ACCOUNT);
    (runner, rows)
}

/// Makes the counterexample of a rule that answered otherwise when it was asked again much later.
pub(crate) fn fickle(
    subject: &RuleUnderTest,
    scenario: &MergeScenario,
    what: String,
) -> Counterexample {
    let (runner, rows) = full(subject, scenario);
    broken(Law::Pure, what, subject, &runner, &rows)
}
