//! What a region knows of writers, how it freezes one and lets it go, and who decides when.
//!
//! Four things hold it together:
//!
//! 1. A frozen region takes nothing more from the device itself, and still learns from regions.
//! 2. The writer goes only when *all* regions are frozen and report the same last dot: then
//!    nobody can have more of it, or less.
//! 3. Behind a fence no dot of the writer comes to life: all of them were known here.
//! 4. A fence goes on telling deaths: of the dots up to its last one, those that are not live here
//!    are dead. Without that a region which had not heard of a removal keeps what was removed,
//!    since the context that told of it is gone.

use std::collections::{BTreeMap, BTreeSet};

use holdall::dots::{Dots, Run};
use holdall::{Dot, ReplicaId};

/// What may be wrong. The checker must find each but the first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flaw {
    None,
    /// Regions report and are not frozen.
    NotFrozen,
    /// Reports need not be equal.
    NotEqual,
    /// A region that cannot be reached is not asked.
    WithoutTheCutOff,
    /// What comes late is let in behind the fence.
    OpenFence,
    /// A fence does not tell deaths.
    SilentFence,
}

/// What one region tells another: some live dots and some dead ones, both listed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct News {
    pub live: Dots,
    pub dead: Dots,
}

/// What a region says to a device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admission {
    /// It is applied, now or before.
    Applied,
    /// Something before it is missing: send that.
    Gap,
    /// The writer is being retired: ask again later.
    Frozen,
    /// The writer is retired: what comes after this needs a new writer.
    Retired { last: u64 },
}

/// What a region reports of a writer that it has frozen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Report {
    pub last: u64,
}

/// What a region knows of writers' dots.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Region {
    context: Dots,
    live: Dots,
    frozen: BTreeSet<ReplicaId>,
    /// The last dot of each writer that has left the context.
    fences: BTreeMap<ReplicaId, u64>,
}

fn up_to(writer: ReplicaId, last: u64) -> Dots {
    let mut dots = Dots::default();
    if last > 0 {
        dots.insert_run(writer, Run { first: 1, last });
    }
    dots
}

impl Region {
    /// The dots that are live here.
    pub const fn live(&self) -> &Dots {
        &self.live
    }

    /// Whether it is frozen or gone.
    pub fn is_closed(&self, writer: ReplicaId) -> bool {
        self.frozen.contains(&writer) || self.fences.contains_key(&writer)
    }

    /// The fence of a writer.
    pub fn fence(&self, writer: ReplicaId) -> Option<u64> {
        self.fences.get(&writer).copied()
    }

    /// The last dot of a writer that is known here.
    pub fn last(&self, writer: ReplicaId) -> u64 {
        self.fence(writer).unwrap_or_else(|| self.context.last(writer))
    }

    /// Takes an action of a device: its dot, whether that is live, and what it makes dead.
    pub fn admit(&mut self, dot: Dot, lives: bool, kills: &Dots) -> Admission {
        if let Some(last) = self.fence(dot.replica) {
            return if dot.seq <= last { Admission::Applied } else { Admission::Retired { last } };
        }
        let last = self.last(dot.replica);
        if dot.seq <= last {
            return Admission::Applied;
        }
        if self.frozen.contains(&dot.replica) {
            return Admission::Frozen;
        }
        if dot.seq > last + 1 {
            return Admission::Gap;
        }
        self.context.insert(dot);
        if lives {
            self.live.insert(dot);
        }
        self.kill(kills);
        Admission::Applied
    }

    /// Makes dots dead that are known here.
    pub fn kill(&mut self, dots: &Dots) {
        self.live = self.live.minus(dots);
        for (writer, run) in dots.runs().filter(|(writer, _)| !self.fences.contains_key(writer)) {
            self.context.insert_run(writer, run);
        }
    }

    /// Joins what another region tells.
    pub fn take(&mut self, news: &News, flaw: Flaw) {
        let mut known = self.context.clone();
        if flaw != Flaw::OpenFence {
            for (writer, last) in &self.fences {
                // Behind a fence everything is known, whatever its number.
                known.extend(&up_to(*writer, (*last).max(news.live.last(*writer))));
            }
        }
        let new = news.live.minus(&known);
        self.live.extend(&new);
        self.context.extend(&new);
        self.kill(&news.dead);
    }

    /// All it can tell.
    pub fn news(&self, flaw: Flaw) -> News {
        let mut dead = self.context.minus(&self.live);
        if flaw != Flaw::SilentFence {
            for (writer, last) in &self.fences {
                dead.extend(&up_to(*writer, *last).minus(&self.live));
            }
        }
        News { live: self.live.clone(), dead }
    }

    /// Takes nothing more from that device, and reports.
    pub fn freeze(&mut self, writer: ReplicaId, flaw: Flaw) {
        if !self.fences.contains_key(&writer) && flaw != Flaw::NotFrozen {
            self.frozen.insert(writer);
        }
    }

    /// What it has of a writer. Regions tell each other all they know, so there are no gaps.
    pub fn report(&self, writer: ReplicaId) -> Report {
        Report { last: self.last(writer) }
    }

    /// Lets a writer go that all regions have up to `last`.
    pub fn retire(&mut self, writer: ReplicaId, last: u64) {
        self.frozen.remove(&writer);
        self.context = self.context.without(writer);
        self.fences.insert(writer, last);
    }
}

/// Who decides: one region, about one writer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Retirement {
    reports: Vec<Option<Report>>,
    decided: Option<u64>,
}

impl Retirement {
    /// Nobody has reported yet.
    pub fn new(regions: usize) -> Self {
        Self { reports: vec![None; regions], decided: None }
    }

    /// Notes a report; a later one replaces an earlier one.
    pub fn hear(&mut self, region: usize, report: Report) {
        self.reports[region] = Some(report);
    }

    /// What it knows of a region.
    pub fn heard(&self, region: usize) -> Option<Report> {
        self.reports[region]
    }

    /// The last dot, once all have reported it.
    pub fn decide(&mut self, flaw: Flaw, reachable: impl Fn(usize) -> bool) -> bool {
        let needed = |at: &usize| flaw != Flaw::WithoutTheCutOff || reachable(*at);
        let reports: Option<Vec<Report>> =
            (0..self.reports.len()).filter(needed).map(|at| self.reports[at]).collect();
        let Some(reports) = reports else { return false };
        let Some(most) = reports.iter().max() else { return false };
        let equal = reports.iter().all(|report| report == most);
        if self.decided.is_none() && (equal || flaw == Flaw::NotEqual) {
            self.decided = Some(most.last);
            return true;
        }
        false
    }

    /// The decision.
    pub const fn decided(&self) -> Option<u64> {
        self.decided
    }
}
