//! Laws that a rule keeps if its author claims them.

use super::{Verdict, broken, same};
use crate::deed::{ACCOUNT, Deed, line};
use crate::law::Law;
use crate::stage::{Rows, Stage, Telling, total, words};
use crate::subject::Subject;
use crate::tale::Tale;

/// [`Law::Monotone`]: with one tap on + more no line shows fewer, both lists together.
///
/// # Errors
/// One shows fewer.
pub fn monotone(subject: &Subject, tale: &Tale) -> Verdict {
    let tale = tale.plain();
    let mut whole = Stage::tell(subject, &tale, Telling::default());
    let seen = whole.final_rows(ACCOUNT);
    for (at, tap) in tale.before.iter().chain(&tale.late).enumerate() {
        if !matches!(tap.deed, Deed::Add { .. }) {
            continue;
        }
        let how = Telling { without: Some(at), ..Telling::default() };
        let fewer = Stage::tell(subject, &tale, how).final_rows(ACCOUNT);
        let mut wanted: Rows = Vec::new();
        let mut shrunk = Vec::new();
        for key in tale.lines().into_iter().map(line) {
            let (was, is) = (total(&fewer, &key), total(&seen, &key));
            let better = if is < was { &fewer } else { &seen };
            wanted.extend(better.iter().filter(|row| row.line == key).cloned());
            if is < was {
                shrunk.push(format!("{is} {key} with one tap more, {was} without it"));
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

/// [`Law::OrderFree`]: two guests merged in either order give the same rows.
///
/// # Errors
/// They do not.
pub fn order_free(subject: &Subject, tale: &Tale) -> Verdict {
    let tale = Tale { second_guest: true, ..tale.plain() };
    let wanted = Stage::tell(subject, &tale, Telling::default()).final_rows(ACCOUNT);
    let mut stage = Stage::tell(subject, &tale, Telling { turned: true, ..Telling::default() });
    let seen = stage.final_rows(ACCOUNT);
    same(Law::OrderFree, subject, &stage, &seen, &wanted)
}

/// [`Law::TimeFree`]: clocks that are off show the rows that right ones do.
///
/// # Errors
/// They show others.
pub fn time_free(subject: &Subject, tale: &Tale) -> Verdict {
    // The order of two merges is by time, whatever the rule.
    let tale = tale.plain().of_one_guest();
    let right = Telling { right_clocks: true, ..Telling::default() };
    let wanted = Stage::tell(subject, &tale, right).final_rows(ACCOUNT);
    let mut stage = Stage::tell(subject, &tale, Telling::default());
    let seen = stage.final_rows(ACCOUNT);
    same(Law::TimeFree, subject, &stage, &seen, &wanted)
}
