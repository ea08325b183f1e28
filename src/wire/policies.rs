//! The encoding of merge policies.

use alloc::vec::Vec;

use super::bytes::{ByteReader, ByteWriter};
use super::error::BoxedError;
use super::values::{read_quantity, text};
use crate::cart::{LosingUnits, MergePolicy, Override, RuleRef, SkuPattern};
use crate::id::RuleName;
use crate::limits;
use crate::quantity::Quantity;

/// Writes a reference to a rule: its name and its version.
fn write_rule(out: &mut ByteWriter, rule: &RuleRef) {
    text(out, rule.name.as_str());
    out.number(u64::from(rule.version));
}

/// Reads a reference to a rule.
fn read_rule(input: &mut ByteReader<'_>) -> Result<RuleRef, BoxedError> {
    Ok(RuleRef { name: input.parsed(RuleName::new)?, version: input.small()? })
}

/// Writes the treatment of losing units as a flag: 1 saves them for later.
fn write_loser(out: &mut ByteWriter, loser: LosingUnits) {
    out.flag(loser == LosingUnits::SaveForLater);
}

/// Reads the treatment of losing units from a flag: 1 saves them for later.
fn read_loser(input: &mut ByteReader<'_>) -> Result<LosingUnits, BoxedError> {
    Ok(if input.flag()? { LosingUnits::SaveForLater } else { LosingUnits::Hide })
}

/// Writes a merge policy with its overrides.
pub(super) fn write_policy(out: &mut ByteWriter, policy: &MergePolicy) {
    let ceiling = |out: &mut ByteWriter, units: Quantity| out.number(u64::from(units.get()));
    write_rule(out, &policy.rule);
    out.maybe(policy.ceiling, ceiling);
    write_loser(out, policy.loser);
    // Overrides keep their order: the first that matches a line applies.
    out.count(policy.overrides.len());
    for other in &policy.overrides {
        text(out, other.lines.as_str());
        out.maybe(other.rule.as_ref(), write_rule);
        out.maybe(other.ceiling, ceiling);
        out.maybe(other.loser, write_loser);
    }
}

/// Reads a merge policy with at most [`limits::OVERRIDES`] overrides.
pub(super) fn read_policy(input: &mut ByteReader<'_>) -> Result<MergePolicy, BoxedError> {
    let rule = read_rule(input)?;
    let ceiling = input.maybe(read_quantity)?;
    let loser = read_loser(input)?;
    let count = input.count(5, "overrides", limits::OVERRIDES)?;
    // An override may replace the rule, the ceiling or the treatment of losing units.
    let mut overrides = Vec::with_capacity(count);
    for _ in 0..count {
        overrides.push(Override {
            lines: input.parsed(SkuPattern::new)?,
            rule: input.maybe(read_rule)?,
            ceiling: input.maybe(read_quantity)?,
            loser: input.maybe(read_loser)?,
        });
    }
    Ok(MergePolicy { rule, overrides, ceiling, loser })
}
