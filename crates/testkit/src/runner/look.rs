//! Looking at the runner, and telling what was seen there as a story.

use super::scenario_runner::ScenarioRunner;
use super::visible_row::{VisibleRows, expect, rows};
use crate::action::ACCOUNT;
use crate::law::Law;
use crate::scenario::Story;
use crate::scenario::story::{ExpectView, StepKind, StoryStep};
use crate::scenario::world::cart_id;
use holdall::cart::Delta;
use holdall::id::ReplicaId;
use holdall::replica::Replica;
use holdall::view::{Explanation, View};

impl ScenarioRunner<'_> {
    /// Looks at the account's cart on the laptop, and expects what is seen there; or just lets the
    /// moment pass.
    pub(super) fn look(&mut self, really: bool) {
        if !really {
            return self.idle();
        }
        let seen = self.seen();
        self.looked = Some(seen.clone());
        let expect = ExpectView { at: Some("laptop".into()), ..expect(&seen) };
        self.moment(StepKind::Expect(expect));
    }

    /// Returns the rows seen at the last look, if there was one.
    pub(crate) fn last_look(&self) -> Option<VisibleRows> {
        self.looked.clone()
    }

    /// Tells the story so that something else was expected there.
    pub(crate) fn expect_at_last_look(&mut self, rows: &VisibleRows) {
        let look = self.steps.iter_mut().rev().find_map(|step| match &mut step.verb {
            StepKind::Expect(look) => Some(look),
            _ => None,
        });
        if let Some(look) = look {
            *look = ExpectView { at: look.at.clone(), ..expect(rows) };
        }
    }

    /// Returns what a cart shows on the laptop after a full exchange.
    pub(crate) fn final_rows(&mut self, cart: &str) -> VisibleRows {
        if !self.world.has("laptop", cart) {
            let _ = self.world.replica("laptop", cart);
            self.settled = false;
        }
        self.meet();
        rows(&self.world.view("laptop", cart))
    }

    /// Returns what the account's cart shows on the laptop.
    pub(crate) fn seen(&mut self) -> VisibleRows {
        rows(&self.world.view("laptop", ACCOUNT))
    }

    /// Returns the view of the account's cart at a site.
    pub(crate) fn view(&mut self, site: &str) -> View {
        self.world.view(site, ACCOUNT)
    }

    /// Explains the account's cart on the laptop.
    pub(crate) fn explain(&mut self) -> Vec<Explanation> {
        self.world.replica("laptop", ACCOUNT).explain()
    }

    /// Returns the state of the account's cart on the laptop.
    pub(crate) fn cart(&mut self) -> holdall::cart::Cart {
        self.world.replica("laptop", ACCOUNT).cart().clone()
    }

    /// Returns what the account's cart shows if its deltas are delivered in other ways: as they
    /// were written, in reverse, and with every second delta repeated in front.
    pub(crate) fn delivered(&self) -> Vec<VisibleRows> {
        let made = self.world.made().iter().filter(|(cart, _)| cart == ACCOUNT);
        let forth: Vec<&Delta> = made.map(|(_, delta)| delta).collect();
        let back: Vec<&Delta> = forth.iter().rev().copied().collect();
        let mixed: Vec<&Delta> =
            forth.iter().skip(1).step_by(2).chain(&back).chain(&forth).copied().collect();
        let told = |deltas: Vec<&Delta>| {
            let id = ReplicaId::from_u128(u128::MAX);
            let replica = Replica::new(cart_id(ACCOUNT), id);
            let mut replica = replica.with_rules(self.subject.rules.clone());
            for delta in deltas {
                let _ = replica.join(delta);
            }
            rows(&replica.view())
        };
        [forth, back, mixed].map(told).into()
    }

    /// Returns the run as a story that expects these rows of the account's cart.
    pub(crate) fn story(&self, law: Law, rows: &VisibleRows) -> Story {
        let mut steps = self.steps.clone();
        let waits =
            |step: &StoryStep| matches!(step.verb, StepKind::Sync(None) | StepKind::Advance { .. });
        while steps.last().is_some_and(waits) {
            steps.pop();
        }
        Story {
            name: format!("{} keeps the law {law}", self.subject.known().name),
            why: Some(law.sentence().into()),
            ceiling: self.ceiling,
            steps,
            expect: vec![expect(rows)],
        }
    }
}
