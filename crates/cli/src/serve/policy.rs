//! Merge policies from a file, in the form that stories have them in.
//!
//! ```toml
//! [browsing]
//! rule = "sum"
//! ceiling = 99
//! overrides = [{ sku = "GIFT-*", rule = "max" }]
//!
//! [checkout]
//! rule = "replace-with-guest"
//! loser = "save-for-later"
//! ```

use std::path::Path;

use holdall::cart::{LosingUnits, Override, RuleRef, SkuPattern};
use holdall::{MergePolicy, Quantity, Registry};
use holdall_authority::Policies;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    browsing: PolicyTable,
    checkout: Option<PolicyTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyTable {
    rule: String,
    ceiling: Option<i64>,
    loser: Option<LoserName>,
    #[serde(default)]
    overrides: Vec<OtherLines>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum LoserName {
    Hide,
    SaveForLater,
}

/// Another treatment of some lines; what is left out is the policy's own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OtherLines {
    sku: String,
    rule: Option<String>,
    ceiling: Option<i64>,
    loser: Option<LoserName>,
}

/// Reads the policies of a file. Without a table `checkout` there is one policy for all.
pub(super) fn read(path: &Path) -> Result<Policies, String> {
    let at = |error: String| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| at(error.to_string()))?;
    parse(&text).map_err(at)
}

fn parse(text: &str) -> Result<Policies, String> {
    let PolicyFile { browsing, checkout } =
        toml::from_str(text).map_err(|error| error.to_string())?;
    let browsing = browsing.policy()?;
    Ok(match checkout {
        Some(checkout) => Policies { browsing, checkout: checkout.policy()? },
        None => Policies::always(browsing),
    })
}

/// Looks up a rule of the library. A merge under an unknown rule would show every line apart and
/// refuse its checkout, for ever.
fn rule(name: &str) -> Result<RuleRef, String> {
    let rule = RuleRef::first(name).map_err(|error| error.to_string())?;
    let known = Registry::default().get(&rule).is_some();
    if known { Ok(rule) } else { Err(format!("there is no rule {name:?}")) }
}

fn ceiling(units: i64) -> Result<Quantity, String> {
    Quantity::new(units).map_err(|error| format!("ceiling: {error}"))
}

impl From<LoserName> for LosingUnits {
    fn from(name: LoserName) -> Self {
        match name {
            LoserName::Hide => Self::Hide,
            LoserName::SaveForLater => Self::SaveForLater,
        }
    }
}

impl PolicyTable {
    fn policy(&self) -> Result<MergePolicy, String> {
        let mut policy = MergePolicy::of(rule(&self.rule)?);
        policy.ceiling = self.ceiling.map(ceiling).transpose()?;
        policy.loser = self.loser.map(LosingUnits::from).unwrap_or_default();
        for other in &self.overrides {
            let lines = SkuPattern::new(&other.sku).map_err(|error| format!("sku: {error}"))?;
            let other = Override {
                lines,
                rule: other.rule.as_deref().map(rule).transpose()?,
                ceiling: other.ceiling.map(ceiling).transpose()?,
                loser: other.loser.map(LosingUnits::from),
            };
            policy = policy.with(other).map_err(|error| error.to_string())?;
        }
        Ok(policy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_file() {
        let text = "[browsing]\nrule = 'max'\nceiling = 99\noverrides = [{ sku = 'G-*', rule = 'sum' }]\n\
                    [checkout]\nrule = 'replace-with-guest'\nloser = 'save-for-later'";
        let policies = parse(text).expect("a policy");
        assert_ne!(policies.browsing, policies.checkout);
        let one = parse("[browsing]\nrule = 'max'").expect("a policy");
        assert_eq!(one.browsing, one.checkout);
        for odd in [
            "",
            "[browsing]\nrule = ''",
            "[browsing]\nrule = 'maxx'",
            "[browsing]\nrule = 'max'\nceilling = 3",
            "[browsing]\nrule = 'max'\nceiling = 0",
            "[browsing]\nrule = 'max'\noverrides = [{ sku = 'G-*', rule = 'summ' }]",
        ] {
            assert!(parse(odd).is_err(), "{odd}");
        }
    }
}
