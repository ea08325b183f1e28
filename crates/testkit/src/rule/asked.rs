//! Laws of a rule as a function: that it answers, and always the same.

use super::{Verdict, broken, same};
use crate::counterexample::Counterexample;
use crate::deed::{ACCOUNT, Deed, Tap};
use crate::law::Law;
use crate::stage::{Rows, Stage, Telling};
use crate::subject::Subject;
use crate::tale::Tale;

/// How often a question is repeated.
const REPEATED: usize = 4;

/// [`Law::Total`]: a rule answers every question, and has a reason for each answer.
///
/// # Errors
/// It panics.
pub fn total(subject: &Subject, tale: &Tale) -> Verdict {
    let _ = subject.panic();
    let (stage, rows) = full(subject, tale);
    let Some(panic) = subject.panic() else { return Ok(()) };
    let what = format!("the rule panics: {panic}.");
    Err(broken(Law::Total, what, subject, &stage, &rows))
}

/// [`Law::Pure`]: the same question has the same answer, at once and on another thread.
///
/// # Errors
/// It has two.
pub fn pure(subject: &Subject, tale: &Tale) -> Verdict {
    subject.forget();
    let (stage, rows) = full(subject, tale);
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
            return Err(broken(Law::Pure, what, subject, &stage, &rows));
        }
    }
    Ok(())
}

/// [`Law::OrderInSide`]: two taps of one side may come in either order.
///
/// # Errors
/// Another order shows other rows.
pub fn order_in_side(subject: &Subject, tale: &Tale) -> Verdict {
    let tale = tale.adds();
    let how = Telling { look: true, ..Telling::default() };
    let told = |tale: &Tale| {
        let mut stage = Stage::tell(subject, tale, how);
        let rows = stage.final_rows(ACCOUNT);
        (stage, rows)
    };
    for part in [late, before] {
        let taps = part(&mut tale.clone()).clone();
        for at in 1..taps.len() {
            let (Some(turned), true) = (turned(&taps[at - 1], &taps[at]), tale.taps() < LONG)
            else {
                continue;
            };
            let mut other = tale.clone();
            part(&mut other).splice(at - 1..=at, turned);
            // Twice: a rule that remembers has by then forgotten what it was asked before.
            let _ = told(&tale);
            let (straight, wanted) = told(&tale);
            let (mut stage, seen) = told(&other);
            if tale.is_looked_at()
                && let (Some(wanted), Some(seen)) = (straight.last_look(), stage.last_look())
            {
                stage.expect_at_last_look(&wanted);
                same(Law::OrderInSide, subject, &stage, &seen, &wanted)?;
            }
            same(Law::OrderInSide, subject, &stage, &seen, &wanted)?;
        }
    }
    Ok(())
}

fn late(tale: &mut Tale) -> &mut Vec<Tap> {
    &mut tale.late
}

fn before(tale: &mut Tale) -> &mut Vec<Tap> {
    &mut tale.before
}

/// Longer tales have many pairs, and are no better.
const LONG: usize = 14;

/// Two taps of one side, each with the other's units.
fn turned(one: &Tap, two: &Tap) -> Option<[Tap; 2]> {
    let (Deed::Add { line: a, units: m }, Deed::Add { line: b, units: n }) = (one.deed, two.deed)
    else {
        return None;
    };
    let turn = a == b && m != n && one.device.cart() == two.device.cart();
    let with = |tap: &Tap, units| Tap { deed: Deed::Add { line: a, units }, ..*tap };
    turn.then(|| [with(one, n), with(two, m)])
}

/// [`Law::DeliveryOrder`]: what the tablet and the kiosk did before the merge counts the same
/// whether it is heard before or after; and the deltas may come in other orders, and twice.
///
/// # Errors
/// Another delivery shows other rows.
pub fn delivery_order(subject: &Subject, tale: &Tale) -> Verdict {
    // Whoever hears of more has a later clock, and may write notes on more lines.
    let adds = tale.adds();
    let told = |how: Telling| {
        let mut stage = Stage::tell(subject, &adds, how);
        let rows = stage.final_rows(ACCOUNT);
        (stage, rows)
    };
    let late = Telling { right_clocks: true, ..Telling::default() };
    // Twice, as above.
    let _ = told(Telling { hear: true, ..late });
    let (_, wanted) = told(Telling { hear: true, ..late });
    let (mut stage, _) = told(Telling { look: true, ..late });
    if let Some(seen) = stage.last_look().filter(|_| adds.is_looked_at()) {
        stage.expect_at_last_look(&wanted);
        same(Law::DeliveryOrder, subject, &stage, &seen, &wanted)?;
    }
    let (stage, seen) = told(late);
    same(Law::DeliveryOrder, subject, &stage, &seen, &wanted)?;
    let (stage, rows) = full(subject, tale);
    for seen in stage.delivered() {
        same(Law::DeliveryOrder, subject, &stage, &seen, &rows)?;
    }
    Ok(())
}

/// The whole tale, and what is seen in the end.
pub(super) fn full<'a>(subject: &'a Subject, tale: &Tale) -> (Stage<'a>, Rows) {
    let mut stage = Stage::tell(subject, tale, Telling::default());
    for tap in &tale.after {
        stage.aware(tap);
    }
    let rows = stage.final_rows(ACCOUNT);
    (stage, rows)
}

/// A rule that answered otherwise when it was asked again much later.
pub(crate) fn fickle(subject: &Subject, tale: &Tale, what: String) -> Counterexample {
    let (stage, rows) = full(subject, tale);
    broken(Law::Pure, what, subject, &stage, &rows)
}
