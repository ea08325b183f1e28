//! The algebra of states, deltas and exchange, on random histories.
//!
//! Convergence is trivial on purpose: join is a maximum. These laws hold the compact state and
//! everything that travels to that.

use crate::cases::cases;
use holdall::sync::{Inbox, Message};
use holdall::{Cart, Delta, LineKey, Replica, ReplicaId, RowRef};
use holdall_testkit::history::{ACCOUNT, History, HistoryWorld, converse};
use holdall_testkit::laws;
use holdall_testkit::reference_state::ReferenceState;
use holdall_testkit::strategies::histories;
use proptest::prelude::*;

fn run(history: &History) -> HistoryWorld {
    HistoryWorld::run(history, |_| Ok(())).expect("a check that never fails")
}

fn joined<'a>(deltas: impl IntoIterator<Item = &'a Delta>) -> Cart {
    let mut cart = Cart::new(ACCOUNT);
    for delta in deltas {
        let _ = cart.join(delta).expect("the same cart");
    }
    cart
}

/// A new writer with a state.
fn writer(cart: &Cart) -> Replica {
    Replica::resume(ReplicaId::from_u128(7_000), cart.latest(), cart.clone())
}

/// A deterministic shuffle: each round of keys is another order.
fn shuffled<T: Clone>(items: &[T], keys: &[u32]) -> Vec<T> {
    let mut at: Vec<usize> = (0..items.len()).collect();
    let key = |at: &usize| keys[at % keys.len()].wrapping_mul(*at as u32 | 1);
    at.sort_by_key(key);
    at.into_iter().map(|at| items[at].clone()).collect()
}

fn keys() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(any::<u32>(), 8..40)
}

proptest! {
    #![proptest_config(cases(100))]

    /// Commutative, associative, idempotent, monotone; and the compact join is the dot-by-dot
    /// maximum. riak_dt 78: the last is the one that a shortcut breaks.
    #[test]
    fn join_is_the_maximum_dot_by_dot(history in histories(50)) {
        laws::join_is_maximum(&history)?;
    }

    /// Single deltas are states too: joined into any state they do what the model does.
    #[test]
    fn a_delta_joins_as_in_the_model(history in histories(40), keys in keys()) {
        let world = run(&history);
        let (mut cart, mut reference) = (Cart::new(ACCOUNT), ReferenceState::default());
        for delta in shuffled(world.account_log(), &keys) {
            let before = ReferenceState::of(&cart);
            let _ = cart.join(&delta).expect("the same cart");
            reference.join(&delta);
            prop_assert_eq!(ReferenceState::of(&cart), reference.clone());
            prop_assert!(reference.is_above(&before));
        }
    }

    /// Any order, any grouping, any splitting, any number of times.
    #[test]
    fn deltas_are_blind_to_order_grouping_splitting_and_repetition(
        history in histories(60), keys in keys(), group in 1..7_usize,
    ) {
        laws::deltas_commute(&history, &keys, group)?;
    }

    /// Every order of up to five deltas, not a sample of them (y-crdt 648e7fe).
    #[test]
    fn every_order_of_five_deltas(history in histories(40), from in any::<u16>()) {
        let world = run(&history);
        let log = world.account_log();
        if log.is_empty() {
            return Ok(());
        }
        let from = usize::from(from) % log.len();
        let five = &log[from..log.len().min(from + 5)];
        let want = joined(five);
        let before = joined(&log[..from]);
        let mut received: Option<Cart> = None;
        for order in permutations(five.len()) {
            prop_assert_eq!(&joined(order.iter().map(|at| &five[*at])), &want);
            // Through the waiting room, on top of what came before, with the first one twice.
            let (mut replica, mut inbox) = (writer(&before), Inbox::default());
            for at in order.iter().chain(&order[..1]) {
                let _ = inbox.receive(&mut replica, five[*at].clone()).expect("room");
            }
            prop_assert!(inbox.waiting().is_empty());
            let first = received.get_or_insert_with(|| replica.cart().clone());
            prop_assert_eq!(&*first, replica.cart());
        }
    }

    /// The whole log through a waiting room in any order, with duplicates: the same state, and
    /// nothing stuck.
    #[test]
    fn the_inbox_ends_empty_and_equal(history in histories(60), keys in keys()) {
        let world = run(&history);
        let log = world.account_log();
        let (mut replica, mut inbox) = (writer(&Cart::new(ACCOUNT)), Inbox::default());
        let mixed = shuffled(log, &keys);
        for delta in mixed.iter().chain(&mixed[..mixed.len() / 2]) {
            let _ = inbox.receive(&mut replica, delta.clone()).expect("room");
        }
        prop_assert!(inbox.waiting().is_empty());
        prop_assert_eq!(replica.cart(), &joined(log));
    }

    /// On the way there, a dot in the context means that its whole delta has been applied.
    #[test]
    fn a_known_dot_means_an_applied_delta(history in histories(60), keys in keys()) {
        let world = run(&history);
        let log = world.account_log();
        let (mut replica, mut inbox) = (writer(&Cart::new(ACCOUNT)), Inbox::default());
        for delta in shuffled(log, &keys) {
            let _ = inbox.receive(&mut replica, delta).expect("room");
            for sent in log {
                let known = sent.own().minus(replica.cart().context()).is_empty();
                if known && !sent.own().is_empty() {
                    // Two regions may have merged one guest with different copies of the claim.
                    let again = replica.cart().clone().join(sent).expect("the same cart");
                    let applied = !again.changed || !again.equivocations.is_empty();
                    prop_assert!(applied, "a dot is known, and its delta is not applied");
                }
            }
        }
    }

    /// A delta that has to wait waits for something, which the receiver can ask for.
    #[test]
    fn what_waits_waits_for_something(history in histories(60)) {
        prop_assert!(!run(&history).seen.contains_key("waits for nothing"));
    }

    /// What a peer is answered is exact: as a full join, and it holds nothing the peer had.
    #[test]
    fn exchange_is_exact(history in histories(60)) {
        laws::exchange_is_exact(&history)?;
    }

    /// Two replicas that talked are equal, in state, view and explanation; then they say "same".
    #[test]
    fn synced_peers_exchange_no_payload(history in histories(60)) {
        let mut world = run(&history);
        let writers = world.writers;
        for _ in 0..2 {
            for at in 1..writers {
                let (a, b) = world.nodes.split_at_mut(at);
                converse(&mut a[0].replica, &mut b[0].replica);
            }
        }
        let first = &world.nodes[0].replica;
        prop_assert_eq!(first.cart(), &joined(world.account_log()));
        for node in &world.nodes[1..writers] {
            prop_assert_eq!(node.replica.cart(), first.cart());
            prop_assert_eq!(node.replica.fingerprint(), first.fingerprint());
            prop_assert_eq!(node.replica.view(), first.view());
            prop_assert_eq!(node.replica.explain(), first.explain());
        }
        let (a, b) = world.nodes.split_at_mut(1);
        let sent = converse(&mut a[0].replica, &mut b[0].replica);
        let quiet = matches!(&sent[..], [Message::Probe { .. }, Message::Same { .. }]);
        prop_assert!(quiet, "{:?}", sent);
    }

    /// Fingerprints are equal exactly when states are, along every path.
    #[test]
    fn fingerprints_tell_states_apart(history in histories(50)) {
        laws::fingerprint_tells(&history)?;
    }
}

/// All orders of `0..n`.
pub(crate) fn permutations(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![vec![]];
    }
    let mut all = Vec::new();
    for shorter in permutations(n - 1) {
        for at in 0..n {
            let mut longer = shorter.clone();
            longer.insert(at, n - 1);
            all.push(longer);
        }
    }
    all
}

#[test]
fn five_things_have_120_orders() {
    let all: std::collections::BTreeSet<Vec<usize>> = permutations(5).into_iter().collect();
    assert_eq!(all.len(), 120);
}

/// Five deltas each of which makes the one before dead, in every order: none waits once all are there.
#[test]
fn every_order_of_a_chain() {
    let row = RowRef::active(LineKey::sku("TEE").expect("a SKU"));
    let mut author = writer(&Cart::new(ACCOUNT));
    let chain: Vec<Delta> =
        (1..=5).map(|units| author.set(1_000, &row, units, None).expect("a Set")).collect();
    assert!(chain[1..].iter().all(|delta| !delta.needs().is_empty()));
    for order in permutations(chain.len()) {
        let (mut replica, mut inbox) = (writer(&Cart::new(ACCOUNT)), Inbox::default());
        for at in &order {
            let _ = inbox.receive(&mut replica, chain[*at].clone()).expect("room");
        }
        assert!(inbox.waiting().is_empty(), "{order:?}");
        assert_eq!(replica.cart(), author.cart(), "{order:?}");
    }
}
