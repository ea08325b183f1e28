//! For every random history, a cart in documents and a cart kept natively are the same cart,
//! whatever mixture of Automerge's exchange and our own carried it.

use std::collections::BTreeMap;

use automerge::sync::{State, SyncDoc};
use holdall::{Cart, CartId, Delta, Registry, Replica, ReplicaId, ViewOptions, explain, view};
use holdall_automerge::CartDocument;
use holdall_testkit::history::{History, HistoryStep, HistoryWorld};
use holdall_testkit::strategies::histories;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::cases::cases;

/// Coins from a seed.
struct Coins(u64);

impl Coins {
    fn one_of(&mut self, n: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// A world in which each replica has a document beside it.
struct Mixed {
    world: HistoryWorld,
    documents: Vec<CartDocument>,
    coins: Coins,
    seen: BTreeMap<&'static str, usize>,
}

impl Mixed {
    fn run(history: &History, seed: u64) -> Self {
        let world = HistoryWorld::new(history);
        let document = |(at, cart): (usize, CartId)| {
            let actor = (at as u128 + 1).to_be_bytes();
            let doc = automerge::AutoCommit::new().with_actor(actor.to_vec().into());
            CartDocument::over(cart, doc).0
        };
        let carts = world.nodes.iter().map(|node| node.replica.cart().id());
        let documents = carts.enumerate().map(document).collect();
        let mut mixed = Self { world, documents, coins: Coins(seed), seen: BTreeMap::new() };
        history.steps.iter().for_each(|step| mixed.step(*step));
        mixed
    }

    fn note(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    fn step(&mut self, step: HistoryStep) {
        match step {
            HistoryStep::Act(..) => self.act(step),
            HistoryStep::Deliver { to, which } => {
                let to = usize::from(to) % self.world.nodes.len();
                self.world.step(step, &mut |_| Ok(())).expect("no check fails");
                let log = self.world.log.get(&self.documents[to].cart().id());
                let delta = log.map(|log| log[usize::from(which) % log.len()].clone());
                if let Some(delta) = delta
                    && self.coins.one_of(2) == 0
                {
                    self.documents[to].apply(&delta).expect("a change");
                    self.note("delta as a change");
                    self.learn(to);
                }
            }
            HistoryStep::Exchange { a, b } => {
                let nodes = &self.world.nodes;
                let a = usize::from(a) % nodes.len();
                let cart = nodes[a].replica.cart().id();
                let same = |at: &usize| *at != a && nodes[*at].replica.cart().id() == cart;
                let peers: Vec<usize> = (0..nodes.len()).filter(same).collect();
                match self.coins.one_of(3) {
                    _ if peers.is_empty() => {}
                    0 => self.world.step(step, &mut |_| Ok(())).expect("no check fails"),
                    how => self.exchange(a, peers[usize::from(b) % peers.len()], how == 1),
                }
            }
        }
    }

    fn act(&mut self, step: HistoryStep) {
        let mut written: Option<(ReplicaId, Cart, Delta)> = None;
        let mut keep = |acted: holdall_testkit::history::ActionTaken<'_>| {
            written = Some((acted.node.replica.id(), acted.cart.clone(), acted.delta.clone()));
            Ok(())
        };
        self.world.step(step, &mut keep).expect("no check fails");
        let Some((by, before, delta)) = written else { return };
        let at = self.world.nodes.iter().position(|node| node.replica.id() == by);
        let at = at.expect("whoever acted");
        match self.coins.one_of(4) {
            // What the author knew, and then the action as a change of its own.
            0 | 1 => {
                self.documents[at].write(&before).expect("a change");
                self.documents[at].apply(&delta).expect("a change");
                self.note("action as a change");
            }
            // The action alone: what it makes dead may not be here.
            2 => {
                self.documents[at].apply(&delta).expect("a change");
                self.note("action alone");
            }
            // Later, with the state.
            _ => {}
        }
    }

    /// The replica learns what its document says.
    fn learn(&mut self, at: usize) {
        let all = self.documents[at].cart().to_delta();
        let _ = self.world.nodes[at].replica.join(&all).expect("the same cart");
    }

    fn exchange(&mut self, a: usize, b: usize, conversation: bool) {
        for at in [a, b] {
            self.documents[at].write(self.world.nodes[at].replica.cart()).expect("a change");
        }
        let [x, y] = self.documents.get_disjoint_mut([a, b]).expect("two documents");
        if conversation {
            talk(x, y);
        } else {
            let _ = x.join(y).expect("a merge");
            let _ = y.join(x).expect("a merge");
        }
        assert_eq!(x.cart(), y.cart(), "documents that were joined say the same");
        for at in [a, b] {
            self.learn(at);
        }
        let (x, y) = (&self.world.nodes[a].replica, &self.world.nodes[b].replica);
        assert_eq!(x.cart(), y.cart(), "an exchange leaves both equal");
        assert_eq!(x.fingerprint(), y.fingerprint());
        self.note("exchanged by Automerge");
    }
}

/// Automerge's own conversation.
fn talk(a: &mut CartDocument, b: &mut CartDocument) {
    let (mut at_a, mut at_b) = (State::new(), State::new());
    loop {
        let to_b = a.automerge().sync().generate_sync_message(&mut at_a);
        let to_a = b.automerge().sync().generate_sync_message(&mut at_b);
        if to_a.is_none() && to_b.is_none() {
            break;
        }
        if let Some(message) = to_b {
            b.automerge().sync().receive_sync_message(&mut at_b, message).expect("a message");
        }
        if let Some(message) = to_a {
            a.automerge().sync().receive_sync_message(&mut at_a, message).expect("a message");
        }
    }
    let _ = (a.refresh(), b.refresh());
}

fn joined(cart: CartId, log: &[Delta]) -> Cart {
    let mut all = Cart::new(cart);
    for delta in log {
        let _ = all.join(delta).expect("the same cart");
    }
    all
}

/// Everything in one document, which somebody loads who has nothing.
fn gathered(documents: &mut [CartDocument], cart: CartId, order: &[usize]) -> CartDocument {
    let mut all = CartDocument::new(cart);
    for at in order {
        if documents[*at].cart().id() == cart {
            let _ = all.join(&mut documents[*at]).expect("a merge");
        }
    }
    let (fresh, reading) = CartDocument::load(cart, &all.save()).expect("what was saved");
    assert!(reading.skipped.is_empty(), "{:?}", reading.skipped);
    assert!(reading.waiting.is_empty(), "{:?}", reading.waiting);
    assert_eq!(all.cart(), fresh.cart(), "what was read on the way is what is read at once");
    fresh
}

fn same(history: &History, seed: u64) -> Mixed {
    let mut mixed = Mixed::run(history, seed);
    for (at, node) in mixed.world.nodes.iter().enumerate() {
        mixed.documents[at].write(node.replica.cart()).expect("a change");
    }
    let (rules, options) = (Registry::default(), ViewOptions::default());
    let forth: Vec<usize> = (0..mixed.documents.len()).collect();
    let back: Vec<usize> = forth.iter().rev().copied().collect();
    for (cart, log) in &mixed.world.log {
        let native = joined(*cart, log);
        for order in [&forth, &back] {
            let kept = gathered(&mut mixed.documents, *cart, order);
            let kept = kept.cart();
            assert_eq!(kept, &native);
            assert_eq!(kept.fingerprint(), native.fingerprint());
            assert_eq!(view(kept, &rules, &options), view(&native, &rules, &options));
            assert_eq!(explain(kept, &rules, &options), explain(&native, &rules, &options));
        }
    }
    mixed
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn a_cart_in_documents_is_the_same_cart(history in histories(50), seed in any::<u64>()) {
        same(&history, seed);
    }

    /// A state there and back, and into a document that has half of it already.
    #[test]
    fn a_state_goes_there_and_back(history in histories(60), seed in any::<u64>()) {
        let world = HistoryWorld::run(&history, |_| Ok(())).expect("a check that never fails");
        let mut coins = Coins(seed);
        for (cart, log) in &world.log {
            let native = joined(*cart, log);
            let mut document = CartDocument::new(*cart);
            let half: Vec<Delta> = log.iter().filter(|_| coins.one_of(2) == 0).cloned().collect();
            document.write(&joined(*cart, &half)).expect("a change");
            document.write(&native).expect("a change");
            prop_assert_eq!(document.cart(), &native);
            prop_assert_eq!(document.write(&native).expect("nothing to do"), 0);
            let (fresh, reading) = CartDocument::load(*cart, &document.save()).expect("a document");
            prop_assert_eq!(fresh.cart().fingerprint(), native.fingerprint());
            prop_assert!(reading.skipped.is_empty() && reading.waiting.is_empty());
        }
    }

    /// Deltas as changes, in any order and each twice: what is said is never said again, and what
    /// waits is not in the cart.
    #[test]
    fn deltas_in_any_order(history in histories(50), seed in any::<u64>()) {
        let world = HistoryWorld::run(&history, |_| Ok(())).expect("a check that never fails");
        let mut coins = Coins(seed);
        for (cart, log) in &world.log {
            let mut mixed: Vec<Delta> = log.clone();
            for at in (1..mixed.len()).rev() {
                mixed.swap(at, coins.one_of(at as u64 + 1) as usize);
            }
            let mut document = CartDocument::new(*cart);
            let (mut replica, mut inbox) = (
                Replica::new(*cart, ReplicaId::from_u128(7_000)),
                holdall::sync::Inbox::default(),
            );
            for delta in &mixed {
                document.apply(delta).expect("a change");
                let _ = inbox.receive(&mut replica, delta.clone()).expect("room");
                // It waits for just what the waiting room waits for.
                prop_assert_eq!(document.cart(), replica.cart());
                prop_assert_eq!(document.apply(delta).expect("nothing to do"), 0);
            }
            prop_assert_eq!(document.cart(), &joined(*cart, log));
        }
    }
}

/// That the mixture is one: a test in which nothing waits or is exchanged would pass as well.
#[test]
fn histories_mix_all_ways() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for seed in 0..40 {
        let history = histories(50).new_tree(&mut runner).expect("a history").current();
        for (what, count) in same(&history, seed).seen {
            *seen.entry(what).or_default() += count;
        }
    }
    for what in
        ["delta as a change", "action as a change", "action alone", "exchanged by Automerge"]
    {
        assert!(seen.get(what).is_some_and(|count| *count >= 20), "{what}: {seen:?}");
    }
}
