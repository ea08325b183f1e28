//! What shoppers do: sessions become devices, and clicks become actions.

use std::ops::Range;

use holdall::limits;
use holdall_testkit::dice::Permille;

use super::party_simulation::{PartyEvent, PartySimulation, SimulatedDevice};
use crate::conditions::{MINUTE, SECOND};
use crate::party::ClickIntent;
use crate::retail::MOST_UNITS;
use crate::schedule::{ActionKind, DeviceId, DeviceWriters, LineId, Node, ScheduleStep};

/// The share of a user's sessions that start as a guest's.
const STARTS_AS_GUEST: Permille = 300;
/// The share of repeated adds that are done with the quantity stepper of the cart page, which
/// writes the new number instead of adding one.
const BY_STEPPER: Permille = 400;
/// Guests that one account merges at most. Every merge stays in the cart and is asked about every
/// line, so a user with thousands of sessions (an anonymised file may call everybody user 0) would
/// be a test of that alone.
const MOST_MERGES: u32 = 32;
/// Lines that a party ever has, so that no cart gets beyond the library's limit.
const MOST_LINES: usize = limits::LINES - 100;
/// Facts that a line may have before it is full, so that it stays within the library's limit.
const MOST_FACTS: usize = limits::LINE_ENTRIES - 100;

impl PartySimulation<'_> {
    pub(super) fn click(&mut self, session: usize, click: usize) {
        let device = self.device_of(session);
        let state = &self.devices[device as usize];
        let signs_in = state.is_guest && state.signs_in_before.is_some_and(|first| click >= first);
        if signs_in && self.is_offline(device).is_none() {
            self.sign_in(device);
            // The login takes a moment; the click waits for it.
            let moment = self.dice().between(200, 2 * SECOND);
            self.plan(self.now() + moment, PartyEvent::Click { session, click });
            return;
        }
        if self.conditions().calm {
            self.show_page(device);
        }
        let party = self.party;
        let clicks = &party.sessions[session].clicks;
        self.fulfil(device, &clicks[click].want);
        match clicks.get(click + 1) {
            Some(next) => {
                let at = next.at.max(self.now() + 1);
                self.plan(at, PartyEvent::Click { session, click: click + 1 });
            }
            None => self.end_session(device),
        }
    }

    /// Returns the session's device. The first click switches it on, and it shows a page.
    fn device_of(&mut self, session: usize) -> DeviceId {
        if let Some(known) = self.switched_on[session] {
            return known;
        }
        let conditions = self.conditions();
        let starts_as_guest = self.dice().happens(STARTS_AS_GUEST);
        let is_guest =
            self.party.is_user && starts_as_guest && self.recorder.schedule.guests < MOST_MERGES;
        let signs_in_before = is_guest.then(|| self.sign_in_click(session));
        let roams = self.dice().happens(conditions.roams);
        let region = if roams { self.other_region(self.home) } else { self.home };
        let offline = self.offline_window(session);
        let jitter = self.dice().between(0, 4 * SECOND) as i64 - 2 * SECOND as i64;
        let ahead = self.dice().happens(300);
        let error = if ahead {
            self.dice().between(0, 30 * SECOND) as i64
        } else {
            -(self.dice().between(0, 60 * MINUTE) as i64)
        };
        let skew = if self.dice().happens(conditions.wrong_clock) { error } else { jitter };
        let writers = DeviceWriters { main: self.dice().id(), guest: self.dice().id() };
        let device = self.recorder.open(writers, is_guest);
        self.recorder.schedule.faults.devices_offline += u64::from(offline.is_some());
        let node = Node::Device(device);
        self.simulation.set_skew_ms(&node, if conditions.calm { 0 } else { skew });
        if let Some(window) = offline {
            self.simulation.cut(&node, window);
        }
        self.devices.push(SimulatedDevice {
            region,
            signs_in_before,
            is_guest,
            has_left: false,
            writers,
        });
        self.switched_on[session] = Some(device);
        self.show_page(device);
        device
    }

    /// Draws the click before which a guest signs in: any of the session up to its purchase.
    fn sign_in_click(&mut self, session: usize) -> usize {
        let clicks = &self.party.sessions[session].clicks;
        let purchase = clicks.iter().position(|click| matches!(click.want, ClickIntent::Buy(_)));
        let latest = purchase.unwrap_or(clicks.len());
        self.dice().between(0, latest as u64) as usize
    }

    /// Draws when the device is offline, if it ever is: from some click on, for minutes.
    fn offline_window(&mut self, session: usize) -> Option<Range<u64>> {
        let clicks = &self.party.sessions[session].clicks;
        let from = clicks[self.dice().below(clicks.len())].at;
        let length = self.dice().between(MINUTE, 30 * MINUTE);
        let conditions = self.conditions();
        self.dice().happens(conditions.offline).then_some(from..from + length)
    }

    fn fulfil(&mut self, device: DeviceId, want: &ClickIntent) {
        let as_guest = self.devices[device as usize].is_guest;
        match want {
            ClickIntent::Look => self.look(device),
            ClickIntent::Add(line, units) => self.put_in(device, *line, *units),
            ClickIntent::Remove(line) => {
                if self.recorder.model.shown(device, as_guest, *line) == 0 {
                    self.recorder.schedule.oddities.removes_of_unseen += 1;
                } else {
                    self.act(device, ActionKind::Remove(*line));
                }
            }
            ClickIntent::Cancel(line, units) => self.take_back(device, *line, *units),
            ClickIntent::Buy(products) => self.buy(device, products),
        }
    }

    fn put_in(&mut self, device: DeviceId, line: LineId, units: u32) {
        let as_guest = self.devices[device as usize].is_guest;
        let model = &self.recorder.model;
        let facts = model.entries(device, as_guest, line) + model.orders_of(line);
        if facts >= MOST_FACTS || !self.lines.contains(&line) && self.lines.len() >= MOST_LINES {
            self.recorder.schedule.oddities.adds_to_full_carts += 1;
            return;
        }
        let shown = model.shown(device, as_guest, line);
        let wanted =
            u32::try_from(shown + u64::from(units)).ok().filter(|wanted| *wanted <= MOST_UNITS);
        self.lines.insert(line);
        match wanted {
            Some(wanted) if shown > 0 && self.dice().happens(BY_STEPPER) => {
                self.act(device, ActionKind::Set(line, wanted))
            }
            _ => self.act(device, ActionKind::Add(line, units)),
        }
    }

    fn take_back(&mut self, device: DeviceId, line: LineId, units: u32) {
        let as_guest = self.devices[device as usize].is_guest;
        match self.recorder.model.shown(device, as_guest, line) {
            0 => self.recorder.schedule.oddities.cancellations_of_unseen += 1,
            shown => match u32::try_from(shown.saturating_sub(units.into())) {
                Ok(rest @ 1..=MOST_UNITS) => self.act(device, ActionKind::Set(line, rest)),
                _ => self.act(device, ActionKind::Remove(line)),
            },
        }
    }

    /// Shows the checkout page, with the cart as the region has it, and buys what it shows.
    fn buy(&mut self, device: DeviceId, products: &[u32]) {
        self.show_page(device);
        let as_guest = self.devices[device as usize].is_guest;
        let cart = self.recorder.model.cart(device, as_guest);
        let unseen = products.iter().filter(|product| !cart.contains_key(product)).count();
        self.recorder.schedule.oddities.purchases_of_unseen += unseen as u64;
        if cart.is_empty() {
            self.recorder.schedule.oddities.purchases_of_nothing += 1;
        } else {
            self.act(device, ActionKind::Order);
        }
    }

    /// Merges the device's guest cart into the party's.
    pub(super) fn sign_in(&mut self, device: DeviceId) {
        let lines = self.recorder.model.cart(device, true).into_iter().collect();
        self.devices[device as usize].is_guest = false;
        self.act(device, ActionKind::SignIn(lines));
    }

    fn end_session(&mut self, device: DeviceId) {
        if !self.devices[device as usize].is_guest {
            self.leave(device);
        } else {
            let at = self.is_offline(device).unwrap_or(self.now() + SECOND);
            self.plan(at, PartyEvent::SignIn { device });
        }
    }

    pub(super) fn leave(&mut self, device: DeviceId) {
        self.devices[device as usize].has_left = true;
        self.recorder.step(self.now(), ScheduleStep::Leave(device));
        self.recorder.model.leave(device);
    }

    /// Views a page. Its answer takes time, and may come after that of a later view.
    fn look(&mut self, device: DeviceId) {
        if self.can_refresh(device) {
            self.answer_with_cart(device);
        }
    }

    /// Shows a page that the shopper waits for.
    fn show_page(&mut self, device: DeviceId) {
        if self.can_refresh(device) {
            let region = self.devices[device as usize].region;
            let parcel = self.recorder.send(self.now(), region, Node::Device(device));
            self.recorder.receive(self.now(), parcel, Node::Device(device));
        }
    }

    /// Returns true if an answer with the cart reaches the device. Guests' carts are only on their
    /// devices, and now and then an answer gets lost.
    pub(super) fn can_refresh(&mut self, device: DeviceId) -> bool {
        let conditions = self.conditions();
        let lost = self.dice().happens(conditions.refresh_lost);
        let state = &self.devices[device as usize];
        !lost && !state.is_guest && !state.has_left && self.is_offline(device).is_none()
    }
}
