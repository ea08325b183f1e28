//! `small-scope`: see `--help`.

use std::process::ExitCode;

use small_scope::args::{self, Args, USAGE};
use small_scope::carts::model::Carts;
use small_scope::carts::script;
use small_scope::run::{Outcome, run};
use small_scope::{claims, report, retirement};

fn main() -> ExitCode {
    let args = match args::parse(std::env::args().skip(1)) {
        Ok(Some(args)) => args,
        Ok(None) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(why) => {
            eprintln!("small-scope: {why}");
            return ExitCode::from(2);
        }
    };
    let outcomes = all(&args);
    if outcomes.is_empty() {
        eprintln!("small-scope: no family's name has that in it");
        return ExitCode::from(2);
    }
    if args.json {
        println!("{:#}", report::json(&outcomes));
    } else {
        let states: usize = outcomes.iter().map(|one| one.states).sum();
        let broken = outcomes.iter().filter(|one| one.broken.is_some()).count();
        println!("{} models, {states} states, {broken} broken", outcomes.len());
    }
    ExitCode::from(u8::from(outcomes.iter().any(|one| one.broken.is_some())))
}

const CLAIMS: &str = "claims";
const RETIREMENT: &str = "retirement";

/// Runs what is asked for, and prints as it goes.
fn all(args: &Args) -> Vec<Outcome> {
    let wanted = |name: &str| args.only.as_ref().is_none_or(|only| name.contains(only.as_str()));
    let mut all = Vec::new();
    let mut tell = |outcomes: Vec<Outcome>| {
        if !args.json && !args.each && !outcomes.is_empty() {
            println!("{}", report::family(&outcomes));
        }
        for outcome in &outcomes {
            if !args.json && args.each {
                println!("{}", report::one(outcome));
            }
            if let Some(broken) = &outcome.broken {
                eprint!("{}", report::broken(outcome, broken));
            }
        }
        all.extend(outcomes);
    };
    for family in script::families().into_iter().filter(|family| wanted(&family.name)) {
        let stride = if args.short { family.short } else { Some(1) };
        let Some(stride) = stride else { continue };
        let scripts = family.scripts.into_iter().step_by(stride);
        let run = |script: script::Script| {
            let name = script.name.clone();
            run(&family.name, &name, || Carts::new(script.clone()))
        };
        tell(scripts.map(run).collect());
    }
    if wanted(CLAIMS) {
        let models = claims::models().into_iter();
        tell(models.map(|(name, model)| run(CLAIMS, name, || model)).collect());
    }
    if wanted(RETIREMENT) {
        let models = retirement::models()
            .into_iter()
            .filter(|(_, model)| !args.short || model.actions <= retirement::SHORT_ACTIONS);
        tell(models.map(|(name, model)| run(RETIREMENT, name, || model)).collect());
    }
    all
}
