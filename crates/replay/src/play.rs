//! Plays all parties against all designs, on as many cores as there are.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use indicatif::ProgressBar;

use super::conditions::Outages;
use super::designs::{self, DesignEntry};
use super::error::ReplayError;
use super::event::{NameTable, TraceOddities};
use super::judge::{DesignScore, judge};
use super::model::ConflictCounts;
use super::party::Party;
use super::schedule::{ActionKind, FaultCounts, RegionId, Schedule};
use super::world;

/// Outcome of a replay.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct ReplayOutcome {
    /// Carts: one for each party, and one for each guest who signed in.
    pub(crate) carts: u64,
    /// Devices: one for each session.
    pub(crate) devices: u64,
    /// Actions on carts.
    pub(crate) actions: ActionCounts,
    /// What the network did.
    pub(crate) faults: FaultCounts,
    /// What could not be played.
    pub(crate) oddities: TraceOddities,
    /// Returns the counts of actions that had not seen each other.
    pub(crate) conflicts: ConflictCounts,
    /// What became of each design, in their order.
    pub(crate) scores: Vec<DesignScore>,
    /// Units that are in all carts in the end.
    pub(crate) units: u64,
}

/// Actions by kind.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub(crate) struct ActionCounts {
    /// Units put in.
    pub(crate) adds: u64,
    /// Lines made a number.
    pub(crate) sets: u64,
    /// Lines taken out.
    pub(crate) removes: u64,
    /// Carts bought.
    pub(crate) orders: u64,
    /// Guests who signed in.
    pub(crate) sign_ins: u64,
}

impl ActionCounts {
    fn count(&mut self, schedule: &Schedule) {
        for action in &schedule.actions {
            *match action.verb {
                ActionKind::Add(..) => &mut self.adds,
                ActionKind::Set(..) => &mut self.sets,
                ActionKind::Remove(_) => &mut self.removes,
                ActionKind::Order => &mut self.orders,
                ActionKind::SignIn(_) => &mut self.sign_ins,
            } += 1;
        }
    }

    fn add(&mut self, other: &Self) {
        self.adds += other.adds;
        self.sets += other.sets;
        self.removes += other.removes;
        self.orders += other.orders;
        self.sign_ins += other.sign_ins;
    }
}

impl ReplayOutcome {
    fn add(&mut self, other: &Self) {
        self.carts += other.carts;
        self.devices += other.devices;
        self.actions.add(&other.actions);
        self.faults.add(&other.faults);
        self.oddities.add(other.oddities);
        self.conflicts.add(other.conflicts);
        self.units += other.units;
        self.scores.resize(self.scores.len().max(other.scores.len()), DesignScore::default());
        for (mine, theirs) in self.scores.iter_mut().zip(&other.scores) {
            mine.add(theirs);
        }
    }
}

/// Plays every party. The result does not depend on how many cores there are: parties do not meet,
/// and their results are sums.
pub(crate) fn play(
    parties: &[Party],
    regions: RegionId,
    outages: Outages,
    entries: &[DesignEntry],
    names: &NameTable,
    bar: &ProgressBar,
) -> Result<ReplayOutcome, ReplayError> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let nothing = ReplayOutcome {
        scores: vec![DesignScore::default(); entries.len()],
        ..ReplayOutcome::default()
    };
    let total = Mutex::new(Ok(nothing));
    let cores =
        std::thread::available_parallelism().map_or(1, usize::from).min(parties.len().max(1));
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let mut sum = ReplayOutcome::default();
                while !stop.load(Ordering::Relaxed) {
                    let Some(party) = parties.get(next.fetch_add(1, Ordering::Relaxed)) else {
                        break;
                    };
                    match play_one(party, regions, outages, entries, names) {
                        Ok(outcome) => sum.add(&outcome),
                        Err(fault) => {
                            stop.store(true, Ordering::Relaxed);
                            *total.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
                                Err(fault);
                            return;
                        }
                    }
                    bar.inc(party.sessions.iter().map(|session| session.clicks.len() as u64).sum());
                }
                if let Ok(total) =
                    total.lock().unwrap_or_else(std::sync::PoisonError::into_inner).as_mut()
                {
                    total.add(&sum);
                }
            });
        }
    });
    total.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn play_one(
    party: &Party,
    regions: RegionId,
    outages: Outages,
    entries: &[DesignEntry],
    names: &NameTable,
) -> Result<ReplayOutcome, ReplayError> {
    let (schedule, expected) = world::play_out(party, regions, outages);
    let mut outcome = ReplayOutcome {
        carts: 1 + u64::from(schedule.guests),
        devices: schedule.devices.len() as u64,
        faults: schedule.faults,
        oddities: schedule.oddities,
        conflicts: schedule.conflicts,
        units: expected.values().sum(),
        ..ReplayOutcome::default()
    };
    outcome.actions.count(&schedule);
    for entry in entries {
        let mut design = (entry.open)(&schedule, names);
        designs::play(design.as_mut(), &schedule).map_err(|fault| ReplayError::Design {
            design: entry.name,
            party: party.name.clone(),
            seed: outages.seed,
            fault,
        })?;
        let verdict = judge(design.as_ref(), regions, &expected);
        outcome.scores.push(DesignScore { verdict, traffic: design.traffic() });
    }
    Ok(outcome)
}
