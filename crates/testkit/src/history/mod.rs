//! Histories: what shoppers and servers do, and what the network does to it, as plain data, so that
//! a failing history shrinks to a short one.

mod verbs;
mod world;

pub use verbs::{ENGRAVING, OWN_RULE, RULES, gift, line, policy, price, quantity, shipping, text};
pub use world::{ACCOUNT, Acted, GUESTS, Node, World, converse};

use super::simpler::{Simpler, nearer, shorter, smaller};

/// What a shopper or a server does. Numbers pick among what is there when it happens.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are what the words say")]
pub enum Action {
    /// So many more of a line.
    Add { line: u8, units: u32 },
    /// So many more on a row of the active list.
    AddToRow { row: u8, units: u32 },
    /// Make a line so many, in one of its lists.
    Set { line: u8, saved: bool, units: u32 },
    /// Make a row so many.
    SetRow { row: u8, units: u32 },
    /// Take a row out.
    Remove { row: u8 },
    /// Take out a whole list.
    Clear { saved: bool },
    /// Move a row to the other list.
    Relocate { row: u8 },
    /// Write a note on a row, or clear it.
    Note { row: u8, text: Option<u8> },
    /// Write the gift option of a row, or clear it.
    Gift { row: u8, gift: Option<u8> },
    /// Write what to engrave on a row, or clear it.
    Engrave { row: u8, text: Option<u8> },
    /// Write the cart's note, or clear it.
    CartNote { text: Option<u8> },
    /// Choose a shipping option, or none.
    Shipping { option: Option<u8> },
    /// Use a coupon.
    Coupon { code: u8 },
    /// Drop it.
    DropCoupon { code: u8 },
    /// Give consent, or revoke it.
    Consent { given: bool },
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
pub enum Step {
    /// Somebody does something.
    Act(u8, Action),
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
    pub steps: Vec<Step>,
}

/// What an action is called.
#[must_use]
pub const fn name_of(action: Action) -> &'static str {
    match action {
        Action::Add { .. } => "add",
        Action::AddToRow { .. } => "add to a row",
        Action::Set { .. } => "set",
        Action::SetRow { .. } => "set a row",
        Action::Remove { .. } => "remove",
        Action::Clear { .. } => "clear",
        Action::Relocate { .. } => "relocate",
        Action::Note { .. } => "note",
        Action::Gift { .. } => "gift",
        Action::Engrave { .. } => "engrave",
        Action::CartNote { .. } => "cart note",
        Action::Shipping { .. } => "shipping",
        Action::Coupon { .. } => "coupon",
        Action::DropCoupon { .. } => "drop coupon",
        Action::Consent { .. } => "consent",
        Action::Order => "order",
        Action::Merge { .. } => "merge",
        Action::Absorb { .. } => "absorb",
        Action::Unmerge { .. } => "unmerge",
        Action::Expire => "expire",
    }
}

impl Action {
    fn simpler(self) -> Vec<Self> {
        let units =
            |units, with: &dyn Fn(u32) -> Self| smaller(units, 1).into_iter().map(with).collect();
        match self {
            Self::Add { line, units: n } => units(n, &|units| Self::Add { line, units }),
            Self::AddToRow { row, units: n } => units(n, &|units| Self::AddToRow { row, units }),
            Self::Set { line, saved, units: n } => {
                units(n, &|units| Self::Set { line, saved, units })
            }
            Self::SetRow { row, units: n } => units(n, &|units| Self::SetRow { row, units }),
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

impl Simpler for History {
    fn simpler(&self) -> Vec<Self> {
        let with = |steps: Vec<Step>| Self { steps, ..self.clone() };
        // Few actions and what belongs to them; then few exchanges.
        let mut found: Vec<Self> = shorter(&self.steps).into_iter().map(with).collect();
        let knows = |step: &Step| !matches!(step, Step::Act(..));
        if self.steps.iter().any(knows) {
            found.push(with(self.steps.iter().filter(|step| !knows(step)).copied().collect()));
        }
        for (at, step) in self.steps.iter().enumerate() {
            let Step::Act(who, action) = *step else { continue };
            found.extend(action.simpler().into_iter().map(|action| {
                let mut steps = self.steps.clone();
                steps[at] = Step::Act(who, action);
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
