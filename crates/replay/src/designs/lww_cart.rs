//! Last write wins on the whole cart.

use std::collections::HashMap;
use std::rc::Rc;

use super::Design;
use crate::error::PlayError;
use crate::model::CartUnits;
use crate::schedule::{ActionId, ActionKind, DeviceId, LineId, Node, ParcelId, RegionId, Schedule};

/// The cart is one value: a JSON column, a session entry, an array in local storage. Whoever saves
/// it last has saved all of it.
///
/// Fair because: stamps never go backwards on a device and are later than every stamp it has seen,
/// so whoever saw a cart and changed it wins over that cart whatever their clocks say; ties are
/// broken alike everywhere; saving again is harmless; a sign-in is handled where the account's cart
/// is, and the cart remembers which guests are in it. It never doubles anything by itself. What it
/// cannot do is keep two carts that were changed at once: museum classes H (lost update) and I (two
/// tabs overwrite each other).
pub(crate) struct LwwCart<'a> {
    schedule: &'a Schedule,
    devices: HashMap<(DeviceId, bool), CartCopy>,
    regions: Vec<CartCopy>,
    messages: HashMap<ActionId, CartCopy>,
    parcels: HashMap<ParcelId, CartCopy>,
}

/// A cart as it was saved. Copies share their lines until one is changed.
#[derive(Clone, Default)]
struct CartCopy {
    stamp: (u64, u128),
    lines: Rc<Vec<(LineId, u64)>>,
    /// The sign-ins whose guest is in it.
    merged: Rc<Vec<ActionId>>,
}

impl CartCopy {
    /// Keeps the one that was saved later.
    fn meet(&mut self, other: &Self) {
        if other.stamp > self.stamp {
            *self = other.clone();
        }
    }

    /// Puts a guest's lines in, once.
    fn merge(&mut self, id: ActionId, lines: &[(LineId, u64)]) -> bool {
        if self.merged.contains(&id) {
            return false;
        }
        Rc::make_mut(&mut self.merged).push(id);
        lines.iter().for_each(|(line, units)| self.change(*line, |shown| shown + units));
        true
    }

    fn change(&mut self, line: LineId, to: impl FnOnce(u64) -> u64) {
        let lines = Rc::make_mut(&mut self.lines);
        match lines.binary_search_by_key(&line, |(line, _)| *line) {
            Ok(at) => {
                lines[at].1 = to(lines[at].1);
                if lines[at].1 == 0 {
                    lines.remove(at);
                }
            }
            Err(at) => match to(0) {
                0 => {}
                units => lines.insert(at, (line, units)),
            },
        }
    }
}

impl<'a> LwwCart<'a> {
    /// Starts without any saved cart.
    pub(crate) fn new(schedule: &'a Schedule) -> Self {
        let regions = (0..schedule.regions).map(|_| CartCopy::default()).collect();
        let (devices, messages, parcels) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { schedule, devices, regions, messages, parcels }
    }
}

impl Design for LwwCart<'_> {
    fn act(&mut self, id: ActionId) -> Result<(), PlayError> {
        let action = &self.schedule.actions[id as usize];
        let cart = self.devices.entry((action.device, action.as_guest)).or_default();
        match &action.verb {
            ActionKind::Add(line, units) => cart.change(*line, |shown| shown + u64::from(*units)),
            ActionKind::Set(line, units) => cart.change(*line, |_| u64::from(*units)),
            ActionKind::Remove(line) => cart.change(*line, |_| 0),
            ActionKind::Order => cart.lines = Rc::default(),
            ActionKind::SignIn(lines) => {
                // Shown at once, but not saved: the account's cart is not here yet.
                cart.merge(id, lines);
                return Ok(());
            }
        }
        cart.stamp = (action.wall.max(cart.stamp.0 + 1), action.writer);
        if !action.as_guest {
            self.messages.insert(id, cart.clone());
        }
        Ok(())
    }

    fn deliver(
        &mut self,
        action: ActionId,
        region: RegionId,
        at: u64,
        last: bool,
    ) -> Result<(), PlayError> {
        if let ActionKind::SignIn(lines) = &self.schedule.actions[action as usize].verb {
            let cart = &mut self.regions[region as usize];
            if cart.merge(action, lines) {
                cart.stamp = (at.max(cart.stamp.0 + 1), u128::from(region));
            }
        }
        if let Some(saved) = self.messages.get(&action) {
            self.regions[region as usize].meet(saved);
        }
        if last {
            self.messages.remove(&action);
        }
        Ok(())
    }

    fn send(
        &mut self,
        parcel: ParcelId,
        from: RegionId,
        _to: Node,
        _at: u64,
    ) -> Result<(), PlayError> {
        self.parcels.insert(parcel, self.regions[from as usize].clone());
        Ok(())
    }

    fn receive(&mut self, parcel: ParcelId, to: Node, last: bool) -> Result<(), PlayError> {
        if let Some(saved) = self.parcels.get(&parcel) {
            match to {
                Node::Region(region) => self.regions[region as usize].meet(saved),
                Node::Device(device) => {
                    self.devices.entry((device, false)).or_default().meet(saved)
                }
            }
        }
        if last {
            self.parcels.remove(&parcel);
        }
        Ok(())
    }

    fn leave(&mut self, device: DeviceId) {
        self.devices.remove(&(device, false));
        self.devices.remove(&(device, true));
    }

    fn cart(&self, region: RegionId) -> CartUnits {
        self.regions[region as usize].lines.iter().copied().collect()
    }
}
