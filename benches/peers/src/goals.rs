//! Where `holdall` wants to be beside the others, in the same run.

use crate::heap;
use crate::report::{ENCODE_AND_APPLY, GROWTH, Report};
use crate::subject::Subject;
use crate::subjects::{Crdts, ENGINES, Ours};
use crate::workloads::{requests, stored};

/// A goal and how far it is met. Bigger ratios are better.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Goal {
    /// `W1` to `W7`.
    pub workload: &'static str,
    /// The row.
    pub metric: String,
    /// What it is held against.
    pub against: String,
    /// The others' best over ours; or the limit over ours.
    pub ratio: f64,
    /// The least it should be.
    pub goal: f64,
    /// Whether it is.
    pub met: bool,
}

#[derive(Clone, Copy)]
enum Wish {
    /// So many times better than the best engine.
    Engines(f64),
    /// So many times better than crdts.
    Crdts(f64),
    /// No more than this.
    AtMost(f64),
    /// No more than another row of ours.
    AtMostRow(&'static str),
}

use Wish::{AtMost, AtMostRow, Crdts as OverCrdts, Engines};

const LARGE: &str = requests::AGES[1].1;

const WISHES: [(&str, &str, Wish); 21] = [
    ("W1", "edit", Engines(10.0)),
    ("W1", "edit", OverCrdts(3.0)),
    ("W2", ENCODE_AND_APPLY, Engines(5.0)),
    ("W2", "bytes an edit", AtMost(40.0)),
    ("W2", "bytes an edit", AtMost(32.0)), // a stretch
    ("W3", "exchanged until equal", Engines(3.0)),
    ("W3", "bytes of three messages", Engines(1.0 / 0.4)),
    ("W4", requests::SMALL, Engines(10.0)),
    ("W4", requests::SMALL, OverCrdts(1.0)),
    ("W4", LARGE, Engines(25.0)),
    ("W4", LARGE, OverCrdts(1.0)),
    ("W4", GROWTH, AtMost(1.1)),
    ("W5", stored::ROWS[0], Engines(1.0 / 0.6)),
    ("W5", stored::ROWS[1], Engines(1.0 / 0.6)),
    ("W5", stored::ROWS[2], Engines(1.0 / 0.6)),
    ("W5", stored::ROWS[3], Engines(1.0 / 0.6)),
    ("W5", stored::ROWS[3], AtMostRow(stored::ROWS[2])),
    ("W6", heap::ROWS[0], AtMost(2_048.0)),
    ("W6", heap::ROWS[1], AtMost(2_048.0)),
    ("W7", "merge", Engines(3.0)),
    ("W7", "merge", OverCrdts(1.0)),
];

/// Those goals for which there are numbers.
pub fn judge(report: &Report) -> Vec<Goal> {
    let judged = WISHES.iter().filter_map(|(workload, metric, wish)| {
        let value = |metric: &str, subject: &str| report.value(workload, metric, subject);
        let ours = value(metric, Ours::NAME)?;
        let (against, limit, goal) = match *wish {
            Engines(times) => {
                let all = ENGINES.iter().filter_map(|name| Some((*name, value(metric, name)?)));
                let (name, best) = all.min_by(|a, b| a.1.total_cmp(&b.1))?;
                (name.to_owned(), best, times)
            }
            OverCrdts(times) => (Crdts::NAME.to_owned(), value(metric, Crdts::NAME)?, times),
            AtMost(limit) => (format!("{limit}"), limit, 1.0),
            AtMostRow(row) => (row.to_owned(), value(row, Ours::NAME)?, 1.0),
        };
        let ratio = limit / ours;
        let metric = (*metric).to_owned();
        Some(Goal { workload, metric, against, ratio, goal, met: ratio >= goal })
    });
    judged.collect()
}
