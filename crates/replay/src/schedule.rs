//! What happens to one party, as data: every design lives through exactly this.

use super::event::TraceOddities;
use super::model::ConflictCounts;
use holdall::quantity::QuantityError;
use holdall::{Quantity, RowRef};
use serde::Serialize;

/// The number of an action; actions are numbered in the order in which they happen.
pub(crate) type ActionId = u32;
/// The number of a device of the party.
pub(crate) type DeviceId = u32;
/// The number of a region.
pub(crate) type RegionId = u32;
/// The number of a line: of a product of the trace.
pub(crate) type LineId = u32;
/// The number of a message between regions, or from a region to a device.
pub(crate) type ParcelId = u32;

/// Schedule of one party: all steps that concern its cart, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// Whose cart it is.
    pub(crate) party: String,
    /// How many regions there are.
    pub(crate) regions: RegionId,
    /// The devices, by number.
    pub(crate) devices: Vec<DeviceWriters>,
    /// How many of the devices start as guests, each with a guest cart of its own.
    pub(crate) guests: u32,
    /// How many messages of regions there are.
    pub(crate) parcels: ParcelId,
    /// What shoppers do, by number.
    pub(crate) actions: Vec<ScheduledAction>,
    /// What happens, in order.
    pub(crate) steps: Vec<TimedStep>,
    /// What the network did.
    pub(crate) faults: FaultCounts,
    /// What could not be played.
    pub(crate) oddities: TraceOddities,
    /// Returns the counts of actions that had not seen each other.
    pub(crate) conflicts: ConflictCounts,
}

/// The ids under which a device writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeviceWriters {
    /// To its party's cart.
    pub(crate) main: u128,
    /// To its guest cart, if it starts as a guest.
    pub(crate) guest: u128,
}

/// One thing that a shopper does on a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScheduledAction {
    /// On which device.
    pub(crate) device: DeviceId,
    /// On the device's guest cart, before its shopper signs in.
    pub(crate) as_guest: bool,
    /// What the device's clock shows; it may be wrong.
    pub(crate) wall: u64,
    /// The id of the writer, one of the device's two.
    pub(crate) writer: u128,
    /// What is done.
    pub(crate) verb: ActionKind,
}

/// Kind of an action: the variants of [`holdall::Action`] that traces have, on products by their
/// numbers, and two actions of more than one cart. Numbers that a shopper reads off the screen (the
/// one to set, the units of a guest cart) are those that a right design shows: shoppers press equal
/// buttons whatever design runs behind them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ActionKind {
    /// Puts units into the cart.
    Add(LineId, u32),
    /// Makes the line so many units, at least 1.
    Set(LineId, u32),
    /// Takes out what the device shows of the line.
    Remove(LineId),
    /// Buys what the device shows.
    Order,
    /// Merges the device's guest cart into the party's cart, by sum. What the guest cart shows.
    SignIn(Vec<(LineId, u64)>),
}

impl ActionKind {
    /// Returns the line that it is about; `None` for an order and a sign-in.
    pub(crate) fn line(&self) -> Option<LineId> {
        match *self {
            Self::Add(line, _) | Self::Set(line, _) | Self::Remove(line) => Some(line),
            Self::Order | Self::SignIn(_) => None,
        }
    }

    /// Makes the action that it is on a row; `None` for an order and a sign-in.
    pub(crate) fn action(&self, row: RowRef) -> Result<Option<holdall::Action>, QuantityError> {
        Ok(Some(match *self {
            Self::Add(_, units) => {
                let quantity = Quantity::new(units)?;
                holdall::Action::Add { row, quantity, price: None }
            }
            Self::Set(_, quantity) => holdall::Action::Set { row, quantity, price: None },
            Self::Remove(_) => holdall::Action::Remove { row },
            Self::Order | Self::SignIn(_) => return Ok(None),
        }))
    }
}

/// A step with its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimedStep {
    /// When, in milliseconds since 1970, by a right clock.
    pub(crate) at: u64,
    /// What.
    pub(crate) step: ScheduleStep,
}

/// Region or device that has a copy of the cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Node {
    /// A region.
    Region(RegionId),
    /// A device.
    Device(DeviceId),
}

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScheduleStep {
    /// A shopper acts; the message about it is ready to be sent.
    Act(ActionId),
    /// The message about an action arrives at a region: for the first time or again, in any order.
    Deliver {
        /// The action.
        action: ActionId,
        /// Where it arrives.
        region: RegionId,
        /// Whether it is the last time that it arrives anywhere.
        last: bool,
    },
    /// A region puts what the other lacks into a parcel. Parcels that get lost are not sent at all.
    Send {
        /// The parcel.
        parcel: ParcelId,
        /// Who sends it.
        from: RegionId,
        /// To whom: another region, or a device that shows a page.
        to: Node,
    },
    /// A parcel arrives: for the first time or again, in any order.
    Receive {
        /// The parcel.
        parcel: ParcelId,
        /// Where it arrives, which is where it was sent.
        to: Node,
        /// Whether it is the last time.
        last: bool,
    },
    /// A node stops and comes back from what it had stored.
    Restart(Node),
    /// A region is short of memory and drops the cart from its cache.
    Evict(RegionId),
    /// The shopper leaves; nothing concerns the device's copy from here on.
    Leave(DeviceId),
}

/// Counts of faults of the network and the machines.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct FaultCounts {
    /// Requests that did not arrive and were sent again.
    pub(crate) requests_lost: u64,
    /// Answers that did not arrive, so that the request was sent again.
    pub(crate) answers_lost: u64,
    /// Actions that reached a region after a later action of their device.
    pub(crate) overtaken: u64,
    /// Actions that arrived more often than once.
    pub(crate) delivered_again: u64,
    /// Exchanges of regions that did not take place because one of them was cut off.
    pub(crate) cut_off: u64,
    /// Exchanges of regions that got lost.
    pub(crate) exchanges_lost: u64,
    /// Exchanges of regions that arrived twice.
    pub(crate) exchanges_doubled: u64,
    /// Devices that were offline for minutes.
    pub(crate) devices_offline: u64,
    /// Devices that started again.
    pub(crate) device_restarts: u64,
    /// Regions that started again while a cart was in use.
    pub(crate) region_restarts: u64,
    /// Carts that were dropped from a cache.
    pub(crate) evictions: u64,
    /// Sign-ins that were handled more often than once.
    pub(crate) sign_ins_again: u64,
}

impl FaultCounts {
    /// Adds another count, field by field.
    pub(crate) fn add(&mut self, other: &Self) {
        self.requests_lost += other.requests_lost;
        self.answers_lost += other.answers_lost;
        self.overtaken += other.overtaken;
        self.delivered_again += other.delivered_again;
        self.cut_off += other.cut_off;
        self.exchanges_lost += other.exchanges_lost;
        self.exchanges_doubled += other.exchanges_doubled;
        self.devices_offline += other.devices_offline;
        self.device_restarts += other.device_restarts;
        self.region_restarts += other.region_restarts;
        self.evictions += other.evictions;
        self.sign_ins_again += other.sign_ins_again;
    }
}

impl Schedule {
    /// Marks the last arrival of every message, so that designs can forget it, and counts what
    /// arrived late or again. Nobody knows an arrival to be the last one while it happens.
    pub(crate) fn seal(&mut self) {
        let (mut actions, mut parcels) =
            (vec![0_u32; self.actions.len()], vec![false; self.parcels as usize]);
        for timed in self.steps.iter_mut().rev() {
            match &mut timed.step {
                ScheduleStep::Deliver { action, last, .. } => {
                    *last = actions[*action as usize] == 0;
                    actions[*action as usize] += 1;
                }
                ScheduleStep::Receive { parcel, last, .. } => {
                    *last = !std::mem::replace(&mut parcels[*parcel as usize], true)
                }
                _ => {}
            }
        }
        for (action, times) in self.actions.iter().zip(&actions).filter(|(_, times)| **times > 1) {
            self.faults.delivered_again += 1;
            self.faults.sign_ins_again +=
                u64::from(matches!(action.verb, ActionKind::SignIn(_)) && *times > 1);
        }
        self.count_overtaken();
    }

    fn count_overtaken(&mut self) {
        let mut arrived = vec![false; self.actions.len()];
        let mut newest = vec![0; self.devices.len()];
        for timed in &self.steps {
            if let ScheduleStep::Deliver { action, .. } = timed.step
                && !std::mem::replace(&mut arrived[action as usize], true)
            {
                let newest = &mut newest[self.actions[action as usize].device as usize];
                self.faults.overtaken += u64::from(action < *newest);
                *newest = action.max(*newest);
            }
        }
    }
}
