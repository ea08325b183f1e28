//! Schedules: equal seeds give equal schedules, and faults of all kinds happen.

use super::play_out;
use crate::conditions::{NetworkConditions, Outages};
use crate::party::Party;
use crate::party::{TraceOrigin, parties};
use crate::schedule::FaultCounts;
use crate::schedule::{ActionKind, ScheduleStep};
use crate::{read, trace};
use std::io::Cursor;

fn made_up(seed: u64, shoppers: u32) -> Vec<Party> {
    let trace = read::read("made up", Box::new(Cursor::new(trace::csv(seed, shoppers)))).unwrap();
    parties(&trace, TraceOrigin::Clicks, seed)
}

fn stormy(seed: u64) -> Outages {
    Outages { seed, conditions: NetworkConditions::STORMY }
}

#[test]
fn a_seed_is_a_schedule() {
    for party in made_up(3, 40) {
        let (schedule, cart) = play_out(&party, 3, stormy(3));
        assert_eq!(play_out(&party, 3, stormy(3)), (schedule, cart));
    }
}

#[test]
fn one_more_shopper_changes_nobody_else() {
    let (few, many) = (made_up(3, 20), made_up(3, 21));
    for party in &few {
        let same = many.iter().find(|other| other.name == party.name).unwrap();
        // Products are numbered as they come in a file, so the numbers of lines may differ.
        let steps = |party| play_out(party, 3, stormy(3)).0.steps;
        assert!(steps(party) == steps(same), "the luck of {} changed", party.name);
    }
}

#[test]
fn every_action_arrives_and_time_goes_forward() {
    for party in made_up(4, 40) {
        let (schedule, _) = play_out(&party, 3, stormy(4));
        assert!(schedule.steps.windows(2).all(|pair| pair[0].at <= pair[1].at));
        let mut lasts = vec![0; schedule.actions.len()];
        for timed in &schedule.steps {
            if let ScheduleStep::Deliver { action, last: true, .. } = timed.step {
                lasts[action as usize] += 1;
            }
        }
        assert!(lasts.iter().all(|count| *count == 1), "{}: {lasts:?}", party.name);
    }
}

#[test]
fn the_network_is_bad_in_every_way() {
    let mut faults = FaultCounts::default();
    for party in made_up(5, 200) {
        faults.add(&play_out(&party, 3, stormy(5)).0.faults);
    }
    let counts = serde_json::to_value(faults).unwrap();
    for (name, count) in counts.as_object().unwrap() {
        assert!(count.as_u64().unwrap() > 0, "{name} never happened");
    }
}

#[test]
fn a_calm_network_has_no_faults() {
    let calm = Outages { seed: 5, conditions: NetworkConditions::CALM };
    for party in made_up(5, 40) {
        assert_eq!(play_out(&party, 3, calm).0.faults, FaultCounts::default());
    }
}

#[test]
fn guests_sign_in_once() {
    for party in made_up(6, 100) {
        let (schedule, _) = play_out(&party, 2, stormy(6));
        let sign_ins =
            schedule.actions.iter().filter(|action| matches!(action.verb, ActionKind::SignIn(_)));
        assert_eq!(sign_ins.count() as u32, schedule.guests);
    }
}

#[test]
fn one_region_is_enough() {
    for party in made_up(7, 20) {
        let (schedule, _) = play_out(&party, 1, stormy(7));
        assert_eq!(schedule.faults.exchanges_lost, 0);
    }
}
