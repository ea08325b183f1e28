//! The trait of merge rules, and the facts that a rule gets.

use alloc::sync::Arc;

use crate::cart::{List, Register};
use crate::clock::Time;
use crate::id::LineKey;

/// One side of a line at the time of a merge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MergeSide<'a> {
    /// The units shown. A side without the line has 0, which only rules for whole carts meet.
    pub units: u64,
    /// The time of the latest contribution.
    pub latest: Time,
    /// The registers on the line (note, gift option, attributes), sorted.
    pub registers: &'a [&'a Register],
}

/// The facts about a line that a rule gets. They exclude the writers, the order of arrival and
/// other lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MergeInput<'a> {
    /// The line.
    pub line: &'a LineKey,
    /// The list. The two lists merge separately.
    pub list: List,
    /// The side of the account, with the guests that were merged before.
    pub account: MergeSide<'a>,
    /// The side of the guest.
    pub guest: MergeSide<'a>,
}

/// The side of a line that counts after a merge.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// Both sides count, in one row with their sum.
    Both,
    /// The account's side counts, and the guest's side loses.
    Account,
    /// The guest's side counts, and the account's side loses.
    Guest,
    /// Both sides count, in two rows.
    Split,
    /// Both sides count, in two rows, and the shopper is asked which to keep.
    Ask,
}

/// The lines on which a rule decides.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum RuleScope {
    /// The rule decides on lines that both sides have. On other lines, both sides count.
    #[default]
    Line,
    /// The rule decides on every line of a list in which both carts have contributions. An empty
    /// cart never wins.
    Cart,
}

/// A merge rule. A program implements it for its own rules and adds them to a
/// [`Registry`](super::Registry).
///
/// A rule must be pure and total, and independent of the order of entries inside a side. Policies
/// name it by name and version, so changed outcomes need a new version.
///
/// ```
/// use holdall::policy::{Choice, MergeInput};
/// use holdall::Rule;
/// /// Chooses the guest's side if it is a bulk order.
/// struct Bulk;
/// impl Rule for Bulk {
///     fn name(&self) -> &str { "bulk" }
///     fn choose(&self, facts: &MergeInput<'_>) -> Choice {
///         if facts.guest.units >= 100 { Choice::Guest } else { Choice::Both }
///     }
/// }
/// ```
pub trait Rule: Send + Sync {
    /// Returns the name that policies use.
    fn name(&self) -> &str;

    /// Returns the version, from 1.
    fn version(&self) -> u32 {
        1
    }

    /// Returns the lines on which the rule decides.
    fn reach(&self) -> RuleScope {
        RuleScope::Line
    }

    /// Returns the side that counts.
    fn choose(&self, facts: &MergeInput<'_>) -> Choice;

    /// Returns the reason for a choice, in a few words that follow "because".
    fn reason(&self, choice: Choice) -> &str {
        match choice {
            Choice::Both => "both carts count",
            Choice::Account => "the account's cart counts",
            Choice::Guest => "the guest cart counts",
            Choice::Split => "the two are kept apart",
            Choice::Ask => "the shopper is asked",
        }
    }
}

/// Implements [`Rule`] for a shared reference to a rule.
macro_rules! by_reference {
    ($reference:ty) => {
        impl<R: Rule + ?Sized> Rule for $reference {
            fn name(&self) -> &str {
                (**self).name()
            }

            fn version(&self) -> u32 {
                (**self).version()
            }

            fn reach(&self) -> RuleScope {
                (**self).reach()
            }

            fn choose(&self, facts: &MergeInput<'_>) -> Choice {
                (**self).choose(facts)
            }

            fn reason(&self, choice: Choice) -> &str {
                (**self).reason(choice)
            }
        }
    };
}

by_reference!(&R);
by_reference!(Arc<R>);
