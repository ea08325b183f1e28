//! The copy of the tree that is broken in place of the real one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the tests need not have.
const LEFT_OUT: [&str; 6] =
    ["checks/", "benches/authority/", "benches/peers/", "benches/service/", "fuzz/", ".ci/"];

/// Brings a copy up to date. Files that are the same are left alone, so that a later build finds
/// what it built before; files that are not there any more go. Some have other texts than the real ones, or are
/// not there at all.
pub(crate) fn copy(
    root: &Path,
    to: &Path,
    instead: &BTreeMap<String, String>,
) -> Result<(), String> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("git: {error}"))?;
    if !listed.status.success() {
        return Err("git does not list the files: run this in a clone".into());
    }
    let names = String::from_utf8(listed.stdout).map_err(|error| error.to_string())?;
    let kept: BTreeSet<&str> = names
        .split('\0')
        .filter(|name| !name.is_empty() && !LEFT_OUT.iter().any(|out| name.starts_with(out)))
        .filter(|name| root.join(name).is_file())
        .chain(instead.keys().map(|name| &**name))
        .collect();
    for name in &kept {
        match instead.get(*name) {
            Some(text) => write(&to.join(name), text.as_bytes())?,
            None => {
                let bytes =
                    fs::read(root.join(name)).map_err(|error| format!("{name}: {error}"))?;
                write(&to.join(name), &bytes)?;
            }
        }
    }
    let mut here = Vec::new();
    list(to, to, &mut here)?;
    for path in here.iter().filter(|path| !path.to_str().is_some_and(|name| kept.contains(name))) {
        fs::remove_file(to.join(path)).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Writes a file unless it is so already.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let at = |error: std::io::Error| format!("{}: {error}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(at)?;
    }
    fs::write(path, bytes).map_err(at)
}

pub(crate) fn list(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    for entry in fs::read_dir(folder).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() {
            list(root, &path, files)?;
        } else if let Ok(inside) = path.strip_prefix(root) {
            files.push(inside.into());
        }
    }
    Ok(())
}
