//! This library.

mod joiner;

use std::collections::{BTreeMap, HashMap};

use holdall::sync;
use holdall::{
    ActionError, CartId, Claim, Delta, LineKey, MergePolicy, OrderId, Replica, ReplicaId, RowRef,
    wire,
};
use holdall_testkit::dice::Dice;

use joiner::{DeltaJoiner, NO_CEILING, fault, restarted};

use super::{Design, TrafficCounts};
use crate::error::PlayError;
use crate::event::NameTable;
use crate::model::CartUnits;
use crate::schedule::{
    ActionId, ActionKind, DeviceId, LineId, Node, ParcelId, RegionId, Schedule, ScheduledAction,
};

/// This library: devices and regions are replicas, and everything travels as bytes.
///
/// Devices write; the message about an action is its delta. Regions join, and a delta that comes
/// before the entries it removes has to wait. Two nodes exchange by the library's own conversation,
/// one direction at a time: a message that the schedule does not deliver is lost. Restarts go
/// through bytes too. A sign-in merges on the device. Every handling of the login gets its delta,
/// with the guest's state in it: the authority that granted the claim keeps these bytes for whoever
/// asks again.
pub(crate) struct Holdall<'a> {
    schedule: &'a Schedule,
    names: &'a NameTable,
    cart: CartId,
    devices: HashMap<DeviceId, HoldallDevice>,
    regions: Vec<HoldallRegion>,
    messages: HashMap<ActionId, Vec<u8>>,
    parcels: HashMap<ParcelId, Vec<u8>>,
    lines: HashMap<LineId, LineKey>,
    numbers: BTreeMap<LineKey, LineId>,
    traffic: TrafficCounts,
}

/// A device's copies: of its party's cart, and of its own guest cart.
#[derive(Default)]
struct HoldallDevice {
    main: Option<Replica>,
    guest: Option<Replica>,
}

/// A region's copy of the party's cart, and of guest carts that nobody has signed in with yet.
struct HoldallRegion {
    main: DeltaJoiner,
    guests: HashMap<DeviceId, DeltaJoiner>,
}

impl<'a> Holdall<'a> {
    /// Starts without any writes.
    pub(crate) fn new(schedule: &'a Schedule, names: &'a NameTable) -> Self {
        let mut dice = Dice::named(0, &schedule.party);
        let cart = CartId::from_u128(dice.id());
        let mut region =
            || HoldallRegion { main: DeltaJoiner::new(cart, dice.id()), guests: HashMap::new() };
        Self {
            schedule,
            names,
            cart,
            devices: HashMap::new(),
            regions: (0..schedule.regions).map(|_| region()).collect(),
            messages: HashMap::new(),
            parcels: HashMap::new(),
            lines: HashMap::new(),
            numbers: BTreeMap::new(),
            traffic: TrafficCounts {
                replicas: u64::from(schedule.regions),
                ..TrafficCounts::default()
            },
        }
    }

    fn line(&mut self, number: LineId) -> Result<LineKey, PlayError> {
        if let Some(known) = self.lines.get(&number) {
            return Ok(known.clone());
        }
        let line = LineKey::sku(self.names.name(number)).map_err(fault("naming a line"))?;
        self.lines.insert(number, line.clone());
        self.numbers.insert(line.clone(), number);
        Ok(line)
    }

    fn guest_cart(&self, device: DeviceId) -> CartId {
        CartId::from_u128(Dice::named(u64::from(device) + 1, &self.schedule.party).id())
    }

    /// Does what a shopper does. Where the library shows less than it should, so that there is
    /// nothing to remove or buy, the run goes on: that it did is counted, and the verdict says the
    /// rest.
    fn write(&mut self, id: ActionId, action: &ScheduledAction) -> Result<Delta, PlayError> {
        let cart = if action.as_guest { self.guest_cart(action.device) } else { self.cart };
        match self.try_to_write(id, action)? {
            Ok(delta) => Ok(delta),
            Err(ActionError::UnknownRow { .. } | ActionError::NothingToOrder) => {
                self.traffic.refused += 1;
                Ok(Delta::empty(cart))
            }
            Err(error) => Err(fault("acting")(error)),
        }
    }

    fn try_to_write(
        &mut self,
        id: ActionId,
        action: &ScheduledAction,
    ) -> Result<Result<Delta, ActionError>, PlayError> {
        let now = action.wall;
        if let Some(line) = action.verb.line() {
            let row = RowRef::active(self.line(line)?);
            let shopped = action.verb.action(row).map_err(fault("adding"))?;
            if let Some(shopped) = shopped {
                return Ok(self.replica(action.device, action.as_guest).act(now, &shopped));
            }
        }
        Ok(match action.verb {
            ActionKind::SignIn(_) => self.sign_in(action)?,
            _ => {
                let order = OrderId::new(format!("O-{id}")).map_err(fault("naming an order"))?;
                let replica = self.replica(action.device, action.as_guest);
                replica.snapshot().and_then(|snapshot| replica.order(now, order, &snapshot))
            }
        })
    }

    /// Returns a device's copy of its party's cart, or of its guest cart. The copy is made when it
    /// is first shown or written to.
    fn replica(&mut self, device: DeviceId, as_guest: bool) -> &mut Replica {
        let cart = if as_guest { self.guest_cart(device) } else { self.cart };
        let writers = self.schedule.devices[device as usize];
        let copies = self.devices.entry(device).or_default();
        let (place, writer) = if as_guest {
            (&mut copies.guest, writers.guest)
        } else {
            (&mut copies.main, writers.main)
        };
        place.get_or_insert_with(|| {
            self.traffic.replicas += 1;
            Replica::new(cart, ReplicaId::from_u128(writer)).with_options(NO_CEILING)
        })
    }

    fn sign_in(
        &mut self,
        action: &ScheduledAction,
    ) -> Result<Result<Delta, ActionError>, PlayError> {
        let guest =
            match self.devices.get_mut(&action.device).and_then(|device| device.guest.take()) {
                Some(guest) => guest.cart().clone(),
                None => holdall::Cart::new(self.guest_cart(action.device)),
            };
        let claim = Claim { guest: guest.id(), account: self.cart, number: 1 };
        let policy = MergePolicy::rule("sum").map_err(fault("naming a policy"))?;
        Ok(self.replica(action.device, false).merge(action.wall, claim, policy, &guest))
    }

    fn deliver_guest(
        &mut self,
        device: DeviceId,
        region: RegionId,
        delta: Delta,
    ) -> Result<(), PlayError> {
        let cart = self.guest_cart(device);
        let traffic = &mut self.traffic;
        let region = &mut self.regions[region as usize];
        let guest = region.guests.entry(device).or_insert_with(|| {
            traffic.replicas += 1;
            DeltaJoiner::new(cart, u128::from(device))
        });
        guest.take(delta)?;
        match region.main.replica.absorb(guest.replica.cart()) {
            // Not merged yet: then it comes with the sign-in.
            Ok(_) | Err(ActionError::NotMerged { .. }) => Ok(()),
            Err(error) => Err(fault("absorbing a guest's late action")(error)),
        }
    }
}

impl Design for Holdall<'_> {
    fn act(&mut self, id: ActionId) -> Result<(), PlayError> {
        let schedule = self.schedule;
        let delta = self.write(id, &schedule.actions[id as usize])?;
        let bytes = wire::encode_delta(&delta);
        self.traffic.deltas += 1;
        self.traffic.delta_bytes += bytes.len() as u64;
        self.messages.insert(id, bytes);
        Ok(())
    }

    fn deliver(
        &mut self,
        id: ActionId,
        region: RegionId,
        _at: u64,
        last: bool,
    ) -> Result<(), PlayError> {
        let Some(bytes) = self.messages.get(&id) else { return Ok(()) };
        let delta = wire::decode_delta(bytes).map_err(fault("decoding a delta"))?;
        if last {
            self.messages.remove(&id);
        }
        let action = &self.schedule.actions[id as usize];
        if action.as_guest {
            self.deliver_guest(action.device, region, delta)
        } else {
            self.regions[region as usize].main.take(delta)
        }
    }

    fn send(
        &mut self,
        parcel: ParcelId,
        from: RegionId,
        to: Node,
        _at: u64,
    ) -> Result<(), PlayError> {
        let say = fault("exchanging");
        let probe = sync::probe(&self.regions[from as usize].main.replica);
        let asked = match to {
            Node::Region(to) => sync::respond(&mut self.regions[to as usize].main.replica, &probe),
            Node::Device(to) => sync::respond(self.replica(to, false), &probe),
        };
        let Some(asked) = asked.map_err(&say)?.message else { return Ok(()) };
        let answer =
            sync::respond(&mut self.regions[from as usize].main.replica, &asked).map_err(&say)?;
        let Some(answer) = answer.message else { return Ok(()) };
        let bytes = wire::encode_message(&answer);
        self.traffic.parcels += 1;
        self.traffic.parcel_bytes += bytes.len() as u64;
        self.parcels.insert(parcel, bytes);
        Ok(())
    }

    fn receive(&mut self, parcel: ParcelId, to: Node, last: bool) -> Result<(), PlayError> {
        // Two nodes that have the same send nothing.
        let Some(bytes) = self.parcels.get(&parcel) else { return Ok(()) };
        let answer = wire::decode_message(bytes).map_err(fault("decoding an answer"))?;
        if last {
            self.parcels.remove(&parcel);
        }
        let response = match to {
            Node::Region(to) => {
                let cart = self.cart;
                let main = &mut self.regions[to as usize].main;
                let response = sync::respond(&mut main.replica, &answer);
                // What waited for something in this answer need not any more.
                main.take(Delta::empty(cart))?;
                response
            }
            Node::Device(to) => sync::respond(self.replica(to, false), &answer),
        };
        // What it would say back is lost: the schedule says when the other direction is told.
        let response = response.map_err(fault("exchanging"))?;
        if response.diverged.is_some() || !response.joined.equivocations.is_empty() {
            return Err(PlayError {
                doing: "exchanging",
                said: "one dot has two contents".to_owned(),
            });
        }
        Ok(())
    }

    fn restart(&mut self, node: Node, _at: u64) -> Result<(), PlayError> {
        match node {
            Node::Region(region) => {
                let main = &mut self.regions[region as usize].main.replica;
                *main = restarted(main)?;
            }
            Node::Device(device) => {
                let Some(device) = self.devices.get_mut(&device) else { return Ok(()) };
                for replica in device.main.iter_mut().chain(&mut device.guest) {
                    *replica = restarted(replica)?;
                }
            }
        }
        Ok(())
    }

    fn leave(&mut self, device: DeviceId) {
        self.devices.remove(&device);
    }

    fn cart(&self, region: RegionId) -> CartUnits {
        let view = self.regions[region as usize].main.replica.view();
        let rows = view.lines.iter().chain(&view.saved);
        let mut cart = CartUnits::new();
        for row in rows {
            // A line that nobody put in would be a ghost of number u32::MAX.
            let number = self.numbers.get(&row.line).copied().unwrap_or(LineId::MAX);
            *cart.entry(number).or_default() += row.quantity;
        }
        cart
    }

    fn digest(&self, region: RegionId) -> Option<[u128; 2]> {
        let fingerprint = self.regions[region as usize].main.replica.fingerprint();
        Some([fingerprint.live, fingerprint.context])
    }

    fn traffic(&self) -> TrafficCounts {
        self.traffic
    }
}
