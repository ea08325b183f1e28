//! The report of a soak.

use std::collections::BTreeMap;
use std::io::{self, Write};

use holdall_testkit::soak::{Finding, SoakWorld};
use serde_json::{Value, json};

/// World with findings.
pub(crate) struct WrongWorld {
    pub(crate) world: u64,
    pub(crate) findings: Vec<Finding>,
    /// Where its scenario file is, if it can be told as one.
    pub(crate) story: Option<String>,
}

/// Report of a soak.
#[derive(Default)]
pub(crate) struct SoakReport {
    pub(crate) seed: u64,
    pub(crate) worlds: u64,
    pub(crate) hours: f64,
    pub(crate) actions: u64,
    pub(crate) seconds: f64,
    pub(crate) faults: BTreeMap<&'static str, u64>,
    pub(crate) wrong: Vec<WrongWorld>,
}

impl SoakReport {
    /// Adds a world that ended.
    pub(crate) fn add(&mut self, number: u64, world: &SoakWorld, story: Option<String>) {
        self.worlds += 1;
        self.hours += world.hours();
        self.actions += world.actions();
        for (kind, often) in world.faults() {
            *self.faults.entry(kind).or_default() += often;
        }
        let findings = world.findings().to_vec();
        if !findings.is_empty() {
            self.wrong.push(WrongWorld { world: number, findings, story });
        }
    }

    /// Returns the number of findings.
    pub(crate) fn findings(&self) -> usize {
        self.wrong.iter().map(|wrong| wrong.findings.len()).sum()
    }

    pub(crate) fn write_text(&self, mut out: impl Write) -> io::Result<()> {
        let Self { seed, worlds, hours, actions, seconds, .. } = self;
        for WrongWorld { world, findings, story } in &self.wrong {
            writeln!(out, "FOUND in world {world} of seed {seed}:")?;
            for Finding { law, says } in findings {
                writeln!(out, "  {law}: {says}")?;
            }
            writeln!(out, "  again: holdall soak --seed {seed} --world {world}")?;
            match story {
                Some(file) => writeln!(
                    out,
                    "  told without its packets it fails too: holdall scenario {file}"
                )?,
                None => writeln!(out, "  it cannot be told as a story: that takes the packets")?,
            }
        }
        writeln!(out, "seed {seed}: {worlds} worlds, {hours:.0} simulated hours, {seconds:.0} s")?;
        writeln!(out, "{actions} actions, {} findings", self.findings())?;
        for (kind, often) in &self.faults {
            writeln!(out, "  {often:>10} {kind}")?;
        }
        out.flush()
    }

    pub(crate) fn json(&self) -> Value {
        let wrong = |wrong: &WrongWorld| {
            let finding = |f: &Finding| json!({ "law": f.law, "says": f.says });
            json!({
                "world": wrong.world,
                "findings": wrong.findings.iter().map(finding).collect::<Vec<_>>(),
                "story": wrong.story,
            })
        };
        json!({
            "seed": self.seed, "worlds": self.worlds, "simulated_hours": self.hours,
            "seconds": self.seconds, "actions": self.actions, "faults": self.faults,
            "findings": self.findings(),
            "wrong": self.wrong.iter().map(wrong).collect::<Vec<_>>(),
        })
    }
}
