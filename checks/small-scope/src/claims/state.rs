//! Who asks, what is on its way, and how far everybody is.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use holdall::{Cart, CartId, Claim, LineKey, Observer, Registry, ReplicaId, Time, wire};

use super::protocol::{Answer, Ask, Authority};

pub const GUEST: CartId = CartId::from_u128(0x6E6E_6E6E_6E6E_6E6E);
pub const ACCOUNTS: [CartId; 2] =
    [CartId::from_u128(0xA1A1_A1A1_A1A1_A1A1), CartId::from_u128(0xA2A2_A2A2_A2A2_A2A2)];
pub const PHONE: ReplicaId = ReplicaId::from_u128(0x5050_5050_5050_5050);
/// Each asker: its account, and whether its region is the one that is cut off.
pub const ASKERS: [(usize, bool); 3] = [(0, false), (0, true), (1, true)];
pub const LOSSES: u8 = 1;
pub const REPEATS: u8 = 1;
pub const CUTS: u8 = 1;

/// A message on its way.
#[derive(Clone, PartialEq, Eq)]
pub enum Message {
    Ask { from: usize, ask: Ask },
    Answer { to: usize, answer: Answer },
    Release { claim: Claim },
}

impl Message {
    /// As bytes: to compare, and to see what whoever gets it could read.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Ask { from, ask } => {
                let mut bytes = vec![1, *from as u8];
                bytes.extend(ask.account.as_u128().to_be_bytes());
                bytes.extend(ask.time.bits().to_be_bytes());
                bytes
            }
            Self::Answer { to, answer: Answer::Yours(delta) } => {
                let mut bytes = vec![2, *to as u8];
                bytes.extend(wire::encode_delta(delta));
                bytes
            }
            Self::Answer { to, answer: Answer::AlreadyClaimed { hint } } => {
                let mut bytes = vec![3, *to as u8];
                bytes.extend(hint.iter().flat_map(|hint| hint.as_u128().to_be_bytes()));
                bytes
            }
            Self::Release { claim } => {
                let mut bytes = vec![4];
                bytes.extend(claim.number.to_be_bytes());
                bytes
            }
        }
    }

    pub fn asker(&self) -> usize {
        match self {
            Self::Ask { from, .. } => *from,
            Self::Answer { to, .. } => *to,
            Self::Release { .. } => 0,
        }
    }

    pub fn is_of(&self, asker: usize) -> bool {
        !matches!(self, Self::Release { .. }) && self.asker() == asker
    }
}

/// How far somebody is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Stage {
    Idle,
    /// The shopper sees both carts.
    Pending,
    Merged,
    Refused,
}

/// Somebody who wants the guest cart for an account.
#[derive(Clone)]
pub struct Asker {
    pub stage: Stage,
    pub cart: Cart,
    pub latest: Time,
    pub guest: Arc<Cart>,
    /// Every byte it was ever sent about this.
    pub told: Vec<Vec<u8>>,
}

/// The whole state.
#[derive(Clone)]
pub struct State {
    pub askers: Vec<Asker>,
    pub authority: Authority,
    pub network: Vec<Message>,
    pub cut: bool,
    pub cuts: u8,
    pub losses: u8,
    pub repeats: u8,
    pub released: bool,
    pub asked_again: bool,
    /// The merges that the authority ever told anybody, as bytes.
    pub merges: Vec<Vec<u8>>,
    pub fault: Option<String>,
}

impl State {
    fn key(&self) -> impl Hash + PartialEq {
        let askers: Vec<_> = self
            .askers
            .iter()
            .map(|asker| {
                let print = asker.cart.fingerprint();
                let bits = (print.live, print.context, asker.latest.bits());
                (asker.stage, bits, asker.told.clone())
            })
            .collect();
        let mut network: Vec<Vec<u8>> = self.network.iter().map(Message::bytes).collect();
        network.sort_unstable();
        let rest = (self.cut, self.cuts, self.losses, self.repeats, self.released);
        let owners: Vec<_> = self
            .authority
            .owners()
            .into_iter()
            .map(|(id, claims, owner)| (id.as_u128(), claims, owner.map(|id| id.as_u128())))
            .collect();
        (askers, network, rest, owners, self.asked_again, self.merges.clone(), self.fault.clone())
    }

    /// An account, as all its replicas together have it.
    pub fn account(&self, which: usize) -> Cart {
        let mut cart = Cart::new(ACCOUNTS[which]);
        for (asker, (account, _)) in self.askers.iter().zip(ASKERS) {
            if account == which {
                let _ = cart.join(&asker.cart.to_delta()).expect("the same cart");
            }
        }
        cart
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
        let stages: Vec<Stage> = self.askers.iter().map(|asker| asker.stage).collect();
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        write!(f, "{stages:?} cut {} #{:x}", self.cut, hasher.finish())
    }
}

/// The valid merge of the guest there.
pub fn claimed(cart: &Cart) -> Option<Claim> {
    Observer::at(cart, &Registry::default()).claim(GUEST)
}

pub fn tee() -> LineKey {
    LineKey::sku("GUESTS-TEE").expect("a SKU")
}
