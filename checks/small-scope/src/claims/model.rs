//! Two accounts and three askers, one of whose regions is cut off for a while.

use std::sync::Arc;

use holdall::clock::Clock;
use holdall::{LineKey, Quantity, Replica, ReplicaId, sync, wire};
use stateright::{Model, Property};

use super::laws::{
    asked_again, nothing_leaks, one_merge, one_owner, own_cart_stays, refused, second_wins, settled,
};
use super::protocol::{Answer, Ask, Authority};
use super::state::{
    ACCOUNTS, ASKERS, Asker, CUTS, GUEST, LOSSES, Message, PHONE, REPEATS, Stage, State, claimed,
    tee,
};
use crate::run::Tells;

/// What may be wrong with an authority. The checker must find each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flaw {
    None,
    /// It sets without comparing.
    NoCompare,
    /// It claims anew for the account that has it.
    NewClaimEachTime,
    /// It tells the loser whose the guest cart is.
    HintsWhose,
    /// Askers do not ask again.
    NoRetry,
}

/// A model of claims.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Claims {
    /// Whether the first asker may take its merge back.
    pub releases: bool,
    pub flaw: Flaw,
}

/// A step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Asks for the first time, or again when nothing of it is on its way.
    Ask(usize),
    Deliver(usize),
    Lose(usize),
    Repeat(usize),
    /// The two replicas of the first account exchange.
    Exchange,
    TakeBack,
    Cut,
    Heal,
}

fn who(asker: usize) -> &'static str {
    ["the first account's phone", "the first account's laptop", "the second account"][asker]
}

impl Claims {
    fn passes(state: &State, message: &Message) -> bool {
        !(state.cut && ASKERS[message.asker()].1)
    }

    fn ask(&self, state: &mut State, at: usize) {
        state.asked_again |= state.askers[at].stage == Stage::Pending;
        let asker = &mut state.askers[at];
        asker.stage = Stage::Pending;
        let mut clock = Clock::default();
        clock.observe(asker.latest.max(asker.guest.latest()));
        let time = clock.tick(5_000 + at as u64);
        let ask = Ask { guest: GUEST, account: ACCOUNTS[ASKERS[at].0], time };
        state.network.push(Message::Ask { from: at, ask });
    }

    fn receive(&self, state: &mut State, message: Message) -> Result<(), String> {
        match message {
            Message::Ask { from, ask } => {
                let answer = state.authority.answer(&ask, self.flaw);
                if let Answer::Yours(merge) = &answer {
                    let bytes = wire::encode_delta(merge);
                    if !state.merges.contains(&bytes) {
                        state.merges.push(bytes);
                    }
                }
                state.network.push(Message::Answer { to: from, answer });
            }
            Message::Answer { to, answer } => {
                let bytes = Message::Answer { to, answer: answer.clone() }.bytes();
                let asker = &mut state.askers[to];
                if !asker.told.contains(&bytes) {
                    asker.told.push(bytes);
                }
                match answer {
                    Answer::Yours(merge) => {
                        let id = ReplicaId::from_u128(700 + to as u128);
                        let mut replica = Replica::resume(id, asker.latest, asker.cart.clone());
                        let joined = replica.join(&merge).map_err(|error| error.to_string())?;
                        if !joined.equivocations.is_empty() {
                            return Err("one merge came with two contents".into());
                        }
                        // Not if it was taken back meanwhile.
                        let _ = replica.absorb(&asker.guest);
                        (asker.cart, asker.latest) = (replica.cart().clone(), replica.latest());
                        asker.stage = Stage::Merged;
                    }
                    Answer::AlreadyClaimed { .. } if asker.stage == Stage::Pending => {
                        asker.stage = Stage::Refused;
                    }
                    Answer::AlreadyClaimed { .. } => {}
                }
            }
            Message::Release { claim } => state.authority.release(claim),
        }
        Ok(())
    }

    fn exchange(state: &mut State) -> Result<(), String> {
        let replica = |asker: &Asker, id| {
            Replica::resume(ReplicaId::from_u128(id), asker.latest, asker.cart.clone())
        };
        let mut pair = [replica(&state.askers[0], 700), replica(&state.askers[1], 701)];
        let mut message = Some(sync::probe(&pair[0]));
        let mut to = 1;
        while let Some(sent) = message {
            let response = sync::respond(&mut pair[to], &sent).map_err(|e| e.to_string())?;
            if response.diverged.is_some() {
                return Err("two replicas of one account diverged".into());
            }
            message = response.message;
            to = 1 - to;
        }
        for (asker, replica) in state.askers.iter_mut().zip(&pair) {
            (asker.cart, asker.latest) = (replica.cart().clone(), replica.latest());
        }
        Ok(())
    }

    fn take_back(state: &mut State) -> Result<(), String> {
        let asker = &mut state.askers[0];
        let claim = claimed(&asker.cart).ok_or("there is nothing to take back")?;
        let id = ReplicaId::from_u128(700);
        let mut replica = Replica::resume(id, asker.latest, asker.cart.clone());
        replica.unmerge(9_000, GUEST).map_err(|error| error.to_string())?;
        (asker.cart, asker.latest) = (replica.cart().clone(), replica.latest());
        state.released = true;
        // Only now that it is durable.
        state.network.push(Message::Release { claim });
        Ok(())
    }

    pub(super) fn is_terminal(&self, state: &State) -> bool {
        let mut steps = Vec::new();
        self.actions(state, &mut steps);
        steps.is_empty()
    }
}

impl Tells for Claims {
    fn tell(&self, state: &State) -> String {
        state.fault.clone().unwrap_or_else(|| format!("{state:?}"))
    }
}

impl Model for Claims {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let mut phone = Replica::new(GUEST, PHONE);
        let three = Quantity::new(3).expect("a quantity");
        phone.add(1_000, &tee(), three, None).expect("an add");
        let early = Arc::new(phone.cart().clone());
        phone.add(2_000, &tee(), Quantity::ONE, None).expect("an add");
        let late = Arc::new(phone.cart().clone());
        let own = |which: usize| {
            let id = ReplicaId::from_u128(600 + which as u128);
            let mut replica = Replica::new(ACCOUNTS[which], id);
            let mug = LineKey::sku("MUG").expect("a SKU");
            replica.add(3_000, &mug, Quantity::new(2).expect("a quantity"), None).expect("an add");
            replica.cart().clone()
        };
        let askers = ASKERS.iter().enumerate().map(|(at, (account, _))| {
            let cart = own(*account);
            // The laptop's region knows more of the guest than the phone's.
            let guest = if at == 1 { late.clone() } else { early.clone() };
            Asker { stage: Stage::Idle, latest: cart.latest(), cart, guest, told: Vec::new() }
        });
        vec![State {
            askers: askers.collect(),
            authority: Authority::default(),
            network: Vec::new(),
            cut: false,
            cuts: 0,
            losses: 0,
            repeats: 0,
            released: false,
            asked_again: false,
            merges: Vec::new(),
            fault: None,
        }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        if state.fault.is_some() {
            return;
        }
        for (at, asker) in state.askers.iter().enumerate() {
            let open = state.network.iter().any(|message| message.is_of(at));
            let again = asker.stage == Stage::Pending && !open && self.flaw != Flaw::NoRetry;
            if asker.stage == Stage::Idle || again {
                steps.push(Step::Ask(at));
            }
        }
        for (at, message) in state.network.iter().enumerate() {
            if state.network[..at].contains(message) {
                continue;
            }
            if Self::passes(state, message) {
                steps.push(Step::Deliver(at));
                // A release that is lost is the outbox's business.
                if !matches!(message, Message::Release { .. }) {
                    if state.losses < LOSSES {
                        steps.push(Step::Lose(at));
                    }
                    if state.repeats < REPEATS {
                        steps.push(Step::Repeat(at));
                    }
                }
            }
        }
        if !state.cut && state.askers[0].cart != state.askers[1].cart {
            steps.push(Step::Exchange);
        }
        if self.releases && !state.released && claimed(&state.askers[0].cart).is_some() {
            steps.push(Step::TakeBack);
        }
        if state.cut {
            steps.push(Step::Heal);
        } else if state.cuts < CUTS {
            steps.push(Step::Cut);
        }
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let mut next = state.clone();
        let done = match step {
            Step::Ask(at) => {
                self.ask(&mut next, at);
                Ok(())
            }
            Step::Deliver(at) => {
                let message = next.network.remove(at);
                self.receive(&mut next, message)
            }
            Step::Lose(at) => {
                next.network.remove(at);
                next.losses += 1;
                Ok(())
            }
            Step::Repeat(at) => {
                next.network.push(next.network[at].clone());
                next.repeats += 1;
                Ok(())
            }
            Step::Exchange => Self::exchange(&mut next),
            Step::TakeBack => Self::take_back(&mut next),
            Step::Cut => {
                next.cut = true;
                next.cuts += 1;
                Ok(())
            }
            Step::Heal => {
                next.cut = false;
                Ok(())
            }
        };
        next.fault = done.err();
        // Messages have no order.
        next.network.sort_by_cached_key(Message::bytes);
        Some(next)
    }

    fn format_step(&self, state: &State, step: Step) -> Option<String> {
        let of = |at: usize| match &state.network[at] {
            Message::Ask { from, .. } => format!("what {} asks", who(*from)),
            Message::Answer { to, .. } => format!("the answer to {}", who(*to)),
            Message::Release { .. } => "the release".into(),
        };
        Some(match step {
            Step::Ask(at) => format!("{} asks for the guest cart", who(at)),
            Step::Deliver(at) => format!("{} arrives", of(at)),
            Step::Lose(at) => format!("{} is lost", of(at)),
            Step::Repeat(at) => format!("{} is repeated", of(at)),
            Step::Exchange => "the first account's two replicas exchange".into(),
            Step::TakeBack => format!("{} takes the merge back", who(0)),
            Step::Cut => "the second region is cut off".into(),
            Step::Heal => "the second region is back".into(),
        })
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("at most one account holds a valid merge of the guest", one_owner),
            Property::always("asking again gives the same merge", one_merge),
            Property::always("nothing of the guest or its owner reaches who lost", nothing_leaks),
            Property::always("the account's own cart stays", own_cart_stays),
            Property::always("nobody is pending for ever, and the owner sees all", settled),
            Property::sometimes("the second account is refused", refused),
            Property::sometimes("the second account wins", second_wins),
            Property::sometimes("somebody asks again while the region is cut off", asked_again),
        ]
    }
}
