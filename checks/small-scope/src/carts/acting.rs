//! An action: what the fold foretells of it, and what the library makes of it.

use std::sync::Arc;

use holdall::{
    Action, ActionError, Claim, Delta, Dot, MergePolicy, OrderId, Quantity, Replica, View,
};
use holdall_testkit::effect::ExactEffect;

use super::fold::{Fact, Facts, List, Part, Reader, Reading, Taken, What, Whose, each};
use super::laws::{ACCOUNT, CLOCK, EFFECT, GUEST, fault, knows, says_its_part};
use super::model::{Carts, PHONE, name_of};
use super::script::Deed;
use super::state::{Fault, Packet, Site, State};

impl Carts {
    /// What the fold says of an action: nothing if it is not possible there.
    fn foretell(&self, state: &State, at: usize, deed: Deed) -> Option<(Fact, Facts)> {
        let site = &state.sites[at];
        let story = story(state);
        let whose = if at == PHONE { Whose::Guest } else { Whose::Account };
        let reader = Reader { story: &story, known: site.known, whose };
        let reading = reader.read();
        let copied = state.copy.as_ref().map_or(0, |copy| copy.known);
        let mut brings: Facts = 1 << self.number(at, site.done);
        let of_list = |list| reading.row(list, None);
        let hidden = reading.hidden();
        let facts = |parts: &[&Part]| parts.iter().fold(0, |set: Facts, part| set | 1 << part.at);
        let mut kills: Facts = 0;
        let mut sided = false;
        let set = |n, whose, shown: Vec<&Part>| What::Set {
            n,
            covers: reader.covers(&shown, &reading.parts),
            took: reader.took(whose, &shown, &reading.parts),
        };
        let what = match deed {
            Deed::Add(n) => {
                if reading.shows_nothing() {
                    kills = hidden | reading.notes;
                }
                What::Add(n)
            }
            Deed::Set(n) => {
                let shown = of_list(List::Cart);
                kills = facts(&shown) | hidden;
                set(n, whose, shown)
            }
            Deed::SetGuests(n) => {
                let shown = reading.row(List::Cart, Some(Whose::Guest));
                if !reading.is_apart(List::Cart) {
                    return None;
                }
                kills = facts(&shown) | hidden;
                sided = true;
                set(n, Whose::Guest, shown)
            }
            Deed::Remove => {
                let shown = some(of_list(List::Cart))?;
                kills = facts(&shown) | hidden;
                What::Nothing
            }
            Deed::Move(List::Cart) => move_to(List::Saved, some(of_list(List::Cart))?),
            Deed::Move(List::Saved) => move_to(List::Cart, some(of_list(List::Saved))?),
            Deed::Order => {
                let shown = some(of_list(List::Cart))?;
                kills = facts(&shown) | hidden;
                let taken = |part: &&Part| Taken { of: part.at, units: part.units };
                What::Order(shown.iter().map(taken).collect())
            }
            Deed::Merge(rule) => {
                brings |= self.what_the_copy_brings(state, site, copied);
                What::Merge(rule)
            }
            Deed::Absorb => {
                let merged = each(site.known)
                    .any(|n| matches!(&story[n], Some(Fact { what: What::Merge(_), .. })));
                if !merged || knows(site.known, copied) {
                    return None;
                }
                brings |= self.what_the_copy_brings(state, site, copied);
                What::Nothing
            }
        };
        let lacks = lacks(&reader, &reading, kills);
        let whose = if sided { Whose::Guest } else { whose };
        let fact = Fact { time: (0, 0, 0), whose, sided, seen: site.known, what, kills, lacks };
        Some((fact, brings))
    }

    /// What comes of the copy: what the region lacks, and again all that is dead there; or all of the copy, where some of
    /// that was dead here already.
    fn what_the_copy_brings(&self, state: &State, site: &Site, copied: Facts) -> Facts {
        let dead = |known: Facts| {
            let packets = each(known).filter_map(|n| state.packets[n].as_ref());
            packets.fold(0, |dead, packet| {
                let fact = &packet.fact;
                // A removal is a dot that is born dead.
                let own = if fact.what == What::Nothing { packet.brings } else { 0 };
                dead | fact.kills | own
            })
        };
        let there = dead(copied) & copied;
        if there & dead(site.known) & site.known == 0 {
            copied & !site.known | there
        } else {
            copied
        }
    }

    /// The shopper's action that a deed is; `None` for what an order and a region do.
    fn action(&self, deed: Deed) -> Option<Action> {
        let row = self.row(List::Cart, None);
        Some(match deed {
            Deed::Add(n) => {
                let quantity = Quantity::new(n).expect("a quantity");
                Action::Add { row, quantity, price: None }
            }
            Deed::Set(quantity) => Action::Set { row, quantity, price: None },
            Deed::SetGuests(quantity) => {
                let row = self.row(List::Cart, Some(Whose::Guest));
                Action::Set { row, quantity, price: None }
            }
            Deed::Remove => Action::Remove { row },
            Deed::Move(from) => Action::Move { row: self.row(from, None) },
            Deed::Order | Deed::Merge(_) | Deed::Absorb => return None,
        })
    }

    fn perform(&self, state: &State, at: usize, deed: Deed, replica: &mut Replica) -> Acted {
        let now = Self::wall(at, state.sites[at].done);
        let copy = || &state.copy.as_ref().expect("the region knows the guest").cart;
        match (self.action(deed), deed) {
            (Some(action), _) => replica.act(now, &action),
            (None, Deed::Merge(rule)) => {
                let policy = MergePolicy::rule(rule.name()).expect("a rule's name");
                replica.merge(now, claim(), policy, copy())
            }
            (None, Deed::Absorb) => replica.absorb(copy()),
            (None, _) => {
                let id = OrderId::new(format!("order-{at}-{now}")).expect("an id");
                replica.order_all(now, id)
            }
        }
    }

    pub(super) fn act(&self, state: &State, at: usize) -> Result<Option<State>, Fault> {
        let site = &state.sites[at];
        let Some(deed) = self.deeds(at).get(site.done) else { return Ok(None) };
        let number = self.number(at, site.done);
        let foretold = self.foretell(state, at, *deed);
        let mut replica = site.replica();
        let before = replica.view();
        let written = self.perform(state, at, *deed, &mut replica);
        let (mut fact, brings, delta) = match (foretold, written) {
            (Some((fact, brings)), Ok(delta)) => (fact, brings, delta),
            (None, Err(_)) if *replica.cart() == site.cart => return Ok(None),
            // An absorption of nothing is not refused; it says nothing.
            (None, Ok(delta)) if *deed == Deed::Absorb && delta.is_empty() => return Ok(None),
            (foretold, written) => {
                let says = format!("possible: {}, and then {written:?}", foretold.is_some());
                return Err(fault(EFFECT, says));
            }
        };
        fact.time = (replica.latest().bits(), at, site.done);
        let earlier = site.cart.live().values().all(|entry| entry.time < replica.latest());
        if !earlier && *deed != Deed::Absorb {
            return Err(fault(CLOCK, format!("{} wrote in the past", name_of(at))));
        }
        let dot = match deed {
            Deed::Merge(_) => Some(claim().dot()),
            Deed::Absorb => None,
            _ => Some(Dot::new(site.id, site.cart.context().last(site.id) + 1)),
        };
        let kills = fact.kills;
        let packet = Packet::new(delta.clone(), dot, fact.clone(), (brings, kills));
        let needs = says_its_part(state, &packet, number)?;
        self.exact(*deed, &before, &replica.view())?;
        let mut next = state.clone();
        next.packets[number] = Some(Arc::new(Packet::new(delta, dot, fact, (brings, needs))));
        let mut site = site.after(&replica);
        site.done += 1;
        site.known |= brings;
        self.settle(&mut next, at, site)?;
        Ok(Some(next))
    }

    /// Checks that an action did exactly what its author asked. What a merge shows is for the fold
    /// to say.
    fn exact(&self, deed: Deed, before: &View, after: &View) -> Result<(), Fault> {
        let action = self.action(deed);
        let effect = match (&action, deed) {
            (Some(action), _) => ExactEffect::Shop(action),
            (None, Deed::Order) => ExactEffect::Order,
            (None, _) => return Ok(()),
        };
        effect.check(before, after).map_err(|says| fault(EFFECT, says))
    }
}

type Acted = Result<Delta, ActionError>;

fn claim() -> Claim {
    Claim { guest: GUEST, account: ACCOUNT, number: 1 }
}

fn story(state: &State) -> Vec<Option<Fact>> {
    state.packets.iter().map(|p| p.as_ref().map(|packet| packet.fact.clone())).collect()
}

fn some<T>(parts: Vec<T>) -> Option<Vec<T>> {
    (!parts.is_empty()).then_some(parts)
}

fn move_to(to: List, shown: Vec<&Part>) -> What {
    What::Move { to, which: shown.iter().fold(0, |set, part| set | 1 << part.at) }
}

/// Sets that would be worth more by this action alone go on lacking what they lacked.
fn lacks(reader: &Reader<'_>, before: &Reading, kills: Facts) -> Vec<(usize, Taken)> {
    let after = reader.read_without(kills);
    let mut lacks = Vec::new();
    for part in after.parts.iter().filter(|part| part.shown) {
        let was = before.parts.iter().find(|was| was.at == part.at && was.shown);
        for (of, units) in was.iter().flat_map(|was| &was.cuts) {
            if part.cuts.get(of) != Some(units) {
                lacks.push((part.at, Taken { of: *of, units: *units }));
            }
        }
    }
    lacks
}
