//! A run of a story: as it is written, and then its deltas in other schedules.

use std::collections::BTreeSet;

use super::check::{differs, unexplained};
use super::schedule::ExpectedOutcome;
use super::story::{ExpectView, StepKind, Story, StoryStep};
use super::through::Through;
use super::world::StoryWorld;
use holdall::dots::Dots;
use holdall::policy::Registry;

/// Settings of a run of a story.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// How many random schedules for each cart.
    pub schedules: u32,
    /// From which they follow.
    pub seed: u64,
    /// What carries the carts.
    pub through: Through,
}

impl Default for Options {
    /// Returns settings with 200 schedules, through the library's own exchange.
    fn default() -> Self {
        Self { schedules: 200, seed: 1, through: Through::default() }
    }
}

/// Difference between what a story expects and what was seen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Mismatch {
    /// The line of the step or expectation.
    pub line: usize,
    /// What was seen, and what was expected.
    pub what: String,
}

/// Tells a story, and then its deltas in every other way.
///
/// # Errors
/// What was seen and what was expected, at the first step or expectation that differs; for a
/// schedule, its seed and the shortest one that fails.
pub fn tell(story: &Story, options: &Options) -> Result<(), Mismatch> {
    tell_with(story, options, &Registry::default())
}

/// Tells a story whose merges may name users' own rules.
///
/// # Errors
/// As with [`tell`].
pub fn tell_with(story: &Story, options: &Options, rules: &Registry) -> Result<(), Mismatch> {
    let mut world = StoryWorld::new(story.ceiling, rules).through(options.through.carrier());
    for step in &story.steps {
        world.tick();
        take(&mut world, step)?;
    }
    let sites: Vec<String> = world.sites().map(str::to_owned).collect();
    world.sync(&sites);
    for expect in &story.expect {
        look(&mut world, expect)?;
    }
    let carts: BTreeSet<String> = world.made().iter().map(|(cart, _)| cart.clone()).collect();
    for cart in &carts {
        retell(&mut world, story, cart, &sites, options, rules)?;
    }
    Ok(())
}

fn take(world: &mut StoryWorld, step: &StoryStep) -> Result<(), Mismatch> {
    let mismatch = |what: String| Mismatch { line: step.line, what };
    match &step.verb {
        StepKind::Act { at, cart, act } => {
            let before = world.fingerprints(at);
            let outcome = world.act(at, cart, act);
            match (&step.fails, outcome) {
                (None, Ok(())) => {}
                (Some(kind), Err(failure)) if failure.kind == kind => {
                    // A cart that was only now named has nothing in it.
                    let empty = world.view(at, cart).is_empty();
                    let after = world.fingerprints(at);
                    if before != after && !(empty && after.len() > before.len()) {
                        return Err(mismatch(format!("{at}: it failed and changed something")));
                    }
                }
                (Some(kind), Err(failure)) => {
                    let (seen, says) = (failure.kind, failure.says);
                    return Err(mismatch(format!(
                        "{at}: failed with {seen} ({says}), expected {kind}"
                    )));
                }
                (Some(kind), Ok(())) => {
                    return Err(mismatch(format!("{at}: succeeded, expected {kind}")));
                }
                (None, Err(failure)) => {
                    let pending = failure.kind == "claim-pending";
                    if !(pending && world.keep_pending(at, cart, act)) {
                        let (seen, says) = (failure.kind, failure.says);
                        return Err(mismatch(format!(
                            "{at}: failed with {seen} ({says}), expected success"
                        )));
                    }
                }
            }
        }
        StepKind::Sync(None) => {
            let all: Vec<String> = world.sites().map(str::to_owned).collect();
            world.sync(&all);
        }
        StepKind::Sync(Some(sites)) => world.sync(sites),
        StepKind::Send { from, to, again } => world.send(from, to, *again),
        StepKind::Restart(site) => world.restart(site),
        StepKind::Lose(site) => world.lose(site),
        StepKind::Authority(up) => world.set_authority(*up).map_err(|failure| {
            mismatch(format!("a pending merge failed with {} ({})", failure.kind, failure.says))
        })?,
        StepKind::Clock { at, skew_ms } => world.skew(at, *skew_ms),
        StepKind::Advance { ms } => world.advance(*ms),
        StepKind::Expect(expect) => look(world, expect)?,
    }
    Ok(())
}

/// Compares an expectation with one replica, or with all that hold the cart.
fn look(world: &mut StoryWorld, expect: &ExpectView) -> Result<(), Mismatch> {
    let sites: Vec<String> = match &expect.at {
        Some(site) => vec![site.clone()],
        None => {
            world.sites().filter(|site| world.has(site, &expect.cart)).map(str::to_owned).collect()
        }
    };
    for site in sites {
        if let Some(wrong) = differs(expect, &world.view(&site, &expect.cart)) {
            let what = format!("{site}, cart {}: {wrong}", expect.cart);
            return Err(Mismatch { line: expect.line, what });
        }
        if let Some(wrong) = unexplained(&world.replica(&site, &expect.cart).explain()) {
            let what = format!("{site}, cart {}: {wrong}", expect.cart);
            return Err(Mismatch { line: expect.line, what });
        }
    }
    Ok(())
}

/// Delivers what a cart's replicas made in other ways. What a replica lost before anybody had it
/// is gone, and not delivered.
fn retell(
    world: &mut StoryWorld,
    story: &Story,
    cart: &str,
    sites: &[String],
    options: &Options,
    rules: &Registry,
) -> Result<(), Mismatch> {
    let line = story.expect.iter().find(|e| e.cart == cart).map_or(1, |expect| expect.line);
    let states: Vec<_> = sites
        .iter()
        .filter(|site| world.has(site, cart))
        .cloned()
        .collect::<Vec<_>>()
        .iter()
        .map(|site| world.replica(site, cart).cart().clone())
        .collect();
    // All replicas that hold the cart must be equal by now.
    let Some(first) = states.first() else { return Ok(()) };
    if states.iter().any(|state| state.fingerprint() != first.fingerprint()) {
        let what = format!("cart {cart}: after everything was exchanged the replicas differ");
        return Err(Mismatch { line, what });
    }
    // Deltas whose dots nobody knows were lost with their replica.
    let known: &Dots = first.context();
    let survived = |delta: &&holdall::cart::Delta| {
        !delta.is_empty() && (first.is_erased() || delta.own().minus(known).is_empty())
    };
    let deltas = world.made().iter().filter(|(of, _)| of == cart).map(|(_, delta)| delta);
    let outcome = ExpectedOutcome {
        cart,
        deltas: deltas.filter(survived).cloned().collect(),
        fingerprint: first.fingerprint(),
        expect: story.expect.iter().filter(|e| e.cart == cart && e.at.is_none()).collect(),
        options: world.options(),
        rules,
        through: options.through,
    };
    outcome.check(options.schedules, options.seed).map_err(|what| Mismatch { line, what })
}
