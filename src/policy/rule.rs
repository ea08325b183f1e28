//! What a merge rule is, and what it may know.

use alloc::sync::Arc;

use crate::cart::{List, Register};
use crate::clock::Time;
use crate::id::LineKey;

/// One side of a line at the time of the merge, as a rule sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MergeSide<'a> {
    /// Its visible units; 0 only for whole-cart rules, on a line the side does not have.
    pub units: u64,
    /// The time of its latest contribution.
    pub latest: Time,
    /// Its registers on the line (note, gift option, attributes), sorted.
    pub registers: &'a [&'a Register],
}

/// What a rule may know of a line. Nothing else: not who, not the order of arrival, not other
/// lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MergeInput<'a> {
    /// The line.
    pub line: &'a LineKey,
    /// In which list: the two lists merge separately.
    pub list: List,
    /// The account's side, with the guests that were merged before.
    pub account: MergeSide<'a>,
    /// The guest's side.
    pub guest: MergeSide<'a>,
}

/// Which side of a line counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// Both: one row with the sum.
    Both,
    /// The account's; the guest's loses.
    Account,
    /// The guest's; the account's loses.
    Guest,
    /// Both, as two rows.
    Split,
    /// Both, as two rows and a question to the shopper.
    Ask,
}

/// On what a rule decides.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum RuleScope {
    /// On a line that both sides have. Elsewhere both count.
    #[default]
    Line,
    /// On every line, if both sides have anything in that list of the cart: an empty cart never
    /// wins.
    Cart,
}

/// A merge rule. Users' own rules implement it and go into a [`Registry`](super::Registry).
///
/// A rule must be pure and total, and must not care for the order of entries inside a side. It is
/// known by name and version: a changed outcome is a new version.
///
/// ```
/// use holdall::policy::{Choice, MergeInput};
/// use holdall::Rule;
/// /// The guest's side, if it is a bulk order.
/// struct Bulk;
/// impl Rule for Bulk {
///     fn name(&self) -> &str { "bulk" }
///     fn choose(&self, facts: &MergeInput<'_>) -> Choice {
///         if facts.guest.units >= 100 { Choice::Guest } else { Choice::Both }
///     }
/// }
/// ```
pub trait Rule: Send + Sync {
    /// Its name, as policies use it.
    fn name(&self) -> &str;

    /// Its version, from 1.
    fn version(&self) -> u32 {
        1
    }

    /// On what it decides.
    fn reach(&self) -> RuleScope {
        RuleScope::Line
    }

    /// Which side counts.
    fn choose(&self, facts: &MergeInput<'_>) -> Choice;

    /// Why, in a few words that follow "because".
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

/// A rule that is used in several places.
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
