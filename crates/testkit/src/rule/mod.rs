//! The laws of merge rules, each a function of a rule and a tale.
//!
//! None of them needs proptest: whoever has a tale can ask. What each compares is rows of the real
//! library, which asks the rule as a shop's replicas would.

mod asked;
mod claimed;
mod merged;

pub(super) use asked::fickle;
pub use asked::{delivery_order, order_in_side, pure, total};
pub use claimed::{monotone, order_free, time_free};
pub use merged::{edit_is_exact, empty_side, explained, line_local, merge_again, unmerge};

use super::counterexample::Counterexample;
use super::law::Law;
use super::stage::{Rows, Stage, words};
use super::subject::Subject;
use super::tale::Tale;

/// Whether a law holds, or how it does not.
pub type Verdict = Result<(), Counterexample>;

impl Subject {
    /// Holds the rule to one law in one tale. Laws that are not of rules hold.
    ///
    /// ```
    /// use holdall_testkit::{Deed, Device, Law, Subject, Tale, Tap};
    /// let prefer_guest = holdall::policy::builtin().nth(4).expect("a rule");
    /// let rule = Subject::new(prefer_guest)?;
    /// let five = Tap::new(Device::Laptop, Deed::Add { line: 0, units: 5 });
    /// let one = Tap::new(Device::Phone, Deed::Add { line: 0, units: 1 });
    /// let tale = Tale { before: vec![five, one], ..Tale::default() };
    /// assert!(rule.check(Law::Unmerge, &tale).is_ok());
    /// // A guest's tap makes 5 a 1: not every rule is monotone.
    /// assert!(rule.check(Law::Monotone, &tale).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The law does not hold; or the rule panicked, which breaks [`Law::Total`], or differs from
    /// the library's of its name, which breaks [`Law::Named`], whatever was asked.
    pub fn check(&self, law: Law, tale: &Tale) -> Verdict {
        let verdict = match law {
            Law::Total => total(self, tale),
            Law::Pure => pure(self, tale),
            Law::OrderInSide => order_in_side(self, tale),
            Law::LineLocal => line_local(self, tale),
            Law::EmptySide => empty_side(self, tale),
            Law::Explained => explained(self, tale),
            Law::EditIsExact => edit_is_exact(self, tale),
            Law::MergeAgain => merge_again(self, tale),
            Law::Unmerge => unmerge(self, tale),
            Law::DeliveryOrder => delivery_order(self, tale),
            Law::Monotone => monotone(self, tale),
            Law::OrderFree => order_free(self, tale),
            Law::TimeFree => time_free(self, tale),
            _ => Ok(()),
        };
        if let Some(what) = self.imposture() {
            return Err(Counterexample::bare(Law::Named, what));
        }
        if self.panic().is_some() { total(self, tale).and(verdict) } else { verdict }
    }
}

/// Holds if what is seen is what is wanted; else the story so far, with what is wanted.
fn same(law: Law, subject: &Subject, stage: &Stage<'_>, seen: &Rows, wanted: &Rows) -> Verdict {
    if seen == wanted {
        return Ok(());
    }
    let what = format!("{}; it should be {}.", words(seen), words(wanted));
    Err(broken(law, what, subject, stage, wanted))
}

fn broken(
    law: Law,
    what: String,
    subject: &Subject,
    stage: &Stage<'_>,
    wanted: &Rows,
) -> Counterexample {
    Counterexample::told(law, what, subject, &stage.story(law, wanted))
}
