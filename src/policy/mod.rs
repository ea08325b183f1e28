//! Merge rules: the effect of a merge of a guest cart into an account cart, line by line.
//!
//! A [`MergePolicy`] is data inside the `Merge` entry. It names a [`Rule`], which is code. A rule
//! gets facts about the two sides of a line and chooses the side that counts. A rule never returns
//! a number, so no rule can create units or discard a later edit.

mod builtin;
mod registry;
mod rule;

pub use builtin::builtin;
pub use registry::{Registry, RegistryError};
pub use rule::{Choice, MergeInput, MergeSide, Rule, RuleScope};

pub use crate::cart::{
    LinePolicy, LosingUnits, MergePolicy, Override, PolicyError, RuleRef, SkuPattern,
};
