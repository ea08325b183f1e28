//! Cuts: the list of switches, and which tests must notice each.

use std::fs;
use std::path::Path;

use serde::Deserialize;

/// What `caught_by` says of a cut with which the tests do not compile.
pub(crate) const COMPILER: &str = "compiler";

/// One way to break the library.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cut {
    /// The name of its switch in the code.
    pub(crate) name: String,
    /// What goes wrong while the switch is on, in one sentence.
    pub(crate) what: String,
    /// In how many places of the code the switch is.
    #[serde(default = "one")]
    pub(crate) places: usize,
    /// The tests that must fail, `module::test` or `package/module::test`; or [`COMPILER`], where
    /// the tests must not compile.
    pub(crate) caught_by: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cuts {
    cut: Vec<Cut>,
}

const fn one() -> usize {
    1
}

/// Reads the cuts of every file in a folder, in the order of the files' names.
pub(crate) fn read(folder: &Path) -> Result<Vec<Cut>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<_> = entries
        .map(|entry| entry.map(|entry| entry.path()).map_err(|error| error.to_string()))
        .collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let mut all: Vec<Cut> = Vec::new();
    for file in files {
        let at = |error: String| format!("{}: {error}", file.display());
        let text = fs::read_to_string(&file).map_err(|error| at(error.to_string()))?;
        let cuts: Cuts = toml::from_str(&text).map_err(|error| at(error.to_string()))?;
        for cut in cuts.cut {
            if cut.caught_by.is_empty() {
                return Err(at(format!("{} names no test that catches it", cut.name)));
            }
            if all.iter().any(|other| other.name == cut.name) {
                return Err(at(format!("{} is listed twice", cut.name)));
            }
            all.push(cut);
        }
    }
    Ok(all)
}

impl Cut {
    /// Whether the compiler has to notice it.
    pub(crate) fn is_for_the_compiler(&self) -> bool {
        self.caught_by == [COMPILER]
    }
}
