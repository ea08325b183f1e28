//! The trait of merge rules, and the input that a rule may use.

use alloc::sync::Arc;

use crate::cart::{List, Register};
use crate::clock::Time;
use crate::id::LineKey;

/// One side of a line at the time of the merge, as a merge rule sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MergeSide<'a> {
    /// Visible units. 0 occurs only for rules with [`RuleScope::Cart`], on a line that this side
    /// does not have.
    pub units: u64,
    /// Time of the latest contribution of this side.
    pub latest: Time,
    /// Registers of this side on the line (note, gift option, attributes), sorted by key.
    pub registers: &'a [&'a Register],
}

/// Input of a merge rule: all that a rule may know about a line. Who wrote it, the order of arrival
/// and other lines are left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MergeInput<'a> {
    /// Line that is decided.
    pub line: &'a LineKey,
    /// List that is decided. The two lists merge separately.
    pub list: List,
    /// Side of the account, including the guests that were merged before.
    pub account: MergeSide<'a>,
    /// Side of the guest.
    pub guest: MergeSide<'a>,
}

/// Decision of a merge rule: which side of a line counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// Both sides count, in one row with the sum.
    Both,
    /// The account's side counts, and the guest's side loses.
    Account,
    /// The guest's side counts, and the account's side loses.
    Guest,
    /// Both sides count, as two rows.
    Split,
    /// Both sides count, as two rows, and the shopper is asked.
    Ask,
}

/// Lines that a merge rule decides on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum RuleScope {
    /// Lines that both sides have. On every other line both sides count.
    #[default]
    Line,
    /// Every line, provided that both sides have units in that list of the cart. An empty cart
    /// therefore never wins.
    Cart,
}

/// Merge rule. Implement it for a rule of your own, and add that to a
/// [`Registry`](super::Registry).
///
/// A rule must be pure and total, and must not depend on the order of entries within a side. It is
/// known by name and version: a rule whose outcome changes needs a new version.
///
/// ```
/// use holdall::policy::{Choice, MergeInput};
/// use holdall::Rule;
/// /// Prefers the guest's side if it is a bulk order.
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

    /// Returns which lines the rule decides on.
    fn reach(&self) -> RuleScope {
        RuleScope::Line
    }

    /// Returns which side counts.
    fn choose(&self, facts: &MergeInput<'_>) -> Choice;

    /// Returns the reason of a choice, in a few words that follow "because".
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

/// Implements `Rule` for a reference to a rule, so that one rule can be used in several places.
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
