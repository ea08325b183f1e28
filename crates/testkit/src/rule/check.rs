//! Any law of merge rules, by name.

use super::{
    Verdict, delivery_order, edit_is_exact, empty_side, explained, line_local, merge_again,
    monotone, order_free, order_in_side, pure, time_free, total, unmerge,
};
use crate::counterexample::Counterexample;
use crate::law::Law;
use crate::merge_scenario::MergeScenario;
use crate::rule_under_test::RuleUnderTest;

impl RuleUnderTest {
    /// Holds the rule to one law in one scenario. Laws that are not of rules hold.
    ///
    /// ```
    /// use holdall_testkit::{
    ///     Device, Law, MergeScenario, RuleUnderTest, ScenarioAction, ScenarioStep,
    /// };
    /// let prefer_guest = holdall::policy::builtin().nth(4).expect("a rule");
    /// let rule = RuleUnderTest::new(prefer_guest)?;
    /// let five = ScenarioStep::new(Device::Laptop, ScenarioAction::Add { line: 0, units: 5 });
    /// let one = ScenarioStep::new(Device::Phone, ScenarioAction::Add { line: 0, units: 1 });
    /// let scenario = MergeScenario { before: vec![five, one], ..MergeScenario::default() };
    /// assert!(rule.check(Law::Unmerge, &scenario).is_ok());
    /// // A guest's step makes 5 a 1: not every rule is monotone.
    /// assert!(rule.check(Law::Monotone, &scenario).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The law does not hold; or the rule panicked, which breaks [`Law::Total`], or differs from
    /// the library's of its name, which breaks [`Law::Named`], whatever was asked.
    pub fn check(&self, law: Law, scenario: &MergeScenario) -> Verdict {
        let verdict = match law {
            Law::Total => total(self, scenario),
            Law::Pure => pure(self, scenario),
            Law::OrderInSide => order_in_side(self, scenario),
            Law::LineLocal => line_local(self, scenario),
            Law::EmptySide => empty_side(self, scenario),
            Law::Explained => explained(self, scenario),
            Law::EditIsExact => edit_is_exact(self, scenario),
            Law::MergeAgain => merge_again(self, scenario),
            Law::Unmerge => unmerge(self, scenario),
            Law::DeliveryOrder => delivery_order(self, scenario),
            Law::Monotone => monotone(self, scenario),
            Law::OrderFree => order_free(self, scenario),
            Law::TimeFree => time_free(self, scenario),
            _ => Ok(()),
        };
        if let Some(what) = self.imposture() {
            return Err(Counterexample::bare(Law::Named, what));
        }
        if self.panic().is_some() { total(self, scenario).and(verdict) } else { verdict }
    }
}
