//! Where to find the live entries: by line, by kind, and by what places a dot in a list. All of
//! it is derived from the live entries; nothing here is state.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

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
    pub(super) lines: BTreeMap<LineKey, Vec<Dot>>,
    pub(super) kinds: BTreeSet<(Kind, Dot)>,
    pub(super) placed: BTreeMap<Dot, Vec<Dot>>,
}

impl Index {
    pub(super) fn insert(&mut self, dot: Dot, entry: &Entry) {
        for line in entry.lines() {
            // The key is cloned only for a new line.
            match self.lines.get_mut(line) {
                Some(dots) => put(dots, dot),
                None => {
                    self.lines.insert(line.clone(), Vec::from([dot]));
                }
            }
        }
        if let Some(kind) = Kind::of(entry) {
            self.kinds.insert((kind, dot));
        }
        for named in entry.bears_on() {
            put(self.placed.entry(named).or_default(), dot);
        }
    }

    pub(super) fn remove(&mut self, dot: Dot, entry: &Entry) {
        for line in entry.lines() {
            if let Some(dots) = self.lines.get_mut(line) {
                take(dots, dot);
                if dots.is_empty() {
                    self.lines.remove(line);
                }
            }
        }
        if let Some(kind) = Kind::of(entry) {
            self.kinds.remove(&(kind, dot));
        }
        for named in entry.bears_on() {
            if let Some(dots) = self.placed.get_mut(&named) {
                take(dots, dot);
                if dots.is_empty() {
                    self.placed.remove(&named);
                }
            }
        }
    }
}

fn put(dots: &mut Vec<Dot>, dot: Dot) {
    if let Err(at) = dots.binary_search(&dot) {
        dots.insert(at, dot);
    }
}

fn take(dots: &mut Vec<Dot>, dot: Dot) {
    if let Ok(at) = dots.binary_search(&dot) {
        dots.remove(at);
    }
}
