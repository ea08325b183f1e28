//! Merge rules: what a merge of a guest cart into an account cart means, line by line.
//!
//! A [`MergePolicy`] is data inside the `Merge` entry; a [`Rule`] is the code that its name stands
//! for. A rule gets facts about the two sides of a line and answers which of them counts. It never
//! writes a number, so no rule can invent units or swallow a later edit.

mod builtin;
mod registry;
mod rule;

pub use builtin::builtin;
pub use registry::{Registry, RegistryError};
pub use rule::{Choice, MergeInput, MergeSide, Rule, RuleScope};

pub use crate::cart::{
    LinePolicy, LosingUnits, MergePolicy, Override, PolicyError, RuleRef, SkuPattern,
};
