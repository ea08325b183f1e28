//! What machines do of themselves: shoppers act, devices send, everybody wants to talk.

use crate::laws::explanations;
use holdall::{CartId, Claim, Observer, Registry, sync, wire};

use super::action::{SoakAction, choose, exact_effect, perform};
use super::message::Payload;
use super::node::NodeId;
use super::world::{InjectedBug, PENDING_MAX, REGIONS, SECOND, SoakEvent, SoakWorld};

impl SoakWorld {
    /// Takes an action of a shopper on a device, and checks that the shopper sees its exact effect.
    pub(super) fn act(&mut self, node: NodeId) {
        let carts: Vec<CartId> = self.nodes[node].sites.keys().copied().collect();
        let cart = carts[self.dice().below(carts.len())];
        let (now, number) = (self.wall(node), self.counter());
        let is_cut = self.simulation.cut_until_ms(&node).is_some();
        let site = self.nodes[node].sites.get_mut(&cart).expect("a cart that is listed");
        // The shopper looks at the cart, and chooses by what it shows.
        let before = site.replica.view();
        let rules = Registry::default();
        let look = Observer::at(site.replica.cart(), &rules);
        let merged: Vec<CartId> = look.seen_merges().iter().copied().collect();
        let claims: Vec<Claim> = merged.iter().filter_map(|guest| look.claim(*guest)).collect();
        let action = choose(self.simulation.dice(), &before, &merged, number);
        // An unmerge needs the authority, and has to be durable before the release.
        if matches!(action, SoakAction::Unmerge(_)) && is_cut {
            return;
        }
        // Under the id of a cloned writer two give one name to two actions: what others said of the
        // twin's, such as a Move of its units, then holds for this one's.
        let has_twin = self.cloned.contains(&site.replica.id());
        let known = site.replica.cart().clone();
        let written = perform(&mut site.replica, now, &action);
        self.tried += 1;
        match written {
            Ok(delta) => {
                let after = site.replica.view();
                // Checks come first: what the shopper sees now, and at times the explanation.
                let effect = exact_effect(&action).filter(|_| !has_twin);
                let mut done = effect.map_or(Ok(()), |effect| effect.check(&before, &after));
                if self.actions.is_multiple_of(8) {
                    done = done
                        .and_then(|()| explanations(&site.replica).map_err(|broken| broken.what));
                }
                // The delta is durable before anything is sent.
                site.touch();
                site.outbox.push(delta.clone());
                if self.bug != Some(InjectedBug::Unsaved) {
                    site.save();
                }
                self.actions += 1;
                self.left = self.left.saturating_sub(1);
                if let Err(why) = done {
                    let says = format!("{}: {why}", self.nodes[node].name);
                    self.find("an action does exactly what its author asked", says);
                }
                if let Some(act) = self.story_act(&action) {
                    self.record_act(node, cart, act);
                }
                // The claim is released after the unmerge is durable.
                if let SoakAction::Unmerge(guest) = action {
                    let taken_back = claims.into_iter().find(|claim| claim.guest == guest);
                    taken_back.into_iter().for_each(|claim| self.authority.release(claim));
                }
                self.log.entry(cart).or_default().push(delta);
                self.send_pending(node, cart, 1);
            }
            Err(_) if *site.replica.cart() != known => {
                self.find("a refused action changes nothing", format!("{action:?}"));
            }
            Err(error) => {
                *self.faults.entry("refused action").or_default() += 1;
                if error.kind() == "erased" {
                    self.left = self.left.saturating_sub(1);
                }
            }
        }
    }

    /// Sends the last that is not acknowledged to the region, and sometimes to others too.
    pub(super) fn send_pending(&mut self, node: NodeId, cart: CartId, most: usize) {
        if self.simulation.cut_until_ms(&node).is_some() && !self.calm {
            self.fault("cut off");
            return;
        }
        let mut to = vec![self.nodes[node].home];
        if self.dice().happens(200) {
            let others: Vec<NodeId> = self.holders(cart).filter(|other| *other != node).collect();
            if !others.is_empty() {
                to.push(others[self.dice().below(others.len())]);
            }
        }
        let pending = self.nodes[node].sites.get(&cart).map(|site| site.outbox.pending().to_vec());
        for to in to.into_iter().filter(|to| *to != node) {
            for delta in pending.iter().flat_map(|all| all.iter().rev().take(most)) {
                self.send(node, to, cart, Payload::Delta(wire::encode_delta(delta)));
            }
        }
    }

    pub(super) fn holders(&self, cart: CartId) -> impl Iterator<Item = NodeId> {
        (0..self.nodes.len()).filter(move |node| self.nodes[*node].sites.contains_key(&cart))
    }

    /// Draws the peer of a machine: a device talks to its region, and a region to the other region.
    fn peer(&mut self, node: NodeId) -> NodeId {
        if node < REGIONS {
            return REGIONS - 1 - node;
        }
        let roams = self.dice().happens(100);
        if roams { self.dice().below(REGIONS) } else { self.nodes[node].home }
    }

    pub(super) fn talk(&mut self, node: NodeId) {
        let peer = self.peer(node);
        let carts: Vec<CartId> = self.nodes[node].sites.keys().copied().collect();
        for cart in carts {
            self.send_pending(node, cart, PENDING_MAX);
            let (now, nodes) = (self.now(), &mut self.nodes);
            let Some(site) = nodes[node].sites.get_mut(&cart) else { continue };
            // One that is open probes again by itself.
            if site.sessions.get(&peer).is_some_and(|session| !session.is_quiet()) {
                continue;
            }
            let mut session = sync::Session::default();
            let probe = session.start(&site.replica, now);
            let deadline = session.deadline();
            site.sessions.insert(peer, session);
            self.send(node, peer, cart, Payload::Message(wire::encode_message(&probe)));
            if let Some(deadline) = deadline {
                self.plan(deadline, SoakEvent::Timeout { at: node, peer, cart });
            }
        }
        let (soon, late) = if node < REGIONS { (5, 120) } else { (20, 1_800) };
        let again = self.dice().between(soon * SECOND, late * SECOND);
        self.plan(self.now() + again, SoakEvent::Talk(node));
    }

    pub(super) fn timeout(&mut self, at: NodeId, peer: NodeId, cart: CartId) {
        let now = self.now();
        let Some(site) = self.nodes[at].sites.get_mut(&cart) else { return };
        let Some(session) = site.sessions.get_mut(&peer) else { return };
        let probe = session.handle_timeout(&site.replica, now);
        let deadline = session.deadline();
        if let Some(probe) = probe {
            self.send(at, peer, cart, Payload::Message(wire::encode_message(&probe)));
        }
        if let Some(deadline) = deadline {
            self.plan(deadline.max(now + 1), SoakEvent::Timeout { at, peer, cart });
        }
    }
}
