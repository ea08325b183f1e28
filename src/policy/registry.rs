//! The set of merge rules that a replica has.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::fmt;

use super::builtin::builtin;
use super::rule::Rule;
use crate::cart::RuleRef;
use crate::id::{RuleName, TextError};

/// Reason why a rule was not registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The name of the rule is not a valid [`RuleName`].
    #[error(transparent)]
    Name(#[from] TextError),
    /// A rule of that name and version exists. A rule whose outcome changes needs a new version.
    #[error("there is a rule {rule} already: give a changed rule a new version")]
    Taken {
        /// Name and version that are taken.
        rule: RuleRef,
    },
}

/// Set of the merge rules that a replica has, by name and version. The default has the [rules of
/// this library](super::builtin).
///
/// A replica that meets a policy with a rule it lacks still converges: the line shows both sides
/// apart, with a notice, until the rule is registered.
///
/// ```
/// use holdall::policy::{Choice, MergeInput};
/// use holdall::{Registry, Rule};
/// struct Never;
/// impl Rule for Never {
///     fn name(&self) -> &str { "never" }
///     fn choose(&self, _: &MergeInput<'_>) -> Choice { Choice::Account }
/// }
/// let rules = Registry::default().with(Never)?;
/// assert!(rules.with(Never).is_err()); // that version is taken
/// # Ok::<(), holdall::policy::RegistryError>(())
/// ```
#[derive(Clone, Default)]
pub struct Registry {
    /// Own rules, shared by all clones; `None` if there are none, which is the most frequent case.
    own: Option<Arc<OwnRules>>,
}

type OwnRules = BTreeMap<RuleRef, Arc<dyn Rule>>;

impl Registry {
    /// Returns this registry with one more rule.
    ///
    /// # Errors
    /// Fails if the name of the rule is not valid, or if its name and version are taken.
    pub fn with(&self, rule: impl Rule + 'static) -> Result<Self, RegistryError> {
        let key = RuleRef { name: RuleName::new(rule.name())?, version: rule.version() };
        if self.get(&key).is_some() {
            return Err(RegistryError::Taken { rule: key });
        }
        let mut more = self.clone();
        more.own_mut().insert(key, Arc::new(rule));
        Ok(more)
    }

    /// Returns this registry with `rule` under `key`, in place of any rule of that name and
    /// version, built-in rules included. Test kits use it to observe rules.
    #[must_use]
    pub fn with_instead(mut self, key: RuleRef, rule: Arc<dyn Rule>) -> Self {
        self.own_mut().insert(key, rule);
        self
    }

    /// Returns the rule of a name and version.
    #[must_use]
    pub fn get(&self, rule: &RuleRef) -> Option<&dyn Rule> {
        let same =
            |own: &&dyn Rule| own.version() == rule.version && own.name() == rule.name.as_str();
        let own = self.own.as_ref().and_then(|own| own.get(rule));
        own.map(|own| &**own).or_else(|| builtin().find(same))
    }

    fn own_mut(&mut self) -> &mut OwnRules {
        Arc::make_mut(self.own.get_or_insert_default())
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.own.iter().flat_map(|own| own.keys())).finish()
    }
}
