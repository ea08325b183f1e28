//! A merge policy: a rule's name, or a table.

use super::parsed::Parsed;
use crate::scenario::raw::{RawPolicyTable, WordOr};
use holdall::cart::{LosingUnits, MergePolicy, Override, RuleRef, SkuPattern};
use holdall::id::RuleName;
use holdall::policy::Registry;
use holdall::quantity::Quantity;

pub(super) fn parse_policy(raw: WordOr<RawPolicyTable>, rules: &Registry) -> Parsed<MergePolicy> {
    let table = match raw {
        WordOr::Word(rule) => RawPolicyTable {
            rule,
            version: None,
            loser: None,
            ceiling: None,
            overrides: Vec::new(),
        },
        WordOr::Other(table) => table,
    };
    let rule = |name: &str, version: Option<u32>| {
        let name = RuleName::new(name).map_err(|e| format!("merge: policy: rule: {e}"))?;
        let rule = RuleRef { name, version: version.unwrap_or(1) };
        match (rules.get(&rule), version) {
            (Some(_), _) => Ok(rule),
            (None, None) => Err(format!("merge: policy: rule: there is no rule {:?}", rule.name)),
            (None, Some(_)) => Err(format!("merge: policy: rule: there is no rule {rule}")),
        }
    };
    let loser = |word: &str| match word {
        "hide" => Ok(LosingUnits::Hide),
        "save-for-later" => Ok(LosingUnits::SaveForLater),
        _ => Err(format!("merge: policy: loser: {word:?} is not \"hide\" or \"save-for-later\"")),
    };
    let ceiling =
        |units: i64| Quantity::new(units).map_err(|e| format!("merge: policy: ceiling: {e}"));
    let mut policy = MergePolicy::of(rule(&table.rule, table.version)?);
    policy.ceiling = table.ceiling.map(ceiling).transpose()?;
    policy.loser = table.loser.as_deref().map(loser).transpose()?.unwrap_or_default();
    for other in table.overrides {
        let lines =
            SkuPattern::new(&other.sku).map_err(|e| format!("merge: overrides: sku: {e}"))?;
        let other = Override {
            lines,
            rule: other.rule.map(|name| rule(&name, other.version)).transpose()?,
            ceiling: other.ceiling.map(ceiling).transpose()?,
            loser: other.loser.as_deref().map(loser).transpose()?,
        };
        policy = policy.with(other).map_err(|e| format!("merge: overrides: {e}"))?;
    }
    Ok(policy)
}
