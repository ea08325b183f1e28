//! Merge rules that are wrong, each in one way: certification says in which, and tells a short story
//! that fails with the rule.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use holdall::policy::builtin;
use holdall::{Choice, LineKey, MergeInput, Registry, Rule, RuleScope};
use holdall_testkit::scenario::{Options, Story, tell_with};
use holdall_testkit::{Certification, Claims, Law};

/// What is done in the longest story that a shopkeeper still wants to read; exchanges and looks
/// come on top.
const HANDFUL: usize = 5;

/// Fewer scenarios than by default, to be quick: these rules are bad enough.
const CASES: u32 = 32;

/// A rule in one closure.
struct Bad<F> {
    reach: RuleScope,
    choose: F,
}

impl<F: Fn(&MergeInput<'_>) -> Choice + Send + Sync> Rule for Bad<F> {
    fn name(&self) -> &str {
        "bad"
    }

    fn reach(&self) -> RuleScope {
        self.reach
    }

    fn choose(&self, facts: &MergeInput<'_>) -> Choice {
        (self.choose)(facts)
    }
}

fn bad<F: Fn(&MergeInput<'_>) -> Choice + Send + Sync>(choose: F) -> Bad<F> {
    Bad { reach: RuleScope::Line, choose }
}

fn steps(story: &str) -> usize {
    story.lines().filter(|line| line.starts_with("  { at =")).count()
}

/// The rule breaks that law first; the story that is told parses, is short, and fails with the
/// rule, told by somebody else.
fn breaks(law: Law, claims: Claims, rule: impl Rule + 'static) {
    let rule = std::sync::Arc::new(rule);
    let began = std::time::Instant::now();
    let violation = Certification::default().claims(claims).cases(CASES).check(rule.clone());
    let violation = violation.expect_err("a bad rule is certified");
    println!("{violation} in {:?}", began.elapsed());
    let found = violation.counterexample;
    assert_eq!(found.law, law, "{found}");
    let text = found.story.as_ref().expect("a story");
    let rules = Registry::default().with(rule).expect("a new name");
    let story = Story::parse_with(text, &rules).expect("what is printed can be read");
    assert!(steps(text) <= HANDFUL, "{} steps:\n{text}", steps(text));
    assert!(found.story_fails, "{found}");
    let told = catch_unwind(AssertUnwindSafe(|| tell_with(&story, &Options::default(), &rules)));
    assert!(!matches!(told, Ok(Ok(()))), "the story passes:\n{text}");
}

#[test]
fn one_that_counts_its_calls() {
    let calls = AtomicU64::new(0);
    breaks(
        Law::Pure,
        Claims::NONE,
        bad(move |_| match calls.fetch_add(1, Ordering::Relaxed) % 2 {
            0 => Choice::Account,
            _ => Choice::Guest,
        }),
    );
}

#[test]
fn one_that_depends_on_the_thread() {
    thread_local! { static HERE: AtomicBool = const { AtomicBool::new(false) }; }
    HERE.with(|here| here.store(true, Ordering::Relaxed));
    let rule = bad(|facts| {
        let here = HERE.with(|here| here.load(Ordering::Relaxed));
        if here && facts.guest.units > 1 { Choice::Guest } else { Choice::Account }
    });
    let violation = Certification::default().cases(CASES).check(rule).expect_err("it is certified");
    assert_eq!(violation.counterexample.law, Law::Pure, "{violation}");
    // No story has threads in it.
    assert!(!violation.counterexample.story_fails, "{violation}");
}

/// Whatever law it is in the middle of when that happens: it is not certified.
#[test]
fn one_that_changes_its_mind_after_a_while() {
    for patience in [500, 1_000, 1_500] {
        let calls = AtomicU64::new(0);
        let rule = bad(move |_| match calls.fetch_add(1, Ordering::Relaxed) {
            calls if calls < patience => Choice::Account,
            _ => Choice::Both,
        });
        let certified = Certification::default().cases(CASES).check(rule);
        assert!(certified.is_err(), "certified, though it changes its mind at {patience} calls");
    }
}

#[test]
fn one_that_depends_on_the_order_of_taps() {
    // By how much the guest's side grew since it looked at the line last.
    let seen: Mutex<BTreeMap<LineKey, u64>> = Mutex::default();
    breaks(
        Law::OrderInSide,
        Claims::NONE,
        bad(move |facts| {
            let mut seen = seen.lock().expect("no panic here");
            let units = facts.guest.units;
            let before = seen.insert(facts.line.clone(), units).unwrap_or(units);
            if units.abs_diff(before) % 2 == 1 { Choice::Account } else { Choice::Guest }
        }),
    );
}

#[test]
fn one_that_remembers_what_a_side_was() {
    // Whether the guest's side grew since it looked at the line last.
    let seen: Mutex<BTreeMap<LineKey, u64>> = Mutex::default();
    breaks(
        Law::DeliveryOrder,
        Claims::NONE,
        bad(move |facts| {
            let mut seen = seen.lock().expect("no panic here");
            let units = facts.guest.units;
            let before = seen.insert(facts.line.clone(), units).unwrap_or(units);
            if units > before { Choice::Account } else { Choice::Guest }
        }),
    );
}

#[test]
fn one_that_looks_at_another_line() {
    let last: Mutex<Option<LineKey>> = Mutex::default();
    breaks(
        Law::LineLocal,
        Claims::NONE,
        bad(move |facts| {
            let mut last = last.lock().expect("no panic here");
            let same = last.as_ref().is_none_or(|last| last == facts.line);
            *last = Some(facts.line.clone());
            if same { Choice::Both } else { Choice::Account }
        }),
    );
}

#[test]
fn one_that_lets_an_empty_side_win() {
    // The smaller number, on every line of the cart: nothing is smaller than anything.
    let choose = |facts: &MergeInput<'_>| {
        if facts.guest.units < facts.account.units { Choice::Guest } else { Choice::Account }
    };
    breaks(Law::EmptySide, Claims::NONE, Bad { reach: RuleScope::Cart, choose });
}

#[test]
fn one_that_divides_by_zero() {
    breaks(
        Law::Total,
        Claims::NONE,
        bad(|facts| match 100 / (facts.account.units.abs_diff(facts.guest.units)) {
            0..=9 => Choice::Both,
            _ => Choice::Guest,
        }),
    );
}

#[test]
fn one_that_cuts_a_name_in_two() {
    breaks(
        Law::Total,
        Claims::NONE,
        bad(|facts| match &facts.line.product()[..1] {
            "G" => Choice::Both,
            _ => Choice::Guest,
        }),
    );
}

#[test]
fn one_that_is_sure_of_small_numbers() {
    breaks(
        Law::Total,
        Claims::NONE,
        bad(|facts| {
            let units = u16::try_from(facts.guest.units).expect("nobody buys so many");
            if units > 10 { Choice::Guest } else { Choice::Both }
        }),
    );
}

#[test]
fn one_that_gives_no_reason() {
    struct Silent;
    impl Rule for Silent {
        fn name(&self) -> &str {
            "silent"
        }
        fn choose(&self, facts: &MergeInput<'_>) -> Choice {
            if facts.guest.units > 2 { Choice::Guest } else { Choice::Both }
        }
        fn reason(&self, choice: Choice) -> &str {
            if choice == Choice::Guest { "" } else { "both count" }
        }
    }
    breaks(Law::Explained, Claims::NONE, Silent);
}

#[test]
fn one_that_goes_by_the_notes() {
    breaks(
        Law::EditIsExact,
        Claims::NONE,
        bad(
            |facts| {
                if facts.account.registers.is_empty() { Choice::Guest } else { Choice::Account }
            },
        ),
    );
}

#[test]
fn one_that_is_called_as_another() {
    struct Max(&'static str, u32);
    impl Rule for Max {
        fn name(&self) -> &str {
            self.0
        }
        fn version(&self) -> u32 {
            self.1
        }
        fn choose(&self, facts: &MergeInput<'_>) -> Choice {
            if facts.guest.units >= facts.account.units { Choice::Guest } else { Choice::Account }
        }
    }
    let law =
        |rule| Certification::default().cases(CASES).check(rule).map_err(|b| b.counterexample.law);
    assert_eq!(law(Max("max", 1)), Err(Law::Named));
    assert_eq!(law(Max("", 1)), Err(Law::Named));
    assert_eq!(law(Max("max", 0)), Err(Law::Named));
    assert!(law(Max("max", 2)).is_ok());
}

#[test]
fn one_that_does_not_know_its_name() {
    struct Renamed(AtomicBool);
    impl Rule for Renamed {
        fn name(&self) -> &str {
            if self.0.fetch_xor(true, Ordering::Relaxed) { "one" } else { "other" }
        }
        fn choose(&self, _: &MergeInput<'_>) -> Choice {
            Choice::Both
        }
    }
    let violation = Certification::default().check(Renamed(AtomicBool::new(false)));
    assert_eq!(violation.map_err(|b| b.counterexample.law), Err(Law::Named));
}

const MONOTONE: Claims = Claims { monotone: true, ..Claims::NONE };
const ORDER_FREE: Claims = Claims { order_free: true, ..Claims::NONE };
const TIME_FREE: Claims = Claims { time_free: true, ..Claims::NONE };

#[test]
fn a_smallest_that_claims_to_be_monotone() {
    let least = |facts: &MergeInput<'_>| {
        if facts.guest.units < facts.account.units { Choice::Guest } else { Choice::Account }
    };
    breaks(Law::Monotone, MONOTONE, bad(least));
}

#[test]
fn a_bulk_rule_that_claims_to_be_monotone() {
    // 60 and 60 are 120; with one step more on either side, 101.
    let bulk =
        |facts: &MergeInput<'_>| if facts.guest.units > 4 { Choice::Guest } else { Choice::Both };
    breaks(Law::Monotone, MONOTONE, bad(bulk));
}

#[test]
fn a_first_come_that_claims_to_be_order_free() {
    breaks(Law::OrderFree, ORDER_FREE, bad(|_| Choice::Account));
}

#[test]
fn a_latest_that_claims_to_be_time_free() {
    let latest = |facts: &MergeInput<'_>| {
        if facts.guest.latest > facts.account.latest { Choice::Guest } else { Choice::Account }
    };
    breaks(Law::TimeFree, TIME_FREE, bad(latest));
}

#[test]
fn one_that_draws_lots_by_the_clock() {
    let lots = |facts: &MergeInput<'_>| {
        if facts.guest.latest.ms().is_multiple_of(2) { Choice::Guest } else { Choice::Both }
    };
    breaks(Law::TimeFree, TIME_FREE, bad(lots));
}

/// The laws that the library keeps for every pure rule are put to the test by one that is not:
/// each of them can fail.
#[test]
fn what_the_library_holds_can_be_broken_by_a_rule_that_is_not_pure() {
    use holdall_testkit::{Device, MergeScenario, RuleUnderTest, ScenarioAction, ScenarioStep};
    let add = |device, units| ScenarioStep::new(device, ScenarioAction::Add { line: 0, units });
    let scenario = MergeScenario {
        before: vec![add(Device::Laptop, 2), add(Device::Phone, 3)],
        after: vec![add(Device::Laptop, 1)],
        ..MergeScenario::default()
    };
    for law in [Law::MergeAgain, Law::EditIsExact, Law::DeliveryOrder, Law::Explained] {
        let broken = (2..9_u64).any(|period| {
            let calls = AtomicU64::new(0);
            let rule = bad(move |_| match calls.fetch_add(1, Ordering::Relaxed) % period {
                0 => Choice::Account,
                _ => Choice::Guest,
            });
            let subject = RuleUnderTest::new(rule).expect("a name");
            (0..9).any(|_| subject.check(law, &scenario).is_err())
        });
        assert!(broken || law == Law::Explained, "{law} holds whatever the rule says");
    }
    assert_eq!(builtin().count(), 9);
}
