//! The independent model: every action ever, with what its author had seen.
//!
//! It is the judge, so it shares no code and no idea of representation with the library: no version
//! vectors, no deltas, no joins. Actions are numbered facts in a list. What a node knows is the set
//! of their numbers. A fact is over at a node when the node knows another fact that covers it, and
//! a fact covers exactly those that its author saw on the lines it concerns. The end result is a
//! fold over the list.
//!
//! The one thing taken from the contract beside its table of meanings is when a node may take in a
//! fact at all: not before those that it covers, for a remove that overtakes its add has nothing to
//! remove.

mod conflicts;
mod copy;
mod node;
mod row;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use super::schedule::{Action, ActionId, DeviceId, LineId, ParcelId, Verb};
pub(crate) use conflicts::Conflicts;
use copy::Copy;
use node::{Device, Region};

/// What a cart shows: its lines and their units, none of them zero.
pub(crate) type Cart = BTreeMap<LineId, u64>;

/// All that ever happened to one party.
pub(crate) struct Model {
    facts: Vec<Fact>,
    lines: HashMap<LineId, Line>,
    regions: Vec<Region>,
    devices: Vec<Option<Device>>,
    parcels: Vec<node::Parcel>,
    conflicts: Conflicts,
}

/// One action, and what its author had seen of what it concerns.
struct Fact {
    /// Which scope it was written in: the party's own, or a device's guest cart.
    scope: Scope,
    /// When its author says that it happened; later than all that the author had seen.
    stamp: Stamp,
    /// What it covers: these are over wherever it is known.
    covers: Vec<ActionId>,
    /// What it does.
    deed: Deed,
}

/// Where a fact was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Account,
    Guest(DeviceId),
}

/// A hybrid time: milliseconds, a count inside them, and the writer against ties.
type Stamp = (u64, u32, u128);

/// What a fact does.
enum Deed {
    Add { line: LineId, units: u64 },
    Set { line: LineId, units: u64, memory: Box<Memory> },
    Remove { line: LineId },
    Order { bought: Vec<Bought> },
    SignIn { guest: Vec<ActionId> },
}

/// What the author of a set had seen of the line: needed to tell what happened behind its back.
#[derive(Default)]
struct Memory {
    /// The contributions that the set replaced, and those that sets among them had replaced.
    replaced: Vec<ActionId>,
    /// The sets on the line.
    sets: Vec<ActionId>,
    /// The orders that bought the line.
    orders: Vec<ActionId>,
}

/// Units that an order bought.
#[derive(Clone, Copy)]
struct Bought {
    line: LineId,
    fact: ActionId,
    units: u64,
}

/// What ever happened to one line.
#[derive(Default)]
struct Line {
    sets: Vec<ActionId>,
    orders: Vec<ActionId>,
    recent: Vec<ActionId>,
}

impl Model {
    /// A world with so many regions, in which nothing has happened.
    pub(crate) fn new(regions: u32) -> Self {
        Self {
            facts: Vec::new(),
            lines: HashMap::new(),
            regions: (0..regions).map(|_| Region::new(regions)).collect(),
            devices: Vec::new(),
            parcels: Vec::new(),
            conflicts: Conflicts::default(),
        }
    }

    /// A device appears; it knows nothing.
    pub(crate) fn open(&mut self, as_guest: bool) -> DeviceId {
        self.devices.push(Some(Device::new(self.regions.len(), as_guest)));
        self.devices.len() as DeviceId - 1
    }

    /// A device is not looked at any more.
    pub(crate) fn leave(&mut self, device: DeviceId) {
        self.devices[device as usize] = None;
    }

    /// A shopper acts; returns the number of the action.
    pub(crate) fn act(&mut self, action: &Action) -> ActionId {
        let id = self.facts.len() as ActionId;
        let mut device =
            self.devices[action.device as usize].take().expect("a device acts before it leaves");
        let copy = if action.as_guest { device.guest_copy() } else { &device.main };
        let (covers, deed) =
            self.judge(copy, &action.verb, device.guest.as_ref().map(|guest| &guest.log));
        let copy = if action.as_guest { device.guest_copy() } else { &device.main };
        let stamp = copy.stamp(action.wall, action.writer);
        if !action.as_guest {
            self.note_conflicts(copy, &deed);
        }
        let scope = if action.as_guest { Scope::Guest(action.device) } else { Scope::Account };
        self.note_line(id, &deed);
        if scope == Scope::Account {
            self.note_recent(id, &deed);
        }
        self.facts.push(Fact { scope, stamp, covers, deed });
        device.learn_own(&self.facts, id, action.as_guest);
        self.devices[action.device as usize] = Some(device);
        id
    }

    /// What an action covers and does, given what its author knows.
    fn judge(
        &self,
        copy: &Copy,
        verb: &Verb,
        guest: Option<&Vec<ActionId>>,
    ) -> (Vec<ActionId>, Deed) {
        match *verb {
            Verb::Add(line, units) => {
                // Leftovers are covered only where they show nothing: else they are part of what is
                // shown.
                let leftovers = if self.row(copy, line).shown == 0 {
                    copy.live(line).to_vec()
                } else {
                    Vec::new()
                };
                (leftovers, Deed::Add { line, units: units.into() })
            }
            Verb::Set(line, units) => {
                let covers = copy.live(line).to_vec();
                let memory = Box::new(self.memory(copy, line, &covers));
                (covers, Deed::Set { line, units: units.into(), memory })
            }
            Verb::Remove(line) => (copy.live(line).to_vec(), Deed::Remove { line }),
            Verb::Order => {
                let (mut covers, mut bought) = (Vec::new(), Vec::new());
                for line in copy.lines() {
                    let row = self.row(copy, line);
                    if row.shown > 0 {
                        covers.extend(copy.live(line));
                        bought.extend(row.counted.iter().map(|&(fact, units)| Bought {
                            line,
                            fact,
                            units,
                        }));
                    }
                }
                (covers, Deed::Order { bought })
            }
            Verb::SignIn(_) => {
                (Vec::new(), Deed::SignIn { guest: guest.cloned().unwrap_or_default() })
            }
        }
    }

    fn memory(&self, copy: &Copy, line: LineId, covers: &[ActionId]) -> Memory {
        let mut replaced = covers.to_vec();
        for &fact in covers {
            if let Deed::Set { memory, .. } = &self.facts[fact as usize].deed {
                replaced.extend(&memory.replaced);
            }
        }
        replaced.sort_unstable();
        replaced.dedup();
        let known =
            |list: &[ActionId]| list.iter().copied().filter(|fact| copy.knows(*fact)).collect();
        let (sets, orders) = self
            .lines
            .get(&line)
            .map_or((Vec::new(), Vec::new()), |line| (known(&line.sets), known(&line.orders)));
        Memory { replaced, sets, orders }
    }

    /// Keeps, for each line, the facts that others may have to ask about.
    fn note_line(&mut self, id: ActionId, deed: &Deed) {
        match deed {
            Deed::Set { line, .. } => self.lines.entry(*line).or_default().sets.push(id),
            Deed::Order { bought } => {
                for bought in bought {
                    let orders = &mut self.lines.entry(bought.line).or_default().orders;
                    if orders.last() != Some(&id) {
                        orders.push(id);
                    }
                }
            }
            Deed::Add { .. } | Deed::Remove { .. } | Deed::SignIn { .. } => {}
        }
    }

    /// How many units of a line a device shows.
    pub(crate) fn shown(&self, device: DeviceId, as_guest: bool, line: LineId) -> u64 {
        self.copy_of(device, as_guest).map_or(0, |copy| self.row(copy, line).shown)
    }

    /// How many facts stand behind a line at a device.
    pub(crate) fn entries(&self, device: DeviceId, as_guest: bool, line: LineId) -> usize {
        self.copy_of(device, as_guest).map_or(0, |copy| copy.live(line).len())
    }

    /// How many orders bought a line.
    pub(crate) fn orders_of(&self, line: LineId) -> usize {
        self.lines.get(&line).map_or(0, |line| line.orders.len())
    }

    /// What a device shows.
    pub(crate) fn cart(&self, device: DeviceId, as_guest: bool) -> Cart {
        self.copy_of(device, as_guest).map_or_else(Cart::new, |copy| self.view(copy))
    }

    /// What everybody must show in the end: every fact, folded from the first to the last.
    pub(crate) fn outcome(&self) -> Cart {
        let mut all = Copy::default();
        for (id, fact) in self.facts.iter().enumerate() {
            if let Deed::SignIn { guest } = &fact.deed {
                guest.iter().for_each(|&fact| all.learn(&self.facts, fact));
            }
            if fact.scope == Scope::Account {
                all.learn(&self.facts, id as ActionId);
            }
        }
        self.view(&all)
    }

    /// Which actions had not seen each other.
    pub(crate) fn conflicts(&self) -> Conflicts {
        self.conflicts
    }

    fn view(&self, copy: &Copy) -> Cart {
        let rows = copy.lines().map(|line| (line, self.row(copy, line).shown));
        rows.filter(|(_, shown)| *shown > 0).collect()
    }

    fn copy_of(&self, device: DeviceId, as_guest: bool) -> Option<&Copy> {
        let device = self.devices[device as usize].as_ref()?;
        Some(if as_guest { device.guest_copy() } else { &device.main })
    }

    /// Hands out the number of the next parcel.
    fn next_parcel(&self) -> ParcelId {
        self.parcels.len() as ParcelId
    }
}
