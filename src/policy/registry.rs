//! The registry of merge rules.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::fmt;

use super::builtin::builtin;
use super::rule::Rule;
use crate::cart::RuleRef;
use crate::id::{RuleName, TextError};

/// The reason why a registry refused a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The name of the rule is invalid.
    #[error(transparent)]
    Name(#[from] TextError),
    /// The registry has a rule of this name and version. A rule with changed outcomes needs a new
    /// version.
    #[error("there is a rule {rule} already: give a changed rule a new version")]
    Taken {
        /// The name and the version.
        rule: RuleRef,
    },
}

/// The merge rules of a replica, by name and version: the built-in rules, which the default has,
/// and rules of the program.
///
/// A replica still converges without a rule that a policy names. Until the rule is registered, the
/// line shows both sides and has a notice.
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
    /// The rules of the program, shared between clones. `None` without such rules.
    own: Option<Arc<OwnRules>>,
}

/// Rules by name and version.
type OwnRules = BTreeMap<RuleRef, Arc<dyn Rule>>;

impl Registry {
    /// Returns a registry with a further rule.
    ///
    /// # Errors
    /// Returns an error if the rule's name is invalid, or its name and version are taken.
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
    /// version. Test kits use it to observe rules, including built-in rules.
    #[must_use]
    pub fn with_instead(mut self, key: RuleRef, rule: Arc<dyn Rule>) -> Self {
        self.own_mut().insert(key, rule);
        self
    }

    /// Returns the rule of a name and a version.
    #[must_use]
    pub fn get(&self, rule: &RuleRef) -> Option<&dyn Rule> {
        // A rule of the program replaces a built-in rule of equal name and version.
        let same =
            |own: &&dyn Rule| own.version() == rule.version && own.name() == rule.name.as_str();
        let own = self.own.as_ref().and_then(|own| own.get(rule));
        own.map(|own| &**own).or_else(|| builtin().find(same))
    }

    /// Returns the rules of the program for a change, and copies them if they are shared.
    fn own_mut(&mut self) -> &mut OwnRules {
        Arc::make_mut(self.own.get_or_insert_default())
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.own.iter().flat_map(|own| own.keys())).finish()
    }
}
