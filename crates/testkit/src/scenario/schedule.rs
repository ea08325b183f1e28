//! Every schedule, not one: the deltas of a story, delivered to fresh replicas in other ways.

use std::collections::BTreeMap;

use super::check::differs;
use super::story::ExpectView;
use super::through::Through;
use super::world::{cart_id, name_bits};
use crate::dice::Dice;
use crate::simulation::{Delay, Link, Simulation};
use holdall::cart::{Delta, Fingerprint};
use holdall::id::ReplicaId;
use holdall::policy::Registry;
use holdall::replica::Replica;
use holdall::sync::Inbox;
use holdall::view::ViewOptions;

/// State and view that a cart's deltas must lead to in every schedule.
pub(super) struct ExpectedOutcome<'a> {
    pub(super) cart: &'a str,
    pub(super) deltas: Vec<Delta>,
    pub(super) fingerprint: Fingerprint,
    pub(super) expect: Vec<&'a ExpectView>,
    pub(super) options: ViewOptions,
    pub(super) rules: &'a Registry,
    pub(super) through: Through,
}

/// Link on which messages arrive in any order: the delays are so long that none are equal.
const ANY_ORDER: Link =
    Link { delay: Delay::Uniform { least_ms: 0, most_ms: u32::MAX as u64 }, ..Link::IDEAL };

/// Up to this many deltas, every order of them is tried.
const EXHAUSTIVE: usize = 5;

/// A delivery: which deltas, joined into one, and whether it goes through the waiting room whole
/// or in pieces straight into the state.
#[derive(Clone, Debug)]
struct ScheduledDelivery {
    deltas: Vec<usize>,
    split: bool,
}

impl ExpectedOutcome<'_> {
    /// Tries `schedules` random schedules, and every order where there are few.
    pub(super) fn check(&self, schedules: u32, seed: u64) -> Result<(), String> {
        if self.deltas.len() <= EXHAUSTIVE {
            for order in orders(self.deltas.len()) {
                let schedule = order
                    .into_iter()
                    .map(|at| ScheduledDelivery { deltas: vec![at], split: false });
                let schedule: Vec<ScheduledDelivery> = schedule.collect();
                self.try_one(&schedule, true)
                    .map_err(|e| self.tell(&schedule, &e, "every order"))?;
                self.try_one(&schedule, false)
                    .map_err(|e| self.tell(&schedule, &e, "every order"))?;
            }
        }
        for number in 0..schedules {
            // Each schedule has a seed of its own, so that one can be told again alone.
            let own = seed.wrapping_add(u64::from(number));
            let mut dice = Dice::new(own, name_bits(&[self.cart]) as u64);
            let waiting_room = dice.happens(500);
            let schedule = self.random(dice, waiting_room);
            if let Err(error) = self.try_one(&schedule, waiting_room) {
                let (shortest, error) = self.shorten(schedule, error, waiting_room);
                let which = format!("--schedules 1 --seed {own}");
                return Err(self.tell(&shortest, &error, &which));
            }
        }
        Ok(())
    }

    /// Draws a schedule: each delta arrives once to three times, in any order, and some arrivals
    /// are joined with the one before.
    fn random(&self, dice: Dice, waiting_room: bool) -> Vec<ScheduledDelivery> {
        let (sender, receiver) = (0_u8, 1_u8);
        let mut simulation = Simulation::new(dice, 0);
        for at in 0..self.deltas.len() {
            for _ in 0..simulation.dice().between(1, 3) {
                let split = !waiting_room && simulation.dice().happens(500);
                let delivery = ScheduledDelivery { deltas: vec![at], split };
                let _ = simulation.send(&sender, &receiver, &ANY_ORDER, delivery);
            }
        }
        let mut batched: Vec<ScheduledDelivery> = Vec::new();
        while let Some(delivery) = simulation.next_event() {
            match batched.last_mut() {
                Some(last) if simulation.dice().happens(250) => last.deltas.extend(delivery.deltas),
                _ => batched.push(delivery),
            }
        }
        batched
    }

    /// Returns the deliveries in order; for the second of two receivers in reverse.
    fn orders<'s>(
        &self,
        schedule: &'s [ScheduledDelivery],
        at: usize,
    ) -> impl Iterator<Item = (&'s ScheduledDelivery, Delta)> {
        let forth = schedule.iter().filter(move |_| at == 0);
        let back = schedule.iter().rev().filter(move |_| at == 1);
        forth.chain(back).map(|delivery| {
            let mut batch = Delta::empty(cart_id(self.cart));
            delivery.deltas.iter().for_each(|at| batch.batch(&self.deltas[*at]));
            (delivery, batch)
        })
    }

    /// Tries a schedule through another carrier. Returns false if the story has none.
    fn try_through(&self, schedule: &[ScheduledDelivery]) -> Result<bool, String> {
        for (at, name) in ["one", "two"].into_iter().enumerate() {
            let Some(mut deliveries) = self.through.deliveries(cart_id(self.cart), name) else {
                return Ok(false);
            };
            for (delivery, batch) in self.orders(schedule, at) {
                if delivery.split {
                    batch.split().iter().try_for_each(|part| deliveries.deliver(part))?;
                } else {
                    deliveries.deliver(&batch)?;
                }
            }
            let state = deliveries.end(self.fingerprint)?;
            let id = ReplicaId::from_u128(name_bits(&["fresh", name]));
            let replica = Replica::resume(id, state.latest(), state);
            self.compare(&replica.with_options(self.options).with_rules(self.rules.clone()))?;
        }
        Ok(true)
    }

    fn compare(&self, replica: &Replica) -> Result<(), String> {
        if replica.fingerprint() != self.fingerprint {
            return Err("the state differs from the story's own".into());
        }
        let view = replica.view();
        self.expect.iter().find_map(|expect| differs(expect, &view)).map_or(Ok(()), Err)
    }

    fn try_one(&self, schedule: &[ScheduledDelivery], waiting_room: bool) -> Result<(), String> {
        if self.try_through(schedule)? {
            return Ok(());
        }
        let mut replicas: Vec<Replica> = ["one", "two"]
            .iter()
            .map(|name| {
                let id = ReplicaId::from_u128(name_bits(&["fresh", name]));
                let replica = Replica::new(cart_id(self.cart), id);
                replica.with_options(self.options).with_rules(self.rules.clone())
            })
            .collect();
        let mut inboxes = [Inbox::default(), Inbox::default()];
        for (at, replica) in replicas.iter_mut().enumerate() {
            for (delivery, batch) in self.orders(schedule, at) {
                if waiting_room {
                    let _ = inboxes[at].receive(replica, batch).map_err(|e| e.to_string())?;
                } else if delivery.split {
                    for part in batch.split() {
                        let _ = replica.join(&part).map_err(|e| e.to_string())?;
                    }
                } else {
                    let _ = replica.join(&batch).map_err(|e| e.to_string())?;
                }
            }
            if waiting_room && !inboxes[at].waiting().is_empty() && !replica.cart().is_erased() {
                return Err(format!("{} deltas wait for ever", inboxes[at].waiting().len()));
            }
        }
        replicas.iter().try_for_each(|replica| self.compare(replica))
    }

    /// Leaves out what can be left out with every delta still delivered and the failure still
    /// there.
    fn shorten(
        &self,
        mut schedule: Vec<ScheduledDelivery>,
        mut error: String,
        waiting_room: bool,
    ) -> (Vec<ScheduledDelivery>, String) {
        let mut at = 0;
        while at < schedule.len() {
            let mut shorter = schedule.clone();
            shorter.remove(at);
            let mut delivered: BTreeMap<usize, ()> = BTreeMap::new();
            shorter.iter().flat_map(|d| &d.deltas).for_each(|d| {
                delivered.insert(*d, ());
            });
            match (delivered.len() == self.deltas.len())
                .then(|| self.try_one(&shorter, waiting_room))
            {
                Some(Err(still)) => (schedule, error) = (shorter, still),
                _ => at += 1,
            }
        }
        (schedule, error)
    }

    fn tell(&self, schedule: &[ScheduledDelivery], error: &str, which: &str) -> String {
        let steps: Vec<String> = schedule
            .iter()
            .map(|delivery| {
                let numbers: Vec<String> =
                    delivery.deltas.iter().map(|d| (d + 1).to_string()).collect();
                format!("{}{}", numbers.join("+"), if delivery.split { " in pieces" } else { "" })
            })
            .collect();
        format!("cart {}: {error}; schedule ({which}): deltas {}", self.cart, steps.join(", "))
    }
}

/// Returns every order of the numbers below `count`.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for next in 0..count {
        let longer = |order: Vec<usize>| {
            (0..=order.len()).map(move |at| {
                let mut order = order.clone();
                order.insert(at, next);
                order
            })
        };
        all = all.into_iter().flat_map(longer).collect();
    }
    all
}

#[cfg(test)]
mod tests {
    #[test]
    fn orders_are_all_there() {
        let mut all = super::orders(4);
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 24);
    }
}
