//! A tale, told with a rule: every step is noted as a story has it, so that what was run is what
//! is printed.

mod looking;
mod shown;
mod telling;

use super::deed::{ACCOUNT, Deed, Device, GUEST, SECOND_GUEST, Tap, line};
use super::subject::Subject;
use super::tale::Tale;
use crate::scenario::shopping::StoryAction;
use crate::scenario::story::{Act, SideName, Step, Verb};
use crate::scenario::world::World;
use holdall::cart::{List, LosingUnits, MergePolicy};
use holdall::limits;
use holdall::view::RowRef;
pub(super) use shown::{Rows, Shown, rows, total, words};
pub(super) use telling::Telling;

/// A ceiling that no tale reaches, for tales that reach the usual one.
const HIGH_CEILING_UNITS: u64 = 1_000_000_000;

/// Where a tale is told.
pub(super) struct Stage<'a> {
    subject: &'a Subject,
    loser: LosingUnits,
    ceiling: Option<u64>,
    world: World,
    steps: Vec<Step>,
    orders: usize,
    /// Whether everybody knows everything.
    settled: bool,
    looked: Option<Rows>,
}

impl<'a> Stage<'a> {
    /// Tells a tale up to where everybody has heard of the merge.
    pub(super) fn tell(subject: &'a Subject, tale: &Tale, how: Telling) -> Self {
        let loser = if tale.save_loser { LosingUnits::SaveForLater } else { LosingUnits::Hide };
        let ceiling = (tale.units() > limits::CEILING_UNITS).then_some(HIGH_CEILING_UNITS);
        let world = World::new(ceiling, &subject.rules);
        let mut stage = Self {
            subject,
            loser,
            ceiling,
            world,
            steps: Vec::new(),
            orders: 0,
            settled: false,
            looked: None,
        };
        // Here merges happen, and here is looked.
        let _ = stage.world.replica("laptop", ACCOUNT);
        for (device, skew_ms) in Device::ALL.into_iter().zip(tale.skew_ms) {
            if skew_ms != 0 {
                let (at, skew_ms) = (device.site().to_owned(), i64::from(skew_ms));
                stage.moment(if how.right_clocks {
                    Verb::Advance { ms: 0 }
                } else {
                    Verb::Clock { at, skew_ms }
                });
            }
        }
        for (at, tap) in tale.before.iter().enumerate() {
            stage.unaware(tap, at, &how);
        }
        let mut known = vec!["laptop", "phone"];
        if tale.second_guest {
            known.push("watch");
        }
        if how.hear {
            known.extend(["tablet", "kiosk"]);
        }
        stage.sync(&known);
        let guests: &[&str] = match (tale.second_guest, how.turned) {
            (false, _) => &[GUEST],
            (true, false) => &[GUEST, SECOND_GUEST],
            (true, true) => &[SECOND_GUEST, GUEST],
        };
        for guest in guests {
            if how.merge && how.guests {
                stage.merge("laptop", guest);
            } else {
                stage.idle();
            }
        }
        stage.look(how.look);
        for (at, tap) in tale.late.iter().enumerate() {
            stage.unaware(tap, tale.before.len() + at, &how);
            if tap.device == Device::Kiosk {
                if how.look {
                    stage.sync(&["laptop", "phone", "kiosk"]);
                } else {
                    stage.idle();
                }
                stage.look(how.look);
            }
        }
        stage.hear();
        stage
    }

    /// Does one more thing on the account's cart, at a device that has heard of everything.
    /// Whether it could be done.
    pub(super) fn aware(&mut self, tap: &Tap) -> bool {
        if tap.deed == Deed::Meet {
            return false;
        }
        let side = self.side_of(tap);
        let act = self.act_of(tap.deed, side);
        self.act(tap.device.site(), ACCOUNT, act)
    }

    /// The side that a tap is about: the guest's, if it asks for that and the line is split.
    fn side_of(&mut self, tap: &Tap) -> Option<SideName> {
        let line = line(tap.deed.line()?);
        let here = rows(&self.world.view(tap.device.site(), ACCOUNT));
        let split = here.iter().any(|row| row.line == line && row.side == Some(SideName::Guest));
        (tap.guests_row && split).then_some(SideName::Guest)
    }

    /// The row that a tap is about.
    pub(super) fn row_of(&mut self, tap: &Tap) -> Option<RowRef> {
        tap.deed.line()?;
        let side = self.side_of(tap);
        let Act::Shop(action) = self.act_of(tap.deed, side) else { return None };
        let replica = self.world.replica(tap.device.site(), ACCOUNT);
        action.at(replica).ok()?.row().cloned()
    }

    /// Everybody hears of everything.
    pub(super) fn hear(&mut self) {
        self.moment(Verb::Sync(None));
    }

    fn unaware(&mut self, tap: &Tap, at: usize, how: &Telling) {
        let of_guest = tap.device.cart() != ACCOUNT;
        let about = tap.deed.line().zip(how.only).is_some_and(|(line, only)| line != only);
        if how.without == Some(at) || about || (of_guest && !how.guests) {
            return self.idle();
        }
        match tap.deed {
            Deed::Order | Deed::Move { from: List::Saved, .. } => self.idle(),
            Deed::Meet => match tap.device {
                Device::Laptop | Device::Tablet => self.both(ACCOUNT, ["laptop", "tablet"]),
                Device::Phone | Device::Kiosk => self.both(GUEST, ["phone", "kiosk"]),
                Device::Watch => self.idle(),
            },
            deed => {
                let act = self.act_of(deed, None);
                self.act(tap.device.site(), tap.device.cart(), act);
            }
        }
    }

    fn act_of(&mut self, deed: Deed, side: Option<SideName>) -> Act {
        let Some(action) = deed.action() else {
            self.orders += 1;
            return Act::Order { id: format!("O-{}", self.orders) };
        };
        let mut action = StoryAction::of(&action).expect("a verb of stories");
        if let Some(row) = &mut action.row {
            row.side = side;
        }
        Act::Shop(action)
    }

    fn act(&mut self, site: &str, cart: &str, act: Act) -> bool {
        self.world.tick();
        self.settled = false;
        let done = self.world.act(site, cart, &act).is_ok();
        let verb = if done {
            Verb::Act { at: site.into(), cart: cart.into(), act }
        } else {
            Verb::Advance { ms: 0 }
        };
        self.steps.push(step(verb));
        done
    }

    /// Merges a guest cart at a site, for the first time or again.
    pub(super) fn merge(&mut self, site: &str, guest: &str) -> bool {
        let policy = MergePolicy::of(self.subject.known().clone()).with_loser(self.loser);
        self.act(site, ACCOUNT, Act::Merge { guest: guest.into(), policy })
    }

    /// Takes a merge back.
    pub(super) fn unmerge(&mut self, guest: &str) -> bool {
        self.act("laptop", ACCOUNT, Act::Unmerge { guest: guest.into() })
    }

    /// A moment passes.
    pub(super) fn idle(&mut self) {
        self.moment(Verb::Advance { ms: 0 });
    }

    fn sync(&mut self, sites: &[&str]) {
        let there: Vec<String> = self.world.sites().map(str::to_owned).collect();
        let sites: Vec<String> =
            there.into_iter().filter(|at| sites.contains(&at.as_str())).collect();
        if sites.len() < 2 {
            return self.idle();
        }
        self.moment(Verb::Sync(Some(sites)));
    }

    /// Two devices of a cart exchange, whether they have acted before or not.
    fn both(&mut self, cart: &str, sites: [&str; 2]) {
        for site in sites {
            let _ = self.world.replica(site, cart);
        }
        self.sync(&sites);
    }

    fn moment(&mut self, verb: Verb) {
        self.world.tick();
        match &verb {
            Verb::Sync(Some(sites)) => self.world.share(sites),
            Verb::Sync(None) => self.meet(),
            Verb::Clock { at, skew_ms } => self.world.skew(at, *skew_ms),
            _ => {}
        }
        self.steps.push(step(verb));
    }

    fn meet(&mut self) {
        if std::mem::replace(&mut self.settled, true) {
            return;
        }
        let all: Vec<String> = self.world.sites().map(str::to_owned).collect();
        self.world.share(&all);
    }
}

fn step(verb: Verb) -> Step {
    Step { line: 0, fails: None, verb }
}
