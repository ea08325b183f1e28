//! The runner of a merge scenario.

use super::variant::RunVariant;
use super::visible_row::{VisibleRows, rows};
use crate::action::{ACCOUNT, Device, GUEST, SECOND_GUEST, ScenarioAction, ScenarioStep, line};
use crate::merge_scenario::MergeScenario;
use crate::rule_under_test::RuleUnderTest;
use crate::scenario::row_name::SideName;
use crate::scenario::shopping::StoryAction;
use crate::scenario::story::{StepKind, StoryAct, StoryStep};
use crate::scenario::world::StoryWorld;
use holdall::action::Action;
use holdall::cart::{List, LosingUnits, MergePolicy};
use holdall::limits;
/// A ceiling that no scenario reaches, for scenarios that reach the usual one.
const HIGH_CEILING_UNITS: u64 = 1_000_000_000;

/// Runner of a scenario. It notes every step as a story has it.
pub(crate) struct ScenarioRunner<'a> {
    pub(super) subject: &'a RuleUnderTest,
    pub(super) loser: LosingUnits,
    pub(super) ceiling: Option<u64>,
    pub(super) world: StoryWorld,
    pub(super) steps: Vec<StoryStep>,
    pub(super) orders: usize,
    /// Whether everybody knows everything.
    pub(super) settled: bool,
    pub(super) looked: Option<VisibleRows>,
}

impl<'a> ScenarioRunner<'a> {
    /// Tells a scenario up to where everybody has heard of the merge.
    pub(crate) fn tell(
        subject: &'a RuleUnderTest,
        scenario: &MergeScenario,
        how: RunVariant,
    ) -> Self {
        let loser = if scenario.save_loser { LosingUnits::SaveForLater } else { LosingUnits::Hide };
        let ceiling = (scenario.units() > limits::CEILING_UNITS).then_some(HIGH_CEILING_UNITS);
        let world = StoryWorld::new(ceiling, &subject.rules);
        let mut runner = Self {
            subject,
            loser,
            ceiling,
            world,
            steps: Vec::new(),
            orders: 0,
            settled: false,
            looked: None,
        };
        // Merges and looks happen on the laptop.
        let _ = runner.world.replica("laptop", ACCOUNT);
        for (device, skew_ms) in Device::ALL.into_iter().zip(scenario.skew_ms) {
            if skew_ms != 0 {
                let (at, skew_ms) = (device.site().to_owned(), i64::from(skew_ms));
                runner.moment(if how.right_clocks {
                    StepKind::Advance { ms: 0 }
                } else {
                    StepKind::Clock { at, skew_ms }
                });
            }
        }
        for (at, step) in scenario.before.iter().enumerate() {
            runner.unaware(step, at, &how);
        }
        let mut known = vec!["laptop", "phone"];
        if scenario.second_guest {
            known.push("watch");
        }
        if how.hear {
            known.extend(["tablet", "kiosk"]);
        }
        runner.sync(&known);
        let guests: &[&str] = match (scenario.second_guest, how.turned) {
            (false, _) => &[GUEST],
            (true, false) => &[GUEST, SECOND_GUEST],
            (true, true) => &[SECOND_GUEST, GUEST],
        };
        for guest in guests {
            if how.merge && how.guests {
                runner.merge("laptop", guest);
            } else {
                runner.idle();
            }
        }
        runner.look(how.look);
        for (at, step) in scenario.late.iter().enumerate() {
            runner.unaware(step, scenario.before.len() + at, &how);
            if step.device == Device::Kiosk {
                if how.look {
                    runner.sync(&["laptop", "phone", "kiosk"]);
                } else {
                    runner.idle();
                }
                runner.look(how.look);
            }
        }
        runner.hear();
        runner
    }

    /// Does one more thing on the account's cart, at a device that has heard of everything.
    /// Whether it could be done.
    pub(crate) fn aware(&mut self, step: &ScenarioStep) -> bool {
        if step.action == ScenarioAction::Meet {
            return false;
        }
        let side = self.side_of(step);
        let act = self.act_of(step.action, side);
        self.act(step.device.site(), ACCOUNT, act)
    }

    /// Returns the side that a step is about: the guest's, if the step asks for it and the line is
    /// split.
    fn side_of(&mut self, step: &ScenarioStep) -> Option<SideName> {
        let line = line(step.action.line()?);
        let here = rows(&self.world.view(step.device.site(), ACCOUNT));
        let split = here.iter().any(|row| row.line == line && row.side == Some(SideName::Guest));
        (step.guests_row && split).then_some(SideName::Guest)
    }

    /// Returns the shopper's action that a step is, on the row that its device shows; `None` for
    /// an order, and for a step that cannot be taken.
    pub(crate) fn action_of(&mut self, step: &ScenarioStep) -> Option<Action> {
        step.action.line()?;
        let side = self.side_of(step);
        let StoryAct::Shop(action) = self.act_of(step.action, side) else { return None };
        let replica = self.world.replica(step.device.site(), ACCOUNT);
        action.at(replica).ok()
    }

    /// Exchanges everything between all devices.
    pub(crate) fn hear(&mut self) {
        self.moment(StepKind::Sync(None));
    }

    fn unaware(&mut self, step: &ScenarioStep, at: usize, how: &RunVariant) {
        let of_guest = step.device.cart() != ACCOUNT;
        let about = step.action.line().zip(how.only).is_some_and(|(line, only)| line != only);
        if how.without == Some(at) || about || (of_guest && !how.guests) {
            return self.idle();
        }
        match step.action {
            ScenarioAction::Order | ScenarioAction::Move { from: List::Saved, .. } => self.idle(),
            ScenarioAction::Meet => match step.device {
                Device::Laptop | Device::Tablet => self.both(ACCOUNT, ["laptop", "tablet"]),
                Device::Phone | Device::Kiosk => self.both(GUEST, ["phone", "kiosk"]),
                Device::Watch => self.idle(),
            },
            action => {
                let act = self.act_of(action, None);
                self.act(step.device.site(), step.device.cart(), act);
            }
        }
    }

    fn act_of(&mut self, action: ScenarioAction, side: Option<SideName>) -> StoryAct {
        let Some(action) = action.action() else {
            self.orders += 1;
            return StoryAct::Order { id: format!("O-{}", self.orders) };
        };
        let mut action = StoryAction::of(&action).expect("a verb of stories");
        if let Some(row) = &mut action.row {
            row.side = side;
        }
        StoryAct::Shop(action)
    }

    fn act(&mut self, site: &str, cart: &str, act: StoryAct) -> bool {
        self.world.tick();
        self.settled = false;
        let done = self.world.act(site, cart, &act).is_ok();
        let verb = if done {
            StepKind::Act { at: site.into(), cart: cart.into(), act }
        } else {
            StepKind::Advance { ms: 0 }
        };
        self.steps.push(step(verb));
        done
    }

    /// Merges a guest cart at a site, for the first time or again.
    pub(crate) fn merge(&mut self, site: &str, guest: &str) -> bool {
        let policy = MergePolicy::of(self.subject.known().clone()).with_loser(self.loser);
        self.act(site, ACCOUNT, StoryAct::Merge { guest: guest.into(), policy })
    }

    /// Takes a merge back.
    pub(crate) fn unmerge(&mut self, guest: &str) -> bool {
        self.act("laptop", ACCOUNT, StoryAct::Unmerge { guest: guest.into() })
    }

    /// Lets a moment pass.
    pub(super) fn idle(&mut self) {
        self.moment(StepKind::Advance { ms: 0 });
    }

    fn sync(&mut self, sites: &[&str]) {
        let there: Vec<String> = self.world.sites().map(str::to_owned).collect();
        let sites: Vec<String> =
            there.into_iter().filter(|at| sites.contains(&at.as_str())).collect();
        if sites.len() < 2 {
            return self.idle();
        }
        self.moment(StepKind::Sync(Some(sites)));
    }

    /// Exchanges between two devices of a cart, whether they have acted before or not.
    fn both(&mut self, cart: &str, sites: [&str; 2]) {
        for site in sites {
            let _ = self.world.replica(site, cart);
        }
        self.sync(&sites);
    }

    pub(super) fn moment(&mut self, verb: StepKind) {
        self.world.tick();
        match &verb {
            StepKind::Sync(Some(sites)) => self.world.share(sites),
            StepKind::Sync(None) => self.meet(),
            StepKind::Clock { at, skew_ms } => self.world.skew(at, *skew_ms),
            _ => {}
        }
        self.steps.push(step(verb));
    }

    pub(super) fn meet(&mut self) {
        if std::mem::replace(&mut self.settled, true) {
            return;
        }
        let all: Vec<String> = self.world.sites().map(str::to_owned).collect();
        self.world.share(&all);
    }
}

fn step(verb: StepKind) -> StoryStep {
    StoryStep { line: 0, fails: None, verb }
}
