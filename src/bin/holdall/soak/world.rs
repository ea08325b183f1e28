//! A world: machines, carts, an authority, a bad network, and virtual time.
//!
//! Two accounts' carts are at both regions and at their devices, guests' carts at both regions and
//! at a phone each. Devices send what they write to their region, keep it until it is
//! acknowledged, and exchange in full now and then; regions pass on what they get, and exchange.

use std::collections::{BTreeMap, BTreeSet};

use holdall::{CartId, Delta, Replica, ReplicaId};

use super::authority::Authority;
use super::network::Mail;
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
    pub(super) sloppy: Sloppy,
    pub(super) now: u64,
    agenda: BTreeMap<(u64, u64), Next>,
    pub(super) planned: u64,
    pub(super) nodes: Vec<Node>,
    pub(super) authority: Authority,
    pub(super) accounts: Vec<CartId>,
    pub(super) guests: Vec<CartId>,
    /// Every delta that was written, by cart.
    pub(super) log: BTreeMap<CartId, Vec<Delta>>,
    /// Writers under whose id more than one may write: clones, and merges, which a region writes
    /// again if it does not find them recorded.
    pub(super) cloned: BTreeSet<ReplicaId>,
    pub(super) actions: u64,
    pub(super) left: u64,
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

    /// Machines make everything durable before they say anything, unless they are sloppy.
    pub(super) fn save(&mut self, node: NodeId, cart: CartId) {
        if !self.sloppy.unsaved
            && let Some(site) = self.nodes[node].sites.get_mut(&cart)
        {
            site.save();
        }
    }
}
