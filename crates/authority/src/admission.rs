//! What is taken from writers that are not trusted. A pure judgement on one delta.
//!
//! Business facts reject nothing. Breaches of the protocol do, in two ways. What its writer can put
//! right is **refused**, and nothing changes: a gap, a clock, something not seen here yet. What can
//! never be right is **rejected**: its dots become dead, so that later actions of that writer are
//! not blocked by it.

use std::collections::BTreeMap;

use super::digest::Digest;
use super::outcome::Rejection;
use super::ownership::Ownership;
use super::refusal::Refusal;
use holdall::cart::{Body, Cart, Delta, Entry, EntryKind};
use holdall::dots::{Dot, Dots, Run};
use holdall::id::{CartId, ReplicaId};
use holdall::limits;
use holdall::sabotage;

/// What to do with a delta.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Join it.
    Take,
    /// All its dots are known.
    Known,
    /// Make its dots dead.
    Reject(Dots, Rejection),
}

/// When and by whom a delta was handed in.
#[derive(Clone, Copy)]
pub(super) struct Submission {
    pub(super) by: Digest,
    pub(super) now_ms: u64,
    pub(super) ahead_ms: u64,
}

/// The one writer whose actions a delta has.
pub(super) fn writer_of(delta: &Delta) -> Result<ReplicaId, Refusal> {
    let own = delta.own();
    let mut writers = own.runs().map(|(replica, _)| replica);
    let writer = writers.next().ok_or(Refusal::ManyWriters)?;
    if writers.all(|other| other == writer) { Ok(writer) } else { Err(Refusal::ManyWriters) }
}

/// Judges a delta that a client handed in.
pub(super) fn judge(
    cart: &Cart,
    header: &Ownership,
    delta: &Delta,
    handed: Submission,
) -> Result<Verdict, Refusal> {
    if delta.cart() != cart.id() {
        return Err(Refusal::OtherCart { theirs: delta.cart() });
    }
    if delta.is_erasure() {
        return Err(Refusal::ServerOnly);
    }
    let replica = writer_of(delta)?;
    let last = cart.context().last(replica);
    if header.is_retired(replica) {
        return Err(Refusal::WriterRetired { replica, last });
    }
    if header
        .writer(replica)
        .is_none_or(|writer| sabotage!("writer-may-be-anybodys", writer.of != handed.by, false))
    {
        return Err(Refusal::UnknownWriter { replica });
    }
    equivocation(cart, delta)?;
    let all = delta.dots();
    let others = all.without(replica);
    let mine = all.minus(&others);
    let new = mine.minus(cart.context());
    let unseen = others.minus(cart.context());
    if sabotage!("unseen-dots-may-be-killed", !unseen.is_empty(), false) {
        return Err(Refusal::Unseen { missing: unseen });
    }
    if new.is_empty() {
        return Ok(Verdict::Known);
    }
    let runs: Vec<(ReplicaId, Run)> = new.runs().collect();
    let follows = |run: &Run| sabotage!("gap-of-writer-is-taken", run.first == last + 1, true);
    if !matches!(&runs[..], [(_, run)] if follows(run)) {
        return Err(Refusal::Gap { replica, expected: last + 1 });
    }
    let known = |dot: Dot| cart.context().contains(dot) || mine.contains(dot);
    for (_, entry) in delta.live().iter() {
        clock(&entry, handed)?;
        let missing = named(&entry, known);
        if sabotage!("set-may-name-unseen-dots", !missing.is_empty(), false) {
            return Err(Refusal::Unseen { missing });
        }
    }
    Ok(match breach(cart, delta, &others) {
        Some(because) => Verdict::Reject(new, because),
        None => Verdict::Take,
    })
}

/// A dot that is live here with other content.
fn equivocation(cart: &Cart, delta: &Delta) -> Result<(), Refusal> {
    for (dot, theirs) in delta.live().iter() {
        if cart.live().get(&dot).is_some_and(|ours| ours != theirs) {
            return Err(Refusal::Equivocation { replica: dot.replica, seq: dot.seq });
        }
    }
    Ok(())
}

fn clock(entry: &Entry, handed: Submission) -> Result<(), Refusal> {
    let ahead_ms = entry.time.ms().saturating_sub(handed.now_ms);
    if sabotage!("clock-ahead-is-taken", ahead_ms <= handed.ahead_ms, true) {
        return Ok(());
    }
    Err(Refusal::ClockAhead { ahead_ms, limit_ms: handed.ahead_ms })
}

/// The dots that an entry names and that are not known: its author cannot have seen them through
/// this server, and nobody may kill the future.
fn named(entry: &Entry, known: impl Fn(Dot) -> bool) -> Dots {
    let mut missing = Dots::default();
    let mut look = |dot: Dot| {
        if !known(dot) {
            missing.insert(dot);
        }
    };
    entry.body.bears_on().for_each(&mut look);
    if let Some(preserved) = entry.body.preserved() {
        preserved.named().for_each(&mut look);
    }
    if let Body::Set(set) = &entry.body {
        set.replaced_guest_units().iter().for_each(|taken| look(taken.dot));
        // Runs may be as long as their author likes to say: their ends speak for them.
        for (replica, run) in set.seen.runs().chain(set.covers.runs()) {
            look(Dot::new(replica, run.first));
            look(Dot::new(replica, run.last));
        }
    }
    missing
}

/// The rule that it breaks, if it breaks one.
fn breach(cart: &Cart, delta: &Delta, others: &Dots) -> Option<Rejection> {
    let merged: Vec<CartId> = guests_of(cart).collect();
    for (_, entry) in delta.live().iter() {
        if sabotage!("client-writes-server-entries", is_servers(&entry.body), false) {
            return Some(Rejection::ServerKind);
        }
        if entry.scope != cart.id() && !merged.contains(&entry.scope) {
            return Some(Rejection::Scope);
        }
        if !entry.seen_merges.iter().all(|guest| merged.contains(guest)) {
            return Some(Rejection::After);
        }
    }
    let lasting = |(dot, entry): (Dot, Entry)| is_servers(&entry.body) && others.contains(dot);
    if sabotage!("client-removes-order", cart.live().iter().any(lasting), false) {
        return Some(Rejection::ServerEntry);
    }
    over(cart, delta).map(|(what, _)| Rejection::Limit { what })
}

/// The guests that are merged into a cart, or were.
pub(super) fn guests_of(cart: &Cart) -> impl Iterator<Item = CartId> + '_ {
    let merges = cart.has(EntryKind::Merge).then(|| cart.live().values());
    merges.into_iter().flatten().filter_map(|entry| match &entry.body {
        Body::Merge(merge) => Some(merge.guest),
        _ => None,
    })
}

const fn is_servers(body: &Body) -> bool {
    matches!(
        body,
        Body::Merge(_)
            | Body::Unmerge(_)
            | Body::Order(_)
            | Body::Expired { .. }
            | Body::Unknown { .. }
    )
}

/// The limit that a cart would be over: of what, and how many.
pub(super) fn over(cart: &Cart, delta: &Delta) -> Option<(&'static str, usize)> {
    // Most carts are far from any limit, and that is quickly seen.
    if cart.live().len() + delta.live().len() <= limits::COUPONS {
        return None;
    }
    let mut then = cart.clone();
    let _ = then.join(delta);
    let mut lines = BTreeMap::new();
    let mut coupons = 0;
    for entry in then.live().values() {
        coupons += usize::from(matches!(entry.body, Body::Coupon(_)));
        if let Some(line) = entry.line {
            *lines.entry(line).or_insert(0_usize) += 1;
        }
    }
    if coupons > limits::COUPONS {
        Some(("coupons", limits::COUPONS))
    } else if lines.len() > limits::LINES {
        Some(("lines", limits::LINES))
    } else if lines.values().any(|entries| *entries > limits::LINE_ENTRIES) {
        Some(("entries on a line", limits::LINE_ENTRIES))
    } else {
        None
    }
}
