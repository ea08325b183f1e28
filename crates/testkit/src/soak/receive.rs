//! What arrives at a machine, and what it makes of it.

use holdall::sync::{self, Message, Received};
use holdall::{Cart, CartId, Delta, Dot, wire};

use super::message::{Payload, SoakMessage};
use super::node::NodeId;
use super::world::{InjectedBug, REGIONS, SoakWorld};

impl SoakWorld {
    /// Handles a message that arrives.
    pub(super) fn arrive(&mut self, mail: SoakMessage) {
        let SoakMessage { from, to, cart, parcel } = mail;
        match parcel {
            Payload::Delta(bytes) => match wire::decode_delta(&bytes) {
                Ok(delta) => self.receive(from, to, cart, delta),
                Err(error) => self.find("what was sent can be read", error.to_string()),
            },
            Payload::Message(bytes) => match wire::decode_message(&bytes) {
                Ok(message) => self.hear(from, to, cart, &message),
                Err(error) => self.find("what was sent can be read", error.to_string()),
            },
        }
    }

    fn receive(&mut self, from: NodeId, to: NodeId, cart: CartId, delta: Delta) {
        let Some(site) = self.nodes[to].sites.get_mut(&cart) else { return };
        if self.bug == Some(InjectedBug::CutShort)
            && delta.live().len() == 1
            && !delta.dead().is_empty()
        {
            // Only what lives: the mistake of whoever leaves out what a delta makes dead.
            for part in delta.split().into_iter().take(1) {
                let _ = site.replica.join(&part);
            }
            site.touch();
            return;
        }
        let received = site.inbox.receive(&mut site.replica, delta.clone());
        let (changed, waits, twice) = match &received {
            Ok(Received::Joined { joined, .. }) => (joined.changed, false, &joined.equivocations),
            Ok(Received::Waits { joined, .. }) => (joined.changed, true, &joined.equivocations),
            Err(error) => {
                let says = error.to_string();
                self.find("a waiting room has room", says);
                return;
            }
        };
        let twice = twice.clone();
        if changed {
            site.touch();
            self.record_send(from, to);
        }
        if waits {
            self.fault("delta before what it makes dead");
        }
        self.honest(&twice);
        if to >= REGIONS {
            return;
        }
        if changed {
            self.absorb(to);
            self.pass_on(from, to, cart, &delta);
        }
        if self.dice().happens(700) {
            let have = self.nodes[to].sites[&cart].replica.cart().have();
            let message = Message::Have { cart, have };
            self.send(to, from, cart, Payload::Message(wire::encode_message(&message)));
        }
    }

    /// Passes a delta on from a region to some of the other holders of the cart.
    fn pass_on(&mut self, from: NodeId, region: NodeId, cart: CartId, delta: &Delta) {
        let others: Vec<NodeId> =
            self.holders(cart).filter(|to| *to != from && *to != region).collect();
        for to in others {
            if self.dice().happens(400) {
                self.send(region, to, cart, Payload::Delta(wire::encode_delta(delta)));
            }
        }
    }

    fn hear(&mut self, from: NodeId, to: NodeId, cart: CartId, message: &Message) {
        let now = self.now();
        let Some(site) = self.nodes[to].sites.get_mut(&cart) else { return };
        if let Message::Have { have, .. } | Message::Answer { have: Some(have), .. } = message
            && from < REGIONS
        {
            let dropped = site.outbox.acknowledge(have);
            if dropped > 0 {
                site.touch();
            }
        }
        let response = match site.sessions.get_mut(&from).filter(|session| !session.is_quiet()) {
            Some(session) => session.handle(&mut site.replica, message, now),
            None => sync::respond(&mut site.replica, message),
        };
        let Ok(response) = response else {
            self.find("a message is about its cart", format!("{message:?}"));
            return;
        };
        let changed = response.joined.changed;
        if changed {
            site.touch();
            self.record_send(from, to);
        }
        let diverged = response.diverged.is_some();
        self.honest(&response.joined.equivocations);
        if diverged {
            self.alarm(cart);
        }
        if let Some(reply) = &response.message {
            self.send(to, from, cart, Payload::Message(wire::encode_message(reply)));
        }
        if changed && to < REGIONS {
            self.absorb(to);
        }
    }

    /// Checks that two contents of one dot come only from clones, and from merges that two regions
    /// wrote.
    pub(super) fn honest(&mut self, twice: &[Dot]) {
        for dot in twice {
            self.fault("two contents of one dot seen");
            if !self.cloned.contains(&dot.replica) {
                self.find("an honest writer does not equivocate", format!("{dot}"));
            }
        }
    }

    pub(super) fn alarm(&mut self, cart: CartId) {
        self.fault("alarm of divergence");
        if self.cloned.is_empty() {
            self.find("no alarm without a liar", format!("cart {cart}"));
        }
    }

    /// Absorbs late writes of guests' devices into the accounts' carts at a region.
    pub(super) fn absorb(&mut self, region: NodeId) {
        for account in self.accounts.clone() {
            for guest in self.guests.clone() {
                let late: Cart = self.nodes[region].sites[&guest].replica.cart().clone();
                let Some(site) = self.nodes[region].sites.get_mut(&account) else { continue };
                let Ok(delta) = site.replica.absorb(&late) else { continue };
                if !delta.is_empty() {
                    site.touch();
                    self.log.entry(account).or_default().push(delta);
                }
            }
        }
    }
}
