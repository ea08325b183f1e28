//! What the network does to messages.

use holdall_testkit::simulation::{Fate, Link};

use super::party_simulation::{PartyEvent, PartySimulation};
use crate::conditions::{MINUTE, SECOND};
use crate::schedule::{ActionId, ActionKind, DeviceId, Node, ParcelId, RegionId};

/// After so many tries the network is good, so that a run ends.
const MOST_TRIES: u32 = 8;

impl PartySimulation<'_> {
    /// Sends the message about an action, or waits until the device is online again.
    pub(super) fn attempt(&mut self, action: ActionId, tries: u32) {
        let device = self.recorder.schedule.actions[action as usize].device;
        if let Some(end) = self.is_offline(device) {
            // What was queued leaves in a burst, not in order.
            let burst = self.dice().between(0, 3 * SECOND);
            self.plan(end + burst, PartyEvent::Attempt { action, tries });
            return;
        }
        // A second try may go to another region.
        let conditions = self.conditions();
        let usual = self.devices[device as usize].region;
        let fails_over = self.dice().happens(conditions.failover);
        let region = if tries > 0 && fails_over { self.other_region(usual) } else { usual };
        // After many tries the network loses nothing any more, so that a run ends.
        let lost = if tries < MOST_TRIES { conditions.request_lost } else { 0 };
        let link = Link { lost, ..conditions.request_link() };
        let (from, to) = (Node::Device(device), Node::Region(region));
        let Fate::Arrives { at_ms, again_ms, .. } = self.simulation.fate(&from, &to, &link) else {
            self.recorder.schedule.faults.requests_lost += 1;
            self.try_again(action, tries);
            return;
        };
        self.plan(at_ms, PartyEvent::Arrival { action, region, tries: Some(tries) });
        // Nobody waits for the answer to a copy that the network made.
        if let Some(again_ms) = again_ms {
            self.plan(again_ms, PartyEvent::Arrival { action, region, tries: None });
        }
        // Two regions may handle one sign-in at once.
        if self.is_sign_in(action) && tries == 0 && self.dice().happens(conditions.double_sign_in) {
            let other = self.other_region(region);
            let arrival = PartyEvent::Arrival { action, region: other, tries: None };
            self.send(from, Node::Region(other), arrival);
        }
    }

    /// Plans the next try to send the message about an action.
    fn try_again(&mut self, action: ActionId, tries: u32) {
        let most = SECOND << tries.min(6);
        let backoff = self.dice().between(most / 2, most);
        self.plan(self.now() + backoff, PartyEvent::Attempt { action, tries: tries + 1 });
    }

    /// Sends a message that does not get lost. Neither end is offline.
    fn send(&mut self, from: Node, to: Node, event: PartyEvent) {
        let link = self.conditions().sure_link();
        let fate = self.simulation.send(&from, &to, &link, event);
        debug_assert!(matches!(fate, Fate::Arrives { .. }), "sent while offline");
    }

    /// Delivers a message to a region, which answers.
    pub(super) fn arrival(&mut self, action: ActionId, region: RegionId, tries: Option<u32>) {
        let is_news = self.recorder.deliver(self.now(), action, region);
        self.plan_mishaps(region);
        if is_news {
            self.spread(region, 0);
        }
        // The region answers whoever waits; a lost answer leads to another try.
        let Some(tries) = tries else { return };
        let conditions = self.conditions();
        if self.dice().happens(conditions.answer_lost) && tries < MOST_TRIES {
            self.recorder.schedule.faults.answers_lost += 1;
            self.try_again(action, tries);
            return;
        }
        let device = self.recorder.schedule.actions[action as usize].device;
        let is_sign_in = self.is_sign_in(action);
        if is_sign_in && self.dice().happens(conditions.second_sign_in) {
            let later = self.dice().between(2 * MINUTE, 60 * MINUTE);
            self.plan(self.now() + later, PartyEvent::Arrival { action, region, tries: None });
        }
        // The answer to a sign-in always has the account's cart in it.
        if (self.dice().happens(conditions.refresh_on_answer) || is_sign_in)
            && self.can_refresh(device)
        {
            self.answer_with_cart(device);
        }
    }

    /// Sends a region's answer with the cart to a device.
    pub(super) fn answer_with_cart(&mut self, device: DeviceId) {
        let to = Node::Device(device);
        let region = self.devices[device as usize].region;
        let parcel = self.recorder.send(self.now(), region, to);
        self.send(Node::Region(region), to, PartyEvent::Landing { parcel, to });
    }

    /// Sends what another region lacks, unless one of the two is cut off.
    pub(super) fn gossip(&mut self, from: RegionId, to: RegionId) {
        let (now, conditions) = (self.now(), self.conditions());
        let cut = [from, to]
            .into_iter()
            .filter_map(|region| self.outages.cut_off_until(region as usize, now))
            .max();
        if let Some(end) = cut {
            self.recorder.schedule.faults.cut_off += 1;
            let jitter = self.dice().between(0, 10 * SECOND);
            self.plan(end + jitter, PartyEvent::Gossip { from, to });
            return;
        }
        if !self.recorder.model.has_news(from, to) {
            self.regions[from as usize].planned[to as usize] = false;
            return;
        }
        let (sender, receiver) = (Node::Region(from), Node::Region(to));
        let link = conditions.exchange_link();
        let Fate::Arrives { at_ms, again_ms, .. } = self.simulation.fate(&sender, &receiver, &link)
        else {
            self.recorder.schedule.faults.exchanges_lost += 1;
            let backoff = self.dice().between(3 * SECOND, 10 * SECOND);
            self.plan(now + backoff, PartyEvent::Gossip { from, to });
            return;
        };
        self.regions[from as usize].planned[to as usize] = false;
        let parcel = self.recorder.send(now, from, receiver);
        self.plan(at_ms, PartyEvent::Landing { parcel, to: receiver });
        if let Some(again_ms) = again_ms {
            self.recorder.schedule.faults.exchanges_doubled += 1;
            self.plan(again_ms, PartyEvent::Landing { parcel, to: receiver });
        }
    }

    /// Delivers a parcel.
    pub(super) fn landing(&mut self, parcel: ParcelId, to: Node) {
        match to {
            Node::Region(region) => {
                if self.recorder.receive(self.now(), parcel, to) {
                    // Its sender tells the others itself; this is for those it cannot reach.
                    self.spread(region, if self.conditions().calm { 0 } else { 30 * SECOND });
                }
            }
            Node::Device(device) => {
                if !self.devices[device as usize].has_left && self.is_offline(device).is_none() {
                    self.recorder.receive(self.now(), parcel, to);
                }
            }
        }
    }

    /// Plans exchanges with every other region.
    fn spread(&mut self, from: RegionId, after: u64) {
        for to in (0..self.regions.len() as RegionId).filter(|to| *to != from) {
            if !self.regions[from as usize].planned[to as usize] {
                self.regions[from as usize].planned[to as usize] = true;
                let at = self.now() + after + self.soon();
                self.plan(at, PartyEvent::Gossip { from, to });
            }
        }
    }

    fn is_sign_in(&self, action: ActionId) -> bool {
        matches!(self.recorder.schedule.actions[action as usize].verb, ActionKind::SignIn(_))
    }
}
