//! The packages of the workspace, and the programs of their tests, built with the switches in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::cut::Cut;

/// What the packages' names begin with. Cuts leave it out.
const FAMILY: &str = "holdall-";

/// The package whose tests are named without a package.
const ROOT: &str = "holdall";

/// A clone of the repository.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Where everything is built that has switches in it.
    target: PathBuf,
    /// The folder of each package, by name.
    folders: BTreeMap<String, PathBuf>,
}

/// A program of tests.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// The package's name as cuts write it.
    pub(crate) package: String,
    pub(crate) path: PathBuf,
    /// The package's folder, in which Cargo runs its tests.
    pub(crate) folder: PathBuf,
    pub(crate) tests: BTreeSet<String>,
}

/// What the compiler said: its messages, and whether it ended well.
struct Built {
    messages: Vec<Value>,
    is_whole: bool,
}

/// An error of the compiler.
pub(crate) struct CompileError {
    pub(crate) text: String,
    /// Whether it is in a test.
    pub(crate) is_in_test: bool,
}

impl Workspace {
    /// Asks Cargo what is in the workspace.
    pub(crate) fn of(root: &Path) -> Result<Self, String> {
        let output = Command::new(cargo())
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(root)
            .output()
            .map_err(|error| format!("cargo: {error}"))?;
        let said: Value = serde_json::from_slice(&output.stdout)
            .map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?;
        let target = said["target_directory"].as_str().ok_or("there is no target folder")?;
        let packages = said["packages"].as_array().into_iter().flatten();
        let folder = |package: &Value| {
            let manifest = Path::new(package["manifest_path"].as_str()?);
            Some((package["name"].as_str()?.to_owned(), manifest.parent()?.to_owned()))
        };
        Ok(Self {
            root: root.to_owned(),
            target: Path::new(target).join("sabotage"),
            folders: packages.filter_map(folder).collect(),
        })
    }

    /// Builds the tests of every package that one of the cuts names.
    pub(crate) fn tests(&self, cuts: &[Cut]) -> Result<Vec<Program>, String> {
        let named = cuts.iter().flat_map(|cut| &cut.caught_by).filter_map(|test| package(test));
        let packages: BTreeSet<&str> = named.chain([ROOT]).collect();
        let mut args: Vec<String> = ["test", "--no-run", "--test", "it"].map(String::from).into();
        for package in packages {
            let name = self.full_name(package)?;
            args.extend(["--package".to_owned(), name]);
        }
        let built = self.cargo(&args, "--cfg\u{1f}holdall_sabotage")?;
        if !built.is_whole {
            let errors: Vec<String> = built.errors().into_iter().map(|error| error.text).collect();
            return Err(format!("with the switches in it does not compile: {}", errors.join("; ")));
        }
        let mut programs = Vec::new();
        for message in &built.messages {
            if message["profile"]["test"] != true {
                continue;
            }
            let Some(path) = message["executable"].as_str() else { continue };
            let manifest = Path::new(message["manifest_path"].as_str().unwrap_or_default());
            let (name, folder) = self
                .folders
                .iter()
                .find(|(_, folder)| manifest.parent() == Some(folder))
                .ok_or_else(|| format!("{} is of no package", manifest.display()))?;
            programs.push(Program {
                package: name.strip_prefix(FAMILY).unwrap_or(name).to_owned(),
                path: path.into(),
                folder: folder.clone(),
                tests: listed(Path::new(path), folder)?,
            });
        }
        Ok(programs)
    }

    /// Checks the tests of the package that a file is of, with one switch compiled in by itself.
    /// Returns the compiler's errors.
    pub(crate) fn check(&self, file: &str, switch: &str) -> Result<Vec<CompileError>, String> {
        let file = self.root.join(file);
        let around = self.folders.iter().filter(|(_, folder)| file.starts_with(folder));
        let nearest = around.max_by_key(|(_, folder)| folder.components().count());
        let (package, _) = nearest.ok_or_else(|| format!("{} is of no package", file.display()))?;
        let args = ["check", "--tests", "--package", package].map(String::from);
        let built = self.cargo(&args, &format!("--cfg\u{1f}holdall_sabotage=\"{switch}\""))?;
        match (built.errors(), built.is_whole) {
            (errors, false) if errors.is_empty() => {
                Err("cargo check fails without an error".into())
            }
            (errors, _) => Ok(errors),
        }
    }

    fn full_name(&self, package: &str) -> Result<String, String> {
        let names = [package.to_owned(), format!("{FAMILY}{package}")];
        let found = names.into_iter().find(|name| self.folders.contains_key(name));
        found.ok_or_else(|| format!("there is no package {package}"))
    }

    fn cargo(&self, args: &[String], flags: &str) -> Result<Built, String> {
        let output = Command::new(cargo())
            .args(args)
            .args(["--locked", "--message-format", "json"])
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_ENCODED_RUSTFLAGS", flags)
            // Built once and run often, and nobody debugs it.
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .stderr(std::process::Stdio::inherit())
            .output()
            .map_err(|error| format!("cargo: {error}"))?;
        let out = String::from_utf8_lossy(&output.stdout);
        let messages = out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        Ok(Built { messages, is_whole: output.status.success() })
    }
}

impl Built {
    fn errors(&self) -> Vec<CompileError> {
        let messages = self.messages.iter().map(|message| &message["message"]);
        let errors = messages.filter(|message| message["level"] == "error");
        // The last one only counts the others, and is nowhere.
        let error = |error: &Value| {
            let spans = error["spans"].as_array()?;
            let first = spans.iter().find(|span| span["is_primary"] == true)?;
            let file = first["file_name"].as_str()?;
            let text = error["message"].as_str().unwrap_or_default();
            let is_in_test = Path::new(file).components().any(|part| part.as_os_str() == "tests");
            Some(CompileError { text: format!("{file}: {text}"), is_in_test })
        };
        errors.filter_map(error).collect()
    }
}

fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The package of a test's name, if it has one.
fn package(test: &str) -> Option<&str> {
    test.split_once('/').map(|(package, _)| package)
}

/// The names of a program's tests.
fn listed(program: &Path, folder: &Path) -> Result<BTreeSet<String>, String> {
    let output = Command::new(program)
        .args(["--list", "--format", "terse"])
        .current_dir(folder)
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(names.lines().filter_map(|line| line.strip_suffix(": test")).map(String::from).collect())
}

/// The program that has a test, by its place in the list, and the test's name in it.
pub(crate) fn find<'t>(programs: &[Program], test: &'t str) -> Result<(usize, &'t str), String> {
    let (package, name) = match test.split_once('/') {
        Some((package, name)) => (Some(package), name),
        None => (None, test),
    };
    let has = |program: &Program| {
        package.is_none_or(|package| package == program.package) && program.tests.contains(name)
    };
    let mut found = (0..).zip(programs).filter(|(_, program)| has(program)).map(|(at, _)| at);
    match (found.next(), found.next()) {
        (Some(at), None) => Ok((at, name)),
        (None, _) => Err(format!("there is no test {test}")),
        (Some(_), Some(_)) => Err(format!("several packages have {test}: write PACKAGE/{test}")),
    }
}
