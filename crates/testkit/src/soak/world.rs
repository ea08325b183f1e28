use std::collections::{BTreeMap, BTreeSet};

use super::message::SoakMessage;
use super::node::{NodeId, SoakNode, SoakSite};
use crate::claim_authority::ClaimAuthority;
use crate::dice::Dice;
use crate::scenario::story::{StepKind, StoryAct, StoryStep};
use crate::simulation::Simulation;
use holdall::cart::Delta;
use holdall::id::{CartId, ReplicaId};
use holdall::replica::Replica;

pub(super) const SECOND: u64 = 1_000;
pub(super) const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
/// Worlds begin on 1 January 2026.
const DAWN_MS: u64 = 1_767_225_600_000;
pub(super) const REGIONS: usize = 2;
/// A device that comes back sends no more than that at once; the rest goes by exchange.
pub(super) const PENDING_MAX: usize = 32;

/// Fault that can be put into the simulated machines, to test that a simulation finds it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InjectedBug {
    /// Machines send data before it is durable.
    Unsaved,
    /// Machines join each delta as it comes, without a waiting room, and without its removals if
    /// it has one addition and some removals.
    CutShort,
}

/// Breach of a law that a world found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What should hold.
    pub law: &'static str,
    /// What was seen.
    pub says: String,
}

/// Event of a simulation.
#[derive(Clone)]
pub(super) enum SoakEvent {
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
    pub(super) simulation: Simulation<NodeId, SoakEvent>,
    pub(super) bug: Option<InjectedBug>,
    /// Actions that were tried, refused ones included.
    pub(super) tried: u64,
    pub(super) nodes: Vec<SoakNode>,
    pub(super) authority: ClaimAuthority,
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
    /// What happened, as far as a story can say it.
    pub(super) steps: Vec<StoryStep>,
    /// Nothing goes wrong any more.
    pub(super) calm: bool,
}

impl SoakWorld {
    /// Makes a world of a seed, by its number.
    #[must_use]
    pub fn new(seed: u64, number: u64, bug: Option<InjectedBug>) -> Self {
        let mut dice = Dice::new(seed, number);
        let accounts = vec![CartId::from_u128(dice.id()), CartId::from_u128(dice.id())];
        let guests: Vec<CartId> =
            (0..dice.between(0, 2)).map(|_| CartId::from_u128(dice.id())).collect();
        let mut world = Self {
            bug,
            tried: 0,
            nodes: Vec::new(),
            authority: ClaimAuthority::default(),
            log: BTreeMap::new(),
            cloned: BTreeSet::new(),
            actions: 0,
            left: dice.between(20, 400),
            faults: BTreeMap::new(),
            findings: Vec::new(),
            steps: Vec::new(),
            calm: false,
            simulation: Simulation::new(dice, DAWN_MS),
            accounts: accounts.clone(),
            guests: guests.clone(),
        };
        let all: Vec<CartId> = accounts.iter().chain(&guests).copied().collect();
        for region in 0..REGIONS {
            world.machine(format!("region-{region}"), &all, region, false);
        }
        for (at, account) in accounts.iter().enumerate() {
            // The second account is there to claim the first one's guests.
            let devices = if at == 0 { world.dice().between(2, 4) } else { 1 };
            for device in 0..devices {
                let home = world.dice().below(REGIONS);
                world.machine(format!("device-{at}-{device}"), &[*account], home, true);
            }
        }
        for (at, guest) in guests.iter().enumerate() {
            let home = world.dice().below(REGIONS);
            world.machine(format!("phone-{at}"), &[*guest], home, true);
            let (from, to) = (10 * MINUTE, 10 * HOUR);
            for account in [accounts[0], accounts[1]] {
                let wants = account == accounts[0] || world.dice().happens(300);
                if wants {
                    let at = world.now() + world.dice().between(from, to);
                    let region = world.dice().below(REGIONS);
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
        let sites = carts.iter().map(|cart| replica(self.dice(), cart)).collect();
        let hours = self.dice().between(0, 6 * HOUR) as i64 - 3 * HOUR as i64;
        let wrong = self.dice().happens(300);
        let skew_ms = if wrong { hours } else { hours / 10_000 };
        if wrong {
            self.fault("clock off by hours");
        }
        self.simulation.set_skew_ms(&self.nodes.len(), skew_ms);
        self.nodes.push(SoakNode { name, sites, home, is_device });
    }

    /// Plans what a machine does and what happens to it.
    fn upset(&mut self, node: NodeId) {
        if self.nodes[node].is_device {
            let soon = self.now() + self.dice().between(0, 10 * MINUTE);
            self.plan(soon, SoakEvent::Act(node));
        }
        let talk = self.now() + self.dice().between(SECOND, 5 * MINUTE);
        self.plan(talk, SoakEvent::Talk(node));
        for _ in 0..self.dice().between(0, 3) {
            let at = self.now() + self.dice().between(0, 12 * HOUR);
            self.plan(at, SoakEvent::Crash(node));
        }
        for _ in 0..self.dice().between(0, 2) {
            let at = self.now() + self.dice().between(0, 12 * HOUR);
            self.plan(at, SoakEvent::Cut(node));
        }
        if self.nodes[node].is_device && self.dice().happens(15) {
            let at = self.now() + self.dice().between(HOUR, 6 * HOUR);
            self.plan(at, SoakEvent::Clone(node));
        }
    }

    pub(super) const fn now(&self) -> u64 {
        self.simulation.now_ms()
    }

    pub(super) const fn dice(&mut self) -> &mut Dice {
        self.simulation.dice()
    }

    /// Returns how many events were planned and actions tried, for names that stand once.
    pub(super) const fn counter(&self) -> u64 {
        self.simulation.planned() + self.tried
    }

    pub(super) fn plan(&mut self, at: u64, next: SoakEvent) {
        self.simulation.plan(at, next);
    }

    pub(super) fn record(&mut self, verb: StepKind) {
        self.steps.push(StoryStep { line: 0, fails: None, verb });
    }

    pub(super) fn record_send(&mut self, from: NodeId, to: NodeId) {
        let [from, to] = [from, to].map(|node| self.nodes[node].name.clone());
        self.record(StepKind::Send { from, to, again: false });
    }

    pub(super) fn record_act(&mut self, at: NodeId, cart: CartId, act: StoryAct) {
        let (at, cart) = (self.nodes[at].name.clone(), self.cart_name(cart));
        self.record(StepKind::Act { at, cart, act });
    }

    /// Returns the name of a cart in stories.
    pub(super) fn cart_name(&self, cart: CartId) -> String {
        let place = |carts: &[CartId]| carts.iter().position(|other| *other == cart);
        match (place(&self.accounts), place(&self.guests)) {
            (Some(at), _) => format!("account-{at}"),
            (None, at) => format!("guest-{}", at.unwrap_or_default()),
        }
    }

    pub(super) fn fault(&mut self, kind: &'static str) {
        *self.faults.entry(kind).or_default() += 1;
    }

    pub(super) fn find(&mut self, law: &'static str, says: impl Into<String>) {
        self.findings.push(Finding { law, says: says.into() });
    }

    /// Lives until everybody is done and all is quiet, and compares.
    pub fn live(&mut self) {
        while self.left > 0 {
            let Some(event) = self.simulation.next_event() else { break };
            self.happen(event);
        }
        self.calm = true;
        while let Some(event) = self.simulation.next_at_once() {
            match event {
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

    /// Returns how many hours of virtual time it lasted.
    #[must_use]
    pub fn hours(&self) -> f64 {
        (self.now() - DAWN_MS) as f64 / HOUR as f64
    }

    /// Returns the number of actions that shoppers and servers took.
    #[must_use]
    pub const fn actions(&self) -> u64 {
        self.actions
    }

    /// Returns how often each kind of fault was simulated.
    #[must_use]
    pub const fn faults(&self) -> &BTreeMap<&'static str, u64> {
        &self.faults
    }

    /// Returns the breaches that were found. There are none, unless the library or the simulated
    /// machines have a fault.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    fn happen(&mut self, next: SoakEvent) {
        match next {
            SoakEvent::Act(node) => {
                self.act(node);
                let pause = self.dice().long_tail(15 * SECOND, 750).min(3 * HOUR);
                self.plan(self.now() + pause, SoakEvent::Act(node));
            }
            SoakEvent::Arrive(mail) => self.arrive(mail),
            SoakEvent::Talk(node) => self.talk(node),
            SoakEvent::Timeout { at, peer, cart } => self.timeout(at, peer, cart),
            SoakEvent::Crash(node) => {
                self.fault("crash and restart");
                self.record(StepKind::Restart(self.nodes[node].name.clone()));
                let crashed: Result<(), String> =
                    self.nodes[node].sites.values_mut().try_for_each(SoakSite::crash);
                if let Err(why) = crashed {
                    self.find("a restart gives back what was saved", why);
                }
            }
            SoakEvent::Cut(node) => {
                self.fault("partition");
                let until = self.now() + self.dice().between(MINUTE, 4 * HOUR);
                self.simulation.cut(&node, self.now()..until);
            }
            SoakEvent::Clone(node) => self.clone_of(node),
            SoakEvent::SignIn { region, guest, account, tries } => {
                self.sign_in(region, guest, account, tries);
            }
        }
    }

    /// Copies a device's disk to a new machine: two machines write under one id.
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
        self.nodes.push(SoakNode { name, sites, home, is_device: true });
        let clone = self.nodes.len() - 1;
        self.plan(self.now() + SECOND, SoakEvent::Act(clone));
        self.plan(self.now() + 2 * SECOND, SoakEvent::Talk(clone));
    }

    pub(super) fn wall(&self, node: NodeId) -> u64 {
        self.simulation.wall_ms(&node)
    }

    /// Machines make everything durable before they say anything, unless the bug is injected.
    pub(super) fn save(&mut self, node: NodeId, cart: CartId) {
        if self.bug != Some(InjectedBug::Unsaved)
            && let Some(site) = self.nodes[node].sites.get_mut(&cart)
        {
            site.save();
        }
    }
}
