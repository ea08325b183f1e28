//! Entries, which share tables of writers, lines, prices and authors' knowledge, against the obvious model: a tree
//! of whole entries by dot. Lines and prices come and go by the hundred, so that tables are swept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use holdall::cart::Taken;
use holdall::{
    Body, Bought, Cart, CartId, Delta, Dot, Dots, Entry, LineKey, List, Money, OrderId, Purchase,
    ReplicaId, Run, Stays, Time, wire,
};
use proptest::prelude::*;

use super::devices::{ACCOUNT, GUEST, OTHER, units};
use super::laws::cases;

/// What an entry is made of, each part by its number.
type Parts = (u8, u16, u8, u8, u8);

/// What happens to a cart.
#[derive(Clone, Debug)]
enum Step {
    /// A delta with so many new entries of as many writers as there are.
    Enliven(Vec<Parts>),
    /// What one writer wrote from here on, so many, dies.
    Kill(u8, u8, u8),
    /// Every dot of which the number leaves that rest dies.
    Thin(u8, u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let parts = (0..3_u8, 0..400_u16, 0..12_u8, 0..6_u8, 0..10_u8);
    let one = parts.clone().prop_map(|parts| Step::Enliven(vec![parts]));
    let many = prop::collection::vec(parts, 1..120).prop_map(Step::Enliven);
    let kill = (0..3_u8, any::<u8>(), any::<u8>()).prop_map(|(w, from, n)| Step::Kill(w, from, n));
    let thin = (1..8_u8, 0..8_u8).prop_map(|(by, rest)| Step::Thin(by, rest));
    let all = Just(Step::Thin(1, 0));
    prop::collection::vec(prop_oneof![3 => one, 3 => many, 2 => kill, 1 => thin, 1 => all], 1..24)
}

fn writer(at: u8) -> ReplicaId {
    ReplicaId::from_u128(100 - u128::from(at))
}

fn line(at: u16) -> LineKey {
    LineKey::sku(&format!("L{at}")).expect("a line")
}

fn entry((_, of_line, price, author, kind): Parts, dot: Dot) -> Entry {
    let (scope, after): (CartId, &[CartId]) = match author {
        0..=2 => (ACCOUNT, &[]),
        3 => (GUEST, &[]),
        4 => (ACCOUNT, &[GUEST]),
        _ => (ACCOUNT, &[OTHER, GUEST]),
    };
    let bought =
        |at: u16, dot| Bought { line: line(at), taken: Taken { dot, units: 1, scope, set: None } };
    let another = Dot::new(dot.replica, dot.seq + 1);
    let body = match kind {
        0 => {
            let mut bought =
                vec![bought(of_line, dot), bought(of_line + 1, dot), bought(of_line + 1, another)];
            bought.sort();
            Body::Order(Arc::new(Purchase {
                id: OrderId::new(format!("O-{}", dot.seq)).expect("an id"),
                bought,
                seen: Dots::default().into(),
                stays: Stays::default(),
            }))
        }
        1 => Body::Consent(true),
        2 => Body::Move { to: List::Saved, dots: vec![dot].into() },
        _ => Body::Add { quantity: units(2), sided: false },
    };
    let about_a_line = !matches!(body, Body::Order(_) | Body::Consent(_));
    let price = (price > 1).then(|| Money::parse(&format!("{price}.50"), "EUR").expect("money"));
    Entry {
        time: Time::from_ms(1_000 + dot.seq),
        scope,
        after: Vec::from(after).into(),
        line: about_a_line.then(|| line(of_line)),
        price: price.filter(|_| body.is_contribution()),
        body,
    }
}

#[derive(Default)]
struct Model {
    live: BTreeMap<Dot, Entry>,
    context: BTreeSet<Dot>,
}

impl Model {
    fn delta(&mut self, step: &Step) -> Delta {
        let mut live: Vec<(Dot, Entry)> = Vec::new();
        let mut dead = Dots::default();
        match step {
            Step::Enliven(all) => {
                for parts in all {
                    let replica = writer(parts.0);
                    let of_writer = self.context.iter().filter(|dot| dot.replica == replica);
                    let dot = Dot::new(replica, of_writer.count() as u64 + 1);
                    self.context.insert(dot);
                    live.push((dot, entry(*parts, dot)));
                }
            }
            Step::Kill(at, from, n) => {
                let (first, replica) = (u64::from(*from) + 1, writer(*at));
                dead.insert_run(replica, Run { first, last: first + u64::from(*n) });
                dead = dead.intersection(&self.context.iter().copied().collect());
            }
            Step::Thin(by, rest) => {
                let goes = |dot: &&Dot| dot.seq % u64::from(*by) == u64::from(*rest);
                dead = self.context.iter().filter(goes).copied().collect();
            }
        }
        self.live.extend(live.iter().cloned());
        self.live.retain(|dot, _| !dead.contains(*dot));
        Delta::new(ACCOUNT, live, dead, Dots::default()).expect("a delta")
    }

    fn lines(&self) -> BTreeSet<LineKey> {
        let of = |entry: &Entry| {
            let bought = match &entry.body {
                Body::Order(order) => order.bought.iter().map(|b| b.line.clone()).collect(),
                _ => Vec::new(),
            };
            entry.line.iter().cloned().chain(bought).collect::<Vec<_>>()
        };
        self.live.values().flat_map(of).collect()
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn entries_are_what_was_put_in(steps in steps()) {
        let (mut model, mut cart, mut batch) =
            (Model::default(), Cart::new(ACCOUNT), Delta::empty(ACCOUNT));
        // One keeps the sum of digests, one counts it each time.
        cart.sum_up();
        for step in &steps {
            let delta = model.delta(step);
            batch.batch(&delta);
            let before = cart.clone();
            let joined = cart.join(&delta).expect("the same cart");
            prop_assert_eq!(joined.changed, cart != before);
            let live: BTreeMap<Dot, Entry> = cart.live().iter().collect();
            prop_assert_eq!(&live, &model.live);
            prop_assert_eq!(cart.live().len(), model.live.len());
            prop_assert!(model.live.keys().all(|dot| cart.live().contains_key(dot)));
            let lines: Vec<LineKey> = cart.lines().cloned().collect();
            prop_assert_eq!(lines, model.lines().into_iter().collect::<Vec<_>>());
            prop_assert_eq!(cart.context(), &model.context.iter().copied().collect());
            prop_assert_eq!(&cart.live_dots(), &model.live.keys().copied().collect());
        }
        let mut anew = Cart::new(ACCOUNT);
        let _ = anew.join(&batch).expect("the same cart");
        prop_assert_eq!(&anew, &cart);
        prop_assert_eq!(anew.fingerprint(), cart.fingerprint());
        let bytes = wire::encode_cart(&cart);
        prop_assert_eq!(&wire::encode_cart(&anew), &bytes);
        prop_assert_eq!(&wire::decode_cart(&bytes).expect("its own bytes"), &cart);
        let latest = model.live.values().map(|entry| entry.time).max().unwrap_or_default();
        prop_assert_eq!(cart.latest(), latest);
    }
}
