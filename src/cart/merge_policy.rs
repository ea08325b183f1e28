//! A merge policy as data: what a `Merge` entry carries, whole. What a rule makes of it is the
//! business of [`policy`](crate::policy).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::id::{LineKey, RuleName, Sku, TextError};
use crate::limits;
use crate::quantity::Quantity;

/// A merge rule by its name and version. A changed outcome is a new version.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RuleRef {
    /// The rule's name, such as `max`.
    pub name: RuleName,
    /// Its version; the rules of this library are at 1.
    pub version: u32,
}

impl RuleRef {
    /// Version 1 of a rule.
    ///
    /// # Errors
    /// The name is not one.
    pub fn first(name: &str) -> Result<Self, TextError> {
        Ok(Self { name: RuleName::new(name)?, version: 1 })
    }
}

impl fmt::Display for RuleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} v{}", self.name, self.version)
    }
}

/// Where the units of the side that lost are shown.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Debug,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum LosingUnits {
    /// Nowhere; they are kept, and `explain` names them.
    #[default]
    Hide,
    /// In the saved list.
    SaveForLater,
}

/// Lines by SKU: a pattern in which `*` stands for any run of characters.
///
/// ```
/// use holdall::cart::SkuPattern;
/// use holdall::LineKey;
/// let gifts = SkuPattern::new("GIFT-*")?;
/// assert!(gifts.matches(&LineKey::sku("GIFT-7")?));
/// assert!(!gifts.matches(&LineKey::sku("TEE")?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize)]
#[serde(transparent)]
pub struct SkuPattern(Sku);

impl SkuPattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// Empty, too long for a SKU, or with control characters.
    pub fn new(pattern: &str) -> Result<Self, TextError> {
        Ok(Self(Sku::new(pattern)?))
    }

    /// The pattern's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether the line's SKU matches.
    #[must_use]
    pub fn matches(&self, line: &LineKey) -> bool {
        glob(self.0.as_str().as_bytes(), line.product().as_bytes())
    }
}

/// Matches `*` against any run of bytes, in time proportional to the product of the lengths.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p) == Some(&text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// Another treatment for some lines; what is left out is the policy's own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Override {
    /// Which lines.
    pub lines: SkuPattern,
    /// The rule for them.
    pub rule: Option<RuleRef>,
    /// The ceiling for them.
    pub ceiling: Option<Quantity>,
    /// Where their losing side shows.
    pub loser: Option<LosingUnits>,
}

/// What a merge means, as data: a rule, overrides by line, a ceiling, and where the losing side
/// shows.
///
/// ```
/// use holdall::{LineKey, MergePolicy};
/// let policy = MergePolicy::rule("max")?.with_override("GIFT-*", "sum")?;
/// assert_eq!(policy.for_line(&LineKey::sku("GIFT-7")?).rule.name.as_str(), "sum");
/// assert_eq!(policy.for_line(&LineKey::sku("TEE")?).rule.name.as_str(), "max");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MergePolicy {
    /// The rule where no override matches.
    pub rule: RuleRef,
    /// Tried in order; the first that matches a line wins.
    pub overrides: Vec<Override>,
    /// The most that a row may show which the merge had a hand in.
    pub ceiling: Option<Quantity>,
    /// Where the losing side shows.
    pub loser: LosingUnits,
}

/// A policy as it applies to one line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LinePolicy<'a> {
    /// The rule.
    pub rule: &'a RuleRef,
    /// The ceiling.
    pub ceiling: Option<Quantity>,
    /// Where the losing side shows.
    pub loser: LosingUnits,
}

/// A policy with more overrides than [`limits::OVERRIDES`], or with a name that is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A name in it is not one.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Too many overrides.
    #[error("more than {limit} overrides: use patterns", limit = limits::OVERRIDES)]
    TooManyOverrides,
}

impl MergePolicy {
    /// One rule for every line, in version 1; no ceiling; the losing side hidden.
    ///
    /// # Errors
    /// The name is not one. A name that no rule has is no error: see
    /// [`Registry`](crate::Registry).
    pub fn rule(name: &str) -> Result<Self, PolicyError> {
        Ok(Self::of(RuleRef::first(name)?))
    }

    /// One rule for every line; no ceiling; the losing side hidden.
    #[must_use]
    pub const fn of(rule: RuleRef) -> Self {
        Self { rule, overrides: Vec::new(), ceiling: None, loser: LosingUnits::Hide }
    }

    /// Adds an override of the rule for the lines that `pattern` matches.
    ///
    /// # Errors
    /// A name is not one, or there are too many overrides.
    pub fn with_override(self, pattern: &str, rule: &str) -> Result<Self, PolicyError> {
        let lines = SkuPattern::new(pattern)?;
        let rule = Some(RuleRef::first(rule)?);
        self.with(Override { lines, rule, ceiling: None, loser: None })
    }

    /// Adds an override.
    ///
    /// # Errors
    /// There are [`limits::OVERRIDES`] already.
    pub fn with(mut self, other: Override) -> Result<Self, PolicyError> {
        if self.overrides.len() == limits::OVERRIDES {
            return Err(PolicyError::TooManyOverrides);
        }
        self.overrides.push(other);
        Ok(self)
    }

    /// The same with a ceiling.
    #[must_use]
    pub const fn with_ceiling(mut self, ceiling: Quantity) -> Self {
        self.ceiling = Some(ceiling);
        self
    }

    /// The same with another place for the losing side.
    #[must_use]
    pub const fn with_loser(mut self, loser: LosingUnits) -> Self {
        self.loser = loser;
        self
    }

    /// What applies to `line`.
    #[must_use]
    pub fn for_line(&self, line: &LineKey) -> LinePolicy<'_> {
        let own = self.overrides.iter().find(|other| other.lines.matches(line));
        LinePolicy {
            rule: own.and_then(|other| other.rule.as_ref()).unwrap_or(&self.rule),
            ceiling: own.and_then(|other| other.ceiling).or(self.ceiling),
            loser: own.and_then(|other| other.loser).unwrap_or(self.loser),
        }
    }

    /// Every rule it names.
    pub fn rules(&self) -> impl Iterator<Item = &RuleRef> {
        core::iter::once(&self.rule).chain(self.overrides.iter().filter_map(|o| o.rule.as_ref()))
    }
}

impl fmt::Display for MergePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::from(self.rule.name.as_str());
        if !self.overrides.is_empty() {
            text.push_str(" with overrides");
        }
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn globs() {
        for (pattern, text, matches) in [
            ("GIFT-*", "GIFT-", true),
            ("*", "", true),
            ("*-X", "A-B-X", true),
            ("A*C*E", "ABCDE", true),
            ("A*C", "ABCD", false),
            ("AB", "A", false),
        ] {
            assert_eq!(glob(pattern.as_bytes(), text.as_bytes()), matches, "{pattern} {text}");
        }
    }
}
