//! Merge rules: what the merge of a guest cart into an account's cart means, line by line.
//!
//! A [`MergePolicy`] is data in the `Merge` entry and names rules; a [`Rule`] is the code behind a
//! name. A rule reads a summary of the two sides of a line and answers which of them counts. It
//! never writes a number, so no rule can invent units or undo a later edit.

mod builtin;
mod registry;
mod rule;

pub use builtin::builtin;
pub use registry::{Registry, RegistryError};
pub use rule::{Choice, MergeInput, MergeSide, Rule, RuleScope};

pub use crate::cart::{
    LinePolicy, LosingUnits, MergePolicy, Override, PolicyError, RuleRef, SkuPattern,
};
