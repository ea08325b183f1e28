//! The guest cart is added again at every login.

use super::Design;
use super::tally::{LineCounts, RegionTallies, RequestKey, TallyRecord};
use crate::error::PlayError;
use crate::model::CartUnits;
use crate::schedule::{ActionId, ActionKind, Node, ParcelId, RegionId, Schedule};

/// The login call brings the guest's lines along and the server adds them to the account's. The
/// answer takes the lines out of the guest cart. If the answer is lost, if the call is retried at
/// another region, or if a token runs out and the shopper logs in again, the lines are added again.
///
/// Fair because: everything else is as good as counters get (see [`tally`](super::tally)): each
/// other request has a key, so that retries add nothing, and regions agree. Only the merge is not
/// an operation with a name of its own: museum class A (the merge runs twice; the cart inflates).
pub(crate) struct LoginSum<'a> {
    schedule: &'a Schedule,
    tallies: RegionTallies,
    calls: u32,
}

impl<'a> LoginSum<'a> {
    /// Starts without any counts.
    pub(crate) fn new(schedule: &'a Schedule) -> Self {
        Self { schedule, tallies: RegionTallies::new(schedule.regions), calls: 0 }
    }
}

impl Design for LoginSum<'_> {
    /// Does nothing: a device only sends a request.
    fn act(&mut self, _action: ActionId) -> Result<(), PlayError> {
        Ok(())
    }

    fn deliver(
        &mut self,
        id: ActionId,
        region: RegionId,
        _at: u64,
        _last: bool,
    ) -> Result<(), PlayError> {
        let action = &self.schedule.actions[id as usize];
        if action.as_guest {
            return Ok(());
        }
        let mut key = RequestKey::from(id);
        if let ActionKind::SignIn(_) = action.verb {
            // Every login call is a call of its own.
            self.calls += 1;
            key |= RequestKey::from(self.calls) << 32;
        }
        let tally = &mut self.tallies.regions[region as usize];
        if !tally.knows(key) {
            let changes = tally.changes(&action.verb, &LineCounts::new());
            tally.record(key, TallyRecord::new(region, changes));
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
        if let Node::Region(_) = to {
            self.tallies.send(parcel, from);
        }
        Ok(())
    }

    fn receive(&mut self, parcel: ParcelId, to: Node, _last: bool) -> Result<(), PlayError> {
        if let Node::Region(to) = to {
            self.tallies.receive(parcel, to);
        }
        Ok(())
    }

    fn cart(&self, region: RegionId) -> CartUnits {
        self.tallies.regions[region as usize].cart(&LineCounts::new())
    }
}
