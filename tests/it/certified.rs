//! The merge rules of this library before the test kit: each keeps every law, and of the claims
//! exactly those that the manual's table says.

use std::path::Path;

use holdall::policy::builtin;
use holdall_testkit::{
    Certification, Claims, Device, Law, MergeScenario, RuleUnderTest, ScenarioAction, ScenarioStep,
};

/// Each rule with its claims, in the order of the contract's table.
const CLAIMS: [(&str, Claims); 9] = [
    ("sum", Claims::ALL),
    ("max", Claims::ALL),
    ("latest", Claims::NONE),
    ("prefer-account", TIME_FREE),
    ("prefer-guest", TIME_FREE),
    ("split-variant", Claims { monotone: true, ..TIME_FREE }),
    ("ask", Claims { monotone: true, ..TIME_FREE }),
    ("replace-with-guest", TIME_FREE),
    ("keep-account", TIME_FREE),
];

const TIME_FREE: Claims = Claims { time_free: true, ..Claims::NONE };

fn certified(name: &str) {
    let rule = builtin().find(|rule| rule.name() == name).expect("a rule of the library");
    let (_, claims) = CLAIMS.iter().find(|(of, _)| *of == name).expect("its claims");
    Certification::default().claims(*claims).certify(rule);
}

macro_rules! certified {
    ($($test:ident $name:literal)*) => {
        $(#[test]
        fn $test() {
            certified($name);
        })*

        #[test]
        fn all_of_them_are_here() {
            let names: Vec<&str> = builtin().map(|rule| rule.name()).collect();
            assert_eq!(names, [$($name),*]);
            assert_eq!(names, CLAIMS.map(|(name, _)| name));
        }
    };
}

certified! {
    sum "sum"
    max "max"
    latest "latest"
    prefer_account "prefer-account"
    prefer_guest "prefer-guest"
    split_variant "split-variant"
    ask "ask"
    replace_with_guest "replace-with-guest"
    keep_account "keep-account"
}

fn add(device: Device, line: u8, units: u32) -> ScenarioStep {
    ScenarioStep::new(device, ScenarioAction::Add { line, units })
}

/// Scenarios that between them break every claim which does not hold.
fn telling() -> Vec<MergeScenario> {
    use Device::{Laptop, Phone, Watch};
    let scenario = |before: &[ScenarioStep]| MergeScenario {
        before: before.to_vec(),
        ..MergeScenario::default()
    };
    let (one, two) = (add(Phone, 0, 1), add(Watch, 0, 2));
    let noted = ScenarioStep::new(Phone, ScenarioAction::Note { line: 0, text: 0 });
    vec![
        scenario(&[add(Laptop, 0, 5), one]),
        scenario(&[add(Phone, 0, 5), add(Laptop, 0, 1)]),
        scenario(&[add(Laptop, 0, 5), add(Phone, 1, 1)]),
        scenario(&[add(Phone, 0, 5), add(Laptop, 1, 1)]),
        scenario(&[one, two]),
        scenario(&[one, noted, two]),
        scenario(&[add(Laptop, 1, 1), add(Watch, 0, 1), one]),
        // The watch is a step behind, and its step at the very time of the phone's.
        MergeScenario { skew_ms: [0, 0, 0, 0, -1], ..scenario(&[one, two]) },
        MergeScenario { skew_ms: [-9, 0, 0, 0, 0], ..scenario(&[one, add(Laptop, 0, 2)]) },
    ]
}

/// A rule that does not claim something does not keep it, either: the table is not too modest.
#[test]
fn what_is_not_claimed_does_not_hold() {
    for (rule, (name, claims)) in builtin().zip(CLAIMS) {
        let subject = RuleUnderTest::new(rule).expect("a name");
        for law in Law::CLAIMED {
            let broken = telling().iter().any(|scenario| subject.check(law, scenario).is_err());
            assert_eq!(broken, !claims.has(law), "{name} {law}");
        }
    }
}

#[test]
fn the_manual_has_this_table() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/testkit/src/manual.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let word = |claimed| if claimed { "yes" } else { "no" };
    for (name, claims) in CLAIMS {
        let cells = Law::CLAIMED.map(|law| word(claims.has(law)));
        let row = format!("| `{name}` | {} |", cells.join(" | "));
        assert!(page.contains(&row), "{row}");
    }
}

/// One seed is one certification; another seed asks other things.
#[test]
fn the_same_seed_asks_the_same() {
    use std::sync::{Arc, Mutex};

    use holdall::{Choice, MergeInput, Rule};
    struct Spy(Arc<Mutex<Vec<String>>>);
    impl Rule for Spy {
        fn name(&self) -> &str {
            "spy"
        }
        fn choose(&self, facts: &MergeInput<'_>) -> Choice {
            self.0.lock().expect("no panic here").push(format!("{facts:?}"));
            Choice::Both
        }
    }
    let asked = |seed| {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let by = Certification::default().cases(3).seed(seed);
        by.certify(Spy(asked.clone()));
        asked.lock().expect("no panic here").clone()
    };
    assert_eq!(asked(7), asked(7));
    assert_ne!(asked(7), asked(8));
}

/// Whatever a rule makes of units, times, lines and lists: as long as it is a function of those, it
/// keeps every law that all rules keep.
#[test]
fn any_function_of_the_facts_but_notes_is_certified() {
    use holdall::{Choice, MergeInput, Rule};

    struct Arbitrary(u64);
    impl Rule for Arbitrary {
        fn name(&self) -> &str {
            "arbitrary"
        }
        fn choose(&self, facts: &MergeInput<'_>) -> Choice {
            let (ours, theirs) = (&facts.account, &facts.guest);
            let later = u64::from(ours.latest < theirs.latest);
            let mixed = [ours.units, theirs.units, facts.list as u64, later, self.0]
                .into_iter()
                .fold(self.0, |sum, n| {
                    (sum ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23)
                });
            [Choice::Both, Choice::Account, Choice::Guest, Choice::Split, Choice::Ask]
                [(mixed % 5) as usize]
        }
    }
    for seed in 0..ARBITRARY {
        Certification::default().cases(16).seed(seed).certify(Arbitrary(seed));
    }
}

const ARBITRARY: u64 = 3;
