//! The algebra of states, deltas and exchange. Convergence is trivial on purpose: join is a
//! maximum. These laws hold the compact state and everything that travels to that.

use super::history_run::{holds, world};
use crate::counterexample::Verdict;
use crate::history::{ACCOUNT, History};
use crate::law::Law;
use crate::reference_state::{ReferenceState, each};
use holdall::cart::{Cart, Delta};

fn join(a: &Cart, b: &Cart) -> Cart {
    joined(a.clone(), [&b.to_delta()])
}

fn joined<'a>(mut cart: Cart, deltas: impl IntoIterator<Item = &'a Delta>) -> Cart {
    for delta in deltas {
        // A history's deltas are of the account's cart, all of them.
        let _ = cart.join(delta);
    }
    cart
}

/// Checks [`Law::JoinIsMaximum`]. A shortcut in the join breaks the maximum, as in issue 78 of
/// riak_dt.
///
/// # Errors
/// The case in which the law does not hold.
pub fn join_is_maximum(history: &History) -> Verdict {
    let law = |is: bool, what: &str| holds(Law::JoinIsMaximum, is, || what.to_owned());
    let world = world(history)?;
    let states: Vec<&Cart> = world.account().map(|node| node.replica.cart()).collect();
    for a in &states {
        law(join(a, a) == **a, "joining itself changes a state")?;
        for b in &states {
            let ab = join(a, b);
            law(ab == join(b, a), "join is not commutative")?;
            law(ab.fingerprint() == join(b, a).fingerprint(), "fingerprints of a join differ")?;
            law(join(&ab, b) == ab, "join is not idempotent")?;
            let mut reference = ReferenceState::of(a);
            reference.join(&b.to_delta());
            law(ReferenceState::of(&ab) == reference, "join is not the dot-by-dot maximum")?;
            let above = reference.is_above(&ReferenceState::of(a))
                && reference.is_above(&ReferenceState::of(b));
            law(above, "join does not only move up")?;
            let said = Cart::clone(a).join(&b.to_delta()).is_ok_and(|joined| joined.changed);
            law(said == (&ab != *a), "join is wrong about whether it changed something")?;
            for c in &states {
                law(join(&ab, c) == join(a, &join(b, c)), "join is not associative")?;
            }
        }
    }
    Ok(())
}

/// Checks [`Law::ExchangeIsExact`].
///
/// # Errors
/// The case in which the law does not hold.
pub fn exchange_is_exact(history: &History) -> Verdict {
    let law = |is: bool, what: &str| holds(Law::ExchangeIsExact, is, || what.to_owned());
    let world = world(history)?;
    for a in world.account() {
        for b in world.account() {
            let (a, b) = (a.replica.cart(), b.replica.cart());
            let answer = a.delta_for(&b.have());
            let mut full = b.clone();
            let lies = full.join(&a.to_delta()).map_or(0, |joined| joined.equivocations.len());
            if lies == 0 {
                let exact = joined(b.clone(), [&answer]);
                law(exact == full, "the answer is less than a full join")?;
            }
            let told = answer.live().keys().all(|dot| !b.context().contains(dot));
            law(told, "it sent what the peer had")?;
            let lacked = |dot| !b.context().contains(dot) || b.live().get(&dot).is_some();
            let dead = each(answer.dead()).into_iter().all(lacked);
            law(dead, "it told of a death that the peer knew of")?;
            law(a != b || answer.is_empty(), "equal states have something to say")?;
        }
    }
    Ok(())
}

/// Checks [`Law::DeltasCommute`]: the deltas in the order of `keys`, joined in groups of `group`,
/// split, and repeated.
///
/// # Errors
/// The delivery that gives another state.
pub fn deltas_commute(history: &History, keys: &[u32], group: usize) -> Verdict {
    let law = |is: bool, what: &str| holds(Law::DeltasCommute, is, || what.to_owned());
    let world = world(history)?;
    let log = world.account_log();
    let all = |deltas: Vec<&Delta>| joined(Cart::new(ACCOUNT), deltas);
    let whole = all(log.iter().collect());
    let mixed = shuffled(log, keys);
    law(all(mixed.iter().collect()) == whole, "another order gives another state")?;
    let again = all(mixed.iter().chain(log).chain(&mixed).collect());
    law(again == whole, "repetition gives another state")?;
    let batches: Vec<Delta> = mixed
        .chunks(group.max(1))
        .map(|chunk| {
            let mut batch = Delta::empty(ACCOUNT);
            chunk.iter().for_each(|delta| batch.batch(delta));
            batch
        })
        .collect();
    law(all(batches.iter().collect()) == whole, "batches give another state")?;
    let parts = shuffled(&batches.iter().flat_map(Delta::split).collect::<Vec<_>>(), keys);
    let split = all(parts.iter().collect());
    law(split == whole, "parts give another state")?;
    law(split.fingerprint() == whole.fingerprint(), "parts give another fingerprint")?;
    let known: Vec<Delta> = world.account().map(|node| node.replica.cart().to_delta()).collect();
    law(all(known.iter().collect()) == whole, "a replica knows what no delta told")
}

/// Shuffles items by keys: each round of keys is another order.
#[must_use]
fn shuffled<T: Clone>(items: &[T], keys: &[u32]) -> Vec<T> {
    let mut at: Vec<usize> = (0..items.len()).collect();
    let key =
        |at: &usize| keys.get(at % keys.len().max(1)).map(|key| key.wrapping_mul(*at as u32 | 1));
    at.sort_by_key(key);
    at.into_iter().map(|at| items[at].clone()).collect()
}

/// Checks [`Law::FingerprintTells`] along every path.
///
/// # Errors
/// The case in which the law does not hold.
pub fn fingerprint_tells(history: &History) -> Verdict {
    let world = world(history)?;
    let mut states: Vec<Cart> = world.account().map(|node| node.replica.cart().clone()).collect();
    let mut growing = Cart::new(ACCOUNT);
    for delta in world.account_log() {
        states.push(growing.clone());
        growing = joined(growing, [delta]);
    }
    for a in &states {
        for b in &states {
            let tells = (a == b) == (a.fingerprint() == b.fingerprint());
            let what = || {
                format!(
                    "of {} and {} live entries",
                    a.live().iter().count(),
                    b.live().iter().count()
                )
            };
            holds(Law::FingerprintTells, tells, what)?;
        }
    }
    Ok(())
}
