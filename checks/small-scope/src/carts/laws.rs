//! What must hold at each replica after each step.

use holdall::sync::Received;
use holdall::view::Side;
use holdall::{Cart, CartId, List as Shown, Notice, View, wire};
use holdall_testkit::laws::explanations;

use super::fold::{Facts, List, Reader, Rows, What, Whose, each, has};
use super::model::{SITES, name_of};
use super::state::{Fault, Packet, Site, State};

/// The laws, as they are reported.
pub const LAWS: [&str; 8] = [
    "the same deltas give the same state, whatever the order, and a duplicate changes nothing",
    "nothing is lost or invented: the view is the fold of what is known",
    "an action does exactly what its author asked, and its delta says just that",
    "a delta waits exactly for what it makes dead, and never for ever",
    "explanations add up",
    "a view depends on the state alone",
    "an exchange leaves both equal",
    "a time is later than all its author had seen",
];

pub const SAME_STATE: usize = 0;
pub const FOLD: usize = 1;
pub const EFFECT: usize = 2;
pub const WAITING: usize = 3;
pub const EXPLAINED: usize = 4;
pub const VIEW_OF_STATE: usize = 5;
pub const EXCHANGED: usize = 6;
pub const CLOCK: usize = 7;

pub fn fault(law: usize, says: impl Into<String>) -> Fault {
    Fault { law, says: says.into() }
}

/// Rows as the library shows them.
pub fn rows_of(view: &View) -> Rows {
    let side = |side: Side| match side {
        Side::Account => Whose::Account,
        Side::Guest(_) => Whose::Guest,
    };
    let list = |list: Shown| match list {
        Shown::Active => List::Cart,
        Shown::Saved => List::Saved,
    };
    view.rows().map(|row| ((list(row.list), row.side.map(side)), row.quantity)).collect()
}

/// Holds a replica to the laws.
pub fn check(state: &State, at: usize, site: &Site) -> Result<(), Fault> {
    let packets: Vec<&Packet> =
        each(site.known).filter_map(|n| state.packets[n].as_deref()).collect();
    let replica = site.replica();
    same_state(site, &packets)?;
    let view = replica.view();
    let story: Vec<_> =
        state.packets.iter().map(|p| p.as_ref().map(|packet| packet.fact.clone())).collect();
    let whose = if at >= SITES { Whose::Guest } else { Whose::Account };
    let reader = Reader { story: &story, known: site.known, whose };
    let want = reader.read().rows();
    if rows_of(&view) != want {
        let says = format!("{} shows {:?} and should show {want:?}", name_of(at), rows_of(&view));
        return Err(fault(FOLD, says));
    }
    double_orders(&view, &reader, at)?;
    let bytes = wire::encode_cart(&site.cart);
    let read =
        wire::decode_cart(&bytes).map_err(|error| fault(VIEW_OF_STATE, error.to_string()))?;
    let again = holdall::Replica::resume(site.id, site.latest, read);
    if again.view() != view || *again.cart() != site.cart {
        let says = format!("{} shows something else after a restart", name_of(at));
        return Err(fault(VIEW_OF_STATE, says));
    }
    if let Err(broken) = explanations(&replica) {
        return Err(fault(EXPLAINED, format!("{}: {}", name_of(at), broken.what)));
    }
    waiting(state, at, site)
}

fn same_state(site: &Site, packets: &[&Packet]) -> Result<(), Fault> {
    let mut joined = Cart::new(site.cart.id());
    for packet in packets.iter().filter(|packet| packet.delta.cart() == site.cart.id()) {
        let _ = joined.join(&packet.delta).map_err(|e| fault(SAME_STATE, e.to_string()))?;
    }
    if joined != site.cart || joined.fingerprint() != site.cart.fingerprint() {
        return Err(fault(SAME_STATE, "a state is not the join of what was received"));
    }
    let (mut replica, mut inbox) = (site.replica(), site.inbox.clone());
    for packet in packets.iter().filter(|packet| packet.delta.cart() == site.cart.id()) {
        let received = inbox.receive(&mut replica, packet.delta.clone());
        let unchanged = match received {
            Ok(Received::Joined { joined, released }) => released > 0 || !joined.changed,
            _ => false,
        };
        if !unchanged {
            return Err(fault(SAME_STATE, "a duplicate changed something, or waits"));
        }
    }
    Ok(())
}

/// Two orders of the same units are told, and no others.
fn double_orders(view: &View, reader: &Reader<'_>, at: usize) -> Result<(), Fault> {
    let orders: Vec<Facts> = each(reader.known)
        .filter_map(|n| match &reader.story[n].as_ref()?.what {
            What::Order(bought) => Some(bought.iter().fold(0, |set, taken| set | 1 << taken.of)),
            _ => None,
        })
        .collect();
    let mut pairs = orders
        .iter()
        .enumerate()
        .flat_map(|(a, x)| orders[a + 1..].iter().map(move |y| x & y != 0));
    let want = pairs.any(|shared| shared);
    let told = view.notices.iter().any(|n| matches!(n, Notice::ConcurrentOrders { .. }));
    if told != want {
        return Err(fault(FOLD, format!("{}: double order told: {told}", name_of(at))));
    }
    Ok(())
}

fn waiting(state: &State, at: usize, site: &Site) -> Result<(), Fault> {
    let there = site.inbox.waiting().len();
    let want: Vec<&Packet> = each(site.waits).filter_map(|n| state.packets[n].as_deref()).collect();
    let same = want.iter().all(|packet| site.inbox.waiting().contains(&packet.delta));
    if there != want.len() || !same {
        let says = format!("{}: {there} wait and {} should", name_of(at), want.len());
        return Err(fault(WAITING, says));
    }
    // What an exchange made ready is let in with whatever comes next, if only a duplicate.
    let all: Facts = (0..state.packets.len())
        .filter(|n| state.packets[*n].as_ref().is_some_and(|p| p.delta.cart() == site.cart.id()))
        .fold(0, |all, n| all | 1 << n);
    if all != 0 && all & !(site.known | site.waits) == 0 {
        let (mut replica, mut inbox) = (site.replica(), site.inbox.clone());
        let first = each(all).find_map(|n| state.packets[n].as_deref());
        if let Some(first) = first {
            let _ = inbox.receive(&mut replica, first.delta.clone());
        }
        if !inbox.waiting().is_empty() {
            let says = format!("{}: all is delivered, and something waits", name_of(at));
            return Err(fault(WAITING, says));
        }
    }
    Ok(())
}

/// That a delta says what its author did, and no more: its own facts, and those it kills.
///
/// Gives the facts that it needs: those it kills, and Moves that go with all that they placed. For
/// the fold these stay, since it must not matter.
pub fn says_its_part(state: &State, packet: &Packet, own: usize) -> Result<Facts, Fault> {
    let number = |dot| {
        (0..state.packets.len())
            .find(|n| state.packets[*n].as_ref().is_some_and(|packet| packet.dot == Some(dot)))
            .or((packet.dot == Some(dot)).then_some(own))
    };
    let facts = |dots: &holdall::dots::Dots| {
        let mut facts: Facts = 0;
        for (replica, run) in dots.runs() {
            for seq in run.first..=run.last {
                match number(holdall::Dot::new(replica, seq)) {
                    Some(n) => facts |= 1 << n,
                    None => return None,
                }
            }
        }
        Some(facts)
    };
    // An absorption has no dot of its own.
    let brings = if packet.dot.is_some() { packet.brings } else { packet.brings & !(1 << own) };
    // What is placed anew is placed by that alone.
    let goes = match packet.fact.what {
        What::Move { which, .. } => packet.needs | which,
        _ => packet.needs,
    };
    let goes_too = |n: usize| match state.packets[n].as_ref().map(|packet| &packet.fact.what) {
        Some(What::Move { which, .. }) => knows(goes, *which),
        _ => false,
    };
    let needs = facts(packet.delta.needs());
    let more = needs.map(|needs| needs & !packet.needs);
    let exact = facts(&packet.delta.own()) == Some(brings)
        && more.is_some_and(|more| each(more).all(goes_too))
        && needs.is_some_and(|needs| packet.needs & !needs == 0);
    if let Some(needs) = needs.filter(|_| exact) {
        return Ok(needs);
    }
    let says = format!("a delta brings {:?} and needs {needs:?}", facts(&packet.delta.own()));
    Err(fault(EFFECT, says))
}

/// The account's cart and the guest's.
pub const ACCOUNT: CartId = CartId::from_u128(1);
pub const GUEST: CartId = CartId::from_u128(2);

/// Whether every fact of a set is known.
pub const fn knows(known: Facts, facts: Facts) -> bool {
    facts & !known == 0
}

/// Whether a packet is at a replica already, applied or waiting.
pub const fn is_there(site: &Site, packet: usize) -> bool {
    has(site.known | site.waits, packet)
}
