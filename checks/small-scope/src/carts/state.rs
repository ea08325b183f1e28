//! The state of a small model: real replicas with their waiting rooms, and the packets there are.

use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use holdall::sync::Inbox;
use holdall::{Cart, Delta, Dot, Replica, ReplicaId, Time, wire};

use super::fold::{Fact, Facts};

/// A packet: the delta of one action. It can be delivered at any time, any number of times, or never.
#[derive(Clone)]
pub struct Packet {
    pub delta: Delta,
    /// The action's name.
    pub dot: Option<Dot>,
    pub fact: Fact,
    /// The facts it brings.
    pub brings: Facts,
    /// The facts it makes dead without bringing them.
    pub needs: Facts,
    digest: u64,
}

impl Packet {
    pub fn new(
        delta: Delta,
        dot: Option<Dot>,
        fact: Fact,
        (brings, needs): (Facts, Facts),
    ) -> Self {
        let mut hasher = DefaultHasher::new();
        wire::encode_delta(&delta).hash(&mut hasher);
        (&fact, brings, needs).hash(&mut hasher);
        Self { delta, dot, fact, brings, needs, digest: hasher.finish() }
    }

    pub const fn digest(&self) -> u64 {
        self.digest
    }
}

/// A replica that is not acting at the moment.
#[derive(Clone)]
pub struct Site {
    pub id: ReplicaId,
    pub cart: Cart,
    pub latest: Time,
    pub inbox: Inbox,
    /// How many of its actions are done.
    pub done: usize,
    /// The facts it knows, as the fold has it.
    pub known: Facts,
    /// The packets that should be waiting here, as the fold has it.
    pub waits: Facts,
    digest: u64,
}

impl Site {
    pub fn new(id: ReplicaId, cart: Cart) -> Self {
        let latest = cart.latest();
        let inbox = Inbox::default();
        let site = Self { id, cart, latest, inbox, done: 0, known: 0, waits: 0, digest: 0 };
        site.summed()
    }

    /// The replica itself, to act or receive.
    pub fn replica(&self) -> Replica {
        Replica::resume(self.id, self.latest, self.cart.clone())
    }

    /// What the replica has become.
    pub fn after(&self, replica: &Replica) -> Self {
        Self { cart: replica.cart().clone(), latest: replica.latest(), ..self.clone() }
    }

    /// The same, its digest taken anew: of its fingerprint, its clock and the bytes of what waits.
    pub fn summed(mut self) -> Self {
        let mut hasher = DefaultHasher::new();
        let fingerprint = self.cart.fingerprint();
        (fingerprint.live, fingerprint.context, self.latest.bits()).hash(&mut hasher);
        let mut waiting: Vec<Vec<u8>> =
            self.inbox.waiting().iter().map(wire::encode_delta).collect();
        waiting.sort_unstable();
        waiting.hash(&mut hasher);
        (self.done, self.known, self.waits).hash(&mut hasher);
        self.digest = hasher.finish();
        self
    }

    pub const fn digest(&self) -> u64 {
        self.digest
    }
}

/// Something that is not as it has to be.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Fault {
    /// Which law it breaks: a place in [`LAWS`](super::laws::LAWS).
    pub law: usize,
    pub says: String,
}

/// The whole model's state.
#[derive(Clone)]
pub struct State {
    pub sites: Vec<Arc<Site>>,
    /// What the region knows of the guest cart.
    pub copy: Option<Arc<Site>>,
    /// By the number of the action that wrote it.
    pub packets: Vec<Option<Arc<Packet>>>,
    pub fault: Option<Fault>,
}

impl State {
    fn key(&self) -> impl Hash + PartialEq {
        let sites: Vec<u64> = self.sites.iter().chain(&self.copy).map(|s| s.digest()).collect();
        let packets: Vec<u64> =
            self.packets.iter().map(|p| p.as_ref().map_or(0, |packet| packet.digest())).collect();
        (sites, packets, self.fault.clone())
    }
}

impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.key().hash(hasher);
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for site in &self.sites {
            let view = site.replica().view();
            let rows = view.rows().map(|row| format!("{:?} {}", row.list, row.quantity));
            write!(f, "[{}]", rows.collect::<Vec<_>>().join(", "))?;
        }
        write!(f, " {:?}", self.fault)
    }
}
