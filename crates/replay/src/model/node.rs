//! Who knows what: devices, regions, and what travels between them.

use super::party_model::{PartyKnowledge, PartyModel, RecordedAction};
use crate::schedule::{ActionId, DeviceId, Node, ParcelId, RegionId};

/// The facts of a party.
type PartyFacts = holdall_testkit::model::Model<u32>;

/// Knowledge of a region, in the order in which the region learnt it.
pub(super) struct RegionKnowledge {
    pub(super) known: PartyKnowledge,
    log: Vec<ActionId>,
    /// Facts that arrived before those they cover.
    parked: Vec<ActionId>,
    /// How much of the other regions' logs has arrived here.
    cursors: Vec<usize>,
}

/// Knowledge of a device.
pub(super) struct DeviceKnowledge {
    pub(super) main: PartyKnowledge,
    guest: Option<GuestKnowledge>,
    cursors: Vec<usize>,
}

/// A guest cart on a device; nobody else writes to it.
#[derive(Default)]
struct GuestKnowledge {
    known: PartyKnowledge,
    log: Vec<ActionId>,
}

/// Knowledge of a region when it sent a parcel: the first `length` facts of its log.
pub(super) struct ParcelFacts {
    from: RegionId,
    length: usize,
}

impl RegionKnowledge {
    pub(super) fn new(regions: u32) -> Self {
        Self {
            known: PartyKnowledge::default(),
            log: Vec::new(),
            parked: Vec::new(),
            cursors: vec![0; regions as usize],
        }
    }

    /// Takes in a fact if those it covers are known; a sign-in brings the guest's facts along.
    fn learn(&mut self, facts: &PartyFacts, told: &[RecordedAction], id: ActionId) -> bool {
        let brings = &told[id as usize].brings;
        let covers = facts.covers(id);
        if covers.iter().any(|covered| !self.known.knows(*covered)) {
            return false;
        }
        brings.iter().for_each(|fact| self.append(facts, *fact));
        self.append(facts, id);
        true
    }

    fn append(&mut self, facts: &PartyFacts, id: ActionId) {
        if !self.known.knows(id) {
            self.known.learn(facts, id);
            self.log.push(id);
        }
    }

    /// Takes in what had to wait and need not any more.
    fn settle(&mut self, facts: &PartyFacts, told: &[RecordedAction]) {
        loop {
            let waiting = std::mem::take(&mut self.parked);
            let before = waiting.len();
            for id in waiting {
                if !self.known.knows(id) && !self.learn(facts, told, id) {
                    self.parked.push(id);
                }
            }
            if self.parked.len() == before || self.parked.is_empty() {
                return;
            }
        }
    }
}

impl DeviceKnowledge {
    pub(super) fn new(regions: usize, as_guest: bool) -> Self {
        Self {
            main: PartyKnowledge::default(),
            guest: as_guest.then(GuestKnowledge::default),
            cursors: vec![0; regions],
        }
    }

    pub(super) fn guest_known(&self) -> &PartyKnowledge {
        &self.guest.as_ref().expect("only devices with a guest cart act on it").known
    }

    /// Returns the facts of its guest cart, if it has one.
    pub(super) fn guest_log(&self) -> Vec<ActionId> {
        self.guest.as_ref().map_or_else(Vec::new, |guest| guest.log.clone())
    }

    /// Takes in its own action; a sign-in brings the guest's facts to the party's cart.
    pub(super) fn learn_own(&mut self, facts: &PartyFacts, id: ActionId, told: &RecordedAction) {
        if told.as_guest {
            let guest = self.guest.as_mut().expect("only devices with a guest cart act on it");
            guest.known.learn(facts, id);
            guest.log.push(id);
            return;
        }
        told.brings.iter().for_each(|fact| self.main.learn(facts, *fact));
        self.main.learn(facts, id);
    }
}

impl PartyModel {
    /// Delivers the message about an action to a region. Returns true if the region learns
    /// something.
    pub(crate) fn deliver(&mut self, action: ActionId, region: RegionId) -> bool {
        let (facts, told) = (&self.facts, &self.told);
        let region = &mut self.regions[region as usize];
        // A guest cart that nobody has signed in with concerns nobody but its device.
        if told[action as usize].as_guest || region.known.knows(action) {
            return false;
        }
        let before = region.log.len();
        if !region.learn(facts, told, action) && !region.parked.contains(&action) {
            region.parked.push(action);
        }
        region.settle(facts, told);
        region.log.len() > before
    }

    /// Packs what a region knows, and returns the number of the parcel.
    pub(crate) fn send(&mut self, from: RegionId) -> ParcelId {
        let id = self.next_parcel();
        self.parcels.push(ParcelFacts { from, length: self.regions[from as usize].log.len() });
        id
    }

    /// Delivers a parcel. Returns true if the node learns something.
    pub(crate) fn receive(&mut self, parcel: ParcelId, to: Node) -> bool {
        let ParcelFacts { from, length } = self.parcels[parcel as usize];
        match to {
            Node::Region(to) => self.receive_at_region(from, length, to),
            Node::Device(to) => self.receive_at_device(from, length, to),
        }
    }

    fn receive_at_region(&mut self, from: RegionId, length: usize, to: RegionId) -> bool {
        let start = self.regions[to as usize].cursors[from as usize];
        let news: Vec<ActionId> =
            self.regions[from as usize].log.get(start..length).unwrap_or_default().to_vec();
        let region = &mut self.regions[to as usize];
        region.cursors[from as usize] = start.max(length);
        let before = region.log.len();
        for fact in news {
            region.append(&self.facts, fact);
        }
        region.settle(&self.facts, &self.told);
        region.log.len() > before
    }

    fn receive_at_device(&mut self, from: RegionId, length: usize, to: DeviceId) -> bool {
        let region = &self.regions[from as usize];
        let Some(device) = &mut self.devices[to as usize] else {
            return false;
        };
        let start = &mut device.cursors[from as usize];
        let news = region.log.get(*start..length).unwrap_or_default();
        *start = (*start).max(length);
        news.iter().for_each(|fact| device.main.learn(&self.facts, *fact));
        !news.is_empty()
    }

    /// Returns true if a region knows something that another does not.
    pub(crate) fn has_news(&self, from: RegionId, to: RegionId) -> bool {
        let to = &self.regions[to as usize];
        let unread =
            self.regions[from as usize].log.get(to.cursors[from as usize]..).unwrap_or_default();
        unread.iter().any(|fact| !to.known.knows(*fact))
    }

    /// Returns true if a line has contributions in any region.
    pub(crate) fn is_anywhere(&self, line: u32) -> bool {
        self.regions.iter().any(|region| region.known.contributions(&self.facts, &line) > 0)
    }

    /// Returns true if every region knows everything, so that a replay may end.
    pub(crate) fn is_quiet(&self) -> bool {
        let told = self.told.iter().enumerate().filter(|(_, told)| !told.as_guest);
        let mut told = told.map(|(id, _)| id as ActionId);
        told.all(|fact| self.regions.iter().all(|region| region.known.knows(fact)))
    }
}
