//! The simulation: agenda, dice, and the state of each node that the network sees.

use std::collections::BTreeMap;
use std::ops::Range;

use super::agenda::Agenda;
use super::link::{Fate, Link};
use crate::dice::Dice;

/// Simulation of nodes `N` that act and exchange messages, as events `E`, in virtual time.
///
/// The dice and the order of the calls decide everything: two runs with equal dice and equal calls
/// are equal.
#[derive(Clone, Debug)]
pub struct Simulation<N, E> {
    dice: Dice,
    now_ms: u64,
    agenda: Agenda<E>,
    nodes: BTreeMap<N, NodeState>,
}

/// State of a node that the network and the clocks use.
#[derive(Clone, Debug, Default)]
struct NodeState {
    /// Error of its clock.
    skew_ms: i64,
    /// When nothing gets through to it or from it.
    cut_ms: Range<u64>,
}

impl<N: Ord + Clone, E> Simulation<N, E> {
    /// Starts at a time, in virtual milliseconds, with an empty agenda.
    #[must_use]
    pub const fn new(dice: Dice, now_ms: u64) -> Self {
        Self { dice, now_ms, agenda: Agenda::new(), nodes: BTreeMap::new() }
    }

    /// Returns the present time, in virtual milliseconds.
    #[must_use]
    pub const fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Returns the dice, for what else is left to chance.
    pub const fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }

    /// Lets time pass without an event.
    pub const fn advance(&mut self, ms: u64) {
        self.now_ms = self.now_ms.saturating_add(ms);
    }

    /// Plans an event, after those that are planned for its time already.
    pub fn plan(&mut self, at_ms: u64, event: E) {
        self.agenda.add(at_ms, false, event);
    }

    /// Plans an event after all others of its time, whenever those are planned.
    pub fn plan_last(&mut self, at_ms: u64, event: E) {
        self.agenda.add(at_ms, true, event);
    }

    /// Takes out the next event and lets time pass until then. An event that was planned for the
    /// past happens now.
    pub fn next_event(&mut self) -> Option<E> {
        let (at_ms, event) = self.agenda.pop()?;
        self.now_ms = self.now_ms.max(at_ms);
        Some(event)
    }

    /// Takes out the next event without letting time pass.
    pub fn next_at_once(&mut self) -> Option<E> {
        self.agenda.pop().map(|(_, event)| event)
    }

    /// Returns how many events were planned so far.
    #[must_use]
    pub const fn planned(&self) -> u64 {
        self.agenda.planned()
    }

    /// Sets by how many milliseconds a node's clock is ahead.
    pub fn set_skew_ms(&mut self, node: &N, skew_ms: i64) {
        self.state(node).skew_ms = skew_ms;
    }

    /// Returns by how many milliseconds a node's clock is ahead.
    #[must_use]
    pub fn skew_ms(&self, node: &N) -> i64 {
        self.nodes.get(node).map_or(0, |state| state.skew_ms)
    }

    /// Returns what a node's clock shows, in milliseconds.
    #[must_use]
    pub fn wall_ms(&self, node: &N) -> u64 {
        self.now_ms.saturating_add_signed(self.skew_ms(node))
    }

    /// Cuts a node off from all others for a time, in place of an earlier cut.
    pub fn cut(&mut self, node: &N, during_ms: Range<u64>) {
        self.state(node).cut_ms = during_ms;
    }

    /// Returns the end of the cut that a node is in, in virtual milliseconds, if it is in one.
    #[must_use]
    pub fn cut_until_ms(&self, node: &N) -> Option<u64> {
        let cut_ms = &self.nodes.get(node)?.cut_ms;
        cut_ms.contains(&self.now_ms).then_some(cut_ms.end)
    }

    /// Draws what becomes of a message that is sent now. Nothing is planned.
    pub fn fate(&mut self, from: &N, to: &N, link: &Link) -> Fate {
        match self.cut_until_ms(from).max(self.cut_until_ms(to)) {
            Some(until_ms) => Fate::Cut { until_ms },
            None => link.draw(&mut self.dice, self.now_ms),
        }
    }

    /// Sends a message: plans its arrivals, as many as its fate has, and returns the fate.
    pub fn send(&mut self, from: &N, to: &N, link: &Link, event: E) -> Fate
    where
        E: Clone,
    {
        let fate = self.fate(from, to, link);
        if let Fate::Arrives { at_ms, again_ms, .. } = fate {
            if let Some(again_ms) = again_ms {
                self.plan(again_ms, event.clone());
            }
            self.plan(at_ms, event);
        }
        fate
    }

    fn state(&mut self, node: &N) -> &mut NodeState {
        self.nodes.entry(node.clone()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::Delay;

    const BAD: Link = Link {
        lost: 100,
        damaged: 50,
        repeated: 200,
        repeat_delay: Delay::Uniform { least_ms: 1_000, most_ms: 2_000 },
        delay: Delay::LongTail { least_ms: 10, doubling: 400, most_ms: 80 },
        late: 100,
        late_delay: Delay::Uniform { least_ms: 100, most_ms: 500 },
    };

    /// Sends numbered messages, and returns their fates and their arrivals in order.
    fn run(seed: u64) -> (Vec<Fate>, Vec<(u64, u32)>) {
        let mut simulation = Simulation::new(Dice::new(seed, 0), 1);
        let fates = (0..1_000).map(|n| simulation.send(&0, &1, &BAD, n)).collect();
        let arrivals = std::iter::from_fn(|| {
            simulation.next_event().map(|event| (simulation.now_ms(), event))
        });
        (fates, arrivals.collect())
    }

    #[test]
    fn a_seed_decides_everything() {
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn messages_are_lost_damaged_repeated_and_overtaken() {
        let (fates, arrivals) = run(3);
        let count = |is: &dyn Fn(&Fate) -> bool| fates.iter().filter(|fate| is(fate)).count();
        let lost = count(&|fate| *fate == Fate::Lost);
        let damaged = count(&|fate| *fate == Fate::Damaged);
        let twice = count(&|fate| matches!(fate, Fate::Arrives { again_ms: Some(_), .. }));
        let late = count(&|fate| matches!(fate, Fate::Arrives { late: true, .. }));
        assert!([lost, damaged, twice, late].iter().all(|count| *count > 20));
        assert_eq!(arrivals.len(), 1_000 - lost - damaged + twice);
        assert!(arrivals.windows(2).all(|pair| pair[0].0 <= pair[1].0), "time goes forward");
        assert!(arrivals.windows(2).any(|pair| pair[0].1 > pair[1].1), "nothing was overtaken");
        assert!(arrivals.iter().all(|(at, _)| (11..=2_001).contains(at)));
    }

    #[test]
    fn events_of_one_time_come_as_planned_and_the_last_ones_last() {
        let mut simulation = Simulation::<u8, _>::new(Dice::new(1, 0), 5);
        simulation.plan_last(7, "last");
        simulation.plan(7, "first");
        simulation.plan(7, "second");
        simulation.plan(3, "past");
        let events: Vec<_> = std::iter::from_fn(|| simulation.next_event()).collect();
        assert_eq!(events, ["past", "first", "second", "last"]);
        assert_eq!(simulation.now_ms(), 7);
        simulation.plan(9, "left over");
        assert_eq!((simulation.next_at_once(), simulation.now_ms()), (Some("left over"), 7));
    }

    #[test]
    fn a_cut_stops_messages_of_both_directions_while_it_lasts() {
        let mut simulation = Simulation::new(Dice::new(1, 0), 10);
        simulation.cut(&'a', 20..30);
        let arrives = |now_ms| Fate::Arrives { at_ms: now_ms, again_ms: None, late: false };
        assert_eq!(simulation.send(&'a', &'b', &Link::IDEAL, ()), arrives(10));
        simulation.advance(10);
        for (from, to) in [('a', 'b'), ('b', 'a')] {
            assert_eq!(simulation.fate(&from, &to, &Link::IDEAL), Fate::Cut { until_ms: 30 });
        }
        assert_eq!(simulation.fate(&'b', &'c', &Link::IDEAL), arrives(20));
        simulation.advance(10);
        assert_eq!(simulation.fate(&'a', &'b', &Link::IDEAL), arrives(30));
    }

    #[test]
    fn each_node_has_its_clock() {
        let mut simulation = Simulation::<_, ()>::new(Dice::new(1, 0), 100);
        simulation.set_skew_ms(&"slow", -30);
        simulation.set_skew_ms(&"broken", i64::MIN);
        let walls = ["slow", "right", "broken"].map(|node| simulation.wall_ms(&node));
        assert_eq!(walls, [70, 100, 0]);
    }
}
