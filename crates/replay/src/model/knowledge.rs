//! The knowledge of devices and regions, and of the parcels between them.

use super::recorded_action::{PartyKnowledge, RecordedAction};
use crate::schedule::{ActionId, RegionId};

/// The facts of a party.
type PartyFacts = holdall_testkit::model::Model<u32>;

/// Knowledge of a region, in the order in which the region learnt it.
pub(super) struct RegionKnowledge {
    pub(super) known: PartyKnowledge,
    pub(super) log: Vec<ActionId>,
    /// Facts that arrived before those they cover.
    pub(super) parked: Vec<ActionId>,
    /// How much of the other regions' logs has arrived here.
    pub(super) cursors: Vec<usize>,
}

/// Knowledge of a device.
pub(super) struct DeviceKnowledge {
    pub(super) main: PartyKnowledge,
    guest: Option<GuestKnowledge>,
    pub(super) cursors: Vec<usize>,
}

/// A guest cart on a device; nobody else writes to it.
#[derive(Default)]
struct GuestKnowledge {
    known: PartyKnowledge,
    log: Vec<ActionId>,
}

/// Knowledge of a region when it sent a parcel: the first `length` facts of its log.
pub(super) struct ParcelFacts {
    pub(super) from: RegionId,
    pub(super) length: usize,
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
    pub(super) fn learn(
        &mut self,
        facts: &PartyFacts,
        told: &[RecordedAction],
        id: ActionId,
    ) -> bool {
        let brings = &told[id as usize].brings;
        let covers = facts.covers(id);
        if covers.iter().any(|covered| !self.known.knows(*covered)) {
            return false;
        }
        brings.iter().for_each(|fact| self.append(facts, *fact));
        self.append(facts, id);
        true
    }

    pub(super) fn append(&mut self, facts: &PartyFacts, id: ActionId) {
        if !self.known.knows(id) {
            self.known.learn(facts, id);
            self.log.push(id);
        }
    }

    /// Takes in what had to wait and need not any more.
    pub(super) fn settle(&mut self, facts: &PartyFacts, told: &[RecordedAction]) {
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
