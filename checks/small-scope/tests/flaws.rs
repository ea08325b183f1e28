//! A check that cannot fail is worse than none: with each flaw the checker must find what goes
//! wrong, and by the law that names it.

use small_scope::claims::model::{Claims, Flaw as ClaimFlaw};
use small_scope::retirement::model::Retirements;
use small_scope::retirement::protocol::Flaw;
use small_scope::run::run;

fn retirement_breaks(flaw: Flaw, laws: &[&str]) {
    let outcome = run("retirement", "flawed", || Retirements { actions: 2, flaw });
    let broken = outcome.broken.expect("the flaw is found");
    assert!(!broken.steps.is_empty(), "{flaw:?}: {broken:?}");
    assert!(laws.contains(&&*broken.law), "{flaw:?}: {broken:#?}");
}

const LOST: &str = "no event is lost, and all regions end alike";
const MORE: &str = "nobody has more, or less, of what is retired";
const BACK: &str = "no dot comes back to life";

#[test]
fn every_region_must_be_frozen() {
    retirement_breaks(Flaw::NotFrozen, &[MORE, LOST]);
}

#[test]
fn every_region_must_report_the_same_last_dot() {
    retirement_breaks(Flaw::NotEqual, &[MORE, LOST]);
}

#[test]
fn a_region_that_is_cut_off_must_be_waited_for() {
    retirement_breaks(Flaw::WithoutTheCutOff, &[MORE, LOST]);
}

#[test]
fn a_fence_keeps_dead_dots_out() {
    retirement_breaks(Flaw::OpenFence, &[BACK]);
}

#[test]
fn a_fence_goes_on_telling_deaths() {
    retirement_breaks(Flaw::SilentFence, &[LOST]);
}

fn claims_break(flaw: ClaimFlaw, laws: &[&str]) {
    let outcome = run("claims", "flawed", || Claims { releases: false, flaw });
    let broken = outcome.broken.expect("the flaw is found");
    assert!(!broken.steps.is_empty(), "{flaw:?}: {broken:?}");
    assert!(laws.contains(&&*broken.law), "{flaw:?}: {broken:#?}");
}

#[test]
fn an_authority_must_compare_before_it_sets() {
    claims_break(
        ClaimFlaw::NoCompare,
        &[
            "at most one account holds a valid merge of the guest",
            "asking again gives the same merge",
        ],
    );
}

#[test]
fn the_same_account_must_get_the_same_merge() {
    claims_break(ClaimFlaw::NewClaimEachTime, &["asking again gives the same merge"]);
}

#[test]
fn who_lost_must_not_learn_to_whom() {
    claims_break(ClaimFlaw::HintsWhose, &["nothing of the guest or its owner reaches who lost"]);
}

#[test]
fn whoever_got_no_answer_must_ask_again() {
    claims_break(ClaimFlaw::NoRetry, &["nobody is pending for ever, and the owner sees all"]);
}
