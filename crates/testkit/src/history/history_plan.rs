//! Histories as data: who does what, and what the network delivers.

use super::pick::Pick;
use crate::shrink::{Shrink, nearer, shorter};
/// Action of a shopper or a server in a history. Numbers pick among the carts, rows and rules that
/// exist when it happens.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are what the words say")]
pub enum HistoryAction {
    /// One of the shopper's verbs.
    Shop(Pick),
    /// Buy the active list.
    Order,
    /// Merge a guest cart, as one of its two devices has it.
    Merge { guest: u8, copy: u8, rule: u8, save_loser: bool, ceiling: bool },
    /// Take in what a merged guest's device wrote late.
    Absorb { guest: u8, copy: u8 },
    /// Take a merge back.
    Unmerge { guest: u8 },
    /// Let everything expire that is seen.
    Expire,
}

/// A step of a history. `who` counts through the account's writers and then the guests'.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HistoryStep {
    /// Somebody does something.
    Act(u8, HistoryAction),
    /// One of the deltas of its cart reaches a replica, whichever and however often.
    Deliver {
        /// To whom.
        to: u8,
        /// Which of them.
        which: u16,
    },
    /// Two replicas of one cart exchange in full.
    Exchange {
        /// One.
        a: u8,
        /// The other.
        b: u8,
    },
}

/// A whole history.
#[derive(Clone, Debug)]
pub struct History {
    /// How many write to the account's cart.
    pub writers: usize,
    /// How many guest carts there are, of two devices each.
    pub guests: usize,
    /// By how many milliseconds each writer's clock is off.
    pub skew: Vec<i32>,
    /// What happens.
    pub steps: Vec<HistoryStep>,
}

/// Returns the name under which an action is counted.
#[must_use]
pub fn name_of(action: HistoryAction) -> String {
    match action {
        HistoryAction::Shop(pick) => return pick.name(),
        HistoryAction::Order => "order",
        HistoryAction::Merge { .. } => "merge",
        HistoryAction::Absorb { .. } => "absorb",
        HistoryAction::Unmerge { .. } => "unmerge",
        HistoryAction::Expire => "expire",
    }
    .into()
}

impl HistoryAction {
    fn shrink(self) -> Vec<Self> {
        match self {
            Self::Shop(pick) => pick.shrink().into_iter().map(Self::Shop).collect(),
            Self::Merge { guest, copy, rule, save_loser, ceiling } if save_loser || ceiling => {
                let with =
                    |save_loser, ceiling| Self::Merge { guest, copy, rule, save_loser, ceiling };
                let both = [with(false, ceiling), with(save_loser, false)];
                both.into_iter().filter(|simpler| *simpler != self).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Shrink for History {
    fn shrink(&self) -> Vec<Self> {
        let with = |steps: Vec<HistoryStep>| Self { steps, ..self.clone() };
        // Few actions and what belongs to them; then few exchanges.
        let mut found: Vec<Self> = shorter(&self.steps).into_iter().map(with).collect();
        let knows = |step: &HistoryStep| !matches!(step, HistoryStep::Act(..));
        if self.steps.iter().any(knows) {
            found.push(with(self.steps.iter().filter(|step| !knows(step)).copied().collect()));
        }
        for (at, step) in self.steps.iter().enumerate() {
            let HistoryStep::Act(who, action) = *step else { continue };
            found.extend(action.shrink().into_iter().map(|action| {
                let mut steps = self.steps.clone();
                steps[at] = HistoryStep::Act(who, action);
                with(steps)
            }));
        }
        for (at, skew) in self.skew.iter().enumerate() {
            found.extend(nearer(*skew).into_iter().map(|near| {
                let mut history = self.clone();
                history.skew[at] = near;
                history
            }));
        }
        found
    }
}
