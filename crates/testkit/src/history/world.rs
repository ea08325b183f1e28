//! The world that runs a history: an account's cart with several writers, guest carts with
//! theirs, clocks that are off, packets that come late, twice or never.

use std::collections::BTreeMap;

use super::history_plan::{History, HistoryAction, HistoryStep, name_of};
use super::perform::perform;
use super::values::GUESTS;
use crate::counterexample::{Counterexample, Verdict};
use holdall::action::Action;
use holdall::cart::{Cart, Claim, Delta};
use holdall::id::{CartId, ReplicaId};
use holdall::replica::Replica;
use holdall::sync::{self, Inbox, Received};
use holdall::view::View;
use holdall::wire;

/// The account's cart.
pub const ACCOUNT: CartId = CartId::from_u128(1);
/// A replica with its waiting room.
pub struct HistoryNode {
    /// It.
    pub replica: Replica,
    /// What waits to be joined.
    pub inbox: Inbox,
}

/// Action that was taken, with what its author saw, for checks of its effect.
pub struct ActionTaken<'a> {
    /// What was done.
    pub action: HistoryAction,
    /// The shopper's action that it was, if it was one.
    pub shopped: Option<Action>,
    /// What its author saw before.
    pub before: &'a View,
    /// Its author.
    pub node: &'a HistoryNode,
    /// The state before.
    pub cart: &'a Cart,
    /// The guest cart, and the claim on it.
    pub guest: Option<(&'a Cart, Claim)>,
    /// What was written.
    pub delta: &'a Delta,
    /// What its author's clock showed.
    pub now: u64,
}

/// The running world.
pub struct HistoryWorld {
    /// The account's writers, then two for each guest.
    pub nodes: Vec<HistoryNode>,
    /// How many write to the account's cart.
    pub writers: usize,
    /// How many guest carts there are.
    pub guests: usize,
    /// Every delta that was written, by cart, in the order of writing.
    pub log: BTreeMap<CartId, Vec<Delta>>,
    /// The number of the next claim of each guest.
    pub claims: BTreeMap<CartId, u32>,
    /// What happened, and how often.
    pub seen: BTreeMap<String, usize>,
    /// The time.
    pub now: u64,
    skew: Vec<i32>,
}

impl HistoryWorld {
    /// Makes a world in which nothing has happened.
    #[must_use]
    pub fn new(history: &History) -> Self {
        let node = |cart, id: usize| HistoryNode {
            replica: Replica::new(cart, ReplicaId::from_u128(100 + id as u128)),
            inbox: Inbox::default(),
        };
        let mut nodes: Vec<HistoryNode> =
            (0..history.writers).map(|id| node(ACCOUNT, id)).collect();
        for guest in &GUESTS[..history.guests] {
            for _ in 0..2 {
                nodes.push(node(*guest, nodes.len()));
            }
        }
        Self {
            nodes,
            writers: history.writers,
            guests: history.guests,
            log: BTreeMap::new(),
            claims: BTreeMap::new(),
            seen: BTreeMap::new(),
            now: 1_000_000_000,
            skew: history.skew.clone(),
        }
    }

    /// Runs a history to its end, with a check after every action that changed something.
    ///
    /// # Errors
    /// What the check found first.
    pub fn run(
        history: &History,
        mut check: impl FnMut(ActionTaken<'_>) -> Verdict,
    ) -> Result<Self, Counterexample> {
        let mut world = Self::new(history);
        for step in &history.steps {
            world.step(*step, &mut check)?;
        }
        Ok(world)
    }

    /// Takes one step, with a check after an action that changed something.
    ///
    /// # Errors
    /// What the check found.
    pub fn step(
        &mut self,
        step: HistoryStep,
        check: &mut impl FnMut(ActionTaken<'_>) -> Verdict,
    ) -> Result<(), Counterexample> {
        self.now += 1_000;
        match step {
            HistoryStep::Act(who, action) => self.act(usize::from(who), action, check)?,
            HistoryStep::Deliver { to, which } => self.deliver(usize::from(to), usize::from(which)),
            HistoryStep::Exchange { a, b } => self.exchange(usize::from(a), usize::from(b)),
        }
        Ok(())
    }

    fn note(&mut self, what: impl Into<String>) {
        *self.seen.entry(what.into()).or_default() += 1;
    }

    /// Returns the account's writers.
    pub fn account(&self) -> impl Iterator<Item = &HistoryNode> {
        self.nodes[..self.writers].iter()
    }

    /// Returns the deltas that were written to the account's cart.
    #[must_use]
    pub fn account_log(&self) -> &[Delta] {
        self.log.get(&ACCOUNT).map_or(&[], Vec::as_slice)
    }

    fn guest_copy(&self, guest: u8, copy: u8) -> &Cart {
        let guest = usize::from(guest) % self.guests;
        self.nodes[self.writers + guest * 2 + usize::from(copy) % 2].replica.cart()
    }

    fn deliver(&mut self, to: usize, which: usize) {
        let to = to % self.nodes.len();
        let node = &mut self.nodes[to];
        let Some(log) = self.log.get(&node.replica.cart().id()) else { return };
        let delta = log[which % log.len()].clone();
        let waiting = node.inbox.waiting().len();
        let known = delta.own().minus(node.replica.cart().context()).is_empty();
        let gap = delta
            .own()
            .runs()
            .any(|(by, run)| run.first > node.replica.cart().context().last(by) + 1);
        let received = node.inbox.receive(&mut node.replica, delta).expect("room for it");
        match received {
            Received::Joined { joined, released } => {
                self.note("delivered");
                if known {
                    self.note("duplicate");
                } else if gap {
                    self.note("gap");
                }
                if released > 0 {
                    assert!(self.nodes[to].inbox.waiting().len() + released >= waiting);
                    self.note("released");
                }
                if !joined.equivocations.is_empty() {
                    self.note("two copies of one merge");
                }
            }
            Received::Waits { missing, .. } => {
                assert!(!missing.is_empty());
                self.note("waited");
            }
        }
    }

    /// Exchanges by the library's conversation, until neither side has anything to send.
    fn exchange(&mut self, a: usize, b: usize) {
        let a = a % self.nodes.len();
        let cart = self.nodes[a].replica.cart().id();
        let peers: Vec<usize> = (0..self.nodes.len())
            .filter(|at| *at != a && self.nodes[*at].replica.cart().id() == cart)
            .collect();
        if peers.is_empty() {
            return;
        }
        let b = peers[b % peers.len()];
        let [x, y] = self.nodes.get_disjoint_mut([a, b]).expect("two replicas");
        converse(&mut x.replica, &mut y.replica);
        assert_eq!(x.replica.cart(), y.replica.cart(), "an exchange leaves both equal");
        self.note("exchanged");
    }

    fn act(
        &mut self,
        who: usize,
        action: HistoryAction,
        check: &mut impl FnMut(ActionTaken<'_>) -> Verdict,
    ) -> Verdict {
        let mut who = who % self.nodes.len();
        if matches!(
            action,
            HistoryAction::Merge { .. }
                | HistoryAction::Absorb { .. }
                | HistoryAction::Unmerge { .. }
                | HistoryAction::Expire
        ) {
            who %= self.writers;
        }
        let now = self.now.saturating_add_signed(i64::from(self.skew[who]));
        let before = self.nodes[who].replica.view();
        let cart = self.nodes[who].replica.cart().clone();
        let shopped = match action {
            HistoryAction::Shop(pick) => pick.action(&before, now),
            _ => None,
        };
        let guest = match action {
            HistoryAction::Merge { guest, copy, .. } | HistoryAction::Absorb { guest, copy } => {
                let guest = self.guest_copy(guest, copy).clone();
                let number = *self.claims.entry(guest.id()).or_insert(1);
                let claim = Claim { guest: guest.id(), account: ACCOUNT, number };
                Some((guest, claim))
            }
            _ => None,
        };
        let replica = &mut self.nodes[who].replica;
        let written = perform(replica, now, action, shopped.as_ref(), guest.as_ref(), self.guests);
        let name = name_of(action);
        let Ok(delta) = written else {
            assert_eq!(*replica.cart(), cart, "a refused action changed the cart");
            self.note(format!("refused {name}"));
            return Ok(());
        };
        self.note(&*name);
        let row = shopped.as_ref().and_then(Action::row);
        if row.is_some_and(|row| row.side.is_some()) {
            self.note(format!("{name} on one side"));
        }
        if let HistoryAction::Merge { rule, .. } = action {
            self.note(format!("rule {}", super::values::RULES[usize::from(rule)]));
        }
        if let HistoryAction::Unmerge { guest } = action {
            let guest = GUESTS[usize::from(guest) % self.guests];
            *self.claims.entry(guest).or_insert(1) += 1;
        }
        self.log.entry(cart.id()).or_default().push(delta.clone());
        let guest = guest.as_ref().map(|(cart, claim)| (cart, *claim));
        let node = &self.nodes[who];
        let (cart, before, delta) = (&cart, &before, &delta);
        check(ActionTaken { action, shopped, before, node, cart, guest, delta, now })
    }
}

/// Runs the conversation of two replicas of one cart, each message through its bytes, and returns
/// the messages.
///
/// # Panics
/// Panics if the conversation does not end.
pub fn converse(a: &mut Replica, b: &mut Replica) -> Vec<sync::Message> {
    let mut sent = vec![sync::probe(a)];
    let mut to_b = true;
    loop {
        let receiver = if to_b { &mut *b } else { &mut *a };
        let last = sent.last().expect("at least the probe");
        let last = wire::decode_message(&wire::encode_message(last)).expect("encoded bytes decode");
        let Some(reply) = sync::respond(receiver, &last).expect("one cart").message else {
            return sent;
        };
        sent.push(reply);
        to_b = !to_b;
        assert!(sent.len() < 10, "the conversation does not end: {sent:?}");
    }
}
