//! The end of a world: all replicas must be equal, and complete.

use crate::counterexample::Counterexample;
use crate::laws::explanations;
use holdall::sync::{self, Message};
use holdall::{Cart, CartId, Delta, Observer, Registry, wire};

use super::node::NodeId;
use super::world::{PENDING_MAX, REGIONS, SoakWorld};

/// An exchange may bring up something to absorb, which the next one carries on.
const ROUNDS_MAX: usize = 8;
const ALIKE: &str = "all replicas end alike";

impl SoakWorld {
    pub(super) fn judge(&mut self) {
        let carts: Vec<CartId> = self.accounts.iter().chain(&self.guests).copied().collect();
        for node in 0..self.nodes.len() {
            for cart in &carts {
                if self.nodes[node].sites.contains_key(cart) {
                    self.send_pending(node, *cart, PENDING_MAX);
                }
            }
        }
        for _ in 0..ROUNDS_MAX {
            for cart in &carts {
                let holders: Vec<NodeId> = self.holders(*cart).collect();
                for region in 0..REGIONS {
                    for node in holders.iter().filter(|node| **node != region) {
                        self.converse(*node, region, *cart);
                    }
                }
            }
            (0..REGIONS).for_each(|region| self.absorb(region));
            if carts.iter().all(|cart| self.are_alike(*cart)) {
                break;
            }
        }
        for cart in &carts {
            self.compare(*cart);
        }
        self.owners();
    }

    fn are_alike(&self, cart: CartId) -> bool {
        let mut states =
            self.holders(cart).map(|node| self.nodes[node].sites[&cart].replica.cart());
        let first = states.next();
        states.all(|state| Some(state) == first)
    }

    /// Exchanges by the library's conversation, through bytes, until neither side has anything to
    /// send.
    fn converse(&mut self, a: NodeId, b: NodeId, cart: CartId) {
        let mut message = Some(sync::probe(&self.nodes[a].sites[&cart].replica));
        let mut to = b;
        while let Some(sent) = message.take() {
            let Ok(sent): Result<Message, _> = wire::decode_message(&wire::encode_message(&sent))
            else {
                self.find("what was sent can be read", format!("{sent:?}"));
                return;
            };
            let Some(site) = self.nodes[to].sites.get_mut(&cart) else { return };
            let Ok(response) = sync::respond(&mut site.replica, &sent) else { return };
            site.touch();
            self.honest(&response.joined.equivocations);
            if response.diverged.is_some() {
                self.alarm(cart);
            }
            message = response.message;
            to = if to == a { b } else { a };
        }
    }

    fn compare(&mut self, cart: CartId) {
        let mut wrong: Vec<(&'static str, String)> = Vec::new();
        let holders: Vec<NodeId> = self.holders(cart).collect();
        let mut joined = Cart::new(cart);
        for delta in self.log.get(&cart).into_iter().flatten() {
            if let Err(error) = joined.join(delta).map(|_| ()) {
                wrong.push((ALIKE, error.to_string()));
            }
        }
        let first = self.nodes[holders[0]].sites[&cart].replica.view();
        for node in holders {
            let node = &mut self.nodes[node];
            let name = node.name.clone();
            let Some(site) = node.sites.get_mut(&cart) else { continue };
            let replica = &mut site.replica;
            // What an exchange made ready is let in with whatever comes next.
            let poked = site.inbox.receive(replica, Delta::empty(cart)).map(|_| ());
            if poked.is_err() || !site.inbox.waiting().is_empty() {
                let waiting = site.inbox.waiting().len();
                wrong.push(("no delta waits for ever", format!("{name}: {waiting} wait")));
            }
            site.outbox.acknowledge(&replica.cart().have());
            if !site.outbox.is_empty() {
                let says = format!("{name}: {} are not acknowledged", site.outbox.len());
                wrong.push(("what was sent is acknowledged", says));
            }
            if *replica.cart() != joined || replica.fingerprint() != joined.fingerprint() {
                let says = format!("{name}: its state is not the join of all that was written");
                wrong.push(("nothing is lost and nothing invented", says));
            }
            let view = replica.view();
            if view != first {
                wrong.push((ALIKE, format!("{name} shows {:?} and not {:?}", view, first)));
            }
            if let Err(Counterexample { what: why, .. }) = explanations(replica) {
                wrong.push(("explanations add up", format!("{name}: {why}")));
            }
        }
        for (law, says) in wrong {
            self.find(law, says);
        }
    }

    /// Checks that each guest is merged into at most one account, and that this account is its
    /// owner.
    fn owners(&mut self) {
        let rules = Registry::default();
        for guest in self.guests.clone() {
            let holds = |account: &&CartId| {
                let cart = self.nodes[0].sites[*account].replica.cart();
                Observer::at(cart, &rules).claim(guest).is_some()
            };
            let owners: Vec<CartId> = self.accounts.iter().filter(holds).copied().collect();
            let owner = self.authority.current(guest).map(|claim| claim.account);
            let right = match owners.as_slice() {
                [] => true,
                [one] => owner == Some(*one),
                _ => false,
            };
            if !right {
                let says = format!("guest {guest} is merged into {owners:?} and {owner:?}'s");
                self.find("a guest cart belongs to at most one account", says);
            }
        }
    }
}
