//! Entries, which share tables of writers, lines, prices and authors' knowledge, against the obvious model: a tree
//! of whole entries by dot. Lines and prices come and go by the hundred, so that tables are swept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use holdall::cart::ConsumedUnits;
use holdall::cart::{Body, Entry, OrderPlaced, OrderedUnits, Preserved, SetQuantity};
use holdall::dots::{Dots, Run};
use holdall::{
    Cart, CartId, Delta, Dot, LineKey, List, Money, OrderId, ReplicaId, Time, limits, wire,
};
use proptest::prelude::*;

use super::devices::{ACCOUNT, GUEST, OTHER, units};
use crate::cases::cases;

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

/// The number of a writer's action. Of some writers it jumps, once or twice, up to the highest
/// numbers there are.
fn number(replica: ReplicaId, action: u64) -> u64 {
    match action {
        20..60 if replica != writer(0) => action + (1 << 31) - 40,
        60.. if replica == writer(1) => action + limits::SEQ_MAX - 20_000,
        _ => action,
    }
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
    let bought = |at: u16, dot| OrderedUnits {
        line: line(at),
        taken: ConsumedUnits { dot, units: 1, scope, set: None },
    };
    let another = Dot::new(dot.replica, dot.seq + 1);
    let body = match kind {
        0 => {
            let mut bought =
                vec![bought(of_line, dot), bought(of_line + 1, dot), bought(of_line + 1, another)];
            bought.sort();
            Body::Order(Arc::new(OrderPlaced {
                id: OrderId::new(format!("O-{}", dot.seq)).expect("an id"),
                bought,
                seen: Dots::default().into(),
                preserved: Preserved::default(),
            }))
        }
        1 => Body::Consent(true),
        2 => Body::Move { to: List::Saved, dots: vec![dot].into() },
        // What a row says by itself is an Add of few units, and not on one side of a line.
        3 => Body::Add { quantity: units(256 + u32::from(price % 2)), sided: false },
        4 => Body::Add { quantity: units(1), sided: true },
        5 | 6 => Body::Set(Arc::new(SetQuantity {
            quantity: units(u32::from(of_line) + 1),
            list: List::Active,
            sided: false,
            seen: Dots::default().into(),
            covers: [dot.seq - 1].map(|seq| Dot::new(dot.replica, seq)).into_iter().collect(),
            settled: None,
        })),
        _ => Body::Add { quantity: units(2), sided: false },
    };
    let about_a_line = !matches!(body, Body::Order(_) | Body::Consent(_));
    let price = (price > 1).then(|| Money::parse(&format!("{price}.50"), "EUR").expect("money"));
    Entry {
        time: Time::from_ms(dot.seq.saturating_add(1_000)),
        scope,
        seen_merges: Vec::from(after).into(),
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
                    let action = of_writer.count() as u64 + 1;
                    let dot = Dot::new(replica, number(replica, action));
                    self.context.insert(dot);
                    live.push((dot, entry(*parts, dot)));
                }
            }
            Step::Kill(at, from, n) => {
                let (first, replica) = (u64::from(*from) + 1, writer(*at));
                let [first, last] =
                    [first, first + u64::from(*n)].map(|action| number(replica, action));
                dead.insert_run(replica, Run { first, last: first.max(last) });
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
        cart.track_fingerprint();
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

/// What dies is right wherever a run begins and ends, beyond the highest number too.
#[test]
fn runs_die_whole_however_far_their_numbers_are() {
    const NEXT: u64 = 1 << 31;
    const LAST: u64 = limits::SEQ_MAX;
    let seqs = [1, 2, NEXT - 1, NEXT, NEXT + 1, LAST - 2, LAST - 1, LAST];
    let parts = |seq: u64| (0, 1, 2, 0, (seq % 8) as u8 + 1);
    let ends =
        [1, 2, 3, NEXT - 2, NEXT - 1, NEXT, NEXT + 1, LAST - 2, LAST - 1, LAST, LAST + 1, u64::MAX];
    // Of one writer all, of one the even, of one none but the last: some have no row where a run ends.
    for few in 0..3 {
        let dots = |at: u8| {
            let kept = seqs.iter().filter(move |seq| match (at + few) % 3 {
                0 => true,
                1 => *seq % 2 == 0,
                _ => **seq == LAST,
            });
            kept.map(move |seq| Dot::new(writer(at), *seq))
        };
        let all: Vec<Dot> = (0..3).flat_map(dots).collect();
        let live = || all.iter().map(|dot| (*dot, entry(parts(dot.seq), *dot)));
        let whole = Delta::new(ACCOUNT, live(), Dots::default(), Dots::default()).expect("a delta");
        for case in 0..3 * ends.len().pow(2) {
            let (at, first) = ((case % 3) as u8, ends[case / 3 % ends.len()]);
            let last = ends[case / 3 / ends.len()];
            let mut cart = Cart::new(ACCOUNT);
            let _ = cart.join(&whole).expect("the same cart");
            let mut dead = Dots::default();
            dead.insert_run(writer(at), Run { first, last });
            let gone = Delta::new(ACCOUNT, [], dead.clone(), Dots::default()).expect("a delta");
            let _ = cart.join(&gone).expect("the same cart");
            let left: BTreeMap<Dot, Entry> =
                live().filter(|(dot, _)| !dead.contains(*dot)).collect();
            assert_eq!(cart.live().iter().collect::<BTreeMap<_, _>>(), left, "{at} {first} {last}");
            assert_eq!(cart.live_dots(), left.keys().copied().collect());
            let bytes = wire::encode_cart(&cart);
            let back = wire::decode_cart(&bytes).expect("its own bytes");
            assert_eq!(back, cart);
            assert_eq!(wire::encode_cart(&back), bytes);
        }
        let mut link = (wire::LinkSender::new(ACCOUNT), wire::LinkReceiver::new(ACCOUNT));
        for (dot, entry) in live() {
            let one = [(dot, entry)];
            let one = Delta::new(ACCOUNT, one, Dots::default(), Dots::default()).expect("a delta");
            assert_eq!(link.1.decode(&link.0.encode(&one)).expect("a frame"), one);
        }
        assert_eq!(link.1.decode(&link.0.encode(&whole)).expect("a frame"), whole);
    }
}

/// Each table may be longer than all others together.
#[test]
fn tables_are_of_any_length() {
    let consent = |at: u64| {
        let after = [CartId::from_u128(u128::from(at))].into();
        let time = Time::from_ms(at);
        Entry {
            time,
            scope: ACCOUNT,
            seen_merges: after,
            line: None,
            price: None,
            body: Body::Consent(true),
        }
    };
    let priced = |at: u64| {
        let price = Money::parse(&at.to_string(), "EUR").ok();
        let body = Body::Add { quantity: units(1), sided: false };
        Entry { seen_merges: [].into(), line: Some(line(0)), price, body, ..consent(at) }
    };
    let kinds: [&dyn Fn(u64) -> Entry; 2] = [&consent, &priced];
    for entry in kinds {
        let mut cart = Cart::new(ACCOUNT);
        for at in 1..=9 {
            let live = [(Dot::new(writer(0), at), entry(at))];
            let delta = Delta::new(ACCOUNT, live, Dots::default(), Dots::default());
            let _ = cart.join(&delta.expect("a delta")).expect("the same cart");
        }
        let all: Vec<Entry> = (1..=9).map(entry).collect();
        assert_eq!(cart.live().values().collect::<Vec<_>>(), all);
    }
}

/// What an entry said is gone with it, be it one of few that die at once or of many: a cart is held for long.
#[test]
fn what_the_dead_said_is_held_no_more() {
    for dies in [1, 2, 16, 17, 40] {
        let mut cart = Cart::new(ACCOUNT);
        let mut said = Vec::new();
        let live = (1..=50).map(|seq| {
            let dot = Dot::new(writer(0), seq);
            let set = entry((0, seq as u16, 0, 0, 5), dot);
            let Body::Set(body) = &set.body else { panic!("{set:?}") };
            said.push(Arc::downgrade(body));
            (dot, set)
        });
        let delta = Delta::new(ACCOUNT, live, Dots::default(), Dots::default()).expect("a delta");
        let _ = cart.join(&delta).expect("the same cart");
        drop(delta);
        // Not the last, and not all in a row.
        let dead: Dots = (1..=dies).map(|at| Dot::new(writer(0), 3 + at + at / 7)).collect();
        let delta = Delta::new(ACCOUNT, [], dead.clone(), Dots::default()).expect("a delta");
        let _ = cart.join(&delta).expect("the same cart");
        for (said, seq) in said.iter().zip(1..) {
            let held = said.upgrade().is_some();
            assert_eq!(held, !dead.contains(Dot::new(writer(0), seq)), "{seq} of {dies} dead");
        }
    }
}
