//! The workloads. Each has a proof that a subject is right, exact sizes, and jobs to clock.

mod edits;
mod exchange;
mod guests;
pub mod requests;
pub mod stored;

use std::collections::BTreeMap;

use crate::for_each_subject;
use crate::measure::Recipe;

/// All of them.
pub const IDS: [&str; 7] = ["W1", "W2", "W3", "W4", "W5", "W6", "W7"];
/// Those whose instructions can be counted.
pub const COUNTED: [&str; 5] = ["W1", "W2", "W4", "W4-old", "W7"];

/// Says what is wrong with a subject.
pub type Proof = Box<dyn Fn() -> Result<(), String>>;
/// An exact number, in bytes.
pub type Size = Box<dyn Fn() -> f64>;
/// For each subject, with its name.
pub type Each<T> = [(&'static str, T); 6];

/// A workload.
pub struct Workload {
    /// `W1` to `W7`.
    pub id: &'static str,
    /// What it is.
    pub title: &'static str,
    /// Whether a subject is right.
    pub proof: Each<Proof>,
    /// What is clocked; the name, the unit and nanoseconds in it.
    pub times: Vec<(String, Unit, Each<Recipe>)>,
    /// What is weighed.
    pub sizes: Vec<(String, Each<Size>)>,
}

/// Of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds.
    Ns,
    /// Microseconds.
    Us,
}

impl Unit {
    /// Its name and the nanoseconds in it.
    pub const fn scale(self) -> (&'static str, f64) {
        match self {
            Self::Ns => ("ns", 1.0),
            Self::Us => ("us", 1_000.0),
        }
    }
}

/// One of them. Heap is counted by another program, see [`heap`](crate::heap): it has no jobs here.
pub fn workload(id: &str, short: bool) -> Workload {
    match id {
        "W1" => Workload {
            id: "W1",
            title: "one edit of a 50-line cart, its own commit",
            proof: for_each_subject!(S => Box::new(edits::prove_edits::<S>)),
            times: vec![time("edit", Unit::Ns, for_each_subject!(S => Box::new(edits::edit::<S>)))],
            sizes: Vec::new(),
        },
        "W2" => Workload {
            id: "W2",
            title: "delta of one edit",
            proof: for_each_subject!(S => Box::new(edits::prove_deltas::<S>)),
            times: vec![
                time("encode", Unit::Ns, for_each_subject!(S => Box::new(edits::encode::<S>))),
                time("apply", Unit::Ns, for_each_subject!(S => Box::new(edits::apply::<S>))),
            ],
            sizes: vec![size(
                "bytes an edit",
                for_each_subject!(S => Box::new(edits::bytes_an_edit::<S>)),
            )],
        },
        "W3" => Workload {
            id: "W3",
            title: "three devices, 100 offline edits each on one 20-line cart",
            proof: for_each_subject!(S => Box::new(exchange::prove::<S>)),
            times: vec![time(
                "exchanged until equal",
                Unit::Us,
                for_each_subject!(S => Box::new(exchange::exchange::<S>)),
            )],
            sizes: vec![size(
                "bytes of three messages",
                for_each_subject!(S => Box::new(exchange::bytes::<S>)),
            )],
        },
        "W4" => requests::workload(short),
        "W5" => stored::workload(),
        "W6" => Workload {
            id: "W6",
            title: "heap of a resident cart, 10 lines, 40 edits",
            proof: for_each_subject!(S => Box::new(stored::prove_small::<S>)),
            times: Vec::new(),
            sizes: Vec::new(),
        },
        "W7" => Workload {
            id: "W7",
            title: "guest cart of 10 lines into account cart of 20, 5 shared, no common ancestor",
            proof: for_each_subject!(S => Box::new(guests::prove::<S>)),
            times: vec![time(
                "merge",
                Unit::Us,
                for_each_subject!(S => Box::new(guests::merge::<S>)),
            )],
            sizes: Vec::new(),
        },
        _ => unreachable!("the arguments were checked"),
    }
}

fn time(name: impl Into<String>, unit: Unit, each: Each<Recipe>) -> (String, Unit, Each<Recipe>) {
    (name.into(), unit, each)
}

fn size(name: impl Into<String>, each: Each<Size>) -> (String, Each<Size>) {
    (name.into(), each)
}

/// Does a workload's operation so many times for a subject, after preparations that are the same
/// for every number.
pub fn count_instructions(workload: &str, subject: &str, times: u32) {
    let each: Each<Box<dyn Fn(u32)>> = match workload {
        "W1" => for_each_subject!(S => Box::new(edits::edit_times::<S>)),
        "W2" => for_each_subject!(S => Box::new(edits::delta_times::<S>)),
        "W4" => for_each_subject!(S => Box::new(requests::request_times::<S>)),
        "W4-old" => for_each_subject!(S => Box::new(requests::old_request_times::<S>)),
        _ => for_each_subject!(S => Box::new(guests::merge_times::<S>)),
    };
    each.iter().filter(|(name, _)| *name == subject).for_each(|(_, run)| run(times));
}

/// The work of a proof.
fn same(
    what: &str,
    shown: &BTreeMap<String, u64>,
    right: &BTreeMap<String, u64>,
) -> Result<(), String> {
    if shown == right {
        return Ok(());
    }
    let wrong = right.iter().find(|(line, units)| shown.get(*line) != Some(units));
    Err(match wrong {
        Some((line, units)) => {
            format!("{what}: {line} is {units}, it shows {:?}", shown.get(line))
        }
        None => format!("{what}: it shows {} lines, there are {}", shown.len(), right.len()),
    })
}
