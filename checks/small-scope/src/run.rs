//! Runs one model to its end, breadth first, so that a path to a fault is a shortest one.

use std::cmp::Reverse;
use std::hash::Hash;
use std::time::Instant;

use stateright::{Checker, Expectation, HasDiscoveries, Model};

/// What became of a model.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What it has in common with others.
    pub family: String,
    /// What it is called.
    pub name: String,
    /// Different states.
    pub states: usize,
    /// States that were reached, on any path.
    pub generated: usize,
    /// Steps of the longest of the shortest paths.
    pub depth: usize,
    /// How long it took.
    pub seconds: f64,
    /// The law that does not hold, if there is one.
    pub broken: Option<Broken>,
}

/// A law that does not hold, and how to get there.
#[derive(Clone, Debug)]
pub struct Broken {
    /// The law.
    pub law: String,
    /// What was found in the end.
    pub says: String,
    /// The shortest path, in words.
    pub steps: Vec<String>,
}

/// A model that can say what is wrong with a state.
pub trait Tells: Model {
    /// What is wrong, if anything is.
    fn tell(&self, state: &Self::State) -> String;
}

/// Runs a model, made as often as it takes to shorten a path.
pub fn run<M>(family: &str, name: &str, make: impl Fn() -> M) -> Outcome
where
    M: Tells + Send + Sync + 'static,
    M::State: Hash + PartialEq + Send + Sync + Clone + std::fmt::Debug + 'static,
    M::Action: Clone + PartialEq + std::fmt::Debug,
{
    let began = Instant::now();
    let (mut outcome, _) = explore(&make, None);
    // Of several faults that are found together the checker keeps the last. So it is asked for
    // shorter paths until there is none.
    while let Some(broken) = outcome.broken.as_ref().filter(|broken| !broken.steps.is_empty()) {
        let (again, shorter) = explore(&make, Some(broken.steps.len()));
        if !shorter {
            break;
        }
        outcome = again;
    }
    let (family, name) = (family.into(), name.into());
    Outcome { family, name, seconds: began.elapsed().as_secs_f64(), ..outcome }
}

/// One search, of paths with fewer steps than `fewer` if that is given; whether it found a fault.
fn explore<M>(make: &impl Fn() -> M, fewer: Option<usize>) -> (Outcome, bool)
where
    M: Tells + Send + Sync + 'static,
    M::State: Hash + PartialEq + Send + Sync + Clone + std::fmt::Debug + 'static,
    M::Action: Clone + PartialEq + std::fmt::Debug,
{
    let mut builder = make().checker().threads(1).finish_when(HasDiscoveries::AnyFailures);
    if let Some(fewer) = fewer {
        // It counts states, and leaves out those at that depth.
        builder = builder.target_max_depth(fewer + 1);
    }
    let checker = builder.spawn_bfs().join();
    let mut discovered = checker.discoveries();
    let found = checker.model().properties().into_iter().filter_map(|property| {
        let law = property.name.to_string();
        let path = discovered.remove(property.name);
        if let Expectation::Sometimes = property.expectation {
            // What is never tried holds for nothing.
            let says = "no path leads there: the model does not try what it is for".into();
            return path.is_none().then_some(Broken { law, says, steps: Vec::new() });
        }
        let model = checker.model();
        let path = path?;
        let says = model.tell(path.last_state());
        let steps = path.into_vec();
        let told = steps.iter().filter_map(|(state, step)| {
            let step = step.clone()?;
            let words = model.format_step(state, step.clone());
            Some(words.unwrap_or_else(|| model.format_action(&step)))
        });
        Some(Broken { law, says, steps: told.collect() })
    });
    // A fault that ends the search leaves things untried; it is the fault that is to be told.
    let broken = found.max_by_key(|broken| (!broken.steps.is_empty(), Reverse(broken.steps.len())));
    let is_fault = broken.as_ref().is_some_and(|broken| !broken.steps.is_empty());
    let outcome = Outcome {
        family: String::new(),
        name: String::new(),
        states: checker.unique_state_count(),
        generated: checker.state_count(),
        depth: checker.max_depth(),
        seconds: 0.0,
        broken,
    };
    (outcome, is_fault)
}
