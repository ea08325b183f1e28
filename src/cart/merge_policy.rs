//! Merge policies as data. A `Merge` entry carries its whole policy; [`policy`](crate::policy)
//! holds the rules that apply it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::id::{LineKey, RuleName, Sku, TextError};
use crate::limits;
use crate::quantity::Quantity;

/// Merge rule by name and version. A rule whose outcome changes gets a new version.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RuleRef {
    /// Name of the rule, such as `max`.
    pub name: RuleName,
    /// Version of the rule. The rules of this library have version 1.
    pub version: u32,
}

impl RuleRef {
    /// Refers to version 1 of a rule.
    ///
    /// # Errors
    /// Fails if the name is not a valid [`RuleName`].
    pub fn first(name: &str) -> Result<Self, TextError> {
        Ok(Self { name: RuleName::new(name)?, version: 1 })
    }
}

impl fmt::Display for RuleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} v{}", self.name, self.version)
    }
}

/// Treatment of the units of the side that lost a merge.
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
    /// The units show nowhere. They are kept, and an explanation names them.
    #[default]
    Hide,
    /// The units show in the saved list.
    SaveForLater,
}

/// Pattern that selects lines by SKU. `*` stands for any run of characters, also none.
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
    /// Fails if the pattern is empty, too long for a SKU, or has a control character.
    pub fn new(pattern: &str) -> Result<Self, TextError> {
        Ok(Self(Sku::new(pattern)?))
    }

    /// Returns the text of the pattern.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns whether the SKU of the line matches.
    #[must_use]
    pub fn matches(&self, line: &LineKey) -> bool {
        glob(self.0.as_str().as_bytes(), line.product().as_bytes())
    }
}

/// Matches `*` against any run of bytes, in time proportional to the product of the lengths.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // The last star, and the position in the text where the rest after it was last tried.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p) == Some(&text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            // Mismatch: let the last star take one byte more, and try the rest again.
            star = Some((at, from + 1));
            p = at + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    // Text is used up, so only stars may be left.
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// Exception of a merge policy for some lines. A field that is `None` leaves the policy's own
/// value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Override {
    /// Lines that the exception applies to.
    pub lines: SkuPattern,
    /// Merge rule for them.
    pub rule: Option<RuleRef>,
    /// Ceiling for them, in units.
    pub ceiling: Option<Quantity>,
    /// Treatment of the losing units on them.
    pub loser: Option<LosingUnits>,
}

/// Meaning of a merge, as data: a rule, overrides by line, a ceiling, and the treatment of losing
/// units.
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
    /// Rule for lines that no override matches.
    pub rule: RuleRef,
    /// Overrides, tried in order. The first that matches a line wins.
    pub overrides: Vec<Override>,
    /// Most units that a row may show if the merge contributed to it.
    pub ceiling: Option<Quantity>,
    /// Treatment of the units of the losing side.
    pub loser: LosingUnits,
}

/// Merge policy as it applies to one line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LinePolicy<'a> {
    /// Merge rule.
    pub rule: &'a RuleRef,
    /// Ceiling of the row, in units.
    pub ceiling: Option<Quantity>,
    /// Treatment of the losing units.
    pub loser: LosingUnits,
}

/// Reason why a merge policy is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The name of a rule or the pattern of an override is not valid.
    #[error(transparent)]
    Text(#[from] TextError),
    /// There are more overrides than [`limits::OVERRIDES`].
    #[error("more than {limit} overrides: use patterns", limit = limits::OVERRIDES)]
    TooManyOverrides,
}

impl MergePolicy {
    /// Makes a policy of one rule for every line, in version 1, without a ceiling and with losing
    /// units hidden.
    ///
    /// # Errors
    /// Fails if the name is not a valid [`RuleName`]. Whether a rule of that name exists is decided
    /// later, by the [`Registry`](crate::Registry).
    pub fn rule(name: &str) -> Result<Self, PolicyError> {
        Ok(Self::of(RuleRef::first(name)?))
    }

    /// Makes a policy of one rule for every line, without a ceiling and with losing units hidden.
    #[must_use]
    pub const fn of(rule: RuleRef) -> Self {
        Self { rule, overrides: Vec::new(), ceiling: None, loser: LosingUnits::Hide }
    }

    /// Adds an override of the rule for the lines that `pattern` matches.
    ///
    /// # Errors
    /// Fails if a name is not valid, or if there are [`limits::OVERRIDES`] overrides already.
    pub fn with_override(self, pattern: &str, rule: &str) -> Result<Self, PolicyError> {
        let lines = SkuPattern::new(pattern)?;
        let rule = Some(RuleRef::first(rule)?);
        self.with(Override { lines, rule, ceiling: None, loser: None })
    }

    /// Adds an override after the existing ones.
    ///
    /// # Errors
    /// Fails if there are [`limits::OVERRIDES`] overrides already.
    pub fn with(mut self, other: Override) -> Result<Self, PolicyError> {
        if self.overrides.len() == limits::OVERRIDES {
            return Err(PolicyError::TooManyOverrides);
        }
        self.overrides.push(other);
        Ok(self)
    }

    /// Sets the ceiling.
    #[must_use]
    pub const fn with_ceiling(mut self, ceiling: Quantity) -> Self {
        self.ceiling = Some(ceiling);
        self
    }

    /// Sets the treatment of losing units.
    #[must_use]
    pub const fn with_loser(mut self, loser: LosingUnits) -> Self {
        self.loser = loser;
        self
    }

    /// Returns what applies to `line`: the first override that matches, and the policy for the
    /// rest.
    #[must_use]
    pub fn for_line(&self, line: &LineKey) -> LinePolicy<'_> {
        let own = self.overrides.iter().find(|other| other.lines.matches(line));
        LinePolicy {
            rule: own.and_then(|other| other.rule.as_ref()).unwrap_or(&self.rule),
            ceiling: own.and_then(|other| other.ceiling).or(self.ceiling),
            loser: own.and_then(|other| other.loser).unwrap_or(self.loser),
        }
    }

    /// Iterates over every rule that the policy names.
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
