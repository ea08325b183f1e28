//! Last write wins on each line.

use std::collections::{HashMap, HashSet};

use super::Design;
use crate::error::PlayError;
use crate::model::CartUnits;
use crate::schedule::{ActionId, ActionKind, DeviceId, LineId, Node, ParcelId, RegionId, Schedule};

/// Design in which each line is a register with a quantity: a row in a table with `updated_at`, a
/// field of a hash, an observed-remove map of last-writer registers. An add reads the number, adds,
/// and writes it back.
///
/// Fair because: it has all that [`LwwCart`](super::lww_cart::LwwCart) has, and lines do not
/// disturb each other; regions tell each other which guests they have merged. A removed line keeps
/// its register with zero, so that removes win over what they saw. Concurrent adds of one product
/// are lost nevertheless: museum class H, thread H23 (the shopping cart sample of a well-known CRDT
/// library).
pub(crate) struct LwwLine<'a> {
    schedule: &'a Schedule,
    devices: HashMap<(DeviceId, bool), LineCopies>,
    regions: Vec<LineCopies>,
    messages: HashMap<ActionId, Vec<(LineId, LineRegister)>>,
    parcels: HashMap<ParcelId, LineParcel>,
}

/// When, by whom, how many.
type LineRegister = ((u64, u128), u64);

/// Registers and handled sign-ins of one node that another lacks.
type LineParcel = (Vec<(LineId, LineRegister)>, Vec<ActionId>);

/// A stamp that loses to every other: for what is shown but not written.
const NEVER: u64 = 1;

#[derive(Default)]
struct LineCopies {
    lines: HashMap<LineId, LineRegister>,
    latest: u64,
    merged: HashSet<ActionId>,
}

impl LineCopies {
    fn shown(&self, line: LineId) -> u64 {
        self.lines.get(&line).map_or(0, |register| register.1)
    }

    /// Keeps the later of two registers.
    fn meet(&mut self, line: LineId, other: LineRegister) {
        self.latest = self.latest.max(other.0.0);
        let register = self.lines.entry(line).or_default();
        if other.0 > register.0 {
            *register = other;
        }
    }

    /// Returns the registers that are later here than there, and the sign-ins that were handled
    /// only here.
    fn lacked_by(&self, other: &Self) -> LineParcel {
        let later = |line, register: &LineRegister| {
            other.lines.get(line).is_none_or(|there| register.0 > there.0)
        };
        let lines = self.lines.iter().filter(|(line, register)| later(line, register));
        let merged = self.merged.difference(&other.merged).copied().collect();
        (lines.map(|(line, register)| (*line, *register)).collect(), merged)
    }

    /// Puts a guest's lines in, once.
    fn merge(&mut self, id: ActionId, guest: &[(LineId, u64)], stamp: (u64, u128)) {
        if self.merged.insert(id) {
            for (line, units) in guest {
                self.meet(*line, (stamp, self.shown(*line) + units));
            }
        }
    }
}

impl<'a> LwwLine<'a> {
    /// Starts without any writes.
    pub(crate) fn new(schedule: &'a Schedule) -> Self {
        let regions = (0..schedule.regions).map(|_| LineCopies::default()).collect();
        let (devices, messages, parcels) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { schedule, devices, regions, messages, parcels }
    }
}

impl Design for LwwLine<'_> {
    fn act(&mut self, id: ActionId) -> Result<(), PlayError> {
        let action = &self.schedule.actions[id as usize];
        let copy = self.devices.entry((action.device, action.as_guest)).or_default();
        let changed: Vec<(LineId, u64)> = match &action.verb {
            ActionKind::Add(line, units) => vec![(*line, copy.shown(*line) + u64::from(*units))],
            ActionKind::Set(line, units) => vec![(*line, u64::from(*units))],
            ActionKind::Remove(line) => vec![(*line, 0)],
            ActionKind::Order => copy
                .lines
                .iter()
                .filter(|(_, register)| register.1 > 0)
                .map(|(line, _)| (*line, 0))
                .collect(),
            ActionKind::SignIn(lines) => {
                // Shown at once, but not written: the account's registers are not here yet.
                copy.merge(id, lines, (NEVER, action.writer));
                return Ok(());
            }
        };
        let stamp = (action.wall.max(copy.latest + 1), action.writer);
        let written: Vec<_> =
            changed.into_iter().map(|(line, units)| (line, (stamp, units))).collect();
        written.iter().for_each(|(line, register)| copy.meet(*line, *register));
        if !action.as_guest {
            self.messages.insert(id, written);
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
        let copy = &mut self.regions[region as usize];
        if let ActionKind::SignIn(lines) = &self.schedule.actions[action as usize].verb {
            copy.merge(action, lines, (at.max(copy.latest + 1), u128::from(region)));
        }
        let written = self.messages.get(&action).into_iter().flatten();
        written.for_each(|(line, register)| copy.meet(*line, *register));
        if last {
            self.messages.remove(&action);
        }
        Ok(())
    }

    fn send(
        &mut self,
        parcel: ParcelId,
        from: RegionId,
        to: Node,
        _at: u64,
    ) -> Result<(), PlayError> {
        let (from, nothing) = (&self.regions[from as usize], LineCopies::default());
        let lacked = from.lacked_by(match to {
            Node::Region(region) => &self.regions[region as usize],
            Node::Device(device) => self.devices.get(&(device, false)).unwrap_or(&nothing),
        });
        self.parcels.insert(parcel, lacked);
        Ok(())
    }

    fn receive(&mut self, parcel: ParcelId, to: Node, last: bool) -> Result<(), PlayError> {
        let copy = match to {
            Node::Region(region) => &mut self.regions[region as usize],
            Node::Device(device) => self.devices.entry((device, false)).or_default(),
        };
        if let Some((lines, merged)) = self.parcels.get(&parcel) {
            lines.iter().for_each(|(line, register)| copy.meet(*line, *register));
            copy.merged.extend(merged);
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
        let lines = self.regions[region as usize].lines.iter();
        lines
            .filter(|(_, register)| register.1 > 0)
            .map(|(line, register)| (*line, register.1))
            .collect()
    }
}
