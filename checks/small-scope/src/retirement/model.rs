//! Three regions, a device that is not done, and a decision.

use holdall::dots::Dots;
use holdall::{Dot, ReplicaId};
use stateright::{Model, Property};

use super::protocol::{Admission, Flaw, News, Region, Retirement};
use crate::run::Tells;

const REGIONS: usize = 3;
/// It decides; it is never cut off from itself.
const CENTRE: usize = 0;
/// It can be cut off from the others, and not from the device.
const FAR: usize = 2;
const DEVICE: ReplicaId = ReplicaId::from_u128(1);
/// What the device becomes when it is told that it was retired.
const AGAIN: ReplicaId = ReplicaId::from_u128(2);
/// News that are kept back and come late.
const KEPT: usize = 1;

/// A model of one retirement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retirements {
    /// How much the device does.
    pub actions: u64,
    pub flaw: Flaw,
}

/// A region, and what ever happened there.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Place {
    pub region: Region,
    /// Every dot that was ever applied here, and that ever died.
    applied: Dots,
    died: Dots,
}

/// The whole state.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct State {
    pub places: Vec<Place>,
    pub retirement: Retirement,
    written: u64,
    /// Whether the device was told, and up to where it was applied.
    told: Option<u64>,
    /// News on their way, for as long as one likes.
    late: Vec<News>,
    removed: bool,
    cut: bool,
    was_cut: bool,
}

/// A step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    Write,
    Submit { action: u64, to: usize },
    Tell { from: usize, to: usize },
    Keep { from: usize },
    Late { news: usize, to: usize },
    Remove { at: usize },
    Freeze { at: usize },
    Report { from: usize },
    Decide,
    Retire { at: usize },
    Cut,
    Heal,
}

const fn name_of(region: usize) -> &'static str {
    ["the centre", "the near region", "the far region"][region]
}

impl State {
    fn reaches(&self, a: usize, b: usize) -> bool {
        a == b || !self.cut || (a != FAR && b != FAR)
    }

    /// Under which name an action travels.
    fn dot(&self, action: u64) -> Dot {
        match self.told {
            Some(last) if action > last => Dot::new(AGAIN, action - last),
            _ => Dot::new(DEVICE, action),
        }
    }

    /// The device adds, and each further action replaces the one before: it is a Set.
    fn kills(&self, action: u64) -> Dots {
        let mut kills = Dots::default();
        if action > 1 {
            kills.insert(self.dot(action - 1));
        }
        kills
    }
}

impl Retirements {
    fn steps(&self, state: &State) -> Vec<Step> {
        let mut steps = Vec::new();
        if state.written < self.actions {
            steps.push(Step::Write);
        }
        for at in 0..REGIONS {
            for action in 1..=state.written {
                steps.push(Step::Submit { action, to: at });
            }
            for to in (0..REGIONS).filter(|to| *to != at && state.reaches(at, *to)) {
                steps.push(Step::Tell { from: at, to });
            }
            for news in 0..state.late.len() {
                if state.reaches(CENTRE, at) {
                    steps.push(Step::Late { news, to: at });
                }
            }
            if state.late.len() < KEPT {
                steps.push(Step::Keep { from: at });
            }
            if !state.removed && !state.places[at].region.live().is_empty() {
                steps.push(Step::Remove { at });
            }
            if state.reaches(CENTRE, at) {
                steps.extend([Step::Freeze { at }, Step::Report { from: at }, Step::Retire { at }]);
            }
        }
        steps.push(Step::Decide);
        if state.cut {
            steps.push(Step::Heal);
        } else if !state.was_cut {
            steps.push(Step::Cut);
        }
        steps
    }

    fn step(&self, next: &mut State, step: Step) {
        match step {
            Step::Write => next.written += 1,
            Step::Submit { action, to } => {
                let (dot, kills) = (next.dot(action), next.kills(action));
                let place = &mut next.places[to];
                let known = place.region.last(dot.replica) >= dot.seq;
                match place.region.admit(dot, true, &kills) {
                    Admission::Applied if !known => {
                        place.applied.insert(dot);
                        place.died.extend(&kills);
                    }
                    Admission::Retired { last } => next.told = Some(last),
                    _ => {}
                }
            }
            Step::Tell { from, to } => {
                let news = next.places[from].region.news(self.flaw);
                self.take(&mut next.places[to], &news);
            }
            Step::Keep { from } => {
                let news = next.places[from].region.news(self.flaw);
                if news != News::default() {
                    next.late.push(news);
                }
            }
            Step::Late { news, to } => {
                let news = next.late[news].clone();
                self.take(&mut next.places[to], &news);
            }
            Step::Remove { at } => {
                let place = &mut next.places[at];
                let seen = place.region.live().clone();
                place.region.kill(&seen);
                place.died.extend(&seen);
                next.removed = true;
            }
            Step::Freeze { at } => next.places[at].region.freeze(DEVICE, self.flaw),
            Step::Report { from } => {
                let region = &next.places[from].region;
                if region.is_closed(DEVICE) || self.flaw == Flaw::NotFrozen {
                    next.retirement.hear(from, region.report(DEVICE));
                }
            }
            Step::Decide => {
                let reachable = |at| next.reaches(CENTRE, at);
                let mut retirement = next.retirement.clone();
                retirement.decide(self.flaw, reachable);
                next.retirement = retirement;
            }
            Step::Retire { at } => {
                let region = &mut next.places[at].region;
                if let Some(last) = next.retirement.decided()
                    && region.fence(DEVICE).is_none()
                {
                    region.retire(DEVICE, last);
                }
            }
            Step::Cut => (next.cut, next.was_cut) = (true, true),
            Step::Heal => next.cut = false,
        }
    }

    fn take(&self, place: &mut Place, news: &News) {
        let before = place.region.clone();
        place.region.take(news, self.flaw);
        let came = place.region.live().minus(before.live());
        place.applied.extend(&came);
        // Of another writer's dots, those that came dead were applied too.
        place.applied.extend(&news.dead.minus(&place.applied));
        place.died.extend(&news.dead);
    }

    fn is_terminal(&self, state: &State) -> bool {
        self.steps(state).into_iter().all(|step| {
            let mut next = state.clone();
            self.step(&mut next, step);
            next == *state
        })
    }
}

impl Tells for Retirements {
    fn tell(&self, state: &State) -> String {
        let places = state.places.iter().enumerate().map(|(at, place)| {
            let fence = place.region.fence(DEVICE);
            format!("{}: {:?} live, fence {fence:?}", name_of(at), place.region.live())
        });
        places.collect::<Vec<_>>().join("; ")
    }
}

/// At the end every action was applied everywhere, once, and all regions are alike.
fn nothing_lost(model: &Retirements, state: &State) -> bool {
    if !model.is_terminal(state) {
        return true;
    }
    state.places.iter().all(|place| {
        let each = (1..=state.written).all(|action| place.applied.contains(state.dot(action)));
        each && place.region.live() == state.places[0].region.live()
            && place.region.fence(DEVICE).is_some()
    })
}

fn once(model: &Retirements, state: &State) -> bool {
    let Some(last) = state.told else { return true };
    state.places.iter().all(|place| {
        // What is written again was not applied under its first name.
        (last + 1..=model.actions).all(|seq| !place.applied.contains(Dot::new(DEVICE, seq)))
    })
}

fn dead_stays_dead(_: &Retirements, state: &State) -> bool {
    state.places.iter().all(|place| place.region.live().intersection(&place.died).is_empty())
}

fn nobody_has_more(_: &Retirements, state: &State) -> bool {
    let fence = state.places.iter().find_map(|place| place.region.fence(DEVICE));
    let Some(last) = fence else { return true };
    state
        .places
        .iter()
        .all(|place| place.applied.last(DEVICE) == last && place.region.is_closed(DEVICE))
}

fn waits_for_the_far(_: &Retirements, state: &State) -> bool {
    let closed = |at: usize| state.places[at].region.is_closed(DEVICE);
    state.cut && closed(0) && closed(1) && state.retirement.decided().is_none()
}

fn written_again(_: &Retirements, state: &State) -> bool {
    state.places.iter().any(|place| place.region.last(AGAIN) > 0)
}

fn far_had_more(_: &Retirements, state: &State) -> bool {
    let last = |at: usize| state.retirement.heard(at).map(|report| report.last);
    last(FAR) > last(CENTRE) && last(CENTRE).is_some()
}

impl Model for Retirements {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            places: vec![Place::default(); REGIONS],
            retirement: Retirement::new(REGIONS),
            written: 0,
            told: None,
            late: Vec::new(),
            removed: false,
            cut: false,
            was_cut: false,
        }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        steps.extend(self.steps(state));
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let mut next = state.clone();
        self.step(&mut next, step);
        (next != *state).then_some(next)
    }

    fn format_step(&self, _: &State, step: Step) -> Option<String> {
        Some(match step {
            Step::Write => "the device writes".into(),
            Step::Submit { action, to } => {
                format!("the device sends action {action} to {}", name_of(to))
            }
            Step::Tell { from, to } => format!("{} tells {}", name_of(from), name_of(to)),
            Step::Keep { from } => format!("news of {} are kept back", name_of(from)),
            Step::Late { to, .. } => format!("the late news reach {}", name_of(to)),
            Step::Remove { at } => format!("a shopper at {} removes what is there", name_of(at)),
            Step::Freeze { at } => format!("{} freezes the writer", name_of(at)),
            Step::Report { from } => format!("{} reports its last dot", name_of(from)),
            Step::Decide => "the centre decides".into(),
            Step::Retire { at } => format!("{} lets the writer go", name_of(at)),
            Step::Cut => "the far region is cut off".into(),
            Step::Heal => "the far region is back".into(),
        })
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no event is lost, and all regions end alike", nothing_lost),
            Property::always("no event is applied under two names", once),
            Property::always("no dot comes back to life", dead_stays_dead),
            Property::always("nobody has more, or less, of what is retired", nobody_has_more),
            Property::sometimes(
                "the decision waits for the region that is cut off",
                waits_for_the_far,
            ),
            Property::sometimes("the device writes the rest again", written_again),
            Property::sometimes("the far region reports more than the centre", far_had_more),
        ]
    }
}
