//! Messages and parcels of a party, and how they arrive.

use super::knowledge::ParcelFacts;
use super::party_model::PartyModel;
use crate::schedule::{ActionId, DeviceId, Node, ParcelId, RegionId};

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
