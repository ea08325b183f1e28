//! Arguments from a file: a TOML table of flags without their dashes, `guest_days = 30`.

use std::ffi::OsString;
use std::path::Path;

const CONFIG: &str = "--config";
const CONFIG_ENV: &str = "HOLDALL_CONFIG";

/// Adds the arguments of the file that a command line names. A flag in the command line or in the
/// environment goes before that of the file.
pub(crate) fn with_file(arguments: Vec<OsString>) -> Result<Vec<OsString>, String> {
    let texts: Vec<String> =
        arguments.iter().map(|argument| argument.to_string_lossy().into_owned()).collect();
    if texts.get(1).is_none_or(|command| command != "serve") {
        return Ok(arguments);
    }
    let Some(path) = given(&texts, CONFIG).or_else(|| std::env::var(CONFIG_ENV).ok()) else {
        return Ok(arguments);
    };
    let at = |error: String| format!("{path}: {error}");
    let text = std::fs::read_to_string(Path::new(&path)).map_err(|error| at(error.to_string()))?;
    let is_set = |name: &str| std::env::var_os(name).is_some();
    let more = flags(&text, &texts, is_set).map_err(at)?;
    Ok(arguments.into_iter().chain(more.into_iter().map(OsString::from)).collect())
}

/// Returns the value of a flag in a command line.
fn given(texts: &[String], flag: &str) -> Option<String> {
    let mut rest = texts.iter().skip_while(|text| *text != flag && !is(text, flag));
    let first = rest.next()?;
    match first.split_once('=') {
        Some((_, value)) => Some(value.to_owned()),
        None => rest.next().cloned(),
    }
}

fn is(text: &str, flag: &str) -> bool {
    text == flag || text.strip_prefix(flag).is_some_and(|rest| rest.starts_with('='))
}

fn flags(
    file: &str,
    given: &[String],
    is_set: impl Fn(&str) -> bool,
) -> Result<Vec<String>, String> {
    let table: toml::Table = toml::from_str(file).map_err(|error| error.to_string())?;
    let mut flags = Vec::new();
    for (name, value) in table {
        let flag = format!("--{}", name.replace('_', "-"));
        let variable = format!("HOLDALL_{}", name.to_uppercase());
        if flag == CONFIG {
            return Err("a file names no other file".to_owned());
        }
        if given.iter().any(|text| is(text, &flag)) || is_set(&variable) {
            continue;
        }
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(true) => {
                flags.push(flag);
                continue;
            }
            toml::Value::Boolean(false) => continue,
            toml::Value::Array(values) => {
                let texts: Option<Vec<&str>> = values.iter().map(toml::Value::as_str).collect();
                texts.ok_or_else(|| format!("{name}: a list of texts"))?.join(",")
            }
            _ => {
                return Err(format!(
                    "{name}: a text, a whole number, true or false, or a list of texts"
                ));
            }
        };
        flags.push(format!("{flag}={value}"));
    }
    Ok(flags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_a_file() {
        let given = ["holdall", "serve", "--listen=127.0.0.1:0"].map(str::to_owned);
        let file = "listen = '127.0.0.1:1'\nguest_days = 3\nlog_json = true\norigins = ['http://a', 'http://b']\nregion = 'x'";
        let found = flags(file, &given, |name| name == "HOLDALL_REGION").expect("a file");
        assert_eq!(found, ["--guest-days=3", "--log-json", "--origins=http://a,http://b"]);
        assert!(flags("config = 'x'", &given, |_| false).is_err());
        assert!(flags("a = 1.5", &given, |_| false).is_err());
    }
}
