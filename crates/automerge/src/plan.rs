//! From a delta to the keys that say it.

use automerge::{AutoCommit, ROOT, ReadDoc};

use super::action::{DeadText, EntryText};
use super::decode::Said;
use super::encode;
use super::error::DocumentError;
use super::key::Key;
use super::names::runs;
use super::scan::said_now;
use holdall::cart::{Cart, Delta, Entry};
use holdall::dots::{Dot, Dots};
use holdall::id::CartId;
use holdall::limits;

/// Hexadecimal digits of a digest that name a key of the dead: 128 bits.
const NAME_DIGITS: usize = 32;

/// Keys and their values, which say what a delta says and the document does not say yet.
/// Nothing is written over but what cannot be read, and a content that loses against another of the
/// same dot.
pub(super) fn plan(
    doc: &AutoCommit,
    delta: &Delta,
    said_dead: &Dots,
) -> Result<Vec<(String, String)>, DocumentError> {
    let (cart, needs) = (delta.cart(), delta.needs());
    let mut keys = Vec::new();
    // What has to be said to be dead apart from the actions that made it so.
    let mut apart = Dots::default();
    for (dot, entry) in delta.live().iter() {
        match said_now(doc, cart, dot) {
            Some(said) if is_said(cart, dot, &said, &entry) => {
                apart.extend(&needs.minus(said_dead).minus(&dead_by(&said)));
            }
            before => {
                let mut dead = dead_by(before.as_deref().unwrap_or_default());
                dead.extend(needs);
                keys.push(action(cart, dot, &encode::action(cart, &entry, &dead))?);
            }
        }
    }
    let mut dead = delta.dead().minus(needs).minus(said_dead);
    if delta.live().is_empty() {
        match born_dead(delta).map(|dot| (dot, said_now(doc, cart, dot))) {
            Some((dot, None)) => {
                keys.push(action(cart, dot, &encode::removal(needs))?);
                dead = Dots::default();
            }
            Some((dot, Some(said))) if said.iter().any(|said| said.entry.is_none()) => {
                apart.extend(&needs.minus(said_dead).minus(&dead_by(&said)));
                dead = dead.minus(&[dot].into_iter().collect());
            }
            _ => apart.extend(&needs.minus(said_dead)),
        }
    }
    dead.extend(&apart);
    if !dead.is_empty() {
        let (key, text) = bundle(cart, &dead, needs)?;
        // Its name follows from what it says.
        if doc.get(ROOT, key.as_str())?.is_none() {
            keys.push((key, text));
        }
    }
    Ok(keys)
}

/// All that the contents of a key make dead.
fn dead_by(said: &[Said]) -> Dots {
    let mut dead = Dots::default();
    said.iter().for_each(|said| dead.extend(&said.dead));
    dead
}

/// The action that a delta is about, if that leaves no entry.
fn born_dead(delta: &Delta) -> Option<Dot> {
    let own = delta.own();
    let mut runs = own.runs();
    match (runs.next(), runs.next()) {
        (Some((replica, run)), None) if run.first == run.last && delta.live().is_empty() => {
            Some(Dot::new(replica, run.first))
        }
        _ => None,
    }
}

/// Whether what is said under a dot's key is that entry, or more.
fn is_said(cart: CartId, dot: Dot, said: &[Said], entry: &Entry) -> bool {
    said.iter().any(|said| match &said.entry {
        None => true,
        Some(there) => there == entry || larger(cart, dot, there, entry),
    })
}

/// Whether of two contents of one dot the first is the one that stays.
fn larger(cart: CartId, dot: Dot, first: &Entry, second: &Entry) -> bool {
    let mut both = Cart::new(cart);
    for entry in [first, second] {
        let (live, none) = ([(dot, entry.clone())], Dots::default());
        // Nothing in it is dead, and it is of this cart.
        if let Ok(delta) = Delta::new(cart, live, none.clone(), none) {
            let _ = both.join(&delta);
        }
    }
    both.live().get(&dot).as_ref() == Some(first)
}

fn action(cart: CartId, dot: Dot, action: &EntryText) -> Result<(String, String), DocumentError> {
    let text = serde_json::to_string(action)?;
    if text.len() > limits::MESSAGE_BYTES {
        let key = Key::Action(dot).text(cart);
        return Err(DocumentError::ValueTooLong { key, bytes: text.len() });
    }
    Ok((Key::Action(dot).text(cart), text))
}

/// Dots that are dead, under a name that follows from them: who writes the same writes it under
/// the same key.
fn bundle(cart: CartId, dead: &Dots, needs: &Dots) -> Result<(String, String), DocumentError> {
    let text = serde_json::to_string(&DeadText { dead: runs(dead), needs: runs(needs) })?;
    let name = blake3::hash(text.as_bytes()).to_hex();
    let key = Key::Dead(name[..NAME_DIGITS].to_owned()).text(cart);
    if text.len() > limits::MESSAGE_BYTES {
        return Err(DocumentError::ValueTooLong { key, bytes: text.len() });
    }
    Ok((key, text))
}
