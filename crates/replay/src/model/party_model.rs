//! The model of one party.

use std::collections::{BTreeMap, HashMap};

use holdall::CartId;
use holdall_testkit::model::{self, ActionStamp, ModelAction, ModelPolicy, ModelRowRef};

use super::conflicts::{ConflictCounts, ConflictKind, LineHistory};
use super::knowledge::{DeviceKnowledge, ParcelFacts, RegionKnowledge};
use super::recorded_action::{PartyKnowledge, RecordedAction};
use crate::schedule::{ActionId, ActionKind, DeviceId, LineId, ParcelId, ScheduledAction};

/// Lines of a cart and their units, none of them zero.
pub(crate) type CartUnits = BTreeMap<LineId, u64>;

/// The party's own cart.
pub(super) const ACCOUNT: CartId = CartId::from_u128(1);

/// Returns the id of a device's guest cart.
pub(super) const fn guest_cart(device: DeviceId) -> CartId {
    CartId::from_u128(2 + device as u128)
}

/// Model of one party: all actions, and who knows of them.
pub(crate) struct PartyModel {
    pub(super) facts: model::Model<LineId>,
    pub(super) told: Vec<RecordedAction>,
    pub(super) lines: HashMap<LineId, LineHistory>,
    pub(super) regions: Vec<RegionKnowledge>,
    pub(super) devices: Vec<Option<DeviceKnowledge>>,
    pub(super) parcels: Vec<ParcelFacts>,
    pub(super) conflicts: ConflictCounts,
}

impl PartyModel {
    /// Makes a model in which nothing has happened.
    pub(crate) fn new(regions: u32) -> Self {
        Self {
            facts: model::Model::default(),
            told: Vec::new(),
            lines: HashMap::new(),
            regions: (0..regions).map(|_| RegionKnowledge::new(regions)).collect(),
            devices: Vec::new(),
            parcels: Vec::new(),
            conflicts: ConflictCounts::default(),
        }
    }

    /// Adds a device that knows nothing, and returns its number.
    pub(crate) fn open(&mut self, as_guest: bool) -> DeviceId {
        self.devices.push(Some(DeviceKnowledge::new(self.regions.len(), as_guest)));
        self.devices.len() as DeviceId - 1
    }

    /// Drops a device, which nobody looks at any more.
    pub(crate) fn leave(&mut self, device: DeviceId) {
        self.devices[device as usize] = None;
    }

    /// Records an action of a shopper, and returns its number.
    pub(crate) fn act(&mut self, action: &ScheduledAction) -> ActionId {
        let mut device =
            self.devices[action.device as usize].take().expect("a device acts before it leaves");
        let (known, cart) = if action.as_guest {
            (device.guest_known(), guest_cart(action.device))
        } else {
            (&device.main, ACCOUNT)
        };
        let id = self.told.len() as ActionId;
        // Later than everything known, whatever the clock says.
        let (latest, count) = known.latest();
        let (ms, count) = if action.wall > latest { (action.wall, 0) } else { (latest, count + 1) };
        let stamp = ActionStamp { ms, count, writer: action.writer, seq: id.into() };
        let fact = self.facts.act(known, cart, stamp, did(action, id));
        assert_eq!(fact, id, "actions and facts are numbered alike");
        let brings = match action.verb {
            ActionKind::SignIn(_) => device.guest_log(),
            _ => Vec::new(),
        };
        let (kind, as_guest) = (ConflictKind::of(&action.verb), action.as_guest);
        let told = RecordedAction { as_guest, kind, lines: self.lines_of(action, id), brings };
        if !action.as_guest {
            self.note_conflicts(known, &told);
        }
        self.note_past(id, &told);
        device.learn_own(&self.facts, id, &told);
        self.told.push(told);
        self.devices[action.device as usize] = Some(device);
        id
    }

    /// Returns the lines that an action concerns.
    fn lines_of(&self, action: &ScheduledAction, id: ActionId) -> Vec<LineId> {
        match action.verb {
            ActionKind::Order => self.facts.bought(id).into_iter().copied().collect(),
            _ => action.verb.line().into_iter().collect(),
        }
    }

    /// Returns the units of a line that a device shows.
    pub(crate) fn shown(&self, device: DeviceId, as_guest: bool, line: LineId) -> u64 {
        let (known, cart) = self.at(device, as_guest);
        known.map_or(0, |known| self.facts.units(known, cart, &line))
    }

    /// Returns the number of contributions behind a line at a device.
    pub(crate) fn entries(&self, device: DeviceId, as_guest: bool, line: LineId) -> usize {
        self.at(device, as_guest).0.map_or(0, |known| known.contributions(&self.facts, &line))
    }

    /// Returns the number of orders that bought a line.
    pub(crate) fn orders_of(&self, line: LineId) -> usize {
        self.lines.get(&line).map_or(0, |line| line.orders)
    }

    /// Returns what a device shows.
    pub(crate) fn cart(&self, device: DeviceId, as_guest: bool) -> CartUnits {
        let (known, cart) = self.at(device, as_guest);
        known.map_or_else(CartUnits::new, |known| self.facts.cart(known, cart))
    }

    /// Returns what all regions must show in the end: the outcome of all facts.
    pub(crate) fn outcome(&self) -> CartUnits {
        let told = self.told.iter().enumerate().filter(|(_, told)| !told.as_guest);
        let all = told.flat_map(|(id, told)| told.brings.iter().copied().chain([id as ActionId]));
        self.facts.cart(&PartyKnowledge::of(&self.facts, all), ACCOUNT)
    }

    /// Returns the counts of actions that had not seen each other.
    pub(crate) fn conflicts(&self) -> ConflictCounts {
        self.conflicts
    }

    fn at(&self, device: DeviceId, as_guest: bool) -> (Option<&PartyKnowledge>, CartId) {
        let cart = if as_guest { guest_cart(device) } else { ACCOUNT };
        let here = self.devices[device as usize].as_ref();
        (here.map(|here| if as_guest { here.guest_known() } else { &here.main }), cart)
    }

    /// Hands out the number of the next parcel.
    pub(super) fn next_parcel(&self) -> ParcelId {
        self.parcels.len() as ParcelId
    }
}

/// Translates an action into the terms of the test kit's model.
fn did(action: &ScheduledAction, id: ActionId) -> ModelAction<LineId> {
    match action.verb {
        ActionKind::Add(line, units) => {
            ModelAction::Add { row: ModelRowRef::active(line), units: units.into(), price: None }
        }
        ActionKind::Set(line, units) => {
            ModelAction::Set { row: ModelRowRef::active(line), units: units.into(), price: None }
        }
        ActionKind::Remove(line) => ModelAction::Remove(ModelRowRef::active(line)),
        ActionKind::Order => ModelAction::Order { id: id.to_string(), ceiling: u64::MAX },
        ActionKind::SignIn(_) => {
            let guest = guest_cart(action.device);
            ModelAction::Merge { guest, claim: 1, policy: ModelPolicy::rule("sum") }
        }
    }
}
