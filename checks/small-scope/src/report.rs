//! What is printed.

use serde_json::{Value, json};

use crate::run::{Broken, Outcome};

/// A family's outcomes as one line.
pub fn family(outcomes: &[Outcome]) -> String {
    let Some(first) = outcomes.first() else { return String::new() };
    let states: usize = outcomes.iter().map(|one| one.states).sum();
    let depth = outcomes.iter().map(|one| one.depth).max().unwrap_or_default();
    let seconds: f64 = outcomes.iter().map(|one| one.seconds).sum();
    let models = match outcomes.len() {
        1 => "1 model".into(),
        n => format!("{n} models"),
    };
    format!("{}: {models}, {states} states, depth {depth}, {seconds:.1} s", first.family)
}

/// One outcome as a line.
pub fn one(outcome: &Outcome) -> String {
    let Outcome { family, name, states, depth, seconds, .. } = outcome;
    format!("{family}: {name}: {states} states, depth {depth}, {seconds:.1} s")
}

/// A law that does not hold, and the way there.
pub fn broken(outcome: &Outcome, broken: &Broken) -> String {
    let Broken { law, says, steps } = broken;
    let mut text = format!("BROKEN {}: {}\n  {law}\n  {says}\n", outcome.family, outcome.name);
    for (at, step) in steps.iter().enumerate() {
        text.push_str(&format!("  {}. {step}\n", at + 1));
    }
    text
}

/// All of it as one object.
pub fn json(outcomes: &[Outcome]) -> Value {
    let one = |outcome: &Outcome| {
        let broken = outcome
            .broken
            .as_ref()
            .map(|broken| json!({ "law": broken.law, "says": broken.says, "steps": broken.steps }));
        json!({
            "family": outcome.family, "name": outcome.name, "states": outcome.states,
            "generated": outcome.generated, "depth": outcome.depth, "seconds": outcome.seconds,
            "broken": broken,
        })
    };
    json!({
        "models": outcomes.iter().map(one).collect::<Vec<_>>(),
        "states": outcomes.iter().map(|one| one.states).sum::<usize>(),
        "depth": outcomes.iter().map(|one| one.depth).max(),
        "seconds": outcomes.iter().map(|one| one.seconds).sum::<f64>(),
        "ok": outcomes.iter().all(|one| one.broken.is_none()),
    })
}
