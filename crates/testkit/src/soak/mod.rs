//! A world: machines, carts, an authority, a bad network, and virtual time. One seed decides all of it.
//!
//! Two accounts' carts are at both regions and at their devices, guests' carts at both regions and
//! at a phone each. Devices send what they write to their region, keep it until it is
//! acknowledged, and exchange in full now and then; regions pass on what they get, and exchange.
//! Packets are lost, come twice, late or spoiled; machines are cut off, crash and come back from the bytes
//! they saved, are copied with their disks, and have clocks that are hours off. Each action is held to
//! its exact effect when it is done; in the end all replicas are compared with the join of
//! all that was written.
//!
//! ```
//! use holdall_testkit::soak::SoakWorld;
//!
//! let mut world = SoakWorld::new(7, 0, None); // world 0 of seed 7
//! world.live();
//! assert!(world.findings().is_empty(), "{:?}", world.findings());
//! assert!(world.actions() >= 20 && world.hours() > 0.0);
//! ```

mod act;
mod action;
mod authority;
mod effect;
mod judge;
mod network;
mod node;
mod receive;
mod story;

use std::collections::{BTreeMap, BTreeSet};

use self::authority::ClaimAuthority;
use self::network::SoakMessage;
use self::node::{NodeId, SoakNode, SoakSite};
use self::story::RecordedStep;
use super::dice::Dice;
use holdall::cart::Delta;
use holdall::id::{CartId, ReplicaId};
use holdall::replica::Replica;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
/// Worlds begin on 1 January 2026.
const DAWN_MS: u64 = 1_767_225_600_000;
const REGIONS: usize = 2;
/// A device that comes back sends no more than that at once; the rest goes by exchange.
const PENDING_MAX: usize = 32;

/// Fault that can be put into the simulated machines, to test that a simulation finds it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InjectedBug {
    /// Machines send data before it is durable.
    Unsaved,
    /// Machines join each delta as it comes, without a waiting room, and without its removals if
    /// it has one addition and some removals.
    CutShort,
}

/// Something that should not be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What should hold.
    pub law: &'static str,
    /// What was seen.
    pub says: String,
}

/// What is going to happen.
enum SoakEvent {
    Act(NodeId),
    Arrive(SoakMessage),
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
pub struct SoakWorld {
    dice: Dice,
    bug: Option<InjectedBug>,
    now: u64,
    agenda: BTreeMap<(u64, u64), SoakEvent>,
    planned: u64,
    nodes: Vec<SoakNode>,
    authority: ClaimAuthority,
    accounts: Vec<CartId>,
    guests: Vec<CartId>,
    /// Every delta that was written, by cart.
    log: BTreeMap<CartId, Vec<Delta>>,
    /// Writers under whose id more than one may write: clones, and merges, which a region writes
    /// again if it does not find them recorded.
    cloned: BTreeSet<ReplicaId>,
    actions: u64,
    left: u64,
    faults: BTreeMap<&'static str, u64>,
    findings: Vec<Finding>,
    told: Vec<RecordedStep>,
    /// Nothing goes wrong any more.
    calm: bool,
}

impl SoakWorld {
    /// The world of a seed with that number.
    #[must_use]
    pub fn new(seed: u64, number: u64, bug: Option<InjectedBug>) -> Self {
        let mut dice = Dice::new(seed, number);
        let accounts = vec![CartId::from_u128(dice.id()), CartId::from_u128(dice.id())];
        let guests: Vec<CartId> =
            (0..dice.between(0, 2)).map(|_| CartId::from_u128(dice.id())).collect();
        let mut world = Self {
            bug,
            now: DAWN_MS,
            agenda: BTreeMap::new(),
            planned: 0,
            nodes: Vec::new(),
            authority: ClaimAuthority::default(),
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
                    world.plan(at, SoakEvent::SignIn { region, guest: *guest, account, tries: 0 });
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
            let site = SoakSite::new(Replica::new(*cart, ReplicaId::from_u128(dice.id())));
            (*cart, site)
        };
        let sites = carts.iter().map(|cart| replica(&mut self.dice, cart)).collect();
        let hours = self.dice.between(0, 6 * HOUR) as i64 - 3 * HOUR as i64;
        let wrong = self.dice.happens(300);
        let skew_ms = if wrong { hours } else { hours / 10_000 };
        if wrong {
            self.fault("clock off by hours");
        }
        self.nodes.push(SoakNode { name, sites, home, skew_ms, is_device, cut_until: 0 });
    }

    /// Plans what a machine does and what happens to it.
    fn upset(&mut self, node: NodeId) {
        if self.nodes[node].is_device {
            let soon = self.now + self.dice.between(0, 10 * MINUTE);
            self.plan(soon, SoakEvent::Act(node));
        }
        let talk = self.now + self.dice.between(SECOND, 5 * MINUTE);
        self.plan(talk, SoakEvent::Talk(node));
        for _ in 0..self.dice.between(0, 3) {
            let at = self.now + self.dice.between(0, 12 * HOUR);
            self.plan(at, SoakEvent::Crash(node));
        }
        for _ in 0..self.dice.between(0, 2) {
            let at = self.now + self.dice.between(0, 12 * HOUR);
            self.plan(at, SoakEvent::Cut(node));
        }
        if self.nodes[node].is_device && self.dice.happens(15) {
            let at = self.now + self.dice.between(HOUR, 6 * HOUR);
            self.plan(at, SoakEvent::Clone(node));
        }
    }

    fn plan(&mut self, at: u64, next: SoakEvent) {
        self.planned += 1;
        self.agenda.insert((at, self.planned), next);
    }

    fn fault(&mut self, kind: &'static str) {
        *self.faults.entry(kind).or_default() += 1;
    }

    fn find(&mut self, law: &'static str, says: impl Into<String>) {
        self.findings.push(Finding { law, says: says.into() });
    }

    /// Lives until everybody is done and all is quiet, and compares.
    pub fn live(&mut self) {
        while self.left > 0 {
            let Some(((at, _), next)) = self.agenda.pop_first() else { break };
            self.now = self.now.max(at);
            self.happen(next);
        }
        self.calm = true;
        while let Some((_, next)) = self.agenda.pop_first() {
            match next {
                SoakEvent::Arrive(mail) => self.arrive(mail),
                // Nobody is pending for ever; nobody needs to ask twice any more.
                SoakEvent::SignIn { region, guest, account, .. } => {
                    self.sign_in(region, guest, account, u32::MAX);
                }
                _ => {}
            }
        }
        self.judge();
    }

    /// The hours that it lasted, of its own time.
    #[must_use]
    pub fn hours(&self) -> f64 {
        (self.now - DAWN_MS) as f64 / HOUR as f64
    }

    /// How many actions shoppers and servers took.
    #[must_use]
    pub const fn actions(&self) -> u64 {
        self.actions
    }

    /// What went wrong in it on purpose, by kind, and how often.
    #[must_use]
    pub const fn faults(&self) -> &BTreeMap<&'static str, u64> {
        &self.faults
    }

    /// What should not be. Empty, unless the library or the machines are at fault.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What happened, as the text of a [scenario](crate::scenario) file of that name that fails: if there are
    /// findings, and if they do not take the packets, of which a scenario knows nothing.
    #[must_use]
    pub fn story(&self, name: &str) -> Option<String> {
        if self.findings.is_empty() { None } else { story::of(self, name) }
    }

    fn happen(&mut self, next: SoakEvent) {
        match next {
            SoakEvent::Act(node) => {
                self.act(node);
                let pause = self.dice.long_tail(15 * SECOND, 750).min(3 * HOUR);
                self.plan(self.now + pause, SoakEvent::Act(node));
            }
            SoakEvent::Arrive(mail) => self.arrive(mail),
            SoakEvent::Talk(node) => self.talk(node),
            SoakEvent::Timeout { at, peer, cart } => self.timeout(at, peer, cart),
            SoakEvent::Crash(node) => {
                self.fault("crash and restart");
                self.told.push(RecordedStep::Restart(node));
                let crashed: Result<(), String> =
                    self.nodes[node].sites.values_mut().try_for_each(SoakSite::crash);
                if let Err(why) = crashed {
                    self.find("a restart gives back what was saved", why);
                }
            }
            SoakEvent::Cut(node) => {
                self.fault("partition");
                let until = self.now + self.dice.between(MINUTE, 4 * HOUR);
                self.nodes[node].cut_until = until;
            }
            SoakEvent::Clone(node) => self.clone_of(node),
            SoakEvent::SignIn { region, guest, account, tries } => {
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
        self.nodes.push(SoakNode { name, sites, home, skew_ms: 0, is_device: true, cut_until: 0 });
        let clone = self.nodes.len() - 1;
        self.plan(self.now + SECOND, SoakEvent::Act(clone));
        self.plan(self.now + 2 * SECOND, SoakEvent::Talk(clone));
    }

    fn wall(&self, node: NodeId) -> u64 {
        self.now.saturating_add_signed(self.nodes[node].skew_ms)
    }

    /// Machines make everything durable before they say anything, unless the bug is injected.
    fn save(&mut self, node: NodeId, cart: CartId) {
        if self.bug != Some(InjectedBug::Unsaved)
            && let Some(site) = self.nodes[node].sites.get_mut(&cart)
        {
            site.save();
        }
    }
}

#[cfg(test)]
mod tests;
