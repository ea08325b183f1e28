//! What came out: a table for people, JSON for programs.

use std::fmt::Write as _;

use crate::goals::{Goal, judge};
use crate::measure::Timing;
use crate::subjects::NAMES;

/// The row that adds two of W2 up.
pub const ENCODE_AND_APPLY: &str = "encode and apply";
/// The row that says how a request's cost grows with age: measured, each subject's two ages by turns.
pub const GROWTH: &str = "100,000 edits over 1,000";

/// One number.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// The median, or the exact number.
    pub value: f64,
    /// The least, of times.
    pub least: Option<f64>,
}

/// One row: nothing where a subject is wrong or was left out.
#[derive(Clone, Debug)]
pub struct Row {
    /// `W1` to `W7`.
    pub workload: &'static str,
    /// What is measured.
    pub metric: String,
    /// In what.
    pub unit: &'static str,
    /// For each subject.
    pub cells: [Option<Cell>; 6],
}

/// All rows, and who was wrong about what.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// In the order of the table.
    pub rows: Vec<Row>,
    /// Workload, its title, subject.
    pub wrong: Vec<(&'static str, &'static str)>,
    /// The titles of the workloads run.
    pub titles: Vec<(&'static str, &'static str)>,
    /// Whether its times mean nothing.
    pub short: bool,
}

/// A value, in JSON.
#[derive(serde::Serialize)]
struct Value<'a> {
    workload: &'a str,
    metric: &'a str,
    unit: &'a str,
    subject: &'a str,
    value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<f64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    wrong: bool,
}

impl Report {
    /// A row of times.
    pub fn times(
        &mut self,
        workload: &'static str,
        metric: &str,
        (unit, scale): (&'static str, f64),
        timings: [Option<Timing>; 6],
    ) {
        let cell = |timing: Timing| Cell {
            value: timing.median / scale,
            least: Some(timing.least / scale),
        };
        let cells = timings.map(|timing| timing.map(cell));
        self.rows.push(Row { workload, metric: metric.to_owned(), unit, cells });
    }

    /// A row of exact numbers.
    pub fn sizes(&mut self, workload: &'static str, metric: &str, values: [Option<f64>; 6]) {
        let cells = values.map(|value| value.map(|value| Cell { value, least: None }));
        self.rows.push(Row { workload, metric: metric.to_owned(), unit: "bytes", cells });
    }

    /// Rows that follow from others.
    pub fn derive(&mut self) {
        let of = |metric: &str| self.rows.iter().position(|row| row.metric == metric);
        if let (Some(encode), Some(apply)) = (of("encode"), of("apply")) {
            let sum = self.combine(encode, apply, ENCODE_AND_APPLY, "ns", |a, b| a + b);
            self.rows.insert(apply + 1, sum);
        }
    }

    fn combine(
        &self,
        a: usize,
        b: usize,
        metric: &str,
        unit: &'static str,
        with: fn(f64, f64) -> f64,
    ) -> Row {
        let (a, b) = (&self.rows[a], &self.rows[b]);
        let cells = std::array::from_fn(|at| {
            let (a, b) = (a.cells[at]?, b.cells[at]?);
            let least = a.least.zip(b.least).map(|(a, b)| with(a, b));
            Some(Cell { value: with(a.value, b.value), least })
        });
        Row { workload: a.workload, metric: metric.to_owned(), unit, cells }
    }

    /// One number of it.
    pub fn value(&self, workload: &str, metric: &str, subject: &str) -> Option<f64> {
        let at = NAMES.iter().position(|name| *name == subject)?;
        let row = self.rows.iter().find(|row| row.workload == workload && row.metric == metric)?;
        Some(row.cells[at]?.value)
    }

    /// The goals; of times only if those mean something.
    pub fn goals(&self) -> Vec<Goal> {
        let mut goals = judge(self);
        if self.short {
            goals.retain(|goal| {
                let row = self
                    .rows
                    .iter()
                    .find(|row| (row.workload, &row.metric) == (goal.workload, &goal.metric));
                row.is_some_and(|row| row.unit == "bytes")
            });
        }
        goals
    }

    fn is_wrong(&self, workload: &str, subject: &str) -> bool {
        self.wrong.contains(&(workload, subject))
    }

    /// For people.
    pub fn table(&self) -> String {
        let mut out = String::new();
        for (id, title) in &self.titles {
            let _ = writeln!(out, "\n{id} {title}");
            let _ = write!(out, "{:<44}{:>6}", "", "");
            NAMES.iter().for_each(|name| out.push_str(&format!("{name:>22}")));
            out.push('\n');
            for row in self.rows.iter().filter(|row| row.workload == *id) {
                let _ = write!(out, "  {:<42}{:>6}", row.metric, row.unit);
                for (name, cell) in NAMES.iter().zip(&row.cells) {
                    let _ = write!(out, "{:>22}", self.cell(id, name, *cell));
                }
                out.push('\n');
            }
            for name in NAMES.iter().filter(|name| self.is_wrong(id, name)) {
                let _ = writeln!(out, "  {name} is wrong: nothing of it is measured");
            }
        }
        if self.short {
            out.push_str("\nTimes of a short run mean nothing.\n");
        } else {
            out.push_str(
                "\nTimes are medians, in brackets the least. Compare within a row only.\n",
            );
        }
        self.goals_table(&mut out);
        out
    }

    fn cell(&self, workload: &str, subject: &str, cell: Option<Cell>) -> String {
        match cell {
            _ if self.is_wrong(workload, subject) => "wrong".to_owned(),
            None => "-".to_owned(),
            Some(Cell { value, least: None }) => number(value),
            Some(Cell { value, least: Some(least) }) => {
                format!("{} ({})", number(value), number(least))
            }
        }
    }

    fn goals_table(&self, out: &mut String) {
        let goals = self.goals();
        if goals.is_empty() {
            return;
        }
        let head = ("goals", "against", "ratio", "goal");
        let _ = writeln!(out, "\n{:<52}{:<28}{:>8}{:>8}", head.0, head.1, head.2, head.3);
        for Goal { workload, metric, against, ratio, goal, met } in goals {
            let met = if met { "met" } else { "not met" };
            let _ = writeln!(
                out,
                "  {workload} {metric:<47}{against:<28}{ratio:>8.2}{goal:>8.2}  {met}"
            );
        }
    }

    /// For programs: a list of values, then of goals.
    pub fn json(&self) -> String {
        let mut list: Vec<serde_json::Value> = Vec::new();
        for Row { workload, metric, unit, cells } in &self.rows {
            for (subject, cell) in NAMES.iter().zip(cells) {
                let wrong = self.is_wrong(workload, subject);
                if cell.is_none() && !wrong {
                    continue;
                }
                let (value, min) = (cell.map(|cell| cell.value), cell.and_then(|cell| cell.least));
                let value = Value { workload, metric, unit, subject, value, min, wrong };
                list.push(serde_json::to_value(value).expect("plain data"));
            }
        }
        let goals = self.goals();
        list.extend(goals.iter().map(|goal| serde_json::to_value(goal).expect("plain data")));
        serde_json::to_string_pretty(&list).expect("plain data") + "\n"
    }
}

/// Three digits or all before the point, in groups.
fn number(value: f64) -> String {
    let places = match value {
        _ if value.fract() == 0.0 || value >= 100.0 => 0,
        _ if value >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.places$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}
