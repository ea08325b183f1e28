//! A sabotage: one text in one file replaced by another.

use std::fs;
use std::path::Path;

use serde::Deserialize;

/// What catches a cut with which the tests do not compile, and are not meant to.
pub(crate) const COMPILER: &str = "compiler";

/// One way to break the library.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cut {
    /// What it does, in a few words.
    pub(crate) name: String,
    /// The file, from the repository's root.
    pub(crate) file: String,
    /// What stands there, exactly once.
    pub(crate) old: String,
    /// What is put in its place.
    pub(crate) new: String,
    /// The tests of `tests/it` each of which must fail; or [`COMPILER`], where they must not compile.
    pub(crate) caught_by: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cuts {
    cut: Vec<Cut>,
}

/// Every cut of a folder's files, in the order of the files' names.
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
                return Err(at(format!("nothing is named that catches \"{}\"", cut.name)));
            }
            if all.iter().any(|other| other.name == cut.name) {
                return Err(at(format!("there are two of \"{}\"", cut.name)));
            }
            all.push(cut);
        }
    }
    Ok(all)
}

impl Cut {
    /// The file as it is and as it would be. A text that is not there exactly once is an error:
    /// the library has changed, and the cut has to follow.
    pub(crate) fn apply(&self, root: &Path) -> Result<(String, String), String> {
        let path = root.join(&self.file);
        let text = fs::read_to_string(&path)
            .map_err(|error| format!("\"{}\": {}: {error}", self.name, self.file))?;
        match text.matches(&self.old).count() {
            1 => Ok((text.clone(), text.replacen(&self.old, &self.new, 1))),
            n => Err(format!(
                "\"{}\" does not apply: {} has its text {n} times; bring the cut up to date",
                self.name, self.file
            )),
        }
    }
}
