//! Laws of the rows that a merge shows.

use std::collections::BTreeSet;

use super::asked::full;
use super::verdict::{broken, same};
use super::wanted_rows::wanted_after;
use crate::action::{ACCOUNT, Device, GUEST, SECOND_GUEST, line};
use crate::counterexample::Verdict;
use crate::effect::ExactEffect;
use crate::law::Law;
use crate::merge_scenario::MergeScenario;
use crate::rule_under_test::RuleUnderTest;
use crate::runner::{RunVariant, ScenarioRunner, VisibleRow, VisibleRows};
use crate::scenario::unexplained;
use holdall::cart::List;
use holdall::dots::Dot;
use holdall::id::LineKey;
use holdall::policy::RuleScope;

/// Checks [`Law::LineLocal`]: the rest of the cart does not change a line. Rules that decide on
/// whole carts are exempt.
///
/// # Errors
/// The case in which the law does not hold.
pub fn line_local(subject: &RuleUnderTest, scenario: &MergeScenario) -> Verdict {
    if subject.reach() == RuleScope::Cart {
        return Ok(());
    }
    let lines = scenario.lines();
    if lines.len() < 2 {
        return Ok(());
    }
    let mut wanted: VisibleRows = Vec::new();
    for only in &lines {
        let how = RunVariant { only: Some(*only), right_clocks: true, ..RunVariant::default() };
        let mut alone = ScenarioRunner::tell(subject, scenario, how);
        // A rule that remembers has by then forgotten what it was asked before.
        let _ = alone.final_rows(ACCOUNT);
        let rows = alone.final_rows(ACCOUNT);
        wanted.extend(rows.into_iter().filter(|row| row.line == line(*only)));
    }
    wanted.sort();
    let how = RunVariant { right_clocks: true, ..RunVariant::default() };
    let mut runner = ScenarioRunner::tell(subject, scenario, how);
    let seen = runner.final_rows(ACCOUNT);
    same(Law::LineLocal, subject, &runner, &seen, &wanted)
}

/// Checks [`Law::EmptySide`]: a line that only one cart has stays as it is there. A rule that
/// decides on whole carts may let a cart win which lacks the line; then that cart must win on all
/// lines.
///
/// # Errors
/// The line on which a side without units won.
pub fn empty_side(subject: &RuleUnderTest, scenario: &MergeScenario) -> Verdict {
    let scenario = MergeScenario { after: Vec::new(), ..scenario.clone() };
    let mut apart = ScenarioRunner::tell(
        subject,
        &scenario,
        RunVariant { merge: false, ..RunVariant::default() },
    );
    let guests: &[&str] = if scenario.second_guest { &[GUEST, SECOND_GUEST] } else { &[GUEST] };
    let carts: Vec<VisibleRows> = std::iter::once(ACCOUNT)
        .chain(guests.iter().copied())
        .map(|cart| apart.final_rows(cart))
        .collect();
    let mut runner = ScenarioRunner::tell(subject, &scenario, RunVariant::default());
    let seen = runner.final_rows(ACCOUNT);
    let wanted = match subject.reach() {
        RuleScope::Line => one_sided(&carts, &seen),
        RuleScope::Cart if scenario.second_guest => return Ok(()),
        RuleScope::Cart => one_winner(&carts, &seen),
    };
    same(Law::EmptySide, subject, &runner, &seen, &wanted)
}

/// Returns the rows seen, with each row that only one of the carts has as it is in that cart.
fn one_sided(carts: &[VisibleRows], seen: &VisibleRows) -> VisibleRows {
    let here = |row: &VisibleRow| (row.line.clone(), row.list);
    let has = |cart: &&VisibleRows, at: &(LineKey, List)| cart.iter().any(|row| here(row) == *at);
    let places: BTreeSet<(LineKey, List)> = carts.iter().flatten().map(here).collect();
    let alone = |at: &(LineKey, List)| carts.iter().filter(|cart| has(cart, at)).count() == 1;
    let (single, shared): (BTreeSet<_>, BTreeSet<_>) = places.into_iter().partition(alone);
    // The losing side of another list may have been saved onto a line that one cart had saved.
    let touched = |at: &(LineKey, List)| shared.contains(&(at.0.clone(), at.1.other()));
    let kept = |row: &&VisibleRow| single.contains(&here(row)) && !touched(&here(row));
    let mut wanted: VisibleRows = seen.iter().filter(|row| !kept(row)).cloned().collect();
    wanted.extend(carts.iter().flatten().filter(kept).cloned());
    wanted.sort();
    wanted
}

/// Returns the rows seen. If a cart won on a line that it lacks and lost on one that it has, the
/// lines that it lacks are as in the other cart.
fn one_winner(carts: &[VisibleRows], seen: &VisibleRows) -> VisibleRows {
    let [account, guest] = carts else { return seen.clone() };
    let units = |rows: &VisibleRows, line: &LineKey, list: List| -> u64 {
        rows.iter().filter(|row| row.line == *line && row.list == list).map(|row| row.units).sum()
    };
    let mut wanted = seen.clone();
    for list in List::ALL {
        for (winner, loser) in [(guest, account), (account, guest)] {
            let beaten = loser.iter().any(|row| {
                let (theirs, shown) =
                    (units(winner, &row.line, list), units(seen, &row.line, list));
                row.list == list && theirs > 0 && shown != theirs
            });
            let gone = loser.iter().filter(|row| {
                row.list == list
                    && units(winner, &row.line, list) == 0
                    && units(seen, &row.line, list) == 0
            });
            if beaten {
                wanted.extend(gone.cloned());
            }
        }
    }
    wanted.sort();
    wanted
}

/// Checks [`Law::Explained`]: each contribution is shown, or hidden with a reason, exactly once,
/// and the shown ones add up.
///
/// # Errors
/// The contribution that is missing or has no reason.
pub fn explained(subject: &RuleUnderTest, scenario: &MergeScenario) -> Verdict {
    let (mut runner, rows) = full(subject, scenario);
    let told = runner.explain();
    let wrong = unexplained(&told).or_else(|| {
        let shown = told.iter().flat_map(|line| &line.rows).flat_map(|row| &row.parts);
        let parts = shown.chain(told.iter().flat_map(|line| &line.hidden));
        let mut explained: Vec<Dot> = parts.map(|part| part.dot).collect();
        explained.sort_unstable();
        let cart = runner.cart();
        let live = cart.live().iter().filter(|(_, entry)| entry.body.is_contribution());
        let mut there: Vec<Dot> = live.map(|(dot, _)| dot).collect();
        there.sort_unstable();
        let (said, is) = (explained.len(), there.len());
        (explained != there).then(|| format!("{said} contributions are explained, {is} are there"))
    });
    let Some(what) = wrong else { return Ok(()) };
    Err(broken(Law::Explained, format!("{what}."), subject, &runner, &rows))
}

/// Checks [`Law::EditIsExact`]: each edit on a device that knows everything has its exact effect.
///
/// # Errors
/// The edit that does something else.
pub fn edit_is_exact(subject: &RuleUnderTest, scenario: &MergeScenario) -> Verdict {
    let mut runner = ScenarioRunner::tell(subject, scenario, RunVariant::default());
    for step in &scenario.after {
        let site = step.device.site();
        let before = runner.view(site);
        let action = runner.action_of(step);
        if !runner.aware(step) {
            continue;
        }
        let after = runner.view(site);
        // Of the steps that can be taken here, only an order is no action.
        let effect = action.as_ref().map_or(ExactEffect::Order, ExactEffect::Shop);
        let wanted = wanted_after(effect, &before, &after);
        same(Law::EditIsExact, subject, &runner, &crate::runner::rows(&after), &wanted)?;
        runner.hear();
    }
    Ok(())
}

/// Checks [`Law::MergeAgain`]: a repeated merge changes nothing, at its device and at another one.
///
/// # Errors
/// The rows that changed.
pub fn merge_again(subject: &RuleUnderTest, scenario: &MergeScenario) -> Verdict {
    let (mut runner, wanted) = full(subject, scenario);
    for device in [Device::Laptop, Device::Tablet] {
        runner.merge(device.site(), GUEST);
        let seen = runner.final_rows(ACCOUNT);
        same(Law::MergeAgain, subject, &runner, &seen, &wanted)?;
    }
    Ok(())
}

/// Checks [`Law::Unmerge`]: a merge that is taken back leaves nothing behind.
///
/// # Errors
/// The rows that it left behind.
pub fn unmerge(subject: &RuleUnderTest, scenario: &MergeScenario) -> Verdict {
    let scenario = scenario.clone().of_one_guest();
    let how = RunVariant { guests: false, ..RunVariant::default() };
    let wanted = ScenarioRunner::tell(subject, &scenario, how).final_rows(ACCOUNT);
    let mut runner = ScenarioRunner::tell(subject, &scenario, RunVariant::default());
    runner.unmerge(GUEST);
    let seen = runner.final_rows(ACCOUNT);
    same(Law::Unmerge, subject, &runner, &seen, &wanted)
}
