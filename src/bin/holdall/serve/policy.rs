//! What a merge means, from a file.
//!
//! ```toml
//! [browsing]
//! rule = "sum"
//! ceiling = 99
//! overrides = [{ lines = "GIFT-*", rule = "max" }]
//!
//! [checkout]
//! rule = "replace-with-guest"
//! loser = "save-for-later"
//! ```

use std::path::Path;

use holdall::authority::Policies;
use holdall::{Loser, MergePolicy, Quantity};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    browsing: Policy,
    checkout: Option<Policy>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    rule: String,
    ceiling: Option<u32>,
    loser: Option<LoserName>,
    #[serde(default)]
    overrides: Vec<Override>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LoserName {
    Hide,
    SaveForLater,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Override {
    lines: String,
    rule: String,
}

/// Reads the policies of a file. Without a table `checkout` there is one policy for all.
pub(super) fn read(path: &Path) -> Result<Policies, String> {
    let at = |error: String| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| at(error.to_string()))?;
    parse(&text).map_err(at)
}

fn parse(text: &str) -> Result<Policies, String> {
    let File { browsing, checkout } = toml::from_str(text).map_err(|error| error.to_string())?;
    let browsing = browsing.policy()?;
    Ok(match checkout {
        Some(checkout) => Policies { browsing, checkout: checkout.policy()? },
        None => Policies::always(browsing),
    })
}

impl Policy {
    fn policy(&self) -> Result<MergePolicy, String> {
        let mut policy = MergePolicy::rule(&self.rule).map_err(|error| error.to_string())?;
        for Override { lines, rule } in &self.overrides {
            policy = policy.with_override(lines, rule).map_err(|error| error.to_string())?;
        }
        if let Some(units) = self.ceiling {
            policy = policy.with_ceiling(Quantity::new(units).map_err(|error| error.to_string())?);
        }
        Ok(match self.loser {
            Some(LoserName::SaveForLater) => policy.with_loser(Loser::SaveForLater),
            Some(LoserName::Hide) | None => policy,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_file() {
        let text = "[browsing]\nrule = 'max'\nceiling = 99\noverrides = [{ lines = 'G-*', rule = 'sum' }]\n\
                    [checkout]\nrule = 'replace-with-guest'\nloser = 'save-for-later'";
        let policies = parse(text).expect("a policy");
        assert_ne!(policies.browsing, policies.checkout);
        let one = parse("[browsing]\nrule = 'max'").expect("a policy");
        assert_eq!(one.browsing, one.checkout);
        for odd in ["", "[browsing]\nrule = ''", "[browsing]\nrule = 'max'\nceilling = 3"] {
            assert!(parse(odd).is_err(), "{odd}");
        }
    }
}
