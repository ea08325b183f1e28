//! The flat layout: one key under the root for each add, `sku/writer/number`. A nested object for
//! each line would lose units: two devices that make the same line make two objects, and one wins.

use std::collections::HashMap;

use crate::subject::{Writer, random_bits};

/// The keys of each line, which the engines' maps do not give by prefix, or not fast. A shop's own
/// code would keep the same.
#[derive(Debug)]
pub(super) struct Keys {
    tag: String,
    made: u32,
    of_line: HashMap<String, Vec<String>>,
    stale: bool,
}

impl Keys {
    /// Of a document that somebody may have written in, unless it is new.
    pub(super) fn new(writer: Writer, stale: bool) -> Self {
        let tag = base36(random_bits(writer) as u32);
        Self { tag, made: 0, of_line: HashMap::new(), stale }
    }

    /// Something came from elsewhere: look again before the next set or remove.
    pub(super) fn spoil(&mut self) {
        self.stale = true;
    }

    /// Looks again if it has to.
    pub(super) fn refresh(&mut self, all: impl FnOnce(&mut dyn FnMut(&str))) {
        if !self.stale {
            return;
        }
        self.stale = false;
        self.of_line.clear();
        all(&mut |key| {
            let line = line_of(key).to_owned();
            self.of_line.entry(line).or_default().push(key.to_owned());
        });
    }

    /// Takes the keys of a line out.
    pub(super) fn take(&mut self, line: &str) -> Vec<String> {
        self.of_line.get_mut(line).map(std::mem::take).unwrap_or_default()
    }

    /// A key nobody has used.
    pub(super) fn make(&mut self, line: &str) -> String {
        self.made += 1;
        let key = format!("{line}/{}/{}", self.tag, self.made);
        if !self.stale {
            match self.of_line.get_mut(line) {
                Some(keys) => keys.push(key.clone()),
                None => drop(self.of_line.insert(line.to_owned(), vec![key.clone()])),
            }
        }
        key
    }
}

/// The line a key is about.
pub(super) fn line_of(key: &str) -> &str {
    key.split_once('/').map_or(key, |(line, _)| line)
}

/// Sums up a line's units.
pub(super) fn count(lines: &mut std::collections::BTreeMap<String, u64>, line: &str, units: u64) {
    match lines.get_mut(line) {
        Some(sum) => *sum += units,
        None => drop(lines.insert(line.to_owned(), units)),
    }
}

fn base36(mut number: u32) -> String {
    let mut digits = String::new();
    while number > 0 {
        digits.extend(char::from_digit(number % 36, 36));
        number /= 36;
    }
    digits
}
