//! A world: machines, carts, an authority, a bad network, and virtual time.
//!
//! Two accounts' carts are at both regions and at their devices, guests' carts at both regions and
//! at a phone each. Devices send what they write to their region, keep it until it is
//! acknowledged, and exchange in full now and then; regions pass on what they get, and exchange.

use std::collections::{BTreeMap, BTreeSet};

use holdall::sync::{self, Message, Received};
use holdall::{Cart, CartId, Claim, Delta, Dot, Look, Registry, Replica, ReplicaId, wire};

use super::authority::Authority;
use super::deed::{Deed, choose, perform};
use super::effect;
use super::network::{Mail, Parcel};
use super::node::{Node, NodeId, Site};
use super::story::Told;
use crate::replay::dice::Dice;

pub(super) const SECOND: u64 = 1_000;
pub(super) const MINUTE: u64 = 60 * SECOND;
pub(super) const HOUR: u64 = 60 * MINUTE;
/// Worlds begin on 1 January 2026.
const DAWN_MS: u64 = 1_767_225_600_000;
pub(super) const REGIONS: usize = 2;
/// A device that comes back sends no more than that at once; the rest goes by exchange.
pub(super) const PENDING_MAX: usize = 32;

/// What a world makes worse than chance does; only tests of the soak itself ask for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Sloppy {
    /// Machines say things before they have made them durable.
    pub(crate) unsaved: bool,
    /// Deltas are joined as they come, without a waiting room, and some are cut short.
    pub(crate) cut_short: bool,
}

/// Something that should not be.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) law: &'static str,
    pub(crate) says: String,
}

/// What is going to happen.
pub(super) enum Next {
    Act(NodeId),
    Arrive(Mail),
    /// A machine begins an exchange with its peer, for each cart they share.
    Talk(NodeId),
    Timeout {
        at: NodeId,
        peer: NodeId,
        cart: CartId,
    },
    Crash(NodeId),
    Cut(NodeId),
    Clone(NodeId),
    /// Somebody signs in at a region with a guest cart.
    SignIn {
        region: NodeId,
        guest: CartId,
        account: CartId,
        tries: u32,
    },
}

/// A world in which things happen.
pub(crate) struct World {
    pub(super) dice: Dice,
    sloppy: Sloppy,
    pub(super) now: u64,
    agenda: BTreeMap<(u64, u64), Next>,
    planned: u64,
    pub(super) nodes: Vec<Node>,
    pub(super) authority: Authority,
    pub(super) accounts: Vec<CartId>,
    pub(super) guests: Vec<CartId>,
    /// Every delta that was written, by cart.
    pub(super) log: BTreeMap<CartId, Vec<Delta>>,
    /// Dots that were given away, and those that came with two contents because of a clone or of
    /// two copies of a merge.
    pub(super) cloned: BTreeSet<ReplicaId>,
    pub(super) actions: u64,
    left: u64,
    pub(super) faults: BTreeMap<&'static str, u64>,
    pub(super) findings: Vec<Finding>,
    pub(super) told: Vec<Told>,
    /// Nothing goes wrong any more.
    pub(super) calm: bool,
}

impl World {
    /// The world of a seed with that number.
    pub(crate) fn new(seed: u64, number: u64, sloppy: Sloppy) -> Self {
        let mut dice = Dice::new(seed, number);
        let accounts = vec![CartId::from_u128(dice.id()), CartId::from_u128(dice.id())];
        let guests: Vec<CartId> =
            (0..dice.between(0, 2)).map(|_| CartId::from_u128(dice.id())).collect();
        let mut world = Self {
            sloppy,
            now: DAWN_MS,
            agenda: BTreeMap::new(),
            planned: 0,
            nodes: Vec::new(),
            authority: Authority::default(),
            log: BTreeMap::new(),
            cloned: BTreeSet::new(),
            actions: 0,
            left: dice.between(20, 400),
            faults: BTreeMap::new(),
            findings: Vec::new(),
            told: Vec::new(),
            calm: false,
            dice,
            accounts: accounts.clone(),
            guests: guests.clone(),
        };
        let all: Vec<CartId> = accounts.iter().chain(&guests).copied().collect();
        for region in 0..REGIONS {
            world.machine(format!("region-{region}"), &all, region, false);
        }
        for (at, account) in accounts.iter().enumerate() {
            // The second account is there to want the same guests.
            let devices = if at == 0 { world.dice.between(2, 4) } else { 1 };
            for device in 0..devices {
                let home = world.dice.below(REGIONS);
                world.machine(format!("device-{at}-{device}"), &[*account], home, true);
            }
        }
        for (at, guest) in guests.iter().enumerate() {
            let home = world.dice.below(REGIONS);
            world.machine(format!("phone-{at}"), &[*guest], home, true);
            let (from, to) = (10 * MINUTE, 10 * HOUR);
            for account in [accounts[0], accounts[1]] {
                let wants = account == accounts[0] || world.dice.happens(300);
                if wants {
                    let at = world.now + world.dice.between(from, to);
                    let region = world.dice.below(REGIONS);
                    world.plan(at, Next::SignIn { region, guest: *guest, account, tries: 0 });
                }
            }
        }
        for node in 0..world.nodes.len() {
            world.upset(node);
        }
        world
    }

    fn machine(&mut self, name: String, carts: &[CartId], home: NodeId, is_device: bool) {
        let replica = |dice: &mut Dice, cart: &CartId| {
            let site = Site::new(Replica::new(*cart, ReplicaId::from_u128(dice.id())));
            (*cart, site)
        };
        let sites = carts.iter().map(|cart| replica(&mut self.dice, cart)).collect();
        let hours = self.dice.between(0, 6 * HOUR) as i64 - 3 * HOUR as i64;
        let wrong = self.dice.happens(300);
        let skew_ms = if wrong { hours } else { hours / 10_000 };
        if wrong {
            self.fault("clock off by hours");
        }
        self.nodes.push(Node { name, sites, home, skew_ms, is_device, cut_until: 0 });
    }

    /// Plans what a machine does and what happens to it.
    fn upset(&mut self, node: NodeId) {
        if self.nodes[node].is_device {
            let soon = self.now + self.dice.between(0, 10 * MINUTE);
            self.plan(soon, Next::Act(node));
        }
        let talk = self.now + self.dice.between(SECOND, 5 * MINUTE);
        self.plan(talk, Next::Talk(node));
        for _ in 0..self.dice.between(0, 3) {
            let at = self.now + self.dice.between(0, 12 * HOUR);
            self.plan(at, Next::Crash(node));
        }
        for _ in 0..self.dice.between(0, 2) {
            let at = self.now + self.dice.between(0, 12 * HOUR);
            self.plan(at, Next::Cut(node));
        }
        if self.nodes[node].is_device && self.dice.happens(15) {
            let at = self.now + self.dice.between(HOUR, 6 * HOUR);
            self.plan(at, Next::Clone(node));
        }
    }

    pub(super) fn plan(&mut self, at: u64, next: Next) {
        self.planned += 1;
        self.agenda.insert((at, self.planned), next);
    }

    pub(super) fn fault(&mut self, kind: &'static str) {
        *self.faults.entry(kind).or_default() += 1;
    }

    pub(super) fn find(&mut self, law: &'static str, says: impl Into<String>) {
        self.findings.push(Finding { law, says: says.into() });
    }

    /// Lives until everybody is done and all is quiet, and compares.
    pub(crate) fn live(&mut self) {
        while self.left > 0 {
            let Some(((at, _), next)) = self.agenda.pop_first() else { break };
            self.now = self.now.max(at);
            self.happen(next);
        }
        self.calm = true;
        while let Some((_, next)) = self.agenda.pop_first() {
            match next {
                Next::Arrive(mail) => self.arrive(mail),
                // Nobody is pending for ever; nobody needs to ask twice any more.
                Next::SignIn { region, guest, account, .. } => {
                    self.sign_in(region, guest, account, u32::MAX);
                }
                _ => {}
            }
        }
        self.judge();
    }

    pub(crate) fn hours(&self) -> f64 {
        (self.now - DAWN_MS) as f64 / HOUR as f64
    }

    fn happen(&mut self, next: Next) {
        match next {
            Next::Act(node) => {
                self.act(node);
                let pause = self.dice.long_tail(15 * SECOND, 750).min(3 * HOUR);
                self.plan(self.now + pause, Next::Act(node));
            }
            Next::Arrive(mail) => self.arrive(mail),
            Next::Talk(node) => self.talk(node),
            Next::Timeout { at, peer, cart } => self.timeout(at, peer, cart),
            Next::Crash(node) => {
                self.fault("crash and restart");
                self.told.push(Told::Restart(node));
                let crashed: Result<(), String> =
                    self.nodes[node].sites.values_mut().try_for_each(Site::crash);
                if let Err(why) = crashed {
                    self.find("a restart gives back what was saved", why);
                }
            }
            Next::Cut(node) => {
                self.fault("partition");
                let until = self.now + self.dice.between(MINUTE, 4 * HOUR);
                self.nodes[node].cut_until = until;
            }
            Next::Clone(node) => self.clone_of(node),
            Next::SignIn { region, guest, account, tries } => {
                self.sign_in(region, guest, account, tries);
            }
        }
    }

    /// Somebody copies a device's disk: two machines write under one id.
    fn clone_of(&mut self, node: NodeId) {
        self.fault("cloned writer");
        let (home, name) = (self.nodes[node].home, format!("{}-clone", self.nodes[node].name));
        let mut sites = BTreeMap::new();
        let mut broken = None;
        for (cart, site) in &self.nodes[node].sites {
            match site.copy() {
                Ok(copy) => {
                    self.cloned.insert(copy.replica.id());
                    sites.insert(*cart, copy);
                }
                Err(why) => broken = Some(why),
            }
        }
        if let Some(why) = broken {
            self.find("a restart gives back what was saved", why);
            return;
        }
        self.nodes.push(Node { name, sites, home, skew_ms: 0, is_device: true, cut_until: 0 });
        let clone = self.nodes.len() - 1;
        self.plan(self.now + SECOND, Next::Act(clone));
        self.plan(self.now + 2 * SECOND, Next::Talk(clone));
    }

    pub(super) fn wall(&self, node: NodeId) -> u64 {
        self.now.saturating_add_signed(self.nodes[node].skew_ms)
    }

    /// A shopper does something on a device, and sees just that.
    fn act(&mut self, node: NodeId) {
        let carts: Vec<CartId> = self.nodes[node].sites.keys().copied().collect();
        let cart = carts[self.dice.below(carts.len())];
        let now = self.wall(node);
        let is_cut = self.nodes[node].cut_until > self.now;
        let site = self.nodes[node].sites.get_mut(&cart).expect("a cart that is listed");
        let before = site.replica.view();
        let rules = Registry::default();
        let look = Look::at(site.replica.cart(), &rules);
        let merged: Vec<CartId> = look.after().iter().copied().collect();
        let claims: Vec<Claim> = merged.iter().filter_map(|guest| look.claim(*guest)).collect();
        let deed = choose(&mut self.dice, &before, &merged, self.planned);
        // An unmerge needs the authority, and has to be durable before the release.
        if matches!(deed, Deed::Unmerge(_)) && is_cut {
            return;
        }
        let known = site.replica.cart().clone();
        let written = perform(&mut site.replica, now, &deed);
        self.planned += 1;
        match written {
            Ok(delta) => {
                let after = site.replica.view();
                let mut done = effect::check(&deed, &before, &after);
                if self.actions.is_multiple_of(8) {
                    done = done.and_then(|()| effect::explained(&site.replica, &after));
                }
                site.touch();
                site.outbox.push(delta.clone());
                if !self.sloppy.unsaved {
                    site.save();
                }
                self.actions += 1;
                self.left = self.left.saturating_sub(1);
                if let Err(why) = done {
                    let says = format!("{}: {why}", self.nodes[node].name);
                    self.find("an action does exactly what its author asked", says);
                }
                self.told.push(Told::Act { at: node, cart, deed: deed.clone() });
                if let Deed::Unmerge(guest) = deed {
                    let taken_back = claims.into_iter().find(|claim| claim.guest == guest);
                    taken_back.into_iter().for_each(|claim| self.authority.release(claim));
                }
                self.log.entry(cart).or_default().push(delta);
                self.send_pending(node, cart, 1);
            }
            Err(_) if *site.replica.cart() != known => {
                self.find("a refused action changes nothing", format!("{deed:?}"));
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
        if self.nodes[node].cut_until > self.now && !self.calm {
            self.fault("cut off");
            return;
        }
        let mut to = vec![self.nodes[node].home];
        if self.dice.happens(200) {
            let others: Vec<NodeId> = self.holders(cart).filter(|other| *other != node).collect();
            if !others.is_empty() {
                to.push(others[self.dice.below(others.len())]);
            }
        }
        let pending = self.nodes[node].sites.get(&cart).map(|site| site.outbox.pending().to_vec());
        for to in to.into_iter().filter(|to| *to != node) {
            for delta in pending.iter().flat_map(|all| all.iter().rev().take(most)) {
                self.send(node, to, cart, Parcel::Delta(wire::encode_delta(delta)));
            }
        }
    }

    pub(super) fn holders(&self, cart: CartId) -> impl Iterator<Item = NodeId> {
        (0..self.nodes.len()).filter(move |node| self.nodes[*node].sites.contains_key(&cart))
    }

    /// The peers of a machine: a device talks to its region, a region to the other.
    fn peer(&mut self, node: NodeId) -> NodeId {
        if node < REGIONS {
            return REGIONS - 1 - node;
        }
        let roams = self.dice.happens(100);
        if roams { self.dice.below(REGIONS) } else { self.nodes[node].home }
    }

    fn talk(&mut self, node: NodeId) {
        let peer = self.peer(node);
        let carts: Vec<CartId> = self.nodes[node].sites.keys().copied().collect();
        for cart in carts {
            self.send_pending(node, cart, PENDING_MAX);
            let (now, nodes) = (self.now, &mut self.nodes);
            let Some(site) = nodes[node].sites.get_mut(&cart) else { continue };
            // One that is open probes again by itself.
            if site.sessions.get(&peer).is_some_and(|session| !session.is_quiet()) {
                continue;
            }
            let mut session = sync::Session::default();
            let probe = session.start(&site.replica, now);
            let deadline = session.deadline();
            site.sessions.insert(peer, session);
            self.send(node, peer, cart, Parcel::Message(wire::encode_message(&probe)));
            if let Some(deadline) = deadline {
                self.plan(deadline, Next::Timeout { at: node, peer, cart });
            }
        }
        let (soon, late) = if node < REGIONS { (5, 120) } else { (20, 1_800) };
        let again = self.dice.between(soon * SECOND, late * SECOND);
        self.plan(self.now + again, Next::Talk(node));
    }

    fn timeout(&mut self, at: NodeId, peer: NodeId, cart: CartId) {
        let now = self.now;
        let Some(site) = self.nodes[at].sites.get_mut(&cart) else { return };
        let Some(session) = site.sessions.get_mut(&peer) else { return };
        let probe = session.handle_timeout(&site.replica, now);
        let deadline = session.deadline();
        if let Some(probe) = probe {
            self.send(at, peer, cart, Parcel::Message(wire::encode_message(&probe)));
        }
        if let Some(deadline) = deadline {
            self.plan(deadline.max(now + 1), Next::Timeout { at, peer, cart });
        }
    }

    /// What came out of the network.
    pub(super) fn arrive(&mut self, mail: Mail) {
        let Mail { from, to, cart, parcel } = mail;
        match parcel {
            Parcel::Delta(bytes) => match wire::decode_delta(&bytes) {
                Ok(delta) => self.receive(from, to, cart, delta),
                Err(error) => self.find("what was sent can be read", error.to_string()),
            },
            Parcel::Message(bytes) => match wire::decode_message(&bytes) {
                Ok(message) => self.hear(from, to, cart, &message),
                Err(error) => self.find("what was sent can be read", error.to_string()),
            },
        }
    }

    fn receive(&mut self, from: NodeId, to: NodeId, cart: CartId, delta: Delta) {
        let sloppy = self.sloppy;
        let Some(site) = self.nodes[to].sites.get_mut(&cart) else { return };
        if sloppy.cut_short && delta.live().len() == 1 && !delta.dead().is_empty() {
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
            self.told.push(Told::Send { from, to });
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
        if self.dice.happens(700) {
            let have = self.nodes[to].sites[&cart].replica.cart().have();
            let message = Message::Have { cart, have };
            self.send(to, from, cart, Parcel::Message(wire::encode_message(&message)));
        }
    }

    /// A region passes on what it got, to those who would like to know at once.
    fn pass_on(&mut self, from: NodeId, region: NodeId, cart: CartId, delta: &Delta) {
        let others: Vec<NodeId> =
            self.holders(cart).filter(|to| *to != from && *to != region).collect();
        for to in others {
            if self.dice.happens(400) {
                self.send(region, to, cart, Parcel::Delta(wire::encode_delta(delta)));
            }
        }
    }

    fn hear(&mut self, from: NodeId, to: NodeId, cart: CartId, message: &Message) {
        let now = self.now;
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
            self.told.push(Told::Send { from, to });
        }
        let diverged = response.diverged.is_some();
        self.honest(&response.joined.equivocations);
        if diverged {
            self.alarm(cart);
        }
        if let Some(reply) = &response.message {
            self.send(to, from, cart, Parcel::Message(wire::encode_message(reply)));
        }
        if changed && to < REGIONS {
            self.absorb(to);
        }
    }

    /// Two contents of one dot come only of clones, and of merges that were written twice.
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

    /// At a region that holds an account's cart and a guest's that is merged into it, what the guest's
    /// devices wrote late reaches the account.
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

    /// Machines make everything durable before they say anything, unless they are sloppy.
    pub(super) fn save(&mut self, node: NodeId, cart: CartId) {
        if !self.sloppy.unsaved
            && let Some(site) = self.nodes[node].sites.get_mut(&cart)
        {
            site.save();
        }
    }
}
