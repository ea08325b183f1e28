//! The steps of a small model.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};

use holdall::id::Text;
use holdall::sync::{self, Received};
use holdall::view::Side;
use holdall::{Dot, LineKey, Quantity, Replica, ReplicaId, RowRef};
use stateright::{Model, Property};

use super::fold::{Fact, Facts, List, What, Whose, each, has};
use super::laws::{
    ACCOUNT, EXCHANGED, GUEST, LAWS, SAME_STATE, WAITING, check, fault, is_there, knows,
};
use super::script::{Deed, Script};
use super::state::{Fault, Packet, Site, State};
use crate::run::Tells;

/// Replicas of the account's cart; the last is the region that knows the guest. The guest's phone
/// comes after them, then the region's copy of the guest cart.
pub const SITES: usize = 3;
const REGION: usize = SITES - 1;
pub const PHONE: usize = SITES;
const COPY: usize = SITES + 1;

/// Facts that are there from the start, and the late one of the guest.
const START: usize = 0;
const GUESTS: [usize; 2] = [1, 2];
const LATE: usize = 3;
const FIRST_DEED: usize = 4;

/// What a replica is called in a path.
pub const fn name_of(at: usize) -> &'static str {
    match at {
        0 => "A",
        1 => "B",
        REGION => "C",
        PHONE => "the guest's phone",
        _ => "C's copy of the guest cart",
    }
}

/// A step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// A replica does the next thing on its list.
    Act { at: usize },
    /// A packet arrives, if only in a waiting room.
    Deliver { packet: usize, to: usize },
    /// Two replicas exchange in full.
    Exchange { a: usize, b: usize },
}

/// A script, and which replica states were held to the laws already.
pub struct Carts {
    script: Script,
    pub(super) line: LineKey,
    checked: Mutex<HashSet<u64>>,
}

impl Carts {
    /// A script of three replicas.
    pub fn new(script: Script) -> Self {
        assert_eq!(script.sites.len(), SITES);
        let line = LineKey::sku("TEE").expect("a SKU");
        Self { script, line, checked: Mutex::default() }
    }

    pub(super) fn deeds(&self, at: usize) -> &[Deed] {
        match (at, &self.script.guest) {
            (PHONE, Some(guest)) => guest.late.as_slice(),
            _ => self.script.sites.get(at).map_or(&[], Vec::as_slice),
        }
    }

    /// The number of a replica's next action.
    pub(super) fn number(&self, at: usize, done: usize) -> usize {
        if at == PHONE {
            return LATE;
        }
        FIRST_DEED + self.script.sites[..at].iter().map(Vec::len).sum::<usize>() + done
    }

    /// Walls go by the list and not by the path: every first action comes before every second.
    pub(super) fn wall(at: usize, done: usize) -> u64 {
        (done as u64 + 1) * 1_000 + at as u64 * 100
    }

    fn count(&self) -> usize {
        FIRST_DEED + self.script.sites.iter().map(Vec::len).sum::<usize>()
    }

    pub(super) fn row(&self, list: List, side: Option<Whose>) -> RowRef {
        let row = match list {
            List::Cart => RowRef::active(self.line.clone()),
            List::Saved => RowRef::saved(self.line.clone()),
        };
        match side {
            None => row,
            Some(Whose::Account) => row.on(Side::Account),
            Some(Whose::Guest) => row.on(Side::Guest(GUEST)),
        }
    }

    fn deliver(&self, state: &State, packet: usize, to: usize) -> Result<Option<State>, Fault> {
        let site = if to == COPY { state.copy.as_ref() } else { state.sites.get(to) };
        let (Some(site), Some(sent)) = (site, state.packets[packet].as_ref()) else {
            return Ok(None);
        };
        let mut replica = site.replica();
        let mut inbox = site.inbox.clone();
        let received = inbox.receive(&mut replica, sent.delta.clone());
        let joined = match received {
            Ok(Received::Joined { joined, .. } | Received::Waits { joined, .. }) => joined,
            Err(error) => return Err(fault(WAITING, error.to_string())),
        };
        if !joined.equivocations.is_empty() {
            return Err(fault(SAME_STATE, "a dot came with two contents"));
        }
        let mut site = site.after(&replica);
        site.inbox = inbox;
        site.waits |= 1 << packet;
        let (ready, brought) = ready(state, &site);
        site.waits &= !ready;
        site.known |= brought;
        let mut next = state.clone();
        self.settle(&mut next, to, site)?;
        Ok(Some(next))
    }

    fn exchange(&self, state: &State, a: usize, b: usize) -> Result<Option<State>, Fault> {
        let (x, y) = (&state.sites[a], &state.sites[b]);
        let (mut one, mut two) = (x.replica(), y.replica());
        let mut message = Some(sync::probe(&one));
        let mut to_two = true;
        while let Some(sent) = message {
            let receiver = if to_two { &mut two } else { &mut one };
            let response = sync::respond(receiver, &sent)
                .map_err(|error| fault(EXCHANGED, error.to_string()))?;
            if response.diverged.is_some() {
                return Err(fault(EXCHANGED, "an exchange reports divergence"));
            }
            message = response.message;
            to_two = !to_two;
        }
        if one.cart() != two.cart() {
            return Err(fault(EXCHANGED, "an exchange leaves two states"));
        }
        let (mut x_next, mut y_next) = (x.after(&one), y.after(&two));
        (x_next.known, y_next.known) = (x.known | y.known, x.known | y.known);
        let mut next = state.clone();
        self.settle(&mut next, a, x_next)?;
        self.settle(&mut next, b, y_next)?;
        Ok(Some(next))
    }

    /// Puts a changed replica back, held to the laws.
    pub(super) fn settle(&self, state: &mut State, at: usize, site: Site) -> Result<(), Fault> {
        let site = Arc::new(site.summed());
        if at == COPY {
            state.copy = Some(site.clone());
        } else {
            state.sites[at] = site.clone();
        }
        let mut hasher = DefaultHasher::new();
        (at, site.digest()).hash(&mut hasher);
        // What waits is judged by which packets there are.
        for (n, packet) in state.packets.iter().enumerate() {
            let digest = packet.as_ref().map(|packet| packet.digest());
            let bears = has(site.known | site.waits, n);
            (if bears { digest } else { digest.map(|_| 0) }).hash(&mut hasher);
        }
        let key = hasher.finish();
        if !self.checked.lock().expect("no check has panicked").contains(&key) {
            check(state, at, &site)?;
            // Only what held is left out the next time: a path is walked again to be told.
            self.checked.lock().expect("no check has panicked").insert(key);
        }
        Ok(())
    }
}

/// The most packets that can be let in together, and what they bring.
fn ready(state: &State, site: &Site) -> (Facts, Facts) {
    let packet = |n: usize| state.packets[n].as_ref().expect("a packet that waits was sent");
    let mut ready = site.waits;
    loop {
        let brought = each(ready).fold(0, |facts, n| facts | packet(n).brings);
        let short = each(ready).find(|n| !knows(site.known | brought, packet(*n).needs));
        match short {
            Some(n) => ready &= !(1 << n),
            None => return (ready, brought),
        }
    }
}

fn holds<const LAW: usize>(_: &Carts, state: &State) -> bool {
    state.fault.as_ref().is_none_or(|fault| fault.law != LAW)
}

impl Tells for Carts {
    fn tell(&self, state: &State) -> String {
        state.fault.as_ref().map(|fault| fault.says.clone()).unwrap_or_default()
    }
}

impl Model for Carts {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let id = |at: usize| ReplicaId::from_u128(100 + at as u128);
        let mut phone = Replica::new(GUEST, id(PHONE));
        let mut first = Replica::new(ACCOUNT, id(0));
        let mut packets: Vec<Option<Arc<Packet>>> = vec![None; self.count()];
        let fact = |what, seen, time| Fact {
            time,
            whose: Whose::Account,
            sided: false,
            seen,
            what,
            kills: 0,
            lacks: Vec::new(),
        };
        let mut start: Facts = 0;
        if let Ok(n) = Quantity::new(self.script.start) {
            let delta = first.add(10, &self.line, n, None).expect("an add");
            let fact = fact(What::Add(n.get()), 0, (first.latest().bits(), 0, 0));
            let dot = Some(Dot::new(first.id(), 1));
            packets[START] = Some(Arc::new(Packet::new(delta, dot, fact, (1 << START, 0))));
            start = 1 << START;
        }
        let site = |at: usize| {
            let mut site = Site::new(id(at), first.cart().clone());
            site.known = start;
            Arc::new(site.summed())
        };
        let mut sites: Vec<Arc<Site>> = (0..SITES).map(site).collect();
        let mut copy = None;
        if let Some(guest) = self.script.guest {
            let n = Quantity::new(guest.units).expect("a quantity");
            let note = Text::new("engrave").expect("a text");
            let row = RowRef::active(self.line.clone());
            let add = phone.add(20, &self.line, n, None).expect("an add");
            let at = (phone.latest().bits(), PHONE, 0);
            let noted = phone.note(21, &row, Some(note)).expect("a note");
            let later = (phone.latest().bits(), PHONE, 1);
            let known: Facts = 1 << GUESTS[0] | 1 << GUESTS[1];
            let facts = [fact(What::Add(n.get()), 0, at), fact(What::Note, 1 << GUESTS[0], later)];
            for ((slot, delta), (seq, mut fact)) in
                GUESTS.into_iter().zip([add, noted]).zip((1..).zip(facts))
            {
                fact.whose = Whose::Guest;
                let dot = Some(Dot::new(phone.id(), seq));
                packets[slot] = Some(Arc::new(Packet::new(delta, dot, fact, (1 << slot, 0))));
            }
            let mut there = Site::new(phone.id(), phone.cart().clone());
            there.known = known;
            let there = Arc::new(there.summed());
            sites.push(there.clone());
            copy = Some(there);
        }
        vec![State { sites, copy, packets, fault: None }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        if state.fault.is_some() {
            return;
        }
        for (at, site) in state.sites.iter().enumerate() {
            if site.done < self.deeds(at).len() {
                steps.push(Step::Act { at });
            }
        }
        for (packet, sent) in state.packets.iter().enumerate() {
            let Some(sent) = sent else { continue };
            if sent.delta.cart() == GUEST {
                if state.copy.as_ref().is_some_and(|copy| !is_there(copy, packet)) {
                    steps.push(Step::Deliver { packet, to: COPY });
                }
                continue;
            }
            for (to, site) in state.sites[..SITES].iter().enumerate() {
                if !is_there(site, packet) {
                    steps.push(Step::Deliver { packet, to });
                }
            }
        }
        if self.script.exchange {
            for (a, b) in [(0, 1), (0, 2), (1, 2)] {
                if state.sites[a].known != state.sites[b].known {
                    steps.push(Step::Exchange { a, b });
                }
            }
        }
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let next = match step {
            Step::Act { at } => self.act(state, at),
            Step::Deliver { packet, to } => self.deliver(state, packet, to),
            Step::Exchange { a, b } => self.exchange(state, a, b),
        };
        next.unwrap_or_else(|fault| Some(State { fault: Some(fault), ..state.clone() }))
    }

    fn format_action(&self, step: &Step) -> String {
        match *step {
            Step::Act { at } => format!("{} acts", name_of(at)),
            Step::Deliver { packet, to } => {
                let (by, deed) = self.author(packet);
                format!("{} gets what {} wrote when it {deed}", name_of(to), name_of(by))
            }
            Step::Exchange { a, b } => format!("{} and {} exchange", name_of(a), name_of(b)),
        }
    }

    fn format_step(&self, state: &State, step: Step) -> Option<String> {
        let Step::Act { at } = step else { return Some(self.format_action(&step)) };
        let deed = self.deeds(at).get(state.sites[at].done)?;
        Some(format!("{} {deed}", name_of(at)))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let conditions = [
            holds::<0>, holds::<1>, holds::<2>, holds::<3>, holds::<4>, holds::<5>, holds::<6>,
            holds::<7>,
        ];
        LAWS.into_iter().zip(conditions).map(|(law, of)| Property::always(law, of)).collect()
    }
}

impl Carts {
    /// Who wrote a packet, doing what.
    fn author(&self, packet: usize) -> (usize, String) {
        if packet == LATE {
            return (PHONE, self.deeds(PHONE).first().map(Deed::to_string).unwrap_or_default());
        }
        let mut at = packet.saturating_sub(FIRST_DEED);
        for site in 0..SITES {
            match self.deeds(site).get(at) {
                Some(deed) => return (site, deed.to_string()),
                None => at -= self.deeds(site).len(),
            }
        }
        (0, "began".into())
    }
}
