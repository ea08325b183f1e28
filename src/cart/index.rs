//! Where to find the live entries: by line, by kind, and by what places a dot in a list. All of
//! it is derived from the live entries; nothing here is state.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::entries::{Entries, Held};
use super::entry::{Body, Entry};
use crate::context::Dot;
use crate::id::LineKey;

/// Kinds of entries that are not about one line, for finding them without a scan.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    Merge,
    Unmerge,
    Order,
    Coupon,
    Register,
    Consent,
    Expired,
    Stay,
    Other,
}

impl Kind {
    const fn of(entry: &Entry) -> Option<Self> {
        Some(match &entry.body {
            Body::Merge { .. } => Self::Merge,
            Body::Unmerge { .. } => Self::Unmerge,
            Body::Order(_) => Self::Order,
            Body::Coupon(_) => Self::Coupon,
            Body::Consent(_) => Self::Consent,
            Body::Expired { .. } => Self::Expired,
            Body::Stay(_) => Self::Stay,
            _ if entry.line.is_some() => return None,
            Body::Register { .. } => Self::Register,
            _ => Self::Other,
        })
    }
}

#[derive(Clone, Default)]
pub(super) struct Index {
    /// Sorted by line.
    lines: Vec<Line>,
    /// Sorted.
    kinds: Vec<(Kind, Dot)>,
    placed: BTreeMap<Dot, Vec<Dot>>,
    /// Where the line was found last: what is taken out together is mostly of one line.
    last: usize,
}

/// A line with what is said about it, sorted by dot.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) key: LineKey,
    pub(super) entries: Vec<(Dot, Arc<Entry>)>,
}

impl Index {
    /// The index of many entries at once.
    pub(super) fn of(entries: &Entries) -> Self {
        let mut index = Self::default();
        let mut on_lines: Vec<(&LineKey, &Held)> = Vec::with_capacity(entries.len());
        for held in entries.held() {
            on_lines.extend(held.entry.lines().map(|line| (line, held)));
            index.insert_rest(held);
        }
        // A stable sort: dots stay in order.
        on_lines.sort_by(|a, b| a.0.cmp(b.0));
        for on_line in on_lines.chunk_by(|a, b| a.0 == b.0) {
            let entries = on_line.iter().map(|(_, held)| (held.dot, held.entry.clone())).collect();
            index.lines.push(Line { key: on_line[0].0.clone(), entries });
        }
        index
    }

    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    fn find(&self, line: &LineKey) -> Result<usize, usize> {
        self.lines.binary_search_by(|other| other.key.cmp(line))
    }

    fn find_again(&mut self, line: &LineKey) -> Result<usize, usize> {
        if self.lines.get(self.last).is_some_and(|last| last.key == *line) {
            return Ok(self.last);
        }
        let found = self.find(line);
        self.last = found.unwrap_or(self.last);
        found
    }

    /// What is said about a line.
    pub(super) fn on_line(&self, line: &LineKey) -> &[(Dot, Arc<Entry>)] {
        self.find(line).map_or(&[], |at| &self.lines[at].entries)
    }

    /// The dots of a kind.
    pub(super) fn of_kind(&self, kind: Kind) -> &[(Kind, Dot)] {
        let from = self.kinds.partition_point(|(other, _)| *other < kind);
        let len = self.kinds[from..].partition_point(|(other, _)| *other == kind);
        &self.kinds[from..from + len]
    }

    /// Whether any entry bears on another.
    pub(super) fn has_moves(&self) -> bool {
        !self.placed.is_empty()
    }

    /// The dots whose entries bear on `dot`.
    pub(super) fn bearing_on(&self, dot: Dot) -> &[Dot] {
        self.placed.get(&dot).map_or(&[], Vec::as_slice)
    }

    pub(super) fn insert(&mut self, held: &Held) {
        for line in held.entry.lines() {
            let entry = (held.dot, held.entry.clone());
            match self.find_again(line) {
                Ok(at) => {
                    let entries = &mut self.lines[at].entries;
                    let at = entries.partition_point(|(dot, _)| *dot < held.dot);
                    entries.insert(at, entry);
                }
                Err(at) => {
                    let entries = Vec::from([entry]);
                    self.lines.insert(at, Line { key: line.clone(), entries });
                }
            }
        }
        self.insert_rest(held);
    }

    fn insert_rest(&mut self, held: &Held) {
        if let Some(kind) = Kind::of(&held.entry) {
            let at = (kind, held.dot);
            if let Err(free) = self.kinds.binary_search(&at) {
                self.kinds.insert(free, at);
            }
        }
        for named in held.entry.bears_on() {
            let dots = self.placed.entry(named).or_default();
            if let Err(at) = dots.binary_search(&held.dot) {
                dots.insert(at, held.dot);
            }
        }
    }

    pub(super) fn remove(&mut self, dot: Dot, entry: &Entry) {
        for line in entry.lines() {
            if let Ok(at) = self.find_again(line) {
                let entries = &mut self.lines[at].entries;
                if let Some(at) = entries.iter().position(|(other, _)| *other == dot) {
                    entries.remove(at);
                }
                if entries.is_empty() {
                    self.lines.remove(at);
                }
            }
        }
        if let Some(kind) = Kind::of(entry)
            && let Ok(at) = self.kinds.binary_search(&(kind, dot))
        {
            self.kinds.remove(at);
        }
        for named in entry.bears_on() {
            if let Some(dots) = self.placed.get_mut(&named) {
                dots.retain(|other| *other != dot);
                if dots.is_empty() {
                    self.placed.remove(&named);
                }
            }
        }
    }
}
