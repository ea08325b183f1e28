//! Mutants that no test can notice, or none need: `explained.toml`.

use std::fs;
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Groups {
    group: Vec<Group>,
}

/// Mutants that survive for one reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    why: String,
    /// Their names without line and column; one that is there twice is there twice.
    mutants: Vec<String>,
}

/// Which mutants are explained, and which of these were met.
pub(crate) struct Explained(Vec<(String, bool)>);

impl Explained {
    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let at = |error: String| format!("{}: {error}", file.display());
        let text = fs::read_to_string(file).map_err(|error| at(error.to_string()))?;
        let groups: Groups = toml::from_str(&text).map_err(|error| at(error.to_string()))?;
        if groups.group.iter().any(|group| group.why.is_empty()) {
            return Err(at("a group says nothing".into()));
        }
        let names = groups.group.into_iter().flat_map(|group| group.mutants);
        Ok(Self(names.map(|name| (name, false)).collect()))
    }

    /// Whether a mutant that was not caught is one of them. Each explains one.
    pub(crate) fn takes(&mut self, name: &str) -> bool {
        let name = without_place(name);
        match self.0.iter_mut().find(|(known, met)| !met && *known == name) {
            Some((_, met)) => {
                *met = true;
                true
            }
            None => false,
        }
    }

    /// Those that were not met: they are caught by now, or are there no more.
    pub(crate) fn not_met(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, met)| !met).map(|(name, _)| &**name)
    }
}

/// `file: what` of `file:line:column: what`.
fn without_place(name: &str) -> String {
    let Some((place, what)) = name.split_once(": ") else { return name.into() };
    format!("{}: {what}", place.split(':').next().unwrap_or(place))
}
