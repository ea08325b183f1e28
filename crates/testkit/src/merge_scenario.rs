//! A scenario of a merge, as plain data: the steps of an account's and a guest's devices before the
//! merge, after it without knowing of it, and after it with everything in view.

use super::action::{Device, LINES, ScenarioAction, ScenarioStep, TEXTS};
use super::shrink::{Shrink, nearer, shorter, smaller};
use holdall::limits;

/// Scenario of a merge.
///
/// ```
/// use holdall_testkit::{ScenarioAction, Device, MergeScenario, ScenarioStep};
/// let scenario = MergeScenario {
///     before: vec![
///         ScenarioStep::new(Device::Laptop, ScenarioAction::Add { line: 0, units: 2 }),
///         ScenarioStep::new(Device::Phone, ScenarioAction::Add { line: 0, units: 3 }),
///     ],
///     ..MergeScenario::default()
/// };
/// assert_eq!(scenario.steps(), 2);
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MergeScenario {
    /// Before the merge.
    pub before: Vec<ScenarioStep>,
    /// After it, on devices that have not heard of it: the account's tablet, the guest's kiosk.
    pub late: Vec<ScenarioStep>,
    /// After it, on devices of the account that have heard of everything.
    pub after: Vec<ScenarioStep>,
    /// Whether a second guest is merged too.
    pub second_guest: bool,
    /// Whether the losing side is saved for later.
    pub save_loser: bool,
    /// By how many milliseconds each device's clock is off, in the order of [`Device::ALL`].
    pub skew_ms: [i32; 5],
}

impl MergeScenario {
    /// Returns the number of its steps.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.before.len() + self.late.len() + self.after.len()
    }

    /// Returns the sum of all units that are added or set.
    pub(super) fn units(&self) -> u64 {
        let units = |step: &ScenarioStep| match step.action {
            ScenarioAction::Add { units, .. } | ScenarioAction::Set { units, .. } => {
                u64::from(units)
            }
            _ => 0,
        };
        self.before.iter().chain(&self.late).chain(&self.after).map(units).sum()
    }

    /// Returns the lines that it is about, each once.
    pub(super) fn lines(&self) -> Vec<u8> {
        let steps = self.before.iter().chain(&self.late).chain(&self.after);
        let mut lines: Vec<u8> = steps.filter_map(|step| step.action.line()).collect();
        lines.sort_unstable();
        lines.dedup();
        lines
    }

    /// Returns the scenario with its Adds and at most the first note of each line in each cart
    /// alone. On these, clocks have no effect except through the rule.
    pub(super) fn plain(&self) -> Self {
        let mut noted = Vec::new();
        let mut keep = |step: &ScenarioStep| match step.action {
            ScenarioAction::Add { .. } => true,
            ScenarioAction::Note { line, .. } => {
                let first = !noted.contains(&(step.device.cart(), line));
                noted.push((step.device.cart(), line));
                first
            }
            _ => false,
        };
        let mut plain = Self { after: Vec::new(), ..self.clone() };
        plain.before.retain(&mut keep);
        plain.late.retain(&mut keep);
        plain
    }

    /// Returns the scenario with its Adds alone.
    pub(super) fn adds(&self) -> Self {
        let mut adds = self.plain();
        adds.before.retain(|step| matches!(step.action, ScenarioAction::Add { .. }));
        adds.late.retain(|step| matches!(step.action, ScenarioAction::Add { .. }));
        adds
    }

    /// Returns true if an observer who looks after each of the guest's late steps has seen all in
    /// the end.
    pub(super) fn is_looked_at(&self) -> bool {
        let last = self.late.last().is_some_and(|step| step.device == Device::Kiosk);
        last && !self.before.iter().chain(&self.late).any(|step| step.device == Device::Tablet)
    }

    /// Returns the scenario without the second guest and without edits after the merge is known.
    pub(super) fn of_one_guest(mut self) -> Self {
        self.second_guest = false;
        self.after.clear();
        self
    }
}

impl Shrink for MergeScenario {
    fn shrink(&self) -> Vec<Self> {
        let mut found = Vec::new();
        let mut with = |change: &dyn Fn(&mut Self)| {
            let mut scenario = self.clone();
            change(&mut scenario);
            if scenario != *self {
                found.push(scenario);
            }
        };
        // Few actions, and with them little knowledge: to meet is an action here.
        for steps in shorter(&self.after) {
            with(&|scenario| scenario.after.clone_from(&steps));
        }
        for steps in shorter(&self.late) {
            with(&|scenario| scenario.late.clone_from(&steps));
        }
        for steps in shorter(&self.before) {
            with(&|scenario| scenario.before.clone_from(&steps));
        }
        with(&|scenario| scenario.second_guest = false);
        with(&|scenario| scenario.save_loser = false);
        // Then small numbers and first names.
        for which in 0..3 {
            let part = |scenario: &Self| {
                [&scenario.before, &scenario.late, &scenario.after][which].clone()
            };
            for (at, step) in part(self).into_iter().enumerate() {
                let put = |scenario: &mut Self, step: ScenarioStep| {
                    [&mut scenario.before, &mut scenario.late, &mut scenario.after][which][at] =
                        step;
                };
                for action in step.action.shrink() {
                    with(&|scenario| put(scenario, ScenarioStep { action, ..step }));
                }
                with(&|scenario| put(scenario, ScenarioStep { guests_row: false, ..step }));
                if which != 1 && matches!(step.device, Device::Tablet | Device::Kiosk) {
                    let device = step.device.other().unwrap_or(step.device);
                    with(&|scenario| put(scenario, ScenarioStep { device, ..step }));
                }
            }
        }
        for line in self.lines() {
            for other in smaller(line.into(), 0) {
                with(&|scenario| {
                    let steps = scenario
                        .before
                        .iter_mut()
                        .chain(&mut scenario.late)
                        .chain(&mut scenario.after);
                    for step in steps.filter(|step| step.action.line() == Some(line)) {
                        step.action = step.action.on(other as u8);
                    }
                });
            }
        }
        // Then right clocks.
        for at in 0..self.skew_ms.len() {
            for near in nearer(self.skew_ms[at]) {
                with(&|scenario| scenario.skew_ms[at] = near);
            }
        }
        found
    }
}

/// Returns scenarios that random draws might leave out: every kind of line and the longest texts on
/// both sides, equal sides, the largest quantities.
pub(super) fn at_the_limits() -> Vec<MergeScenario> {
    let both = |ours: ScenarioAction, theirs: ScenarioAction| {
        [ScenarioStep::new(Device::Laptop, ours), ScenarioStep::new(Device::Phone, theirs)]
    };
    let add = |line, units| ScenarioAction::Add { line, units };
    let scenario = |before: &[[ScenarioStep; 2]]| MergeScenario {
        before: before.concat(),
        ..MergeScenario::default()
    };
    let most = add(0, limits::QUANTITY_UNITS);
    let long = ScenarioAction::Note { line: 0, text: TEXTS - 1 };
    let mut scenarios: Vec<MergeScenario> =
        (0..LINES).map(|line| scenario(&[both(add(line, 2), add(line, 3))])).collect();
    scenarios.push(scenario(&[both(add(0, 1), add(0, 1))]));
    scenarios.push(scenario(&[both(most, most), both(most, most)]));
    scenarios.push(scenario(&[both(add(0, 1), most)]));
    scenarios.push(scenario(&[both(most, add(0, 1))]));
    scenarios.push(scenario(&[both(add(0, 2), add(0, 3)), both(long, long)]));
    scenarios
}
