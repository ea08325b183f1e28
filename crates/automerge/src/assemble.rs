//! From what a document says to a cart: what is ready is joined, what is not waits.

use super::error::Waiting;
use super::key::Key;
use super::scan::Scan;
use super::waiting::{Terms, union, waits};
use holdall::cart::{Cart, Delta, Entry};
use holdall::dots::{Dot, Dots, Run};
use holdall::id::CartId;

/// What came of it.
pub(super) struct Assembled {
    /// What the document says, without what waits.
    pub(super) cart: Cart,
    /// Actions with two contents.
    pub(super) equivocations: Vec<Dot>,
    /// What waits.
    pub(super) waiting: Vec<Waiting>,
    /// Numbers that are left out.
    pub(super) gaps: Dots,
}

/// A key's word: what of it must be known first, and what it makes known.
struct Word {
    key: Key,
    needs: Dots,
    own: Dots,
    /// Dead by it, needed or not.
    dead: Dots,
}

/// Puts together what is said. `known` is what the reader knows already.
pub(super) fn assemble(id: CartId, scan: &Scan, known: &Dots) -> Assembled {
    let (ready, waiting) = ready(words(scan), known, &scan.unreadable);
    let dead = union(ready.iter().map(|word| &word.dead));
    let mut first: Vec<(Dot, Entry)> = Vec::new();
    let mut others: Vec<(Dot, Entry)> = Vec::new();
    for word in &ready {
        let Key::Action(dot) = word.key else { continue };
        let said = scan.actions.get(&dot).into_iter().flatten();
        let entries = said.filter_map(|said| said.entry.clone());
        for (at, entry) in entries.filter(|_| !dead.contains(dot)).enumerate() {
            if at == 0 { &mut first } else { &mut others }.push((dot, entry));
        }
    }
    let mut cart = Cart::new(id);
    let mut equivocations = Vec::new();
    let mut join = |live: Vec<(Dot, Entry)>, dead: Dots| {
        // What is live is not dead, nothing is needed, and entries that were read are well formed.
        if let Ok(delta) = Delta::new(id, live, dead, Dots::default())
            && let Ok(joined) = cart.join(&delta)
        {
            equivocations.extend(joined.equivocations);
        }
    };
    join(first, dead);
    others.into_iter().for_each(|other| join(vec![other], Dots::default()));
    if scan.erased {
        cart.erase();
    }
    let mut there = cart.context().clone();
    there.extend(known);
    let waiting_for =
        |word: &Word| Waiting { key: word.key.text(id), missing: word.needs.minus(&there) };
    let listed: Vec<Waiting> = waiting.iter().map(waiting_for).collect();
    there.extend(&scan.unreadable);
    there.extend(&union(waiting.iter().map(|word| &word.own)));
    let gaps = if cart.is_erased() { Dots::default() } else { hull(&there).minus(&there) };
    Assembled { cart, equivocations, waiting: listed, gaps }
}

fn words(scan: &Scan) -> Vec<Word> {
    let actions = scan.actions.iter().map(|(dot, said)| {
        let mut needs = Dots::default();
        said.iter().for_each(|said| needs.extend(&said.dead));
        let mut dead = needs.clone();
        // Born dead is more than live, as in every join.
        if said.iter().any(|said| said.entry.is_none()) {
            dead.insert(*dot);
        }
        Word { key: Key::Action(*dot), needs, own: [*dot].into_iter().collect(), dead }
    });
    let dead = scan.dead.iter().map(|(key, dead, needs)| Word {
        key: key.clone(),
        needs: needs.clone(),
        own: dead.minus(needs),
        dead: dead.clone(),
    });
    actions.chain(dead).collect()
}

/// Parts what can be joined together from what waits.
fn ready(words: Vec<Word>, known: &Dots, unreadable: &Dots) -> (Vec<Word>, Vec<Word>) {
    let mut known = known.clone();
    known.extend(unreadable);
    let terms = |word: &Word| Terms { needs: word.needs.clone(), own: word.own.clone() };
    let terms: Vec<Terms> = words.iter().map(terms).collect();
    let waits = waits(&terms, &known);
    let (ready, waiting): (Vec<_>, Vec<_>) =
        words.into_iter().zip(waits).partition(|(_, waits)| !waits);
    let words = |pairs: Vec<(Word, bool)>| pairs.into_iter().map(|(word, _)| word).collect();
    (words(ready), words(waiting))
}

/// From each writer's first number to its last.
fn hull(dots: &Dots) -> Dots {
    let mut hull = Dots::default();
    for (replica, runs) in dots.writers() {
        let last = runs.last().map_or(0, |run| run.last);
        hull.insert_run(replica, Run { first: 1, last });
    }
    hull
}
